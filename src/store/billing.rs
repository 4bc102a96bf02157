//! Who pays: accounts as customers of Stripe, what they began to buy, and which events were heeded.

use super::error::StoreError;
use super::tx::{Row, Tx, Val, query_opt};

/// A row of `customers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// The account.
    pub account_id: String,
    /// What Stripe calls it.
    pub customer_id: String,
    /// What Stripe said last.
    pub subscription: Option<Subscription>,
    /// When Stripe was asked for that.
    pub read_at: i64,
}

/// What a customer pays for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// What Stripe calls it.
    pub id: String,
    /// Stripe's word for how it stands.
    pub status: String,
    /// The plan that follows from it, for now.
    pub plan: String,
    /// Until when is paid.
    pub period_end: Option<i64>,
    /// Whether it ends then.
    pub ends: bool,
    /// Since when a payment is missing.
    pub past_due_since: Option<i64>,
}

impl Customer {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let subscription = match (row.opt_text("subscription_id")?, row.opt_text("status")?) {
            (Some(id), Some(status)) => Some(Subscription {
                id,
                status,
                plan: row.text("plan")?,
                period_end: row.opt_int("period_end")?,
                ends: row.int("ends")? == 1,
                past_due_since: row.opt_int("past_due_since")?,
            }),
            _ => None,
        };
        Ok(Self {
            account_id: row.text("account_id")?,
            customer_id: row.text("customer_id")?,
            subscription,
            read_at: row.int("read_at")?,
        })
    }
}

/// A select of all columns of a customer.
macro_rules! select_customer {
    ($why:literal, $rest:literal) => {
        concat!(
            $why,
            "SELECT account_id, customer_id, subscription_id, status, plan, period_end, ends, \
             past_due_since, read_at FROM customers ",
            $rest
        )
    };
}

/// The account as a customer.
pub fn customer(tx: &mut dyn Tx, account_id: &str) -> Result<Option<Customer>, StoreError> {
    let sql = select_customer!("", "WHERE account_id = $1");
    query_opt(tx, sql, &[account_id.into()])?.as_ref().map(Customer::from_row).transpose()
}

/// The customer whom Stripe calls this.
pub fn customer_called(tx: &mut dyn Tx, id: &str) -> Result<Option<Customer>, StoreError> {
    let sql = select_customer!("/* by stripe */ ", "WHERE customer_id = $1");
    query_opt(tx, sql, &[id.into()])?.as_ref().map(Customer::from_row).transpose()
}

/// Every customer, also of accounts that are gone.
pub fn customers(tx: &mut dyn Tx) -> Result<Vec<Customer>, StoreError> {
    let rows = tx.query(select_customer!("/* upkeep */ ", "ORDER BY account_id"), &[])?;
    rows.iter().map(Customer::from_row).collect()
}

/// Customers who owe a payment since before an instant and still have what it pays for.
pub fn lapsed(tx: &mut dyn Tx, since: i64) -> Result<Vec<Customer>, StoreError> {
    let sql = select_customer!(
        "/* upkeep */ ",
        "WHERE status = 'past_due' AND plan <> 'free' AND past_due_since <= $1"
    );
    let rows = tx.query(sql, &[since.into()])?;
    rows.iter().map(Customer::from_row).collect()
}

/// Customers whose accounts are gone.
pub fn orphans(tx: &mut dyn Tx) -> Result<Vec<Customer>, StoreError> {
    let sql = select_customer!(
        "/* upkeep */ ",
        "WHERE account_id IN (SELECT id FROM accounts WHERE deleted_at IS NOT NULL)"
    );
    tx.query(sql, &[])?.iter().map(Customer::from_row).collect()
}

/// Keeps what Stripe calls an account that is there, unless it has a name there already.
pub fn add_customer(
    tx: &mut dyn Tx,
    account_id: &str,
    customer_id: &str,
    now: i64,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO customers (account_id, customer_id, ends, read_at) \
         SELECT id, $2, 0, $3 FROM accounts WHERE id = $1 AND deleted_at IS NULL \
         ON CONFLICT DO NOTHING",
        &[account_id.into(), customer_id.into(), now.into()],
    )?;
    Ok(())
}

/// Keeps what Stripe said of a customer; false when it has said something later.
pub fn put(tx: &mut dyn Tx, customer: &Customer) -> Result<bool, StoreError> {
    let it = customer.subscription.as_ref();
    let changed = tx.exec(
        "UPDATE customers SET subscription_id = $2, status = $3, plan = $4, period_end = $5, \
         ends = $6, past_due_since = $7, read_at = $8 WHERE account_id = $1 AND read_at <= $8",
        &[
            (&customer.account_id).into(),
            it.map(|it| &it.id).into(),
            it.map(|it| &it.status).into(),
            it.map(|it| &it.plan).into(),
            it.and_then(|it| it.period_end).into(),
            i64::from(it.is_some_and(|it| it.ends)).into(),
            it.and_then(|it| it.past_due_since).into(),
            customer.read_at.into(),
        ],
    )?;
    Ok(changed == 1)
}

/// Forgets a customer.
pub fn remove_customer(tx: &mut dyn Tx, account_id: &str) -> Result<(), StoreError> {
    tx.exec("DELETE FROM customers WHERE account_id = $1", &[account_id.into()]).map(drop)
}

