//! Accounts: who owns keys and runs.

use super::error::StoreError;
use super::tx::{Row, Tx, query_opt};

/// A row of `accounts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The id, chosen by the caller (a uuid v7).
    pub id: String,
    /// The unique name.
    pub name: String,
    /// The plan, a word the caller knows (`free`, `pro`, `max`).
    pub plan: String,
    /// What the owner is called in public.
    pub handle: Option<String>,
    /// When it was created.
    pub created_at: i64,
    /// When it was erased. Nothing opens an erased account.
    pub deleted_at: Option<i64>,
}

impl Account {
    pub(crate) fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text("id")?,
            name: row.text("name")?,
            plan: row.text("plan")?,
            handle: row.opt_text("handle")?,
            created_at: row.int("created_at")?,
            deleted_at: row.opt_int("deleted_at")?,
        })
    }

    /// The plan, as the caller reads its word.
    pub fn plan_as<T>(&self, read: impl FnOnce(&str) -> Option<T>) -> Result<T, StoreError> {
        let unknown = || format!("account {} has the plan {:?}", self.id, self.plan);
        read(&self.plan).ok_or_else(|| StoreError::corrupt("accounts", unknown()))
    }
}

/// Creates an account; a name or id that exists is a conflict.
pub fn create(tx: &mut dyn Tx, account: &Account) -> Result<(), StoreError> {
    if insert(tx, account)? {
        return Ok(());
    }
    Err(StoreError::Conflict(format!("there is an account named {:?} already", account.name)))
}

/// The account of this name; creates the given one when there is none.
pub fn ensure(tx: &mut dyn Tx, account: &Account) -> Result<Account, StoreError> {
    insert(tx, account)?;
    by_name(tx, &account.name)?
        .ok_or_else(|| StoreError::Conflict(format!("the account id {} is taken", account.id)))
}

fn insert(tx: &mut dyn Tx, account: &Account) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "INSERT INTO accounts (id, name, plan, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT DO NOTHING",
        &[
            (&account.id).into(),
            (&account.name).into(),
            (&account.plan).into(),
            account.created_at.into(),
        ],
    )?;
    Ok(changed == 1)
}

/// The account with this id.
pub fn by_id(tx: &mut dyn Tx, account_id: &str) -> Result<Option<Account>, StoreError> {
    let row = query_opt(
        tx,
        "SELECT id, name, plan, handle, created_at, deleted_at FROM accounts WHERE id = $1",
        &[account_id.into()],
    )?;
    row.as_ref().map(Account::from_row).transpose()
}

/// The account with this name.
pub fn by_name(tx: &mut dyn Tx, name: &str) -> Result<Option<Account>, StoreError> {
    let row = query_opt(
        tx,
        "SELECT id, name, plan, handle, created_at, deleted_at FROM accounts WHERE name = $1",
        &[name.into()],
    )?;
    row.as_ref().map(Account::from_row).transpose()
}

/// All accounts, oldest first: for the operator.
pub fn list(tx: &mut dyn Tx) -> Result<Vec<Account>, StoreError> {
    let rows = tx.query(
        "SELECT id, name, plan, handle, created_at, deleted_at FROM accounts \
         ORDER BY created_at, id",
        &[],
    )?;
    rows.iter().map(Account::from_row).collect()
}

/// Puts an account on a plan; false when there is no such account.
pub fn set_plan(tx: &mut dyn Tx, account_id: &str, plan: &str) -> Result<bool, StoreError> {
    let changed =
        tx.exec("UPDATE accounts SET plan = $2 WHERE id = $1", &[account_id.into(), plan.into()])?;
    Ok(changed == 1)
}

/// Gives an account a handle; false when another has it, in whichever letters. Those of accounts
/// that are gone are free.
pub fn set_handle(tx: &mut dyn Tx, account_id: &str, handle: &str) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "UPDATE accounts SET handle = $2 WHERE id = $1 AND deleted_at IS NULL AND NOT EXISTS \
         (SELECT 1 FROM accounts AS others WHERE lower(others.handle) = lower($2) \
         AND others.id <> $1)",
        &[account_id.into(), handle.into()],
    )?;
    Ok(changed == 1)
}
