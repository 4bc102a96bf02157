"""MCP as a few lines of anybody's own: one POST for each call, without a handshake."""

from __future__ import annotations

from typing import Any

import httpx
from bottrade_server import Server
from script import Answer, Arguments


class Plain:
    """Calls a server's tools."""

    def __init__(self, server: Server, key: str | None = None) -> None:
        self._url, self._headers = f"{server.base}/mcp", {"X-API-Key": key or server.key}

    def rpc(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a method that must succeed."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return httpx.post(self._url, json=body, headers=self._headers, timeout=30).raise_for_status().json()["result"]

    def tools(self) -> list[dict[str, Any]]:
        """Every tool as the server lists it."""
        return self.rpc("tools/list")["tools"]

    def call(self, tool: str, arguments: Arguments) -> Answer:
        """The answer of a call that must succeed."""
        result = self.rpc("tools/call", name=tool, arguments=arguments)
        assert not result["isError"], result
        return result["structuredContent"]
