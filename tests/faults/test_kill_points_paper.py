"""D2 for paper trading: a server is killed at every system call of placing orders, withdrawing one, opening an account.

Tier 1 takes a seeded sample of each; a full run takes every call.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from bottrade_server import Binary
from deeds import Deed, everywhere, somewhere
from journal import Ledger, copied, judge
from victim import Answer, Victim
from world import World
from writers import Placing, settle

SAMPLE_POINTS = 10


class Paper(Deed):
    """What one bot does. Its calls are counted before they are answered, whatever happens."""

    def prepare(self) -> None:
        victim = Victim(self.binary, self.folder)
        victim.start()
        self.bot_key = victim.command("key", "create", "--bot", "--account", "trader").strip()
        self.answered = 0
        self.begin(victim)
        self.before = self.answered
        assert victim.stop() == 0
        self.template = World(victim.data_dir, victim.key, {}, {})

    def begin(self, victim: Victim) -> None:
        """What it has done before."""

    def victim(self, folder: Path) -> Victim:
        self.ledger, self.answered = Ledger(), self.before
        self.template.copy(folder)
        return Victim(self.binary, folder)

    def call(self, victim: Victim, method: str, path: str) -> Answer:
        answer = victim.client().call(method, f"bot/{path}", credential=self.bot_key)
        self.answered += 1
        return answer

    def place(self, victim: Victim, placing: Placing) -> bool:
        done = settle(victim.client(), placing, self.ledger)
        self.answered += done
        return done

    def judged(self, victim: Victim) -> list[str]:
        """What is wrong on the disk; it stops the server."""
        victim.stop()
        (calls,) = one(victim.database, "SELECT SUM(month_calls) FROM bot_usage")
        uncounted = [f"{self.answered} answers, {calls} calls counted"] if (calls or 0) < self.answered else []
        return [*uncounted, *judge(victim.database, self.ledger)]


def one(database: Path, sql: str) -> tuple[object, ...]:
    """The only row of a query, of a database that nobody has open."""
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(copied(database, Path(folder)))) as books:
        (row,) = books.execute(sql).fetchall()
    return row


class PlaceOrders(Paper):
    """An order that fills, one that waits and one that is refused."""

    def begin(self, victim: Victim) -> None:
        assert self.call(victim, "GET", "portfolio").acked

    @property
    def todo(self) -> list[Placing]:
        return [Placing.of([self.bot_key], f"order-{n}", n) for n in range(3)]

    def act(self, victim: Victim) -> None:
        all(self.place(victim, placing) for placing in self.todo)

    def problems(self, victim: Victim) -> list[str]:
        unanswered = [placing.key for placing in self.todo if not self.place(victim, placing)]
        listed = {order["client_order_id"]: order["id"] for order in self.call(victim, "GET", "orders").json}
        other = [f"{listed} instead of {self.ledger.placed}"] if listed != self.ledger.placed else []
        return [*unanswered, *other, *self.judged(victim)]


class CancelOrder(Paper):
    """An order that waits is withdrawn."""

    def begin(self, victim: Victim) -> None:
        self.ledger = Ledger()
        assert self.place(victim, Placing.of([self.bot_key], "waits", 1))
        self.order = self.ledger.placed["waits"]

    def victim(self, folder: Path) -> Victim:
        self.withdrawn = False
        return super().victim(folder)

    def act(self, victim: Victim) -> None:
        assert self.call(victim, "DELETE", f"orders/{self.order}").status == 204
        self.withdrawn = True

    def problems(self, victim: Victim) -> list[str]:
        status = self.call(victim, "GET", f"orders/{self.order}").json["status"]
        lost = [f"withdrawn and {status}"] if status not in ("CANCELLED", "OPEN")[: 2 - self.withdrawn] else []
        # Who has no answer asks again; who is too late is told so.
        again = self.call(victim, "DELETE", f"orders/{self.order}").status
        lost += [] if again == (204 if status == "OPEN" else 422) else [f"{status}, and asked again {again}"]
        after = self.call(victim, "GET", f"orders/{self.order}").json["status"]
        lost += [] if after == "CANCELLED" else [f"{after} in the end"]
        lost += self.judged(victim)
        (times,) = one(victim.database, """SELECT COUNT(*) FROM paper_journal WHERE command LIKE '%"cancel":%'""")
        return [*lost, *([f"withdrawn {times} times"] if times != 1 else [])]


class OpenAccount(Paper):
    """The first look at a paper account opens it."""

    def victim(self, folder: Path) -> Victim:
        self.seen_at: float | None = None
        return super().victim(folder)

    def act(self, victim: Victim) -> None:
        assert self.call(victim, "GET", "portfolio").acked
        self.seen_at = time.time()

    def problems(self, victim: Victim) -> list[str]:
        balance = self.call(victim, "GET", "portfolio").json["balance"]
        wrong = [] if balance == "100000.00" else [f"it begins with {balance}"]
        wrong += self.judged(victim)
        accounts, opened_at = one(victim.database, "SELECT COUNT(*), MIN(created_at) FROM paper_accounts")
        many = [f"{accounts} accounts"] if accounts != 1 else []
        # One that was seen and lost is opened again, later.
        lost = self.seen_at is not None and opened_at / 1e6 > self.seen_at
        return [*wrong, *many, *(["it was seen and opened again"] if lost else [])]


DEEDS = [PlaceOrders, CancelOrder, OpenAccount]


@pytest.mark.parametrize("deed", DEEDS)
def test_a_sample_of_the_calls_of_a_bot(binary: Binary, tmp_path: Path, deed: type[Deed], count: object) -> None:
    died, problems = somewhere(deed(binary, tmp_path), SAMPLE_POINTS)
    count(points=SAMPLE_POINTS, died=died.total(), kinds=len(died))
    assert problems == []
    assert died.total() >= SAMPLE_POINTS // 2


@pytest.mark.full
@pytest.mark.parametrize("deed", DEEDS)
def test_every_call_of_a_bot(binary: Binary, tmp_path: Path, deed: type[Deed], count: object) -> None:
    died, problems = everywhere(deed(binary, tmp_path))
    count(points=died.total(), **died)
    assert problems == []
    assert died["fsync"] + died["fdatasync"] > 0 and died["pwrite64"] > 0
