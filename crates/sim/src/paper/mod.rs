//! Paper trading: an account that trades continuously on a moving market.
//!
//! The market is a [`Tape`]: listings and, in order of time, what was printed for them. A
//! [`Moment`] says how much of the tape has happened. An [`Account`] changes by
//! [`Account::advance`], [`Account::place`] and [`Account::cancel`] alone, and advancing from *a*
//! to *c* equals advancing from *a* to *b* and from *b* to *c*, whatever *b* is: whether anybody
//! looks at an account makes no difference to it.
//!
//! # Prices and sessions
//!
//! - The **displayed price** of an instrument is its last print before the moment: the open of a
//!   bar while it lasts, its close afterwards, or the one price of a fix or a quote.
//! - A market is **in session** while its calendar has a session around the moment, from its first
//!   second to the one before its close, and a price. What is printed at the very second of a
//!   close belongs to the session that closes.
//! - Nothing an order does uses what was printed later. An order placed inside a bar sees of that
//!   bar its close alone, because the high and the low may lie before it.
//!
//! # Orders
//!
//! - Positions are **net**: BUY adds units, SELL takes units away, past zero into a short position
//!   where the asset type may be shorted (all but CRYPTO). One order may cross zero.
//! - In session, **MARKET** fills at once at the displayed price moved by the listing's slippage
//!   against the trader. **LIMIT** acts at once if the displayed price is at the limit or better,
//!   **STOP** if it is at the stop or past it; the fill moves by slippage too, yet never past the
//!   order's own limit. Outside a session they wait, OPEN, for the next print in one.
//! - An order that **rests** is held against every print of its instrument in session: against an
//!   open (a gap fills at the open), a single price, or a whole bar. Inside a bar a limit fills
//!   when the price goes *through* it, a stop wakes when it is touched, and where the order of
//!   events decides, the worse one is taken to have happened.
//! - **Time in force.** GTC lasts [`GTC_DAYS`] days of market time. DAY lasts to the close of the
//!   session it is placed in, or of the next one. IOC takes what fills at once; the rest is
//!   CANCELLED. FOK fills at once and whole or is REJECTED. Outside a session an IOC order is
//!   CANCELLED and a FOK order REJECTED. An order is good *through* the second at which it ends.
//! - **Liquidity.** At one print an account takes at most [`VOLUME_SHARE_PCT`] percent of the
//!   volume of the instrument's last completed bar, whole orders and parts together. The rest of a
//!   GTC or DAY order stays PARTIALLY_FILLED and goes on at the next print, not at the price that
//!   has gone: at the close of the bar, or at the limit where the close is beyond it. Where there
//!   is no volume there is no cap.
//! - Orders do not know of each other: of a limit and a stop that each close a position, the
//!   second opens the other way when it fills, unless it was cancelled.
//! - Orders of one instrument have their turn in order of arrival. [`OrderStatus::TRANSITIONS`] is
//!   the one table of how an order may go on.
//!
//! # Costs
//!
//! Slippage is the listing's, in basis points of the price ([`AssetType::slippage_bps`]).
//! Commission is counted over the whole order ([`AssetType::commission`]): each fill pays what the
//! order owes by then less what it has paid.
//!
//! # Limits
//!
//! - **Buying power.** A position demands an initial margin: 100 % of its value for CRYPTO, 50 %
//!   for all others. At acceptance the margin of all positions and of all working orders that
//!   would open, at the displayed price or the order's own, whichever is dearer, is at most the
//!   equity; after every opening fill the margin of the positions is.
//! - **Position limit.** After an opening order a position is worth at most [`POSITION_LIMIT_PCT`]
//!   percent of equity, likewise at acceptance and after the fill.
//! - What cannot be shorted is sold only as far as it is held: an order for more is refused when
//!   it is placed, and one that finds less when its price comes sells what there is and is
//!   CANCELLED.
//! - An order that only reduces a position is never refused for buying power or the position
//!   limit. An opening fill that does not fit ends its order: REJECTED if nothing of it was
//!   filled, CANCELLED otherwise.
//! - **Margin call.** When equity is below half of the positions' initial margin after a print, or
//!   not above zero, every working order is cancelled and every position closed at its displayed
//!   price moved by slippage.
//! - [`WORKING_ORDERS_MAX`] orders may wait, [`ORDERS_MAX`] may be placed in a season.
//!
//! # Two things at one second
//!
//! Prints of a second come in the order of the tape. Expiries and equity samples of that second
//! come after all of its prints: they are due as soon as a later second is reached.

mod account;
mod advance;
mod asset;
mod calendar;
mod fill;
mod kpi;
mod margin;
mod order;
mod place;
mod tape;
mod why;

pub use account::{Account, Fill, Holding, NotCancelled, NotPlaced, Sample};
pub use asset::AssetType;
pub use calendar::{Calendar, Session, Snapshots};
pub use kpi::Kpi;
pub use order::{NewOrder, Order, OrderStatus, Side};
pub use tape::{Listing, Moment, Print, TICKS_MAX, Tape, TapeError, Tick};
pub use why::Why;

use crate::num::Money;

/// What an account starts a season with, in US dollars.
pub const STARTING_CASH: Money = Money::whole(100_000);
/// Orders of one account that may wait at the same time.
pub const WORKING_ORDERS_MAX: usize = 200;
/// Orders one account may place in a season.
pub const ORDERS_MAX: usize = 20_000;
/// Days of market time after which a GTC order ends.
pub const GTC_DAYS: i64 = 90;
/// Percent of the last completed bar's volume that one account may take at one print.
pub const VOLUME_SHARE_PCT: i64 = 10;
/// Percent of equity that one position may be worth after an opening order.
pub const POSITION_LIMIT_PCT: u32 = 25;

const SECONDS_PER_DAY: i64 = 86_400;
