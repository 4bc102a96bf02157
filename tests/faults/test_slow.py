"""Clients that take their time on purpose: they lose their connection, and nobody else notices."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import resource
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from bottrade_server import Binary, Server
from wire import Answer, answer, descriptors, memory_kib, processor_seconds, request

CROWD = 600
PLACES = 512
"""Fewer than the crowd: it could fill them all."""
ATTACK_SECONDS = 20
SETTLE_SECONDS = 15
ANSWER_SECONDS = 5
ATTACKER, CLIENT = "127.0.0.2", "127.0.0.1"
READERS_REQUESTS = 40
"""Calls that a slow reader sends at once: their answers are more than the kernel buffers."""

SLOW_BODY = b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n"
BIG_ANSWER = b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
KINDS = {
    "silence": (b"", b""),
    "slow heads": (b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n", b"X: a\r\n"),
    "slow bodies": (SLOW_BODY, b" "),
    "slow readers": (BIG_ANSWER * READERS_REQUESTS, b""),
}
"""What each kind of attacker says at first, and then every second."""


class Crowd:
    """Connections from one address that are opened again as soon as the server closes them."""

    def __init__(self, port: int, address: str, kind: str, size: int) -> None:
        self.port, self.address, self.size = port, address, size
        self.first, self.more = KINDS[kind]
        self.reads = kind != "slow readers"
        self.selector = selectors.DefaultSelector()
        self.opened = 0
        self.running = threading.Event()
        self.open_all = True
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Crowd:
        self.running.set()
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.running.clear()
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()

    @property
    def connected(self) -> int:
        return len(self.selector.get_map())

    def tire(self) -> None:
        """Says nothing more and opens nothing more, but closes nothing either."""
        self.open_all = False

    def _open(self) -> None:
        it = socket.socket()
        it.setblocking(False)
        if not self.reads:
            it.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        it.bind((self.address, 0))
        it.connect_ex(("127.0.0.1", self.port))
        self.selector.register(it, selectors.EVENT_READ if self.reads else selectors.EVENT_WRITE)
        self.opened += 1

    def _run(self) -> None:
        said: dict[int, float] = {}
        while self.running.is_set():
            while self.open_all and self.connected < self.size:
                self._open()
            now = time.monotonic()
            for key, _ in self.selector.select(0.05) if self.reads else []:
                with contextlib.suppress(BlockingIOError):
                    if not self._read(key.fileobj):
                        self._close(key.fileobj)
            for key in list(self.selector.get_map().values()) if self.open_all else []:
                self._say(key.fileobj, said, now)
            time.sleep(0.05)

    def _read(self, it: socket.socket) -> bytes:
        try:
            return it.recv(4096)
        except ConnectionError:
            return b""

    def _say(self, it: socket.socket, said: dict[int, float], now: float) -> None:
        new = it.fileno() not in said
        words = self.first if new else self.more
        if not new and (now < said[it.fileno()] + 1 or not words):
            return
        try:
            if words:
                it.send(words)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno not in (errno.ENOTCONN, errno.EINPROGRESS):
                said.pop(it.fileno(), None)
                self._close(it)
            return
        said[it.fileno()] = now

    def _close(self, it: socket.socket) -> None:
        self.selector.unregister(it)
        it.close()


@dataclass
class Bystander:
    """A client that keeps calling, on a connection it keeps and on one for each call."""

    port: int
    key: str
    run: str
    kept: HTTPConnection = field(init=False)
    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kept = self._connection()
        self._ask(self.kept)
        self.local_port = self.kept.sock.getsockname()[1]

    def _connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS, source_address=(CLIENT, 0))

    def _ask(self, connection: HTTPConnection) -> None:
        began = time.monotonic()
        try:
            connection.request("GET", f"/api/v1/runs/{self.run}", headers={"X-API-Key": self.key})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                self.failures.append(f"status {answer.status}")
        except (OSError, HTTPException) as error:
            self.failures.append(repr(error))
            connection.close()
        self.latencies.append(time.monotonic() - began)

    def call_for(self, seconds: float, between: Callable[[], object] = lambda: None) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            between()
            self._ask(self.kept)
            fresh = self._connection()
            self._ask(fresh)
            fresh.close()
            time.sleep(0.05)

    @property
    def kept_its_connection(self) -> bool:
        return self.kept.sock is not None and self.kept.sock.getsockname()[1] == self.local_port


@dataclass(frozen=True)
class Attack:
    """What happened under one kind of attack."""

    opened: int
    peak: int
    left: int
    settle_seconds: float
    bystander: Bystander
    kept: bool
    grown_kib: int
    log: str


def under_attack(server: Server, kind: str, address: str, seconds: float) -> Attack:
    with server.rest() as rest:
        run = rest.post("runs", json={"scenario_slug": "sandbox-nov-2024"}).raise_for_status().json()["run"]["id"]
    bystander = Bystander(server.port, server.key, run)
    time.sleep(0.5)
    base, resident = descriptors(server.pid), memory_kib(server.pid)
    sockets: list[int] = []
    with Crowd(server.port, address, kind, CROWD) as crowd:
        # They come in waves: what was open at one moment says little.
        bystander.call_for(seconds, lambda: sockets.append(descriptors(server.pid)))
        peak, grown = max(sockets) - base, memory_kib(server.pid) - resident
        crowd.tire()
        if kind != "slow readers":
            # They hold on; the server has to let go by itself.
            settle, left = settled(server, base)
    if kind == "slow readers":
        settle, left = settled(server, base)
    bystander.call_for(0.2)
    kept = bystander.kept_its_connection
    bystander.kept.close()
    return Attack(crowd.opened, peak, left, settle, bystander, kept, grown, server.log)


def settled(server: Server, base: int) -> tuple[float, int]:
    """How long it takes until the server has no more descriptors than before, and how many it has over then."""
    began = time.monotonic()
    while descriptors(server.pid) > base and time.monotonic() < began + SETTLE_SECONDS:
        time.sleep(0.1)
    return time.monotonic() - began, max(0, descriptors(server.pid) - base)


CASES = [(kind, ATTACKER) for kind in KINDS] + [("silence", CLIENT), ("slow heads", CLIENT)]


@pytest.fixture(scope="module")
def attacks(binary: Binary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Attack]]:
    """All attacks at the same time, each on a server of its own."""

    def attack(case: tuple[str, str]) -> Attack:
        server = Server(binary, tmp_path_factory.mktemp("server"))
        try:
            server.start(BOTTRADE_CONNECTIONS=str(PLACES), BOTTRADE_CONNECTIONS_PER_ADDRESS=str(PLACES // 2))
            return under_attack(server, *case, ATTACK_SECONDS)
        finally:
            server.close()

    with ThreadPoolExecutor(len(CASES)) as pool:
        yield dict(zip(CASES, pool.map(attack, CASES), strict=True))


@pytest.mark.parametrize("case", CASES, ids=[f"{kind} from {address}" for kind, address in CASES])
def test_an_attack_locks_nobody_out(
    attacks: dict[tuple[str, str], Attack], case: tuple[str, str], count: Callable[..., None]
) -> None:
    attack = attacks[case]
    latencies = sorted(attack.bystander.latencies)
    count(
        opened=attack.opened,
        peak_sockets=attack.peak,
        settled_s=round(attack.settle_seconds, 1),
        calls=len(latencies),
        p50_ms=round(latencies[len(latencies) // 2] * 1e3, 1),
        max_ms=round(latencies[-1] * 1e3, 1),
        grown_kib=attack.grown_kib,
    )
    assert attack.opened >= CROWD
    assert attack.peak > PLACES // 16, "that was no attack"
    assert not attack.bystander.failures, attack.bystander.failures[:5]
    assert attack.kept, "the connection of a client that had called before was closed"
    assert attack.left == 0, f"{attack.left} descriptors more than before after {SETTLE_SECONDS} s"
    assert "panicked" not in attack.log


def test_a_server_without_places_says_so(binary: Binary, tmp_path: Path) -> None:
    """Four calls under way are all that this one takes."""
    server = Server(binary, tmp_path)
    try:
        server.start(BOTTRADE_CONNECTIONS="4", BOTTRADE_CONNECTIONS_PER_ADDRESS="3")
        crowd = [socket.create_connection(("127.0.0.1", server.port), source_address=(ATTACKER, 0)) for _ in range(3)]
        for it in crowd:
            it.sendall(SLOW_BODY + b" ")
        time.sleep(0.5)
        refused = HTTPConnection("127.0.0.1", server.port, timeout=ANSWER_SECONDS, source_address=(ATTACKER, 0))
        refused.request("GET", "/api/health")
        answer = refused.getresponse()
        assert (answer.status, answer.headers["Retry-After"], answer.headers["Connection"]) == (503, "1", "close")
        assert answer.headers["Content-Type"] == "application/problem+json"
        with server.rest() as rest:
            assert rest.get("scenarios").status_code == 200, "another address is served"
        for it in crowd:
            it.close()
    finally:
        server.close()


def test_a_server_without_descriptors_goes_on(server: Server) -> None:
    """The system has no descriptor left: nothing spins, who is connected is served, and later everyone is again."""
    with server.rest() as rest:
        assert rest.get("scenarios").status_code == 200
        before = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        highest = max(int(it.name) for it in Path(f"/proc/{server.pid}/fd").iterdir())
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (highest + 4, before[1]))
        crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
        spent = processor_seconds(server.pid)
        for _ in range(20):
            assert rest.get("scenarios").status_code == 200
            time.sleep(0.05)
        assert processor_seconds(server.pid) - spent < 0.5, "it spins"
        assert "cannot accept connections" in server.log
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, before)
        for it in crowd:
            it.close()
        with server.rest() as fresh:
            assert fresh.get("scenarios").status_code == 200
    assert server.stop() == 0


def test_callers_beyond_the_cap_are_told_so(server: Server, count: Callable[..., None]) -> None:
    """600 callers of one address at once: it has 512 places, and nobody gets less than a whole answer."""

    async def call() -> Answer | None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 24)
        try:
            writer.write(request("GET", "/api/v1/scenarios"))
            return await asyncio.wait_for(answer(reader), 30)
        except ConnectionError:
            return None
        finally:
            writer.close()

    async def all_at_once() -> list[Answer | None]:
        return await asyncio.gather(*(call() for _ in range(CROWD)))

    answers = asyncio.run(all_at_once())
    statuses = Counter(it.status if it else "closed" for it in answers)
    count(**{f"answered_{status}": number for status, number in statuses.items()})
    assert set(statuses) <= {200, 503, "closed"}
    assert statuses[200] >= CROWD * 3 // 4
    assert all(it.headers["retry-after"] == "1" for it in answers if it and it.status == 503)
