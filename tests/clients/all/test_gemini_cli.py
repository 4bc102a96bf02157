"""Gemini CLI connects: by address alone, and with a key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bottrade_server import Server
from packages import Packages


@pytest.mark.parametrize("with_key", [False, True])
def test_is_connected_once_added(packages: Packages, home: Path, server: Server, with_key: bool) -> None:
    settings = home / ".gemini"
    settings.mkdir()
    # It connects to nothing in a folder that its user does not trust.
    (settings / "trustedFolders.json").write_text(json.dumps({str(home): "TRUST_FOLDER"}))
    header = ["--header", f"X-API-Key: {server.key}"] if with_key else []
    add = ["gemini", "mcp", "add", "--transport", "http", "--scope", "user", "bottrade", f"{server.base}/mcp", *header]
    packages.output(*add, home=home)
    # The list is on its standard error.
    assert f"✓ bottrade: {server.base}/mcp (http) - Connected" in packages.run("gemini", "mcp", "list", home=home).stderr
    assert server.stop() == 0
    assert "✗ bottrade: " in packages.run("gemini", "mcp", "list", home=home).stderr
