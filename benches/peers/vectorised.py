"""The common workload in vectorbt: whole arrays at once, nothing can be stepped.

The first call compiles and does not count; the figure is the median of the calls after it.
"""

import numpy as np
import vectorbt as vbt

import workload as wl
from workload import Played

NAME = f"vectorbt {vbt.__version__}"
CALLS = 5


def cross(opened, close):
    """sma20: what the averages say at a close is done at the next open."""
    fast, slow = (vbt.MA.run(close, window).ma.to_numpy() for window in (wl.FAST, wl.SLOW))
    with np.errstate(invalid="ignore"):
        above = np.vstack([np.zeros((1, close.shape[1]), bool), (fast > slow)[:-1]])
    signals = dict(entries=above, exits=~above, size=wl.SHARES)
    return vbt.Portfolio.from_signals(close, **signals, **common(opened))


def equal_weight(opened, close):
    """rebal20: vectorbt values and sizes an order when it fills, not when it is decided."""
    size = np.full(close.shape, wl.INVESTED / close.shape[1])
    sizing = dict(size=size, size_type="targetpercent", size_granularity=1, call_seq="auto")
    return vbt.Portfolio.from_orders(close, val_price=close.shift(1).bfill(), **sizing, **common(opened))


def common(opened):
    money = dict(price=opened, fees=wl.COMMISSION, init_cash=wl.CASH)
    return dict(**money, cash_sharing=True, group_by=True, freq="D")


def play(frames, workload):
    opened, close = wl.column(frames, "open"), wl.column(frames, "close")
    portfolio_of = {"sma20": cross, "rebal20": equal_weight}[workload]

    def run():
        portfolio = portfolio_of(opened, close)
        return len(portfolio.orders.records), float(portfolio.value().iloc[-1])

    run()
    calls = sorted((wl.timed(run) for _ in range(CALLS)), key=lambda call: call[1])
    (fills, equity), cpu = calls[CALLS // 2]
    return Played(cpu, fills, equity)
