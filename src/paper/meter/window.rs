//! The windows in which calls are counted, and where an account stands in them.

use std::time::Duration;

use jiff::Timestamp;

use super::Kind;
use crate::{error::Error, month::Month, plan::Plan, store::usage::Usage};

/// Calls of an account in a minute, on every plan.
pub const REQUESTS_A_MINUTE: u32 = 120;
/// Those of them that may place an order.
pub const ORDERS_A_MINUTE: u32 = 20;
/// How many minutes a clock may be set back without opening a window anew.
const SET_BACK_MAX: i64 = 1;

const SECONDS_A_MINUTE: i64 = 60;

/// What an account has used in the windows of this instant.
pub(super) fn at(usage: &Usage, now: Timestamp) -> Usage {
    let this = now.as_second().div_euclid(SECONDS_A_MINUTE);
    let set_back = usage.minute - this;
    let minute = if (1..=SET_BACK_MAX).contains(&set_back) { usage.minute } else { this };
    let at = Timestamp::from_second(minute * SECONDS_A_MINUTE).unwrap_or_default();
    let Month(month) = Month::of(at);
    let (same_month, same_minute) = (month == usage.month, minute == usage.minute);
    Usage {
        month,
        month_calls: if same_month { usage.month_calls } else { 0 },
        minute,
        minute_calls: if same_minute { usage.minute_calls } else { 0 },
        minute_orders: if same_minute { usage.minute_orders } else { 0 },
    }
}

/// Where an account stands: of the windows that hold a call, the one in which fewest remain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Calls that the window has.
    pub limit: u32,
    /// Those that remain.
    pub remaining: u32,
    /// When the next window begins, in seconds since 1970.
    pub resets_at: i64,
}

/// The windows of one instant.
pub(super) struct Windows {
    plan: Plan,
    requests: Standing,
    orders: Standing,
    month: Standing,
}

impl Windows {
    pub(super) fn of(usage: &Usage, plan: Plan) -> Self {
        let standing = |limit: u32, used: i64, resets_at: i64| {
            let remaining = i64::from(limit).saturating_sub(used).max(0);
            Standing { limit, remaining: u32::try_from(remaining).unwrap_or(limit), resets_at }
        };
        let next_minute = (usage.minute + 1) * SECONDS_A_MINUTE;
        let (month, resets_at) = (plan.calls_a_month(), Month(usage.month).next().begins());
        Self {
            plan,
            requests: standing(REQUESTS_A_MINUTE, usage.minute_calls, next_minute),
            orders: standing(ORDERS_A_MINUTE, usage.minute_orders, next_minute),
            month: standing(month, usage.month_calls, resets_at.as_second()),
        }
    }

    /// Where a call of this kind stands; of windows with equally few, in the one that lasts.
    pub(super) fn standing(&self, kind: Kind) -> Standing {
        let orders = (kind == Kind::Order).then_some(self.orders);
        let windows = [self.requests, self.month].into_iter().chain(orders);
        let first = windows.min_by_key(|it| (it.remaining, -it.resets_at));
        first.unwrap_or(self.requests)
    }

    /// Why one more call of this kind is too many.
    pub(super) fn refusal(&self, kind: Kind, now: Timestamp) -> Option<Error> {
        let wait = |window: &Standing| {
            let until = i128::from(window.resets_at) * 1_000_000_000 - now.as_nanosecond();
            Duration::from_nanos(u64::try_from(until).unwrap_or_default())
        };
        let full = |window: &Standing| window.remaining == 0;
        if full(&self.month) {
            let plan = self.plan;
            return Some(Error::month_is_full(plan.shown(), self.month.limit, wait(&self.month)));
        }
        let minute = |what, window: &Standing| {
            full(window).then(|| Error::minute_is_full(what, window.limit, wait(window)))
        };
        let orders = || minute("orders", &self.orders).filter(|_| kind == Kind::Order);
        minute("requests", &self.requests).or_else(orders)
    }
}
