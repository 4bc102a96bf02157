"""The agent that every client carries: its calls in order, each chosen from the answers before it.

A script is a generator: it yields a tool and its arguments, is sent the answer, and returns its last word. To have
every client make another call, yield it here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import count
from typing import Any

SANDBOX = "sandbox-nov-2024"
LAST_WORD = "The run is over."

Arguments = dict[str, Any]
Answer = dict[str, Any]
Script = Generator[tuple[str, Arguments], Answer, str]

ORDERS: dict[int, list[Arguments]] = {
    0: [
        {"symbol": "AAPL", "side": "buy", "quantity": 50.5, "reasoning": "The long leg, „quoted“ and with a \\."},
        {"symbol": "JPM", "side": "short", "quantity": 20},
    ],
    4: [{"symbol": "MSFT", "side": "buy", "quantity": 3, "order_type": "limit", "limit_price": 1000}],
    9: [{"symbol": "JPM", "side": "cover", "quantity": 20}],
    14: [{"symbol": "AAPL", "side": "sell", "quantity": 25.25}],
}
"""What is ordered at which bar; at the others the agent holds, with and without a turn by turns."""


@dataclass
class Exchange:
    """A call and its answer, as the client gave it to its model."""

    tool: str
    arguments: Arguments
    answer: Answer


def sandbox_run(*, publish: bool = False) -> Script:
    """A whole run of the sandbox, from the list of scenarios to the results."""
    listed = yield "list_scenarios", {}
    assert f'"{SANDBOX}"' in json.dumps(listed["scenarios"])
    run_id = (yield "start_run", {"scenario_slug": SANDBOX, "bot_name": "scripted"})["id"]
    for bar in count():
        look = {"run_id": run_id, "symbols": ["AAPL", "JPM"], "lookback": 5}
        market = (yield "get_market", look) if bar in ORDERS else None
        assert market is None or set(market["bars"]) == {"AAPL", "JPM"}
        decision = {"run_id": run_id, "idempotency_key": f"bar {bar}"}
        if bar in ORDERS or bar % 2:
            step = (yield "submit_turn", decision | {"trades": ORDERS.get(bar, [])})["step"]
        else:
            step = yield "step_run", decision
        if step["done"]:
            break
    yield "get_trades", {"run_id": run_id}
    yield "get_results", {"run_id": run_id}
    if publish:
        yield "publish_run", {"run_id": run_id, "confirm": True}
    return LAST_WORD


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
