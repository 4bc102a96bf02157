"""`bottrade mcp-stdio` as Claude Desktop starts it, by the official Python client of stdio servers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from bottrade_server import Binary, Server, environment, free_port
from desktop import desktop
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from test_mcp import MODES, SANDBOX, called, refused

SECONDS = 30


@asynccontextmanager
async def bridged(entry: dict[str, Any], mode: str, errors: Path) -> AsyncIterator[Client]:
    """A host of stdio servers and its bridge."""
    parameters = StdioServerParameters(**entry)
    with errors.open("w") as log:
        async with Client(stdio_client(parameters, errlog=log), mode=mode, read_timeout_seconds=SECONDS) as client:
            yield client
    assert errors.read_text() == ""


@pytest.mark.anyio
@pytest.mark.parametrize("mode", MODES)
async def test_plays_and_trades(server: Server, mode: str, tmp_path: Path) -> None:
    entry = desktop(server, server.key)
    async with bridged(entry, mode, tmp_path / "stderr.txt") as client:
        assert client.protocol_version == MODES[mode]
        assert "list_scenarios" in client.instructions
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"start_run", "place_order"} <= names
        run = await called(client, "start_run", scenario_slug=SANDBOX)
        turn = await called(client, "submit_turn", run_id=run["id"], trades=[])
        assert turn["step"]["bars_advanced"] == 1
        assert "nowhere" in await refused(client, "start_run", scenario_slug="nowhere")
        guide = (await client.read_resource("bottrade://paper-guide")).contents[0].text
        assert guide.startswith("# Trading the paper account")
        portfolio = await called(client, "get_portfolio")
        assert portfolio["balance"] == "100000.00"


@pytest.mark.anyio
async def test_a_bot_key_is_shown_its_tools(server: Server, tmp_path: Path) -> None:
    key = server.command("key", "create", "--bot", "--account", "bots").strip()
    async with bridged(desktop(server, key), "auto", tmp_path / "stderr.txt") as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert "place_order" in names
        assert "start_run" not in names
        order = await called(client, "place_order", symbol="BTC-USD", side="BUY", quantity=0.01)
        assert order["status"] == "FILLED"


def lines(binary: Binary, *arguments: str, said: str, **env: str) -> list[Any]:
    """What the bridge answers to lines; it ends with them."""
    done = subprocess.run(
        [binary.path, "mcp-stdio", *arguments],
        input=said,
        capture_output=True,
        env=environment(**env),
        text=True,
        timeout=SECONDS,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def request(number: int, method: str, **params: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n"


def test_each_line_is_a_message(server: Server) -> None:
    said = [
        "no json\n",
        "\n",
        '{"jsonrpc":"2.0","method":"notifications/initialized"}\n',
        request(1, "tools/list"),
        request(2, "tools/call", name="auth_status", arguments={}),
        request(3, "tools/prance"),
        request(4, "tools/call", name="get_portfolio", arguments={}),
    ]
    env = {"BOTTRADE_API": server.base, "BOTTRADE_API_KEY": server.key, "BOTTRADE_TOOLSETS": "play"}
    answers = {it["id"]: it for it in lines(server.binary, said="".join(said), **env)}
    assert set(answers) == {None, 1, 2, 3, 4}
    assert answers[None]["error"]["code"] == -32700
    assert len(answers[1]["result"]["tools"]) == 5
    assert answers[2]["result"]["isError"], "it is in another toolset"
    assert answers[3]["error"]["code"] == -32601
    assert answers[4]["result"]["isError"]


def test_what_the_server_refuses_keeps_its_id(server: Server) -> None:
    for key, told in {"bt_wrong": "Invalid API key", "": "BotTrade API key required"}.items():
        (answer,) = lines(
            server.binary,
            "--server",
            f"{server.base}/mcp",
            said=request(7, "tools/call", name="get_run", arguments={"run_id": "x"}),
            BOTTRADE_API_KEY=key,
        )
        assert answer["id"] == 7
        assert answer["error"]["message"].startswith(told), answer


def test_a_server_that_is_not_there_is_an_error_of_each_message(binary: Binary) -> None:
    answers = lines(
        binary, "--server", f"http://127.0.0.1:{free_port()}", said=request(1, "ping") + request("b", "ping")
    )
    assert {it["id"] for it in answers} == {1, "b"}
    for answer in answers:
        assert answer["error"]["code"] == -32603
        assert "no answer from http://127.0.0.1:" in answer["error"]["message"]
