"""The official conformance suite of the Model Context Protocol, its requirement sets of two revisions.

The suite calls tools, prompts and resources of its own by name. `conformance/` mounts them behind the product's
door; no part of the product knows them. The release binary is asked what can be asked without them.

Every scenario and the number of its checks is written down here, so that a suite which runs nothing, or leaves
something out, fails. A check that the suite skips or warns of counts as one that did not pass.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from bottrade_server import Server, free_port
from browser import Browser
from node_packages import Packages

SUITE = "node_modules/@modelcontextprotocol/conformance/dist/index.js"
FOLDER_NAME = re.compile(r"^(?:authorization-)?server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$")
"""Where the suite puts the checks of a scenario."""
START_SECONDS = 30

LEGACY, MODERN = "2025-11-25", "2026-07-28"

IN_SESSIONS = {
    "tools-call-sampling": 2,
    "tools-call-elicitation": 2,
    "elicitation-sep1034-defaults": 6,
    "elicitation-sep1330-enums": 6,
}
"""Here the server asks its client within a call, which takes a session of the protocol's own. The product has none: these are run at an
endpoint with sessions, and fail at the product's."""

BOTH = {
    "completion-complete": 2,
    "dns-rebinding-protection": 2,
    "json-schema-2020-12": 8,
    "prompts-get-embedded-resource": 2,
    "prompts-get-simple": 2,
    "prompts-get-with-args": 2,
    "prompts-get-with-image": 2,
    "prompts-list": 2,
    "resources-list": 2,
    "resources-read-binary": 2,
    "resources-read-text": 2,
    "resources-templates-read": 2,
    "server-sse-multiple-streams": 1,
    "tools-call-audio": 2,
    "tools-call-embedded-resource": 2,
    "tools-call-error": 2,
    "tools-call-image": 2,
    "tools-call-mixed-content": 2,
    "tools-call-simple-text": 2,
    "tools-call-with-progress": 2,
}
CHECKS = {
    LEGACY: BOTH
    | {
        "logging-set-level": 2,
        "ping": 2,
        "resources-subscribe": 2,
        "resources-unsubscribe": 2,
        "server-initialize": 3,
        "tools-call-with-logging": 2,
        "tools-list": 3,
    },
    MODERN: BOTH
    | {
        "caching": 8,
        "http-custom-header-server-validation": 10,
        "http-header-validation": 14,
        "input-required-result-basic-elicitation": 3,
        "input-required-result-basic-list-roots": 3,
        "input-required-result-basic-sampling": 3,
        "input-required-result-capability-check": 2,
        "input-required-result-ignore-extra-params": 2,
        "input-required-result-missing-input-response": 2,
        "input-required-result-multi-round": 4,
        "input-required-result-multiple-input-requests": 3,
        "input-required-result-non-tool-request": 3,
        "input-required-result-request-state": 3,
        "input-required-result-result-type": 2,
        "input-required-result-tampered-state": 2,
        "input-required-result-unsupported-methods": 2,
        "input-required-result-validate-input": 3,
        "sep-2164-resource-not-found": 4,
        "server-stateless": 30,
        "tools-list": 4,
    },
}
"""What passes with the fixtures: of each scenario every check."""

NOTHING_TO_CHECK = {
    LEGACY: {"server-session-lifecycle", "server-sse-polling"},
    MODERN: set(),
}
"""About the end of sessions and about streams, which a server may have; the suite finds that it cannot DELETE a session
and that there are no streams, and lets it pass."""
EXTENSION = "tasks-"
"""Tasks are an extension: no revision requires them, and the product has none."""

PRODUCT = {
    LEGACY: {
        "dns-rebinding-protection": 2,
        "ping": 2,
        "prompts-list": 2,
        "resources-list": 2,
        "server-initialize": 3,
        "tools-list": 3,
    },
    MODERN: {
        "caching": 8,
        "dns-rebinding-protection": 2,
        "http-header-validation": 14,
        "input-required-result-unsupported-methods": 2,
        "prompts-list": 2,
        "resources-list": 2,
        "sep-2164-resource-not-found": 4,
        "server-sse-multiple-streams": 1,
        "tools-list": 4,
    },
}
"""What passes without any fixture."""

AUTHORIZATION = {"authorization-server-metadata-endpoint": 2, "authorization-code-grant": 1}
"""What the suite asks of an authorization server."""

PASSED = {"SUCCESS"}
SAYS_NOTHING = {"INFO"}


