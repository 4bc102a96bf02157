"""D6: a disk that is full, fails or is slow. The server refuses what it cannot keep (503 problem+json, Retry-After),
goes on answering reads, loses nothing it answered, and goes on by itself once there is space.

A failed sync is another matter: the kernel may have dropped the pages and would report the next sync as good, so the
process ends with a word about it, and what the disk holds is known after the restart.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from bottrade_server import Binary
from journal import Ledger, judge
from strace import inject
from victim import Answer, Client, Silence, Victim
from world import LONG
from writers import Call, Maker, Placing, settle, traders

CALLS = 120
FIRST_WRITE, HEALED_WRITE = 400, 600
"""Writes of the thread that commits; a call makes about fifteen, and one where it is refused."""
REFUSALS = 20
TMPFS_BYTES, BALLAST_BYTES = 24 << 20, 22 << 20
FILE_BYTES_MORE = 100 << 10
"""What a file may grow by, past the largest there is."""


KINDS = ["run", "orders"]
"""What calls are about: names of :class:`Task`."""


@pytest.fixture(params=KINDS)
def task(victim: Victim, request: pytest.FixtureRequest) -> Task:
    """Something to do at a server that was stopped in order."""
    victim.start()
    task = getattr(Task, request.param)(victim)
    assert victim.stop() == 0
    return task


@dataclass(frozen=True)
class Task:
    """What calls are about."""

    make: Maker
    paths: tuple[str, ...] = ()
    """What can be read of it without a write. Calls of paper trading are counted, so none of them is."""

    @classmethod
    def run(cls, victim: Victim) -> Task:
        """A run that is traded."""
        run = victim.client().start_run(LONG)
        return cls(partial(Call.of, run), (f"runs/{run}", f"runs/{run}/trades"))

    @classmethod
    def orders(cls, victim: Victim) -> Task:
        """Paper accounts that trade."""
        return cls(partial(Placing.of, traders(victim)))

    def reads(self, client: Client) -> None:
        for path in (*self.paths, "runs", "scenarios", "leaderboard/scenarios"):
            assert client.call("GET", path).acked, path


class Work:
    """Calls to a server in trouble, each made once; what was refused is repeated in the end."""

    def __init__(self, victim: Victim, task: Task, *, lives: bool = True) -> None:
        self.victim, self.task, self.ledger = victim, task, Ledger()
        self.lives = lives
        """Whether the server is expected to go on: its refusals are then looked at, and reads must go on too."""
        self.open: list[Call | Placing] = []
        self.pattern = ""
        """A letter for each call: `a`cknowledged, `r`efused, `s`ilence."""

    def calls(self, number: int, *, healed: object = None) -> None:
        """Makes calls until as many were made, or the server is gone; `healed` is called after enough refusals."""
        client, made = self.victim.client(), len(self.pattern)
        for n in range(made, made + number):
            call = self.task.make(f"call-{n}", n)
            try:
                answer = call.make(client)
            except Silence:
                self.pattern += "s"
                self.open.append(call)
                return
            if answer.acked:
                self.pattern += "a"
                call.note(answer, self.ledger)
                continue
            if answer.status == 429:
                # The minute's orders are used up, refused ones included.
                self.ledger.limited += 1
                continue
            self.pattern += "r"
            self.open.append(call)
            if self.lives:
                refused_well(answer)
            if self.lives and self.pattern.count("r") == 1:
                self.task.reads(client)
            if healed is not None and self.pattern.count("r") == REFUSALS:
                healed()

    def repeated(self) -> list[str]:
        """Repeats what was refused, stops the server and judges it."""
        client = self.victim.client()
        still = [call.key for call in self.open if not settle(client, call, self.ledger)]
        self.task.reads(client)
        assert self.victim.stop() == 0, self.victim.log
        return [*still, *judge(self.victim.database, self.ledger)]


def refused_well(answer: Answer) -> None:
    """A refusal says that it is one, and when to come again."""
    assert answer.status == 503, (answer.status, answer.body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json["code"] == "unavailable"


def files(victim: Victim) -> list[Path]:
    return [victim.database, victim.database.with_name("bottrade.sqlite-wal")]


def test_no_space_left(victim: Victim, task: Task, count: object) -> None:
    victim.wrap(inject("pwrite64", "error=ENOSPC", f"{FIRST_WRITE}+", *files(victim)))
    victim.start()
    work = Work(victim, task)
    work.calls(CALLS)
    assert victim.alive, victim.log
    victim.kill()
    victim.wrap(())
    victim.start()
    count(acked=work.pattern.count("a"), refused=work.pattern.count("r"))
    assert work.pattern.strip("a").strip("r") == "" and "ar" in work.pattern
    assert work.repeated() == []


def test_no_space_left_for_a_while(victim: Victim, task: Task, count: object) -> None:
    victim.wrap(inject("pwrite64", "error=ENOSPC", f"{FIRST_WRITE}..{HEALED_WRITE}", *files(victim)))
    victim.start()
    work = Work(victim, task)
    work.calls(1_000)
    count(acked=work.pattern.count("a"), refused=work.pattern.count("r"))
    assert "ar" in work.pattern and "ra" in work.pattern, "it did not go on by itself"
    assert work.repeated() == []


@pytest.mark.parametrize("call", ["fsync,fdatasync", "pwrite64"])
def test_input_output_error(victim: Victim, task: Task, call: str, count: object) -> None:
    """After a failed sync nothing that the process believes is certain: it ends, and recovers at its restart."""
    window = "20..22" if call != "pwrite64" else f"{FIRST_WRITE}..{FIRST_WRITE + 40}"
    victim.wrap(inject(call, "error=EIO", window, *files(victim)))
    victim.start()
    work = Work(victim, task, lives=call == "pwrite64")
    work.calls(CALLS)
    if work.lives:
        assert victim.alive and "ra" in work.pattern, victim.log
    else:
        assert victim.ended() not in (0, -signal.SIGKILL), "it went on after a failed sync"
        assert "the store stopped" in victim.log and "sync" in victim.log, victim.log
        victim.wrap(())
        victim.start()
    count(acked=work.pattern.count("a"), refused=work.pattern.count("r"), silent=work.pattern.count("s"))
    assert "a" in work.pattern
    assert work.repeated() == []


def test_slow_syncs(victim: Victim, task: Task, count: object) -> None:
    victim.wrap(inject("fsync,fdatasync", "delay_exit=300000", "3+", *files(victim)))
    victim.start()
    work = Work(victim, task)
    work.calls(12)
    count(acked=work.pattern.count("a"))
    assert work.pattern == "a" * 12
    assert work.repeated() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"a full disk needs the right to mount a tmpfs (root): {done.stderr}"
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_is_really_full(
    binary: Binary, tmp_path: Path, small_disk: Path, kind: str, count: object
) -> None:
    victim, ballast = Victim(binary, tmp_path, data_dir=small_disk / "data"), small_disk / "ballast"
    try:
        victim.start()
        work = Work(victim, getattr(Task, kind)(victim))
        ballast.write_bytes(bytes(BALLAST_BYTES))
        work.calls(CALLS, healed=ballast.unlink)
        count(acked=work.pattern.count("a"), refused=work.pattern.count("r"))
        assert work.pattern.count("r") >= REFUSALS and "ra" in work.pattern, victim.log
        assert work.repeated() == []
    finally:
        victim.close()


def test_a_limit_on_the_size_of_a_file(binary: Binary, tmp_path: Path, count: object) -> None:
    """The kernel sends SIGXFSZ, which ends a process that does not expect it, without a word."""
    victim = Victim(binary, tmp_path)
    victim.start()
    task = Task.run(victim)
    most = max(file.stat().st_size for file in victim.data_dir.iterdir()) + FILE_BYTES_MORE
    resource.prlimit(victim.pid, resource.RLIMIT_FSIZE, (most, most))
    try:
        work = Work(victim, task)
        work.calls(CALLS)
        assert victim.alive, f"it ended with {victim.ended()}: {victim.log}"
        assert "ar" in work.pattern
        victim.kill()
        victim.start()
        count(acked=work.pattern.count("a"), refused=work.pattern.count("r"))
        assert work.repeated() == []
    finally:
        victim.close()


@pytest.mark.parametrize("kind", KINDS)
def test_the_judge_catches_a_failed_commit_that_is_answered_as_done(
    faulty: Binary, tmp_path: Path, small_disk: Path, kind: str
) -> None:
    victim = Victim(faulty, tmp_path, data_dir=small_disk / "data")
    try:
        victim.start(BOTTRADE_BUG="ignore_failed_commit")
        work = Work(victim, getattr(Task, kind)(victim), lives=False)
        (small_disk / "ballast").write_bytes(bytes(BALLAST_BYTES))
        work.calls(CALLS)
        victim.kill()
        os.unlink(small_disk / "ballast")
        assert any("lost" in problem for problem in judge(victim.database, work.ledger)), work.pattern
    finally:
        victim.close()


def test_the_judge_catches_a_server_that_goes_on_after_a_failed_sync(faulty: Binary, tmp_path: Path) -> None:
    victim = Victim(faulty, tmp_path)
    victim.wrap(inject("fsync,fdatasync", "error=EIO", "20..22", *files(victim)))
    try:
        victim.start(BOTTRADE_BUG="go_on_after_failed_sync")
        work = Work(victim, Task.run(victim), lives=False)
        work.calls(CALLS)
        assert "r" in work.pattern
        with pytest.raises(subprocess.TimeoutExpired):
            victim.ended(2)
    finally:
        victim.close()
