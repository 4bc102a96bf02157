"""What the tests of tier 2 share: the npm packages, and a server for each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from bottrade_server import ROOT, Binary, Server, running
from chromium import launched
from claude import Claude
from packages import PINNED, Packages
from pins import pinned
from playwright.sync_api import Browser

pytest.register_assert_rewrite("judge")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--packages", type=Path, help="the folder with the npm packages of node-all/package.json")
    parser.addoption("--counts", type=Path, help="a file that gets one line about what was done")
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.addoption("--shots", type=Path, default=target / "clients-pages", help="the folder for pictures of pages")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What was done, in a line that can be kept."""
    passed = len(terminalreporter.stats.get("passed", []))
    adapters = "langchain-mcp-adapters"
    clients = PINNED | {adapters: pinned("requirements-all.txt")[adapters]}
    if (path := config.getoption("--counts")) is not None:
        path.write_text(f"{passed} tests: {', '.join(map(' '.join, sorted(clients.items())))}\n")


@pytest.fixture(scope="session")
def packages(pytestconfig: pytest.Config) -> Packages:
    folder = pytestconfig.getoption("--packages")
    assert folder is not None, "--packages is missing: `./test --all clients` installs them"
    return Packages(folder.resolve())


@pytest.fixture
def server(binary: Binary, tmp_path: Path) -> Iterator[Server]:
    """A running server with an empty data folder, one for each test: its only run is the client's."""
    with running(binary, tmp_path / "server") as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home folder of a client's user, empty."""
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture
def claude(packages: Packages, home: Path) -> Claude:
    return Claude(packages, home)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser, one for each test file."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def shots(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Path:
    """A folder for pictures of pages, for people to look at; what an earlier test left there is gone."""
    folder = pytestconfig.getoption("--shots") / request.module.__name__.removeprefix("test_")
    shutil.rmtree(folder, ignore_errors=True)
    return folder
