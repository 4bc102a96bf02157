"""Plans that people pay for, with `localstripe` in Stripe's place: pay, change, end, owe, and events that are lost."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from bottrade_server import Binary, Server, running
from pins import check_published, pinned
from stripe_stand_in import PRICES, SIGNER, StripeStandIn, signed, stripe

SCENARIO = "sandbox-smoke"
PATIENCE_SECONDS = 15
"""localstripe sends its events a second late."""


@pytest.fixture
def shop(binary: Binary, tmp_path: Path) -> Iterator[tuple[StripeStandIn, Server]]:
    """A server that sells plans, whose account `local` is a customer like any other."""
    with stripe(tmp_path) as stand_in, running(binary, tmp_path / "server", **stand_in.settings()) as server:
        stand_in.hook = f"{server.base}/api/v1/billing/webhook"
        server.command("account", "set-plan", "local", "free")
        yield stand_in, server


def account(server: Server) -> dict:
    with server.rest() as rest:
        return rest.get("billing/account").raise_for_status().json()


def eventually(look: Callable[[], object], wanted: object) -> None:
    """What is told from elsewhere comes in a moment."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (seen := look()) != wanted:
        assert time.monotonic() < deadline, f"{seen} instead of {wanted}"
        time.sleep(0.1)


def begin(server: Server, plan: str) -> str:
    """Begins to buy a plan; gives the id of the checkout."""
    with server.rest() as rest:
        return rest.post("billing/checkout", params={"plan": plan}).raise_for_status().json()["url"].rsplit("/", 1)[1]


def customer(stand_in: StripeStandIn) -> str:
    return next(iter(stand_in.sessions.values()))["customer"]


def plan(server: Server) -> str:
    return account(server)["plan"]


def test_localstripe_is_unchanged() -> None:
    check_published("localstripe", pinned("requirements.txt")["localstripe"])


def test_a_plan_is_paid_changed_and_ended(shop: tuple[StripeStandIn, Server]) -> None:
    stand_in, server = shop
    with server.rest() as rest:
        starts = [rest.post("runs", json={"scenario_slug": SCENARIO}) for _ in range(26)]
        assert [it.status_code for it in starts] == [201] * 25 + [402]
        refused = starts[-1].json()
        assert refused["checkout_url"] == f"{server.base}/pricing"
        assert {"runs_used": 25, "runs_limit": 25}.items() <= refused.items()
        back = stand_in.pay(begin(server, "pro"))
        assert back == f"{server.base}/billing/done?session_id=cs_test_0"
        eventually(lambda: plan(server), "pro")
        assert rest.post("runs", json={"scenario_slug": SCENARIO}).headers["x-ratelimit-remaining"] == "174"
        shown = account(server)
        assert {"subscription_status": "active", "cancel_at_period_end": False}.items() <= shown.items()
        assert shown["current_period_end"] > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        session = httpx.get(f"{server.base}/api/v1/billing/session/cs_test_0").json()
        assert session == {"plan": "pro", "subscription_status": "active"}
        assert rest.post("billing/checkout", params={"plan": "max"}).status_code == 409
        portal = rest.post("billing/portal").json()["url"]

    httpx.post(portal, data={"plan": "max"})
    eventually(lambda: plan(server), "max")
    httpx.post(portal, data={"plan": "pro"})
    eventually(lambda: plan(server), "pro")
    httpx.post(portal, data={"end": "1"})
    eventually(lambda: account(server)["cancel_at_period_end"], True)
    assert plan(server) == "pro"
    stand_in.end(customer(stand_in))
    eventually(lambda: (plan(server), account(server)["subscription_status"]), ("free", "canceled"))
    # Who ended it may come back, as the same customer.
    stand_in.pay(begin(server, "max"))
    eventually(lambda: plan(server), "max")
    assert len({it["customer"] for it in stand_in.sessions.values()}) == 1


