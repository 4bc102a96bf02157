"""Markup in every field that anybody can write to: it is text on every page, and in nobody else's answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urldefrag, urljoin

import httpx
import pytest
from bottrade_server import Binary, Server, running
from chromium import CHROMIUM, MISSING, Watched, opened
from places import CALLBACK, SANDBOX, Program, connect, signed_in
from plain import Plain
from playwright.sync_api import Browser, BrowserContext

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=MISSING)

MARK = "canary"
"""In every text that is planted; no page asks for an address with it."""
HOOK = f"window.{MARK} = it => console.error(`{MARK}: ${{it}} was executed`);"
LONG = "W" * 40
"""Without a place to break it."""


def planted(field: str, most: int) -> str:
    """Markup that reports where it was executed, of at most so many characters."""
    texts = [
        f"</td></pre></title><script>{MARK}('{field}')</script><img src={MARK}.png onerror={MARK}('{field}')>{LONG}",
        f"\"'><svg onload={MARK}('{field}')>{LONG}",
        f"<img src={MARK}.png onerror={MARK}()>",
        f"<b>{MARK}",
    ]
    return next(it for it in texts if len(it) <= most)


@pytest.fixture(scope="module")
def server(binary: Binary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(binary, tmp_path_factory.mktemp("markup")) as server:
        yield server


@pytest.fixture(scope="module")
def written(server: Server, chromium: Browser) -> dict[str, Any]:
    """What one person could write, written; the cookies of that person, and the runs by state."""
    state = signed_in(server, chromium)
    with server.rest() as api:
        runs = {it: run(api, it) for it in ["published", "ended", "live"]}
        api.post(f"runs/{runs['published']}/publish", json={}).raise_for_status()
        order = {"symbol": "BTC-USD", "side": "BUY", "quantity": 0.1, "client_order_id": planted("client_order_id", 64)}
        # A name that is no token may be refused; it is not to be shown either way.
        assert api.post("bot/orders", json=order).status_code in {201, 400, 422}
        # A handle has no room for markup at all.
        assert api.patch("billing/account", json={"handle": planted("handle", 24)}).status_code in {400, 422}
        api.patch("billing/account", json={"handle": "W" * 24}).raise_for_status()
    with opened(chromium, "desk", storage_state=state) as context:
        watched = Watched.of(context, server)
        page = watched.page
        for section, name in [("keys", "key"), ("bot-keys", "bot key")]:
            page.goto(f"{server.base}/account")
            page.fill(f"#{section} form.filter input[name=name]", planted(name, 60))
            page.click(f"#{section} form.filter button")
            assert MARK in page.inner_text("section.fresh bdi")
        program = Program(server, planted("client_name", 120))
        page.goto(program.address)
        program.token(watched.pressed_and_sent("button:has-text('Allow')", CALLBACK))
    return {"state": state, "runs": runs}


def run(api: httpx.Client, state: str) -> str:
    """A run with markup wherever a run has words."""
    fields = {"name": 120, "framework": 120, "model": 200, "version": 120, "source_revision": 200}
    info: dict[str, Any] = {field: planted(f"agent_info.{field}", most) for field, most in fields.items()}
    info |= {"source_url": f"javascript:{MARK}('source_url')", "config": {planted("key", 200): [planted("value", 200)]}}
    start = {"scenario_slug": SANDBOX, "bot_name": planted("bot_name", 120), "agent_info": info}
    id = api.post("runs", json=start).raise_for_status().json()["run"]["id"]
    order = {"symbol": "NVDA", "side": "buy", "quantity": 5, "reasoning": planted("reasoning", 500)}
    turn = {"trades": [order], "idempotency_key": planted("idempotency_key", 120)}
    answer = api.post(f"runs/{id}/turn", json=turn)
    if not answer.is_success:
        api.post(f"runs/{id}/turn", json={"trades": [order]}).raise_for_status()
    decision = {"action": "trade", "orders": [order], "rationale": planted("rationale", 500)}
    api.post(f"runs/{id}/decision", json=decision).raise_for_status()
    wait = order | {"order_type": "limit", "limit_price": 1}
    api.post(f"runs/{id}/turn", json={"trades": [wait]}).raise_for_status()
    if state != "live":
        api.post(f"runs/{id}/step", json={"count": 100}).raise_for_status()
    return id


def asked_with_markup(runs: dict[str, str]) -> list[str]:
    """Addresses that have it themselves."""
    it = quote(planted("address", 200))
    return [
        f"/run/{runs['published']}?symbol={it}&page={it}&link={it}",
        f"/leaderboard/{SANDBOX}?sort_by={it}",
        f"/paper?cursor={it}",
        f"/scenarios?market={it}&regime={it}",
        f"/login?next=/{it}",
        f"/scenarios/{it}",
        f"/leaderboard/{it}",
        f"/docs/tools/{it}",
        f"/run/{it}",
        f"/connect/{it}",
        f"/login/{it}",
        f"/login/link/{it}",
        f"/account/runs?cursor={it}",
        f"/oauth/authorize?client_id={it}&redirect_uri={it}&state={it}",
        f"/{it}",
    ]


def crawled(context: BrowserContext, server: Server, first: list[str]) -> set[str]:
    """Opens these and every page that a link leads to; none may say a word. Answers where it was."""
    watched = Watched.of(context, server)
    page, seen, waiting = watched.page, set(), [server.base + it for it in first]
    while waiting:
        url = waiting.pop()
        if url in seen:
            continue
        seen.add(url)
        page.goto(url)
        watched.is_well()
        assert not [it for it in watched.asked if MARK in it and it not in seen], url
        found = page.eval_on_selector_all("a[href]", "all => all.map(it => it.getAttribute('href'))")
        assert not [it for it in found if it.strip().lower().startswith("javascript")], url
        links = {urldefrag(urljoin(url, it)).url for it in found}
        ours = {it for it in links if it.startswith(f"{server.base}/") and is_page(it.removeprefix(server.base))}
        waiting.extend(ours - seen)
    return seen


def is_page(path: str) -> bool:
    """Not a file, nor what programs read."""
    return not path.startswith(("/api/", "/skills", "/llms.txt", "/account/export")) and "/badge.svg" not in path


@pytest.mark.parametrize("guarded", [True, False], ids=["with our policy", "without"])
def test_nothing_that_was_written_is_executed_or_leaves_its_box(
    server: Server, chromium: Browser, written: dict[str, Any], guarded: bool
) -> None:
    """On a phone. Without the policy of our pages, too: the texts themselves are harmless."""
    own = ["/", "/account", *(f"/run/{it}" for it in written["runs"].values())]
    questions = [Program(server, planted("client_name", 120)).address, connect(server, planted("clientInfo", 120))]
    first = own + [it.removeprefix(server.base) for it in questions] + asked_with_markup(written["runs"])
    options = {"storage_state": written["state"], "bypass_csp": not guarded}
    with opened(chromium, "phone", **options) as context:
        context.add_init_script(HOOK)
        seen = crawled(context, server, first)
    for path in ["/account/runs", f"/leaderboard/{SANDBOX}", "/docs/tools/get_results", "/methodology"]:
        assert server.base + path in seen, "no page leads there"
    assert len(seen) > 100


def test_what_was_written_is_shown_as_it_was_written(
    server: Server, chromium: Browser, written: dict[str, Any]
) -> None:
    """So the crawl has seen it."""
    with opened(chromium, "desk", storage_state=written["state"]) as context:
        page = context.new_page()
        page.goto(f"{server.base}/run/{written['runs']['published']}")
        text = page.inner_text("main")
        for field, most in [("bot_name", 120), ("agent_info.model", 200), ("reasoning", 500)]:
            assert planted(field, most) in text, field
        page.goto(f"{server.base}/account")
        text = page.inner_text("main")
        for field, most in [("key", 60), ("bot key", 60)]:
            assert planted(field, most) in text, field
        assert MARK in page.inner_text("#apps")
        page.goto(server.base)
        assert planted("bot_name", 120) in page.inner_text("main")


def test_no_words_reach_the_answers_of_others(server: Server, written: dict[str, Any]) -> None:
    """Every tool that reads, called by another account with the ids of these runs."""
    other = Plain(server, server.command("key", "create", "--account", "somebody-else").strip())
    assert other.call("auth_status", {})["status"] == "connected"
    for tool in other.tools():
        needed = tool["inputSchema"].get("required", [])
        for id in written["runs"].values():
            known = {"run_id": id, "id_or_slug": SANDBOX, "symbols": ["NVDA"], "scenario_slug": SANDBOX}
            arguments = {name: known[name] for name in needed if name in known}
            result = other.rpc("tools/call", name=tool["name"], arguments=arguments)
            assert MARK not in str(result), tool["name"]
