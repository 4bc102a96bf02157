//! Scenario versions that runs have used, pinned to their digest.

use super::error::StoreError;
use super::tx::{Row, Tx, query_one};

/// A row of `scenario_versions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// The scenario.
    pub slug: String,
    /// Its version.
    pub version: i64,
    /// The digest over its rules and bars.
    pub digest: String,
    /// When the first run used it.
    pub first_used_at: i64,
}

impl Pinned {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            slug: row.text("slug")?,
            version: row.int("version")?,
            digest: row.text("digest")?,
            first_used_at: row.int("first_used_at")?,
        })
    }
}

/// Pins a version to its digest at its first use and confirms it at every later one. Another
/// digest for the same version is a conflict that names both.
pub fn pin(
    tx: &mut dyn Tx,
    slug: &str,
    version: i64,
    digest: &str,
    at: i64,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO scenario_versions (slug, version, digest, first_used_at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        &[slug.into(), version.into(), digest.into(), at.into()],
    )?;
    let row = query_one(
        tx,
        "SELECT slug, version, digest, first_used_at FROM scenario_versions \
         WHERE slug = $1 AND version = $2",
        &[slug.into(), version.into()],
    )?;
    let pinned = Pinned::from_row(&row)?;
    if pinned.digest == digest {
        return Ok(());
    }
    Err(StoreError::Conflict(format!(
        "version {version} of scenario {slug} was used with digest {}, now it has {digest}: a \
         changed scenario needs a new version",
        pinned.digest
    )))
}

/// Every pinned version, by slug and version.
pub fn list(tx: &mut dyn Tx) -> Result<Vec<Pinned>, StoreError> {
    let rows = tx.query(
        "SELECT slug, version, digest, first_used_at FROM scenario_versions \
         ORDER BY slug, version",
        &[],
    )?;
    rows.iter().map(Pinned::from_row).collect()
}
