"""Chromium as Debian has it, watched: what a page says, asks for, weighs and how it lies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from bottrade_server import Server
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

CHROMIUM = shutil.which("chromium")
MISSING = "there is no chromium: apt-get install chromium"
VIEWS = {"desk": (1280, "light"), "night": (1280, "dark"), "phone": (360, "light"), "small": (320, "dark")}
"""Width in pixels, and the colours that the person prefers."""
BYTES_MAX, REQUESTS_MAX = 150_000, 20
"""What a page may weigh with all that it loads, on a cold cache."""
BYTES_OF_A_RUN_MAX = 300_000


@contextmanager
def launched() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Its sandbox needs rights that the tests' network namespace takes away.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(chromium: Browser, view: str, **options: Any) -> BrowserContext:
    """A window without history, cookies or cache."""
    width, colours = VIEWS[view]
    return chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=colours, **options)


def sideways(page: Page) -> int:
    """How many pixels the page can be scrolled to the side."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def violations(page: Page) -> dict[str, list[str]]:
    """What axe has against the page: rules, each with the elements that break it."""
    found = Axe().run(page).response["violations"]
    return {it["id"]: [node["html"] for node in it["nodes"]] for it in found}


@dataclass
class Watched:
    """A page of a window, and everything that happened in it."""

    page: Page
    base: str
    said: list[str] = field(default_factory=list)
    """What came to the console, errors among it."""
    asked: list[str] = field(default_factory=list)
    """Every address that was asked for."""
    _done: list[Request] = field(default_factory=list)

    @classmethod
    def of(cls, context: BrowserContext, server: Server) -> Watched:
        watched = cls(context.new_page(), server.base)
        page = watched.page
        page.on("console", lambda it: watched.said.append(it.text))
        page.on("pageerror", lambda it: watched.said.append(str(it)))
        page.on("dialog", lambda it: (watched.said.append(f"a dialog: {it.message}"), it.dismiss()))
        page.on("request", lambda it: watched.asked.append(it.url))
        page.on("requestfinished", lambda it: watched._done.append(it))
        return watched

    def visit(self, path: str, status: int = 200) -> None:
        """Opens a page, which must be there and be quiet."""
        answer = self.page.goto(path if path.startswith("http") else self.base + path)
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status} {self.page.inner_text('main')}"
        self.is_well()

    def pressed_and_sent(self, button: str, to: str) -> str:
        """The address beginning so where a button sends the browser: a program's, which may be there or not."""
        with self.page.expect_request(lambda it: it.url.startswith(to)) as sent:
            self.page.click(button)
        self.page.wait_for_url(lambda it: not it.startswith(self.base), wait_until="commit")
        self.page.goto("about:blank")
        self.asked.clear()
        self.said.clear()
        return sent.value.url

    def is_well(self) -> None:
        """Nothing was said, nothing was asked of others, and nothing sticks out."""
        here = self.page.url
        # The browser itself notes that a page was refused.
        assert [it for it in self.said if "Failed to load resource" not in it] == [], here
        assert [it for it in self.asked if not it.startswith((self.base, "data:"))] == [], here
        assert sideways(self.page) == 0, here

    def weight(self) -> tuple[int, int]:
        """Bytes of the answers so far, as they came over the line, and how many there were."""
        sizes = [it.sizes() for it in self._done]
        return sum(it["responseBodySize"] for it in sizes), len(sizes)

    def shoot(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png", full_page=True)


def told(found: dict[str, Any]) -> str:
    """A finding as an assertion shows it."""
    return json.dumps(found, indent=2)