/// A row of `checkouts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// What Stripe calls it.
    pub id: String,
    /// Who began it.
    pub account_id: String,
    /// The plan that is bought.
    pub plan: String,
    /// When it began.
    pub created_at: i64,
    /// When it was known to be paid.
    pub paid_at: Option<i64>,
    /// The key that was made for it.
    pub key_id: Option<String>,
}

impl Checkout {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text("id")?,
            account_id: row.text("account_id")?,
            plan: row.text("plan")?,
            created_at: row.int("created_at")?,
            paid_at: row.opt_int("paid_at")?,
            key_id: row.opt_text("key_id")?,
        })
    }
}

/// Keeps what a person began to buy.
pub fn add_checkout(tx: &mut dyn Tx, checkout: &Checkout) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO checkouts (id, account_id, plan, created_at, paid_at, key_id) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        &[
            (&checkout.id).into(),
            (&checkout.account_id).into(),
            (&checkout.plan).into(),
            checkout.created_at.into(),
            checkout.paid_at.into(),
            checkout.key_id.as_ref().into(),
        ],
    )?;
    Ok(())
}

/// The checkout of this name, whoever began it.
pub fn checkout(tx: &mut dyn Tx, id: &str) -> Result<Option<Checkout>, StoreError> {
    let row = query_opt(
        tx,
        "/* by stripe */ SELECT id, account_id, plan, created_at, paid_at, key_id \
         FROM checkouts WHERE id = $1",
        &[id.into()],
    )?;
    row.as_ref().map(Checkout::from_row).transpose()
}

/// What an account began to buy and is not known to have paid, the newest first.
pub fn open_checkouts(tx: &mut dyn Tx, account_id: &str) -> Result<Vec<Checkout>, StoreError> {
    let rows = tx.query(
        "SELECT id, account_id, plan, created_at, paid_at, key_id FROM checkouts \
         WHERE account_id = $1 AND paid_at IS NULL ORDER BY created_at DESC, id",
        &[account_id.into()],
    )?;
    rows.iter().map(Checkout::from_row).collect()
}

/// Everything that an account began to buy, oldest first.
pub fn checkouts(tx: &mut dyn Tx, account_id: &str) -> Result<Vec<Checkout>, StoreError> {
    let rows = tx.query(
        "SELECT id, account_id, plan, created_at, paid_at, key_id FROM checkouts \
         WHERE account_id = $1 ORDER BY created_at, id",
        &[account_id.into()],
    )?;
    rows.iter().map(Checkout::from_row).collect()
}

/// Forgets a checkout that nobody can pay any more.
pub fn remove_checkout(tx: &mut dyn Tx, account_id: &str, id: &str) -> Result<(), StoreError> {
    tx.exec(
        "DELETE FROM checkouts WHERE account_id = $1 AND id = $2 AND paid_at IS NULL",
        &[account_id.into(), id.into()],
    )?;
    Ok(())
}

/// Notes that a checkout was paid; false when that is known.
pub fn paid(tx: &mut dyn Tx, id: &str, now: i64) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "/* by stripe */ UPDATE checkouts SET paid_at = $2 WHERE id = $1 AND paid_at IS NULL",
        &[id.into(), now.into()],
    )?;
    Ok(changed == 1)
}

/// Notes the one key that is made for a checkout that was paid; false when there is one already.
pub fn take_key(
    tx: &mut dyn Tx,
    account_id: &str,
    id: &str,
    key_id: &str,
) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "UPDATE checkouts SET key_id = $3 \
         WHERE account_id = $1 AND id = $2 AND key_id IS NULL AND paid_at IS NOT NULL",
        &[account_id.into(), id.into(), key_id.into()],
    )?;
    Ok(changed == 1)
}

/// Whether an event was heeded.
pub fn is_heeded(tx: &mut dyn Tx, event_id: &str) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM stripe_events WHERE id = $1";
    Ok(query_opt(tx, sql, &[event_id.into()])?.is_some())
}

/// Notes that an event is heeded; false when it was before.
pub fn heed(tx: &mut dyn Tx, event_id: &str, now: i64) -> Result<bool, StoreError> {
    let values: [Val; 2] = [event_id.into(), now.into()];
    let sql = "INSERT INTO stripe_events (id, at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    Ok(tx.exec(sql, &values)? == 1)
}

/// Forgets events and checkouts that nobody paid from before an instant.
pub fn sweep(tx: &mut dyn Tx, before: i64) -> Result<(), StoreError> {
    tx.exec("DELETE FROM stripe_events WHERE at < $1", &[before.into()])?;
    tx.exec(
        "/* upkeep */ DELETE FROM checkouts WHERE paid_at IS NULL AND created_at < $1",
        &[before.into()],
    )?;
    Ok(())
}

/// Whether a sweep would forget something.
pub fn is_due(tx: &mut dyn Tx, before: i64) -> Result<bool, StoreError> {
    let row = query_opt(
        tx,
        "/* upkeep */ SELECT id FROM stripe_events WHERE at < $1 UNION ALL \
         SELECT id FROM checkouts WHERE paid_at IS NULL AND created_at < $1 LIMIT 1",
        &[before.into()],
    )?;
    Ok(row.is_some())
}
