"""Whether a server did what a client's agent asked for: all of it, and each thing once."""

from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path
from typing import Any

from bottrade_server import Server
from script import SANDBOX, Arguments, Exchange

COMMANDS = {"submit_turn", "step_run"}
"""The tools that leave an entry in a run's journal."""


def judge(server: Server, exchanges: list[Exchange], folder: Path) -> None:
    """Compares the journal of the only run of this server with what its agent said and was told."""
    answers = {it.tool: it.answer for it in exchanges}
    run_id = answers["start_run"]["id"]
    with server.rest() as rest:
        runs = rest.get("runs", params={"limit": 100}).raise_for_status().json()["runs"]
        journal = rest.get(f"runs/{run_id}/journal").raise_for_status()
    assert [(it["id"], it["scenario_slug"], it["status"]) for it in runs] == [(run_id, SANDBOX, "completed")]
    file = journal.json()
    assert file["run"]["attempt"] == 1

    decisions = [it for it in exchanges if it.tool in COMMANDS]
    asked = [_orders(it.arguments.get("trades", []), "limit_price") for it in decisions]
    turns = [event["command"]["turn"] for event in file["events"]]
    assert [_orders(turn.get("orders", []), "limit") for turn in turns] == asked
    assert {turn["steps"] for turn in turns} == {1}

    steps = [it.answer.get("step", it.answer) for it in decisions]
    moments = [point["sim_time"] for point in file["equity"]]
    assert [answers["start_run"]["sim_time"], *(step["new_sim_time"] for step in steps)] == moments
    assert all(earlier < later for earlier, later in itertools.pairwise(moments))
    assert [step["done"] for step in steps] == [False] * (len(steps) - 1) + [True]

    told = [fill["id"] for step in steps for fill in step["fills"]]
    assert told == [fill["id"] for fill in file["fills"]] == [it["id"] for it in answers["get_trades"]["trades"]]
    assert len(told) == len(set(told)) == answers["get_results"]["results"]["trade_count"] > 0

    path = folder / "run.json"
    path.write_bytes(journal.content)
    assert f"Run {run_id} is proven" in server.binary.output("verify", str(path))


def _orders(orders: list[Arguments], limit: str) -> list[tuple[Any, ...]]:
    """What matters of orders, as a journal or a call has them; they name the limit differently."""
    return [
        (
            order["symbol"],
            order["side"],
            Decimal(str(order["quantity"])),
            Decimal(str(order.get(limit, 0))),
            order.get("reasoning"),
        )
        for order in orders
    ]
