"""Equity and trades in the hands of those who evaluate them: pandas, polars and pyarrow read what JSON says."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pandas
import polars
import pyarrow
import pyarrow.csv
import pyarrow.ipc
import pytest
from bottrade_server import Server

Rows = list[dict[str, Any]]

ARROW = "application/vnd.apache.arrow.stream"
TABLES = {"equity": "equity_curve", "trades": "trades"}
INSTANTS = {"equity": "sim_time", "trades": "sim_time_filled"}
DECIMALS = {
    "equity": {"equity", "cash", "positions_value", "benchmark"},
    "trades": {"quantity", "fill_price", "total_value", "realized_pnl", "slippage_cost", "commission"},
}
REASONING = 'Say "yes",\nthen wait: ünï.'
HOLD = 120
"""Bars that nothing happens on: readers that guess a type from the first rows see whole numbers only."""


@pytest.fixture(scope="module")
def run(server: Server) -> str:
    """A finished run that held cash for long, then traded, with and without a reason."""
    with server.rest() as rest:
        scenarios = rest.get("scenarios").raise_for_status().json()["scenarios"]
        longest = max(scenarios, key=lambda it: it["decisions"])
        run = rest.post("runs", json={"scenario_slug": longest["slug"]}).raise_for_status().json()["run"]
        symbol, path = longest["universe"][0], f"runs/{run['id']}"
        rest.post(f"{path}/step", json={"count": HOLD}).raise_for_status()
        for side, reasoning in [("buy", REASONING), ("buy", None), ("sell", "Out.")]:
            order = {"symbol": symbol, "side": side, "quantity": 1.5, "reasoning": reasoning}
            rest.post(f"{path}/trades", json=order).raise_for_status()
            rest.post(f"{path}/step", json={"count": 2}).raise_for_status()
        rest.post(f"{path}/step", json={"count": 1_000_000}).raise_for_status()
        return run["id"]


@pytest.fixture(params=TABLES)
def table(request: pytest.FixtureRequest) -> str:
    return request.param


def body(server: Server, run: str, table: str, suffix: str = "", **headers: str) -> httpx.Response:
    with server.rest() as rest:
        return rest.get(f"runs/{run}/{table}{suffix}", headers=headers).raise_for_status()


def wanted(server: Server, run: str, table: str) -> Rows:
    """The rows of the JSON, with instants as such and None for what is absent."""
    rows = body(server, run, table).json()[TABLES[table]]
    assert len(rows) >= 3
    instant, names = INSTANTS[table], {name for row in rows for name in row}
    parsed = [dict.fromkeys(names) | row for row in rows]
    return [row | {instant: datetime.fromisoformat(row[instant])} for row in parsed]


def of_pandas(frame: pandas.DataFrame) -> Rows:
    frame = frame.astype(object).where(frame.notna(), None)
    return [
        {name: cell.to_pydatetime() if isinstance(cell, pandas.Timestamp) else cell for name, cell in row.items()}
        for row in frame.to_dict("records")
    ]


def pandas_csv(text: bytes, instant: str) -> Rows:
    return of_pandas(pandas.read_csv(io.BytesIO(text), parse_dates=[instant]))


def polars_csv(text: bytes, _: str) -> Rows:
    return polars.read_csv(text, try_parse_dates=True).to_dicts()


def pyarrow_csv(text: bytes, _: str) -> Rows:
    # Line breaks inside quotes are off by default in this reader alone.
    options = pyarrow.csv.ParseOptions(newlines_in_values=True)
    nulls = pyarrow.csv.ConvertOptions(strings_can_be_null=True)
    return pyarrow.csv.read_csv(io.BytesIO(text), parse_options=options, convert_options=nulls).to_pylist()


def pandas_arrow(stream: bytes, _: str) -> Rows:
    return of_pandas(pyarrow.ipc.open_stream(stream).read_pandas())


def polars_arrow(stream: bytes, _: str) -> Rows:
    return polars.read_ipc_stream(stream).to_dicts()


def pyarrow_arrow(stream: bytes, _: str) -> Rows:
    return pyarrow.ipc.open_stream(stream).read_all().to_pylist()


@pytest.mark.parametrize(
    ("suffix", "read"),
    [
        (".csv", pandas_csv),
        (".csv", polars_csv),
        (".csv", pyarrow_csv),
        (".arrow", pandas_arrow),
        (".arrow", polars_arrow),
        (".arrow", pyarrow_arrow),
    ],
)
def test_every_reader_has_what_json_has(
    server: Server, run: str, table: str, suffix: str, read: Callable[[bytes, str], Rows]
) -> None:
    instant = INSTANTS[table]
    rows, read_rows = wanted(server, run, table), read(body(server, run, table, suffix).content, instant)
    for row in read_rows:
        moment = row[instant]
        row[instant] = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        assert row[instant].utcoffset().total_seconds() == 0
    assert read_rows == rows


def test_arrow_says_the_types(server: Server, run: str, table: str) -> None:
    schema = pyarrow.ipc.open_stream(body(server, run, table, ".arrow").content).schema
    types = {field.name: field.type for field in schema}
    assert types.pop(INSTANTS[table]) == pyarrow.timestamp("us", tz="UTC")
    assert {name for name, it in types.items() if it == pyarrow.float64()} == DECIMALS[table]
    assert {name for name, it in types.items() if it == pyarrow.int64()} == ({"slippage_bps"} & set(types))


def test_pandas_reads_the_address_itself(server: Server, run: str, table: str) -> None:
    address = f"{server.base}/api/v1/runs/{run}/{table}.csv"
    frame = pandas.read_csv(address, storage_options={"X-API-Key": server.key}, parse_dates=[INSTANTS[table]])
    assert of_pandas(frame) == wanted(server, run, table)


def test_accept_and_suffix_give_the_same_bytes(server: Server, run: str, table: str) -> None:
    for suffix, accept in [(".json", "application/json"), (".csv", "text/csv"), (".arrow", ARROW)]:
        assert body(server, run, table, suffix).content == body(server, run, table, Accept=accept).content
    with server.rest() as rest:
        refused = rest.get(f"runs/{run}/{table}", headers={"Accept": "application/vnd.ms-excel"})
    assert refused.status_code == 406
    assert ARROW in refused.json()["hint"]
