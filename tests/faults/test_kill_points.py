"""D2: the same as test_kill.py at every system call instead of at random moments (see deeds.py).

Tier 1 takes a seeded sample of the steps; a full run takes every call of every deed.
"""

from __future__ import annotations

import sqlite3
import subprocess
import tempfile
from pathlib import Path

import pytest
from bottrade_server import Binary, environment
from deeds import Deed, everywhere, somewhere
from journal import Ledger, copied, judge
from strace import WRITER, Count, Point
from victim import Victim
from world import LONG, SHORT, World
from writers import Call, settle

SAMPLE_POINTS = 30


class Steps(Deed):
    """A step, a turn and an order of a run, then an orderly end with its checkpoint."""

    def prepare(self) -> None:
        victim = Victim(self.binary, self.folder)
        victim.start()
        self.run_id = victim.client().start_run(LONG)
        assert victim.stop() == 0
        self.template = World(victim.data_dir, victim.key, {}, {})

    def victim(self, folder: Path) -> Victim:
        self.ledger = Ledger()
        self.template.copy(folder)
        return Victim(self.binary, folder)

    @property
    def todo(self) -> list[Call]:
        return [Call.of(self.run_id, f"call-{n}", n) for n in range(3)]

    def act(self, victim: Victim) -> None:
        client = victim.client()
        all(settle(client, call, self.ledger) for call in self.todo)

    def problems(self, victim: Victim) -> list[str]:
        client = victim.client()
        unanswered = [call.key for call in self.todo if not settle(client, call, self.ledger)]
        victim.stop()
        return [*unanswered, *judge(victim.database, self.ledger)]


class FirstStart(Deed):
    """The first start in an empty folder: the database, the account, its key."""

    def prepare(self) -> None:
        pass

    def act(self, victim: Victim) -> None:
        victim.client().done("GET", "auth/status")

    def problems(self, victim: Victim) -> list[str]:
        # Whoever lost the first key with the crash makes another.
        key = victim.key if victim.key_file.exists() else victim.command("key", "create").strip()
        answer = victim.client(key).call("GET", "runs")
        victim.stop()
        return [*([] if answer.acked else [f"{answer.status}"]), *judge(victim.database, Ledger())]


class StartRun(Steps):
    """A run starts."""

    def victim(self, folder: Path) -> Victim:
        self.started: list[str] = []
        return super().victim(folder)

    def act(self, victim: Victim) -> None:
        self.started.append(victim.client().start_run(SHORT))

    def problems(self, victim: Victim) -> list[str]:
        client = victim.client()
        page = client.done("GET", "runs?limit=100")["runs"]
        lost = [run for run in self.started if run not in {it["id"] for it in page}]
        broken = [it["id"] for it in page if not client.call("GET", f"runs/{it['id']}").acked]
        attempt = client.done("POST", "runs", {"scenario_slug": SHORT})["run"]["attempt"]
        more = [f"attempt {attempt} of {len(page)} runs"] if attempt != len(page) or len(page) > 2 else []
        victim.stop()
        return [*lost, *broken, *more, *judge(victim.database, Ledger())]


class Publish(Deed):
    """A finished run is published."""

    def prepare(self) -> None:
        self.template = World.make(self.binary, self.folder)
        self.run_id = self.template.runs["finished"]

    def victim(self, folder: Path) -> Victim:
        self.answered = False
        self.template.copy(folder)
        return Victim(self.binary, folder)

    def act(self, victim: Victim) -> None:
        victim.client().done("POST", f"runs/{self.run_id}/publish", {"confirm": True})
        self.answered = True

    def problems(self, victim: Victim) -> list[str]:
        client = victim.client()
        public = client.call("GET", f"runs/{self.run_id}/public").acked
        board = client.done("GET", f"leaderboard?scenario={SHORT}")["entries"]
        ranked = self.run_id in {it["run_id"] for it in board}
        lost = ["published and lost"] if self.answered and not public else []
        half = [f"public {public}, ranked {ranked}"] if public != ranked else []
        again = client.call("POST", f"runs/{self.run_id}/publish", {"confirm": True})
        victim.stop()
        return [*lost, *half, *([] if again.acked else [f"{again.status}"]), *judge(victim.database, Ledger())]


class CreateKey(Steps):
    """`bottrade key create` on a folder that has an account."""

    threads = ("",)

    def run(self, victim: Victim, fault: Point | Count) -> bool:
        command = [*fault.prefix, str(self.binary.path), "key", "create", "--data-dir", str(victim.data_dir)]
        done = subprocess.run(command, env=environment(**self.env), capture_output=True, text=True, check=False)
        self.shown = done.stdout.split()
        return done.returncode == 0

    def problems(self, victim: Victim) -> list[str]:
        shut = [key for key in self.shown if not victim.client(key).call("GET", "runs").acked]
        fresh = victim.command("key", "create").strip()
        shut += [] if victim.client(fresh).call("GET", "runs").acked else ["the key made afterwards"]
        victim.stop()
        with tempfile.TemporaryDirectory() as folder, sqlite3.connect(copied(victim.database, Path(folder))) as books:
            (keys,) = books.execute("SELECT COUNT(*) FROM api_keys").fetchone()
        books.close()
        # The first key, the one made afterwards, and the one that may have been made unseen.
        many = [f"{keys} keys"] if not 2 + len(self.shown) <= keys <= 3 else []
        return [*shut, *many, *judge(victim.database, Ledger())]


def test_a_sample_of_the_calls_of_steps(binary: Binary, tmp_path: Path, full: bool, count: object) -> None:
    died, problems = somewhere(Steps(binary, tmp_path), SAMPLE_POINTS)
    count(points=SAMPLE_POINTS, died=died.total(), kinds=len(died))
    assert problems == []
    assert died.total() >= SAMPLE_POINTS * 2 // 3


@pytest.mark.full
@pytest.mark.parametrize("deed", [Steps, FirstStart, StartRun, Publish, CreateKey])
def test_every_call(binary: Binary, tmp_path: Path, deed: type[Deed], count: object) -> None:
    died, problems = everywhere(deed(binary, tmp_path))
    count(points=died.total(), **died)
    assert problems == []
    assert died["fsync"] + died["fdatasync"] > 0 and died["pwrite64"] > 0


def test_the_judge_catches_an_answer_kept_in_a_transaction_of_its_own(faulty: Binary, tmp_path: Path) -> None:
    deed = Steps(faulty, tmp_path, BOTTRADE_BUG="split_idempotency")
    problems = [it for number in range(1, 9) for it in deed.attempt(Point("fdatasync", number, WRITER))[1]]
    assert any("commands for" in it for it in problems), problems
