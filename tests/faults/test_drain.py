"""The end of a server under load: calls under way are answered, the rest is refused cleanly, nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from http.client import BadStatusLine, HTTPConnection, HTTPException, IncompleteRead, RemoteDisconnected

import pytest
from bottrade_server import Server

SCENARIO = "crypto-30m-winter-2018"
WRITERS = 8
UNDER_WAY = 50
ROUNDS, ROUNDS_FULL = 2, 20
DRAIN_SECONDS = 10


@dataclass
class Writer:
    """Steps a run of its own, one bar a call, until the server no longer takes calls."""

    port: int
    key: str
    run: str
    acked: dict[str, bytes] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    last_ones: int = 0

    def step(self, connection: HTTPConnection, key: str) -> tuple[int, bytes, bool]:
        body = json.dumps({"count": 1, "idempotency_key": key})
        headers = {"X-API-Key": self.key, "Content-Type": "application/json"}
        connection.request("POST", f"/api/v1/runs/{self.run}/step", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers.get("Connection") == "close"

    def work(self) -> None:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            self.work_on(connection)

    def work_on(self, connection: HTTPConnection) -> None:
        number = len(self.acked) + len(self.unknown) + len(self.refused)
        while True:
            number += 1
            key = f"step-{number}"
            try:
                status, body, last = self.step(connection, key)
            except ConnectionRefusedError:
                self.refused.append(key)
                return
            except (RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # Not a byte of an answer: the client cannot know, and repeats it.
                self.unknown.append(key)
                connection.close()
                continue
            except (IncompleteRead, BadStatusLine, HTTPException, TimeoutError) as error:
                self.broken.append(repr(error))
                return
            if status != 200:
                self.broken.append(f"{status} {body[:200]!r}")
                return
            self.acked[key] = body
            if last:
                self.last_ones += 1
                connection.close()


class UnderWay:
    """A call whose head and half a body the server has when it is asked to end."""

    def __init__(self, port: int, key: str, run: str) -> None:
        body = b'{"lookback": 1}'
        head = f"GET /api/v1/runs/{run}/market HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\n"
        sent = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        self.rest = sent[-5:]
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.sendall(sent[:-5])

    def finish(self) -> bytes:
        """Sends the rest; the whole answer, to the close."""
        self.socket.sendall(self.rest)
        heard = b""
        with self.socket:
            while more := self.socket.recv(65536):
                heard += more
        return heard


def is_whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    return bool(found) and first == b"HTTP/1.1 200 OK" and f"content-length: {len(body)}".encode() in lines


def start_run(server: Server) -> str:
    with server.rest() as rest:
        return rest.post("runs", json={"scenario_slug": SCENARIO}).raise_for_status().json()["run"]["id"]


def bars_left(server: Server, run: str) -> int:
    with server.rest() as rest:
        return rest.get(f"runs/{run}").raise_for_status().json()["run"]["bars_left"]


def drained(server: Server, writers: list[Writer]) -> tuple[list[bytes], float]:
    """Asks the server to end while all work; the answers of the calls under way, and how long it took."""
    threads = [threading.Thread(target=writer.work, daemon=True) for writer in writers]
    for thread in threads:
        thread.start()
    calls = [UnderWay(server.port, server.key, writers[n % len(writers)].run) for n in range(UNDER_WAY)]
    time.sleep(0.7)
    began = time.monotonic()
    os.kill(server.pid, signal.SIGTERM)
    # Long enough for the port to be closed: what comes now was under way.
    time.sleep(1)
    answers = [call.finish() for call in calls]
    assert server.wait(DRAIN_SECONDS) == 0, server.log
    took = time.monotonic() - began
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "a writer hangs"
    return answers, took


def test_the_end_breaks_nothing(server: Server, full: bool, count: Callable[..., None]) -> None:
    writers = [Writer(server.port, server.key, start_run(server)) for _ in range(WRITERS)]
    fresh = bars_left(server, writers[0].run)
    longest = 0.0
    for _ in range(ROUNDS_FULL if full else ROUNDS):
        answers, took = drained(server, writers)
        longest = max(longest, took)
        assert sum(map(is_whole, answers)) == UNDER_WAY, [it[:200] for it in answers if not is_whole(it)][:3]
        assert not [it for writer in writers for it in writer.broken]
        assert took < DRAIN_SECONDS
        server.start()
        for writer in writers:
            check(server, writer, fresh)
    count(
        acked=sum(len(it.acked) for it in writers),
        closed_without_a_byte=sum(len(it.unknown) for it in writers),
        told_close=sum(it.last_ones for it in writers),
        under_way=UNDER_WAY,
        longest_s=round(longest, 2),
    )


def check(server: Server, writer: Writer, fresh: int) -> None:
    """Everything acknowledged is there, and what was not is done exactly once when it is repeated."""
    gone = fresh - bars_left(server, writer.run)
    assert len(writer.acked) <= gone <= len(writer.acked) + len(writer.unknown), "steps were lost or done twice"
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    for key in [*writer.unknown, *writer.refused]:
        status, body, _ = writer.step(connection, key)
        assert status == 200, body
        assert writer.step(connection, key)[1] == body, "a retry of the retry does more"
        writer.acked[key] = body
    writer.unknown, writer.refused = [], []
    for key, body in list(writer.acked.items())[-5:]:
        assert writer.step(connection, key)[:2] == (200, body), "another answer than the first"
    connection.close()
    assert fresh - bars_left(server, writer.run) == len(writer.acked)
    writer.port = server.port


def test_idle_connections_do_not_hold_it_up(server: Server) -> None:
    idle = [HTTPConnection("127.0.0.1", server.port, timeout=10) for _ in range(20)]
    for connection in idle:
        connection.request("GET", "/api/health")
        connection.getresponse().read()
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 3
    for it in [*silent, *(connection.sock for connection in idle)]:
        it.settimeout(5)
        assert it.recv(1) == b""
        it.close()


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT], ids=lambda it: it.name)
def test_a_second_signal_ends_it_at_once(server: Server, first: signal.Signals) -> None:
    run = start_run(server)
    call = UnderWay(server.port, server.key, run)
    os.kill(server.pid, first)
    with pytest.raises(subprocess.TimeoutExpired):
        server.wait(1)
    began = time.monotonic()
    os.kill(server.pid, signal.SIGTERM)
    assert server.wait(5) == 1
    assert time.monotonic() - began < 2
    call.socket.close()
    server.start()
    assert bars_left(server, run) > 0
