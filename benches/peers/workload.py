"""The common workload as Python libraries see it: bars, parameters, and what it must come to."""

import gc
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

BARS = Path(__file__).parent.parent / "scenarios" / "daily20" / "bars.arrow"
CASH = 10_000_000.0
COMMISSION = 0.0005
FAST, SLOW = 10, 30
SHARES = 100
INVESTED = 0.98

# Fills and final equity, as the engine's benchmark asserts them.
EXPECTED = {"sma20": (3_916, 10_169_536.452), "rebal20": (98_929, 32_725_199.222)}


def load():
    """A frame per symbol, indexed by day."""
    with pa.OSFile(str(BARS)) as source:
        frame = pa.ipc.open_file(source).read_pandas()
    frame["ts"] = frame["ts"].dt.tz_localize(None)
    symbols = frame.groupby("symbol", observed=True, sort=True)
    return {name: rows.drop(columns="symbol").set_index("ts") for name, rows in symbols}


def column(frames, name):
    """One price of every symbol, a column each."""
    return pd.DataFrame({symbol: frame[name] for symbol, frame in frames.items()})


@dataclass
class Played:
    """What a library made of a workload, and the seconds of CPU it took."""

    cpu: float
    fills: int
    equity: float


def timed(work):
    """The result of `work` and the CPU that this process spent on it."""
    gc.collect()
    began = time.process_time()
    done = work()
    return done, time.process_time() - began
