//! A run: one agent in one scenario. [`Run::apply`] is the only way anything changes.

use std::sync::Arc;

use crate::{
    ledger::{Costs, Ledger, Position},
    market::{Market, SymbolId},
    num::{Money, Price, Quantity},
    order::{NewOrder, OrderId, Side, WorkingOrder},
    rules::{Rules, named},
    scenario::Scenario,
    time::Timestamp,
};

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It can be traded.
    Active,
    /// It reached the last bar.
    Completed,
    /// Its positions were closed by force.
    Liquidated,
    /// It was given up before the last bar.
    Abandoned,
}

named!(Status {
    Active = "active",
    Completed = "completed",
    Liquidated = "liquidated",
    Abandoned = "abandoned"
});

/// What an agent does to a run. The journal of a run is the list of its commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Cancel, order and step, in this order; all of it or none.
    Turn {
        /// Working orders to withdraw.
        cancel: Vec<OrderId>,
        /// Orders to queue.
        orders: Vec<NewOrder>,
        /// Bars to advance; 0 is none.
        steps: u32,
    },
    /// Give the run up.
    Abandon,
}

impl Command {
    /// A turn that only steps.
    pub fn step(steps: u32) -> Self {
        Self::Turn { cancel: Vec::new(), orders: Vec::new(), steps }
    }

    /// A turn that only queues orders.
    pub fn order(orders: Vec<NewOrder>) -> Self {
        Self::Turn { cancel: Vec::new(), orders, steps: 0 }
    }
}

/// An executed trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// The order it filled; `None` for a forced liquidation.
    pub order: Option<OrderId>,
    /// The instant: an index into the timeline.
    pub at: usize,
    /// The instrument.
    pub symbol: SymbolId,
    /// What it did.
    pub side: Side,
    /// Units.
    pub quantity: Quantity,
    /// Price paid or received, slippage included.
    pub price: Price,
    /// Price × quantity, always positive.
    pub value: Money,
    /// What slippage cost.
    pub slippage: Money,
    /// What the broker took.
    pub commission: Money,
    /// Profit against the average cost, before commissions; zero for opening fills.
    pub realized_pnl: Money,
    /// Realised profit after the commissions of both ends; zero for opening fills.
    pub net_pnl: Money,
    /// The agent's own words.
    pub reasoning: Option<Arc<str>>,
}

/// The books at the close of one bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Cash.
    pub cash: Money,
    /// Signed value of all positions.
    pub positions_value: Money,
    /// Sum of the positions' absolute values.
    pub gross: Money,
}

impl Sample {
    /// Cash and positions together.
    pub fn equity(&self) -> Money {
        self.cash + self.positions_value
    }
}

/// An order, or a part of one, that will not fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The order.
    pub order: OrderId,
    /// Its instrument.
    pub symbol: SymbolId,
    /// The quantity that will not fill.
    pub quantity: Quantity,
    /// Why.
    pub reason: Reason,
}

/// Why an accepted order ended without filling whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// At the fill the rest no longer fitted equity × leverage cap.
    #[error("cut to the buying power at the fill")]
    CutToBuyingPower,
    /// At the fill nothing fitted.
    #[error("no buying power left at the fill")]
    NoBuyingPower,
    /// An IOC order was tried and not (wholly) filled.
    #[error("ioc: what did not fill at the first bar is cancelled")]
    NotFilledAtOnce,
    /// A FOK order could not be filled whole.
    #[error("fok: it could not be filled whole at the first bar")]
    NotFilledWhole,
    /// A DAY order outlived its session.
    #[error("day: its session ended")]
    SessionEnded,
    /// The position this order closes, or the order it waits for, is gone.
    #[error("the position it depends on will not come about")]
    PositionGone,
    /// The run was liquidated.
    #[error("the run was liquidated")]
    Liquidated,
    /// The run ended.
    #[error("the run ended")]
    RunEnded,
}

/// What a command did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The number of the first accepted order; the others follow.
    pub first_order: Option<OrderId>,
    /// Bars advanced.
    pub bars_advanced: u32,
    /// Fills before this command: those it caused follow in [`Run::fills`].
    pub fills_before: usize,
    /// Orders that ended without filling whole.
    pub rejections: Vec<Rejection>,
}

