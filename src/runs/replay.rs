//! A run from its journal. Recovery, audit and proof are this one function.

use sim::Run;

use super::{Meta, Seat, codec};
use crate::{
    error::Error,
    scenarios::Catalog,
    store::{journal::Entry, runs::Run as RunRow},
};

/// Why a row and its journal do not give a run.
#[derive(Debug)]
pub enum Unreplayable {
    /// The catalogue does not have the version it was played on.
    Scenario {
        /// The scenario's slug.
        slug: String,
        /// The version it was played on.
        version: u32,
    },
    /// The catalogue has that version with other rules or bars.
    Edited {
        /// The scenario's slug.
        slug: String,
        /// The version it was played on.
        version: u32,
    },
    /// The row itself is not a run's.
    Row(Error),
    /// The event of this number is no command that the run accepts.
    Event(i64),
}

/// Applies the commands of a journal to the scenario they were given on. The chain is the caller's
/// affair ([`crate::store::journal::verify_run`]).
pub fn replay(catalog: &Catalog, row: &RunRow, journal: &[Entry]) -> Result<Seat, Unreplayable> {
    let origin = &row.origin;
    let slug = origin.scenario_slug.clone();
    let version = u32::try_from(origin.scenario_version).unwrap_or(u32::MAX);
    let Some(entry) = catalog.version(&slug, version) else {
        return Err(Unreplayable::Scenario { slug, version });
    };
    let internal = |error| Unreplayable::Row(Error::internal(error));
    if entry.digest().map_err(internal)? != origin.scenario_digest {
        return Err(Unreplayable::Edited { slug, version });
    }
    let scenario = entry.scenario().map_err(internal)?.clone();
    let meta = Meta::of(row).map_err(Unreplayable::Row)?;
    let mut seat = Seat::new(meta, entry.clone(), Run::new(scenario));
    for event in journal {
        let unknown = || Unreplayable::Event(event.seq);
        let (command, _) = codec::decode(seat.run.market(), &event.command).ok_or_else(unknown)?;
        let outcome = seat.run.apply(&command).map_err(|_| unknown())?;
        seat.receive(&outcome, event.at);
    }
    Ok(seat)
}
