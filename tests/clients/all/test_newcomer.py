"""A newcomer's first ten minutes: start, `play`, connect Claude Code by the copied line, and watch it play.

Only what the program and its pages say leads from one step to the next. What stood in the way when it was first played,
and was mended: a run that was going on had to be found by its id, now the account page lists it; what was allowed could
be taken back by a REST call alone, now by a button; the sign-in page did not say that `bottrade login-link` must look into
the folder that the server was started with.
"""

from __future__ import annotations

import re
import shlex
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from time import sleep

import pytest
from bottrade_server import Server
from chromium import CHROMIUM, MISSING, Watched, opened
from claude import PROMPT, Claude
from judge import judge
from model import Model
from playwright.sync_api import Browser, expect
from script import SANDBOX, sandbox_run

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=MISSING)

STARTED = 4
"""The first call of the script that has a run."""
THOUGHT_SECONDS = 0.4
"""How long the model thinks about a bar: long enough to see it."""
PATIENCE_SECONDS = 120
STEPS_SEEN = 4
"""Bars that must have been seen to pass."""


class Pace:
    """A model that waits until somebody watches, and then takes its time."""

    def __init__(self) -> None:
        self.has_started, self.is_watched = Event(), Event()

    def __call__(self, call: int) -> None:
        if call == STARTED:
            self.has_started.set()
            assert self.is_watched.wait(PATIENCE_SECONDS), "nobody came to watch"
        if call > STARTED:
            sleep(THOUGHT_SECONDS)


def allowed(server: Server, watched: Watched, url: str) -> str:
    """What a person does whom Claude Code sends to a page: signs in by what that page says, and allows it."""
    page = watched.page
    page.goto(url)
    command = page.inner_text("main pre").strip()
    assert command == "bottrade login-link"
    page.goto(server.command(*shlex.split(command)[1:], "--public-url", server.base).strip())
    page.click("button:has-text('Sign in')")
    expect(page.locator("h1")).to_contain_text("Claude Code")
    return watched.pressed_and_sent("button:has-text('Allow')", "http://localhost:")


def watch(watched: Watched) -> list[str]:
    """How far the run was, each time the page said something new, until it had ended; never loaded anew."""
    page = watched.page
    page.evaluate("window.neverLoadedAnew = true")
    progress = "document.querySelector('#live-top .headline').innerText"
    seen = [page.evaluate(progress)]
    while "Under way" in seen[-1]:
        page.wait_for_function(f"last => {progress} !== last", arg=seen[-1])
        seen.append(page.evaluate(progress))
    assert page.evaluate("window.neverLoadedAnew")
    return seen


def test_the_first_ten_minutes(
    server: Server, claude: Claude, chromium: Browser, shots: Path, tmp_path: Path
) -> None:
    # The program says what it serves where, and plays by itself.
    (home,) = re.findall(r"Web +(\S+)", server.banner)
    assert "buy_hold" in server.binary.output("play")
    with opened(chromium, "desk") as context, Model(lambda: sandbox_run(publish=False), pace := Pace()) as model:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        watched = Watched.of(context, server)
        page = watched.page
        watched.visit(home)
        page.click("text=Connect in one minute >> nth=0")
        copied = "navigator.clipboard.readText()"
        page.click("button[data-copy=claude-code]")
        name, *line = shlex.split(page.evaluate(copied))
        assert (name, line.pop(0)) == ("claude", "mcp")
        claude.mcp(*line)
        page.click("button[data-copy=task]")
        assert page.evaluate(copied).lower() == PROMPT

        claude.login(lambda url: allowed(server, watched, url))
        with ThreadPoolExecutor(1) as pool:
            played = pool.submit(claude.play, model)
            assert pace.has_started.wait(PATIENCE_SECONDS), played.exception(1) if played.done() else "it thinks"
            watched.visit("/account")
            page.click("#runs a >> nth=0")
            expect(page.locator(".standing")).to_contain_text("active")
            pace.is_watched.set()
            seen = watch(watched)
            played.result()
        assert len(seen) > STEPS_SEEN, seen
        assert model.conversation.errors == []
        results = next(it.answer for it in reversed(model.conversation.exchanges) if it.tool == "get_results")
        assert seen[-1] == results["headline"]
        watched.is_well()
        watched.shoot(shots, "the-result")
        # The page by its address, as the agent tells it.
        watched.visit(results["page_url"])
        expect(page.locator("main")).to_contain_text(SANDBOX)
        expect(page.locator("main")).to_contain_text("Recomputed by this server")
    judge(server, model.conversation.exchanges, tmp_path)
