"""What README.md tells a newcomer to type, typed as it stands there."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bottrade_server import ROOT, Binary, Server, typed
from scripted_model import KEY, ScriptedModel, message, text


@pytest.fixture(scope="module")
def newcomer(binary: Binary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server as `cargo run --release` starts it: no argument, port 8080, data beside it."""
    server = Server(binary, tmp_path_factory.mktemp("newcomer"), plain=True)
    try:
        server.start()
        yield server
    finally:
        server.close()


def block(title: str) -> str:
    """The first indented lines after the line of README.md that begins so."""
    lines = iter((ROOT / "README.md").read_text().splitlines())
    assert any(line.startswith(title) for line in lines), title
    commands: list[str] = []
    for line in lines:
        if line.strip() and not line.startswith("    "):
            if any(commands):
                break
            continue
        commands.append(line.removeprefix("    "))
    return "\n".join(commands).strip()


def at(newcomer: Server, commands: str) -> str:
    """What a shell in the newcomer's folder says to the commands."""
    path = f"{Path(sys.executable).parent}:{newcomer.binary.path.parent}:{os.environ['PATH']}"
    return typed(commands, newcomer.folder, PATH=path)


def test_the_claude_line_is_the_printed_one(newcomer: Server) -> None:
    """But for the path of the key file: the printed one is good in any folder, the written one is short."""
    printed = next(line for line in newcomer.banner.splitlines() if "claude mcp add" in line)
    assert printed.partition("$(")[0].strip() == block("Claude Code:").partition("$(")[0].strip()


def test_the_curl_lines_end_with_a_score(newcomer: Server) -> None:
    *_, last = at(newcomer, block("curl:")).replace("}{", "}\n{").splitlines()
    results = json.loads(last)["results"]
    assert results["trade_count"] == 1
    assert results["final_equity"] != 100_000


def test_the_curl_lines_end_with_a_proof(newcomer: Server) -> None:
    prove = block("A run is its journal").replace("target/release/bottrade", str(newcomer.binary.path))
    assert "is proven" in at(newcomer, f"{block('curl:')}\n{prove}")


def test_the_bot_lines_trade_on_paper(newcomer: Server) -> None:
    trade = block("A bot has a key of its own").replace("target/release/bottrade", str(newcomer.binary.path))
    # A line for each answer.
    _, *answers = at(newcomer, trade.replace("\ncurl", "\necho\ncurl")).splitlines()
    quotes, order, portfolio, kpi = map(json.loads, answers)
    assert [quote["symbol"] for quote in quotes] == ["AAPL", "BTC-USD"]
    assert (order["status"], order["client_order_id"]) == ("FILLED", "first")
    assert [position["symbol"] for position in portfolio["positions"]] == ["BTC-USD"]
    assert kpi["label"] == "replayed history"


def test_the_skill_lines_install_bots_that_play(newcomer: Server) -> None:
    """In a home of its own, with a model that has nothing to say."""
    home = "export HOME=$PWD\n"
    at(newcomer, home + block("An agent that has never seen"))
    play = block("`scripts/test_bot.py` in it plays").replace("YOUR_KEY", newcomer.key).replace("YOUR_OTHER_KEY", KEY)
    with ScriptedModel(lambda *_: message(text("I rest."))) as model:
        said = at(newcomer, f"{home}export ANTHROPIC_BASE_URL={model.base}\n{play}")
    assert model.problems == []
    assert "Return" in said
    assert "the model no longer calls a tool" in said


def test_the_python_lines_end_with_a_score(newcomer: Server) -> None:
    # The program of the PyPI client and ours share a name: the client's folder comes first in PATH.
    assert "BotTrade backtest complete" in at(newcomer, block("Python"))
