//! A run in memory. An idle one leaves it; the next call replays its journal.

use std::sync::Arc;

use sim::Run;

use super::{
    Meta, Seat,
    replay::{Unreplayable, replay},
    seat,
};
use crate::{
    error::Error,
    faults::{self, Bug},
    lives::Weighed,
    scenarios::{Catalog, Entry},
    store::{chain::Head, journal::Entry as JournalEntry, runs::Run as RunRow},
};
/// A run in memory, and the end of its journal.
pub(super) struct Live {
    pub(super) seat: Seat,
    pub(super) head: Head,
}

impl Live {
    pub(super) fn new(row: &RunRow, entry: Arc<Entry>, run: Run) -> Result<Self, Error> {
        Ok(Self { seat: Seat::new(Meta::of(row)?, entry, run), head: row.head })
    }

    /// The run of a stored row and its journal, whose chain was verified.
    pub(super) fn replayed(
        catalog: &Catalog,
        row: &RunRow,
        journal: &[JournalEntry],
    ) -> Result<Self, Error> {
        let origin = &row.origin;
        let seat = replay(catalog, row, journal).map_err(|why| match why {
            Unreplayable::Scenario { slug, version } | Unreplayable::Edited { slug, version } => {
                Error::scenario_changed(&slug, version)
            }
            Unreplayable::Event(seq) => Error::corrupt_run(&origin.id, seq),
            Unreplayable::Row(why) => why,
        })?;
        let at = journal.last().map_or(origin.created_at, |line| line.at);
        let same = seat::derived(&seat.run, at) == row.derived && row.last_activity_at == at;
        if !same && !faults::seeded(Bug::NoBooksCheck) {
            return Err(Error::other_books(&origin.id));
        }
        Ok(Self { seat, head: row.head })
    }
}

impl Weighed for Live {
    fn bytes(&self) -> usize {
        let run = &self.seat.run;
        size_of::<Self>() + size_of_val(run.samples()) + size_of_val(run.fills())
    }
}
