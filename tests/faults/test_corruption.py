"""D7: what a disk or an editor changed in the file is noticed and never served.

Covered is what belongs to a run: its origin and state, its journal, the answers kept for retries, its score, and the
lists made of them. Each answer is the one from before the change or a refusal that says what is damaged; a file that
cannot be trusted to say which rows there are keeps the server from starting, by name.

Not covered: names of accounts and keys, counts of runs per scenario, somebody who computes chains and seals anew, and
a file that was put back whole to what it was some time ago, which no check of the file alone can tell from that day. A
bit that flips in the log before it is in the database ends the log there: SQLite takes what follows for never written.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bottrade_server import Binary
from journal import Books
from victim import Silence, Victim
from world import SHORT, World, asked, turn

SEED = 20261121
FLIPS = 300
SAMPLE_FLIPS = 60
NAMED = ("cannot be served", "corrupt")
"""What a refusal says."""
OF_THE_SERVICE = ("auth/status", "leaderboard/scenarios")
"""Answers that are not about runs."""


@dataclass
class Verdict:
    """What a server made of a damaged file."""

    kind: str
    """`same`, `refused` (one answer at least), `stopped` (it did not start)."""
    problems: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)


def replays(world: World) -> dict[tuple[str, str], tuple[str, dict[str, object]]]:
    """Calls whose answers are kept: by run and key, verb and body."""
    calls = {}
    for kind, run in world.runs.items():
        for number in range(4 if kind != "fresh" else 0):
            body = turn("NVDA", "buy", 10 + number, f"{kind} {number}")
            calls[run, f"{kind}-turn-{number}"] = ("turn", body)
    return calls


def served(binary: Binary, world: World, folder: Path, **env: str) -> Verdict:
    """Starts a server on a damaged copy and asks for everything."""
    victim = Victim(binary, folder)
    try:
        if not victim.comes_up(**env):
            named = str(victim.database) in victim.log and any(word in victim.log for word in ("corrupt", "schema"))
            return Verdict("stopped", [] if named else [f"it ended without naming the file: {victim.log}"])
        client = victim.client(world.key)
        answers = asked(client, world.runs)
        for (run, key), (verb, body) in replays(world).items():
            answer = client.call("POST", f"runs/{run}/{verb}", body, key=key)
            answers[f"{run} {key}"] = (answer.status, answer.body.decode())
    except Silence as silence:
        return Verdict("stopped", [f"it went silent: {silence} {victim.log}"])
    finally:
        victim.close()
    if all(status == 401 for path, (status, _) in answers.items() if path == "runs"):
        # The key itself was hit: nobody gets in, and nothing is said.
        return Verdict("refused")
    return compared(world, answers)


def compared(world: World, answers: dict[str, tuple[int, str]]) -> Verdict:
    verdict = Verdict("same", answers=answers)
    for path, was in world.answers.items():
        status, text = answers[path]
        if (status, text) == was or path in OF_THE_SERVICE:
            continue
        verdict.kind = "refused"
        verdict.refused.append(path)
        if status != 500 or not any(word in text for word in NAMED):
            verdict.problems.append(f"{path}: {status} {text[:300]} instead of {was[0]} {was[1][:300]}")
    return verdict


def flip(path: Path, dice: random.Random) -> tuple[int, int]:
    """Turns one bit of a byte that says something: most of a page of a small table is empty."""
    content = bytearray(path.read_bytes())
    at, bit = dice.choice([n for n, byte in enumerate(content) if byte]), dice.randrange(8)
    content[at] ^= 1 << bit
    path.write_bytes(content)
    return at, bit


def flipped(binary: Binary, world: World, folder: Path, flips: int, **env: str) -> tuple[Counter[str], list[str]]:
    """Damages that many copies, each in one bit."""
    dice, kinds, problems = random.Random(SEED), Counter(), []
    for number in range(flips):
        place = folder / str(number)
        world.copy(place)
        at, bit = flip(place / "data/bottrade.sqlite", dice)
        verdict = served(binary, world, place, **env)
        kinds[verdict.kind] += 1
        problems += [f"flip {number} (byte {at}, bit {bit}): {it}" for it in verdict.problems]
        shutil.rmtree(place)
    return kinds, problems


@pytest.fixture(scope="session")
def kept(binary: Binary, world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world with the answers to its repeated calls, as they are on an undamaged copy."""
    place = tmp_path_factory.mktemp("kept")
    world.copy(place)
    verdict = served(binary, world, place)
    assert verdict.kind == "same", verdict.problems
    return World(world.data_dir, world.key, world.runs, verdict.answers)


