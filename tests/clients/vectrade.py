"""A stand-in for the MCP server of VecTrade, which no registry has: sends what it sends, prints what it prints.

It reads answers as a JavaScript program does: a member that is missing is printed as `undefined`. What is asked and
what is read follows the published contract of the bot API; the words are this file's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

SECONDS = 15


class Refused(Exception):
    """What the client throws when the API refuses: `detail`, else `message`, else the status in words."""


class Absent:
    """What JavaScript has for a member that is not there."""

    def __str__(self) -> str:
        return "undefined"

    def __bool__(self) -> bool:
        return False


def read(thing: dict[str, Any], name: str) -> Any:
    """A member as JavaScript reads it."""
    return thing.get(name, Absent())


def said(value: Any) -> str:
    """A value as JavaScript puts it into a text."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


class VecTrade:
    """The six trading tools, over REST with a bot key."""

    def __init__(self, base: str, key: str) -> None:
        assert key.startswith("tvt_"), "the client refuses other keys at its start"
        self._base = base
        self._http = httpx.Client(
            headers={"X-Bot-Key": key, "User-Agent": "vectrade-mcp-server/1.0.0", "Accept": "application/json"},
            timeout=SECONDS,
        )

    def close(self) -> None:
        self._http.close()

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        reply = self._http.request(method, f"{self._base}{path}", json=body, params=query or None)
        if reply.is_success:
            return reply.json() if reply.content else None
        try:
            problem = reply.json()
        except ValueError:
            problem = {}
        detail = problem.get("detail") or problem.get("message") or reply.reason_phrase
        text = detail if isinstance(detail, str) else "[object Object]"
        raise Refused(f"Bot API error ({reply.status_code}): {text}")

    def place_order(self, symbol: str, side: str, quantity: float, **more: Any) -> str:
        body = {
            "symbol": symbol.upper(),
            "asset_type": more.pop("asset_type", "STOCK"),
            "side": side,
            "order_type": more.pop("order_type", "MARKET"),
            "quantity": quantity,
            "time_in_force": more.pop("time_in_force", "GTC"),
            **more,
        }
        return "\n".join(self._order(self._call("POST", "/orders", body)))

    def cancel_order(self, order_id: str) -> str:
        self._call("DELETE", f"/orders/{order_id}")
        return f"Order {order_id} cancelled successfully."

    def get_orders(self, status: str | None = None, limit: int = 20) -> str:
        asked = {"limit": limit} | ({"status": status} if status else {})
        orders = self._call("GET", "/orders", **asked)
        assert isinstance(orders, list), "the answer is a bare list"
        blocks = ["\n".join(self._order(order)) for order in orders]
        return "\n---\n".join(blocks) or "No orders found."

    def get_portfolio(self) -> str:
        portfolio = self._call("GET", "/portfolio")
        lines = [
            f"Cash Balance: ${said(read(portfolio, 'balance'))}",
            f"Total Equity: ${said(read(portfolio, 'total_equity'))}",
        ]
        for position in portfolio["positions"]:
            lines.append(f"{said(read(position, 'symbol'))}: {said(read(position, 'quantity'))}")
            for name, label in {
                "avg_cost": "Avg Cost",
                "current_price": "Price",
                "market_value": "Value",
                "unrealized_pnl": "P&L",
            }.items():
                if value := read(position, name):
                    lines.append(f"  {label}: ${said(value)}")
        return "\n".join(lines)

    def get_trading_kpi(self) -> str:
        kpi = self._call("GET", "/kpi")
        figures = {
            "Return": "total_return_pct",
            "Sharpe": "sharpe_ratio",
            "Win Rate": "win_rate",
            "Profit Factor": "profit_factor",
            "Max Drawdown": "max_drawdown",
            "Total Trades": "total_trades",
            "Sortino": "sortino_ratio",
            "Expectancy": "expectancy",
            "Consecutive Wins": "consecutive_wins",
            "Consecutive Losses": "consecutive_losses",
        }
        for name in figures.values():
            assert isinstance(read(kpi, name), int | float), f"{name} is no number: {kpi}"
        lines = [f"{label}: {said(read(kpi, name))}" for label, name in figures.items()]
        if rank := read(kpi, "rank"):
            lines.append(f"Rank: #{said(rank)} / {said(read(kpi, 'rank_total'))}")
        return "\n".join(lines)

    def get_bot_account(self) -> str:
        account = self._call("GET", "/account")
        lines = [
            f"{label}: {said(read(account, name))}"
            for label, name in {
                "Display Name": "display_name",
                "Balance": "balance",
                "Status": "status",
                "User Type": "user_type",
            }.items()
        ]
        if plan := read(account, "plan"):
            lines.append(f"Plan: {said(plan)}")
        for label, noun in {"Bot Keys": "bot_keys", "API Usage": "api_calls"}.items():
            used, limit = read(account, f"{noun}_used"), read(account, f"{noun}_limit")
            if not isinstance(limit, Absent):
                lines.append(f"{label}: {said(used)} / {said(limit)}")
        return "\n".join(lines)

    @staticmethod
    def _order(order: dict[str, Any]) -> Iterator[str]:
        yield f"Order {said(read(order, 'id'))}"
        yield f"Symbol: {said(read(order, 'symbol'))}"
        yield f"Side: {said(read(order, 'side'))} {said(read(order, 'order_type'))}"
        yield f"Quantity: {said(read(order, 'quantity'))}"
        yield f"Status: {said(read(order, 'status'))}"
        if limit := read(order, "limit_price"):
            yield f"Limit Price: ${said(limit)}"
        if stop := read(order, "stop_price"):
            yield f"Stop Price: ${said(stop)}"
        if price := read(order, "filled_price"):
            yield f"Filled @ ${said(price)} (qty: {said(read(order, 'filled_quantity'))})"
        if reason := read(order, "rejection_reason"):
            yield f"Rejected: {said(reason)}"
        yield f"Created: {said(read(order, 'created_at'))}"
