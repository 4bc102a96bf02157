"""What all tests under fire share: the programs under test, how much of each test is run, and a template to begin from.

    ./test faults                       the sampled suite on the release binary (tier 1)
    ./test --all faults                 the full counts, and every seeded bug must be caught (tier 2)

A test asks for `counts` where tier 1 takes a sample. A test named `test_..._catches_...` runs the same judge against
`--faulty`, the binary built with `--features faults`, and demands that it finds the bug; it is part of tier 2.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from bottrade_server import ROOT, Binary, Server, loopback_alone, running
from victim import Victim
from world import World

for _name in list(os.environ):
    if _name.startswith(("BOTTRADE_", "BOT_")):
        del os.environ[_name]

COUNTS = pytest.StashKey[Counter[str]]()
SUMMED = ("kills", "points", "states", "flips", "acked", "refused")
"""Figures that add up over the tests."""
NEEDED = {"strace": ["strace", "--version"]}
"""Programs of the system that the tests cannot do without."""


def pytest_addoption(parser: pytest.Parser) -> None:
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.addoption("--binary", type=Path, default=target / "release" / "bottrade", help="the program under test")
    parser.addoption("--faulty", type=Path, help="the same with fail points and seeded bugs (--features faults)")
    parser.addoption("--other", type=Path, help="the same from a debug build, for comparison")
    parser.addoption("--full", action="store_true", help="the full counts and the negative controls (tier 2)")
    parser.addoption("--kills", type=int, default=200, help="random kills of a full run")
    parser.addoption("--counts", type=Path, help="a file that gets one line about what was done")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: only in a full run")
    config.stash[COUNTS] = Counter()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuses to run where a server could be reached from anywhere else, or without its tools."""
    if told := loopback_alone():
        pytest.exit(told, 3)
    for name, command in NEEDED.items():
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.exit(f"{name} is missing: ./test tools installs it", 3)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what belongs to a full run, so that nothing is ever reported as skipped."""
    if config.getoption("--full"):
        return
    left_out = [item for item in items if item.get_closest_marker("full") or "_catches_" in item.name]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _program(config: pytest.Config, option: str, made_by: str) -> Binary:
    path = config.getoption(option)
    assert path is not None, f"{option} is missing: {made_by}"
    assert path.is_file(), f"{path} is missing: {made_by}"
    return Binary(path.resolve())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What was done, in a line that can be kept."""
    passed = terminalreporter.stats.get("passed", [])
    caught = sum("_catches_" in report.nodeid for report in passed)
    line = [f"{len(passed)} tests", *(f"{number:,} {name}" for name, number in config.stash[COUNTS].items())]
    line += [f"{caught} controls failed as they must"] if caught else []
    if (path := config.getoption("--counts")) is not None:
        path.write_text(", ".join(line) + "\n")


@pytest.fixture(scope="session")
def binary(pytestconfig: pytest.Config) -> Binary:
    return _program(pytestconfig, "--binary", "`cargo build --release` makes it")


@pytest.fixture(scope="session")
def faulty(pytestconfig: pytest.Config) -> Binary:
    return _program(pytestconfig, "--faulty", "`./test --all faults` builds it with --features faults")


@pytest.fixture(scope="session")
def other(pytestconfig: pytest.Config) -> Binary:
    return _program(pytestconfig, "--other", "`cargo build` makes it")


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    return pytestconfig.getoption("--full")


@pytest.fixture(scope="session")
def world(binary: Binary, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A stopped data folder with runs of every kind, and what was answered about them."""
    return World.make(binary, tmp_path_factory.mktemp("world"))


@pytest.fixture
def victim(binary: Binary, tmp_path: Path) -> Iterator[Victim]:
    """A server that is not running yet, on an empty data folder."""
    victim = Victim(binary, tmp_path)
    try:
        yield victim
    finally:
        victim.close()


@pytest.fixture
def server(binary: Binary, tmp_path: Path) -> Iterator[Server]:
    """A running server on an empty data folder."""
    with running(binary, tmp_path) as server:
        yield server


@pytest.fixture
def count(pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]) -> object:
    """Says what a test really did: `count(kills=30, acked=1200)`."""

    def say(**figures: int) -> None:
        pytestconfig.stash[COUNTS].update({name: figures[name] for name in SUMMED if name in figures})
        line = ", ".join(f"{name} {value}" for name, value in figures.items())
        with capsys.disabled():
            print(f"\n    {line}", end=" ", flush=True)

    return say
