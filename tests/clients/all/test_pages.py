"""Every page in Chromium: in light and dark, on a desk and on a phone, before and after signing in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bottrade_server import Binary, Server, running
from chromium import (
    BYTES_MAX,
    BYTES_OF_A_RUN_MAX,
    CHROMIUM,
    MISSING,
    REQUESTS_MAX,
    VIEWS,
    Watched,
    opened,
    told,
    violations,
)
from places import PUBLIC, SANDBOX, private, runs, signed_in
from playwright.sync_api import Browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=MISSING)

NAME = "a name that is long enough to leave its cell, and then goes on for as long as names may"


@pytest.fixture(scope="module")
def site(binary: Binary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with runs, a bot and everything else that pages show."""
    with running(binary, tmp_path_factory.mktemp("site")) as server:
        with server.rest() as api:
            api.get("bot/portfolio").raise_for_status()
        yield server


@pytest.fixture(scope="module")
def pages(site: Server, chromium: Browser) -> tuple[dict[str, Any], dict[str, tuple[str, int]]]:
    """The cookies of the server's owner, and every page by name."""
    state = signed_in(site, chromium)
    public = {path.strip("/").replace("/", "-") or "home": (path, 200) for path in PUBLIC}
    return state, public | private(site, runs(site, NAME), NAME)


Pages = tuple[dict[str, Any], dict[str, tuple[str, int]]]


@pytest.mark.parametrize("view", VIEWS)
def test_no_page_says_a_word_of_trouble(
    site: Server, chromium: Browser, pages: Pages, view: str, shots: Path
) -> None:
    """Each is quiet, asks nobody else for anything, keeps to its width, and is there to be looked at."""
    state, every = pages
    with opened(chromium, view, storage_state=state) as context:
        for name, (path, status) in every.items():
            watched = Watched.of(context, site)
            watched.visit(path, status)
            watched.shoot(shots / view, name)
            watched.page.close()


@pytest.mark.parametrize("view", ["desk", "night", "phone"])
def test_axe_finds_nothing(site: Server, chromium: Browser, pages: Pages, view: str) -> None:
    state, every = pages
    found = {}
    # axe comes into the page as a script, which our policy would refuse.
    with opened(chromium, view, storage_state=state, bypass_csp=True) as context:
        page = context.new_page()
        for name, (path, _) in every.items():
            page.goto(path if path.startswith("http") else site.base + path)
            for details in page.query_selector_all("details:not([open])"):
                details.evaluate("it => it.open = true")
            found |= {f"{name}: {rule}": nodes for rule, nodes in violations(page).items()}
            if page.is_visible("#zoom"):
                page.click("#zoom")
                page.wait_for_selector(".u-wrap")
                found |= {f"{name}, zoomed: {rule}": nodes for rule, nodes in violations(page).items()}
    assert found == {}, told(found)


def test_every_page_is_light_on_a_cold_cache(site: Server, chromium: Browser, pages: Pages) -> None:
    state, every = pages
    heavy, heaviest = {}, (0, "")
    for name, (path, status) in every.items():
        with opened(chromium, "desk", storage_state=state) as context:
            watched = Watched.of(context, site)
            watched.visit(path, status)
            size, requests = watched.weight()
        heaviest = max(heaviest, (size, name))
        most = BYTES_OF_A_RUN_MAX if name.startswith("run-") else BYTES_MAX
        if size > most or requests > REQUESTS_MAX:
            heavy[name] = (size, requests)
    assert heavy == {}
    assert heaviest[0] > 20_000, "nothing was weighed"
    print(f"\nthe heaviest page is {heaviest[1]}: {heaviest[0]} bytes")


def test_the_line_for_claude_code_is_copied(site: Server, chromium: Browser) -> None:
    with opened(chromium, "desk") as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto(site.base)
        page.click("button[data-copy=claude-code]")
        copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"claude mcp add --transport http bottrade {site.base}/mcp"


def test_everything_is_there_without_a_script(site: Server, chromium: Browser, pages: Pages) -> None:
    state, every = pages
    with opened(chromium, "desk", java_script_enabled=False, storage_state=state) as context:
        page = context.new_page()
        page.goto(site.base)
        assert not page.is_visible("button[data-copy=claude-code]")
        page.click("summary:has-text('curl')")
        assert page.is_visible("#curl")
        page.goto(f"{site.base}/scenarios")
        page.select_option("select[name=market]", "crypto")
        page.click("button:has-text('Show')")
        assert page.url.startswith(f"{site.base}/scenarios?market=crypto")
        page.goto(f"{site.base}/leaderboard/{SANDBOX}")
        page.click("text=Max drawdown >> nth=0")
        assert "sort_by=max_drawdown" in page.url
        page.goto(site.base + every["run-published"][0])
        assert page.is_visible("svg.chart >> nth=0")
        assert not page.is_visible("#zoom")
        page.goto(f"{site.base}/account")
        page.fill("#keys form.filter input[name=name]", "without a script")
        page.click("button:has-text('Make an API key')")
        assert page.inner_text("#fresh-key").startswith("bt_")


@pytest.mark.parametrize("view", ["desk", "phone"])
def test_the_curves_are_zoomed_into(
    site: Server, chromium: Browser, pages: Pages, view: str, shots: Path
) -> None:
    """What draws them is loaded when it is asked for, and the policy of the page lets it."""
    state, every = pages
    with opened(chromium, view, storage_state=state) as context:
        watched = Watched.of(context, site)
        watched.visit(every["run-published"][0])
        page = watched.page
        assert not [it for it in watched.asked if "uplot" in it]
        page.click("#zoom")
        page.wait_for_selector(".u-wrap")
        assert not page.is_visible("#drawn")
        shown = "() => [...document.querySelectorAll('.u-axis canvas, .uplot canvas')].length"
        assert page.evaluate(shown) == 2, "the curves and the fall"
        before = page.inner_text("#zoomed")
        page.click("button:has-text('Nearer')")
        page.click("button:has-text('Later')")
        page.hover(".u-over >> nth=0")
        page.wait_for_function("text => document.getElementById('zoomed').innerText !== text", arg=before)
        watched.is_well()
        watched.shoot(shots / view, "run-zoomed")
        page.click("#zoom")
        assert page.is_visible("#drawn")
        assert not page.is_visible(".u-wrap >> nth=0")
