"""Writes daily20/bars.arrow: 20 seeded random walks of 5,000 daily bars, prices in cents.

Needs numpy and pyarrow (../peers/requirements.txt). The file is committed, because the stream of
numpy's generator is not promised across its versions; the engine benchmark asserts the fills and
the equity that follow from exactly these bars.
"""

from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pyarrow as pa

SEED = 20261121
SYMBOLS, BARS = 20, 5_000
FIRST_DAY = int(datetime(2000, 1, 1, tzinfo=timezone.utc).timestamp())
DRIFT, VOLATILITY = 0.0002, 0.012
GAP, WICK = 0.2, 0.5  # of the volatility: close to open, and past the body
PRICE_MIN, LOW_MIN = 1.0, 0.5


def cents(prices):
    return np.round(prices, 2)


def walk(rng, start):
    """Open, high, low and close of one symbol."""
    close = cents(start * np.exp(np.cumsum(rng.normal(DRIFT, VOLATILITY, BARS))))
    close = np.maximum(close, PRICE_MIN)
    gaps = np.exp(rng.normal(0, VOLATILITY * GAP, BARS - 1))
    opened = np.maximum(np.concatenate([[round(start, 2)], cents(close[:-1] * gaps)]), PRICE_MIN)
    top, bottom = np.maximum(opened, close), np.minimum(opened, close)
    up, down = (np.abs(rng.normal(0, VOLATILITY * WICK, BARS)) for _ in range(2))
    high = np.maximum(cents(top * (1 + up)), top)
    low = np.maximum(np.minimum(cents(bottom * (1 - down)), bottom), LOW_MIN)
    rng.integers(100_000, 5_000_000, BARS)  # The volumes: no workload reads them.
    return opened, high, low, close


def main():
    rng = np.random.default_rng(SEED)
    columns = np.array([walk(rng, 50 + 10 * at) for at in range(SYMBOLS)])
    rows = columns.transpose(1, 2, 0).reshape(4, -1)  # by price, then by day and symbol
    days = (FIRST_DAY + 86_400 * np.arange(BARS)) * 1_000
    table = pa.table(
        {
            "symbol": pa.DictionaryArray.from_arrays(
                pa.array(np.tile(np.arange(SYMBOLS), BARS), pa.uint16()),
                [f"S{at:02}" for at in range(SYMBOLS)],
            ),
            "ts": pa.array(np.repeat(days, SYMBOLS), pa.timestamp("ms", "UTC")),
            **dict(zip(("open", "high", "low", "close"), map(pa.array, rows))),
            "volume": pa.array(np.zeros(SYMBOLS * BARS)),
        }
    )
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", 19))
    path = Path(__file__).parent / "daily20" / "bars.arrow"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema, options=options) as file:
        file.write_table(table)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
