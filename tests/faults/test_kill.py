"""D1: what was answered survives SIGKILL at any moment, and a call that is repeated under its key is done once.

What this promises is about calls with an idempotency key. `start_run` has none: a start that was cut off may have left
one more attempt, which a client sees in its list of runs.

A killed process leaves its writes with the kernel, so this says nothing about power: see test_power_loss.py.
"""

from __future__ import annotations

import contextlib
import functools
import random
import re
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from bottrade_server import Binary
from journal import Books, Ledger, judge
from victim import Client, Silence, Victim
from world import LONG, SHORT
from writers import Call, Crowd, Maker, Placing, placing, runs, settle, stepping, traders

SAMPLE_KILLS = 30
ALIVE_SECONDS = (0.002, 0.120)
"""How long a server lives."""
SEED = 20261121


def kill_often(victim: Victim, kills: int, makers: Sequence[Maker]) -> Ledger:
    """Kills a server under retrying writers; what the writers know in the end."""
    dice = random.Random(SEED)
    crowd = Crowd(victim, makers, SEED)
    crowd.start()
    try:
        for number in range(kills):
            if number % 2:
                # However slow the machine is: half of the kills meet writers that are well under way.
                crowd.goes_on()
            time.sleep(dice.uniform(*ALIVE_SECONDS))
            victim.kill()
            victim.start()
    finally:
        if not victim.alive:
            victim.start()
        crowd.stop()
    return crowd.ledger


def test_nothing_is_lost_or_doubled_when_the_server_is_killed(
    victim: Victim, full: bool, pytestconfig: pytest.Config, count: object
) -> None:
    kills = pytestconfig.getoption("--kills") if full else SAMPLE_KILLS
    victim.start()
    own = runs(victim.client())
    ledger = kill_often(victim, kills, stepping(own))
    reader = victim.client()
    for run in set(own):
        reader.done("GET", f"runs/{run}")
    assert victim.stop() == 0, victim.log
    count(kills=kills, acked=ledger.total, unanswered=ledger.unanswered, replayed=ledger.replayed)
    assert judge(victim.database, ledger) == []
    assert ledger.unanswered >= kills // 4, "the kills hardly met a call"
    assert ledger.total >= 2 * kills, "the writers hardly got an answer"


def test_no_order_is_lost_or_doubled_when_the_server_is_killed(
    victim: Victim, full: bool, pytestconfig: pytest.Config, count: object
) -> None:
    """The same for the orders of paper accounts, under their `client_order_id`."""
    kills = pytestconfig.getoption("--kills") if full else SAMPLE_KILLS
    victim.start()
    bot_keys = traders(victim)
    ledger = kill_often(victim, kills, placing(bot_keys))
    reader, listed = victim.client(), {}
    for bot_key in bot_keys:
        listed |= {order["client_order_id"]: order["id"] for order in orders(reader, bot_key)}
    assert victim.stop() == 0, victim.log
    count(kills=kills, acked=ledger.total, unanswered=ledger.unanswered, limited=ledger.limited)
    assert judge(victim.database, ledger) == []
    assert {key: listed.get(key) for key in ledger.placed} == ledger.placed
    assert ledger.total >= kills, "the writers hardly got an answer"


def orders(client: Client, bot_key: str) -> list[dict[str, object]]:
    """Every order of a paper account."""
    found, path = [], "bot/orders?limit=100"
    while path is not None:
        answer = client.call("GET", path, credential=bot_key)
        if answer.status == 429:
            time.sleep(float(answer.headers["retry-after"]))
            continue
        assert answer.acked, answer
        found += answer.json
        after = re.search(r'[?&](cursor=\d+)[^>]*>; rel="next"', answer.headers.get("link", ""))
        path = f"bot/orders?limit=100&{after[1]}" if after else None
    return found


