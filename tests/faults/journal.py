"""Judges a database file against what its clients know. It reads a copy: the Python here may have an SQLite whose WAL
loses pages (fixed in 3.51.3), and a live file is nobody's but the server's."""

from __future__ import annotations

import hashlib
import re
import shutil
import sqlite3
import struct
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Ledger:
    """What clients know: each call that was answered, under its key. The markets are the judge's affair."""

    acked: dict[str, dict[str, bytes]] = field(default_factory=lambda: defaultdict(dict))
    """By run and key, the answer."""
    orders: set[str] = field(default_factory=set)
    """The keys of calls that brought an order; its reasoning is the key."""
    placed: dict[str, str] = field(default_factory=dict)
    """Orders of paper accounts: by `client_order_id`, the id."""
    replayed: int = 0
    unanswered: int = 0
    refused: int = 0
    limited: int = 0
    problems: list[str] = field(default_factory=list)

    def ack(self, run: str, key: str, answer: bytes) -> None:
        """Notes an answer; a second one to the same key must be the first one."""
        known = self.acked[run].setdefault(key, answer)
        if known != answer:
            self.problems.append(f"run {run}: the answer to {key} changed from {known!r} to {answer!r}")

    def place(self, key: str, order: str) -> None:
        """Notes an order; a second answer to the same key must name the same one."""
        known = self.placed.setdefault(key, order)
        if known != order:
            self.problems.append(f"the order {key} was {known} and is {order}")

    @property
    def total(self) -> int:
        return sum(map(len, self.acked.values())) + len(self.placed)


def copied(database: Path, folder: Path) -> Path:
    """A copy of a database that nobody has open, with its log."""
    copy = folder / "copy.sqlite"
    shutil.copyfile(database, copy)
    log = database.with_name(f"{database.name}-wal")
    if log.exists():
        shutil.copyfile(log, f"{copy}-wal")
    return copy


class Books:
    """What a database file says."""

    def __init__(self, database: Path) -> None:
        self.heads: dict[str, tuple[str, bytes, int, bytes]] = {}
        self.journal: dict[str, list[tuple[int, int, str, bytes, bytes]]] = defaultdict(list)
        self.answers: dict[tuple[str, str], int] = {}
        self._orders: Counter[str] | None = None
        with tempfile.TemporaryDirectory() as folder:
            books = sqlite3.connect(copied(database, Path(folder)))
            try:
                self._read(books)
            except sqlite3.DatabaseError as error:
                self.integrity = f"cannot be read: {error}"
            finally:
                books.close()

    def _read(self, books: sqlite3.Connection) -> None:
        books.execute("PRAGMA synchronous = OFF")
        (self.integrity,) = books.execute("PRAGMA integrity_check(1)").fetchone()
        for table, journal, of in (("runs", "journal", "run_id"), ("paper_accounts", "paper_journal", "paper_id")):
            for name, *head in books.execute(f"SELECT id, header, genesis, head_seq, head_hash FROM {table}"):
                self.heads[name] = tuple(head)
            rows = books.execute(f"SELECT {of}, seq, at, command, prev, hash FROM {journal} ORDER BY {of}, seq")
            for name, *entry in rows:
                self.journal[name].append(tuple(entry))
        for run, key, seq in books.execute("SELECT run_id, key, seq FROM idempotency"):
            self.answers[run, key] = seq

    def broken(self) -> list[str]:
        """Runs and paper accounts whose chain does not hold."""
        problems = [] if self.integrity == "ok" else [f"integrity_check: {self.integrity}"]
        for name, (header, genesis, head_seq, head) in self.heads.items():
            at, last = hashlib.sha256(header.encode()).digest(), 0
            if at != genesis:
                problems.append(f"{name}: genesis")
            for seq, time, command, prev, link in self.journal[name]:
                expected = hashlib.sha256(at + struct.pack(">qq", seq, time) + command.encode()).digest()
                if seq != last + 1 or prev != at or link != expected:
                    problems.append(f"{name}: command {seq}")
                    break
                at, last = link, seq
            if (last, at) != (head_seq, head):
                problems.append(f"{name}: head {head_seq}, journal {last}")
        return problems

    def lost(self, ledger: Ledger) -> list[str]:
        """Calls that were answered and are not there."""
        return [
            f"run {run}: {key} was answered and is lost"
            for run, keys in ledger.acked.items()
            for key in keys
            if self._entry(run, key) is None
        ] + [f"the order {key} was answered and is lost" for key in ledger.placed if not self.times(key)]

    def doubled(self, ledger: Ledger) -> list[str]:
        """Calls that were done more than once, or that nobody made."""
        problems = []
        for run, keys in ledger.acked.items():
            done = self.journal.get(run, [])
            if len(done) > len(keys):
                problems.append(f"run {run}: {len(done)} commands for {len(keys)} calls")
            numbers = Counter(self.answers.get((run, key)) for key in keys)
            problems += [f"run {run}: command {seq} answers {n} calls" for seq, n in numbers.items() if seq and n > 1]
            text = "\n".join(entry[2] for entry in done)
            for key in ledger.orders.intersection(keys):
                if (times := text.count(f'"{key}"')) != 1:
                    problems.append(f"run {run}: the order {key} is there {times} times")
        times = {key: self.times(key) for key in ledger.placed}
        return problems + [f"the order {key} is there {n} times" for key, n in times.items() if n > 1]

    def times(self, key: str) -> int:
        """How often an order stands in the journals."""
        if self._orders is None:
            commands = (entry[2] for entries in self.journal.values() for entry in entries)
            self._orders = Counter(re.findall(r'"client_order_id":"([^"]*)"', "\n".join(commands)))
        return self._orders[key]

    def _entry(self, run: str, key: str) -> int | None:
        seq = self.answers.get((run, key))
        done = self.journal.get(run, [])
        return seq if seq is not None and 1 <= seq <= len(done) else None


def judge(database: Path, ledger: Ledger) -> list[str]:
    """Everything that is wrong; an empty list is the promise kept."""
    books = Books(database)
    return [*ledger.problems, *books.broken(), *books.lost(ledger), *books.doubled(ledger)]
