"""D7 for paper trading: what was changed in its tables is noticed and never served.

Covered are paper accounts with their journals, the journal of the feed and the counts of calls. A damaged account is
refused by name and the other is served; a damaged feed is refused to everybody who trades it, and runs are served.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from bottrade_server import Binary
from market import OF_THE_MARKET, OF_THE_SERVICE, PUSHED, Market
from test_corruption import NAMED, Verdict
from victim import Silence, Victim

SEED = 20261122
FLIPS = 300
SAMPLE_FLIPS = 60
PAGE = 4_096
AROUND = 40
"""Bytes beside what a row says: its head and its numbers."""

SAYS = (
    "SELECT header FROM paper_accounts",
    "SELECT id FROM paper_accounts",
    "SELECT genesis FROM paper_accounts",
    "SELECT command FROM paper_journal",
    "SELECT hash FROM paper_journal",
    "SELECT line FROM feed_journal",
    "SELECT head_hash FROM feed_heads",
    "SELECT seal FROM bot_usage",
)
"""What stands in the rows that are damaged."""


def served(binary: Binary, market: Market, folder: Path, **env: str) -> Verdict:
    """Starts a server on a damaged copy and asks for everything."""
    victim = Victim(binary, folder)
    try:
        if not victim.comes_up(**PUSHED, **env):
            named = str(victim.database) in victim.log and "corrupt" in victim.log
            return Verdict("stopped", [] if named else [f"it ended without naming the file: {victim.log}"])
        answers = market.asked(victim.client(market.world.key))
    except Silence as silence:
        return Verdict("stopped", [f"it went silent: {silence} {victim.log}"])
    finally:
        victim.close()
    verdict = Verdict("same", answers=answers)
    for name, was in market.answers.items():
        if answers[name] == was:
            continue
        verdict.kind = "refused"
        verdict.refused.append(name)
        status, told = answers[name]
        if status != 500 or not any(word in str(told) for word in NAMED):
            verdict.problems.append(f"{name}: {answers[name]} instead of {was}")
    return verdict


@pytest.fixture(scope="session")
def market(binary: Binary, tmp_path_factory: pytest.TempPathFactory) -> Market:
    """The market with its answers, as they are on an undamaged copy."""
    made, place = Market.make(binary, tmp_path_factory.mktemp("market")), tmp_path_factory.mktemp("kept")
    made.world.copy(place)
    verdict = served(binary, made, place)
    statuses = {status for status, _ in verdict.answers.values()}
    assert statuses == {200}, verdict.answers
    return replace(made, answers=verdict.answers)


def places(database: Path) -> list[range]:
    """Where the rows of paper trading stand in the file, also in indexes: each with what is beside it in its page."""
    content, found = database.read_bytes(), []
    with closing(sqlite3.connect(database)) as books:
        texts = {text if isinstance(text, bytes) else text.encode() for sql in SAYS for (text,) in books.execute(sql)}
    for text in sorted(texts):
        for at in occurrences(content, text):
            page = at - at % PAGE
            found.append(range(max(at - AROUND, page), min(at + len(text) + AROUND, page + PAGE)))
    return found


def occurrences(content: bytes, text: bytes) -> Iterator[int]:
    at = content.find(text)
    while at >= 0:
        yield at
        at = content.find(text, at + 1)


def flipped(binary: Binary, market: Market, folder: Path, flips: int, **env: str) -> tuple[Counter[str], list[str]]:
    """Damages that many copies, each in one bit of a row or of an index."""
    dice, kinds, problems, rows = random.Random(SEED), Counter(), [], places(market.world.database)
    for number in range(flips):
        place = folder / str(number)
        path = market.world.copy(place) / "bottrade.sqlite"
        at, bit = dice.choice(dice.choice(rows)), dice.randrange(8)
        content = bytearray(path.read_bytes())
        content[at] ^= 1 << bit
        path.write_bytes(content)
        verdict = served(binary, market, place, **env)
        kinds[verdict.kind] += 1
        problems += [f"flip {number} (byte {at}, bit {bit}): {it}" for it in verdict.problems]
        shutil.rmtree(place)
    return kinds, problems


def test_no_flipped_bit_is_served(binary: Binary, market: Market, tmp_path: Path, full: bool, count: object) -> None:
    flips = FLIPS if full else SAMPLE_FLIPS
    kinds, problems = flipped(binary, market, tmp_path, flips)
    count(flips=flips, **kinds)
    assert problems == []
    assert kinds["refused"] + kinds["stopped"] > flips // 2


OF_ADA = {
    "a command": """UPDATE paper_journal SET command = replace(command, '"0.01"', '"0.02"') WHERE paper_id = :ada""",
    "a name of an order": "UPDATE paper_journal SET command = replace(command, 'order 1', 'order 9')"
    " WHERE paper_id = :ada",
    "a time": "UPDATE paper_journal SET at = at + 1 WHERE paper_id = :ada AND seq = 2",
    "a hash": "UPDATE paper_journal SET hash = zeroblob(32) WHERE paper_id = :ada AND seq = 2",
    "a command gone": "DELETE FROM paper_journal WHERE paper_id = :ada AND seq = 3",
    "the last command gone": "DELETE FROM paper_journal WHERE paper_id = :ada AND seq = 7",
    "all commands gone": "DELETE FROM paper_journal WHERE paper_id = :ada",
    "a command more": "INSERT INTO paper_journal SELECT paper_id, 8, at, command, prev, hash FROM paper_journal"
    " WHERE paper_id = :ada AND seq = 7",
    "the head": "UPDATE paper_accounts SET head_seq = 6 WHERE id = :ada",
    "the header": "UPDATE paper_accounts SET header = header || ' ' WHERE id = :ada",
    "the id": "UPDATE paper_accounts SET id = 'another' WHERE id = :ada",
    "the owner": "UPDATE paper_accounts SET account_id = 'nobody' WHERE id = :ada",
    "the season": "UPDATE paper_accounts SET season = season + 1 WHERE id = :ada",
    "the day it was opened": "UPDATE paper_accounts SET created_at = created_at - 1 WHERE id = :ada",
    "the counts of calls": "UPDATE bot_usage SET month_calls = 0, minute_calls = 0 WHERE account_id = :ada_owner",
}
"""What somebody with the file and SQL could do to one account."""

OF_THE_FEED = {
    "a price": "UPDATE feed_journal SET line = replace(line, '10059', '20059')",
    "a quote gone": "DELETE FROM feed_journal WHERE seq = 9",
    "the last quote gone": "DELETE FROM feed_journal WHERE seq = (SELECT MAX(seq) FROM feed_journal)",
    "all quotes gone": "DELETE FROM feed_journal",
    "the time of a quote": "UPDATE feed_journal SET at = at + 1000000 WHERE seq = 9",
    "its head": "UPDATE feed_heads SET head_seq = head_seq - 1",
    "its head gone": "DELETE FROM feed_heads",
}
"""The same to the market that all trade."""


def edited(binary: Binary, market: Market, folder: Path, sql: str, **env: str) -> Verdict:
    """Edits a copy as somebody would who drops the triggers first."""
    with closing(sqlite3.connect(market.world.copy(folder) / "bottrade.sqlite")) as books:
        for (name,) in books.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            books.execute(f"DROP TRIGGER {name}")
        assert books.execute(sql, market.names).rowcount > 0
        books.commit()
    return served(binary, market, folder, **env)


@pytest.mark.parametrize("edit", OF_ADA)
def test_a_damaged_account_is_refused_and_the_other_is_served(
    binary: Binary, market: Market, tmp_path: Path, edit: str
) -> None:
    verdict = edited(binary, market, tmp_path, OF_ADA[edit])
    assert verdict.problems == []
    # What is quoted is asked of no account, but counted with one.
    quotes = {f"ada {OF_THE_MARKET}"} if edit != "the counts of calls" else set()
    assert set(verdict.refused) == market.of("ada") - quotes
    told = str(verdict.answers["ada portfolio"])
    assert market.names["ada_owner" if edit == "the counts of calls" else "ada"] in told, told


@pytest.mark.parametrize("edit", OF_THE_FEED)
def test_a_damaged_feed_is_refused_to_all_who_trade_it(
    binary: Binary, market: Market, tmp_path: Path, edit: str
) -> None:
    verdict = edited(binary, market, tmp_path, OF_THE_FEED[edit])
    assert verdict.problems == []
    assert set(verdict.refused) == set(market.answers) - set(OF_THE_SERVICE)
    assert "line " in str(verdict.answers["ada portfolio"])


@pytest.mark.parametrize(
    ("bug", "sql"),
    [
        ("no_chain_check", OF_ADA["a command"]),
        ("no_chain_check", OF_ADA["a name of an order"]),
        ("no_chain_check", OF_THE_FEED["a price"]),
        ("no_chain_check", OF_THE_FEED["the last quote gone"]),
        ("no_seal_check", OF_ADA["the counts of calls"]),
    ],
)
def test_the_judge_catches_a_check_that_is_left_out(
    faulty: Binary, market: Market, tmp_path: Path, bug: str, sql: str
) -> None:
    assert edited(faulty, market, tmp_path, sql, BOTTRADE_BUG=bug).problems
