"""One bot, three ways in: in process, over REST and over MCP its score is the same to the last digit."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from bottrade_server import Binary, Server
from test_mcp import called, connected

SANDBOX = "sandbox-nov-2024"
BOTS = ["buy_hold", "equal_weight", "momentum", "random"]
OTHERS = ["luna-may-2022-4h", "eq-covid-2020", "flash-crash-may-2010", "ecb-q1-2026"]
"""Other kinds of market: round the clock, long, a crash, currencies."""


def digits(text: str | bytes) -> Any:
    """JSON with every number as it was written: nothing is lost in reading it."""
    return json.loads(text, parse_float=str, parse_int=str)


def score(results: dict[str, Any]) -> dict[str, Any]:
    """Results without what names the run and the moment."""
    return {name: value for name, value in results.items() if name not in {"run_id", "computed_at"}}


def in_process(binary: Binary, slug: str, bot: str) -> dict[str, Any]:
    return digits(binary.output("play", "--scenario", slug, "--bot", bot, "--json"))


def over_rest(server: Server, slug: str, bot: str) -> dict[str, Any]:
    where = ["--server", server.base, "--key", server.key]
    return digits(server.binary.output("play", "--scenario", slug, "--bot", bot, *where, "--json"))


def turns_of(rest: httpx.Client, run_id: str) -> list[list[dict[str, Any]]]:
    """The orders of a finished run of market orders, bar by bar: each was sent one bar before its fill."""
    trades = rest.get(f"runs/{run_id}/trades").raise_for_status().json()["trades"]
    curve = rest.get(f"runs/{run_id}/equity").raise_for_status().json()["equity_curve"]
    filled_at = [[it for it in trades if it["sim_time_filled"] == point["sim_time"]] for point in curve[1:]]
    assert sum(map(len, filled_at)) == len(trades)
    return [[{name: it[name] for name in ("symbol", "side", "quantity")} for it in bar] for bar in filled_at]


async def over_mcp(server: Server, slug: str, turns: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """Sends the same orders by `submit_turn` at the same bars."""
    async with connected(server, server.key) as client:
        run_id = (await called(client, "start_run", scenario_slug=slug))["id"]
        for trades in turns:
            turn = await called(client, "submit_turn", run_id=run_id, trades=trades)
        assert turn["step"]["done"]
        result = await client.call_tool("get_results", {"run_id": run_id})
        return digits(result.content[0].text)["results"]


@pytest.mark.anyio
@pytest.mark.parametrize("bot", BOTS)
async def test_three_ways_in_agree(server: Server, bot: str) -> None:
    local = in_process(server.binary, SANDBOX, bot)
    remote = over_rest(server, SANDBOX, bot)
    assert int(local["trade_count"]) > 0
    assert score(remote) == score(local)
    with server.rest() as rest:
        stored = digits(rest.get(f"runs/{remote['run_id']}/results").raise_for_status().content)["results"]
        turns = turns_of(rest, remote["run_id"])
    assert stored == remote
    assert score(await over_mcp(server, SANDBOX, turns)) == score(local)


@pytest.mark.parametrize("slug", OTHERS)
@pytest.mark.parametrize("bot", ["equal_weight", "random"])
def test_process_and_rest_agree_on_other_markets(server: Server, slug: str, bot: str) -> None:
    assert score(over_rest(server, slug, bot)) == score(in_process(server.binary, slug, bot))
