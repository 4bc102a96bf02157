"""Clients that retry: each call keeps its idempotency key until it is answered."""

from __future__ import annotations

import itertools
import random
import threading
from dataclasses import dataclass

from journal import Ledger
from victim import CALL_SECONDS, Client, Silence, Victim
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

    @property
    def orders(self) -> bool:
        return self.verb != "step"


def settle(client: Client, call: Call, ledger: Ledger) -> bool:
    """Makes a call and notes how it went; whether it was answered."""
    try:
        answer = client.call("POST", f"runs/{call.run}/{call.verb}", call.body, key=call.key)
    except Silence:
        ledger.unanswered += 1
        return False
    if answer.acked:
        if call.orders:
            ledger.orders.add(call.key)
        ledger.ack(call.run, call.key, answer.body)
        return True
    if answer.status != 503:
        ledger.problems.append(f"{call.verb} {call.key}: {answer.status} {answer.body[:300]!r}")
        return True
    ledger.refused += 1
    return False


def runs(client: Client) -> list[str]:
    """A run for each writer; the last two have the same."""
    own = [client.start_run(LONG) for _ in range(WRITERS - 1)]
    return [*own, own[-1]]


class Crowd:
    """Writers in threads. They go on until they are told to stop, and leave no call unanswered."""

    def __init__(self, victim: Victim, own: list[str], seed: int) -> None:
        self.ledger = Ledger()
        self._victim, self._seed = victim, seed
        self._lock, self._stop, self._answered = threading.Lock(), threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n, run)) for n, run in enumerate(own)]

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

    def _write(self, number: int, run: str) -> None:
        client, dice, mine = self._victim.client(), random.Random(f"{self._seed} {number}"), Ledger()
        done: list[Call] = []
        for n in itertools.count():
            if self._stop.is_set():
                break
            # Now and then an old call is repeated, long after its answer.
            again = bool(done) and dice.random() < 0.05
            call = dice.choice(done) if again else Call.of(run, f"w{number}-{n}", dice.randrange(3))
            while not settle(client, call, mine):
                self._stop.wait(0.003)
            self._answered.set()
            mine.replayed += again
            done.append(call)
        client.close()
        with self._lock:
            self._merge(mine)

    def _merge(self, mine: Ledger) -> None:
        for run, keys in mine.acked.items():
            self.ledger.acked[run].update(keys)
        self.ledger.orders |= mine.orders
        self.ledger.problems += mine.problems
        for figure in ("replayed", "unanswered", "refused"):
            setattr(self.ledger, figure, getattr(self.ledger, figure) + getattr(mine, figure))
