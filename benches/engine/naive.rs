//! The yardstick: the same two strategies as bare loops over floats.
//!
//! No orders, no checks, no events: rolling sums, a multiplication per fill and a mark per bar.
//! No simulator can be faster; the ratio to it says what keeping books costs.

use sim::Market;

use crate::{
    agent::{CASH, FAST, INVESTED, SHARES, SLOW},
    measure::float,
};

const COMMISSION: f64 = 0.0005;

/// One bar of one symbol.
struct Bar {
    open: f64,
    close: f64,
    /// High, low and volume: no strategy reads them, but a row of bars is as wide as elsewhere.
    _rest: [f64; 3],
}

/// The bars of a market as floats.
pub(crate) struct Bars {
    width: usize,
    cells: Vec<Bar>,
}

/// What is known of a symbol.
#[derive(Clone, Default)]
struct Line {
    held: f64,
    wanted: f64,
    fast: f64,
    slow: f64,
}

/// The books of a loop.
pub(crate) struct Books {
    cash: f64,
    pub(crate) fills: usize,
    /// The equity at each close.
    pub(crate) equity: Vec<f64>,
}

impl Bars {
    pub(crate) fn of(market: &Market) -> Self {
        let rows = 0..market.timeline().len();
        let cells = rows.flat_map(|t| market.symbols().filter_map(move |it| market.bar(t, it)));
        let float = |bar: sim::market::Bar| Bar {
            open: bar.open.to_f64(),
            close: bar.close.to_f64(),
            _rest: [bar.high.to_f64(), bar.low.to_f64(), bar.volume],
        };
        Self { width: market.width(), cells: cells.map(float).collect() }
    }

    fn len(&self) -> usize {
        self.cells.len() / self.width
    }

    fn row(&self, t: usize) -> &[Bar] {
        &self.cells[t * self.width..(t + 1) * self.width]
    }
}

impl Books {
    fn new(bars: &Bars) -> Self {
        Self { cash: f64::from(CASH), fills: 0, equity: vec![0.0; bars.len()] }
    }

    #[inline]
    fn fill(&mut self, line: &mut Line, price: f64) {
        if line.wanted != 0.0 {
            self.cash -= line.wanted * price + line.wanted.abs() * price * COMMISSION;
            line.held += line.wanted;
            line.wanted = 0.0;
            self.fills += 1;
        }
    }
}

/// [`crate::agent::Cross`] without a simulator.
pub(crate) fn cross(bars: &Bars) -> Books {
    let mut books = Books::new(bars);
    let mut lines = vec![Line::default(); bars.width];
    for t in 0..bars.len() {
        let row = bars.row(t);
        let mut value = 0.0;
        for symbol in 0..bars.width {
            let (bar, line) = (&row[symbol], &mut lines[symbol]);
            books.fill(line, bar.open);
            line.fast += bar.close;
            if t >= usize::from(FAST) {
                line.fast -= bars.cells[(t - usize::from(FAST)) * bars.width + symbol].close;
            }
            line.slow += bar.close;
            if t >= usize::from(SLOW) {
                line.slow -= bars.cells[(t - usize::from(SLOW)) * bars.width + symbol].close;
            }
            if t + 1 >= SLOW.into() {
                let above = line.fast / f64::from(FAST) > line.slow / f64::from(SLOW);
                line.wanted = if above { f64::from(SHARES) } else { 0.0 } - line.held;
            }
            value += line.held * bar.close;
        }
        books.equity[t] = books.cash + value;
    }
    books
}

/// [`crate::agent::EqualWeight`] without a simulator.
pub(crate) fn equal_weight(bars: &Bars) -> Books {
    let mut books = Books::new(bars);
    let mut lines = vec![Line::default(); bars.width];
    for t in 0..bars.len() {
        let row = bars.row(t);
        let mut value = 0.0;
        for symbol in 0..bars.width {
            books.fill(&mut lines[symbol], row[symbol].open);
            value += lines[symbol].held * row[symbol].close;
        }
        let equity = books.cash + value;
        books.equity[t] = equity;
        let part = f64::from(INVESTED) / 100.0 * equity / float(bars.width);
        for symbol in 0..bars.width {
            #[expect(clippy::cast_possible_truncation, reason = "whole shares, rounded down")]
            let target = (part / row[symbol].close) as i32;
            lines[symbol].wanted = f64::from(target) - lines[symbol].held;
        }
    }
    books
}
