"""A server with something to show on every page, and the ways to them."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from bottrade_server import Server
from playwright.sync_api import Browser

SANDBOX = "sandbox-nov-2024"
CALLBACK = "http://127.0.0.1:9/callback"
PUBLIC = (
    "/",
    "/scenarios",
    f"/scenarios/{SANDBOX}",
    "/leaderboard",
    f"/leaderboard/{SANDBOX}",
    "/paper",
    "/methodology",
    "/docs",
    "/docs/agent-guide",
    "/docs/rest",
    "/docs/skill",
    "/docs/tools",
    "/docs/tools/get_results",
    "/pricing",
    "/login",
)
"""Pages for everybody, whatever there is on the server."""


@dataclass
class Runs:
    """A run in each state in which a page shows one."""

    published: str
    ended: str
    live: str


def played(api: httpx.Client, name: str, steps: int, **more: Any) -> str:
    """A run that buys twice and goes on for so many bars; its id."""
    run = api.post("runs", json={"scenario_slug": SANDBOX, "bot_name": name, **more}).json()["run"]["id"]
    for symbol, reasoning in [("NVDA", "It went up."), ("AAPL", "So did this one, and the one before it.")]:
        order = {"symbol": symbol, "side": "buy", "quantity": 50, "reasoning": reasoning}
        api.post(f"runs/{run}/turn", json={"trades": [order]}).raise_for_status()
    if steps:
        api.post(f"runs/{run}/step", json={"count": steps}).raise_for_status()
    return run


def runs(server: Server, name: str = "momentum") -> Runs:
    """The runs of the account `local`."""
    with server.rest() as api:
        published = played(api, name, 100)
        api.post(f"runs/{published}/publish", json={}).raise_for_status()
        return Runs(published, played(api, f"{name}, again", 100), played(api, f"{name}, going on", 3))


def signed_in(server: Server, chromium: Browser) -> dict[str, Any]:
    """The cookies of a browser that a person has signed in with."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(server.login_link())
        page.click("button:has-text('Sign in')")
        page.wait_for_url(f"{server.base}/account")
        return context.storage_state()


class Program:
    """A client of OAuth that registers itself."""

    def __init__(self, server: Server, name: str) -> None:
        asked = {"client_name": name, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}
        answer = httpx.post(f"{server.base}/oauth/register", json=asked).raise_for_status()
        self._base, self._id = server.base, answer.json()["client_id"]
        self._verifier = secrets.token_urlsafe(48)

    @property
    def address(self) -> str:
        """Where it sends a person."""
        challenge = hashlib.sha256(self._verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._id,
            "redirect_uri": CALLBACK,
            "code_challenge": urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "scope": "bottrade:trade bottrade:paper",
            "state": "state",
            "resource": f"{self._base}/mcp",
        }
        return f"{self._base}/oauth/authorize?{urlencode(query)}"

    def token(self, arrived: str) -> str:
        """The access token for the code in the address where the person came back."""
        form = {
            "grant_type": "authorization_code",
            "code": parse_qs(urlsplit(arrived).query)["code"][0],
            "redirect_uri": CALLBACK,
            "client_id": self._id,
            "code_verifier": self._verifier,
        }
        return httpx.post(f"{self._base}/oauth/token", data=form).raise_for_status().json()["access_token"]


def connect(server: Server, client_name: str) -> str:
    """The link that a program of this name shows, which keeps its session and has no OAuth."""
    url = f"{server.base}/mcp"
    accept = {"Accept": "application/json, text/event-stream"}

    def post(method: str, params: dict[str, Any], **headers: str) -> httpx.Response:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return httpx.post(url, json=body, headers=accept | headers).raise_for_status()

    client = {"name": client_name, "version": "1"}
    handshake = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
    begun = post("initialize", handshake)
    session = {"Mcp-Session-Id": begun.headers["mcp-session-id"], "Mcp-Protocol-Version": "2025-06-18"}
    answer = post("tools/call", {"name": "connect_bottrade", "arguments": {}}, **session).json()["result"]
    return answer["structuredContent"]["login_url"]


def private(server: Server, own: Runs, client_name: str) -> dict[str, tuple[str, int]]:
    """The pages that a signed-in person sees beside those for everybody: address and status by name."""
    return {
        "account": ("/account", 200),
        "account-runs": ("/account/runs", 200),
        "account-delete": ("/account/delete", 200),
        "run-published": (f"/run/{own.published}", 200),
        "run-ended": (f"/run/{own.ended}", 200),
        "run-live": (f"/run/{own.live}", 200),
        "sign-in-link": (server.login_link(), 200),
        "sign-in-link-used": ("/login/link/nonsense", 400),
        "consent": (Program(server, client_name).address, 200),
        "consent-refused": ("/oauth/authorize?client_id=nobody", 400),
        "connect": (connect(server, client_name), 200),
        "connect-used": ("/connect/nonsense", 400),
        "nothing": ("/nothing", 404),
        "no-scenario": ("/scenarios/sandbox-nov-2042", 404),
        "no-terms": ("/terms", 404),
    }
