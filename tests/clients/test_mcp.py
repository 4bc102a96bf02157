"""The official Python client of the Model Context Protocol against `/mcp`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from bottrade_server import Server
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

pytestmark = pytest.mark.anyio

SANDBOX = "sandbox-nov-2024"
STEPS_MAX = 100
TOOLS = {
    "auth_status",
    "list_scenarios",
    "get_scenario",
    "start_run",
    "get_run",
    "get_market",
    "submit_turn",
    "step_run",
    "get_trades",
    "get_results",
    "publish_run",
}
"""What there is at least; later tools join them."""
MODES = {"auto": "2026-07-28", "legacy": "2025-11-25"}
"""How the client connects, and the revision of the protocol that both sides then speak."""


@asynccontextmanager
async def connected(server: Server, key: str | None = None, mode: str = "auto") -> AsyncIterator[Client]:
    """A client of the server, with or without a key."""
    headers = {"X-API-Key": key} if key else {}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        transport = streamable_http_client(f"{server.base}/mcp", http_client=http)
        async with Client(transport, mode=mode, read_timeout_seconds=30) as client:
            yield client


def answer(result: CallToolResult) -> dict[str, Any]:
    """The answer of a tool: the structured one and the text are each the whole of it."""
    assert not result.is_error, result.content
    assert [block.type for block in result.content] == ["text"]
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


async def called(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    return answer(await client.call_tool(tool, arguments))


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    """The text of a call that the server refuses: all that a model is shown of it."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error, result.structured_content
    return result.content[0].text


async def position_of(client: Client, run_id: str) -> tuple[str, int]:
    """Where a run stands: it must not move when a call is refused."""
    run = await called(client, "get_run", run_id=run_id)
    return run["run"]["sim_time"], len(run["queued_orders"])


@pytest.mark.parametrize("mode", MODES)
async def test_connects_and_lists_tools(server: Server, mode: str) -> None:
    async with connected(server, server.key, mode) as client:
        assert client.protocol_version == MODES[mode]
        assert client.server_info.name == "bottrade"
        assert "list_scenarios" in client.instructions
        listed = (await client.list_tools()).tools
    assert {tool.name for tool in listed} >= TOOLS
    for tool in listed:
        assert tool.description
        assert tool.annotations.title
        assert tool.annotations.read_only_hint is not None
        assert tool.input_schema["type"] == "object"
    required = {tool.name: tool.input_schema.get("required", []) for tool in listed}
    assert required["submit_turn"][0] == "run_id"


@pytest.mark.parametrize("mode", MODES)
async def test_plays_a_scenario_to_its_score(server: Server, mode: str) -> None:
    async with connected(server, server.key, mode) as client:
        run = await called(client, "start_run", scenario_slug=SANDBOX, bot_name=f"mcp {mode}")
        run_id, seen, done = run["id"], [run["sim_time"]], False
        for step in range(STEPS_MAX):
            market = await called(client, "get_market", run_id=run_id, symbols=["AAPL", "MSFT"], lookback=5)
            assert market["sim_time"] == seen[-1]
            assert market["columns"][0] == "ts"
            assert all(rows[-1][0] == seen[-1][:10] for rows in market["bars"].values())
            trades = [{"symbol": "AAPL", "side": "buy", "quantity": 50.5, "reasoning": "Once."}] if step == 0 else []
            turn = await called(client, "submit_turn", run_id=run_id, trades=trades)
            assert len(turn["queued_orders"]) == len(trades)
            assert turn["step"]["bars_advanced"] == 1
            seen.append(turn["step"]["new_sim_time"])
            if done := turn["step"]["done"]:
                break
        assert done
        assert seen == sorted(set(seen))
        assert turn["snapshot"]["run"]["status"] == "completed"

        fills = (await called(client, "get_trades", run_id=run_id))["trades"]
        assert [(it["side"], it["quantity"], it["reasoning"]) for it in fills] == [("buy", 50.5, "Once.")]
        assert fills[0]["sim_time_filled"] == seen[1]

        score = await called(client, "get_results", run_id=run_id)
        assert score["results"]["trade_count"] == 1
        assert "sessions" in score["headline"]
        with server.rest() as rest:
            assert rest.get(f"runs/{run_id}/results").json()["results"] == score["results"]
            assert rest.get(f"runs/{run_id}/public").status_code == 404
            assert "publish_run requires confirm=true" in await refused(client, "publish_run", run_id=run_id)
            assert rest.get(f"runs/{run_id}/public").status_code == 404
            published = await called(client, "publish_run", run_id=run_id, confirm=True)
            assert published["published"] is True
            assert published["results"] == score["results"]
            assert rest.get(f"runs/{run_id}/public").status_code == 200


