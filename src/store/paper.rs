//! Paper accounts: one per account, market and season, each with its journal.
//!
//! Like a run, a paper account is its journal: the state is replayed and no column repeats it. The
//! header holds every particular of the row, so the chain covers them too.

use super::chain::{Head, link, sha256};
use super::error::StoreError;
use super::journal::{Entry, verify_chain};
use super::tx::{Digest, Row, Tx, query_opt};

/// What a paper account begins with: never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The id.
    pub id: String,
    /// The owner.
    pub account_id: String,
    /// The market: its feed, settings and data.
    pub market: String,
    /// The season.
    pub season: i64,
    /// When it was opened.
    pub created_at: i64,
}

/// A row of `paper_accounts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperAccount {
    /// What it began with.
    pub origin: Origin,
    /// The text the journal's chain begins with.
    pub header: String,
    /// SHA-256 of the header.
    pub genesis: Digest,
    /// The last link of the journal.
    pub head: Head,
    /// When the last command came.
    pub last_activity_at: i64,
}

/// A select of all columns, in one place.
macro_rules! select_account {
    ($rest:literal) => {
        concat!(
            "/* by paper account */ SELECT id, account_id, market, season, created_at, header, \
             genesis, head_seq, head_hash, last_activity_at FROM paper_accounts ",
            $rest
        )
    };
}

impl PaperAccount {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            origin: Origin {
                id: row.text("id")?,
                account_id: row.text("account_id")?,
                market: row.text("market")?,
                season: row.int("season")?,
                created_at: row.int("created_at")?,
            },
            header: row.text("header")?,
            genesis: row.digest("genesis")?,
            head: Head { seq: row.int("head_seq")?, hash: row.digest("head_hash")? },
            last_activity_at: row.int("last_activity_at")?,
        })
    }

    /// Whether the header is whole and of this account.
    fn begins_well(&self) -> Result<(), StoreError> {
        let id = &self.origin.id;
        let corrupt = |what: &str| {
            Err(StoreError::corrupt("paper_accounts", format!("paper account {id}: {what}")))
        };
        if sha256(self.header.as_bytes()) != self.genesis {
            return corrupt("the genesis is not the hash of the header");
        }
        if [id, &self.origin.account_id].iter().any(|it| !self.header.contains(it.as_str())) {
            return corrupt("the header is of another one");
        }
        Ok(())
    }
}

/// The paper account of this id, whoever owns it.
pub fn get(tx: &mut dyn Tx, id: &str) -> Result<Option<PaperAccount>, StoreError> {
    let row = query_opt(tx, select_account!("WHERE id = $1"), &[id.into()])?;
    row.as_ref().map(PaperAccount::from_row).transpose()
}

/// Opens a paper account, or gives the one that another call has just opened.
pub fn open(tx: &mut dyn Tx, origin: &Origin, header: &str) -> Result<PaperAccount, StoreError> {
    let genesis = sha256(header.as_bytes());
    tx.exec(
        "INSERT INTO paper_accounts (id, account_id, market, season, created_at, header, genesis, \
         head_seq, head_hash, last_activity_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $7, $5) \
         ON CONFLICT DO NOTHING",
        &[
            (&origin.id).into(),
            (&origin.account_id).into(),
            (&origin.market).into(),
            origin.season.into(),
            origin.created_at.into(),
            header.into(),
            (&genesis).into(),
        ],
    )?;
    // The id follows from account, market and season: no other row can have them.
    get(tx, &origin.id)?.ok_or_else(|| {
        let what = format!("paper account {}: its row has another id", origin.id);
        StoreError::corrupt("paper_accounts", what)
    })
}

/// One command to append.
#[derive(Clone, Debug)]
pub struct Append {
    /// The paper account; the caller has checked who owns it.
    pub id: String,
    /// The head that the command was computed on.
    pub expected: Head,
    /// When it was accepted; never before the entry it follows (the caller sees to it).
    pub at: i64,
    /// The command, in its canonical form.
    pub command: String,
}

