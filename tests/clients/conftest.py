"""What all tests of real clients share: the binary under test and a server that runs it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from bottrade_server import ROOT, Binary, Server, loopback_alone, running

pytest_plugins = ["node_packages"]

for _name in list(os.environ):
    # No setting of whoever runs the tests reaches a client, and no client looks for a proxy.
    if _name.startswith(("BOTTRADE_", "BOT_")) or _name.lower().endswith("_proxy"):
        del os.environ[_name]


def pytest_addoption(parser: pytest.Parser) -> None:
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.addoption("--binary", type=Path, default=target / "release" / "bottrade", help="the program under test")
    conformance = target / "debug" / "examples" / "conformance"
    parser.addoption("--conformance-server", type=Path, default=conformance, help="the program of conformance/")
    parser.addoption("--node-packages", type=Path, help="the folder with the npm packages of node/package.json")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuses to run where a client could reach anything but this machine."""
    if told := loopback_alone():
        pytest.exit(told, 3)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Shows the log of every server that a failed test used."""
    report = yield
    if report.failed:
        servers = [it for it in getattr(item, "funcargs", {}).values() if isinstance(it, Server)]
        report.sections.extend((f"log of {server.base}", server.log) for server in servers)
    return report


@pytest.fixture(scope="session")
def binary(pytestconfig: pytest.Config) -> Binary:
    path = pytestconfig.getoption("--binary").resolve()
    assert path.is_file(), f"{path} is missing: `cargo build --release` makes it"
    return Binary(path)


@pytest.fixture(scope="module")
def server(binary: Binary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with an empty data folder, one for each test file."""
    folder = tmp_path_factory.mktemp("server")
    with running(binary, folder) as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Tests marked `anyio` run on asyncio, as the clients' users do."""
    return "asyncio"
