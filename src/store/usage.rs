//! How much an account has called the bot API: one row each, of the newest month and minute.

use super::error::StoreError;
use super::seal;
use super::tx::{Row, Tx, Val, query_opt};

/// What a row of `bot_usage` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Usage {
    /// The month, numbered since January 1970.
    pub month: i64,
    /// Calls in it.
    pub month_calls: i64,
    /// The minute, numbered since 1970.
    pub minute: i64,
    /// Calls in it.
    pub minute_calls: i64,
    /// Those of them that placed an order.
    pub minute_orders: i64,
}

impl Usage {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let usage = Self {
            month: row.int("month")?,
            month_calls: row.int("month_calls")?,
            minute: row.int("minute")?,
            minute_calls: row.int("minute_calls")?,
            minute_orders: row.int("minute_orders")?,
        };
        let values = usage.values(&row.text("account_id")?);
        seal::check(row, "seal", &seal::seal("bot_usage", &values))?;
        Ok(usage)
    }

    /// The month as people write it, such as `2030-01`.
    pub fn month_shown(&self) -> String {
        format!("{:04}-{:02}", 1970 + self.month.div_euclid(12), self.month.rem_euclid(12) + 1)
    }

    /// In the order of the table's columns.
    fn values(&self, account_id: &str) -> [Val; 6] {
        [
            account_id.into(),
            self.month.into(),
            self.month_calls.into(),
            self.minute.into(),
            self.minute_calls.into(),
            self.minute_orders.into(),
        ]
    }
}

/// What an account has used; nothing when it never called.
pub fn get(tx: &mut dyn Tx, account_id: &str) -> Result<Option<Usage>, StoreError> {
    let row = query_opt(
        tx,
        "SELECT account_id, month, month_calls, minute, minute_calls, minute_orders, seal \
         FROM bot_usage WHERE account_id = $1",
        &[account_id.into()],
    )?;
    row.as_ref().map(Usage::from_row).transpose()
}

/// Keeps what an account has used, as it is now. A row that does not fit its seal is refused and
/// stays; of an account that was erased meanwhile there is none.
pub fn put(tx: &mut dyn Tx, account_id: &str, usage: &Usage) -> Result<(), StoreError> {
    if get(tx, account_id)?.as_ref() == Some(usage) {
        return Ok(());
    }
    let values = usage.values(account_id);
    let seal = seal::seal("bot_usage", &values);
    tx.exec(
        "INSERT INTO bot_usage (account_id, month, month_calls, minute, minute_calls, \
         minute_orders, seal) SELECT id, $2, $3, $4, $5, $6, $7 FROM accounts \
         WHERE id = $1 AND deleted_at IS NULL \
         ON CONFLICT (account_id) DO UPDATE SET month = excluded.month, \
         month_calls = excluded.month_calls, minute = excluded.minute, \
         minute_calls = excluded.minute_calls, minute_orders = excluded.minute_orders, \
         seal = excluded.seal",
        &[values.as_slice(), &[(&seal).into()]].concat(),
    )?;
    Ok(())
}

/// Refuses the first row that does not fit its seal.
pub(crate) fn check_all(tx: &mut dyn Tx) -> Result<(), StoreError> {
    let rows = tx.query(
        "/* upkeep */ SELECT account_id, month, month_calls, minute, minute_calls, \
         minute_orders, seal FROM bot_usage",
        &[],
    )?;
    rows.iter().try_for_each(|row| Usage::from_row(row).map(drop))
}
