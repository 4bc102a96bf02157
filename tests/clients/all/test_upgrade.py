"""A person upgrades in Chromium, and the run that was refused goes through."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from bottrade_server import Binary, Server, running
from playwright.sync_api import Page, expect, sync_playwright
from stripe_stand_in import StripeStandIn, stripe

CHROMIUM = shutil.which("chromium")
RUN = {"scenario_slug": "sandbox-smoke"}
PATIENCE_SECONDS = 15

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: apt-get install chromium")


@pytest.fixture
def shop(binary: Binary, tmp_path: Path) -> Iterator[tuple[StripeStandIn, Server]]:
    """A server that sells plans, whose account `local` has used this month up."""
    with stripe(tmp_path) as stand_in, running(binary, tmp_path / "server", **stand_in.settings()) as server:
        stand_in.hook = f"{server.base}/api/v1/billing/webhook"
        server.command("account", "set-plan", "local", "free")
        with server.rest() as rest:
            assert {rest.post("runs", json=RUN).status_code for _ in range(25)} == {201}
        yield stand_in, server


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a browser of its own; axe comes into it as a script, which our policy would refuse."""
    with sync_playwright() as playwright:
        # Its sandbox needs rights that the tests' network namespace takes away.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_context(bypass_csp=True).new_page()
        browser.close()


def without_faults(page: Page) -> None:
    found = {it["id"]: [node["html"] for node in it["nodes"]] for it in Axe().run(page).response["violations"]}
    assert found == {}, json.dumps(found, indent=2)


def test_a_refused_run_goes_through_after_the_upgrade(shop: tuple[StripeStandIn, Server], page: Page) -> None:
    stand_in, server = shop
    with server.rest() as rest:
        refused = rest.post("runs", json=RUN)
        assert refused.status_code == 402
        page.goto(refused.json()["checkout_url"])
        page.get_by_role("link", name="Sign in to choose pro").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.goto(server.login_link())
        page.get_by_role("button").first.click()
        page.wait_for_url("**/pricing")
        without_faults(page)
        page.get_by_role("button", name="Choose pro").click()
        page.wait_for_url("**/pay/cs_test_0")
        assert rest.post("runs", json=RUN).status_code == 402, "nothing is paid yet"
        page.get_by_role("button", name="Pay").click()
        page.wait_for_url("**/billing/done?session_id=cs_test_0")
        expect(page.get_by_role("heading", name="Your plan is pro")).to_be_visible()
        without_faults(page)
        assert rest.post("runs", json=RUN).status_code == 201

    page.get_by_role("button", name="Make and show my key").click()
    key = page.locator("code").inner_text()
    without_faults(page)
    with server.rest(key) as rest:
        assert rest.post("runs", json=RUN).headers["x-ratelimit-remaining"] == "173"
    page.goto(f"{server.base}/billing/done?session_id=cs_test_0")
    assert key not in page.content()

    page.goto(f"{server.base}/pricing")
    page.get_by_role("button", name="Change to max").click()
    page.get_by_role("button", name="Change to max").click()
    deadline = time.monotonic() + PATIENCE_SECONDS
    with server.rest() as rest:
        while rest.get("billing/account").json()["plan"] != "max":
            assert time.monotonic() < deadline, "the plan did not change"
            time.sleep(0.1)
