"""`bottrade verify`: what one build exports, another one proves, wherever and whenever it runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from bottrade_server import ROOT, Binary, Server

KEPT = ROOT / "tests" / "it" / "golden" / "run.json"
"""The file of a run that a debug build exported."""


def played(server: Server) -> str:
    """A finished run with trades; its id."""
    with server.rest() as rest:
        run = rest.post("runs", json={"scenario_slug": "sandbox-nov-2024"}).json()["run"]["id"]
        order = {"symbol": "AAPL", "side": "buy", "quantity": 3.25, "reasoning": "„ünïcode“ \\ \"quotes\""}
        assert rest.post(f"runs/{run}/turn", json={"trades": [order]}).status_code == 200
        assert rest.post(f"runs/{run}/step", json={"count": 1000}).json()["done"] is True
    return run


def exported(server: Server, run: str) -> bytes:
    with server.rest() as rest:
        answer = rest.get(f"runs/{run}/journal")
        assert answer.status_code == 200, answer.text
        return answer.content


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns"])
@pytest.mark.parametrize("language", ["C", "de_DE.UTF-8", "tr_TR.UTF-8"])
def test_a_file_of_a_debug_build_is_proven_under_any_clock_and_language(
    binary: Binary, zone: str, language: str
) -> None:
    proof = binary.output("verify", str(KEPT), TZ=zone, LANG=language, LC_ALL=language)
    assert "is proven" in proof
    assert proof == binary.output("verify", str(KEPT), TZ="UTC", LANG="C", LC_ALL="C")


def test_a_restart_changes_no_byte_of_a_file(server: Server, binary: Binary, tmp_path: Path) -> None:
    run = played(server)
    before = exported(server, run)
    assert server.stop() == 0
    server.start(TZ="Pacific/Chatham", LANG="tr_TR.UTF-8")
    assert exported(server, run) == before
    file = tmp_path / "run.json"
    file.write_bytes(before)
    assert f"Run {run} is proven" in binary.output("verify", str(file))


def test_a_changed_file_is_refused_and_the_change_named(server: Server, binary: Binary, tmp_path: Path) -> None:
    original = exported(server, played(server))
    file = tmp_path / "run.json"
    for find, put, told in [
        (b'"quantity":"3.25"', b'"quantity":"4.25"', "event 1: was changed"),
        (b'"status":"completed"', b'"status":"abandoned"', "`run.status`"),
        (b'"attempt":', b'"Attempt":', "unknown field `Attempt`"),
        (b'"digest":"', b'"digest":"f', "event 0: the genesis"),
    ]:
        assert find in original
        file.write_bytes(original.replace(find, put, 1))
        done = binary.run("verify", str(file))
        assert done.returncode == 1 and done.stdout == "" and told in done.stderr, done
    done = binary.run("verify", str(tmp_path / "nowhere.json"))
    assert done.returncode == 1 and "cannot read" in done.stderr
