"""The PyPI package `bottrade`, its command line and its SDK, against the real server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import agents
import bottrade
import httpx
import pytest
from bottrade import APIError, AsyncBotTradeClient, BotTradeClient, backtest, backtest_async
from bottrade_server import Server, environment

SANDBOX = "sandbox-nov-2024"
LONG = "eq-covid-2020"
COLUMNS = ("return_pct", "sharpe", "sortino", "max_drawdown", "final_equity", "trade_count", "liquidated")
"""What a leaderboard shows of a result."""


@pytest.fixture(autouse=True)
def client_settings(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings a user exports before calling `from_env`."""
    monkeypatch.setenv("BOTTRADE_API", server.base)
    monkeypatch.setenv("BOTTRADE_API_KEY", server.key)


def cli(server: Server, *arguments: str, key: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the package's own command; the agents of this folder can be imported by it."""
    command = [Path(sys.executable).with_name("bottrade"), "--api-base", server.base, *arguments]
    return subprocess.run(
        command,
        env=environment(BOTTRADE_API_KEY=key or server.key, PYTHONPATH=str(Path(__file__).parent)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


def cli_output(server: Server, *arguments: str) -> str:
    done = cli(server, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fields(model: Any) -> dict[str, Any]:
    """A model of the SDK as the JSON it was read from: what was absent there is absent here."""
    dumped = model if isinstance(model, dict) else model.model_dump(mode="json")
    return {name: value for name, value in dumped.items() if value is not None}


def score(results: dict[str, Any]) -> dict[str, Any]:
    """Results without what only the owner is told."""
    return {name: value for name, value in results.items() if name not in {"run_id", "computed_at"}}


def rest_results(server: Server, run_id: str) -> dict[str, Any]:
    with server.rest() as rest:
        return rest.get(f"runs/{run_id}/results").raise_for_status().json()["results"]


def check_published(server: Server, slug: str, run_id: str, results: dict[str, Any]) -> None:
    """The run is public, on its leaderboard, and everywhere with the same figures."""
    shown = json.loads(cli_output(server, "public-run", run_id, "--json"))
    assert shown["run"]["id"] == run_id
    assert shown["run"]["status"] == "completed"
    assert shown["run"]["published"] is True
    assert score(fields(shown["results"])) == score(results)
    assert len(shown["trades"]) == results["trade_count"]
    assert shown["equity_curve"][-1]["equity"] == results["final_equity"]

    board = httpx.get(f"{server.base}/api/v1/leaderboard", params={"scenario": slug}).raise_for_status().json()
    rows = [entry for entry in board["entries"] if entry["run_id"] == run_id]
    assert len(rows) == 1
    assert {name: rows[0].get(name) for name in COLUMNS} == {name: results.get(name) for name in COLUMNS}


def test_cli_lists_scenarios(server: Server) -> None:
    listed = json.loads(cli_output(server, "scenarios", "--json"))
    by_slug = {scenario["slug"]: scenario for scenario in listed}
    assert len(listed) >= 24
    assert {SANDBOX, LONG} <= by_slug.keys()
    assert all(scenario["status"] == "ready" for scenario in listed)
    with server.rest() as rest:
        for slug in (SANDBOX, LONG):
            alone = rest.get(f"scenarios/{slug}").raise_for_status().json()["scenario"]
            del alone["digest"]  # Not in lists.
            sdk_only = {"start_ts", "end_ts"}  # It reads them as times.
            assert {n: alone[n] for n in alone.keys() - sdk_only} == {
                n: by_slug[slug].get(n) for n in alone.keys() - sdk_only
            }


def test_cli_shows_scenarios_as_a_table(server: Server) -> None:
    header, *rows = cli_output(server, "scenarios").splitlines()
    assert header.startswith("SLUG\tSTATUS")
    assert any(row.startswith(f"{SANDBOX}\tready\t1Day\t10\t") for row in rows)


@pytest.mark.parametrize(
    ("slug", "agent", "name"),
    [(SANDBOX, "agents:buy_once", "buy_once"), (LONG, "agents:LongShort", "Long and short")],
)
def test_cli_backtests_and_publishes(server: Server, tmp_path: Path, slug: str, agent: str, name: str) -> None:
    artifact = tmp_path / "out" / "result.json"
    said = cli_output(server, "backtest", agent, "--scenario", slug, "--output", str(artifact), "--publish")
    assert "BotTrade backtest complete" in said

    written = json.loads(artifact.read_text())
    run_id = written["run_id"]
    assert (written["scenario"], written["published"]) == (slug, True)
    assert written["agent_info"]["name"] == name
    results = rest_results(server, run_id)
    assert fields(written["results"]) == results
    check_published(server, slug, run_id, results)
    assert f"run_id:     {run_id}" in cli_output(server, "public-run", run_id)

    page = f"{server.base}/run/{run_id}"
    assert cli_output(server, "badge", run_id).strip() == f"[![Tested on BotTrade]({page}/badge.svg)]({page})"


def test_a_long_run_with_shorts_has_its_trades(server: Server) -> None:
    with BotTradeClient.from_env() as client:
        scenario = client.get_scenario(LONG)
        assert scenario.short_enabled
        assert scenario.model_dump()["decisions"] >= 300
        outcome = backtest(agents.LongShort(), LONG, client=client)
        assert outcome.bars_advanced == scenario.model_dump()["decisions"]
    with server.rest() as rest:
        trades = rest.get(f"runs/{outcome.run_id}/trades").raise_for_status().json()["trades"]
    sides = [trade["side"] for trade in trades]
    turns = -(-outcome.bars_advanced // agents.TURN)
    assert sides.count("buy") == 1
    assert sides.count("short") == turns
    assert turns - sides.count("cover") in {0, 1}
    assert outcome.trade_count == len(trades)
    assert outcome.results.model_dump()["costs"]["borrow"] > 0


def test_from_env_reads_server_and_key(server: Server) -> None:
    with BotTradeClient.from_env() as client:
        run = client.start_run(SANDBOX, bot_name="from_env")
        snapshot = client.get_run(run.id)
        assert (snapshot.positions, snapshot.queued_orders) == ([], [])
        assert snapshot.last_equity["equity"] == run.starting_cash == 100_000
        assert client.run_url(run.id) == f"{server.base}/run/{run.id}"


def test_sdk_and_cli_agree_with_rest(server: Server) -> None:
    outcome = backtest(agents.buy_once, SANDBOX, publish=True)
    results = rest_results(server, outcome.run_id)
    assert fields(outcome.results) == results
    check_published(server, SANDBOX, outcome.run_id, results)


@pytest.mark.anyio
async def test_async_client(server: Server) -> None:
    async with AsyncBotTradeClient.from_env() as client:
        assert SANDBOX in {scenario.slug for scenario in await client.list_scenarios()}
        outcome = await backtest_async(agents.buy_once_async, SANDBOX, client=client, publish=True)
        public = await client.get_public_run(outcome.run_id)
    results = rest_results(server, outcome.run_id)
    assert fields(outcome.results) == results
    assert score(fields(public.results)) == score(results)
    same = backtest(agents.buy_once, SANDBOX)
    assert score(fields(same.results)) == score(results)


def test_session_is_driven_by_hand(server: Server) -> None:
    """`bottrade.session`: observe, submit, step, until it is done."""
    with bottrade.session(SANDBOX, agent_info=bottrade.AgentInfo(name="by hand")) as session:
        with pytest.raises(bottrade.IncompleteRunError):
            session.results()
        for _ in range(100):
            session.submit(agents.buy_once(session.observe()))
            if session.step().done:
                break
        assert fields(session.results()) == rest_results(server, session.run_id)


def test_a_refused_order_says_why(server: Server) -> None:
    with BotTradeClient.from_env() as client:
        run = client.start_run(SANDBOX)
        cases = [
            (("ZZZZ", "buy", 1), 400, 'symbol "ZZZZ" not in scenario universe'),
            (("AAPL", "sell", 1), 400, "no long position in AAPL to sell"),
            (("AAPL", "cover", 1), 400, "no short position in AAPL to cover"),
            (("AAPL", "hold", 1), 422, "side"),
        ]
        for (symbol, side, quantity), status, says in cases:
            with pytest.raises(APIError) as refused:
                client.queue_trade(run.id, symbol=symbol, side=side, quantity=quantity)
            error = refused.value
            assert error.status_code == status
            assert says in error.message
            assert error.message == error.payload["detail"] == error.payload["error"] == error.payload["message"]
        assert client.get_run(run.id).queued_orders == []


def test_a_backtest_whose_order_is_refused_ends_with_our_words(server: Server) -> None:
    with pytest.raises(APIError, match="no long position in AAPL to sell"):
        backtest(agents.sell_nothing, SANDBOX)
    done = cli(server, "backtest", "agents:sell_nothing")
    assert done.returncode != 0
    assert "BotTrade API 400: no long position in AAPL to sell" in done.stderr


def test_errors_of_the_other_routes_reach_the_client(server: Server) -> None:
    with BotTradeClient.from_env() as client:
        with pytest.raises(APIError) as unknown:
            client.get_scenario("sandbox-nov-2042")
        assert unknown.value.status_code == 404
        assert f"did you mean {SANDBOX}" in unknown.value.payload["hint"]
        run = client.start_run(SANDBOX)
        with pytest.raises(APIError, match="run is still active; cannot compute results yet"):
            client.get_results(run.id)
        with pytest.raises(APIError, match="run is still active; cannot compute results yet"):
            client.publish_run(run.id, confirm=True)
        with pytest.raises(APIError, match="no such run"):
            client.get_public_run(run.id)
    with BotTradeClient("no-such-key", base_url=server.base) as stranger:
        with pytest.raises(APIError, match="Invalid API key") as refused:
            stranger.get_run(run.id)
        assert refused.value.status_code == 401
    other_key = server.command("key", "create", "--account", "other").strip()
    with BotTradeClient(other_key, base_url=server.base) as other:
        with pytest.raises(APIError, match="you do not own this run") as refused:
            other.get_run(run.id)
        assert refused.value.status_code == 403


def test_a_stopped_backtest_is_resumed(server: Server, tmp_path: Path) -> None:
    stopped = cli(server, "backtest", "agents:buy_once", "--max-steps", "7")
    assert stopped.returncode != 0
    run_id = stopped.stderr.rpartition("run_id=")[2].strip().rstrip(".")
    with BotTradeClient.from_env() as client:
        assert client.get_run(run_id).run.status == "active"

    artifact = tmp_path / "resumed.json"
    cli_output(server, "backtest", "agents:buy_once", "--resume-run-id", run_id, "--output", str(artifact))
    written = json.loads(artifact.read_text())
    assert written["run_id"] == run_id
    whole = backtest(agents.buy_once, SANDBOX)
    assert written["bars_advanced"] == whole.bars_advanced - 7
    assert score(fields(written["results"])) == score(fields(whole.results))


def test_a_repeated_call_is_answered_with_the_same_bytes(server: Server) -> None:
    """The SDK sends a key with every order and step so that a retry is safe: it is."""
    with BotTradeClient.from_env() as client, server.rest() as rest:
        run = client.start_run(SANDBOX)
        order = {"symbol": "AAPL", "side": "buy", "quantity": 10.0, "idempotency_key": "order-1"}
        calls = [("trades", order), ("step", {"count": 1, "idempotency_key": "step-1"})]
        first = [rest.post(f"runs/{run.id}/{path}", json=body).raise_for_status() for path, body in calls]
        again = [rest.post(f"runs/{run.id}/{path}", json=body).raise_for_status() for path, body in calls]
        assert [it.content for it in again] == [it.content for it in first]
        assert client.get_run(run.id).positions[0].quantity == 10
        reused = rest.post(f"runs/{run.id}/step", json={"count": 2, "idempotency_key": "step-1"})
        assert reused.status_code == 409
