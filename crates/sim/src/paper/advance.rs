//! Time goes on: prints reach the orders that wait, orders expire, equity is sampled.

use super::{
    Account, Moment, Print, Tape, Why,
    account::Working,
    fill::{Against, Fate, Meeting},
    tape::Point,
};
use crate::{
    engine::path::Prices,
    market::SymbolId,
    num::{Price, Quantity},
    order::{OrderKind, TimeInForce},
    time::Timestamp,
};

/// An instrument whose prints concern the account.
struct Watch {
    instrument: SymbolId,
    /// Its first print that is yet to come, among those of the instrument.
    next: usize,
    /// The tick of that print; no tick has the last number.
    tick: u32,
    /// The displayed price, zero before there is one.
    mark: Price,
}

impl Watch {
    /// All prints of the first `ticks` ticks have come.
    fn new(tape: &Tape, instrument: SymbolId, ticks: usize) -> Self {
        let prints = tape.prints(instrument);
        let next = prints.partition_point(|it| it.index() < ticks);
        let mark = prints[..next].last().map_or(Price::ZERO, |it| it.price);
        Self { instrument, next, tick: tick_of(prints.get(next)), mark }
    }

    /// Takes the next print.
    fn take(&mut self, tape: &Tape) -> Option<Point> {
        let prints = tape.prints(self.instrument);
        let point = *prints.get(self.next)?;
        self.next += 1;
        self.tick = tick_of(prints.get(self.next));
        self.mark = point.price;
        Some(point)
    }
}

fn tick_of(point: Option<&Point>) -> u32 {
    point.map_or(u32::MAX, |it| it.tick)
}

impl Account {
    /// Brings the account to a moment. A moment that is not later changes nothing.
    ///
    /// The work grows with the ticks since the last moment of the instruments in which the account
    /// has orders or positions, and with the instants of sampling.
    pub fn advance(&mut self, tape: &Tape, to: Moment) {
        let to = Moment {
            ticks: to.ticks.min(tape.ticks().len()).max(self.now.ticks),
            at: to.at.max(self.now.at),
        };
        if to.ticks > self.now.ticks {
            self.follow(tape, to.ticks);
        }
        self.pass(tape, to.at);
        self.now = to;
    }

    /// Plays the ticks up to this count that concern the account.
    fn follow(&mut self, tape: &Tape, ticks: usize) {
        let mut watches = self.watches(tape);
        let mut due = self.due();
        while let Some(watch) = watches.iter_mut().min_by_key(|it| it.tick) {
            if watch.tick as usize >= ticks {
                return;
            }
            let (instrument, nth) = (watch.instrument, watch.next);
            let Some(point) = watch.take(tape) else { return };
            let at = tape.ticks()[point.index()].at.max(self.now.at);
            let before = (self.working.len(), self.fills.len());
            if due.is_some_and(|due| due < at) {
                self.pass(tape, at);
                due = self.due();
            }
            let meeting = Meeting { tape, instrument, at, ticks: point.index() + 1, point };
            self.print(nth, &meeting);
            if self.quantity(instrument) != Quantity::ZERO {
                let marks = watches.iter().map(|it| (it.instrument, it.mark));
                let worth = self.worth_at(tape, marks);
                self.call_margin(worth, &meeting);
            }
            if before != (self.working.len(), self.fills.len()) {
                watches.retain(|watch| self.is_concerned(watch.instrument));
            }
        }
    }

    fn watches(&self, tape: &Tape) -> Vec<Watch> {
        let held = self.held().map(|(instrument, _)| instrument);
        let mut instruments: Vec<SymbolId> =
            self.working.iter().map(|it| it.instrument).chain(held).collect();
        instruments.sort_unstable();
        instruments.dedup();
        instruments.into_iter().map(|it| Watch::new(tape, it, self.now.ticks)).collect()
    }

    fn is_concerned(&self, instrument: SymbolId) -> bool {
        self.quantity(instrument) != Quantity::ZERO || self.working_in(instrument).next().is_some()
    }

    /// Orders of one instrument that wait, in order of arrival.
    pub(super) fn working_in(&self, instrument: SymbolId) -> impl Iterator<Item = &Working> {
        let start = self.first_of(instrument);
        self.working[start..].iter().take_while(move |it| it.instrument == instrument)
    }

    fn first_of(&self, instrument: SymbolId) -> usize {
        self.working.partition_point(|it| it.instrument < instrument)
    }

    /// The orders of an instrument have their turn at its nth print.
    fn print(&mut self, nth: usize, meeting: &Meeting<'_>) {
        if !meeting.point.in_session {
            return;
        }
        let mut turn = self.first_of(meeting.instrument);
        while let Some(working) = self.working.get(turn).copied() {
            if working.instrument != meeting.instrument {
                break;
            }
            match self.turn_of(working, nth, meeting) {
                Some(working) => {
                    self.working[turn] = working;
                    turn += 1;
                }
                None => {
                    self.working.remove(turn);
                }
            }
        }
    }

    /// Holds an order that waits against a print; answers how it goes on waiting, if it does.
    fn turn_of(
        &mut self,
        mut working: Working,
        nth: usize,
        meeting: &Meeting<'_>,
    ) -> Option<Working> {
        let against = self.against(&working, nth, meeting);
        match self.meet(&mut working, against, meeting) {
            Fate::Waits => Some(working),
            Fate::Filled => None,
            Fate::Refused(why) => {
                self.refuse(working.number, why, meeting.at);
                None
            }
        }
    }

    /// What of a print an order may know: of a bar inside which it was placed the close alone.
    fn against(&self, working: &Working, nth: usize, meeting: &Meeting<'_>) -> Against {
        let Meeting { tape, instrument, point, .. } = *meeting;
        let Print::Bar { high, low, close, .. } = tape.ticks()[point.index()].print else {
            return Against::Price(point.price);
        };
        let open = tape.prints(instrument)[nth - 1];
        let rested = working.placed <= open.index() && open.in_session;
        let market =
            self.order(working.number).is_some_and(|it| it.order.kind == OrderKind::Market);
        if !rested || market {
            return Against::Price(close);
        }
        Against::Bar { prices: Prices::new(open.price, high, low, close), close }
    }

    /// The second after which something happens whatever is printed.
    fn due(&self) -> Option<Timestamp> {
        let ends = self.working.iter().map(|it| it.until).min();
        ends.into_iter().chain(self.sampled_next).min()
    }

    /// What is due before this second: orders that ended and samples of equity, in order of time.
    fn pass(&mut self, tape: &Tape, until: Timestamp) {
        while let Some(due) = self.due().filter(|it| *it < until) {
            self.expire(due);
            if self.sampled_next == Some(due) {
                self.samples.push(self.worth(tape, tape.moment(due).ticks).equity);
                self.sampled_next = tape.snapshots().after(due);
            }
        }
    }

    /// Ends the orders that were good through this second.
    fn expire(&mut self, at: Timestamp) {
        let ended: Vec<u32> =
            self.working.iter().filter(|it| it.until == at).map(|it| it.number).collect();
        if ended.is_empty() {
            return;
        }
        self.working.retain(|it| it.until != at);
        for number in ended {
            if let Some(order) = self.order_mut(number) {
                let why = match order.order.time_in_force {
                    TimeInForce::Day => Why::DayEnded { closed: at },
                    _ => Why::GtcEnded { ended: at },
                };
                order.cancel(why, at);
            }
        }
    }
}
