"""Claude Code plays a whole run, its model a script; also when the server or its answers go missing on the way."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest
from bottrade_server import Server
from claude import Claude
from judge import judge
from model import GIVES_UP, PREFIX, Model, shown
from plain import Plain
from relay import Relay
from script import PLAY, Script, play_run, sandbox_run

HANDSHAKE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "plain", "version": "1"}}


class Outage:
    """Ends a server before a call of the script, and starts it again on the same port and data a while later."""

    def __init__(self, server: Server, call: int, seconds: float) -> None:
        self.server, self.call, self.seconds = server, call, seconds
        self._pool = ThreadPoolExecutor(1)
        self._end: Future[None] | None = None

    def __call__(self, call: int) -> None:
        if call == self.call:
            assert self.server.stop() == 0
            self._end = self._pool.submit(self._start_again)

    def _start_again(self) -> None:
        sleep(self.seconds)
        self.server.start()

    def was_survived(self) -> None:
        """There was an outage, and it is over."""
        assert self._end is not None, "the script never came to the call"
        self._end.result()


def test_is_connected_once_added(claude: Claude, server: Server) -> None:
    assert "Added HTTP MCP server bottrade" in claude.add(server.base, server.key)
    assert "✔ Connected" in claude.mcp("list")
    assert "✔ Connected" in claude.mcp("get", "bottrade")
    assert server.stop() == 0
    assert "✘ Failed to connect — ECONNREFUSED" in claude.mcp("list")


def test_plays_a_whole_run(claude: Claude, server: Server, tmp_path: Path) -> None:
    claude.add(server.base, server.key)
    with Model(lambda: sandbox_run(publish=True)) as model:
        claude.play(model)
    assert model.conversation.errors == []
    judge(server, model.conversation.exchanges, tmp_path)


def test_plays_a_whole_run_with_the_few_tools_of_play(claude: Claude, server: Server, tmp_path: Path) -> None:
    claude.add(server.base, server.key, "?toolsets=play")
    with Model(play_run) as model:
        claude.play(model)
    seen = model.conversation
    assert (seen.errors, {it.tool for it in seen.exchanges}) == ([], PLAY)
    offered = {it["name"] for it in model.requests[-1]["tools"]}
    assert {it.removeprefix(PREFIX) for it in offered if it.startswith(PREFIX)} == PLAY
    judge(server, seen.exchanges, tmp_path)


def test_shows_its_model_what_the_server_says(claude: Claude, server: Server) -> None:
    """The instructions and, once the model looks for them, the tools as the server describes them."""
    claude.add(server.base, server.key)
    with Model(sandbox_run) as model:
        claude.play(model)
    first, *_, last = model.requests
    plain = Plain(server)
    assert plain.rpc("initialize", **HANDSHAKE)["instructions"] in shown(first)
    tools = {it["name"]: it for it in last["tools"] if it["name"].startswith(PREFIX)}
    listed = {PREFIX + it["name"]: it for it in plain.tools()}
    assert tools.keys() == listed.keys()
    for name, tool in listed.items():
        assert tools[name]["description"] == tool["description"]
        assert tools[name]["input_schema"]["properties"].keys() == tool["inputSchema"]["properties"].keys()


@pytest.mark.parametrize(("with_key", "told"), [(True, "did you mean sandbox-nov-2024"), (False, "needs you to sign in")])
def test_its_model_reads_why_it_was_refused(claude: Claude, server: Server, with_key: bool, told: str) -> None:
    def mistaken() -> Script:
        yield "start_run", {"scenario_slug": "sandbox-nov-2042"}
        raise AssertionError("it was not refused")

    claude.add(server.base, server.key if with_key else None)
    assert "✔ Connected" in claude.mcp("list")
    with Model(mistaken, repeats_max=0) as model:
        claude.play(model, last_word=GIVES_UP)
    (error,) = model.conversation.errors
    assert told in error


@pytest.mark.parametrize("seconds", [3, 15])
def test_finishes_its_run_when_the_server_comes_back(
    claude: Claude, server: Server, tmp_path: Path, seconds: float
) -> None:
    claude.add(server.base, server.key)
    outage = Outage(server, call=12, seconds=seconds)
    with Model(sandbox_run, before=outage) as model:
        claude.play(model)
    outage.was_survived()
    assert "ECONNREFUSED" in model.conversation.errors[0]
    judge(server, model.conversation.exchanges, tmp_path)


def test_nothing_is_doubled_when_answers_are_lost(claude: Claude, server: Server, tmp_path: Path) -> None:
    lost = {0, 7, 8, 15}  # 8 is the repeat of 7.
    with Relay(server, lost) as relay, Model(sandbox_run) as model:
        claude.add(relay.base, server.key)
        claude.play(model)
    assert set(relay.carried_out) == lost
    assert len(model.conversation.errors) == len(lost)
    judge(server, model.conversation.exchanges, tmp_path)
