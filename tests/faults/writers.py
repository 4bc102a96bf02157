"""Clients that retry: each call keeps its idempotency key until it is answered."""

from __future__ import annotations

import functools
import itertools
import random
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from journal import Books, Ledger
from victim import CALL_SECONDS, Answer, Client, Silence, Victim
from world import LONG, LONG_SYMBOL

WRITERS = 4
"""Two of them share a run."""


@dataclass(frozen=True)
class Call:
    """A call that changes a run, under its key."""

    run: str
    key: str
    verb: str
    body: dict[str, object]

    @classmethod
    def of(cls, run: str, key: str, kind: int) -> Call:
        """A step, a turn with an order, or an order."""
        order = {"symbol": LONG_SYMBOL, "side": "buy", "quantity": 0.001, "reasoning": key}
        verb, body = (("step", {"count": 1}), ("turn", {"trades": [order]}), ("trades", order))[kind % 3]
        return cls(run, key, verb, body)

    def make(self, client: Client) -> Answer:
        return client.call("POST", f"runs/{self.run}/{self.verb}", self.body, key=self.key)

    def note(self, answer: Answer, ledger: Ledger) -> None:
        if self.verb != "step":
            ledger.orders.add(self.key)
        ledger.ack(self.run, self.key, answer.body)

    def is_in(self, books: Books) -> bool:
        return (self.run, self.key) in books.answers

    def seen(self, client: Client) -> object:
        """What it changes, as its owner sees it."""
        return client.call("GET", f"runs/{self.run}").body


@dataclass(frozen=True)
class Placing:
    """An order of a paper account, under its `client_order_id`."""

    bot_key: str
    key: str
    body: dict[str, object]

    @classmethod
    def of(cls, bot_keys: Sequence[str], key: str, kind: int) -> Placing:
        """An order that may fill at once, one that waits, or one that is refused; of any of these accounts."""
        order = {"symbol": "BTC-USD", "asset_type": "CRYPTO", "side": "BUY", "quantity": 0.001, "client_order_id": key}
        waits = {"order_type": "LIMIT", "limit_price": 1}
        body = order | ({"order_type": "MARKET"}, waits, {"order_type": "MARKET", "quantity": 1_000_000})[kind % 3]
        return cls(bot_keys[zlib.crc32(key.encode()) % len(bot_keys)], key, body)

    def make(self, client: Client) -> Answer:
        return client.call("POST", "bot/orders", self.body, credential=self.bot_key)

    def note(self, answer: Answer, ledger: Ledger) -> None:
        ledger.place(self.key, answer.json["id"])

    def is_in(self, books: Books) -> bool:
        return books.times(self.key) == 1

    def seen(self, client: Client) -> object:
        answer = client.call("GET", "bot/orders?limit=100", credential=self.bot_key)
        return [order["id"] for order in answer.json]


def settle(client: Client, call: Call | Placing, ledger: Ledger) -> bool:
    """Makes a call and notes how it went; whether it was answered."""
    try:
        answer = call.make(client)
    except Silence:
        ledger.unanswered += 1
        return False
    if answer.acked:
        call.note(answer, ledger)
        return True
    if answer.status == 429:
        # The minute's orders are used up: this one was not placed, and is not repeated.
        ledger.limited += 1
        return True
    if answer.status != 503:
        ledger.problems.append(f"{call}: {answer.status} {answer.body[:300]!r}")
        return True
    ledger.refused += 1
    return False


def runs(client: Client) -> list[str]:
    """A run for each writer; the last two have the same."""
    own = [client.start_run(LONG) for _ in range(WRITERS - 1)]
    return [*own, own[-1]]


Maker = Callable[[str, int], Call | Placing]
"""Makes the next call under a key, of some kind."""

TRADERS = 24
"""Accounts that place orders: each may place 20 a minute."""


def traders(victim: Victim) -> list[str]:
    """A bot key each of accounts that trade paper."""
    return [victim.command("key", "create", "--bot", "--account", f"trader-{n}").strip() for n in range(TRADERS)]


def stepping(own: Sequence[str]) -> list[Maker]:
    """A writer for each of these runs."""
    return [functools.partial(Call.of, run) for run in own]


def placing(bot_keys: Sequence[str]) -> list[Maker]:
    """Writers that place orders of any of these accounts."""
    return [functools.partial(Placing.of, bot_keys)] * WRITERS


class Crowd:
    """Writers in threads. They go on until they are told to stop, and leave no call unanswered."""

    def __init__(self, victim: Victim, makers: Sequence[Maker], seed: int) -> None:
        self.ledger = Ledger()
        self._victim, self._seed = victim, seed
        self._lock, self._stop, self._answered = threading.Lock(), threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=self._write, args=it) for it in enumerate(makers)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def goes_on(self) -> None:
        """Waits for another answer."""
        self._answered.clear()
        assert self._answered.wait(CALL_SECONDS), "no writer got an answer"

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive(), "a writer never got its answer"

    def _write(self, number: int, maker: Maker) -> None:
        client, dice, mine = self._victim.client(), random.Random(f"{self._seed} {number}"), Ledger()
        done: list[Call | Placing] = []
        for n in itertools.count():
            if self._stop.is_set():
                break
            # Now and then an old call is repeated, long after its answer.
            again = bool(done) and dice.random() < 0.05
            call = dice.choice(done) if again else maker(f"w{number}-{n}", dice.randrange(3))
            while not settle(client, call, mine):
                self._stop.wait(0.003)
            self._answered.set()
            mine.replayed += again
            done.append(call)
        client.close()
        with self._lock:
            self._merge(mine)

    def _merge(self, mine: Ledger) -> None:
        for key, order in mine.placed.items():
            self.ledger.place(key, order)
        for run, keys in mine.acked.items():
            self.ledger.acked[run].update(keys)
        self.ledger.orders |= mine.orders
        self.ledger.problems += mine.problems
        for figure in ("replayed", "unanswered", "refused", "limited"):
            setattr(self.ledger, figure, getattr(self.ledger, figure) + getattr(mine, figure))
