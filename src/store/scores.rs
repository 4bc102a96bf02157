//! Published scores and the leaderboard: the rows that everyone may read.

use super::error::StoreError;
use super::tx::{Row, Tx, query_one, query_opt};

/// A row of `scores`.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The run.
    pub run_id: String,
    /// Its owner.
    pub account_id: String,
    /// The scenario.
    pub scenario_slug: String,
    /// Its version.
    pub scenario_version: i64,
    /// Which run of its account on its scenario it is, from 1.
    pub attempt: i64,
    /// The name on the leaderboard.
    pub display_name: String,
    /// Total return in per cent.
    pub return_pct: f64,
    /// Sharpe ratio, if it is defined.
    pub sharpe: Option<f64>,
    /// Sortino ratio, if it is defined.
    pub sortino: Option<f64>,
    /// Deepest drawdown as a positive fraction, if it is defined.
    pub max_drawdown: Option<f64>,
    /// Equity at the end, in units of 1e-8.
    pub final_equity: i64,
    /// How many fills it had.
    pub trade_count: i64,
    /// Whether its positions were closed by force.
    pub liquidated: bool,
    /// When it was published first.
    pub published_at: i64,
    /// All results, as JSON.
    pub results: String,
}

impl Score {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            run_id: row.text("run_id")?,
            account_id: row.text("account_id")?,
            scenario_slug: row.text("scenario_slug")?,
            scenario_version: row.int("scenario_version")?,
            attempt: row.int("attempt")?,
            display_name: row.text("display_name")?,
            return_pct: row.real("return_pct")?,
            sharpe: row.opt_real("sharpe")?,
            sortino: row.opt_real("sortino")?,
            max_drawdown: row.opt_real("max_drawdown")?,
            final_equity: row.int("final_equity")?,
            trade_count: row.int("trade_count")?,
            liquidated: match row.int("liquidated")? {
                0 => false,
                1 => true,
                _ => return Err(row.corrupt("liquidated", "0 or 1")),
            },
            published_at: row.int("published_at")?,
            results: row.text("results")?,
        })
    }
}

/// What a leaderboard is ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// Total return, the highest first.
    Return,
    /// Sharpe ratio, the highest first.
    Sharpe,
    /// Sortino ratio, the highest first.
    Sortino,
    /// Deepest drawdown, the smallest first.
    MaxDrawdown,
}

/// A select of all columns of a score, in one place.
macro_rules! select_score {
    ($rest:literal) => {
        concat!(
            "/* public */ SELECT run_id, account_id, scenario_slug, scenario_version, \
             attempt, display_name, return_pct, sharpe, sortino, max_drawdown, final_equity, \
             trade_count, liquidated, published_at, results FROM scores ",
            $rest
        )
    };
}

impl SortBy {
    /// The order is total: equal numbers rank by publication, then by run.
    fn sql(self) -> &'static str {
        match self {
            Self::Return => select_score!(
                "WHERE scenario_slug = $1 AND scenario_version = $2 AND trade_count > 0 \
                 ORDER BY return_pct DESC NULLS LAST, published_at, run_id LIMIT $3"
            ),
            Self::Sharpe => select_score!(
                "WHERE scenario_slug = $1 AND scenario_version = $2 AND trade_count > 0 \
                 ORDER BY sharpe DESC NULLS LAST, published_at, run_id LIMIT $3"
            ),
            Self::Sortino => select_score!(
                "WHERE scenario_slug = $1 AND scenario_version = $2 AND trade_count > 0 \
                 ORDER BY sortino DESC NULLS LAST, published_at, run_id LIMIT $3"
            ),
            Self::MaxDrawdown => select_score!(
                "WHERE scenario_slug = $1 AND scenario_version = $2 AND trade_count > 0 \
                 ORDER BY max_drawdown ASC NULLS LAST, published_at, run_id LIMIT $3"
            ),
        }
    }
}

