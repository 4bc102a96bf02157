"""A person's way through the site, in Chromium, while a client of theirs trades: from signing in to a place on a board."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from bottrade_server import Server
from chromium import CHROMIUM, MISSING, Watched, opened, sideways
from places import CALLBACK, SANDBOX, Program
from playwright.sync_api import Browser, BrowserContext, Page, expect

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=MISSING)

AGENT = "An agent of a person"
BARS = 20
"""Decisions of the sandbox."""
OG_IMAGE = (1200, 630)


def signed_in(server: Server, watched: Watched) -> None:
    """By the link that the operator gives, back to where the person wanted to go."""
    page = watched.page
    watched.visit("/account")
    assert page.url.startswith(f"{server.base}/login")
    assert "bottrade login-link" in page.inner_text("main")
    watched.visit(server.login_link())
    page.click("button:has-text('Sign in')")
    page.wait_for_url(f"{server.base}/account")
    expect(page.locator("main")).to_contain_text("Signed in as local.")


def copied(page: Page, button: str) -> str:
    """What a button beside a text puts on the clipboard."""
    page.click(button)
    expect(page.locator(button)).to_have_text("Copied")
    return page.evaluate("navigator.clipboard.readText()")


def new_key(page: Page, name: str) -> str:
    """A key that the person makes on the account page, and copies: it is there this once."""
    page.fill("#keys form.filter input[name=name]", name)
    page.click("button:has-text('Make an API key')")
    key = copied(page, "button[data-copy=fresh-key]")
    page.goto(page.url)
    assert key not in page.content()
    expect(page.locator("#keys table")).to_contain_text(name)
    return key


def played_while_watched(api: httpx.Client, watched: Watched) -> str:
    """A run that a client trades while its page is open, which is never loaded anew; its id."""
    page = watched.page
    start = {"scenario_slug": SANDBOX, "bot_name": AGENT, "agent_info": {"name": AGENT, "model": "a script"}}
    run = api.post("runs", json=start).json()["run"]["id"]
    watched.visit(f"/run/{run}")
    page.evaluate("window.neverLoadedAnew = true")
    for bar in range(1, 4):
        order = {"symbol": "NVDA", "side": "buy", "quantity": 10, "reasoning": f"Because of bar {bar}."}
        api.post(f"runs/{run}/turn", json={"trades": [order]}).raise_for_status()
        expect(page.locator("#live-top")).to_contain_text(f"{bar} of {BARS} bars")
        expect(page.locator("#fills")).to_contain_text(f"Because of bar {bar}.")
    api.post(f"runs/{run}/step", json={"count": BARS}).raise_for_status()
    headline = api.get(f"runs/{run}/results").json()["headline"]
    expect(page.locator(".headline")).to_have_text(headline)
    assert page.evaluate("window.neverLoadedAnew")
    watched.is_well()
    return run


def published(watched: Watched, run: str) -> None:
    """By the form of the page, which asks first."""
    page = watched.page
    watched.visit(f"/run/{run}")
    page.check("text=become public for good")
    page.click("button:has-text('Publish')")
    expect(page.locator(".standing")).to_contain_text("· published")


def found_on_the_board(watched: Watched, run: str) -> None:
    """The run stands on the board of its scenario in every order, and its row leads to it."""
    page = watched.page
    watched.visit("/leaderboard")
    page.click(f"a[href='/leaderboard/{SANDBOX}']")
    for order in ["Sharpe", "Sortino", "Max drawdown", "Return"]:
        page.click(f".tabs a:has-text('{order}')")
        expect(page.locator(".tabs a[aria-current]")).to_have_text(order)
        expect(page.locator("tbody")).to_contain_text(AGENT)
    page.click(f"text={AGENT}")
    assert page.url.endswith(f"/run/{run}")
    watched.is_well()


def shared(watched: Watched, base: str, run: str) -> None:
    """The badge and the image are pictures, and the page names the image."""
    page = watched.page
    image = page.get_attribute("meta[property='og:image']", "content")
    assert image == f"{base}/run/{run}/og.png"
    for path in ["badge.svg", "og.png"]:
        watched.visit(f"/run/{run}/{path}")
    assert page.evaluate("[document.images[0].naturalWidth, document.images[0].naturalHeight]") == list(OG_IMAGE)


def in_the_dark_and_on_a_phone(watched: Watched, run: str, shots: Path) -> None:
    page = watched.page
    watched.visit(f"/run/{run}")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) != light
    page.set_viewport_size({"width": 360, "height": 740})
    assert sideways(page) == 0
    watched.shoot(shots, "run-dark-phone")


def revoked(server: Server, watched: Watched, name: str, key: str) -> None:
    """From the press of the button on, the key opens nothing."""
    page = watched.page
    watched.visit("/account")
    row = page.locator("td.manage", has=page.locator(f"input[value='{name}']"))
    row.locator("summary").click()
    row.locator("button:has-text('Revoke')").click()
    page.wait_for_url(f"{server.base}/account#keys")
    expect(page.locator("#keys")).not_to_contain_text(name)
    with server.rest(key) as api:
        assert api.get("runs").status_code == 401


def test_from_signing_in_to_a_place_on_a_board(server: Server, chromium: Browser, shots: Path) -> None:
    with opened(chromium, "desk") as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        watched = Watched.of(context, server)
        page = watched.page
        signed_in(server, watched)
        watched.shoot(shots, "account-new")
        watched.visit("/")
        line = copied(page, "button[data-copy=claude-code]")
        assert line == f"claude mcp add --transport http bottrade {server.base}/mcp"
        watched.visit("/account")
        key = new_key(page, "the laptop")
        with server.rest(key) as api:
            run = played_while_watched(api, watched)
        watched.shoot(shots, "run-ended")
        published(watched, run)
        found_on_the_board(watched, run)
        shared(watched, server.base, run)
        in_the_dark_and_on_a_phone(watched, run, shots)
        page.emulate_media(color_scheme="light")
        revoked(server, watched, "the laptop", key)
        watched.shoot(shots, "account-used")
        watched.is_well()


def test_a_guest_watches_by_a_private_link(server: Server, chromium: Browser) -> None:
    """Until the link is taken back."""
    with server.rest() as api:
        run = api.post("runs", json={"scenario_slug": SANDBOX, "bot_name": AGENT}).json()["run"]["id"]
        with opened(chromium, "desk") as owners, opened(chromium, "phone") as guests:
            link = _link(server, owners, run)
            guest = Watched.of(guests, server)
            guest.visit(link)
            api.post(f"runs/{run}/step", json={"count": 2}).raise_for_status()
            expect(guest.page.locator("#live-top")).to_contain_text(f"2 of {BARS} bars")
            guest.is_well()
            page = owners.pages[0]
            page.goto(f"{server.base}/run/{run}")
            page.click("button:has-text('Take the link back')")
            guest.visit(link, 404)


def _link(server: Server, owners: BrowserContext, run: str) -> str:
    watched = Watched.of(owners, server)
    signed_in(server, watched)
    watched.visit(f"/run/{run}")
    watched.page.click("button:has-text('Make a private link')")
    return watched.page.inner_text("#private-link")


def test_a_program_is_allowed_and_disconnected(server: Server, chromium: Browser) -> None:
    """On the page of the account; from then on its token opens nothing."""
    program = Program(server, "A program")
    with opened(chromium, "desk") as context:
        watched = Watched.of(context, server)
        signed_in(server, watched)
        page = watched.page
        watched.visit(program.address)
        arrived = watched.pressed_and_sent("button:has-text('Allow')", CALLBACK)
        bearer = {"Authorization": f"Bearer {program.token(arrived)}"}
        runs = f"{server.base}/api/v1/runs"
        assert httpx.get(runs, headers=bearer).status_code == 200
        watched.visit("/account")
        expect(page.locator("#apps")).to_contain_text("Start, trade and publish benchmark runs in your name")
        page.click("button:has-text('Disconnect A program')")
        expect(page.locator("#apps")).to_contain_text("No program may act for you")
        assert httpx.get(runs, headers=bearer).status_code == 401
