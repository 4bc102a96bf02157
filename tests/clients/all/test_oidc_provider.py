"""People sign in through `oidc-provider`, a certified OpenID Connect provider with pages of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from bottrade_server import Binary, Server, free_port
from browser import Browser, Page
from claude import NAME, Claude
from packages import NODE, Packages

PROGRAM = "oidc_provider.mjs"
CLIENT, SECRET = "bottrade", "the secret that the provider gave"
SHOWN = "Example ID"
START_SECONDS = 30


@pytest.fixture
def issuer() -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def server(binary: Binary, packages: Packages, tmp_path: Path, issuer: str) -> Iterator[Server]:
    """A server where people sign in through the provider, and the provider."""
    folder = tmp_path / "server"
    folder.mkdir()
    settings = {"ISSUER": issuer, "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET, "NAME": SHOWN}
    server = Server(binary, folder, **{f"BOTTRADE_OIDC_{name}": value for name, value in settings.items()})
    # Node looks for packages beside the program.
    program = shutil.copy(NODE / PROGRAM, packages.folder)
    port, redirect = issuer.rsplit(":", 1)[1], f"{server.base}/login/oidc/callback"
    with (tmp_path / "provider.txt").open("w") as log:
        provider = subprocess.Popen(
            ["node", program, port, CLIENT, SECRET, redirect],
            env=packages.environment(tmp_path),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            # What is called node may start another program that is.
            start_new_session=True,
        )

    def end() -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(provider.pid, signal.SIGKILL)

    clock = threading.Timer(START_SECONDS, end)
    clock.start()
    try:
        assert any(line == "listening\n" for line in provider.stdout), (tmp_path / "provider.txt").read_text()
        clock.cancel()
        server.start()
        yield server
    finally:
        clock.cancel()
        server.close()
        end()
        provider.wait()
        provider.stdout.close()


def sign_in(browser: Browser, page: Page | str, login: str) -> Page | str:
    """From the choice of providers through the provider's pages, and wherever the person wanted to go."""
    page = browser.follow(page, f"Sign in with {SHOWN}")
    page = browser.press(page, "Sign-in", write={"login": login, "password": "any"})
    return browser.press(page, "Continue")


def test_everybody_has_an_account_and_finds_it_again(server: Server, issuer: str) -> None:
    for login in ("ada", "bob", "ada"):
        with Browser(server.base, issuer) as browser:
            page = sign_in(browser, browser.open(f"{server.base}/login"), login)
            assert isinstance(page, Page)
            assert (page.status, page.url) == (200, f"{server.base}/account"), page.text
            assert f"Signed in as {login}@oidc." in page.text
            page = browser.press(page, "Sign out")
            assert isinstance(page, Page)
            assert page.url == f"{server.base}/login"
    done = server.binary.run("login-link", "--public-url", server.base, "--data-dir", str(server.data_dir))
    assert (done.returncode, done.stdout) == (1, ""), "there is no other way in"


def test_a_client_waits_for_the_sign_in(server: Server, issuer: str, claude: Claude) -> None:
    """Claude Code sends a person who is not signed in: they are back at its question when they are."""

    def ask(url: str) -> str:
        with Browser(server.base, issuer) as browser:
            page = sign_in(browser, browser.open(url), "ada")
            assert isinstance(page, Page)
            assert f"Allow {NAME} to act for you? You are signed in as ada@oidc." in page.text
            answer = browser.press(page, "Allow")
            assert isinstance(answer, str)
            return answer

    claude.add(server.base, None)
    claude.login(ask)
    assert "✔ Connected" in claude.mcp("list")
    token = {"Authorization": f"Bearer {claude.tokens['accessToken']}"}
    assert httpx.get(f"{server.base}/api/v1/runs", headers=token).raise_for_status().json()["runs"] == []
