"""Stripe on this machine: PyPI's `localstripe` keeps customers, subscriptions, invoices and events; this adds what it has
not, checkouts and the portal with their pages, and stands between it and the server, so that a test can lose events."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
from bottrade_server import free_port

KEY = "sk_test_stand_in"
SIGNER = "whsec_stand_in"
PRICES = {"pro": "price_pro", "max": "price_max"}
CARDS = {"good": "4242424242424242", "fails later": "4000000000000341"}
START_SECONDS = 30


def signed(secret: str, body: bytes, at: int) -> str:
    """The header that signs a body at this second."""
    return f"t={at},v1={hmac.new(secret.encode(), b'%d.%s' % (at, body), hashlib.sha256).hexdigest()}"


class StripeStandIn:
    """What a test does to it, and sees of it."""

    def __init__(self, books: str) -> None:
        self.books = httpx.Client(base_url=books, headers={"Authorization": f"Bearer {KEY}"}, timeout=10)
        self.sessions: dict[str, dict] = {}
        self.hook: str | None = None
        """Where the server takes events; none: they are lost."""
        self.told: list[tuple[bytes, str]] = []
        """Every event, and what signs it."""
        self.base = ""

    def settings(self) -> dict[str, str]:
        """The settings of a server that sells plans here."""
        prices = ",".join(f"{plan}={price}" for plan, price in PRICES.items())
        return {
            "BOTTRADE_STRIPE_URL": self.base,
            "BOTTRADE_STRIPE_KEY": KEY,
            "BOTTRADE_STRIPE_WEBHOOK_SECRET": SIGNER,
            "BOTTRADE_STRIPE_PRICE": prices,
        }

    def call(self, method: str, path: str, **fields: str) -> dict:
        """Calls localstripe."""
        answer = self.books.request(method, path, data=fields or None)
        assert answer.status_code == 200, f"{method} {path}: {answer.text}"
        return answer.json()

    def send(self, body: bytes, signature: str) -> httpx.Response | None:
        """Sends an event on, if they are not lost."""
        self.told.append((body, signature))
        if self.hook is None:
            return None
        return httpx.post(self.hook, content=body, headers={"Stripe-Signature": signature}, timeout=30)

    def tell(self, kind: str, thing: dict) -> None:
        """Tells what localstripe does not tell by itself."""
        event = {"id": f"evt_ours_{len(self.told)}", "object": "event", "type": kind, "data": {"object": thing}}
        body = json.dumps(event).encode()
        self.send(body, signed(SIGNER, body, int(time.time())))

    def begin(self, fields: dict[str, str]) -> dict:
        """Begins a checkout."""
        name = f"cs_test_{len(self.sessions)}"
        self.sessions[name] = {
            "id": name,
            "object": "checkout.session",
            "url": f"{self.base}/pay/{name}",
            "customer": fields["customer"],
            "price": fields["line_items[0][price]"],
            "success_url": fields["success_url"].replace("{CHECKOUT_SESSION_ID}", name),
            "status": "open",
            "payment_status": "unpaid",
        }
        return self.sessions[name]

    def pay_with(self, customer: str, card: str) -> None:
        """Gives a customer a card."""
        number = CARDS[card]
        fields = {"type": "card", "card[number]": number, "card[exp_month]": "12", "card[exp_year]": "2040"}
        method = self.call("POST", "/v1/payment_methods", **fields, **{"card[cvc]": "123"})["id"]
        self.call("POST", f"/v1/payment_methods/{method}/attach", customer=customer)
        self.call("POST", f"/v1/customers/{customer}", **{"invoice_settings[default_payment_method]": method})

    def pay(self, name: str) -> str:
        """Is the person who pays; gives the address that they are sent back to."""
        session = self.sessions[name]
        assert session["status"] == "open", session
        self.pay_with(session["customer"], "good")
        item = {"items[0][plan]": session["price"]}
        self.call("POST", "/v1/subscriptions", customer=session["customer"], **item)
        session |= {"status": "complete", "payment_status": "paid"}
        self.tell("checkout.session.completed", session)
        return session["success_url"]

    def subscription(self, customer: str) -> dict:
        """The newest subscription of a customer."""
        found = self.books.get("/v1/subscriptions", params={"customer": customer, "status": "all"}).json()["data"]
        return max(found, key=lambda it: it["created"])

    def change(self, customer: str, **fields: str) -> None:
        """Changes what a customer pays for, as the portal does."""
        name = self.subscription(customer)["id"]
        self.tell("customer.subscription.updated", self.call("POST", f"/v1/subscriptions/{name}", **fields))

    def end(self, customer: str) -> None:
        """Ends it at once; localstripe tells."""
        self.call("DELETE", f"/v1/subscriptions/{self.subscription(customer)['id']}")

    def miss(self, customer: str) -> None:
        """Lets a payment fail: that for a larger plan, with a card that is declined."""
        self.pay_with(customer, "fails later")
        self.change(customer, **{"items[0][plan]": PRICES["max"]})
        assert self.subscription(customer)["status"] == "past_due"


class Handler(BaseHTTPRequestHandler):
    """The address of the stand-in."""

    stand_in: StripeStandIn

    def do_GET(self) -> None:
        parts = self.path.strip("/").split("/")
        match parts:
            case ["v1", "checkout", "sessions", name] if name in self.stand_in.sessions:
                self.answer(self.stand_in.sessions[name])
            case ["v1", "checkout", "sessions", _]:
                self.answer({"error": {"message": "no such checkout"}}, 404)
            case ["pay", name]:
                price = self.stand_in.sessions[name]["price"]
                self.page(f"<h1>Pay {price}</h1><form method=post><button>Pay</button></form>")
            case ["portal", customer]:
                buttons = "".join(f"<button name=plan value={it}>Change to {it}</button>" for it in ("pro", "max"))
                end = "<button name=end value=1>Cancel at the end</button>"
                self.page(f"<h1>{customer}</h1><form method=post>{buttons}{end}</form>")
            case _:
                self.relay(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fields = dict(parse_qsl(body.decode(errors="replace")))
        match self.path.strip("/").split("/"):
            case ["hook"]:
                self.stand_in.send(body, self.headers["Stripe-Signature"])
                self.answer({})
            case ["v1", "checkout", "sessions"]:
                self.answer(self.stand_in.begin(fields))
            case ["v1", "checkout", "sessions", name, "expire"]:
                session = self.stand_in.sessions[name]
                if session["status"] == "open":
                    session["status"] = "expired"
                    self.answer(session)
                else:
                    self.answer({"error": {"message": "it is not open"}}, 400)
            case ["v1", "billing_portal", "sessions"]:
                self.answer({"url": f"{self.stand_in.base}/portal/{fields['customer']}"})
            case ["pay", name]:
                self.back(self.stand_in.pay(name))
            case ["portal", customer]:
                if plan := fields.get("plan"):
                    self.stand_in.change(customer, **{"items[0][plan]": PRICES[plan]})
                else:
                    self.stand_in.change(customer, cancel_at_period_end="true")
                self.back(f"/portal/{customer}")
            case _:
                self.relay(body)

    def do_DELETE(self) -> None:
        self.relay(b"")

    def relay(self, body: bytes) -> None:
        """What localstripe answers."""
        names = ("Authorization", "Content-Type")
        headers = {name: self.headers[name] for name in names if self.headers[name]}
        told = self.stand_in.books.request(self.command, self.path, content=body, headers=headers)
        self.reply(told.status_code, told.headers["Content-Type"], told.content)

    def answer(self, told: dict, status: int = 200) -> None:
        self.reply(status, "application/json", json.dumps(told).encode())

    def page(self, text: str) -> None:
        self.reply(200, "text/html", f"<!doctype html><title>Stripe</title>{text}".encode())

    def back(self, place: str) -> None:
        self.send_response(303)
        self.send_header("Location", place)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def reply(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def stripe(folder: Path) -> Iterator[StripeStandIn]:
    """Both of them, running, with the prices of the plans."""
    port = free_port()
    command = [sys.executable, "-m", "localstripe.server", "--from-scratch", "--port", str(port)]
    with (folder / "localstripe.txt").open("wb") as log:
        books = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    stand_in = StripeStandIn(f"http://127.0.0.1:{port}")
    handler = type("Handler", (Handler,), {"stand_in": stand_in})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    stand_in.base = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                stand_in.books.get("/v1/plans")
                break
            except httpx.TransportError:
                assert books.poll() is None, (folder / "localstripe.txt").read_text()
                assert time.monotonic() < deadline, "localstripe does not answer"
                time.sleep(0.05)
        for plan, price in PRICES.items():
            # localstripe writes an invoice at once when the interval is another, and then alone.
            every, amount = ("year", "95988") if plan == "max" else ("month", "1999")
            fields = {"interval": every, "amount": amount, "currency": "usd", "product[name]": plan}
            stand_in.call("POST", "/v1/plans", id=price, **fields)
        hook = {"url": f"{stand_in.base}/hook", "secret": SIGNER}
        assert httpx.post(f"{stand_in.books.base_url}/_config/webhooks/ours", data=hook).status_code == 200
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        stand_in.books.close()
        books.terminate()
        books.wait(10)
