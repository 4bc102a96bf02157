//! Answers kept for retries: a row per run and key, written in the unit of work of its effect.

use super::error::StoreError;
use super::seal;
use super::tx::{Digest, Row, Tx, Val, query_opt};

/// The answer of a command, to be given again to the same request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The caller's key, unique in its run.
    pub key: String,
    /// SHA-256 of the request it belongs to.
    pub fingerprint: Digest,
    /// The answer as JSON, as the operation made it.
    pub body: String,
}

/// What is known about a key that a request brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing: do the work.
    Never,
    /// The same request was answered: answer it so again.
    Same(Answer),
    /// Another request used the key: refuse.
    Different,
}

/// Looks a key up. The caller holds the run's lock, so that nobody else answers it meanwhile.
pub fn lookup(
    tx: &mut dyn Tx,
    run_id: &str,
    key: &str,
    fingerprint: &Digest,
) -> Result<Seen, StoreError> {
    let row = query_opt(
        tx,
        "/* by run */ SELECT run_id, key, fingerprint, body, seq, at, seal FROM idempotency \
         WHERE run_id = $1 AND key = $2",
        &[run_id.into(), key.into()],
    )?;
    let Some(row) = row else { return Ok(Seen::Never) };
    let (answer, seal) = unsealed(&row)?;
    seal::check(&row, "seal", &seal)?;
    Ok(if answer.fingerprint == *fingerprint { Seen::Same(answer) } else { Seen::Different })
}

fn unsealed(row: &Row) -> Result<(Answer, Digest), StoreError> {
    let answer = Answer {
        key: row.text("key")?,
        fingerprint: row.digest("fingerprint")?,
        body: row.text("body")?,
    };
    let seal = seal::seal(
        "idempotency",
        &values(&row.text("run_id")?, &answer, row.int("seq")?, row.int("at")?),
    );
    Ok((answer, seal))
}

fn values(run_id: &str, answer: &Answer, seq: i64, at: i64) -> [Val; 6] {
    [
        run_id.into(),
        (&answer.key).into(),
        (&answer.fingerprint).into(),
        (&answer.body).into(),
        seq.into(),
        at.into(),
    ]
}

/// Keeps an answer; a key that has one already is a conflict.
pub(crate) fn insert(
    tx: &mut dyn Tx,
    run_id: &str,
    answer: &Answer,
    seq: i64,
    at: i64,
) -> Result<(), StoreError> {
    let values = values(run_id, answer, seq, at);
    let seal = seal::seal("idempotency", &values);
    let changed = tx.exec(
        "/* by run */ INSERT INTO idempotency (run_id, key, fingerprint, body, seq, at, seal) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        &[values.as_slice(), &[(&seal).into()]].concat(),
    )?;
    if changed == 1 {
        return Ok(());
    }
    Err(StoreError::Conflict(format!("the idempotency key {:?} has an answer already", answer.key)))
}

/// Seals the rows of a database from before the seals, as they stand.
pub(crate) fn seal_all(tx: &mut dyn Tx) -> Result<(), StoreError> {
    seal::seal_all(
        tx,
        "/* upkeep */ SELECT run_id, key, fingerprint, body, seq, at FROM idempotency \
         WHERE seal IS NULL LIMIT $1",
        "/* upkeep */ UPDATE idempotency SET seal = $3 WHERE run_id = $1 AND key = $2",
        |row| {
            let (answer, seal) = unsealed(row)?;
            Ok(vec![row.text("run_id")?.into(), answer.key.into(), (&seal).into()])
        },
    )
}

/// Refuses the first row that does not fit its seal.
pub(crate) fn check_all(tx: &mut dyn Tx) -> Result<(), StoreError> {
    let rows = tx.query(
        "/* upkeep */ SELECT run_id, key, fingerprint, body, seq, at, seal FROM idempotency",
        &[],
    )?;
    rows.iter().try_for_each(|row| seal::check(row, "seal", &unsealed(row)?.1))
}

/// Forgets answers older than `before`, the oldest first and at most `limit` of them, so that one
/// sweep does not hold the writer for long. Gives how many went; as many as `limit` means go on.
pub fn sweep(tx: &mut dyn Tx, before: i64, limit: i64) -> Result<u64, StoreError> {
    tx.exec(
        "/* upkeep */ DELETE FROM idempotency WHERE (run_id, key) IN \
         (SELECT run_id, key FROM idempotency WHERE at < $1 ORDER BY at LIMIT $2)",
        &[before.into(), limit.into()],
    )
}

/// Whether a sweep would forget one.
pub fn is_due(tx: &mut dyn Tx, before: i64) -> Result<bool, StoreError> {
    let row = query_opt(
        tx,
        "/* upkeep */ SELECT seq FROM idempotency WHERE at < $1 LIMIT 1",
        &[before.into()],
    )?;
    Ok(row.is_some())
}