class Report:
    """What the suite wrote about one run: for each scenario its checks."""

    def __init__(self, folder: Path) -> None:
        found = {FOLDER_NAME.match(it.name).group(1): it / "checks.json" for it in folder.iterdir()}
        self.checks = {name: json.loads(path.read_text()) for name, path in found.items()}

    def counts(self, name: str) -> Counter[str]:
        """How many checks of a scenario ended in which way."""
        return Counter(it["status"] for it in self.checks[name] if it["status"] not in SAYS_NOTHING)

    def passed(self) -> dict[str, int]:
        """The scenarios of which every check passed, and how many those were."""
        counts = {name: self.counts(name) for name in self.checks}
        return {name: it.total() for name, it in counts.items() if it and set(it) <= PASSED}

    def failures(self) -> list[str]:
        """What to read when something failed."""
        checks = [(name, it) for name, all_of_it in self.checks.items() for it in all_of_it]
        bad = [(name, it) for name, it in checks if it["status"] not in PASSED | SAYS_NOTHING]
        return [f"{name}: {it['status']} {it['id']}: {it.get('errorMessage')}" for name, it in bad]


def suite(packages: Packages, url: str, folder: Path, *arguments: str) -> Report:
    """Runs the suite; that it ends is all that is asked of it here."""
    done = packages.run(SUITE, "server", "--url", url, "-o", folder, *arguments)
    assert folder.is_dir(), done.stdout + done.stderr
    return Report(folder)


@pytest.fixture(scope="module")
def fixtures(pytestconfig: pytest.Config) -> Iterator[str]:
    """The address of the product's door with the fixtures of the suite behind it."""
    program = pytestconfig.getoption("--conformance-server").resolve()
    assert program.is_file(), f"{program} is missing: `cargo build --example conformance` makes it"
    process = subprocess.Popen([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(START_SECONDS)
        process.stdout.close()


@pytest.mark.parametrize("revision", CHECKS)
def test_a_revision_with_the_fixtures(revision: str, fixtures: str, packages: Packages, tmp_path: Path) -> None:
    report = suite(packages, f"{fixtures}/mcp", tmp_path / "out", "--requirements", revision)
    asked = {name for name in report.checks if not name.startswith(EXTENSION)}
    unasked = NOTHING_TO_CHECK[revision] | (set(IN_SESSIONS) if revision == LEGACY else set())
    assert asked == set(CHECKS[revision]) | unasked
    passed = {name: count for name, count in report.passed().items() if name in asked}
    assert passed == CHECKS[revision], "\n".join(report.failures())
    for name in NOTHING_TO_CHECK[revision]:
        assert "FAILURE" not in report.counts(name), "\n".join(report.failures())


@pytest.mark.parametrize("scenario", IN_SESSIONS)
def test_a_scenario_that_takes_a_session(scenario: str, fixtures: str, packages: Packages, tmp_path: Path) -> None:
    arguments = ["--scenario", scenario, "--spec-version", LEGACY]
    report = suite(packages, f"{fixtures}/sessions/mcp", tmp_path / "out", *arguments)
    assert report.passed() == {scenario: IN_SESSIONS[scenario]}, "\n".join(report.failures())


@pytest.mark.parametrize("revision", PRODUCT)
def test_a_revision_without_fixtures(revision: str, server: Server, packages: Packages, tmp_path: Path) -> None:
    report = suite(packages, f"{server.base}/mcp", tmp_path / "out", "--requirements", revision)
    expected = PRODUCT[revision]
    passed = {name: count for name, count in report.passed().items() if name in expected}
    assert passed == expected, "\n".join(report.failures())


def test_the_authorization_server(server: Server, packages: Packages, tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "out"
    name, callback = "Conformance", f"http://127.0.0.1:{port}/callback"
    registration = {"client_name": name, "redirect_uris": [callback]}
    client = httpx.post(f"{server.base}/oauth/register", json=registration).raise_for_status().json()
    arguments = ["--url", server.base, "--client-id", client["client_id"], "--resource", f"{server.base}/mcp"]
    arguments += ["-p", str(port), "-o", str(folder)]
    with Browser(server.base) as browser, packages.talking(SUITE, "authorization", *arguments) as program:
        browser.sign_in(server)
        said = []
        for line in program.stdout:
            said.append(line)
            if line.startswith(f"{server.base}/oauth/authorize?"):
                browser.open(browser.allow(line.strip(), name))
    assert folder.is_dir(), "".join(said)
    report = Report(folder)
    assert report.passed() == AUTHORIZATION, "\n".join(report.failures())