/// Publishes a finished run of its owner, for good, and puts its score on the leaderboard. Doing it
/// again refreshes the numbers and keeps the first time. Gives the time of publication.
pub fn publish(tx: &mut dyn Tx, score: &Score) -> Result<i64, StoreError> {
    tx.exec(
        "UPDATE runs SET published_at = $3 \
         WHERE account_id = $1 AND id = $2 AND published_at IS NULL AND status <> 'active'",
        &[(&score.account_id).into(), (&score.run_id).into(), score.published_at.into()],
    )?;
    let run = query_opt(
        tx,
        "SELECT scenario_slug, scenario_version, published_at FROM runs \
         WHERE account_id = $1 AND id = $2",
        &[(&score.account_id).into(), (&score.run_id).into()],
    )?;
    let Some(run) = run else {
        return Err(StoreError::Conflict(format!("there is no run {}", score.run_id)));
    };
    let played = (run.text("scenario_slug")?, run.int("scenario_version")?);
    if played != (score.scenario_slug.clone(), score.scenario_version) {
        return Err(StoreError::internal(format!(
            "the run of score {} played {played:?}",
            score.run_id
        )));
    }
    let published_at = run.opt_int("published_at")?.ok_or_else(|| {
        StoreError::Conflict(format!("run {} is active and can not be published", score.run_id))
    })?;
    upsert(tx, score, published_at)?;
    Ok(published_at)
}

fn upsert(tx: &mut dyn Tx, score: &Score, published_at: i64) -> Result<(), StoreError> {
    let changed = tx.exec(
        "INSERT INTO scores (run_id, account_id, scenario_slug, scenario_version, attempt, \
         display_name, return_pct, sharpe, sortino, max_drawdown, final_equity, trade_count, \
         liquidated, published_at, results) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT (run_id) DO UPDATE SET display_name = excluded.display_name, \
         return_pct = excluded.return_pct, sharpe = excluded.sharpe, sortino = excluded.sortino, \
         max_drawdown = excluded.max_drawdown, final_equity = excluded.final_equity, \
         trade_count = excluded.trade_count, liquidated = excluded.liquidated, \
         results = excluded.results WHERE scores.account_id = excluded.account_id",
        &[
            (&score.run_id).into(),
            (&score.account_id).into(),
            (&score.scenario_slug).into(),
            score.scenario_version.into(),
            score.attempt.into(),
            (&score.display_name).into(),
            score.return_pct.into(),
            score.sharpe.into(),
            score.sortino.into(),
            score.max_drawdown.into(),
            score.final_equity.into(),
            score.trade_count.into(),
            i64::from(score.liquidated).into(),
            published_at.into(),
            (&score.results).into(),
        ],
    )?;
    if changed == 1 {
        return Ok(());
    }
    Err(StoreError::corrupt("scores", format!("row {:?} belongs to another account", score.run_id)))
}

/// The score of a published run.
pub fn get(tx: &mut dyn Tx, run_id: &str) -> Result<Option<Score>, StoreError> {
    let row = query_opt(tx, select_score!("WHERE run_id = $1"), &[run_id.into()])?;
    row.as_ref().map(Score::from_row).transpose()
}

/// The best scores of a version of a scenario. Undefined numbers come last; a run without a trade
/// has no rank.
pub fn leaderboard(
    tx: &mut dyn Tx,
    slug: &str,
    version: i64,
    sort: SortBy,
    limit: i64,
) -> Result<Vec<Score>, StoreError> {
    let rows = tx.query(sort.sql(), &[slug.into(), version.into(), limit.into()])?;
    rows.iter().map(Score::from_row).collect()
}

/// How often a scenario was played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// The scenario.
    pub slug: String,
    /// Runs that were started.
    pub runs: i64,
    /// Runs that were published.
    pub published: i64,
}

impl Played {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            slug: row.text("scenario_slug")?,
            runs: row.int("runs")?,
            published: row.int("published")?,
        })
    }
}

/// How often each scenario was played, the most published first.
pub fn played(tx: &mut dyn Tx) -> Result<Vec<Played>, StoreError> {
    let rows = tx.query(
        "/* public */ SELECT scenario_slug, COUNT(*) AS runs, COUNT(published_at) AS published \
         FROM runs GROUP BY scenario_slug ORDER BY COUNT(published_at) DESC, scenario_slug",
        &[],
    )?;
    rows.iter().map(Played::from_row).collect()
}

/// Publications in all, for the start page.
pub fn count(tx: &mut dyn Tx) -> Result<i64, StoreError> {
    query_one(tx, "/* public */ SELECT COUNT(*) AS n FROM scores", &[])?.int("n")
}
