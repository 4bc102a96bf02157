"""What strangers leave behind: nothing, but for a bounded number of sessions that end by themselves."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

from bottrade_server import Server
from wire import answer, descriptors, memory_kib, request

CONNECTIONS_AT_ONCE = 200
CALLERS = 50
SETTLE_SECONDS = 15
GROWTH_MAX = 1.2
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "stranger", "version": "1"},
    },
}


async def initialize(port: int, times: int) -> None:
    """Introduces itself again and again on one connection and never comes back to any of it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    call = request("POST", "/mcp", json.dumps(INITIALIZE).encode(), [("Accept", "application/json, text/event-stream")])
    for _ in range(times):
        writer.write(call)
        heard = await answer(reader)
        assert heard is not None
        assert heard.status == 200, heard
    writer.close()


async def connect(port: int, speaks: bool) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    if speaks:
        writer.write(request("GET", "/api/health"))
    await asyncio.sleep(0.05)
    writer.close()


async def strangers(port: int, initializes: int, connections: int) -> None:
    await asyncio.gather(*(initialize(port, initializes // CALLERS) for _ in range(CALLERS)))
    for _ in range(connections // CONNECTIONS_AT_ONCE):
        await asyncio.gather(*(connect(port, n % 2 == 0) for n in range(CONNECTIONS_AT_ONCE)))


def test_strangers_leave_nothing_behind(server: Server, full: bool, count: Callable[..., None]) -> None:
    base = descriptors(server.pid)
    asyncio.run(strangers(server.port, 2_000, 1_000))
    warm = memory_kib(server.pid)
    initializes, connections = (100_000, 20_000) if full else (10_000, 2_000)
    asyncio.run(strangers(server.port, initializes, connections))
    after, deadline = memory_kib(server.pid), time.monotonic() + SETTLE_SECONDS
    while descriptors(server.pid) > base and time.monotonic() < deadline:
        time.sleep(0.1)
    count(initializes=initializes, connections=connections, warm_kib=warm, after_kib=after)
    assert descriptors(server.pid) <= base
    assert after <= GROWTH_MAX * warm
