"""D9: a database that an earlier release left behind opens, is brought up to date, and its runs answer as they did.

`fixtures/NAME.sqlite.gz` was made by the last program with schema NAME, `NAME.json` holds what it answered
(fixtures/make.py). Newer answers may say more, never something else.
"""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
from pathlib import Path

import pytest
from bottrade_server import Binary
from deeds import Deed, everywhere, somewhere
from journal import Ledger, judge
from strace import Point
from victim import Victim
from world import nowhere

FIXTURES = Path(__file__).parent / "fixtures"
SCHEMAS = sorted(path.stem for path in FIXTURES.glob("*.json"))
SAMPLE_POINTS = 10


class Upgrade(Deed):
    """The first start on the database of an earlier release."""

    schema = SCHEMAS[-1]
    threads = ("",)

    def prepare(self) -> None:
        self.database = gzip.decompress((FIXTURES / f"{self.schema}.sqlite.gz").read_bytes())
        facts = json.loads((FIXTURES / f"{self.schema}.json").read_text())
        self.key, self.runs, self.answers = facts["key"], facts["runs"], facts["answers"]

    def victim(self, folder: Path) -> Victim:
        victim = super().victim(folder)
        victim.data_dir.mkdir()
        victim.database.write_bytes(self.database)
        return victim

    def act(self, victim: Victim) -> None:
        victim.client(self.key).done("GET", "runs")

    def problems(self, victim: Victim) -> list[str]:
        client, wrong = victim.client(self.key), []
        for path, (status, text) in self.answers.items():
            now = client.call("GET", path)
            said = json.loads(nowhere(now.body.decode(), client))
            if now.status != status or not within(as_now(path, json.loads(text)), said):
                wrong.append(f"{path}: {now.status} {now.body[:300]!r} instead of {status} {text[:300]!r}")
        active = self.runs["active"]
        if client.call("POST", f"runs/{active}/step", {"count": 1}).status != 200:
            wrong.append("the active run cannot be stepped")
        victim.stop()
        return [*wrong, *judge(victim.database, Ledger())]


WORDED = {"headline", "hint", "next_action", "allowed_actions"}
"""What tells a reader how to go on: it is there, but may be worded otherwise and name what has come since."""


def as_now(path: str, old: dict[str, object]) -> object:
    """What was said, where it is said now: the benchmark stands in the rows of the equity curve, and the next step of a
    public run names its page instead of its document."""
    if path.endswith("/results") and "next_step" in old:
        page = re.sub(r"/api/v1/runs/([^/]*)/public\.$", r"/run/\1.", old["next_step"])
        return old | {"next_step": page}
    if path.endswith("/equity") and "benchmark" in old:
        rows = zip(old["equity_curve"], old["benchmark"], strict=True)
        return {"equity_curve": [{**row, "benchmark": value} for row, value in rows]}
    return old


def within(old: object, new: object) -> bool:
    """Whether everything that was said is still said."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(name in new and (name in WORDED or within(value, new[name])) for name, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(within, old, new))
    return old == new


def of(schema: str) -> type[Upgrade]:
    return type(f"Upgrade{schema}", (Upgrade,), {"schema": schema})


@pytest.mark.parametrize("schema", SCHEMAS)
def test_the_runs_of_an_earlier_release_answer_as_they_did(binary: Binary, tmp_path: Path, schema: str) -> None:
    deed = of(schema)(binary, tmp_path)
    whole, problems = deed.attempt(Point("execve", 1_000))
    assert whole and problems == []


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_sample_of_the_calls_of_an_upgrade(binary: Binary, tmp_path: Path, schema: str, count: object) -> None:
    died, problems = somewhere(of(schema)(binary, tmp_path), SAMPLE_POINTS)
    count(points=SAMPLE_POINTS, died=died.total())
    assert problems == []


@pytest.mark.full
@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_call_of_an_upgrade(binary: Binary, tmp_path: Path, schema: str, count: object) -> None:
    died, problems = everywhere(of(schema)(binary, tmp_path))
    count(points=died.total(), **died)
    assert problems == []


def test_an_older_program_refuses_a_newer_database(binary: Binary, tmp_path: Path) -> None:
    """It says so and changes nothing."""
    deed = Upgrade(binary, tmp_path)
    victim = deed.victim(tmp_path / "newer")
    victim.start()
    assert victim.stop() == 0
    books = sqlite3.connect(victim.database)
    books.execute("INSERT INTO schema_version VALUES (9999, '9999_from_the_future')")
    books.commit()
    books.close()
    before = victim.database.read_bytes()
    assert not victim.comes_up()
    assert "9999_from_the_future" in victim.log and "newer bottrade" in victim.log
    assert victim.database.read_bytes() == before


def test_the_judge_catches_a_step_that_commits_in_pieces(faulty: Binary, tmp_path: Path) -> None:
    deed = Upgrade(faulty, tmp_path, BOTTRADE_BUG="migrate_in_pieces")
    with pytest.raises(AssertionError, match="at its start"):
        for number in range(1, 12):
            deed.attempt(Point("fdatasync", number))