def test_no_flipped_bit_is_served(binary: Binary, kept: World, tmp_path: Path, full: bool, count: object) -> None:
    flips = FLIPS if full else SAMPLE_FLIPS
    kinds, problems = flipped(binary, kept, tmp_path, flips)
    count(flips=flips, **kinds)
    assert problems == []
    assert kinds["refused"] + kinds["stopped"] > flips // 10


def statement(sql: str) -> Callable[[sqlite3.Connection, World], None]:
    return lambda books, world: books.execute(sql, {name.replace("-", "_"): run for name, run in world.runs.items()})


def swapped(books: sqlite3.Connection, world: World) -> None:
    """Two commands change places, numbers and all but their hashes."""
    run = world.runs["active"]
    two = books.execute("SELECT command FROM journal WHERE run_id = ? AND seq IN (2, 3) ORDER BY seq", [run]).fetchall()
    for seq, (command,) in zip((3, 2), two, strict=True):
        books.execute("UPDATE journal SET command = ? WHERE run_id = ? AND seq = ?", [command, run, seq])


EDITS: dict[str, tuple[str, Callable[[sqlite3.Connection, World], None]]] = {
    "a command": (
        "active",
        statement("UPDATE journal SET command = replace(command, '\"10\"', '\"90\"') WHERE run_id = :active"),
    ),
    "a reasoning": (
        "active",
        statement("UPDATE journal SET command = replace(command, 'active 1', 'active 9') WHERE run_id = :active"),
    ),
    "a time": ("active", statement("UPDATE journal SET at = at + 1 WHERE run_id = :active AND seq = 2")),
    "a prev": ("active", statement("UPDATE journal SET prev = zeroblob(32) WHERE run_id = :active AND seq = 2")),
    "a hash": ("active", statement("UPDATE journal SET hash = zeroblob(32) WHERE run_id = :active AND seq = 2")),
    "a row of another run": (
        "active",
        statement("UPDATE journal SET run_id = :fresh WHERE run_id = :active AND seq = 5"),
    ),
    "the last command gone": ("active", statement("DELETE FROM journal WHERE run_id = :active AND seq = 5")),
    "a command gone": ("active", statement("DELETE FROM journal WHERE run_id = :active AND seq = 3")),
    "all commands gone": ("active", statement("DELETE FROM journal WHERE run_id = :active")),
    "a command more": (
        "active",
        statement(
            "INSERT INTO journal SELECT run_id, 6, at, command, prev, hash FROM journal"
            " WHERE run_id = :active AND seq = 5"
        ),
    ),
    "commands swapped": ("active", swapped),
    "the head": ("active", statement("UPDATE runs SET head_seq = 4 WHERE id = :active")),
    "the header": ("active", statement("UPDATE runs SET header = header || ' ' WHERE id = :active")),
    "the attempt": ("active", statement("UPDATE runs SET attempt = 77 WHERE id = :active")),
    "the name": ("active", statement("UPDATE runs SET bot_name = 'another' WHERE id = :active")),
    "the agent": ("active", statement("UPDATE runs SET agent_info = '{}' WHERE id = :active")),
    "the owner": ("active", statement("UPDATE runs SET account_id = 'nobody' WHERE id = :active")),
    "the day it began": (
        "active",
        statement("UPDATE runs SET created_at = created_at - 86400000000 WHERE id = :active"),
    ),
    "the cash": ("active", statement("UPDATE runs SET cash = cash + 1 WHERE id = :active")),
    "the equity": ("published", statement("UPDATE runs SET equity = equity * 2 WHERE id = :published")),
    "the status": ("finished", statement("UPDATE runs SET status = 'active' WHERE id = :finished")),
    "the publication": ("finished", statement("UPDATE runs SET published_at = 1 WHERE id = :finished")),
    "no publication": ("published", statement("UPDATE runs SET published_at = NULL WHERE id = :published")),
    "a score": ("board", statement("UPDATE scores SET return_pct = return_pct + 1 WHERE run_id = :published")),
    "a figure undefined": ("board", statement("UPDATE scores SET sharpe = NULL WHERE run_id = :published")),
    "a name on the board": ("board", statement("UPDATE scores SET display_name = 'another' WHERE run_id = :published")),
    "the results": ("board", statement("UPDATE scores SET results = '{}' WHERE run_id = :published")),
    "a kept answer": (
        "active active-turn-1",
        statement(
            "UPDATE idempotency SET body = replace(body, '1', '2') WHERE run_id = :active AND key = 'active-turn-1'"
        ),
    ),
    "the fingerprint of an answer": (
        "active active-turn-1",
        statement("UPDATE idempotency SET fingerprint = zeroblob(32) WHERE run_id = :active AND key = 'active-turn-1'"),
    ),
}
"""What somebody with the file and SQL could do; which run, board or repeated call must be refused."""
GONE_FROM_THE_LIST = "the owner"
"""The run is refused; a list of its true owner's runs cannot know of it."""


