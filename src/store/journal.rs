//! The journal of a run: its commands in order, each chained to the one before ([`super::chain`]).
//!
//! [`append`] moves the run's head by compare-and-set in the unit that writes the row, so two
//! writers that saw the same head can not both append: one gets a conflict and writes nothing.

use super::chain::{Head, link, sha256};
use super::error::StoreError;
use super::idempotency::{self, Answer};
use super::runs::{self, Derived, Run, RunStatus};
use super::tx::{Digest, Row, Tx};
use crate::faults::{self, Bug};

/// A row of `journal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number, from 1 without gaps.
    pub seq: i64,
    /// When it was accepted.
    pub at: i64,
    /// The command, in its canonical form.
    pub command: String,
    /// The hash before it.
    pub prev: Digest,
    /// The hash with it.
    pub hash: Digest,
}

impl Entry {
    pub(super) fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            seq: row.int("seq")?,
            at: row.int("at")?,
            command: row.text("command")?,
            prev: row.digest("prev")?,
            hash: row.digest("hash")?,
        })
    }
}

/// One command to append, with everything that must become true together with it.
#[derive(Clone, Debug)]
pub struct Append {
    /// The run; the caller has checked who owns it.
    pub run_id: String,
    /// The head that the command was computed on.
    pub expected: Head,
    /// When it was accepted; never before the entry it follows (the caller sees to it).
    pub at: i64,
    /// The command, in its canonical form.
    pub command: String,
    /// What replay says after it.
    pub derived: Derived,
    /// The answer to keep for retries, if the caller sent a key.
    pub answer: Option<Answer>,
}

/// Appends a command and gives the new head. Several commands may be appended in one unit, each on
/// the head of the one before. A head that has moved, or a run that has ended, is a conflict.
pub fn append(tx: &mut dyn Tx, new: &Append) -> Result<Head, StoreError> {
    let (seq, at, prev) = (new.expected.seq + 1, new.at, &new.expected.hash);
    let head = Head { seq, hash: link(prev, seq, at, &new.command) };
    // An active run is not published.
    let state = runs::state_values(&head, &new.derived, at, None);
    let moved = tx.exec(
        "/* by run */ UPDATE runs SET head_seq = $1, head_hash = $2, sim_time = $3, cash = $4, \
         equity = $5, last_activity_at = $6, state_seal = $7 \
         WHERE id = $8 AND head_seq = $9 AND head_hash = $10 AND status = 'active'",
        &[
            seq.into(),
            (&head.hash).into(),
            new.derived.sim_time.into(),
            new.derived.cash.into(),
            new.derived.equity.into(),
            at.into(),
            (&runs::state_seal(&new.run_id, &state)).into(),
            (&new.run_id).into(),
            new.expected.seq.into(),
            prev.into(),
        ],
    )?;
    if moved != 1 {
        return Err(why_not_moved(tx, new)?);
    }
    if new.derived.status != RunStatus::Active {
        // Apart, for an index holds the status, and most commands leave it as it is.
        tx.exec(
            "/* by run */ UPDATE runs SET status = $1, completed_at = $2 WHERE id = $3",
            &[
                new.derived.status.as_str().into(),
                new.derived.completed_at.into(),
                (&new.run_id).into(),
            ],
        )?;
    }
    tx.exec(
        "/* by run */ INSERT INTO journal (run_id, seq, at, command, prev, hash) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            (&new.run_id).into(),
            seq.into(),
            at.into(),
            (&new.command).into(),
            prev.into(),
            (&head.hash).into(),
        ],
    )?;
    if let Some(answer) = &new.answer {
        if faults::seeded(Bug::SplitIdempotency) {
            for sql in ["COMMIT", "BEGIN IMMEDIATE", "SAVEPOINT unit"] {
                tx.exec(sql, &[])?;
            }
        }
        idempotency::insert(tx, &new.run_id, answer, seq, at)?;
    }
    Ok(head)
}

fn why_not_moved(tx: &mut dyn Tx, new: &Append) -> Result<StoreError, StoreError> {
    let (id, expected) = (&new.run_id, new.expected.seq);
    let what = match runs::get(tx, id)? {
        None => format!("there is no run {id}"),
        Some(run) if run.derived.status != RunStatus::Active => {
            format!("run {id} is {}, not active", run.derived.status.as_str())
        }
        Some(run) if run.head.seq == expected => {
            format!("run {id} has another command {expected} than the one this was computed on")
        }
        Some(run) => format!("run {id} is at command {}, not {expected}", run.head.seq),
    };
    Ok(StoreError::Conflict(what))
}

/// The whole journal of a run, in order. Nothing is checked here: see [`verify_run`].
pub fn load(tx: &mut dyn Tx, run_id: &str) -> Result<Vec<Entry>, StoreError> {
    let rows = tx.query(
        "/* by run */ SELECT seq, at, command, prev, hash FROM journal \
         WHERE run_id = $1 ORDER BY seq",
        &[run_id.into()],
    )?;
    rows.iter().map(Entry::from_row).collect()
}

/// The first command at which a chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("command {seq}: {what}")]
pub struct BrokenLink {
    /// Its number; 0 for the genesis.
    pub seq: i64,
    /// What is wrong there.
    pub what: &'static str,
}

/// Recomputes a chain from its genesis to its head.
pub fn verify_chain(genesis: &Digest, head: &Head, entries: &[Entry]) -> Result<(), BrokenLink> {
    let mut at = Head { seq: 0, hash: *genesis };
    if faults::seeded(Bug::NoChainCheck) {
        return Ok(());
    }
    for entry in entries {
        let broken = |what| Err(BrokenLink { seq: at.seq + 1, what });
        if entry.seq != at.seq + 1 {
            return broken("is missing");
        }
        if at.seq >= head.seq {
            return broken("lies beyond the head");
        }
        if entry.prev != at.hash {
            return broken("does not follow the one before it");
        }
        if entry.hash != link(&at.hash, entry.seq, entry.at, &entry.command) {
            return broken("was changed");
        }
        at = Head { seq: entry.seq, hash: entry.hash };
    }
    if at.seq < head.seq {
        return Err(BrokenLink { seq: at.seq + 1, what: "is missing" });
    }
    if at != *head {
        return Err(BrokenLink { seq: at.seq, what: "is not the head of the run" });
    }
    Ok(())
}

/// [`verify_chain`] from the header of a stored run on; a break is [`StoreError::Corrupt`] and
/// names the run and the command.
pub fn verify_run(run: &Run, entries: &[Entry]) -> Result<(), StoreError> {
    if sha256(run.header.as_bytes()) != run.genesis {
        let what = format!("run {}: the genesis is not the hash of the header", run.origin.id);
        return Err(StoreError::corrupt("runs", what));
    }
    verify_chain(&run.genesis, &run.head, entries).map_err(|broken| {
        StoreError::corrupt("journal", format!("run {}: {broken}", run.origin.id))
    })
}

/// A run and its journal, checked; `None` where there is no such run.
pub fn verified(tx: &mut dyn Tx, id: &str) -> Result<Option<(Run, Vec<Entry>)>, StoreError> {
    let Some(run) = runs::get(tx, id)? else { return Ok(None) };
    let entries = load(tx, id)?;
    verify_run(&run, &entries)?;
    Ok(Some((run, entries)))
}
