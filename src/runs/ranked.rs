//! Published runs in order, each with what its owner is called.

use std::collections::BTreeMap;

use super::{Runs, SortBy};
use crate::{
    error::Error,
    plan::Plan,
    store::{
        StoreError, Tx, accounts,
        scores::{self, Score},
    },
};

/// A score as a leaderboard shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// What is ranked.
    pub score: Score,
    /// What its owner is called in public: chosen by nobody else.
    pub handle: Option<String>,
}

impl Ranked {
    fn all(tx: &mut dyn Tx, scores: Vec<Score>) -> Result<Vec<Self>, StoreError> {
        let mut handles: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut ranked = Vec::with_capacity(scores.len());
        for score in scores {
            let handle = if let Some(known) = handles.get(&score.account_id) {
                known.clone()
            } else {
                let handle = handle_of(tx, &score.account_id)?;
                handles.insert(score.account_id.clone(), handle.clone());
                handle
            };
            ranked.push(Self { score, handle });
        }
        Ok(ranked)
    }
}

/// The handle of an account, while its plan has one.
fn handle_of(tx: &mut dyn Tx, account_id: &str) -> Result<Option<String>, StoreError> {
    let Some(account) = accounts::by_id(tx, account_id)? else { return Ok(None) };
    let has_handle = account.plan_as(Plan::parse)?.has_handle();
    Ok(account.handle.filter(|_| has_handle))
}

impl Runs {
    /// The published runs of a version of a scenario, best first.
    pub async fn leaderboard(
        &self,
        slug: String,
        version: u32,
        sort_by: SortBy,
        limit: i64,
    ) -> Result<Vec<Ranked>, Error> {
        Ok(self
            .store
            .read(move |tx| {
                let scores = scores::leaderboard(tx, &slug, version.into(), sort_by, limit)?;
                Ranked::all(tx, scores)
            })
            .await?)
    }

    /// The runs that were published last, the newest first.
    pub async fn latest(&self, limit: u32) -> Result<Vec<Ranked>, Error> {
        Ok(self
            .store
            .read(move |tx| {
                let scores = scores::latest(tx, limit.into())?;
                Ranked::all(tx, scores)
            })
            .await?)
    }
}
