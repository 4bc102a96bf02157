"""Whatever bytes arrive: a refusal in the promised form or a close, no 5xx, no panic, nothing changed."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from bottrade_server import Binary, Server
from wire import Answer, Broken, Hung, exchange, memory_kib, request

SCENARIO = "sandbox-nov-2024"
HANG_SECONDS = 15
AT_ONCE = 128
MUTATIONS, MUTATIONS_FULL = 60, 1500
BOT, BOT_KEYS = "/api/v1/bot/", "/api/v1/bot/keys"
"""Where calls are counted, but for those that manage keys: of these one client may make few."""
CASES_OF_A_BOT = 8
"""Of one route: an account may place 20 orders a minute and make 120 calls, and some cases are two of them."""
MEMORY_GROWTH_KIB = 64 << 10
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Route:
    """An address of the server, and how a good call of it looks."""

    method: str
    path: str
    body: str | None = None
    reads_body: bool = True

    @property
    def is_counted(self) -> bool:
        return self.path.startswith(BOT) and not self.path.startswith(BOT_KEYS)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def call(self, body: bytes | None = None, *extra: tuple[str, str], key: str) -> bytes:
        good = None if self.body is None else self.body.encode()
        return request(self.method, self.path, good if body is None else body, [("X-API-Key", key), *extra])


@dataclass(frozen=True)
class Case:
    """Bytes that are wrong."""

    name: str
    sent: bytes
    must_fail: bool = True


def heads(route: Route, key: str) -> Iterator[Case]:
    """Requests whose head or framing is wrong, whatever the route."""
    good = route.call(key=key)
    line, rest = good.split(b"\r\n", 1)
    method, path = route.method.encode(), route.path.encode()
    noise = random.Random(1)

    def header(*lines: bytes) -> bytes:
        return b"\r\n".join([line, *lines, rest])

    def framed(*lines: bytes, body: bytes) -> bytes:
        return b"\r\n".join([method + b" " + path + b" HTTP/1.1", b"Host: localhost", *lines, b"", body])

    chunked = b"Transfer-Encoding: chunked"
    yield Case("two lengths", framed(b"Content-Length: 2", b"Content-Length: 3", body=b"{} "))
    yield Case("list of lengths", framed(b"Content-Length: 2, 3", body=b"{} "))
    yield Case("negative length", framed(b"Content-Length: -1", body=b"{}"))
    yield Case("signed length", framed(b"Content-Length: +2", body=b"{}"))
    yield Case("hexadecimal length", framed(b"Content-Length: 0x2", body=b"{}"))
    yield Case("endless length", framed(b"Content-Length: 99999999999999999999999", body=b"{}"))
    yield Case("unknown coding", framed(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"))
    yield Case("chunked not last", framed(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"))
    yield Case("chunked in 1.0", good.replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"Host", chunked + b"\r\nHost", 1))
    yield Case("chunk of no number", framed(chunked, body=b"ZZ\r\n{}\r\n0\r\n\r\n"), route.reads_body)
    yield Case("chunk of 2^64 - 1", framed(chunked, body=b"ffffffffffffffff\r\n{}"), route.reads_body)
    yield Case("chunk of 2^68", framed(chunked, body=b"fffffffffffffffff\r\n{}"), route.reads_body)
    yield Case("chunk without its end", framed(chunked, body=b"2\r\n{}XX0\r\n\r\n"), route.reads_body)
    yield Case("chunk that says much", framed(chunked, body=b"2;" + b"a" * 100_000 + b"\r\n{}\r\n0\r\n\r\n"), False)
    yield Case("endless trailers", framed(chunked, body=b"0\r\n" + b"a: b\r\n" * 20_000 + b"\r\n"), False)
    # RFC 9112 lets a server read this as chunked: then the rest is a request of its own, to nowhere.
    both = framed(b"Content-Length: 4", chunked, body=b"0\r\n\r\nGET /x HTTP/1.1\r\n\r\n")
    yield Case("length and chunked", both, must_fail=False)
    yield Case("hidden second request", good + b"GET /api/v1/runs HTTP/1.1\r\n\r\n", False)
    yield Case("body shorter than said", framed(b"Content-Length: 500", body=b"{}"), route.reads_body)
    yield Case("NUL in the path", good.replace(path, path + b"\0", 1))
    yield Case("NUL in a header", header(b"X: a\0b"))
    yield Case("line feed in a header", header(b"X: a\nb"))
    yield Case("control in a name", header(b"X\x01: a"))
    yield Case("space before the colon", header(b"X : a"))
    yield Case("no colon", header(b"X"))
    yield Case("folded header", header(b"X: a", b" b"))
    yield Case("header of 100 KB", header(b"X: " + b"a" * 100_000))
    yield Case("1,000 headers", header(*(b"H%d: 1" % n for n in range(1000))))
    yield Case("path of 100 KB", good.replace(path, path + b"a" * 100_000, 1))
    yield Case("query of 100 KB", good.replace(path, path + b"?" + b"a" * 100_000, 1))
    yield Case("no Host", good.replace(b"Host: localhost\r\n", b"", 1))
    yield Case("two Hosts", header(b"Host: elsewhere"))
    yield Case("no version", line.rsplit(b" ", 1)[0] + b"\r\n\r\n")
    yield Case("version 9.9", good.replace(b"HTTP/1.1", b"HTTP/9.9", 1))
    yield Case("version 2.0", good.replace(b"HTTP/1.1", b"HTTP/2.0", 1))
    yield Case("small method", good.replace(method, method.lower(), 1))
    yield Case("unknown method", good.replace(method, b"FROB", 1))
    yield Case("method with a bracket", good.replace(method, b"GE{T", 1))
    yield Case("CONNECT", good.replace(method + b" " + path, b"CONNECT localhost:443", 1))
    yield Case("asterisk", good.replace(path, b"*", 1))
    yield Case("absolute form", good.replace(path, b"http://localhost" + path, 1), False)
    yield Case("absolute form elsewhere", good.replace(path, b"ftp://u:p@elsewhere:99999" + path, 1), False)
    yield Case("bad escape", good.replace(path, path + b"/%zz", 1))
    yield Case("half an escape", good.replace(path, path + b"/%", 1))
    yield Case("escaped bytes that are no text", good.replace(path, path + b"/%ff%fe", 1))
    yield Case("escaped NUL", good.replace(path, path + b"/%00", 1))
    yield Case("climbing path", good.replace(path, b"/../../../etc/passwd", 1))
    yield Case("bare line feeds", good.replace(b"\r\n", b"\n"), False)
    yield Case("bare carriage returns", good.replace(b"\r\n", b"\r"))
    yield Case("empty lines first", b"\r\n" * 500 + good, False)
    yield Case("expects a miracle", header(b"Expect: 200-ok"), False)
    yield Case("upgrade", header(b"Upgrade: websocket", b"Connection: upgrade"), False)
    yield Case("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 64)
    yield Case("TLS hello", bytes.fromhex("1603010200010001fc0303") + noise.randbytes(500))
    yield Case("noise", noise.randbytes(5000))
    yield Case("key that is none", good.replace(key.encode(), b"\xff\xfe", 1), False)


def bodies(route: Route, key: str) -> Iterator[Case]:
    """Requests whose body is wrong, where one is read."""
    deep = 60_000
    texts: dict[str, bytes] = {
        "half an object": b'{"a":',
        "deep arrays": b"[" * deep,
        "deep objects": b'{"a":' * deep,
        "deep and whole": b'{"a":' + b"[" * deep + b"]" * deep + b"}",
        "NaN": b'{"count": NaN}',
        "Infinity": b'{"count": -Infinity}',
        "1e999": b'{"count": 1e999}',
        "5,000 digits": b'{"count": ' + b"9" * 5000 + b"}",
        "leading zero": b'{"count": 01}',
        "two values for a key": b'{"count": 1, "count": 2}',
        "lone surrogate": b'{"idempotency_key": "\\ud800"}',
        "no UTF-8": b'{"idempotency_key": "\xff\xfe"}',
        "overlong UTF-8": b'{"idempotency_key": "\xc0\xaf"}',
        "UTF-16": '{"count": 1}'.encode("utf-16"),
        "byte order mark": b'\xef\xbb\xbf{"count": 1}',
        "control in a string": b'{"idempotency_key": "a\nb"}',
        "single quotes": b"{'count': 1}",
        "comment": b'{/**/"count": 1}',
        "one more brace": b'{"count": 1}}',
        "list": b'[{"count": 1}]',
        "text": b'"count"',
        "number": b"1",
        "null": b"null",
        "noise": random.Random(2).randbytes(2000),
        "a megabyte and a byte": b'{"a":"' + b"a" * (MEGABYTE - 7) + b'"}',
        "unknown field": b'{"' + b"a" * 5000 + b'": 1}',
    }
    for name, text in texts.items():
        yield Case(name, route.call(text, key=key))
        if route.path == "/mcp":
            whole = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"step_run","arguments":%s}}'
            yield Case(f"tool call: {name}", route.call(whole.replace(b"%s", text), key=key))
    yield Case("compressed", route.call(b"\x1f\x8b\x08" + bytes(60), ("Content-Encoding", "gzip"), key=key))


def mutations(route: Route, key: str, number: int) -> Iterator[Case]:
    """A good call with a few bytes changed, doubled, lost or swapped; some stay good."""
    rng = random.Random(f"{route}")
    good = route.call(key=key)
    for n in range(number):
        sent = bytearray(good)
        for _ in range(rng.randint(1, 6)):
            at, kind = rng.randrange(len(sent)), rng.randrange(4)
            if kind == 0:
                sent[at] = rng.randrange(256)
            elif kind == 1:
                sent[at] ^= 1 << rng.randrange(8)
            elif kind == 2:
                sent[at:at] = sent[at : at + rng.randrange(1, 20)]
            else:
                del sent[at : at + rng.randrange(1, 5)]
        yield Case(f"mutation {n}", bytes(sent), must_fail=False)


class Judge:
    """Sends cases and keeps what was wrong with the answers."""

    def __init__(self, port: int) -> None:
        self.port, self.seen, self.wrong = port, Counter[str](), []
        self.bot = Counter[int]()
        """What the calls of paper trading were answered with."""
        self.slots = asyncio.Semaphore(AT_ONCE)

    async def run(self, route: Route, case: Case) -> None:
        async with self.slots:
            try:
                answers = await exchange(self.port, case.sent, seconds=HANG_SECONDS)
            except (Hung, Broken) as error:
                self.wrong.append((str(route), case.name, repr(error)))
                return
        self.seen.update([str(it.status) for it in answers] or ["closed"])
        if route.is_counted:
            self.bot.update(it.status for it in answers)
        problems = [it for it in (self.fault(route, answer) for answer in answers) if it]
        first_is_good = bool(answers) and not is_refusal(answers[0])
        if case.must_fail and first_is_good:
            problems.append(f"was taken: {answers[0]}")
        self.wrong.extend((str(route), case.name, problem) for problem in problems)

    def fault(self, route: Route, answer: Answer) -> str | None:
        """What is wrong with an answer as such."""
        # A server without a key of Stripe says that it sells nothing.
        if answer.status >= 500 and not (answer.status == 501 and "/billing/" in route.path):
            return f"failed: {answer}"
        if answer.status < 400 or answer.media_type == "application/problem+json":
            return None if answer.status < 400 or is_problem(answer) else f"no whole problem: {answer}"
        # What is not HTTP is refused before there is a route: without a body, and for good.
        if not answer.body and answer.is_last:
            return None
        if route.path == "/mcp" and answer.media_type == "application/json" and "code" in answer.json()["error"]:
            return None
        return f"has no form: {answer}"


def is_problem(answer: Answer) -> bool:
    problem = answer.json()
    return problem["status"] == answer.status and all(problem.get(it) for it in ("type", "title", "detail", "hint"))


def is_refusal(answer: Answer) -> bool:
    """Whether nothing was done: by status, or by what JSON-RPC says in a 200."""
    if answer.status >= 400:
        return True
    if answer.media_type != "application/json":
        return False
    said = answer.json()
    # A batch is answered message by message.
    each = said if isinstance(said, list) and said else [said]
    return all(isinstance(it, dict) and ("error" in it or bool(it.get("result", {}).get("isError"))) for it in each)


class Table:
    """A server with two runs: one that the requests are about, and one that nobody mentions."""

    def __init__(self, binary: Binary, folder: Path) -> None:
        self.server = Server(binary, folder)
        self.server.start()
        self.key = self.server.key
        self.bots: list[str] = []
        with self.server.rest() as rest:
            self.named, self.unnamed = (self.play(rest) for _ in range(2))

    def play(self, rest: httpx.Client) -> str:
        run = rest.post("runs", json={"scenario_slug": SCENARIO}).raise_for_status().json()["run"]["id"]
        order = {"symbol": "AAPL", "side": "buy", "quantity": 10.5, "reasoning": "A reason."}
        rest.post(f"runs/{run}/turn", json={"trades": [order]}).raise_for_status()
        return run

    def state(self, run: str) -> list[str]:
        with self.server.rest() as rest:
            return [rest.get(f"runs/{run}{part}").raise_for_status().text for part in ("", "/trades", "/equity")]

    def routes(self) -> list[Route]:
        """Every address that the server names, and those that are no operation."""
        with self.server.rest() as rest:
            document = rest.get(f"{self.server.base}/api/openapi.json").raise_for_status().json()
        bodies = {
            "start_run": {"scenario_slug": SCENARIO, "bot_name": "bot", "agent_info": {"name": "a", "version": "1"}},
            "submit_turn": {"trades": [{"symbol": "AAPL", "side": "buy", "quantity": 1}], "step_count": 1},
            "submit_order": {"symbol": "AAPL", "side": "sell", "quantity": 1.5, "time_in_force": "day"},
            "step_run": {"count": 1, "idempotency_key": "key"},
            "publish_run": {"confirm": True},
            "submit_decision": {"action": "trade", "orders": [{"symbol": "AAPL", "side": "buy", "quantity": 1}]},
            "advance_until_next_session": {"max_bars": 1, "idempotency_key": "advance"},
            "hold_until_end": {"max_bars": 1, "require_flat": False},
            "liquidate_and_finish": {"rationale": "over", "max_bars": 1},
            "run_sandbox_smoke_test": {"scenario_slug": SCENARIO, "bot_name": "bot"},
            "place_order": {"symbol": "BTC-USD", "side": "BUY", "quantity": "0.01", "client_order_id": "one"},
            "create_bot_key": {"label": "bot"},
        }
        ids = dict.fromkeys(("run_id", "order_id", "key_id", "grant_id", "id"), self.named)
        names = ids | {"id_or_slug": SCENARIO, "session_id": "cs_test_0"}
        found = []
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                body = bodies.get(operation["operationId"], {} if method in ("post", "patch") else None)
                there = re.sub(r"{(\w+)}", lambda it: names[it[1]], path)
                text = None if body is None else json.dumps(body)
                found.append(Route(method.upper(), there, text, reads_body=path.startswith("/api/v1/")))
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
        call["params"] = {"name": "get_run", "arguments": {"run_id": self.named}}
        return [*found, Route("GET", "/", None, reads_body=False), Route("POST", "/mcp", json.dumps(call))]

    async def judge(self, cases: Callable[[Route, str], Iterator[Case]]) -> Judge:
        judge = Judge(self.server.port)
        async with asyncio.TaskGroup() as group:
            for route in self.routes():
                for case in self.spread(route, cases):
                    group.create_task(judge.run(route, case))
        return judge

    def spread(self, route: Route, cases: Callable[[Route, str], Iterator[Case]]) -> Iterator[Case]:
        """The cases of a route; where calls are counted, a few with each of many accounts, so that they get in."""
        if not route.is_counted:
            yield from cases(route, self.key)
            return
        found = list(cases(route, self.key))
        while len(self.bots) * CASES_OF_A_BOT < len(found):
            name = f"bot-{len(self.bots)}"
            self.bots.append(self.server.command("key", "create", "--bot", "--account", name).strip())
        for case, key in zip(found, itertools.cycle(self.bots), strict=False):
            yield replace(case, sent=case.sent.replace(self.key.encode(), key.encode()))

    def placed(self) -> list[int]:
        """How many orders each bot has."""
        with httpx.Client(base_url=f"{self.server.base}{BOT}") as client:
            answers = [client.get("orders", headers={"X-Bot-Key": key}).raise_for_status() for key in self.bots]
        return [len(answer.json()) for answer in answers]

    def check(self, judge: Judge) -> None:
        summary = "\n".join(map(str, judge.wrong[:30]))
        assert not judge.wrong, f"{len(judge.wrong)} wrong answers:\n{summary}"
        for word in ("panicked", "panic:", "internal error"):
            assert word not in self.server.log, self.server.log[-3000:]
        # They met the form of the operation, and no limit.
        assert judge.bot[422] > 0 and judge.bot[429] == 0, judge.bot


@pytest.fixture
def table(binary: Binary, tmp_path: Path) -> Iterator[Table]:
    table = Table(binary, tmp_path)
    try:
        yield table
    finally:
        table.server.close()


def test_malformed_requests_are_refused(table: Table, count: Callable[..., None]) -> None:
    resident, unnamed = memory_kib(table.server.pid), table.state(table.unnamed)
    judge = asyncio.run(table.judge(heads))
    # Some odd heads are good calls: what they did is not undone.
    named, placed = table.state(table.named), table.placed()
    body_judge = asyncio.run(table.judge(lambda route, key: bodies(route, key) if route.reads_body else iter(())))
    grown = memory_kib(table.server.pid) - resident
    count(routes=len(table.routes()), heads=dict(judge.seen), bodies=dict(body_judge.seen), grown_kib=grown)
    table.check(judge)
    table.check(body_judge)
    assert (table.state(table.named), table.state(table.unnamed)) == (named, unnamed), "something was done"
    assert table.placed() == placed and max(placed) <= 1, "an order was placed"
    assert grown < MEMORY_GROWTH_KIB


def test_mutated_requests_do_no_harm(table: Table, full: bool, count: Callable[..., None]) -> None:
    number = MUTATIONS_FULL if full else MUTATIONS
    before, resident = table.state(table.unnamed), memory_kib(table.server.pid)
    judge = asyncio.run(table.judge(lambda route, key: mutations(route, key, number)))
    grown = memory_kib(table.server.pid) - resident
    count(routes=len(table.routes()), each=number, answers=dict(judge.seen), grown_kib=grown)
    table.check(judge)
    assert table.state(table.unnamed) == before, "a run that nobody mentioned has changed"
    table.state(table.named)
    assert grown < MEMORY_GROWTH_KIB