@pytest.mark.parametrize("mode", MODES)
async def test_looks_around_without_a_key(server: Server, mode: str) -> None:
    async with connected(server, mode=mode) as client:
        scenarios = (await called(client, "list_scenarios"))["scenarios"]
        assert scenarios["columns"][0] == "slug"
        assert SANDBOX in {row[0] for row in scenarios["rows"]}
        scenario = await called(client, "get_scenario", id_or_slug=SANDBOX)
        assert scenario["slug"] == SANDBOX
        assert scenario["known_biases"]
        assert (await called(client, "auth_status"))["status"] != "connected"
    async with connected(server, server.key, mode) as client:
        assert (await called(client, "auth_status"))["status"] == "connected"


async def test_a_bad_call_names_the_field(server: Server) -> None:
    async with connected(server, server.key) as client:
        run_id = (await called(client, "start_run", scenario_slug=SANDBOX))["id"]
        before = await position_of(client, run_id)

        async def turn(**order: Any) -> str:
            return await refused(client, "submit_turn", run_id=run_id, trades=[order])

        good = {"symbol": "AAPL", "side": "buy", "quantity": 1}
        assert "trades[0].quantity" in await turn(**good | {"quantity": "many"})
        assert "trades[0].side" in await turn(**good | {"side": "hold"})
        assert "side" in await turn(symbol="AAPL", quantity=1)
        assert "limit" in await turn(**good | {"limit": 5})
        assert "limit_price" in await turn(**good | {"order_type": "limit"})
        assert 'symbol "APPL" not in scenario universe' in (text := await turn(**good | {"symbol": "APPL"}))
        assert "AAPL" in text
        assert "quantity must be positive" in await turn(**good | {"quantity": 0})
        assert "run_id" in await refused(client, "get_run")
        assert "lookback" in await refused(client, "get_market", run_id=run_id, symbols=["AAPL"], lookback=0)
        assert "step_count" in await refused(client, "submit_turn", run_id=run_id, trades=[], step_count=5)
        assert SANDBOX in await refused(client, "start_run", scenario_slug="sandbox-nov-2042")
        assert "no such run" in await refused(client, "get_run", run_id="00000000-0000-0000-0000-000000000000")
        assert await position_of(client, run_id) == before


async def test_orders_of_a_turn_are_all_or_none(server: Server) -> None:
    async with connected(server, server.key) as client:
        run_id = (await called(client, "start_run", scenario_slug=SANDBOX))["id"]
        before = await position_of(client, run_id)
        good = {"symbol": "AAPL", "side": "buy", "quantity": 1}
        bad = [
            good,
            {"symbol": "MSFT", "side": "sell", "quantity": 1},
            {"symbol": "XOM", "side": "cover", "quantity": 1},
        ]
        text = await refused(client, "submit_turn", run_id=run_id, trades=bad)
        assert "trades[1].side: no long position in MSFT to sell" in text
        assert "trades[2].side: no short position in XOM to cover" in text
        assert await position_of(client, run_id) == before


async def test_calls_that_need_a_key_are_refused_without(server: Server) -> None:
    """By the status that has clients sign in: see test_oauth.py for one that can."""
    async with connected(server) as client:
        with pytest.raises(MCPError):
            await called(client, "start_run", scenario_slug=SANDBOX)
        assert (await called(client, "auth_status"))["status"] != "connected"
