"""Claude Code trades paper for a day of its market, its model a script: over HTTP, and by Claude Desktop's bridge."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from bottrade_server import Binary, Server, running
from claude import Claude
from desktop import desktop
from model import Model
from trading import LAST_WORD, day, day_of, judge

SPEED = "455"
"""A day of market lasts 190 s. A season of one day is almost all the history that there is."""
SEASON_SECONDS = 86_400
LASTS_SECONDS = 280
FIRST_LOOK, LOOKS, LOOKS_EVERY_SECONDS = 12, 16, 12
"""The number of the first call that only looks; how many more fill the day, and how long it is between them."""
PROMPT = "trade the paper account on bottrade for a day and tell me how it went."


@pytest.fixture
def server(binary: Binary, tmp_path: Path) -> Iterator[Server]:
    """A server whose market flies. A season that ended meanwhile would begin the account anew."""
    left = SEASON_SECONDS - time.time() % SEASON_SECONDS
    if left < LASTS_SECONDS:
        time.sleep(left + 1)
    with running(binary, tmp_path / "server", BOTTRADE_REPLAY_SPEED=SPEED, BOTTRADE_SEASON_DAYS="1") as server:
        yield server


@pytest.fixture
def bot_key(server: Server) -> str:
    return server.command("key", "create", "--bot", "--account", "trader").strip()


def wait(call: int) -> None:
    """What an agent does between two looks at its portfolio."""
    if FIRST_LOOK < call <= FIRST_LOOK + LOOKS:
        time.sleep(LOOKS_EVERY_SECONDS)


def test_trades_for_a_day(claude: Claude, server: Server, bot_key: str) -> None:
    claude.add(server.base, bot_key)
    with Model(day, before=wait) as model:
        claude.play(model, LAST_WORD, PROMPT)
    seen = model.conversation
    assert seen.errors == []
    judge(server, seen.exchanges, bot_key)


def test_trades_by_the_bridge_as_claude_desktop_has_it(claude: Claude, server: Server, bot_key: str) -> None:
    claude.mcp("add-json", "bottrade", json.dumps(desktop(server, bot_key)))
    assert "✔ Connected" in claude.mcp("list")
    with Model(day_of(timedelta(0))) as model:
        claude.play(model, LAST_WORD, PROMPT)
    seen = model.conversation
    assert seen.errors == []
    judge(server, seen.exchanges, bot_key)
