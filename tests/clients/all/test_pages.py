"""The public pages in Chromium, as Debian has it: in light and dark, on a desk and on a phone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from bottrade_server import Binary, Server, running
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = shutil.which("chromium")
SANDBOX = "sandbox-nov-2024"
NAME = "</td><script>document.title = 'broken'</script> a name that is long enough to leave its cell"
PATHS = (
    "/",
    "/scenarios",
    f"/scenarios/{SANDBOX}",
    "/leaderboard",
    f"/leaderboard/{SANDBOX}",
    "/methodology",
    "/docs",
    "/docs/agent-guide",
    "/docs/rest",
    "/docs/skill",
    "/docs/tools",
    "/docs/tools/get_results",
    "/pricing",
    "/login",
    "/nothing",
)
VIEWS = {"desk": (1280, "light"), "night": (1280, "dark"), "phone": (360, "light"), "small": (320, "dark")}
"""Width in pixels, and the colours that the person prefers."""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: apt-get install chromium")


@pytest.fixture(scope="module")
def site(binary: Binary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a published run of somebody who does not mean well."""
    with running(binary, tmp_path_factory.mktemp("site")) as server:
        with httpx.Client(base_url=f"{server.base}/api/v1", headers={"X-API-Key": server.key}, timeout=60) as api:
            run = api.post("/runs", json={"scenario_slug": SANDBOX, "bot_name": NAME}).json()["run"]["id"]
            order = {"symbol": "NVDA", "side": "buy", "quantity": 100}
            for path, body in [("turn", {"trades": [order]}), ("step", {"count": 100}), ("publish", {})]:
                assert api.post(f"/runs/{run}/{path}", json=body).is_success, path
        yield server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Its sandbox needs rights that the tests' network namespace takes away.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(chromium: Browser, view: str, **options: bool) -> BrowserContext:
    width, colours = VIEWS[view]
    return chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=colours, **options)


def sideways(page: Page) -> int:
    """How many pixels the page can be scrolled to the side."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.mark.parametrize("view", VIEWS)
def test_no_page_says_a_word_of_trouble(site: Server, chromium: Browser, view: str, tmp_path: Path) -> None:
    with opened(chromium, view) as context:
        page, said, asked = context.new_page(), [], []
        page.on("console", lambda it: said.append(it.text))
        page.on("pageerror", lambda it: said.append(str(it)))
        page.on("request", lambda it: asked.append(it.url))
        for path in PATHS:
            said.clear()
            answer = page.goto(site.base + path)
            wanted = 404 if path == "/nothing" else 200
            assert answer is not None
            assert answer.status == wanted, path
            # The browser itself notes that a page is not there.
            assert [it for it in said if wanted == 200 or "404" not in it] == [], path
            assert sideways(page) == 0, path
            assert "broken" not in page.title(), path
            page.screenshot(path=tmp_path / f"{path.strip('/').replace('/', '-') or 'home'}.png", full_page=True)
        assert [url for url in asked if not url.startswith(site.base)] == []


@pytest.mark.parametrize("view", ["desk", "night", "phone"])
def test_axe_finds_nothing(site: Server, chromium: Browser, view: str) -> None:
    found = {}
    # axe comes into the page as a script, which our policy would refuse.
    with opened(chromium, view, bypass_csp=True) as context:
        page = context.new_page()
        for path in PATHS:
            page.goto(site.base + path)
            violations = Axe().run(page).response["violations"]
            found |= {f"{path} {it['id']}": [node["html"] for node in it["nodes"]] for it in violations}
    assert found == {}, json.dumps(found, indent=2)


def test_the_line_for_claude_code_is_copied(site: Server, chromium: Browser) -> None:
    with opened(chromium, "desk") as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto(site.base)
        page.click("button[data-copy=claude-code]")
        copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"claude mcp add --transport http bottrade {site.base}/mcp"


def test_everything_is_there_without_a_script(site: Server, chromium: Browser) -> None:
    with opened(chromium, "desk", java_script_enabled=False) as context:
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
