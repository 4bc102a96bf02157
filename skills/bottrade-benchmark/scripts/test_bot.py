#!/usr/bin/env python3
"""Plays a BotTrade scenario with one of four plain strategies, over REST.

It needs Python 3.9 and nothing else, and is meant to be read and changed: a strategy is a function
of what is known at one bar. `buy_hold`, `equal_weight` and `momentum` decide exactly as the reference
bots of `bottrade play` do, so their scores agree; `random` is the trader without an opinion.

    export BOTTRADE_API=http://127.0.0.1:8080 BOTTRADE_API_KEY=bt_...
    python3 test_bot.py --scenario sandbox-nov-2024 --strategy momentum

Every started run counts as an attempt of your account on that scenario; `--run ID` continues one
that was interrupted.
"""

from __future__ import annotations

import argparse
import decimal
import http.client
import json
import os
import random
import sys
import textwrap
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Any, Callable

VERSION = "1"
SERVER = "http://127.0.0.1:8080"
LOOKBACK = 61
"""Closes of each symbol that a strategy sees: 60 returns."""

TRIES = 6
TIMEOUT_SECONDS = 45
BUSY = {429, 502, 503, 504}
"""Statuses after which the same call may succeed."""


class Problem(Exception):
    """What a person has to know; `status` is HTTP's, 0 where nothing was answered."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


# --- the service ------------------------------------------------------------------------------------


class Api:
    """The REST door of a BotTrade server."""

    def __init__(self, base: str, key: str) -> None:
        base = base.rstrip("/")
        self.base = base[: -len("/api/v1")] if base.endswith("/api/v1") else base
        self._key = key

    def get(self, path: str, **query: Any) -> Any:
        text = urllib.parse.urlencode({name: value for name, value in query.items() if value is not None})
        return self._patiently("GET", f"{path}?{text}" if text else path, None)

    def post(self, path: str, **body: Any) -> Any:
        """A write that may be repeated: the server does it once, however often it is sent."""
        return self._patiently("POST", path, {**body, "idempotency_key": str(uuid.uuid4())})

    def post_once(self, path: str, **body: Any) -> Any:
        """A write that has no idempotency key: repeating it would do it again."""
        return self._call("POST", path, body)

    def _patiently(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        for attempt in range(TRIES):
            try:
                return self._call(method, path, body)
            except Problem as problem:
                if attempt + 1 == TRIES or (problem.status and problem.status not in BUSY):
                    raise
                time.sleep(min(0.25 * 2**attempt, 5))
        raise AssertionError("unreachable")

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        request = urllib.request.Request(f"{self.base}/api/v1/{path}", method=method)
        request.add_header("X-API-Key", self._key)
        request.add_header("Accept", "application/json")
        request.add_header("User-Agent", f"bottrade-test-bot/{VERSION}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                return json.load(answer, parse_float=Decimal)
        except urllib.error.HTTPError as error:
            raise Problem(explained(error), error.code) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Problem(f"cannot reach {self.base}: {getattr(error, 'reason', error)}") from None


def explained(error: urllib.error.HTTPError) -> str:
    """What the server says is wrong, where, and what to do next."""
    try:
        body = json.loads(error.read())
        lines = [f"{error.code}: {body['detail']}"]
    except (OSError, ValueError, KeyError, TypeError):
        return f"{error.code} {error.reason}"
    lines += [f"  {it['location']}: {it['message']}" for it in body.get("errors", [])]
    lines += [f"  {body['hint']}"] if body.get("hint") else []
    return "\n".join(lines)


# --- what a strategy sees and orders ------------------------------------------------------------------


@dataclass
class View:
    """What is known at one bar; nothing in it is later than `sim_time`."""

    step: int
    """Bars since the first decision."""
    equity: Decimal
    universe: list[str]
    """Symbols, ascending."""
    benchmark: str | None
    """The tradable benchmark."""
    short_enabled: bool
    positions: dict[str, Decimal]
    """Units held, negative when short; flat symbols are absent."""
    closes: dict[str, list[Decimal]]
    """The last closes of each symbol, oldest first; empty before its first bar."""
    pending: set[str]
    """Symbols with an order that still waits."""

    def position(self, symbol: str) -> Decimal:
        return self.positions.get(symbol, Decimal(0))

    def last(self, symbol: str) -> Decimal | None:
        closes = self.closes.get(symbol)
        return closes[-1] if closes else None

    def part(self, parts: int) -> Decimal:
        """An equal part of the 99 % of equity that may be invested; the rest meets slippage and costs."""
        return cut(investable(self.equity) / max(parts, 1))


def cut(amount: Decimal, places: str = "1e-8") -> Decimal:
    return amount.quantize(Decimal(places), ROUND_DOWN)


def value(quantity: Decimal, price: Decimal) -> Decimal:
    return (quantity * price).quantize(Decimal("1e-8"), ROUND_HALF_EVEN)


def investable(equity: Decimal) -> Decimal:
    return cut(equity * 99 / 100)


@dataclass
class Desk:
    """Turns wishes into orders that the server accepts: it never opens more than 99 % of equity."""

    opening: dict[str, Decimal] = field(default_factory=dict)
    """Units that the last order of each symbol may still open."""

    def open(self, view: View) -> None:
        """Begins a decision."""
        self.view, self.orders = view, []
        coming = {symbol: self.opening.get(symbol, Decimal(0)) for symbol in view.pending}
        held = [abs(view.position(it)) + coming.get(it, Decimal(0)) for it in view.universe]
        exposure = sum(value(units, view.last(it) or Decimal(0)) for units, it in zip(held, view.universe))
        self.room = investable(view.equity) - exposure if view.equity >= 1 else Decimal(0)

    def add(self, symbol: str, side: str, wanted: Decimal, reasoning: str) -> None:
        """Opens or adds to a position by this value, as far as there is room; never across zero."""
        price = self._free(symbol)
        sign = 1 if side == "buy" else -1
        if price is None or self.view.position(symbol) * sign < 0:
            return
        units = cut(max(min(wanted, self.room), Decimal(0)) / price, "1e-4")
        if units > 0:
            self.room -= value(units, price)
            self.opening[symbol] = units
            self._order(symbol, side, units, reasoning)

    def reduce(self, symbol: str, units: Decimal, reasoning: str) -> None:
        """Takes units off a position."""
        price = self._free(symbol)
        if price is not None and units > 0:
            self.room += value(units, price)
            self.opening[symbol] = Decimal(0)
            self._order(symbol, "sell" if self.view.position(symbol) > 0 else "cover", units, reasoning)

    def rebalance(self, targets: dict[str, Decimal], reasoning: str) -> None:
        """Moves long positions to target values, sales first; drifts below 1 % of a target stay."""
        drifts = []
        for symbol, target in targets.items():
            price = self._free(symbol)
            drift = None if price is None else value(self.view.position(symbol), price) - target
            if drift is not None and abs(drift) * 100 >= target:
                drifts.append((symbol, target, drift, price))
        for symbol, target, drift, price in drifts:
            if drift >= 0:
                held = self.view.position(symbol)
                self.reduce(symbol, held if target == 0 else min(cut(drift / price, "1e-4"), held), reasoning)
        for symbol, _, drift, _ in drifts:
            if drift < 0:
                self.add(symbol, "buy", -drift, reasoning)

    def _free(self, symbol: str) -> Decimal | None:
        """The last close of a symbol that may be ordered now."""
        return None if symbol in self.view.pending else self.view.last(symbol)

    def _order(self, symbol: str, side: str, units: Decimal, reasoning: str) -> None:
        order = {"symbol": symbol, "side": side, "quantity": float(units), "reasoning": reasoning}
        self.orders.append(order)


# --- the four strategies: change these ----------------------------------------------------------------


def buy_hold(view: View, desk: Desk, state: dict[str, Any]) -> None:
    """Buys the benchmark once, or the whole universe in equal parts where there is none."""
    wanted = [it for it in view.universe if view.benchmark in (None, it) and view.last(it)]
    if not state.get("bought"):
        for symbol in wanted:
            desk.add(symbol, "buy", view.part(len(wanted)), "Buy once, then hold.")
        state["bought"] = bool(wanted)


def equal_weight(view: View, desk: Desk, state: dict[str, Any]) -> None:
    """Every 20 bars moves each symbol that has a price to an equal part of equity."""
    if view.step % 20 == 0:
        listed = [it for it in view.universe if view.last(it)]
        desk.rebalance({it: view.part(len(listed)) for it in listed}, "Back to equal parts.")


def momentum(view: View, desk: Desk, state: dict[str, Any]) -> None:
    """Every 5 bars holds the third of the universe that rose most over the last 60 bars."""
    if view.step % 5:
        return
    trend = {it: view.closes[it][-1] / view.closes[it][0] for it in view.universe if len(view.closes[it]) > 5}
    if len(view.universe) < 3:
        best = [it for it in trend if trend[it] > 1]
    else:
        best = sorted(trend, key=lambda it: (-trend[it], it))[: max(len(trend) // 3, 1)]
    targets = {it: view.part(len(best)) if it in best else Decimal(0) for it in view.universe}
    desk.rebalance(targets, "Hold what rose most over 60 bars.")


def random_walk(view: View, desk: Desk, state: dict[str, Any]) -> None:
    """At one bar in four closes a random symbol, or opens it with 5 to 20 % of equity."""
    dice: random.Random = state["dice"]
    if dice.randrange(4):
        return
    symbol, percent = dice.choice(view.universe), dice.randint(5, 20)
    side = "short" if view.short_enabled and dice.randrange(2) else "buy"
    if view.position(symbol):
        desk.reduce(symbol, abs(view.position(symbol)), "A coin fell.")
    else:
        desk.add(symbol, side, cut(view.equity * percent / 100), "A coin fell.")


Strategy = Callable[[View, Desk, "dict[str, Any]"], None]
STRATEGIES: dict[str, Strategy] = {
    "buy_hold": buy_hold,
    "equal_weight": equal_weight,
    "momentum": momentum,
    "random": random_walk,
}


# --- the loop -----------------------------------------------------------------------------------------


def start(api: Api, options: argparse.Namespace) -> str:
    """Starts a run. It is never repeated: each start counts as an attempt."""
    name = options.name or f"test_bot {options.strategy}"
    config = {"strategy": options.strategy, "decide_every": options.decide_every, "seed": options.seed}
    agent = {"name": name[:120], "framework": "test_bot.py", "version": VERSION, "config": config}
    started = api.post_once("runs", scenario_slug=options.scenario, bot_name=name[:120], agent_info=agent)
    return started["run"]["id"]


def play(api: Api, run: str, options: argparse.Namespace, note: Callable[[str], None]) -> None:
    """Decides and steps until the run is over."""
    snapshot = api.get(f"runs/{run}")
    scenario = api.get(f"scenarios/{snapshot['run']['scenario_id']}")["scenario"]
    universe = sorted(scenario["universe"])
    strategy, desk, state = STRATEGIES[options.strategy], Desk(), {"dice": random.Random(options.seed)}
    step, due = 0, False
    while snapshot["run"]["status"] == "active":
        bars = api.get(f"runs/{run}/market", lookback=LOOKBACK)["bars"]
        view = View(
            step=step,
            equity=Decimal(snapshot["last_equity"]["equity"]),
            universe=universe,
            benchmark=scenario.get("benchmark_symbol"),
            short_enabled=scenario["short_enabled"],
            positions={it["symbol"]: Decimal(it["quantity"]) for it in snapshot["positions"]},
            closes={symbol: [Decimal(bar["close"]) for bar in bars.get(symbol, [])] for symbol in universe},
            pending={it["symbol"] for it in snapshot["queued_orders"]},
        )
        desk.open(view)
        if not due:  # The server refuses orders while a liquidation is due.
            strategy(view, desk, state)
        turn = submit(api, run, desk.orders, options.decide_every, note)
        snapshot, due = turn["snapshot"], turn["step"].get("liquidation_due", False)
        step += options.decide_every
        note(f"{snapshot['run']['sim_time']}  equity {Decimal(turn['step']['equity']):,.2f}")


def submit(api: Api, run: str, orders: list[Any], bars: int, note: Callable[[str], None]) -> Any:
    """Orders and steps; where the orders are refused, holds instead."""
    try:
        return api.post(f"runs/{run}/turn", trades=orders, step_count=bars)
    except Problem as problem:
        if problem.status != 400 or not orders:
            raise
        note(f"refused, holding instead: {problem}")
        return api.post(f"runs/{run}/turn", trades=[], step_count=bars)


def scorecard(detail: dict[str, Any]) -> str:
    """What the run was worth, and how sure one can be."""
    results = detail["results"]
    lines = [textwrap.fill(detail["headline"], 78), ""] if detail.get("headline") else []

    def row(name: str, text: str) -> None:
        lines.append(f"  {name:<18}{text}")

    row("Return", f"{results['return_pct']:+.2f} %")
    held = results.get("benchmark")
    if held:
        row("Benchmark", f"{held['return_pct']:+.2f} %  ({held['name']})")
    if results.get("sharpe") is not None:
        low, high = results.get("sharpe_ci95") or (None, None)
        known = "" if low is None else f"  (95 % between {low:.1f} and {high:.1f})"
        row("Sharpe (annual)", f"{results['sharpe']:.2f}{known}")
    row("Deepest fall", f"{results['max_drawdown'] * 100:.2f} %")
    row("Fills", str(results["trade_count"]))
    if results.get("costs"):
        row("Costs", f"{results['costs']['total']:,.2f}")
    if results["liquidated"]:
        row("Liquidated", "yes: positions were closed by force")
    return "\n".join(lines)


# --- the command line ---------------------------------------------------------------------------------


def arguments(given: list[str] | None) -> argparse.Namespace:
    env = os.environ
    key = env.get("BOTTRADE_API_KEY") or env.get("BOT_API_KEY") or ""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    add = parser.add_argument
    add("--scenario", default="sandbox-nov-2024", metavar="SLUG", help="what to play (default: %(default)s)")
    add("--strategy", choices=sorted(STRATEGIES), default="buy_hold", help="how to play (default: %(default)s)")
    add("--api-base", default=env.get("BOTTRADE_API") or SERVER, metavar="URL", help="the server (BOTTRADE_API)")
    add("--key", default=key, help="its API key (BOTTRADE_API_KEY); the environment is the safer place")
    add("--decide-every", type=int, default=1, metavar="BARS", help="bars from one decision to the next (default: 1)")
    add("--seed", type=int, default=7, help="dice of the strategy random (default: %(default)s)")
    add("--name", help="the bot's name on the leaderboard")
    add("--run", metavar="ID", help="continue this run instead of starting one")
    add("--publish", action="store_true", help="publish the result for ever, with every trade")
    add("--json", action="store_true", help="print the results as JSON instead of a scorecard")
    add("--quiet", action="store_true", help="no line per decision on standard error")
    options = parser.parse_args(given)
    if options.decide_every < 1:
        parser.error("--decide-every must be at least 1")
    if not options.key:
        parser.error("no API key: set BOTTRADE_API_KEY; a local server keeps its first in <data-dir>/api-key")
    return options


def main(given: list[str] | None = None) -> int:
    decimal.getcontext().prec = 50
    options = arguments(given)
    api, run = Api(options.api_base, options.key), options.run

    def note(text: str) -> None:
        if not options.quiet:
            print(text, file=sys.stderr)

    try:
        run = run or start(api, options)
        note(f"run {run}")
        play(api, run, options, note)
        if options.publish:
            api.post_once(f"runs/{run}/publish", confirm=True)
        detail = api.get(f"runs/{run}/results")
    except Problem as problem:
        print(f"test_bot: {problem}", file=sys.stderr)
    except KeyboardInterrupt:
        print("test_bot: interrupted", file=sys.stderr)
    else:
        print(json.dumps(detail, default=float) if options.json else scorecard(detail))
        return 0
    if run:
        print(f"test_bot: the run waits; continue it with --run {run}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
