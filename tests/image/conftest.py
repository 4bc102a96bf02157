"""What the tests of the image share: the program whose compiled dependencies they borrow."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from bottrade_server import ROOT, Binary, loopback_alone


def pytest_addoption(parser: pytest.Parser) -> None:
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.addoption("--binary", type=Path, default=target / "release" / "bottrade", help="a release build")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuses to run where the server could be reached from anywhere else."""
    if told := loopback_alone():
        pytest.exit(told, 3)


@pytest.fixture(scope="session")
def binary(pytestconfig: pytest.Config) -> Binary:
    path = pytestconfig.getoption("--binary").resolve()
    assert path.is_file(), f"{path} is missing: `cargo build --release` makes it"
    return Binary(path)
