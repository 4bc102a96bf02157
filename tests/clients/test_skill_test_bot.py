"""The skill's `test_bot.py` as a person runs it: without packages, against the real server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bottrade_server import ROOT, Server, environment, free_port
from flaky import Flaky
from test_agreement import digits, in_process, score

SCRIPT = ROOT / "skills" / "bottrade-benchmark" / "scripts" / "test_bot.py"
SANDBOX = "sandbox-nov-2024"
SMALL = "luna-may-2022-4h"
"""Another market: round the clock."""


def run(*arguments: str, script: Path = SCRIPT, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs it with the standard library alone."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-B", script, *arguments],
        env=environment(**env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def played(server: Server, *arguments: str, base: str | None = None) -> dict[str, Any]:
    """The results of a run that must succeed, every digit as it was written."""
    done = run("--quiet", "--json", *arguments, BOTTRADE_API=base or server.base, BOTTRADE_API_KEY=server.key)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)["results"]


@pytest.mark.parametrize("slug", [SANDBOX, SMALL])
@pytest.mark.parametrize("strategy", ["buy_hold", "equal_weight", "momentum"])
def test_a_strategy_decides_as_the_reference_bot_of_its_name(server: Server, strategy: str, slug: str) -> None:
    ours = played(server, "--strategy", strategy, "--scenario", slug)
    theirs = json.loads(json.dumps(in_process(server.binary, slug, strategy)))
    assert ours["trade_count"] > 0
    assert digits(json.dumps(score(ours))) == score(theirs)


def test_the_same_dice_fall_the_same_way(server: Server) -> None:
    first, again, other = (played(server, "--strategy", "random", "--seed", seed) for seed in "112")
    assert first["trade_count"] > 0
    assert score(first) == score(again) != score(other)


def test_lost_answers_change_nothing(server: Server) -> None:
    with Flaky(server.base) as flaky:
        shaken = played(server, "--strategy", "momentum", "--decide-every", "4", base=flaky.base)
    assert min(flaky.lost, flaky.refused) > 3
    calm = played(server, "--strategy", "momentum", "--decide-every", "4")
    assert score(shaken) == score(calm)


def test_the_scorecard_says_what_the_score_is_worth(server: Server) -> None:
    base = f"{server.base}/api/v1/"
    done = run("--publish", "--name", "a bot of mine", BOTTRADE_API=base, BOTTRADE_API_KEY=server.key)
    assert done.returncode == 0, done.stderr
    assert "Return" in done.stdout
    assert "95 % between" in done.stdout
    assert "cannot tell this from luck" in " ".join(done.stdout.split())
    run_id = done.stderr.split()[1]
    with server.rest() as rest:
        public = rest.get(f"runs/{run_id}/public").raise_for_status().json()
    assert public["run"]["bot_name"] == "a bot of mine"
    assert public["run"]["agent_info"]["config"]["strategy"] == "buy_hold"
    assert public["trades"][0]["reasoning"]


def test_an_interrupted_run_is_continued(server: Server) -> None:
    with server.rest() as rest:
        run_id = rest.post("runs", json={"scenario_slug": SANDBOX}).raise_for_status().json()["run"]["id"]
        rest.post(f"runs/{run_id}/step", json={"count": 5}).raise_for_status()
        before = len(rest.get("runs").json()["runs"])
        assert played(server, "--run", run_id)["run_id"] == run_id
        assert len(rest.get("runs").json()["runs"]) == before


def test_a_downloaded_script_knows_its_server(server: Server, tmp_path: Path) -> None:
    with server.rest() as rest:
        script = tmp_path / "downloaded.py"
        script.write_bytes(rest.get(f"{server.base}/api/test_bot.py").raise_for_status().content)
    done = run("--json", "--decide-every", "50", script=script, BOTTRADE_API_KEY=server.key)
    assert (done.returncode, json.loads(done.stdout)["results"]["trade_count"] > 0) == (0, True)


def test_what_is_wrong_is_said(server: Server) -> None:
    here = {"BOTTRADE_API": server.base, "BOTTRADE_API_KEY": server.key}
    no_key = run(BOTTRADE_API=server.base)
    assert (no_key.returncode, "set BOTTRADE_API_KEY" in no_key.stderr) == (2, True)
    bad_key = run(**here | {"BOTTRADE_API_KEY": "bt_nope"})
    assert (bad_key.returncode, "401: Invalid API key" in bad_key.stderr) == (1, True)
    unknown = run("--scenario", "sandbox-nov-2042", **here)
    assert (unknown.returncode, f"did you mean {SANDBOX}" in unknown.stderr) == (1, True)
    nobody = f"http://127.0.0.1:{free_port()}"
    away = run(**here | {"BOTTRADE_API": nobody})
    assert (away.returncode, f"cannot reach {nobody}" in away.stderr) == (1, True)
    wrong = run("--strategy", "clairvoyance", **here)
    assert (wrong.returncode, all(it in wrong.stderr for it in ("buy_hold", "random"))) == (2, True)
    for done in (no_key, bad_key, unknown, away, wrong):
        assert "Traceback" not in done.stderr


def test_help_names_every_setting() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("BOTTRADE_API", "BOTTRADE_API_KEY", "--strategy", "attempt"))
