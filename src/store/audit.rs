//! What happened to credentials, for their owners and the operator. Never a secret.

use super::error::StoreError;
use super::tx::{Row, Tx};

/// A row of `audit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The id.
    pub id: String,
    /// When it happened.
    pub at: i64,
    /// Whose credential it was; none where nobody is known.
    pub account_id: Option<String>,
    /// What happened, such as `key.created`.
    pub event: String,
    /// To what.
    pub about: String,
}

impl Event {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text("id")?,
            at: row.int("at")?,
            account_id: row.opt_text("account_id")?,
            event: row.text("event")?,
            about: row.text("about")?,
        })
    }
}

/// Notes an event.
pub fn insert(tx: &mut dyn Tx, event: &Event) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO audit (id, at, account_id, event, about) VALUES ($1, $2, $3, $4, $5)",
        &[
            (&event.id).into(),
            event.at.into(),
            event.account_id.as_deref().into(),
            (&event.event).into(),
            (&event.about).into(),
        ],
    )?;
    Ok(())
}

/// The last events of an account, newest first.
pub fn list(tx: &mut dyn Tx, account_id: &str, limit: i64) -> Result<Vec<Event>, StoreError> {
    let rows = tx.query(
        "SELECT id, at, account_id, event, about FROM audit WHERE account_id = $1 \
         ORDER BY at DESC, id DESC LIMIT $2",
        &[account_id.into(), limit.into()],
    )?;
    rows.iter().map(Event::from_row).collect()
}
