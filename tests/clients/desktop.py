"""Claude Desktop's configuration of the bridge, as README.md has it."""

from __future__ import annotations

import json
import re
from typing import Any

from bottrade_server import ROOT, Server

README = ROOT / "README.md"


def desktop(server: Server, key: str) -> dict[str, Any]:
    """The entry of claude_desktop_config.json that README.md shows, for this server."""
    entries = re.compile(r'\{ "mcpServers": \{ "bottrade": (\{ "command": "[^"]*bottrade".*?\}) \} \}', re.DOTALL)
    block = entries.search(README.read_text())
    assert block, "README.md shows no configuration of the bridge"
    entry = json.loads(block[1])
    entry["command"] = str(server.binary.path)
    arguments = [it.replace("http://127.0.0.1:8080", server.base).replace("YOUR_KEY", key) for it in entry["args"]]
    return entry | {"args": arguments}
