"""The bot API as the client of VecTrade uses it: every order type, cancel, list, portfolio, figures, account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count, product

import httpx
import pytest
from bottrade_server import Server
from vectrade import Refused, VecTrade

COIN = "BTC-USD"
"""Trades around the clock, so that a MARKET order fills whenever the tests run."""
PREFIXES = ("/api/trade/v1/bot", "/api/v1/bot")
ACCOUNTS = count(1)


@pytest.fixture
def account() -> str:
    """A name of an account of its own for each test: the orders of a minute are counted by account."""
    return f"trader-{next(ACCOUNTS)}"


@pytest.fixture
def key(server: Server, account: str) -> str:
    return server.command("key", "create", "--bot", "--account", account).strip()


@pytest.fixture(params=PREFIXES)
def client(server: Server, key: str, request: pytest.FixtureRequest) -> Iterator[VecTrade]:
    client = VecTrade(f"{server.base}{request.param}", key)
    yield client
    client.close()


@pytest.fixture
def price(server: Server, key: str) -> float:
    """What the coin costs, about: its market moves on while the tests run."""
    quotes = httpx.get(f"{server.base}{PREFIXES[0]}/quotes", params={"symbols": "btcusd"}, headers={"X-Bot-Key": key})
    (quote,) = quotes.raise_for_status().json()
    assert quote["symbol"] == COIN
    assert quote["source"].startswith("replay of ")
    assert quote["market_open"] is True
    return float(quote["price"])


def whole(text: str) -> str:
    """A text as a model reads it: nothing in it is missing."""
    for noise in ("undefined", "null", "NaN", "None", "[object"):
        assert noise not in text, text
    return text


def of(text: str, label: str) -> str:
    """What a text says of something."""
    found = re.search(rf"^{label}:? (.*)$", text, re.MULTILINE)
    assert found, text
    return found[1]


def test_a_market_order_fills_at_once(client: VecTrade, price: float) -> None:
    text = whole(client.place_order(COIN.lower(), "BUY", 0.01))
    assert of(text, "Symbol") == COIN
    assert of(text, "Side") == "BUY MARKET"
    assert of(text, "Quantity") == "0.01000000"
    assert of(text, "Status") == "FILLED"
    filled = re.search(r"Filled @ \$(\d+\.\d{8}) \(qty: 0\.01000000\)", text)
    assert filled, text
    assert 0.5 * price < float(filled[1]) < 2 * price
    portfolio = whole(client.get_portfolio())
    assert COIN in portfolio
    assert re.search(r"Cash Balance: \$\d+\.\d\d\n", portfolio)
    sold = whole(client.place_order(COIN, "SELL", 0.01))
    assert of(sold, "Status") == "FILLED"


TYPES = {
    "MARKET": {},
    "LIMIT": {"limit_price": 0.25},
    "STOP": {"stop_price": 4.0},
    "STOP_LIMIT": {"stop_price": 4.0, "limit_price": 4.1},
}
"""Each order type with prices that a purchase does not reach, in parts of the price."""
WAITING = {"GTC": "OPEN", "DAY": "OPEN", "IOC": "CANCELLED", "FOK": "REJECTED"}
"""What becomes of an order that cannot fill now."""


@pytest.mark.parametrize(("order_type", "time_in_force"), [*product(TYPES, WAITING)])
def test_every_type_and_time(client: VecTrade, price: float, order_type: str, time_in_force: str) -> None:
    prices = {name: round(part * price, 2) for name, part in TYPES[order_type].items()}
    text = whole(
        client.place_order(COIN, "BUY", 0.01, order_type=order_type, time_in_force=time_in_force, **prices)
    )
    assert of(text, "Side") == f"BUY {order_type}"
    expected = "FILLED" if order_type == "MARKET" else WAITING[time_in_force]
    assert of(text, "Status") == expected
    for name, label in {"limit_price": "Limit Price", "stop_price": "Stop Price"}.items():
        assert (f"{label}: ${prices.get(name, 0):.8f}" in text) == (name in prices)
    assert ("Rejected: " in text) == (expected == "REJECTED")
    if expected == "OPEN":
        order_id = text.splitlines()[0].removeprefix("Order ")
        assert order_id in whole(client.get_orders("OPEN", 100))
        assert client.cancel_order(order_id) == f"Order {order_id} cancelled successfully."
        assert order_id not in client.get_orders("OPEN", 100)
        assert order_id in whole(client.get_orders("CANCELLED", 100))
        with pytest.raises(Refused, match=r"Bot API error \(422\): the order is CANCELLED"):
            client.cancel_order(order_id)


def test_a_refusal_by_a_rule_is_an_order(client: VecTrade) -> None:
    text = whole(client.place_order(COIN, "BUY", 1_000_000))
    assert of(text, "Status") == "REJECTED"
    assert len(of(text, "Rejected")) > 20


def test_mistakes_are_told_in_words(client: VecTrade) -> None:
    for order, told in {
        ("NOSUCH", "BUY", 1): "not listed",
        ("AAPL", "HOLD", 1): "`side`: must be BUY|SELL",
        ("AAPL", "BUY", 0): "quantity",
    }.items():
        with pytest.raises(Refused) as refused:
            client.place_order(*order)
        assert str(refused.value).startswith("Bot API error (422): ")
        assert told in whole(str(refused.value))
    with pytest.raises(Refused, match="limit_price"):
        client.place_order("AAPL", "BUY", 1, order_type="LIMIT")
    with pytest.raises(Refused, match="no options are listed"):
        client.place_order("AAPL", "BUY", 1, asset_type="OPTION")
    with pytest.raises(Refused, match=r"Bot API error \(404\): "):
        client.cancel_order("o/1")


def test_figures_and_account(server: Server, account: str, client: VecTrade) -> None:
    server.command("account", "set-plan", account, "max")
    kpi = whole(client.get_trading_kpi())
    assert float(of(kpi, "Max Drawdown")) >= 0
    shown = whole(client.get_bot_account())
    assert of(shown, "Display Name") == f"🤖 {account}"
    assert of(shown, "Status") == "ACTIVE"
    assert of(shown, "User Type") == "BOT"
    assert of(shown, "Plan") == "Professional"
    assert of(shown, "Bot Keys") == "1 / 25"
    assert re.fullmatch(r"[1-9]\d* / 1000000", of(shown, "API Usage"))


def test_nothing_was_ordered_yet(client: VecTrade) -> None:
    assert client.get_orders() == "No orders found."
    assert whole(client.get_portfolio()) == "Cash Balance: $100000.00\nTotal Equity: $100000.00"
    assert of(whole(client.get_trading_kpi()), "Total Trades") == "0"
    assert of(whole(client.get_bot_account()), "Plan") == "Professional"


def test_a_wrong_key_is_told_as_the_original_tells_it(server: Server) -> None:
    client = VecTrade(f"{server.base}{PREFIXES[0]}", "tvt_nobodys")
    with pytest.raises(Refused) as refused:
        client.get_portfolio()
    assert str(refused.value) == "Bot API error (401): Invalid or revoked bot API key"
    client.close()
