//! Seals: what a row says, in 32 bytes beside it.
//!
//! The journal has its chain. Rows that are answered without a replay (lists, leaderboards,
//! answers kept for retries) have a seal instead, checked whenever they are read. It notices what
//! a disk or an editor of the file changed; against somebody who can compute seals it is no help.
//!
//! ```text
//! seal = SHA-256(table ‖ 0 ‖ value ‖ …)      value = kind ‖ be64(integer, bits or length) ‖ bytes
//! ```

use super::error::StoreError;
use super::tx::{Digest, Row, Tx, Val};
use crate::faults::{self, Bug};
use aws_lc_rs::digest::{Context, SHA256};

/// Rows that one page of a migration seals.
const PAGE: i64 = 500;

/// The seal of a row of `table` with these values.
pub(crate) fn seal(table: &str, values: &[Val]) -> Digest {
    let mut context = Context::new(&SHA256);
    context.update(table.as_bytes());
    context.update(&[0]);
    for value in values {
        let (kind, number, bytes): (u8, u64, &[u8]) = match value {
            Val::Null => (0, 0, &[]),
            Val::Int(n) => (1, n.cast_unsigned(), &[]),
            // A database may keep a negative zero as a zero.
            Val::Real(x) => (2, (x + 0.0).to_bits(), &[]),
            Val::Text(text) => (3, text.len() as u64, text.as_bytes()),
            Val::Blob(bytes) => (4, bytes.len() as u64, bytes),
        };
        context.update(&[kind]);
        context.update(&number.to_be_bytes());
        context.update(bytes);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

/// Refuses a row whose seal in `column` is not the one of what it says.
pub(crate) fn check(row: &Row, column: &str, expected: &Digest) -> Result<(), StoreError> {
    if faults::seeded(Bug::NoSealCheck) {
        return Ok(());
    }
    let sealed = row.digest(column)?;
    if sealed == *expected { Ok(()) } else { Err(row.changed()) }
}

/// Seals the rows that have no seal yet, page by page: `unsealed` finds them, `write` seals the one
/// that `sealed` gives its key and its seals for.
pub(crate) fn seal_all(
    tx: &mut dyn Tx,
    unsealed: &'static str,
    write: &'static str,
    sealed: impl Fn(&Row) -> Result<Vec<Val>, StoreError>,
) -> Result<(), StoreError> {
    loop {
        let rows = tx.query(unsealed, &[PAGE.into()])?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in &rows {
            if tx.exec(write, &sealed(row)?)? != 1 {
                return Err(row.changed());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_and_its_place_counts() {
        let rows: [&[Val]; 8] = [
            &[],
            &[Val::Null],
            &[Val::Null, Val::Null],
            &[0.into()],
            &[0.0.into()],
            &["".into(), "ab".into()],
            &["a".into(), "b".into()],
            &[Val::Blob(b"a".to_vec()), "b".into()],
        ];
        let seals: Vec<Digest> = rows.iter().map(|row| seal("runs", row)).collect();
        for (n, one) in seals.iter().enumerate() {
            assert!(!seals[..n].contains(one), "{:?}", rows[n]);
        }
        assert_ne!(seal("scores", rows[0]), seals[0]);
        assert_eq!(seal("runs", &[(-0.0).into()]), seals[4]);
    }
}
