"""`mcp-remote`, which gives Claude Desktop and other hosts of stdio servers a way to a remote one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from bottrade_server import Server
from judge import judge
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from packages import Packages
from script import SANDBOX, Answer, Arguments, play, sandbox_run


@asynccontextmanager
async def bridged(packages: Packages, server: Server, home: Path) -> AsyncIterator[ClientSession]:
    """A host of stdio servers and its bridge, with the key in a header."""
    bridge = StdioServerParameters(
        command=str(packages.modules / ".bin" / "mcp-remote"),
        args=[f"{server.base}/mcp", "--header", f"X-API-Key:{server.key}"],
        env=packages.environment(home),
    )
    with (home / "stderr.txt").open("w") as log:
        async with stdio_client(bridge, errlog=log) as streams, ClientSession(*streams) as session:
            await session.initialize()
            yield session


@pytest.mark.anyio
async def test_carries_tools_and_refusals(packages: Packages, server: Server, home: Path) -> None:
    async with bridged(packages, server, home) as session:
        tools = (await session.list_tools()).tools
        assert {"list_scenarios", "submit_turn", "publish_run"} <= {tool.name for tool in tools}
        refused = await session.call_tool("start_run", {"scenario_slug": "sandbox-nov-2042"})
    assert refused.isError
    assert SANDBOX in refused.content[0].text


def test_plays_a_whole_run(packages: Packages, server: Server, home: Path, tmp_path: Path) -> None:
    bridge = bridged(packages, server, home)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(bridge) as session:

        def answer(tool: str, arguments: Arguments) -> Answer:
            result = portal.call(session.call_tool, tool, arguments)
            assert not result.isError, result
            (block,) = result.content
            assert json.loads(block.text) == result.structuredContent
            return result.structuredContent

        exchanges = play(sandbox_run(publish=True), answer)
    judge(server, exchanges, tmp_path)
