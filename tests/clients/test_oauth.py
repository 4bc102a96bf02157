"""Clients that know an address and nothing else: a person signs in and allows them, and they play a run to its score."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import httpx2
import pytest
from bottrade_server import Binary, Server, running
from browser import Browser
from mcp import Client
from mcp.client.auth import OAuthClientProvider, TokenStorage
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from node_packages import FOLDER, Packages
from test_mcp import MODES, SANDBOX, STEPS_MAX, called

DOCUMENT = "https://client.example/oauth/client.json"
"""A client that is known by the address of its document, which the operator has put into a folder."""
LISTED = "http://127.0.0.1/callback"
CALLBACK = "http://127.0.0.1:43210/callback"
"""Nobody listens there: what the browser is sent to is handed to the client. A document lists no port."""
NAMES = {"registration": "A registered client", "document": "A client with a document"}
"""How the server gets to know the client, and what the client is called."""


@pytest.fixture(scope="module")
def server(binary: Binary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that trusts one document of a client."""
    folder = tmp_path_factory.mktemp("server")
    documents = folder / "documents"
    documents.mkdir()
    document = {
        "client_id": DOCUMENT,
        "client_name": NAMES["document"],
        "redirect_uris": [LISTED],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    }
    (documents / "client.json").write_text(json.dumps(document))
    with running(binary, folder, BOTTRADE_CLIENT_METADATA=str(documents)) as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def person(server: Server) -> Iterator[Browser]:
    """A browser that is signed in."""
    with Browser(server.base) as browser:
        browser.sign_in(server)
        yield browser


