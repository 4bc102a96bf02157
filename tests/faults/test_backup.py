"""D8: a backup made under load holds every command that was answered before it began, and a server on what is restored
from it goes on from there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from journal import Books
from victim import Client, Victim
from writers import Crowd, runs, stepping

SEED = 20261121
SAMPLE_BACKUPS, FULL_BACKUPS = 4, 30
"""Every other one is restored."""

Event = tuple[int, str]
"""The number and the hash of a command."""


def events(client: Client, run: str) -> list[Event]:
    """The journal of a run as the server exports it."""
    file = client.done("GET", f"runs/{run}/journal")
    return [(event["seq"], event["hash"]) for event in file["events"]]


def kept(database: Path, run: str) -> list[Event]:
    """The same as a database file has it."""
    return [(seq, link.hex()) for seq, _, _, _, link in Books(database).journal[run]]


@pytest.fixture
def crowded(victim: Victim) -> tuple[Victim, Crowd, list[str]]:
    """A server under four writers, who stop with the test."""
    victim.start()
    own = runs(victim.client())
    crowd = Crowd(victim, stepping(own), SEED)
    crowd.start()
    yield victim, crowd, sorted(set(own))
    crowd.stop()


def test_a_backup_under_load_has_all_that_was_answered(
    crowded: tuple[Victim, Crowd, list[str]], tmp_path: Path, full: bool, count: object
) -> None:
    (victim, crowd, own), backups = crowded, FULL_BACKUPS if full else SAMPLE_BACKUPS
    client, before = victim.client(), []
    for n in range(backups):
        before.append({run: events(client, run) for run in own})
        told = victim.command("backup", str(tmp_path / f"{n}.backup"))
        assert "every page read, every chain and seal whole" in told
    crowd.stop()
    after = {run: events(client, run) for run in own}
    grown = 0
    for n, known in enumerate(before):
        file = tmp_path / f"{n}.backup"
        assert Books(file).broken() == []
        for run in own:
            copied = kept(file, run)
            assert copied[: len(known[run])] == known[run], f"backup {n} lacks what was answered before it"
            assert copied == after[run][: len(copied)], f"backup {n} is not a beginning of run {run}"
            grown += len(after[run]) - len(copied)
    assert grown > 0, "nothing was written while the backups were made"
    count(backups=backups, commands=sum(map(len, after.values())), restored=restored(victim, tmp_path, own, backups))


def restored(victim: Victim, folder: Path, own: list[str], backups: int) -> int:
    """Restores every other backup and lets a server go on from it; how many."""
    for n in range(0, backups, 2):
        place, file = folder / f"restored-{n}", folder / f"{n}.backup"
        victim.binary.output("restore", str(file), "--data-dir", str(place / "data"))
        shutil.copyfile(victim.key_file, place / "data" / "api-key")
        second = Victim(victim.binary, place)
        try:
            second.start()
            client = second.client()
            for run in own:
                copied = kept(file, run)
                assert events(client, run) == copied
                client.done("POST", f"runs/{run}/step", {"count": 1})
                assert len(events(client, run)) == len(copied) + 1
            assert second.stop() == 0, second.log
        finally:
            second.close()
    return len(range(0, backups, 2))


def test_a_backup_never_has_its_name_before_it_is_whole(victim: Victim, tmp_path: Path) -> None:
    victim.start()
    victim.client().start_run("sandbox-nov-2024")
    assert victim.stop() == 0
    database, file = victim.database.read_bytes(), tmp_path / "file"
    at = database.rindex(b"sandbox-nov-2024")
    victim.database.write_bytes(database[:at] + b"S" + database[at + 1 :])
    done = victim.binary.run("backup", str(file), "--data-dir", str(victim.data_dir))
    assert done.returncode == 1 and not file.exists() and not file.with_name("file.part").exists(), done


def test_the_judge_catches_a_copy_of_the_file_alone(crowded: tuple[Victim, Crowd, list[str]], tmp_path: Path) -> None:
    """The mistake that backups are for: the newest commands are in the log beside the file."""
    victim, crowd, own = crowded
    client, lacking = victim.client(), 0
    for n in range(15):
        known = {run: events(client, run) for run in own}
        shutil.copyfile(victim.database, tmp_path / f"{n}.copy")
        books = Books(tmp_path / f"{n}.copy")
        copied = {run: [(seq, link.hex()) for seq, _, _, _, link in books.journal[run]] for run in own}
        lacking += bool(books.broken()) or any(copied[run][: len(known[run])] != known[run] for run in own)
    crowd.stop()
    assert lacking >= 10, f"only {lacking} of 15 plain copies lacked anything"
