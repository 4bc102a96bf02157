"""A data folder of two bots that trade quotes of an operator, and every answer about them.

Such a market stands still while nobody pushes, so what was answered once is answered again.
"""

from __future__ import annotations

import json
import sqlite3
import urllib.request
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bottrade_server import Binary
from victim import Client, Victim
from world import World

TOKEN = "the-operator-of-a-test"
PUSHED = {"BOTTRADE_FEED": "push", "BOTTRADE_OPERATOR_TOKEN": TOKEN, "BOTTRADE_SEASON_DAYS": "366"}
"""What a server is started with."""
BOTS = ("ada", "bob")
QUOTES = 60
MOVES = {"market_time", "closes_at", "opens_at", "change_1d_pct", "change_30d_pct"}
"""What goes with the clock."""
VIEWS = ("orders?limit=100", "portfolio", "kpi", "account")
"""What can be asked of a paper account."""
OF_THE_MARKET = "quotes"
OF_THE_SERVICE = ("runs", "scenarios")

Answers = dict[str, tuple[int, Any]]
"""By path, or bot and path, the status and what was said."""


def push(victim: Victim, prices: list[int]) -> None:
    """Sends quotes, a second apart, the last of them now."""
    now = datetime.now(UTC)
    lines = [{"type": "instrument", "symbol": "BTC/USD", "name": "Bitcoin", "asset_type": "CRYPTO"}]
    for n, price in enumerate(prices):
        ts = (now - timedelta(seconds=len(prices) - n)).isoformat()
        lines.append({"type": "quote", "symbol": "BTC/USD", "price": str(price), "ts": ts})
    body = "\n".join(map(json.dumps, lines)).encode()
    request = urllib.request.Request(
        f"{victim.base}/api/v1/feed", body, {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/x-ndjson"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert json.load(answer)["taken"] == len(lines)


def trade(client: Client, bot_key: str) -> list[str]:
    """Orders that fill, wait, are refused and are withdrawn; their ids."""
    order = {"symbol": "BTC-USD", "asset_type": "CRYPTO", "side": "BUY", "quantity": 0.01}
    waits = order | {"order_type": "LIMIT", "limit_price": 9_000}
    ids = []
    for n, body in enumerate([order, waits, order | {"quantity": 1_000}, waits, order | {"side": "SELL"}, order]):
        answer = client.call("POST", "bot/orders", body | {"client_order_id": f"order {n}"}, credential=bot_key)
        assert answer.acked, answer
        ids.append(answer.json["id"])
    assert client.call("DELETE", f"bot/orders/{ids[3]}", credential=bot_key).acked
    return ids


@dataclass(frozen=True)
class Market:
    """The stopped data folder of a server with such a market."""

    world: World
    keys: dict[str, str]
    """By bot."""
    orders: dict[str, list[str]]
    names: dict[str, str]
    """What SQL may ask for: `ada` and `bob` are paper accounts, `ada_owner` and `bob_owner` whose they are."""
    answers: Answers

    @classmethod
    def make(cls, binary: Binary, folder: Path) -> Market:
        victim = Victim(binary, folder)
        try:
            victim.start(**PUSHED)
            push(victim, [10_000 + n for n in range(QUOTES)])
            keys = {bot: victim.command("key", "create", "--bot", "--account", bot).strip() for bot in BOTS}
            orders = {bot: trade(victim.client(), key) for bot, key in keys.items()}
            assert victim.stop() == 0, victim.log
        finally:
            victim.close()
        with closing(sqlite3.connect(victim.database)) as books:
            rows = books.execute(
                "SELECT a.name, a.id, p.id FROM paper_accounts AS p JOIN accounts AS a ON a.id = p.account_id"
            )
            names = {name: value for bot, owner, own in rows for name, value in ((f"{bot}_owner", owner), (bot, own))}
        return cls(World(victim.data_dir, victim.key, {}, {}), keys, orders, names, {})

    def asked(self, client: Client) -> Answers:
        """Every answer about the bots and their market, and some that are not about them."""
        answers = {path: said(client, path, None) for path in OF_THE_SERVICE}
        for bot, key in self.keys.items():
            paths = [OF_THE_MARKET, *VIEWS, *(f"orders/{order}" for order in self.orders[bot])]
            answers |= {f"{bot} {path}": said(client, f"bot/{path}", key) for path in paths}
        return answers

    def of(self, bot: str) -> set[str]:
        """The names of the answers about a bot."""
        return {name for name in self.answers if name.startswith(f"{bot} ")}


def said(client: Client, path: str, bot_key: str | None) -> tuple[int, Any]:
    answer = client.call("GET", path, credential=bot_key)
    return answer.status, still(answer.json) if answer.body else None


def still(value: Any) -> Any:
    """An answer without what goes with the clock."""
    if isinstance(value, dict):
        return {name: still(it) for name, it in value.items() if name not in MOVES}
    return [still(it) for it in value] if isinstance(value, list) else value
