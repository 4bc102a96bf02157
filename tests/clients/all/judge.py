"""Whether a server did what a client's agent asked for: all of it, and each thing once."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from bottrade_server import Server
from script import SANDBOX, Answer, Arguments, Exchange

COMMANDS = {"submit_turn", "submit_decision", "step_run", "advance_until_next_session", "hold_until_end"}
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

    commands = [it for it in exchanges if it.tool in COMMANDS]
    turns = [event["command"]["turn"] for event in file["events"]]
    asked = [(_orders(it.arguments, "limit_price"), it.arguments.get("rationale")) for it in commands]
    assert [(_orders(turn, "limit"), turn.get("rationale")) for turn in turns] == asked

    steps = [Step.of(it.answer) for it in commands]
    moments = [point["sim_time"] for point in file["equity"]]
    assert all(earlier < later for earlier, later in itertools.pairwise(moments))
    bars = [moments.index(it) for it in [answers["start_run"]["sim_time"], *(step.sim_time for step in steps)]]
    assert [later - earlier for earlier, later in itertools.pairwise(bars)] == [step.bars for step in steps]
    assert (bars[0], bars[-1]) == (0, len(moments) - 1)
    assert [step.done for step in steps] == [False] * (len(steps) - 1) + [True]

    assert [fill for step in steps for fill in step.fills] == [_fill(it) for it in file["fills"]]
    trades = [fill["id"] for fill in file["fills"]]
    shown = answers.get("get_trades", answers["get_results"])["trades"]
    assert trades == [fill["id"] for fill in shown]
    assert len(set(trades)) == answers["get_results"]["results"]["trade_count"] > 0

    path = folder / "run.json"
    path.write_bytes(journal.content)
    assert f"Run {run_id} is proven" in server.binary.output("verify", str(path))


@dataclass
class Step:
    """What a command did to time and books, as its answer tells."""

    sim_time: str
    bars: int
    done: bool
    fills: list[tuple[Any, ...]]

    @classmethod
    def of(cls, answer: Answer) -> Step:
        """Reads an answer in either of its formats."""
        step = answer.get("step", answer)
        fills = step.get("fills", [])
        if isinstance(fills, dict):
            fills = [dict(zip(fills["columns"], row, strict=True)) for row in fills["rows"]]
        moment = step.get("new_sim_time", step.get("sim_time"))
        return cls(moment, step.get("bars_advanced", 1), step["done"], [_fill(it) for it in fills])


def _fill(fill: Answer) -> tuple[Any, ...]:
    """What both formats tell of a fill."""
    return fill["symbol"], fill["side"], Decimal(str(fill["quantity"]))


def _orders(turn: Arguments, limit: str) -> list[tuple[Any, ...]]:
    """What matters of the orders of a journal's entry or of a call, which name them and the limit differently."""
    return [
        (
            order["symbol"],
            order["side"],
            Decimal(str(order["quantity"])),
            Decimal(str(order.get(limit, 0))),
            order.get("reasoning"),
        )
        for order in turn.get("orders", turn.get("trades", []))
    ]
