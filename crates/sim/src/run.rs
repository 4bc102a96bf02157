//! A run: one agent in one scenario. [`Run::apply`] is the only way anything changes.

use std::sync::Arc;

use crate::{
    engine::memory::Memory,
    ledger::{Costs, Ledger, Position},
    market::{Market, SymbolId},
    num::{Money, Price, Quantity},
    order::{NewOrder, OrderId, Side, WorkingOrder},
    outcome::{Outcome, Reason, Refusal, Status},
    rules::Rules,
    scenario::Scenario,
    time::Timestamp,
};

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
    pub(crate) memory: Memory,
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
            memory: Memory::default(),
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
                self.liquidation_due = false;
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