/// Appends a command and gives the new head. A head that has moved is a conflict.
pub fn append(tx: &mut dyn Tx, new: &Append) -> Result<Head, StoreError> {
    let (seq, prev) = (new.expected.seq + 1, &new.expected.hash);
    let head = Head { seq, hash: link(prev, seq, new.at, &new.command) };
    let moved = tx.exec(
        "/* by paper account */ UPDATE paper_accounts SET head_seq = $2, head_hash = $3, \
         last_activity_at = $4 WHERE id = $1 AND head_seq = $5 AND head_hash = $6",
        &[
            (&new.id).into(),
            seq.into(),
            (&head.hash).into(),
            new.at.into(),
            new.expected.seq.into(),
            prev.into(),
        ],
    )?;
    if moved != 1 {
        let what = format!("paper account {} is not at command {}", new.id, new.expected.seq);
        return Err(StoreError::Conflict(what));
    }
    tx.exec(
        "/* by paper account */ INSERT INTO paper_journal (paper_id, seq, at, command, prev, hash) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            (&new.id).into(),
            seq.into(),
            new.at.into(),
            (&new.command).into(),
            prev.into(),
            (&head.hash).into(),
        ],
    )?;
    Ok(head)
}

/// The whole journal of a paper account, in order. Nothing is checked here: see [`verify`].
pub fn load(tx: &mut dyn Tx, id: &str) -> Result<Vec<Entry>, StoreError> {
    let rows = tx.query(
        "/* by paper account */ SELECT seq, at, command, prev, hash FROM paper_journal \
         WHERE paper_id = $1 ORDER BY seq",
        &[id.into()],
    )?;
    rows.iter().map(Entry::from_row).collect()
}

/// Checks a journal from the header on; a break is [`StoreError::Corrupt`] and names account and
/// command.
pub fn verify(account: &PaperAccount, entries: &[Entry]) -> Result<(), StoreError> {
    account.begins_well()?;
    let id = &account.origin.id;
    let last = entries.last().map_or(account.origin.created_at, |entry| entry.at);
    if account.last_activity_at != last {
        let what = format!("paper account {id}: the last command came at another time");
        return Err(StoreError::corrupt("paper_accounts", what));
    }
    verify_chain(&account.genesis, &account.head, entries).map_err(|broken| {
        StoreError::corrupt("paper_journal", format!("paper account {id}: {broken}"))
    })
}

/// Refuses the first row that is not the one that its journal began with.
pub(crate) fn check_all(tx: &mut dyn Tx) -> Result<(), StoreError> {
    let rows = tx.query(select_account!(""), &[])?;
    rows.iter().try_for_each(|row| PaperAccount::from_row(row)?.begins_well())
}

/// A paper account and its journal, checked; `None` where it was never opened.
pub fn verified(
    tx: &mut dyn Tx,
    id: &str,
) -> Result<Option<(PaperAccount, Vec<Entry>)>, StoreError> {
    let Some(account) = get(tx, id)? else { return Ok(None) };
    let entries = load(tx, id)?;
    verify(&account, &entries)?;
    Ok(Some((account, entries)))
}

/// The paper accounts of a season that have so many commands, and their owners: in order of id, at
/// most `limit`, after the id `after`.
pub fn busy(
    tx: &mut dyn Tx,
    market: &str,
    season: i64,
    commands: i64,
    after: &str,
    limit: i64,
) -> Result<Vec<(String, String)>, StoreError> {
    let rows = tx.query(
        "/* public */ SELECT id, account_id FROM paper_accounts \
         WHERE market = $1 AND season = $2 AND head_seq >= $3 AND id > $4 ORDER BY id LIMIT $5",
        &[market.into(), season.into(), commands.into(), after.into(), limit.into()],
    )?;
    rows.iter().map(|row| Ok((row.text("id")?, row.text("account_id")?))).collect()
}

/// The ids of all paper accounts in order, at most `limit`, after the id `after`.
pub fn ids(tx: &mut dyn Tx, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    let rows = tx.query(
        "/* upkeep */ SELECT id FROM paper_accounts WHERE id > $1 ORDER BY id LIMIT $2",
        &[after.into(), limit.into()],
    )?;
    rows.iter().map(|row| row.text("id")).collect()
}
