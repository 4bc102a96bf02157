"""The MCP Inspector on the command line: a process for each call, in both eras of the protocol."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from bottrade_server import Server
from judge import judge
from packages import Packages
from script import SANDBOX, Answer, Arguments, play, sandbox_run

ERAS = {"modern": "2026-07-28", "legacy": "2025-11-25"}
"""What the Inspector is told, and the revision of the protocol that is then spoken."""
UNREACHABLE, TOOL_ERROR = 4, 5
"""Its exit codes."""


class Inspector:
    """The Inspector, pointed at a server with its key."""

    def __init__(self, packages: Packages, server: Server, home: Path) -> None:
        self.packages, self.home = packages, home
        program = packages.modules / ".bin" / "mcp-inspector"
        where = [f"{server.base}/mcp", "--transport", "http", "--header", f"X-API-Key: {server.key}"]
        self._command = [program, "--cli", *where, "--format", "json"]

    def run(self, era: str, method: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Runs a method; its exit code is for the caller to judge."""
        command = [*self._command, "--protocol-era", era, "--method", method, *options]
        return self.packages.run(*command, home=self.home)

    def call(self, era: str, tool: str, arguments: Arguments) -> subprocess.CompletedProcess[str]:
        return self.run(era, "tools/call", "--tool-name", tool, "--tool-args-json", json.dumps(arguments))


def printed(done: subprocess.CompletedProcess[str]) -> Answer:
    """The result of a method that must succeed, without a word of warning."""
    assert (done.returncode, done.stderr) == (0, ""), done
    return json.loads(done.stdout)["result"]


@pytest.fixture
def inspector(packages: Packages, server: Server, home: Path) -> Inspector:
    return Inspector(packages, server, home)


@pytest.mark.parametrize("era", ERAS)
def test_finds_nothing_wrong_with_the_tools(inspector: Inspector, era: str) -> None:
    greeting = printed(inspector.run(era, "initialize"))
    assert greeting["protocolVersion"] == ERAS[era]
    assert greeting["serverInfo"]["name"] == "bottrade"
    # Strict: a schema that some model provider would refuse ends it with another code.
    listed = printed(inspector.run(era, "tools/list", "--strict"))
    assert {"list_scenarios", "submit_turn", "publish_run"} <= {tool["name"] for tool in listed["tools"]}


def test_plays_a_whole_run(inspector: Inspector, server: Server, tmp_path: Path) -> None:
    def answer(tool: str, arguments: Arguments) -> Answer:
        result = printed(inspector.call("modern", tool, arguments))
        (block,) = result["content"]
        assert json.loads(block["text"]) == result["structuredContent"]
        return result["structuredContent"]

    judge(server, play(sandbox_run(publish=True), answer), tmp_path)


@pytest.mark.parametrize("era", ERAS)
def test_exit_codes_tell_a_refusal_from_an_outage(inspector: Inspector, server: Server, era: str) -> None:
    refused = inspector.call(era, "start_run", {"scenario_slug": "sandbox-nov-2042"})
    assert refused.returncode == TOOL_ERROR, refused
    assert SANDBOX in refused.stdout
    assert server.stop() == 0
    assert inspector.run(era, "tools/list").returncode == UNREACHABLE
