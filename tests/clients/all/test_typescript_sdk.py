"""The TypeScript SDK of the first generation plays a whole run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from bottrade_server import Server
from judge import judge
from packages import NODE, SECONDS, Packages
from script import Answer, Arguments, play, sandbox_run

PROGRAM = NODE / "sdk_v1.mjs"


class Sdk:
    """The program, waiting for calls."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin and process.stdout
        self._stdin: IO[str] = process.stdin
        self._stdout: IO[str] = process.stdout
        self.greeting = self._read()

    def _read(self) -> dict[str, Any]:
        line = self._stdout.readline()
        assert line, "the program ended"
        return json.loads(line)

    def call(self, tool: str, arguments: Arguments) -> dict[str, Any]:
        """A call and its result as the SDK returns it."""
        self._stdin.write(json.dumps({"name": tool, "arguments": arguments}) + "\n")
        self._stdin.flush()
        return self._read()

    def answer(self, tool: str, arguments: Arguments) -> Answer:
        """The answer of a call that must succeed: text and structured content are each the whole of it."""
        result = self.call(tool, arguments)
        assert not result.get("isError"), result
        (block,) = result["content"]
        assert json.loads(block["text"]) == result["structuredContent"]
        return result["structuredContent"]


@pytest.fixture
def sdk(packages: Packages, server: Server, home: Path) -> Iterator[Sdk]:
    # Modules are looked for beside the program.
    program = packages.folder / PROGRAM.name
    program.write_bytes(PROGRAM.read_bytes())
    command = ["node", program, f"{server.base}/mcp", server.key]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=packages.environment(home), **pipes) as process:
        try:
            yield Sdk(process)
            process.stdin.close()
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()


def test_plays_a_whole_run(sdk: Sdk, server: Server, tmp_path: Path) -> None:
    assert sdk.greeting["server"]["name"] == "bottrade"
    assert sdk.greeting["protocol"] == "2025-11-25"
    assert all(tool["description"] for tool in sdk.greeting["tools"])
    judge(server, play(sandbox_run(publish=True), sdk.answer), tmp_path)


def test_a_refusal_is_a_result(sdk: Sdk) -> None:
    result = sdk.call("start_run", {"scenario_slug": "sandbox-nov-2042"})
    assert result["isError"]
    assert "sandbox-nov-2024" in result["content"][0]["text"]
