"""Codex CLI signs in when its user adds an address, and keeps a token that opens the account."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from pathlib import Path

import httpx
from bottrade_server import Server
from browser import Browser
from packages import SECONDS, Packages

NAME = "Codex"
DOCUMENT = "https://chatgpt.com/oauth/codex/client.json"
"""By which the server knows it; the server has a copy."""
SETTINGS = 'mcp_oauth_credentials_store = "file"\n'
"""There is no keyring here."""
NO_BROWSER = {"BROWSER": "true"}
"""What opens a page: the program that says nothing."""


def add(packages: Packages, home: Path, server: Server, person: Browser) -> str:
    """`codex mcp add`, which signs in at once: what it says."""
    process = subprocess.Popen(
        ["codex", "mcp", "add", "bottrade", "--url", f"{server.base}/mcp"],
        cwd=home,
        env=packages.environment(home, **NO_BROWSER),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    clock = threading.Timer(SECONDS, process.kill)
    clock.start()
    said = ""
    with process:
        try:
            for line in process.stdout:
                said += line
                if re.match(rf"{re.escape(server.base)}/oauth/authorize\?", line):
                    # It listens where the browser is sent.
                    httpx.get(person.allow(line.strip(), NAME)).raise_for_status()
        finally:
            clock.cancel()
            process.kill()
    return said


def test_signs_in_and_out(packages: Packages, home: Path, server: Server) -> None:
    folder = home / ".codex"
    folder.mkdir()
    (folder / "config.toml").write_text(SETTINGS)
    with Browser(server.base) as person:
        person.sign_in(server)
        assert "Successfully logged in." in add(packages, home, server, person)
    listed = packages.output("codex", "mcp", "list", "--json", home=home)
    assert [(it["name"], it["auth_status"]) for it in json.loads(listed)] == [("bottrade", "o_auth")]

    (kept,) = json.loads((folder / ".credentials.json").read_text()).values()
    assert (kept["client_id"], kept["issuer"]) == (DOCUMENT, server.base)
    token = {"Authorization": f"Bearer {kept['access_token']}"}
    assert httpx.get(f"{server.base}/api/v1/runs", headers=token).raise_for_status().json()["runs"] == []
    with server.rest() as rest:
        (grant,) = rest.get("grants").raise_for_status().json()["grants"]
        assert grant["client_name"] == NAME
        assert "Removed OAuth credentials" in packages.output("codex", "mcp", "logout", "bottrade", home=home)
        # It only forgets: the person takes back what was allowed.
        rest.delete(f"grants/{grant['grant_id']}").raise_for_status()
    assert httpx.get(f"{server.base}/api/v1/runs", headers=token).status_code == 401