def edited(binary: Binary, world: World, folder: Path, edit: str, **env: str) -> Verdict:
    """Edits a copy as somebody would who drops the triggers first."""
    world.copy(folder)
    _, change = EDITS[edit]
    books = sqlite3.connect(folder / "data/bottrade.sqlite")
    for (name,) in books.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        books.execute(f"DROP TRIGGER {name}")
    before = books.total_changes
    change(books, world)
    assert books.total_changes > before, edit
    books.commit()
    books.close()
    return served(binary, world, folder, **env)


@pytest.mark.parametrize("edit", EDITS)
def test_no_edited_row_is_served(binary: Binary, kept: World, tmp_path: Path, edit: str) -> None:
    verdict = edited(binary, kept, tmp_path, edit)
    assert [it for it in verdict.problems if edit != GONE_FROM_THE_LIST or not it.startswith("runs: 200")] == []
    assert verdict.kind == "refused"
    hit = EDITS[edit][0]
    if hit == "board":
        assert f"leaderboard?scenario={SHORT}" in verdict.refused
    else:
        kind, _, key = hit.partition(" ")
        run = kept.runs[kind]
        assert (f"{run} {key}" if key else f"runs/{run}") in verdict.refused
    whole = {kept.runs[kind] for kind in kept.runs if kind != hit.split()[0]}
    if edit != "a row of another run":
        assert not {f"runs/{run}" for run in whole} & set(verdict.refused), "another run was taken along"


def test_a_damaged_index_is_made_anew(binary: Binary, kept: World, tmp_path: Path) -> None:
    """An index says nothing of its own: where all rows are whole it is rebuilt, and every answer is as it was."""
    world, whole = kept, Books(kept.database)
    assert whole.integrity == "ok"
    world.copy(tmp_path)
    path = tmp_path / "data/bottrade.sqlite"
    run = world.runs["active"].encode()
    content = path.read_bytes()
    places = [n for n in range(len(content)) if content.startswith(run, n)]
    rebuilt = 0
    for number, at in enumerate(places):
        place = tmp_path / str(number)
        world.copy(place)
        damaged = bytearray(content)
        damaged[at + 30] ^= 1
        (place / "data/bottrade.sqlite").write_bytes(damaged)
        verdict = served(binary, world, place)
        assert verdict.problems == [], f"the id at byte {at}"
        rebuilt += verdict.kind == "same"
    assert rebuilt > 0


@pytest.mark.parametrize(
    ("bug", "edit"),
    [
        ("no_chain_check", "a reasoning"),
        ("no_chain_check,no_books_check", "a command"),
        ("no_chain_check,no_books_check", "the last command gone"),
        ("no_seal_check", "a score"),
        ("no_seal_check", "the name"),
        ("no_seal_check", "a kept answer"),
    ],
)
def test_the_judge_catches_a_check_that_is_left_out(
    faulty: Binary, kept: World, tmp_path: Path, bug: str, edit: str
) -> None:
    assert edited(faulty, kept, tmp_path, edit, BOTTRADE_BUG=bug).problems


def test_the_judge_catches_flips_where_seals_are_not_looked_at(faulty: Binary, kept: World, tmp_path: Path) -> None:
    _, problems = flipped(faulty, kept, tmp_path, FLIPS, BOTTRADE_BUG="no_seal_check")
    assert problems
