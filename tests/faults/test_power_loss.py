"""D3 and D5: what was answered survives a power cut, and no answer leaves before the sync that covers it.

A server's writes, syncs and answers are recorded; for each answer the disk is rebuilt as it may look if the power
fails right then (see disk.py), and judged. SQLite's own library opens every state, the server a sample of them.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from bottrade_server import Binary
from disk import DATABASE, FILES, Disk, Event, prefix, recorded
from journal import Books, Ledger
from victim import Victim
from writers import WRITERS, Call, Placing, placing, runs, settle, stepping, traders

SEED = 20261121
SAMPLE = (60, 20)
FULL = (400, 10)
"""Answers, and states of the disk for each."""
OPENED = {False: 6, True: 60}
"""States that the server itself opens."""


@dataclass(frozen=True)
class Recording:
    """What a server did to its disk, and what it said meanwhile."""

    before: dict[str, bytes]
    """What was on the disk when it began."""
    events: list[Event]
    answers: list[tuple[Event, Call | Placing]]
    key: str


def record(binary: Binary, folder: Path, answers: int, *, orders: int = 0, **env: str) -> Recording:
    """Lets four writers work on a traced server, from its first start on. So many of them place orders; where any do,
    the server was there before, for the keys of their bots."""
    folder.mkdir(exist_ok=True)
    log, victim = folder / "trace", Victim(binary, folder)
    calls: dict[int, list[Call | Placing]] = {}
    ledgers, bot_keys = [], []
    try:
        if orders:
            victim.start()
            bot_keys = traders(victim)
            assert victim.stop() == 0, victim.log
        before = {name: path.read_bytes() for name in FILES if (path := victim.data_dir / name).exists()}
        victim.wrap(prefix(log))
        victim.start(**env)
        own, key = runs(victim.client()), victim.key
        makers = placing(bot_keys)[:orders] + stepping(own)[orders:]

        def write(number: int) -> None:
            client, ledger, mine = victim.client(), Ledger(), []
            ledgers.append(ledger)
            for n in range(answers // WRITERS):
                mine.append(makers[number](f"<w{number}-{n}>", n))
                assert settle(client, mine[-1], ledger)
            calls[client.local_port] = mine
            client.close()

        threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
        # A client has its answer a little before the call that sent it has ended, and is in the trace.
        time.sleep(0.5)
        victim.kill()
    finally:
        victim.close()
    assert len(calls) == WRITERS and not [it for ledger in ledgers for it in ledger.problems]
    events = recorded(log, victim.data_dir)
    log.unlink()
    said = {port: iter(mine) for port, mine in calls.items()}
    pairs = [(event, next(said[event.port])) for event in events if event.kind == "answer" and event.port in said]
    assert len(pairs) == answers // WRITERS * WRITERS, f"{len(pairs)} answers in the trace"
    return Recording(before, events, pairs, key)


def lost(recording: Recording, states: int, opened: int, binary: Binary, folder: Path) -> tuple[int, list[str]]:
    """Judges the states of the disk at every answer; how many there were, and what is wrong with them."""
    dice, disk, judged, problems = random.Random(SEED), Disk(recording.before), 0, []
    events, answered = iter(recording.events), []
    wanted = set(dice.sample(range(len(recording.answers) * states), opened))
    for answer, call in recording.answers:
        answered.append(call)
        # The answer is known to its client once it was sent; the disk is what it was when that began.
        for event in events:
            if event is answer:
                break
            disk.follow(event)
        for state in disk.states(dice, states):
            found = wrong(state, answered, folder)
            if judged in wanted:
                found += refused(state, answered, recording.key, binary, folder)
            problems += [f"after {call.key}, state {judged % states}: {it}" for it in found]
            judged += 1
    return judged, problems


def wrong(state: dict[str, bytes], answered: list[Call | Placing], folder: Path) -> list[str]:
    """What a database says against what was answered."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        laid(state, Path(place))
        if DATABASE not in state:
            return ["there is no database"]
        books = Books(Path(place) / DATABASE)
        missing = [call.key for call in answered if not call.is_in(books)]
        return [*books.broken(), *([f"{len(missing)} lost: {missing[:3]}"] if missing else [])]


