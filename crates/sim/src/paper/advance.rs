//! Time goes on: prints reach the orders that wait, orders expire, equity is sampled.

use super::{
    Account, Moment, Print, Tape, Why,
    account::Working,
    fill::{Against, Fate, Meeting},
};
use crate::{
    engine::path::Prices,
    market::SymbolId,
    num::Quantity,
    order::{OrderKind, TimeInForce},
    time::Timestamp,
};

/// An instrument whose prints concern the account, and the first of them that is yet to come.
struct Watch {
    instrument: SymbolId,
    next: usize,
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
        loop {
            let upcoming = watches.iter_mut().filter_map(|watch| {
                let point = tape.prints(watch.instrument).get(watch.next)?;
                (point.index() < ticks).then_some((point.tick, watch))
            });
            let Some((_, watch)) = upcoming.min_by_key(|(tick, _)| *tick) else { return };
            let (instrument, nth) = (watch.instrument, watch.next);
            watch.next += 1;
            let before = (self.working.len(), self.fills.len());
            self.print(tape, instrument, nth);
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
        let watch = |instrument| {
            let next = tape.prints(instrument).partition_point(|it| it.index() < self.now.ticks);
            Watch { instrument, next }
        };
        instruments.into_iter().map(watch).collect()
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

    /// One print: the instrument's orders have their turn, then the margin is looked at.
    fn print(&mut self, tape: &Tape, instrument: SymbolId, nth: usize) {
        let point = tape.prints(instrument)[nth];
        let tick = &tape.ticks()[point.index()];
        let at = tick.at.max(self.now.at);
        self.pass(tape, at);
        let ticks = point.index() + 1;
        if tape.is_in_session(tick) {
            let meeting = Meeting { tape, instrument, at, ticks, point };
            let mut turn = self.first_of(instrument);
            while let Some(&working) = self.working.get(turn) {
                if working.instrument != instrument {
                    break;
                }
                if self.has_turn(working, nth, &meeting) {
                    turn += 1;
                } else {
                    self.working.remove(turn);
                }
            }
        }
        if self.quantity(instrument) != Quantity::ZERO {
            self.call_margin(tape, ticks, at);
        }
    }

    /// Holds an order that waits against a print; answers whether it goes on waiting.
    fn has_turn(&mut self, mut working: Working, nth: usize, meeting: &Meeting<'_>) -> bool {
        let against = self.against(&working, nth, meeting);
        match self.meet(&mut working, against, meeting) {
            Fate::Waits => {
                let turn = self.working.partition_point(|it| it.place() < working.place());
                self.working[turn] = working;
                true
            }
            Fate::Filled => false,
            Fate::Refused(why) => {
                if let Some(order) = self.order_mut(working.number) {
                    order.refuse(why, meeting.at);
                }
                false
            }
        }
    }

    /// What of a print an order may know: of a bar inside which it was placed the close alone.
    fn against(&self, working: &Working, nth: usize, meeting: &Meeting<'_>) -> Against {
        let tape = meeting.tape;
        let tick = &tape.ticks()[meeting.point.index()];
        let Print::Bar { high, low, close, .. } = tick.print else {
            return Against::Price(meeting.point.price);
        };
        let open = &tape.prints(meeting.instrument)[nth - 1];
        let rested =
            working.placed <= open.index() && tape.is_in_session(&tape.ticks()[open.index()]);
        let market =
            self.order(working.number).is_some_and(|it| it.order.kind == OrderKind::Market);
        if !rested || market {
            return Against::Price(close);
        }
        Against::Bar { prices: Prices::new(open.price, high, low, close), close }
    }

    /// What is due before this second: orders that ended and samples of equity, in order of time.
    fn pass(&mut self, tape: &Tape, until: Timestamp) {
        loop {
            let ends = self.working.iter().map(|it| it.until).min();
            let due = [ends, self.sampled_next].into_iter().flatten().min();
            let Some(due) = due.filter(|it| *it < until) else { return };
            if ends == Some(due) {
                self.expire(due);
            }
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
