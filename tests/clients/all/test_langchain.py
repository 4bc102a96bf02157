"""LangChain's MCP adapters (Python) play a whole run with the tools that they load."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from bottrade_server import Server
from judge import judge
from langchain_core.tools import BaseTool
from langchain_mcp_adapters.client import MultiServerMCPClient
from script import Answer, Arguments, play, sandbox_run


def adapter(server: Server) -> MultiServerMCPClient:
    """A client of the server, as LangChain's users write it."""
    connection = {"transport": "streamable_http", "url": f"{server.base}/mcp", "headers": {"X-API-Key": server.key}}
    return MultiServerMCPClient({"bottrade": connection})


async def called(tool: BaseTool, arguments: Arguments) -> Answer:
    """The text that a model is given, which is the whole answer."""
    call = {"type": "tool_call", "id": "1", "name": tool.name, "args": arguments}
    message = await tool.ainvoke(call)
    assert message.status == "success", message.content
    (block,) = message.content
    answer = json.loads(block["text"])
    assert message.artifact["structured_content"] == answer
    return answer


def test_plays_a_whole_run(server: Server, tmp_path: Path) -> None:
    with start_blocking_portal() as portal:
        tools = {tool.name: tool for tool in portal.call(adapter(server).get_tools)}
        assert all(tool.description for tool in tools.values())
        exchanges = play(sandbox_run(publish=True), lambda name, args: portal.call(called, tools[name], args))
    judge(server, exchanges, tmp_path)


@pytest.mark.anyio
async def test_a_refusal_reaches_the_model(server: Server) -> None:
    tools = {tool.name: tool for tool in await adapter(server).get_tools()}
    call = {"type": "tool_call", "id": "1", "name": "start_run", "args": {"scenario_slug": "sandbox-nov-2042"}}
    message = await tools["start_run"].ainvoke(call)
    assert message.status == "error"
    assert "sandbox-nov-2024" in str(message.content)
