"""Deeds that a crash may interrupt anywhere, and the loops that interrupt them at every call or at some.

A deed is done once under `strace` to count its calls, then once for each of them with SIGKILL delivered at its entry.
After each the server starts without `strace`, the deed is done again as a client would, and everything is judged.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
from abc import ABC, abstractmethod
from collections import Counter
from pathlib import Path

from bottrade_server import Binary
from strace import WRITER, Count, Point, gone
from victim import Silence, Victim

BEYOND = 5
"""Calls past the number counted; one run may make a few more than another."""
SEED = 20261121


class Deed(ABC):
    """Something that a crash may interrupt anywhere."""

    def __init__(self, binary: Binary, folder: Path, **env: str) -> None:
        self.binary, self.folder, self.env = binary, folder, env
        self.prepare()

    @abstractmethod
    def prepare(self) -> None:
        """Makes the data folder that every attempt begins with."""

    @abstractmethod
    def act(self, victim: Victim) -> None:
        """Does it, and remembers what was answered. The server may die meanwhile."""

    @abstractmethod
    def problems(self, victim: Victim) -> list[str]:
        """What is wrong after a restart. The server runs; it may be stopped."""

    threads = ("", WRITER)
    """Where it may be killed: anywhere from the start, and in the thread that commits."""

    def attempt(self, fault: Point | Count) -> tuple[bool, list[str]]:
        """Does it once; whether the server came to its end untouched, and what is wrong afterwards."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            victim = self.victim(Path(folder))
            try:
                victim.wrap(fault.prefix)
                whole = self.run(victim, fault)
                gone()
                victim.wrap(())
                victim.start(**self.env)
                return whole, self.problems(victim)
            finally:
                victim.close()

    def run(self, victim: Victim, fault: Point | Count) -> bool:
        if not victim.comes_up(**self.env):
            return False
        fault.attach(victim.pid)
        with contextlib.suppress(Silence):
            self.act(victim)
        return victim.stop() == 0

    def victim(self, folder: Path) -> Victim:
        folder.mkdir(exist_ok=True)
        return Victim(self.binary, folder)

    def calls(self) -> dict[tuple[str, str], int]:
        """How many calls an attempt without a fault makes, by thread and call."""
        calls = {}
        for thread in self.threads:
            log = Count(self.folder / "calls", thread)
            whole, problems = self.attempt(log)
            assert whole and problems == [], problems
            calls |= {(thread, name): number for name, number in log.calls().items()}
        return calls


def everywhere(deed: Deed) -> tuple[Counter[str], list[str]]:
    """Kills a deed at every call, of each kind until it comes through untouched."""
    points, problems = Counter(), []
    for (thread, call), calls in deed.calls().items():
        for number in range(1, calls + BEYOND + 1):
            whole, found = deed.attempt(Point(call, number, thread))
            points[call] += not whole
            problems += [f"{thread} {call} {number}: {it}" for it in found]
            if whole and number > calls:
                break
    return points, problems


def somewhere(deed: Deed, points: int) -> tuple[Counter[str], list[str]]:
    """Kills a deed at a seeded sample of its calls."""
    dice, died, problems = random.Random(SEED), Counter(), []
    calls = deed.calls()
    for _ in range(points):
        # Each kind of call is as likely as any other, however rare it is.
        thread, call = dice.choice(sorted(calls))
        number = dice.randint(1, calls[thread, call])
        whole, found = deed.attempt(Point(call, number, thread))
        died[call] += not whole
        problems += [f"{thread} {call} {number}: {it}" for it in found]
    return died, problems
