//! Published scores and the leaderboard: the rows that everyone may read.

use super::error::StoreError;
use super::tx::{Row, Tx, Val, query_one, query_opt};
use super::{runs, seal};

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
        let score = Self::unsealed(row)?;
        seal::check(row, "seal", &seal::seal("scores", &score.values()))?;
        Ok(score)
    }

    fn unsealed(row: &Row) -> Result<Self, StoreError> {
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

    /// In the order of the table's columns.
    fn values(&self) -> [Val; 15] {
        [
            (&self.run_id).into(),
            (&self.account_id).into(),
            (&self.scenario_slug).into(),
            self.scenario_version.into(),
            self.attempt.into(),
            (&self.display_name).into(),
            self.return_pct.into(),
            self.sharpe.into(),
            self.sortino.into(),
            self.max_drawdown.into(),
            self.final_equity.into(),
            self.trade_count.into(),
            i64::from(self.liquidated).into(),
            self.published_at.into(),
            (&self.results).into(),
        ]
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
             trade_count, liquidated, published_at, results, seal FROM scores ",
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
    let run = runs::get(tx, &score.run_id)?.filter(|run| run.origin.account_id == score.account_id);
    let Some(run) = run else {
        return Err(StoreError::Conflict(format!("there is no run {}", score.run_id)));
    };
    let played = (&run.origin.scenario_slug, run.origin.scenario_version);
    if played != (&score.scenario_slug, score.scenario_version) {
        return Err(StoreError::internal(format!(
            "the run of score {} played {played:?}",
            score.run_id
        )));
    }
    if run.derived.status == runs::RunStatus::Active {
        let what = format!("run {} is active and can not be published", score.run_id);
        return Err(StoreError::Conflict(what));
    }
    let published_at = run.published_at.unwrap_or(score.published_at);
    let state =
        runs::state_values(&run.head, &run.derived, run.last_activity_at, Some(published_at));
    tx.exec(
        "UPDATE runs SET published_at = $3, state_seal = $4 \
         WHERE account_id = $1 AND id = $2 AND published_at IS NULL AND status <> 'active'",
        &[
            (&score.account_id).into(),
            (&score.run_id).into(),
            published_at.into(),
            (&runs::state_seal(&score.run_id, &state)).into(),
        ],
    )?;
    upsert(tx, &Score { published_at, ..score.clone() })?;
    Ok(published_at)
}

fn upsert(tx: &mut dyn Tx, score: &Score) -> Result<(), StoreError> {
    let values = score.values();
    let seal = seal::seal("scores", &values);
    let changed = tx.exec(
        "INSERT INTO scores (run_id, account_id, scenario_slug, scenario_version, attempt, \
         display_name, return_pct, sharpe, sortino, max_drawdown, final_equity, trade_count, \
         liquidated, published_at, results, seal) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
         ON CONFLICT (run_id) DO UPDATE SET display_name = excluded.display_name, \
         return_pct = excluded.return_pct, sharpe = excluded.sharpe, sortino = excluded.sortino, \
         max_drawdown = excluded.max_drawdown, final_equity = excluded.final_equity, \
         trade_count = excluded.trade_count, liquidated = excluded.liquidated, \
         results = excluded.results, seal = excluded.seal \
         WHERE scores.account_id = excluded.account_id",
        &[values.as_slice(), &[(&seal).into()]].concat(),
    )?;
    if changed == 1 {
        return Ok(());
    }
    Err(StoreError::corrupt("scores", format!("row {:?} belongs to another account", score.run_id)))
}

/// Seals the rows of a database from before the seals, as they stand.
pub(crate) fn seal_all(tx: &mut dyn Tx) -> Result<(), StoreError> {
    seal::seal_all(
        tx,
        select_score!("WHERE seal IS NULL LIMIT $1"),
        "/* upkeep */ UPDATE scores SET seal = $2 WHERE run_id = $1",
        |row| {
            let score = Score::unsealed(row)?;
            let seal = seal::seal("scores", &score.values());
            Ok(vec![score.run_id.into(), (&seal).into()])
        },
    )
}

/// Refuses the first row that does not fit its seal.
pub(crate) fn check_all(tx: &mut dyn Tx) -> Result<(), StoreError> {
    let rows = tx.query(select_score!(""), &[])?;
    rows.iter().try_for_each(|row| Score::from_row(row).map(drop))
}

/// Puts all scores of an account under another name.
pub(crate) fn rename(tx: &mut dyn Tx, account_id: &str, name: &str) -> Result<(), StoreError> {
    let rows = tx.query(select_score!("WHERE account_id = $1"), &[account_id.into()])?;
    rows.iter().try_for_each(|row| {
        upsert(tx, &Score { display_name: name.to_owned(), ..Score::from_row(row)? })
    })
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

/// The scores that were published last, the newest first.
pub fn latest(tx: &mut dyn Tx, limit: i64) -> Result<Vec<Score>, StoreError> {
    let sql = select_score!("WHERE trade_count > 0 ORDER BY published_at DESC, run_id LIMIT $1");
    tx.query(sql, &[limit.into()])?.iter().map(Score::from_row).collect()
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
