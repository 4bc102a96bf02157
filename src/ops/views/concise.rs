//! The concise form of answers: what a decision needs, in few words.
//!
//! Prices to the tick, money to the cent, percentages to two decimals (ratios to four), lists as
//! rows under named columns; quantities stay exact, because positions are closed with them.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sim::{Money, Status};

use super::{Instant, OrderView, RejectionView, TradeView};
use crate::runs::Seat;

/// Digits of a price that carry meaning, where the cent does not show as many.
const PRICE_DIGITS: i32 = 5;

/// Rows under named columns.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Table {
    columns: &'static [&'static str],
    rows: Vec<Vec<Value>>,
}

impl Table {
    /// The rows, even if there are none.
    pub(crate) fn new(
        columns: &'static [&'static str],
        rows: impl IntoIterator<Item = Vec<Value>>,
    ) -> Self {
        Self { columns, rows: rows.into_iter().collect() }
    }

    /// The rows; no table when there are none.
    pub(crate) fn of(
        columns: &'static [&'static str],
        rows: impl IntoIterator<Item = Vec<Value>>,
    ) -> Option<Self> {
        Some(Self::new(columns, rows)).filter(|table| !table.rows.is_empty())
    }

    /// What was filled.
    pub(crate) fn fills(fills: &[TradeView]) -> Option<Self> {
        let columns = &["symbol", "side", "quantity", "fill_price", "realized_pnl"];
        Self::of(columns, fills.iter().map(TradeView::row))
    }

    /// What will not fill.
    pub(crate) fn rejections(rejections: &[RejectionView]) -> Option<Self> {
        Self::of(&["symbol", "quantity", "reason"], rejections.iter().map(RejectionView::row))
    }

    /// Orders that wait.
    pub(crate) fn orders(orders: &[OrderView]) -> Option<Self> {
        let columns = &[
            "id",
            "symbol",
            "side",
            "quantity",
            "order_type",
            "limit_price",
            "stop_price",
            "time_in_force",
        ];
        Self::of(columns, orders.iter().map(OrderView::row))
    }
}

/// What every answer about a run that moves has at its top, in either format.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Pulse {
    #[schemars(with = "Instant")]
    sim_time: String,
    /// The last bar was reached.
    done: bool,
    liquidated: bool,
}

impl Pulse {
    pub(crate) fn of(seat: &Seat) -> Self {
        Self {
            sim_time: seat.run.sim_time().to_string(),
            done: seat.run.done(),
            liquidated: seat.run.status() == Status::Liquidated,
        }
    }
}

/// The top of a concise answer.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Vitals {
    #[serde(flatten)]
    pulse: Pulse,
    /// Positions are closed by force at the next open; left out when they are not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    liquidation_due: bool,
    /// Bars left to step through.
    bars_left: usize,
    equity: f64,
    cash: f64,
    /// What is left to do once the run has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_action: Option<&'static str>,
}

impl Vitals {
    pub(crate) fn of(seat: &Seat) -> Self {
        let run = &seat.run;
        let ended = run.status() != Status::Active;
        Self {
            pulse: Pulse::of(seat),
            liquidation_due: run.liquidation_due(),
            bars_left: if ended { 0 } else { run.market().last() - run.now() },
            equity: cents(run.last_sample().equity()),
            cash: cents(run.cash()),
            next_action: ended.then_some("get_results"),
        }
    }
}

/// To two decimals.
pub(crate) fn two(value: f64) -> f64 {
    decimals(value, 2)
}

/// An amount to the cent.
pub(crate) fn cents(amount: Money) -> f64 {
    two(amount.to_f64())
}

/// A price to the tick: two decimals, more where five digits need them.
pub(crate) fn tick(price: f64) -> f64 {
    decimals(price, (PRICE_DIGITS - digits(price)).clamp(2, 8))
}

/// A number to four digits; a large one to its whole part.
pub(crate) fn rough(value: f64) -> f64 {
    decimals(value, (4 - digits(value)).max(0))
}

/// Digits before the decimal point.
fn digits(value: f64) -> i32 {
    let (mut digits, mut bound) = (0, 1.0);
    while value.abs() >= bound && digits < 16 {
        digits += 1;
        bound *= 10.0;
    }
    // Leading zeros after the point count against it.
    let mut bound = 0.1;
    while digits <= 0 && value != 0.0 && value.abs() < bound && digits > -8 {
        digits -= 1;
        bound /= 10.0;
    }
    digits
}

/// Rounded to so many decimals; never minus zero.
fn decimals(value: f64, places: i32) -> f64 {
    let scale = 10_f64.powi(places);
    (value * scale).round() / scale + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "the shortest form of a rounded number is exact")]
    fn numbers_keep_the_digits_that_matter() {
        assert_eq!(tick(38.234_561), 38.235);
        assert_eq!(tick(189.304_99), 189.3);
        assert_eq!(tick(1.084_512), 1.0845);
        assert_eq!(tick(64_123.456), 64_123.46);
        assert_eq!(tick(0.081_234_5), 0.081_235);
        assert_eq!(tick(0.0), 0.0);
        assert_eq!(rough(12_345_678.9), 12_345_679.0);
        assert_eq!(rough(0.123_456), 0.1235);
        assert_eq!(rough(12.345_6), 12.35);
        assert_eq!(two(-0.001).to_string(), "0");
        assert_eq!(two(1.005_1), 1.01);
    }
}