def test_a_payment_that_fails_leaves_the_plan_for_now(shop: tuple[StripeStandIn, Server]) -> None:
    stand_in, server = shop
    stand_in.pay(begin(server, "pro"))
    eventually(lambda: plan(server), "pro")
    stand_in.miss(customer(stand_in))
    eventually(lambda: account(server)["subscription_status"], "past_due")
    assert plan(server) == "max"


def test_lost_events_are_made_good(shop: tuple[StripeStandIn, Server]) -> None:
    stand_in, server = shop
    hook, stand_in.hook = stand_in.hook, None
    name = begin(server, "max")
    stand_in.pay(name)
    time.sleep(2)
    assert plan(server) == "free"
    done = server.command("billing", "reconcile", **stand_in.settings())
    assert done.splitlines()[-1] == "1 changed"
    eventually(lambda: plan(server), "max")
    assert httpx.get(f"{server.base}/api/v1/billing/session/{name}").status_code == 200
    done = server.command("billing", "reconcile", **stand_in.settings())
    assert done.strip() == "every account is on the plan that it pays for"
    # All that was lost comes now, the last first, and each twice.
    stand_in.end(customer(stand_in))
    time.sleep(2)
    assert plan(server) == "max"
    stand_in.hook, late = hook, list(reversed(stand_in.told))
    answers = [stand_in.send(*event) for event in late + late]
    assert {it.status_code for it in answers if it is not None} == {200}
    assert plan(server) == "free"


def test_events_of_nobody_are_refused(shop: tuple[StripeStandIn, Server]) -> None:
    stand_in, server = shop
    stand_in.pay(begin(server, "pro"))
    eventually(lambda: plan(server), "pro")
    body = json.dumps({"id": "evt_x", "type": "x", "data": {"object": {}}}).encode()
    now = int(time.time())
    for header in ["", signed("whsec_other", body, now), signed(SIGNER, body, now - 400), signed(SIGNER, b"{}", now)]:
        answer = stand_in.send(body, header)
        assert answer is not None
        assert answer.status_code == 400, header
        assert answer.headers["content-type"] == "application/problem+json"
    assert plan(server) == "pro"


def test_who_is_erased_pays_no_longer(shop: tuple[StripeStandIn, Server]) -> None:
    stand_in, server = shop
    stand_in.pay(begin(server, "pro"))
    eventually(lambda: plan(server), "pro")
    exported = json.loads(server.command("account", "export", "local"))
    assert exported["billing"]["subscription"]["status"] == "active"
    assert exported["billing"]["checkouts"][0]["plan"] == "pro"
    told = server.command("account", "delete", "local")
    assert customer(stand_in) in told
    server.command("billing", "reconcile", **stand_in.settings())
    everything = stand_in.books.get("/v1/subscriptions", params={"status": "all"}).json()["data"]
    assert [it["status"] for it in everything] == ["canceled"]
    assert stand_in.books.get(f"/v1/customers/{customer(stand_in)}").status_code == 404


def test_half_a_setting_and_a_live_key_in_the_clear_are_refused(binary: Binary, tmp_path: Path) -> None:
    prices = ",".join(f"{plan}={price}" for plan, price in PRICES.items())
    whole = {"BOTTRADE_STRIPE_WEBHOOK_SECRET": SIGNER, "BOTTRADE_STRIPE_PRICE": prices}
    for env, told in [
        ({"BOTTRADE_STRIPE_KEY": "sk_live_x", **whole}, "needs a --public-url that begins with https://"),
        ({"BOTTRADE_STRIPE_KEY": "rk_live_x", **whole}, "needs a --public-url that begins with https://"),
        ({"BOTTRADE_STRIPE_KEY": "sk_test_x"}, "--stripe-webhook-secret-file"),
        ({"BOTTRADE_STRIPE_PRICE": prices}, "--stripe-key-file"),
        ({"BOTTRADE_STRIPE_URL": "http://stripe.example"}, "expected an https:// address"),
    ]:
        done = binary.run("--listen", "127.0.0.1:0", "--data-dir", str(tmp_path / "data"), **env)
        assert done.returncode != 0
        assert told in done.stderr, done.stderr
        assert "live_x" not in done.stderr
        assert SIGNER not in done.stderr