def test_a_start_that_was_cut_off_leaves_at_most_one_attempt_more(victim: Victim, full: bool, count: object) -> None:
    """Starting a run is not idempotent; but every start that was answered is there, and attempts have no gap."""
    dice, known, cut = random.Random(SEED), [], 0
    victim.start()
    for number in range(40 if full else 8):
        killer = threading.Timer(dice.uniform(*ALIVE_SECONDS) / 4, victim.kill)
        client = victim.client()
        if number % 2:
            known.append(client.start_run(SHORT))
        killer.start()
        with contextlib.suppress(Silence):
            for _ in range(200):
                known.append(client.start_run(SHORT))
        killer.join()
        cut += 1
        victim.start()
    client, listed, page = victim.client(), [], {"next_cursor": ""}
    while "next_cursor" in page:
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else ""
        page = client.done("GET", f"runs?limit=100{cursor}")
        listed += [(run["id"], run["attempt"]) for run in page["runs"]]
    count(cut=cut, answered=len(known), started=len(listed))
    assert set(known) <= {run for run, _ in listed}
    assert len(listed) - len(known) <= cut
    assert sorted(attempt for _, attempt in listed) == list(range(1, len(listed) + 1))


POINTS = ("before_commit", "after_commit", "before_answer")
PASSES = 6


@pytest.mark.full
@pytest.mark.parametrize("orders", [False, True], ids=["runs", "orders"])
@pytest.mark.parametrize("point", POINTS)
def test_nothing_is_lost_or_doubled_at_a_fail_point(
    faulty: Binary, tmp_path: Path, point: str, orders: bool, count: object
) -> None:
    """The places between two system calls, where the server knows more than its caller."""
    died = 0
    for number in range(1, PASSES + 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        ledger, fell = fall(Victim(faulty, folder), f"{point}:{number}", orders=orders)
        died += fell
        assert judge(folder / "data/bottrade.sqlite", ledger) == [], f"{point}:{number}"
    count(points=PASSES, died=died)
    assert died == PASSES


def fall(victim: Victim, fail: str, *, orders: bool = False, **env: str) -> tuple[Ledger, bool]:
    """Eight calls to a server that dies at a fail point; then again, to one that does not."""
    ledger = Ledger()
    try:
        victim.start()
        maker = trader(victim) if orders else functools.partial(Call.of, victim.client().start_run(LONG))
        assert victim.stop() == 0
        calls = [maker(f"call-{n}", n) for n in range(8)]
        up = victim.comes_up(BOTTRADE_FAIL=fail, **env)
        if up:
            client = victim.client()
            # The first that is not answered is the last.
            all(settle(client, call, ledger) for call in calls)
        fell = not victim.alive or victim.ended(5) != 0
        # Before anything is repeated: a call that was answered and lost would be done again, with the same answer.
        ledger.problems += Books(victim.database).lost(ledger)
        victim.start(**env)
        client = victim.client()
        for call in calls:
            assert settle(client, call, ledger)
        assert victim.stop() == 0, victim.log
    finally:
        victim.close()
    return ledger, fell


def trader(victim: Victim) -> Maker:
    """Places orders of one paper account, which is open."""
    bot_key = victim.command("key", "create", "--bot", "--account", "trader").strip()
    assert victim.client().call("GET", "bot/portfolio", credential=bot_key).acked
    return functools.partial(Placing.of, [bot_key])


DURING_A_CALL = "before_commit:3"
"""A start that finds nothing to do commits nothing; each of the eight calls that follow commits once."""


def test_the_judge_catches_an_answer_kept_in_a_transaction_of_its_own(faulty: Binary, tmp_path: Path) -> None:
    ledger, fell = fall(Victim(faulty, tmp_path), DURING_A_CALL, BOTTRADE_BUG="split_idempotency")
    assert fell
    assert any("commands for" in problem for problem in judge(tmp_path / "data/bottrade.sqlite", ledger))


@pytest.mark.parametrize("orders", [False, True], ids=["runs", "orders"])
def test_the_judge_catches_an_answer_before_the_commit(faulty: Binary, tmp_path: Path, orders: bool) -> None:
    ledger, fell = fall(Victim(faulty, tmp_path), DURING_A_CALL, orders=orders, BOTTRADE_BUG="reply_before_commit")
    assert fell
    problems = judge(tmp_path / "data/bottrade.sqlite", ledger)
    assert any("is lost" in problem for problem in problems), problems


def test_the_judge_catches_orders_whose_names_are_forgotten(faulty: Binary, tmp_path: Path) -> None:
    ledger, fell = fall(Victim(faulty, tmp_path), DURING_A_CALL, orders=True, BOTTRADE_BUG="forget_order_names")
    assert fell
    problems = judge(tmp_path / "data/bottrade.sqlite", ledger)
    assert any("is there 2 times" in problem for problem in problems), problems
