"""The common workload in backtrader: a strategy is called bar by bar, orders fill at the next open."""

import backtrader as bt

import workload as wl
from workload import Played

NAME = f"backtrader {bt.__version__}"


class Counting(bt.Strategy):
    """Counts its fills and moves positions to whole numbers of shares."""

    fills = 0

    def notify_order(self, order):
        self.fills += order.status == bt.Order.Completed

    def move(self, data, target):
        missing = target - self.getposition(data).size
        if missing:
            (self.buy if missing > 0 else self.sell)(data=data, size=abs(missing))


class Cross(Counting):
    """sma20."""

    def __init__(self):
        def average(period):
            return [bt.indicators.SimpleMovingAverage(data.close, period=period) for data in self.datas]

        self.averages = list(zip(self.datas, average(wl.FAST), average(wl.SLOW)))

    def next(self):
        for data, fast, slow in self.averages:
            self.move(data, wl.SHARES if fast[0] > slow[0] else 0)


class EqualWeight(Counting):
    """rebal20."""

    def next(self):
        part = wl.INVESTED * self.broker.getvalue() / len(self.datas)
        for data in self.datas:
            self.move(data, int(part // data.close[0]))


def play(frames, workload):
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.setcash(wl.CASH)
    cerebro.broker.setcommission(commission=wl.COMMISSION)
    for name, frame in frames.items():
        cerebro.adddata(bt.feeds.PandasData(dataname=frame), name=name)
    cerebro.addstrategy({"sma20": Cross, "rebal20": EqualWeight}[workload])
    (strategy,), cpu = wl.timed(cerebro.run)
    return Played(cpu, strategy.fills, cerebro.broker.getvalue())
