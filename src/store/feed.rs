//! What an operator pushed: the journal of a market's season, each line chained to the one before
//! ([`super::chain`]). The head stands in a table of its own, so that a lost end is noticed too.
//!
//! ```text
//! genesis = SHA-256("bottrade-feed/1" ‖ 0 ‖ market ‖ 0 ‖ season in decimal)
//! ```

use std::cmp::Ordering;

use super::chain::{Head, link, sha256};
use super::error::StoreError;
use super::tx::{Digest, Row, Tx, query_one, query_opt};
use crate::faults::{self, Bug};

/// Lines that are read at once.
const PAGE: i64 = 5_000;

/// A season of a market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The market: feed and settings.
    pub market: String,
    /// The number of the season.
    pub season: i64,
}

/// A row of `feed_journal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number, from 1 without gaps.
    pub seq: i64,
    /// When it takes place, in market time.
    pub at: i64,
    /// The line, in its canonical form.
    pub line: String,
}

/// Lines to append, all of them or none.
#[derive(Clone, Debug)]
pub struct Append {
    /// Where.
    pub place: Place,
    /// The head that they were checked against.
    pub expected: Head,
    /// When they take place; never before the entry they follow (the caller sees to it).
    pub at: i64,
    /// The lines, in their canonical form.
    pub lines: Vec<String>,
}

impl Place {
    /// The head of an empty journal.
    pub fn genesis(&self) -> Head {
        let text = format!("bottrade-feed/1\0{}\0{}", self.market, self.season);
        Head { seq: 0, hash: sha256(text.as_bytes()) }
    }

    /// What is wrong with a line of this season.
    pub fn corrupt(&self, seq: i64, what: impl std::fmt::Display) -> StoreError {
        let Self { market, season } = self;
        let what = format!("market {market:?}, season {season}: line {seq}: {what}");
        StoreError::corrupt("feed_journal", what)
    }

    /// The journal ends elsewhere than its head says.
    fn ends(&self, found: &Head, head: &Head) -> StoreError {
        match found.seq.cmp(&head.seq) {
            Ordering::Less => self.corrupt(found.seq + 1, "is missing"),
            Ordering::Equal => self.corrupt(found.seq, "is not the one that was kept last"),
            Ordering::Greater => self.corrupt(head.seq + 1, "lies beyond the head"),
        }
    }
}

/// Appends lines and gives the new head. A head that has moved is a conflict: another process
/// writes there.
pub fn append(tx: &mut dyn Tx, new: &Append) -> Result<Head, StoreError> {
    let Place { market, season } = &new.place;
    let found = head(tx, &new.place)?;
    if found != new.expected {
        let (is, was) = (found.seq, new.expected.seq);
        let what = format!("market {market:?}, season {season} is at line {is}, not {was}");
        return Err(StoreError::Conflict(what));
    }
    let mut head = found;
    for line in &new.lines {
        let seq = head.seq + 1;
        head = Head { seq, hash: link(&head.hash, seq, new.at, line) };
        tx.exec(
            "INSERT INTO feed_journal (market, season, seq, at, line, hash) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                market.into(),
                (*season).into(),
                seq.into(),
                new.at.into(),
                line.into(),
                (&head.hash).into(),
            ],
        )?;
    }
    tx.exec(
        "INSERT INTO feed_heads (market, season, head_seq, head_hash) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (market, season) DO UPDATE SET head_seq = excluded.head_seq, \
         head_hash = excluded.head_hash",
        &[market.into(), (*season).into(), head.seq.into(), (&head.hash).into()],
    )?;
    Ok(head)
}

/// The head that is kept beside a journal.
fn head(tx: &mut dyn Tx, place: &Place) -> Result<Head, StoreError> {
    let row = query_opt(
        tx,
        "SELECT head_seq, head_hash FROM feed_heads WHERE market = $1 AND season = $2",
        &[(&place.market).into(), place.season.into()],
    )?;
    match row {
        Some(row) => Ok(Head { seq: row.int("head_seq")?, hash: row.digest("head_hash")? }),
        None => Ok(place.genesis()),
    }
}

/// Hands over the lines of a season in order and gives its head. The first line at which the chain
/// does not hold is [`StoreError::Corrupt`] and named.
pub fn walk(
    tx: &mut dyn Tx,
    place: &Place,
    mut each: impl FnMut(Entry) -> Result<(), StoreError>,
) -> Result<Head, StoreError> {
    let (mut head, end) = (place.genesis(), self::head(tx, place)?);
    let checked = !faults::seeded(Bug::NoChainCheck);
    loop {
        let rows = tx.query(
            "SELECT seq, at, line, hash FROM feed_journal \
             WHERE market = $1 AND season = $2 AND seq > $3 ORDER BY seq LIMIT $4",
            &[(&place.market).into(), place.season.into(), head.seq.into(), PAGE.into()],
        )?;
        if rows.is_empty() {
            return if head == end || !checked { Ok(head) } else { Err(place.ends(&head, &end)) };
        }
        for row in &rows {
            let (entry, hash) = entry(row)?;
            if entry.seq != head.seq + 1 && checked {
                return Err(place.corrupt(head.seq + 1, "is missing"));
            }
            if checked && hash != link(&head.hash, entry.seq, entry.at, &entry.line) {
                return Err(place.corrupt(entry.seq, "was changed"));
            }
            head = Head { seq: entry.seq, hash };
            each(entry)?;
        }
    }
}

fn entry(row: &Row) -> Result<(Entry, Digest), StoreError> {
    let entry = Entry { seq: row.int("seq")?, at: row.int("at")?, line: row.text("line")? };
    Ok((entry, row.digest("hash")?))
}

/// Walks the chain of every season of every market.
pub fn check_all(tx: &mut dyn Tx) -> Result<(), StoreError> {
    let rows = tx.query(
        "SELECT market, season FROM feed_heads UNION SELECT market, season FROM feed_journal",
        &[],
    )?;
    for row in rows {
        let place = Place { market: row.text("market")?, season: row.int("season")? };
        walk(tx, &place, |_| Ok(()))?;
    }
    Ok(())
}

/// The latest season of this market before this one that has lines.
pub fn season_before(tx: &mut dyn Tx, place: &Place) -> Result<Option<Place>, StoreError> {
    let row = query_one(
        tx,
        "SELECT MAX(season) AS season FROM (SELECT market, season FROM feed_heads \
         UNION ALL SELECT market, season FROM feed_journal) AS kept \
         WHERE market = $1 AND season < $2",
        &[(&place.market).into(), place.season.into()],
    )?;
    let season = row.opt_int("season")?;
    Ok(season.map(|season| Place { market: place.market.clone(), season }))
}
