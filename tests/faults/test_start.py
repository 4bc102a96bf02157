"""What a start refuses, by name, and what it serves all the same."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest
from bottrade_server import Binary, Server

NOTICE_SECONDS = 20
DATABASE = "bottrade.sqlite"


def refused(binary: Binary, folder: Path) -> str:
    """What a start on this data folder says; it must not succeed."""
    done = binary.run("--listen", "127.0.0.1:0", "--data-dir", str(folder))
    assert done.returncode == 1, done
    assert "panicked" not in done.stderr
    return done.stderr


def test_a_database_of_somebody_else_is_refused_by_name(binary: Binary, tmp_path: Path) -> None:
    path = tmp_path / DATABASE
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE songs (id)")
    theirs.close()
    before = path.read_bytes()
    said = refused(binary, tmp_path)
    assert f"{path} is not a database of bottrade" in said
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_by_name(binary: Binary, tmp_path: Path) -> None:
    path = tmp_path / DATABASE
    path.write_bytes(b"\7" * 5000)
    assert str(path) in refused(binary, tmp_path)
    assert path.read_bytes() == b"\7" * 5000


def test_a_folder_in_use_is_refused_by_name(binary: Binary, server: Server) -> None:
    assert f"another server uses {server.data_dir}" in refused(binary, server.data_dir)


@pytest.fixture
def damaged(server: Server) -> tuple[str, str]:
    """A good run and one whose journal was changed while the server did not run."""

    def play(reason: str) -> str:
        with server.rest() as rest:
            run = rest.post("runs", json={"scenario_slug": "sandbox-nov-2024"}).raise_for_status().json()["run"]["id"]
            order = {"symbol": "AAPL", "side": "buy", "quantity": 1, "reasoning": reason}
            rest.post(f"runs/{run}/turn", json={"trades": [order]}).raise_for_status()
        return run

    good, bad = play("as it was"), play("before the damage")
    assert server.stop() == 0
    path = server.data_dir / DATABASE
    content = path.read_bytes()
    # In the journal, and in the answer that is kept for retries if there is one.
    assert b"before the damage" in content
    path.write_bytes(content.replace(b"before the damage", b"behind the damage"))
    return good, bad


def test_a_damaged_run_is_named_at_the_start_and_the_others_are_served(
    server: Server, damaged: tuple[str, str]
) -> None:
    good, bad = damaged
    server.start()
    deadline = time.monotonic() + NOTICE_SECONDS
    while bad not in server.log:
        assert time.monotonic() < deadline, f"the damage was not noticed\n{server.log}"
        time.sleep(0.05)
    line = next(line for line in server.log.splitlines() if bad in line)
    assert "ERROR" in line
    assert "command 1: was changed" in line
    assert "backup" in line
    assert good not in server.log
    with server.rest() as rest:
        assert rest.get(f"runs/{good}").status_code == 200
        assert rest.post(f"runs/{good}/step", json={}).status_code == 200
        problem = rest.get(f"runs/{bad}")
        assert problem.status_code == 500
        assert bad in problem.json()["detail"]
