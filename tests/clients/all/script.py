"""The agent that every client carries: its calls in order, each chosen from the answers before it.

A script is a generator: it yields a tool and its arguments, is sent the answer, and returns its last word. To have
every client make another call, yield it here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

SANDBOX = "sandbox-nov-2024"
LAST_WORD = "The run is over."

Arguments = dict[str, Any]
Answer = dict[str, Any]
Call = tuple[str, Arguments]
Script = Generator[Call, Answer, str]

SYMBOLS = ["AAPL", "JPM"]
ORDERS: dict[int, list[Arguments]] = {
    0: [
        {"symbol": "AAPL", "side": "buy", "quantity": 50.5, "reasoning": "The long leg, „quoted“ and with a \\."},
        {"symbol": "JPM", "side": "short", "quantity": 20},
    ],
    4: [{"symbol": "MSFT", "side": "buy", "quantity": 3, "order_type": "limit", "limit_price": 1000}],
    9: [{"symbol": "JPM", "side": "cover", "quantity": 20}],
    14: [{"symbol": "AAPL", "side": "sell", "quantity": 25.25, "reasoning": "Half of it."}],
}
"""What is ordered at which bar."""
LAST_DECISION = 16
"""The bar from which the agent only holds."""


@dataclass
class Exchange:
    """A call and its answer, as the client gave it to its model."""

    tool: str
    arguments: Arguments
    answer: Answer


def sandbox_run(*, publish: bool = False) -> Script:
    """A whole run of the sandbox, from the list of scenarios to the results."""
    assert (yield "auth_status", {})["status"] == "connected"
    listed = yield "list_scenarios", {}
    assert f'"{SANDBOX}"' in json.dumps(listed["scenarios"])
    yield "get_scenario", {"id_or_slug": SANDBOX}
    run_id = (yield "start_run", {"scenario_slug": SANDBOX, "bot_name": "scripted"})["id"]
    run = {"run_id": run_id}
    for bar in range(LAST_DECISION):
        if bar in ORDERS:
            yield from _look(run)
        yield _decision(bar, run | {"idempotency_key": f"bar {bar}"})
    yield "advance_until_next_session", run | {"idempotency_key": "a session"}
    assert (yield "get_run", run)["run"]["status"] == "active"
    end = yield "hold_until_end", run | {"idempotency_key": "the rest"}
    assert end["done"]
    yield "get_trades", run
    yield "get_results", run
    if publish:
        yield "publish_run", run | {"confirm": True}
    return LAST_WORD


PLAY = {"list_scenarios", "start_run", "scan_market", "submit_decision", "get_results"}
"""The tools of the toolset `play`."""


def play_run() -> Script:
    """A whole run of the sandbox with these alone: a call for each decision."""
    listed = yield "list_scenarios", {}
    assert f'"{SANDBOX}"' in json.dumps(listed["scenarios"])
    run = {"run_id": (yield "start_run", {"scenario_slug": SANDBOX, "bot_name": "scripted"})["id"]}
    bar, seen = 0, (yield "scan_market", run)
    while not seen["done"]:
        orders = ORDERS.get(bar, [])
        decision = {"action": "trade" if orders else "hold", "orders": orders, "rationale": f"At bar {bar}."}
        seen = yield "submit_decision", run | decision | {"idempotency_key": f"bar {bar}"}
        bar += 1
    yield "get_results", run
    return LAST_WORD


def _look(run: Arguments) -> Generator[Call, Answer]:
    """The market by each tool that shows it."""
    yield "scan_market", run
    yield "inspect_symbols", run | {"symbols": SYMBOLS, "lookback": 5}
    market = yield "get_market", run | {"symbols": SYMBOLS, "lookback": 5}
    assert set(market["bars"]) == set(SYMBOLS)


def _decision(bar: int, call: Arguments) -> Call:
    """The call that decides at a bar: each tool that can, by turns."""
    orders = ORDERS.get(bar, [])
    if bar % 3 == 1:
        action = "trade" if orders else "hold"
        return "submit_decision", call | {"action": action, "orders": orders, "rationale": f"At bar {bar}."}
    if bar % 3 == 0 or orders:
        return "submit_turn", call | {"trades": orders}
    return "step_run", call


def play(script: Script, call: Callable[[str, Arguments], Answer]) -> list[Exchange]:
    """Plays a script with a client that is called directly."""
    exchanges: list[Exchange] = []
    try:
        tool, arguments = next(script)
        while True:
            exchanges.append(Exchange(tool, arguments, call(tool, arguments)))
            tool, arguments = script.send(exchanges[-1].answer)
    except StopIteration:
        return exchanges
