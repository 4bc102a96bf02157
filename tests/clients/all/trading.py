"""The agent that trades paper for a day: its calls in order, and whether its account is what it was told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from bottrade_server import Server
from script import Answer, Arguments, Exchange, Script

COIN, OTHER, STOCK = "BTC-USD", "ETH-USD", "AAPL"
LAST_WORD = "The day is over."
DAY = timedelta(days=1)

ORDERS: dict[str, tuple[Arguments, str]] = {
    "enter": ({"symbol": COIN, "side": "BUY", "quantity": 0.5}, "FILLED"),
    "dip": ({"symbol": OTHER, "side": "BUY", "quantity": 2, "order_type": "LIMIT", "limit_price": 0.5}, "OPEN"),
    "loss": ({"symbol": COIN, "side": "SELL", "quantity": 0.1, "order_type": "STOP", "stop_price": 0.5}, "OPEN"),
    "guard": (
        {
            "symbol": COIN, "side": "SELL", "quantity": 0.1,
            "order_type": "STOP_LIMIT", "stop_price": 0.5, "limit_price": 0.4,
        },
        "OPEN",
    ),
    "today": (
        {
            "symbol": STOCK, "side": "BUY", "quantity": 5,
            "order_type": "LIMIT", "limit_price": 0.5, "time_in_force": "DAY",
        },
        "OPEN",
    ),
    "now": (
        {
            "symbol": OTHER, "side": "BUY", "quantity": 2,
            "order_type": "LIMIT", "limit_price": 0.5, "time_in_force": "IOC",
        },
        "CANCELLED",
    ),
    "whole": (
        {
            "symbol": OTHER, "side": "BUY", "quantity": 2,
            "order_type": "LIMIT", "limit_price": 0.5, "time_in_force": "FOK",
        },
        "REJECTED",
    ),
    "large": ({"symbol": COIN, "side": "BUY", "quantity": 1_000}, "REJECTED"),
}  # fmt: skip
"""By `client_order_id`, an order and what becomes of it; its prices are parts of the quoted one."""


def priced(order: Arguments, prices: dict[str, Decimal]) -> Arguments:
    """The order at prices of the market."""
    quoted = prices[order["symbol"]]
    moved = {name: float(round(quoted * Decimal(part), 2)) for name, part in order.items() if name.endswith("_price")}
    return order | moved


def day(lasts: timedelta = DAY) -> Script:
    """Quotes, orders of every kind, a cancellation, looks until so much market time has passed, and out again."""
    account = yield "get_bot_account", {}
    assert account["balance"] == "100000.00"
    begins = datetime.fromisoformat(account["market_time"])
    quotes = (yield "get_quotes", {"symbols": [COIN, OTHER, STOCK]})["quotes"]
    rows = [dict(zip(quotes["columns"], row, strict=True)) for row in quotes["rows"]]
    prices = {row["symbol"]: Decimal(row["price"]) for row in rows}
    ids = {}
    for name, (order, status) in ORDERS.items():
        placed = yield "place_order", priced(order, prices) | {"client_order_id": name}
        assert placed["status"] == status, placed
        ids[name] = placed["id"]
    listed = (yield "get_orders", {})["orders"]
    assert [it["client_order_id"] for it in listed] == list(reversed(ORDERS))
    assert (yield "cancel_order", {"order_id": ids["dip"]})["status"] == "CANCELLED"
    seen = yield "get_portfolio", {}
    while datetime.fromisoformat(seen["market_time"]) < begins + lasts:
        seen = yield "get_portfolio", {}
    (held,) = seen["positions"]
    out = {"symbol": COIN, "side": "SELL", "quantity": held["quantity"], "client_order_id": "leave"}
    yield "place_order", out
    for name in ("loss", "guard"):
        yield "cancel_order", {"order_id": ids[name]}
    yield "get_portfolio", {}
    yield "get_trading_kpi", {}
    yield "get_orders", {"limit": 100}
    return LAST_WORD


def day_of(lasts: timedelta) -> Callable[[], Script]:
    return partial(day, lasts)


def judge(server: Server, exchanges: list[Exchange], bot_key: str) -> None:
    """Compares the paper account with what its agent said and was told, each order once."""
    last: dict[str, Answer] = {it.tool: it.answer for it in exchanges}
    placed = [it for it in exchanges if it.tool == "place_order"]
    with server.rest(bot_key) as rest:
        orders, portfolio, kpi = (
            rest.get(f"bot/{path}").raise_for_status().json() for path in ("orders?limit=100", "portfolio", "kpi")
        )
    assert [it["client_order_id"] for it in orders] == [it.arguments["client_order_id"] for it in reversed(placed)]
    assert [it["id"] for it in orders] == [it.answer["id"] for it in reversed(placed)]
    assert [it["status"] for it in orders] == [it["status"] for it in last["get_orders"]["orders"]]
    by_name = {it["client_order_id"]: it for it in orders}
    assert {by_name[name]["status"] for name in ("enter", "leave")} == {"FILLED"}
    assert {by_name[name]["status"] for name in ("dip", "loss", "guard", "now")} == {"CANCELLED"}
    assert {by_name[name]["status"] for name in ("whole", "large")} == {"REJECTED"}
    # Flat again, so that nothing moves any more: what is left is what the two fills came to.
    paid, got = (Decimal(by_name[name]["filled_price"]) * Decimal("0.5") for name in ("enter", "leave"))
    fees = sum(Decimal(by_name[name]["fees"]) for name in ("enter", "leave"))
    assert portfolio["positions"] == []
    assert abs(Decimal(portfolio["balance"]) - (100_000 - paid + got - fees)) < Decimal("0.02")
    assert portfolio["balance"] == portfolio["total_equity"] == last["get_portfolio"]["total_equity"]
    assert kpi["total_trades"] == last["get_trading_kpi"]["total_trades"] == 1
    assert kpi["label"] == "replayed history"
