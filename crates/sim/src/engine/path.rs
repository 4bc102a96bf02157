//! What happened inside a bar, as far as its four prices tell.
//!
//! Everything is written for an order that buys. A selling order sees the bar upside down
//! ([`Facing`] negates and swaps the prices), so each rule is stated once.

use crate::{
    market::Bar,
    num::Price,
    order::OrderKind,
    rules::{LimitFill, PathPolicy},
};

/// The four prices of a bar, as far as they are known yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prices {
    open: Price,
    high: Price,
    low: Price,
    close: Price,
}

impl Prices {
    /// All of them.
    pub(crate) fn of(bar: Bar) -> Self {
        let Bar { open, high, low, close, .. } = bar;
        Self { open, high, low, close }
    }

    /// Of a bar that has just opened, or of a single price.
    pub(crate) fn at(open: Price) -> Self {
        Self::new(open, open, open, open)
    }

    /// Of a bar with these prices.
    pub(crate) fn new(open: Price, high: Price, low: Price, close: Price) -> Self {
        Self { open, high, low, close }
    }
}

/// A bar as an order of this direction sees it: lower is better, higher wakes stops.
#[derive(Debug, Clone, Copy)]
struct Facing {
    direction: i64,
    open: i64,
    high: i64,
    low: i64,
    close: i64,
}

/// From when on an order takes part in a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// From the bar's first price.
    Open,
    /// Once the price, coming from `origin`, has first reached `level`.
    After { origin: Price, level: Price },
}

impl Start {
    /// The later of two moments inside a bar, where their order is certain: on one way from one
    /// price, what lies further was reached later.
    pub(crate) fn later(self, other: Self) -> Option<Self> {
        let (Self::After { origin, level }, Self::After { origin: from, level: to }) =
            (self, other)
        else {
            return Some(if self == Self::Open { other } else { self });
        };
        let (one, two) = ((level - origin).units(), (to - from).units());
        let same_way = origin == from && one.signum() * two.signum() >= 0;
        same_way.then_some(if one.abs() >= two.abs() { self } else { other })
    }
}

/// The price an order meets, before slippage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) reference: Price,
    /// The worst price the order accepts.
    pub(crate) limit: Option<Price>,
    /// When it is met: at the open, or inside the bar.
    pub(crate) moment: Start,
    /// The first price of the bar, at which the books are valued while it is played.
    pub(crate) open: Price,
}

/// The fill options of a scenario, and whether a policy had to decide.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) limit_fill: LimitFill,
    pub(crate) policy: PathPolicy,
    pub(crate) ambiguous: bool,
}

impl Facing {
    fn new(prices: &Prices, direction: i64) -> Self {
        let Prices { open, high, low, close } = *prices;
        let [open, high, low, close] =
            [open, high, low, close].map(|price| direction * price.units());
        let (high, low) = if direction < 0 { (low, high) } else { (high, low) };
        Self { direction, open, high, low, close }
    }

    fn level(&self, price: Price) -> i64 {
        self.direction * price.units()
    }

    fn price(&self, level: i64) -> Price {
        Price::from_units(self.direction * level)
    }

    /// Whether this policy takes the (faced) high to come first; `None` when it names no path.
    fn high_first(&self, policy: PathPolicy) -> Option<bool> {
        match policy {
            PathPolicy::Worst | PathPolicy::Best => None,
            PathPolicy::HighFirst => Some(self.direction > 0),
            PathPolicy::LowFirst => Some(self.direction < 0),
            PathPolicy::Nearest => {
                let (up, down) = (self.high - self.open, self.open - self.low);
                Some(up < down || (up == down && self.direction > 0))
            }
        }
    }
}

/// A moment in faced levels: where the price came from and where it is.
#[derive(Clone, Copy)]
struct At {
    origin: i64,
    level: i64,
    first: bool,
}

/// Where `order_kind` meets this bar, if it does. Sets `triggered` once a stop is touched.
pub(crate) fn quote(
    kind: OrderKind,
    triggered: &mut bool,
    prices: &Prices,
    direction: i64,
    start: Start,
    reading: &mut Reading,
) -> Option<Quote> {
    if kind == OrderKind::Market {
        let open = prices.open;
        let quote = Quote { reference: open, limit: None, moment: Start::Open, open };
        return (start == Start::Open).then_some(quote);
    }
    let bar = Facing::new(prices, direction);
    let start = match start {
        Start::Open => At { origin: bar.open, level: bar.open, first: true },
        Start::After { origin, level } => {
            At { origin: bar.level(origin), level: bar.level(level), first: false }
        }
    };
    let (stop, limit) = kind.prices();
    let woken = match stop {
        None => start,
        Some(stop) => wakes(&bar, start, stop, triggered, reading)?,
    };
    let at = match limit {
        None => woken,
        Some(limit) => falls_past(&bar, woken, limit, reading)?,
    };
    let moment = if at.first {
        Start::Open
    } else {
        Start::After { origin: bar.price(at.origin), level: bar.price(at.level) }
    };
    Some(Quote { reference: bar.price(at.level), limit, moment, open: prices.open })
}

/// The moment at which the price rises to the stop.
fn wakes(
    bar: &Facing,
    start: At,
    stop: Price,
    triggered: &mut bool,
    reading: &mut Reading,
) -> Option<At> {
    if *triggered {
        return Some(start);
    }
    let stop = bar.level(stop);
    let woken = if start.level >= stop {
        start
    } else {
        // Rising when it came to `level`, or starting there: any higher price came later.
        let rising = start.origin <= start.level;
        let reached = bar.high >= stop
            && (bar.close >= stop || rising || {
                reading.ambiguous = true;
                match bar.high_first(reading.policy) {
                    Some(high_first) => !high_first,
                    None => reading.policy == PathPolicy::Worst,
                }
            });
        reached.then_some(At { origin: start.level, level: stop, first: false })?
    };
    *triggered = true;
    Some(woken)
}

/// The moment at which the price falls past the limit.
fn falls_past(bar: &Facing, start: At, limit: Price, reading: &mut Reading) -> Option<At> {
    let limit = bar.level(limit);
    let past = |level: i64| match reading.limit_fill {
        LimitFill::Through => level < limit,
        LimitFill::Touch => level <= limit,
    };
    if past(start.level) {
        return Some(start);
    }
    let falling = start.origin >= start.level;
    let (low_is_past, close_is_past) = (past(bar.low), past(bar.close));
    let reached = low_is_past
        && (close_is_past || falling || {
            reading.ambiguous = true;
            match bar.high_first(reading.policy) {
                Some(high_first) => high_first,
                None => reading.policy == PathPolicy::Best,
            }
        });
    let level = limit.min(start.level);
    reached.then_some(At { origin: start.level, level, first: false })
}