def refused(
    state: dict[str, bytes], answered: list[Call | Placing], key: str, binary: Binary, folder: Path
) -> list[str]:
    """Opens a state with the server and repeats the last call: it must have been done already."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        victim = Victim(binary, Path(place))
        victim.data_dir.mkdir()
        laid(state, victim.data_dir)
        try:
            victim.start()
            client, problems = victim.client(key), []
            for run in {call.run for call in answered if isinstance(call, Call)}:
                if not client.call("GET", f"runs/{run}").acked:
                    problems.append(f"run {run} is not served")
            last, ledger = answered[-1], Ledger()
            before = last.seen(client)
            settle(client, last, ledger)
            if last.seen(client) != before:
                problems.append(f"{last.key} was done again")
            return problems + ledger.problems
        finally:
            victim.close()


def laid(state: dict[str, bytes], folder: Path) -> None:
    for name, content in state.items():
        (folder / name).write_bytes(content)


def early(recording: Recording) -> list[str]:
    """Answers that left before a sync that covers their transaction had ended."""
    log = FILES[1]
    writes = [event for event in recording.events if event.kind == "write" and event.file == log]
    syncs = [event for event in recording.events if event.kind == "sync" and event.file == log]
    problems = []
    for answer, call in recording.answers:
        key = call.key.encode()
        first = next((n for n, event in enumerate(writes) if key in event.data), None)
        if first is None:
            problems.append(f"{call.key} was answered and never written")
            continue
        # A frame's head names the size of the database where it ends a transaction; its page follows, so the head of
        # the page with the key is the write before it.
        last = next((n for n in range(first - 1, len(writes)) if _ends(writes[n])), None)
        if last is None:
            problems.append(f"{call.key} was answered before its sync: its transaction never ended")
            continue
        end = last + 1
        if not any(writes[end].ended < sync.began and sync.ended < answer.began for sync in syncs):
            problems.append(f"{call.key} was answered before its sync")
    return problems


def _ends(write: Event) -> bool:
    return len(write.data) == 24 and write.data[4:8] != bytes(4)


def test_nothing_is_lost_in_a_power_cut(binary: Binary, tmp_path: Path, full: bool, count: object) -> None:
    answers, states = FULL if full else SAMPLE
    recording = record(binary, tmp_path / "server", answers)
    judged, problems = lost(recording, states, OPENED[full], binary, tmp_path)
    kinds = [event.kind for event in recording.events]
    syncs = sum(event.kind == "sync" and event.file == FILES[1] for event in recording.events)
    checkpoints = sum(event.kind == "sync" and event.file == DATABASE for event in recording.events)
    writes = kinds.count("write")
    count(answers=answers, states=judged, opened=OPENED[full], writes=writes, syncs=syncs, checkpoints=checkpoints)
    assert problems == []
    assert early(recording) == []
    assert judged >= 1_200
    assert not full or checkpoints > 1, "no checkpoint was met"


def test_no_order_is_lost_in_a_power_cut(binary: Binary, tmp_path: Path, full: bool, count: object) -> None:
    """The same while bots place orders."""
    answers, states = FULL if full else SAMPLE
    recording = record(binary, tmp_path / "server", answers, orders=WRITERS // 2)
    judged, problems = lost(recording, states, OPENED[full], binary, tmp_path)
    count(answers=answers, states=judged, opened=OPENED[full])
    assert problems == []
    assert early(recording) == []
    assert judged >= 1_200


@pytest.mark.parametrize("orders", [0, WRITERS], ids=["runs", "orders"])
def test_the_judge_catches_synchronous_normal(faulty: Binary, tmp_path: Path, orders: int) -> None:
    recording = record(faulty, tmp_path / "server", SAMPLE[0], orders=orders, BOTTRADE_BUG="sync_normal")
    _, problems = lost(recording, 4, 0, faulty, tmp_path)
    assert any("lost" in it for it in problems)
    assert any("before its sync" in it for it in early(recording))


@pytest.mark.parametrize("orders", [0, WRITERS], ids=["runs", "orders"])
def test_the_judge_catches_an_answer_before_the_commit(faulty: Binary, tmp_path: Path, orders: int) -> None:
    recording = record(faulty, tmp_path / "server", SAMPLE[0], orders=orders, BOTTRADE_BUG="reply_before_commit")
    assert any("before its sync" in it for it in early(recording))
    _, problems = lost(recording, 4, 0, faulty, tmp_path)
    assert any("lost" in it for it in problems)