class Memory(TokenStorage):
    """What the Python client remembers."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class PythonClient:
    """The OAuth client of the Python SDK, the person it asks, and what went over the wire."""

    def __init__(self, server: Server, person: Browser, way: str) -> None:
        self.memory, self.asked, self.sent = Memory(), 0, []
        self._server, self._person, self._name = server, person, NAMES[way]
        self._answer = ""
        self.provider = OAuthClientProvider(
            f"{server.base}/mcp",
            OAuthClientMetadata(client_name=self._name, redirect_uris=[CALLBACK]),
            self.memory,
            redirect_handler=self._ask,
            callback_handler=self._told,
            client_metadata_url=DOCUMENT if way == "document" else None,
        )

    async def _ask(self, url: str) -> None:
        self.asked += 1
        self._answer = self._person.allow(url, self._name)

    async def _told(self) -> AuthorizationCodeResult:
        assert self._answer.startswith(f"{CALLBACK}?")
        return AuthorizationCodeResult(**dict(parse_qsl(urlsplit(self._answer).query, strict_parsing=True)))

    async def _note(self, request: httpx2.Request) -> None:
        self.sent.append(f"{request.method} {request.url.path}")

    @asynccontextmanager
    async def connected(self, mode: str) -> AsyncIterator[Client]:
        hooks = {"request": [self._note]}
        async with httpx2.AsyncClient(auth=self.provider, timeout=30, event_hooks=hooks) as http:
            transport = streamable_http_client(f"{self._server.base}/mcp", http_client=http)
            async with Client(transport, mode=mode, read_timeout_seconds=30) as client:
                yield client


async def play(client: Client) -> str:
    """Plays a run with one trade to its score; its id."""
    run = await called(client, "start_run", scenario_slug=SANDBOX)
    trades = [{"symbol": "AAPL", "side": "buy", "quantity": 50.5}]
    for _ in range(STEPS_MAX):
        turn = await called(client, "submit_turn", run_id=run["id"], trades=trades)
        if turn["step"]["done"]:
            break
        trades = []
    assert turn["step"]["done"]
    score = await called(client, "get_results", run_id=run["id"])
    assert score["results"]["trade_count"] == 1
    return run["id"]


def grants(server: Server, name: str) -> list[dict]:
    """What the person has allowed clients of this name."""
    with server.rest() as rest:
        return [it for it in rest.get("grants").raise_for_status().json()["grants"] if it["client_name"] == name]


@pytest.mark.anyio
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("way", NAMES)
async def test_the_python_client_plays(server: Server, person: Browser, way: str, mode: str) -> None:
    python = PythonClient(server, person, way)
    before = {it["grant_id"] for it in grants(server, NAMES[way])}
    async with python.connected(mode) as client:
        # It looks around before anybody is asked.
        assert (await called(client, "list_scenarios"))["scenarios"]["rows"]
        assert python.asked == 0
        run_id = await play(client)
        assert python.asked == 1
        assert (await called(client, "auth_status"))["status"] == "connected"
    registrations = python.sent.count("POST /oauth/register")
    client_id = python.memory.client.client_id
    if way == "document":
        assert (registrations, client_id) == (0, DOCUMENT)
    else:
        assert registrations == 1
        assert client_id.startswith("bt_oauth_client_")
    assert python.memory.tokens.access_token.startswith("bt_oat_")
    assert python.memory.tokens.refresh_token.startswith("bt_ort_")
    # The run belongs to the person, who sees what was allowed and to whom.
    with server.rest() as rest:
        assert rest.get(f"runs/{run_id}/results").raise_for_status().json()["results"]["trade_count"] == 1
    (grant,) = [it for it in grants(server, NAMES[way]) if it["grant_id"] not in before]
    assert grant["client_id"] == client_id


@pytest.mark.anyio
@pytest.mark.parametrize("way", NAMES)
async def test_the_python_client_refreshes(server: Server, person: Browser, way: str) -> None:
    python = PythonClient(server, person, way)
    async with python.connected("auto") as client:
        await called(client, "start_run", scenario_slug=SANDBOX)
        first = python.memory.tokens
        for _ in range(2):
            before = python.memory.tokens
            # To the client its hour is over.
            python.provider.context.token_expiry_time = time.time() - 1
            await called(client, "start_run", scenario_slug=SANDBOX)
            after = python.memory.tokens
            assert after.access_token != before.access_token
            assert after.refresh_token != before.refresh_token
            assert after.scope == first.scope
    assert python.asked == 1
    assert python.sent.count("POST /oauth/token") == 3


TYPESCRIPT = "sdk_v2_oauth.mjs"


class TypeScriptClient:
    """The OAuth client of the TypeScript SDK: the program `node/sdk_v2_oauth.mjs`, which remembers things in a file."""

    def __init__(self, server: Server, person: Browser, packages: Packages, memory: Path, way: str) -> None:
        # Node looks for packages beside the program.
        self._program = shutil.copy(FOLDER / TYPESCRIPT, packages.folder)
        self._packages, self._person, self._name, self._file = packages, person, NAMES[way], memory
        document = {"DOCUMENT": DOCUMENT} if way == "document" else {}
        self._env = {"MCP_URL": f"{server.base}/mcp", "CALLBACK": CALLBACK, "NAME": self._name} | document

    def play(self, mode: str) -> dict[str, Any]:
        """Lets it play a run, and answers its question if it has one; what it says at its end."""
        with self._packages.talking(self._program, self._file, mode, **self._env) as program:
            said = []
            for line in program.stdout:
                said.append(line)
                message = json.loads(line) if line.startswith("{") else {}
                if "open" in message:
                    program.stdin.write(self._person.allow(message["open"], self._name) + "\n")
                    program.stdin.flush()
                elif "run_id" in message:
                    return message
        raise AssertionError("".join(said))

    @property
    def memory(self) -> dict[str, Any]:
        return json.loads(self._file.read_text())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("way", NAMES)
def test_the_typescript_client_plays_and_refreshes(
    server: Server, person: Browser, packages: Packages, tmp_path: Path, way: str, mode: str
) -> None:
    client = TypeScriptClient(server, person, packages, tmp_path / "memory.json", way)
    first = client.play(mode)
    assert (first["trade_count"], first["asked"]) == (1, 1)
    before = client.memory
    if way == "document":
        assert before["client"]["client_id"] == DOCUMENT
    else:
        assert before["client"]["client_id"].startswith("bt_oauth_client_")

    server.expire_access_tokens()
    token = {"Authorization": f"Bearer {before['tokens']['access_token']}"}
    refused = httpx.get(f"{server.base}/api/v1/runs", headers=token)
    assert (refused.status_code, refused.json()["code"]) == (401, "key_invalid")
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]

    second = client.play(mode)
    assert (second["trade_count"], second["asked"]) == (1, 0), "it refreshes, and asks nobody"
    after = client.memory
    assert after["client"] == before["client"]
    assert after["tokens"]["access_token"] != before["tokens"]["access_token"]
    assert after["tokens"]["refresh_token"] != before["tokens"]["refresh_token"]
    with server.rest() as rest:
        for run in (first, second):
            assert rest.get(f"runs/{run['run_id']}/results").raise_for_status().json()["results"]["trade_count"] == 1