/// Why a command was refused. A refused command changes nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The run has ended.
    #[error("run is {}, not active", .0.name())]
    NotActive(Status),
    /// No working order has this number.
    #[error("no working order {}", .0.0)]
    NoSuchOrder(OrderId),
    /// One or more orders break a rule; none was queued.
    #[error("{}", .0.first().map_or_else(String::new, |(_, reject)| reject.to_string()))]
    Orders(Vec<(usize, Reject)>),
    /// Too many orders in one turn.
    #[error("{count} orders in one call; at most {max}")]
    TooManyOrders {
        /// How many came.
        count: usize,
        /// How many may come.
        max: usize,
    },
}

/// Why one order was not accepted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reject {
    /// Zero or negative.
    #[error("quantity must be positive")]
    QuantityNotPositive,
    /// Past the limit.
    #[error("quantity must be at most {max}")]
    QuantityTooLarge {
        /// The largest order.
        max: i64,
    },
    /// A limit or stop price is zero, negative or past the limit.
    #[error("{field} must be positive and at most {max}")]
    PriceOutOfRange {
        /// Which price.
        field: &'static str,
        /// The highest price.
        max: i64,
    },
    /// The scenario has no short selling.
    #[error("shorting is disabled on this scenario")]
    ShortingDisabled,
    /// Selling what is not held.
    #[error("no long position in {symbol} to sell")]
    NoLong {
        /// The instrument.
        symbol: String,
    },
    /// Selling more than is held.
    #[error("sell quantity {asked} exceeds long {held}")]
    ExceedsLong {
        /// The order's quantity.
        asked: Quantity,
        /// What is held, less what is already on its way out.
        held: Quantity,
    },
    /// Covering what is not short.
    #[error("no short position in {symbol} to cover")]
    NoShort {
        /// The instrument.
        symbol: String,
    },
    /// Covering more than is short.
    #[error("cover quantity {asked} exceeds short {held}")]
    ExceedsShort {
        /// The order's quantity.
        asked: Quantity,
        /// What is short, less what is already on its way out.
        held: Quantity,
    },
    /// Buying while short, or shorting while long.
    #[error("{symbol} is {held_side} {held}: {side} would cross zero; {instead} it first")]
    CrossesZero {
        /// The instrument.
        symbol: String,
        /// `long` or `short`.
        held_side: &'static str,
        /// How much.
        held: Quantity,
        /// The order's side.
        side: &'static str,
        /// The side that closes the position.
        instead: &'static str,
    },
    /// The instrument has not traded yet.
    #[error("no bar yet for {symbol} at or before sim_time")]
    NoBarYet {
        /// The instrument.
        symbol: String,
    },
    /// Gross exposure would pass equity × leverage cap.
    #[error(
        "insufficient buying power: {symbol} would take gross exposure to ${exposure:.2}, \
         allowed is ${allowed:.2}"
    )]
    BuyingPower {
        /// The instrument.
        symbol: String,
        /// Gross exposure with every queued order filled.
        exposure: f64,
        /// Equity × leverage cap.
        allowed: f64,
    },
    /// A position or the gross exposure would pass a named limit.
    #[error("{what} is past the limit of {max}")]
    PastLimit {
        /// What is too large.
        what: &'static str,
        /// The limit.
        max: i64,
    },
    /// The run is about to be liquidated.
    #[error("a liquidation is due at the next open: orders are refused, step to let it happen")]
    LiquidationDue,
    /// Too many orders wait already.
    #[error("{max} orders are waiting already; cancel some or step")]
    QueueFull {
        /// How many may wait.
        max: usize,
    },
}

/// The state of a run, derived from scenario and commands alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) now: usize,
    pub(crate) status: Status,
    pub(crate) ledger: Ledger,
    pub(crate) queue: Vec<WorkingOrder>,
    pub(crate) orders_seen: u32,
    pub(crate) fills: Vec<Fill>,
    pub(crate) samples: Vec<Sample>,
    pub(crate) liquidation_due: bool,
    pub(crate) ambiguous_bars: u32,
}

