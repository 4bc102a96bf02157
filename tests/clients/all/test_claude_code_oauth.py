"""Claude Code signs in: its user adds an address, allows it in a browser, and has it play; no key anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from bottrade_server import Server
from browser import Browser
from claude import NAME, Claude
from judge import judge
from model import GIVES_UP, Model
from script import sandbox_run

DOCUMENT = "https://claude.ai/oauth/claude-code-client-metadata"
"""By which the server knows it; the server has a copy."""


@pytest.fixture
def person(server: Server) -> Iterator[Browser]:
    """A browser that is signed in."""
    with Browser(server.base) as browser:
        browser.sign_in(server)
        yield browser


def opens(server: Server, token: str) -> bool:
    """Whether an access token opens the account."""
    answer = httpx.get(f"{server.base}/api/v1/runs", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in {200, 401}, answer.text
    return answer.status_code == 200


def refreshes(server: Server, token: str) -> bool:
    """Whether a refresh token gives new tokens."""
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": DOCUMENT}
    answer = httpx.post(f"{server.base}/oauth/token", data=form)
    assert answer.status_code == 200 or answer.json()["error"] == "invalid_grant", answer.text
    return answer.status_code == 200


def test_signs_in_plays_and_signs_out(claude: Claude, server: Server, person: Browser, tmp_path: Path) -> None:
    claude.add(server.base, None)
    claude.login(lambda url: person.allow(url, NAME))
    assert "✔ Connected" in claude.mcp("list")
    with Model(lambda: sandbox_run(publish=True)) as model:
        claude.play(model)
    assert model.conversation.errors == []
    judge(server, model.conversation.exchanges, tmp_path)
    tokens = claude.tokens
    assert tokens["clientId"] == DOCUMENT
    assert opens(server, tokens["accessToken"])
    assert "Signed out" in claude.mcp("logout", "bottrade")
    assert not opens(server, tokens["accessToken"])
    assert not refreshes(server, tokens["refreshToken"])


def test_plays_on_when_its_hour_is_over(claude: Claude, server: Server, person: Browser, tmp_path: Path) -> None:
    claude.add(server.base, None)
    claude.login(lambda url: person.allow(url, NAME))
    before = claude.tokens
    server.expire_access_tokens()
    assert not opens(server, before["accessToken"])
    with Model(sandbox_run) as model:
        claude.play(model)
    assert model.conversation.errors == []
    judge(server, model.conversation.exchanges, tmp_path)
    assert claude.tokens["accessToken"] != before["accessToken"]
    assert claude.tokens["refreshToken"] != before["refreshToken"]
    assert opens(server, claude.tokens["accessToken"])


def test_asks_for_more_when_more_is_needed(claude: Claude, server: Server, person: Browser, tmp_path: Path) -> None:
    claude.add(server.base, None)
    claude.login(lambda url: person.allow(url, NAME, untick={"bottrade:trade", "bottrade:paper"}))
    assert claude.tokens["scope"] == "bottrade:read"
    with Model(sandbox_run, repeats_max=0) as model:
        claude.play(model, last_word=GIVES_UP)
    (error,) = model.conversation.errors
    assert "additional permissions" in error
    assert "bottrade:trade" in error
    claude.login(lambda url: person.allow(url, NAME))
    with Model(sandbox_run) as model:
        claude.play(model)
    judge(server, model.conversation.exchanges, tmp_path)