impl Run {
    /// A run at the first bar of a scenario.
    pub fn new(scenario: Arc<Scenario>) -> Self {
        let cash = scenario.rules.starting_cash;
        let mut samples = Vec::with_capacity(scenario.decisions() + 1);
        samples.push(Sample { cash, positions_value: Money::ZERO, gross: Money::ZERO });
        Self {
            now: scenario.rules.warmup,
            status: Status::Active,
            ledger: Ledger::new(cash, scenario.market.width()),
            queue: Vec::new(),
            orders_seen: 0,
            fills: Vec::new(),
            samples,
            liquidation_due: false,
            ambiguous_bars: 0,
            scenario,
        }
    }

    /// Replays a journal.
    pub fn replay<'a>(
        scenario: Arc<Scenario>,
        commands: impl IntoIterator<Item = &'a Command>,
    ) -> Result<Self, Refusal> {
        let mut run = Self::new(scenario);
        for command in commands {
            run.apply(command)?;
        }
        Ok(run)
    }

    /// Does what the command says, whole, or refuses it and changes nothing.
    pub fn apply(&mut self, command: &Command) -> Result<Outcome, Refusal> {
        if self.status != Status::Active {
            return Err(Refusal::NotActive(self.status));
        }
        let mut outcome = Outcome { fills_before: self.fills.len(), ..Outcome::default() };
        match command {
            Command::Turn { cancel, orders, steps } => {
                let before = (!cancel.is_empty()).then(|| self.queue.clone());
                let queued = self
                    .withdraw(cancel, &mut outcome)
                    .and_then(|()| self.accept(orders, &mut outcome));
                if let Err(refusal) = queued {
                    if let Some(queue) = before {
                        self.queue = queue;
                    }
                    return Err(refusal);
                }
                for _ in 0..*steps {
                    if self.status != Status::Active {
                        break;
                    }
                    self.advance(&mut outcome);
                }
            }
            Command::Abandon => {
                self.status = Status::Abandoned;
                self.end_orders(Reason::RunEnded, &mut outcome);
            }
        }
        Ok(outcome)
    }

    /// The scenario.
    pub fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// The scenario's market, future included: what an agent may see ends at [`Run::now`].
    pub fn market(&self) -> &Market {
        &self.scenario.market
    }

    /// The scenario's rules.
    pub fn rules(&self) -> &Rules {
        &self.scenario.rules
    }

    /// The current instant: an index into the timeline.
    pub fn now(&self) -> usize {
        self.now
    }

    /// The current instant.
    pub fn sim_time(&self) -> Timestamp {
        self.market().timeline()[self.now]
    }

    /// How far the run has come.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Whether the run reached its last bar.
    pub fn done(&self) -> bool {
        self.status == Status::Completed
    }

    /// Whether positions are closed by force at the next open.
    pub fn liquidation_due(&self) -> bool {
        self.liquidation_due
    }

    /// Cash.
    pub fn cash(&self) -> Money {
        self.ledger.cash
    }

    /// The position in one instrument; flat is zero.
    pub fn position(&self, symbol: SymbolId) -> &Position {
        &self.ledger.positions[symbol.index()]
    }

    /// Positions that are not flat, in order of symbol.
    pub fn positions(&self) -> impl Iterator<Item = (SymbolId, &Position)> {
        let held = |(_, position): &(SymbolId, &Position)| position.quantity != Quantity::ZERO;
        self.market().symbols().zip(&self.ledger.positions).filter(held)
    }

    /// Orders that wait, in order of arrival.
    pub fn working_orders(&self) -> &[WorkingOrder] {
        &self.queue
    }

    /// Every trade so far, in order.
    pub fn fills(&self) -> &[Fill] {
        &self.fills
    }

    /// The books at the close of every bar so far; the first is the start.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The books at the close of the current bar.
    pub fn last_sample(&self) -> Sample {
        self.samples[self.samples.len() - 1]
    }

    /// What trading cost so far.
    pub fn costs(&self) -> Costs {
        self.ledger.costs
    }

    /// The sum of all fills' values.
    pub fn traded(&self) -> Money {
        self.ledger.traded
    }

    /// Bars in which a path policy had to decide.
    pub fn ambiguous_bars(&self) -> u32 {
        self.ambiguous_bars
    }
}
