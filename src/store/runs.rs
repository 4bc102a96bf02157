//! Runs: where each came from (frozen at its start), the head of its journal, and what lists show.

use super::chain::{Head, sha256};
use super::error::StoreError;
use super::tx::{Digest, Row, Tx, Val, query_one, query_opt};
use super::{scenarios, seal};

/// Where a run is in its life. Everything but [`RunStatus::Active`] is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunStatus {
    /// It can be traded.
    Active,
    /// It reached the last bar.
    Completed,
    /// Its positions were closed by force.
    Liquidated,
    /// Nobody came back to it.
    Abandoned,
}

impl RunStatus {
    const ALL: [Self; 4] = [Self::Active, Self::Completed, Self::Liquidated, Self::Abandoned];

    /// The word in the database, which is the word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Liquidated => "liquidated",
            Self::Abandoned => "abandoned",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// What replay says about a run, kept beside its head so that a list needs no replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    /// Where it is in its life.
    pub status: RunStatus,
    /// The bar it stands at.
    pub sim_time: i64,
    /// Cash, in units of 1e-8.
    pub cash: i64,
    /// Equity at the last mark, in units of 1e-8.
    pub equity: i64,
    /// When it ended, by the wall clock.
    pub completed_at: Option<i64>,
}

/// What a run starts from: fixed before its first bar and never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The id, chosen by the caller (a uuid v7).
    pub id: String,
    /// The owner.
    pub account_id: String,
    /// The key that started it.
    pub key_id: Option<String>,
    /// The scenario.
    pub scenario_slug: String,
    /// Its version.
    pub scenario_version: i64,
    /// Its digest.
    pub scenario_digest: String,
    /// The rules of the simulator.
    pub rules_version: i64,
    /// What the agent calls itself.
    pub bot_name: Option<String>,
    /// What the agent says about itself, as JSON.
    pub agent_info: Option<String>,
    /// When it starts.
    pub created_at: i64,
}

/// A row of `runs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What it started from.
    pub origin: Origin,
    /// Which run of its account on this scenario it is, from 1.
    pub attempt: i64,
    /// The text the journal's chain begins with.
    pub header: String,
    /// SHA-256 of the header.
    pub genesis: Digest,
    /// The last link of the journal.
    pub head: Head,
    /// What replay said at that link.
    pub derived: Derived,
    /// When the last command came.
    pub last_activity_at: i64,
    /// When it was published.
    pub published_at: Option<i64>,
}

/// A select of all columns of a run, in one place.
macro_rules! select_run {
    ($why:literal, $rest:literal) => {
        concat!(
            $why,
            "SELECT id, account_id, key_id, scenario_slug, scenario_version, scenario_digest, \
             rules_version, attempt, bot_name, agent_info, created_at, header, genesis, head_seq, \
             head_hash, status, sim_time, cash, equity, completed_at, last_activity_at, \
             published_at, origin_seal, state_seal FROM runs ",
            $rest
        )
    };
}

impl Run {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let run = Self::unsealed(row)?;
        let [origin, state] = run.seals();
        seal::check(row, "origin_seal", &origin)?;
        seal::check(row, "state_seal", &state)?;
        Ok(run)
    }

    fn unsealed(row: &Row) -> Result<Self, StoreError> {
        let status = RunStatus::parse(&row.text("status")?);
        Ok(Self {
            origin: Origin {
                id: row.text("id")?,
                account_id: row.text("account_id")?,
                key_id: row.opt_text("key_id")?,
                scenario_slug: row.text("scenario_slug")?,
                scenario_version: row.int("scenario_version")?,
                scenario_digest: row.text("scenario_digest")?,
                rules_version: row.int("rules_version")?,
                bot_name: row.opt_text("bot_name")?,
                agent_info: row.opt_text("agent_info")?,
                created_at: row.int("created_at")?,
            },
            attempt: row.int("attempt")?,
            header: row.text("header")?,
            genesis: row.digest("genesis")?,
            head: Head { seq: row.int("head_seq")?, hash: row.digest("head_hash")? },
            derived: Derived {
                status: status.ok_or_else(|| row.corrupt("status", "a status of a run"))?,
                sim_time: row.int("sim_time")?,
                cash: row.int("cash")?,
                equity: row.int("equity")?,
                completed_at: row.opt_int("completed_at")?,
            },
            last_activity_at: row.int("last_activity_at")?,
            published_at: row.opt_int("published_at")?,
        })
    }
}

/// Starts a run in the state `derived`: pins its scenario version, counts which attempt of its
/// account on this scenario it is, and makes the genesis of its journal from the header, which
/// `header` writes for that attempt. Gives the row as it was stored.
pub fn insert_run(
    tx: &mut dyn Tx,
    origin: &Origin,
    derived: &Derived,
    header: impl Fn(i64) -> String,
) -> Result<Run, StoreError> {
    let (slug, version) = (&origin.scenario_slug, origin.scenario_version);
    scenarios::pin(tx, slug, version, &origin.scenario_digest, origin.created_at)?;
    let attempt = attempts(tx, &origin.account_id, slug)? + 1;
    let header = header(attempt);
    let genesis = sha256(header.as_bytes());
    let run = Run {
        origin: origin.clone(),
        attempt,
        header,
        genesis,
        head: Head { seq: 0, hash: genesis },
        derived: derived.clone(),
        last_activity_at: origin.created_at,
        published_at: None,
    };
    let changed = tx.exec(
        "INSERT INTO runs (id, account_id, key_id, scenario_slug, scenario_version, \
         scenario_digest, rules_version, attempt, bot_name, agent_info, created_at, header, \
         genesis, head_seq, head_hash, status, sim_time, cash, equity, completed_at, \
         last_activity_at, published_at, origin_seal, state_seal) VALUES ($1, $2, $3, $4, $5, $6, \
         $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24) \
         ON CONFLICT DO NOTHING",
        &[
            run.origin_values().as_slice(),
            &run.state_values(),
            &run.seals().map(|seal| (&seal).into()),
        ]
        .concat(),
    )?;
    if changed == 1 {
        return Ok(run);
    }
    Err(StoreError::Conflict(format!("run {} or attempt {attempt} on {slug} exists", origin.id)))
}

/// What a command or a publication changes, in the order of the table's columns.
pub(super) fn state_values(
    head: &Head,
    derived: &Derived,
    last_activity_at: i64,
    published_at: Option<i64>,
) -> [Val; 9] {
    [
        head.seq.into(),
        (&head.hash).into(),
        derived.status.as_str().into(),
        derived.sim_time.into(),
        derived.cash.into(),
        derived.equity.into(),
        derived.completed_at.into(),
        last_activity_at.into(),
        published_at.into(),
    ]
}

/// The seal over [`state_values`].
pub(super) fn state_seal(run_id: &str, state: &[Val; 9]) -> Digest {
    seal::seal("runs", &[&[run_id.into()], state.as_slice()].concat())
}

impl Run {
    /// What never changes, in the order of the table's columns.
    fn origin_values(&self) -> [Val; 13] {
        let origin = &self.origin;
        [
            (&origin.id).into(),
            (&origin.account_id).into(),
            origin.key_id.as_ref().into(),
            (&origin.scenario_slug).into(),
            origin.scenario_version.into(),
            (&origin.scenario_digest).into(),
            origin.rules_version.into(),
            self.attempt.into(),
            origin.bot_name.as_ref().into(),
            origin.agent_info.as_ref().into(),
            origin.created_at.into(),
            (&self.header).into(),
            (&self.genesis).into(),
        ]
    }

    fn state_values(&self) -> [Val; 9] {
        state_values(&self.head, &self.derived, self.last_activity_at, self.published_at)
    }

    /// `origin_seal` and `state_seal`.
    fn seals(&self) -> [Digest; 2] {
        let origin = seal::seal("runs", &self.origin_values());
        [origin, state_seal(&self.origin.id, &self.state_values())]
    }
}

/// Seals the rows of a database from before the seals, as they stand.
pub(crate) fn seal_all(tx: &mut dyn Tx) -> Result<(), StoreError> {
    seal::seal_all(
        tx,
        select_run!("/* upkeep */ ", "WHERE state_seal IS NULL LIMIT $1"),
        "/* upkeep */ UPDATE runs SET origin_seal = $2, state_seal = $3 WHERE id = $1",
        |row| {
            let run = Run::unsealed(row)?;
            let [origin, state] = run.seals();
            Ok(vec![run.origin.id.into(), (&origin).into(), (&state).into()])
        },
    )
}

/// Refuses the first row that does not fit its seals.
pub(crate) fn check_all(tx: &mut dyn Tx) -> Result<(), StoreError> {
    let rows = tx.query(select_run!("/* upkeep */ ", ""), &[])?;
    rows.iter().try_for_each(|row| Run::from_row(row).map(drop))
}

/// The run with this id, whoever owns it: the caller compares [`Origin::account_id`] and
/// refuses a stranger.
pub fn get(tx: &mut dyn Tx, run_id: &str) -> Result<Option<Run>, StoreError> {
    let sql = select_run!("/* by run */ ", "WHERE id = $1");
    query_opt(tx, sql, &[run_id.into()])?.as_ref().map(Run::from_row).transpose()
}

/// The run with this id if it was published.
pub fn published(tx: &mut dyn Tx, run_id: &str) -> Result<Option<Run>, StoreError> {
    // The row is read whatever it says, so that one that was changed is refused.
    Ok(get(tx, run_id)?.filter(|run| run.published_at.is_some()))
}

/// Where a list of runs goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunCursor {
    /// `created_at` of the last run that was listed.
    pub created_at: i64,
    /// Its id.
    pub id: String,
}

/// The runs of an account, newest first, at most `limit`, after the cursor.
pub fn list(
    tx: &mut dyn Tx,
    account_id: &str,
    limit: i64,
    after: Option<&RunCursor>,
) -> Result<Vec<Run>, StoreError> {
    let (created_at, id) = after.map_or((i64::MAX, ""), |c| (c.created_at, c.id.as_str()));
    let sql = select_run!(
        "",
        "WHERE account_id = $1 AND (created_at, id) < ($2, $3) \
         ORDER BY created_at DESC, id DESC LIMIT $4"
    );
    let rows = tx.query(sql, &[account_id.into(), created_at.into(), id.into(), limit.into()])?;
    rows.iter().map(Run::from_row).collect()
}

/// The ids in order of active runs whose last command came before an instant, at most `limit`,
/// after the id `after`.
pub fn idle(
    tx: &mut dyn Tx,
    before: i64,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let rows = tx.query(
        "/* upkeep */ SELECT id FROM runs \
         WHERE status = 'active' AND last_activity_at < $1 AND id > $2 ORDER BY id LIMIT $3",
        &[before.into(), after.into(), limit.into()],
    )?;
    rows.iter().map(|row| row.text("id")).collect()
}

/// The ids of all runs in order, at most `limit`, after the id `after`.
pub fn ids(tx: &mut dyn Tx, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    let rows = tx.query(
        "/* upkeep */ SELECT id FROM runs WHERE id > $1 ORDER BY id LIMIT $2",
        &[after.into(), limit.into()],
    )?;
    rows.iter().map(|row| row.text("id")).collect()
}

/// How many runs an account started from one instant until before another.
pub fn count_between(
    tx: &mut dyn Tx,
    account_id: &str,
    from: i64,
    to: i64,
) -> Result<i64, StoreError> {
    let row = query_one(
        tx,
        "SELECT COUNT(*) AS n FROM runs \
         WHERE account_id = $1 AND created_at >= $2 AND created_at < $3",
        &[account_id.into(), from.into(), to.into()],
    )?;
    row.int("n")
}

/// How many runs an account has started on a scenario, in all its versions.
pub fn attempts(tx: &mut dyn Tx, account_id: &str, slug: &str) -> Result<i64, StoreError> {
    // Attempts are numbered without gaps and no run is ever deleted alone, so the highest number is
    // the count, and the index has it at hand.
    let row = query_one(
        tx,
        "SELECT COALESCE(MAX(attempt), 0) AS n FROM runs \
         WHERE account_id = $1 AND scenario_slug = $2",
        &[account_id.into(), slug.into()],
    )?;
    row.int("n")
}

/// The same for a statement about the runs: where a damaged row lets count and highest number
/// differ there is none. Damage that leaves both is no matter of the account's other runs.
pub fn started(tx: &mut dyn Tx, account_id: &str, slug: &str) -> Result<i64, StoreError> {
    let row = query_one(
        tx,
        "SELECT COUNT(*) AS n, COALESCE(MAX(attempt), 0) AS highest FROM runs \
         WHERE account_id = $1 AND scenario_slug = $2",
        &[account_id.into(), slug.into()],
    )?;
    let (count, highest) = (row.int("n")?, row.int("highest")?);
    if count == highest {
        return Ok(count);
    }
    let what = format!("attempts on {slug} are numbered up to {highest} and are {count}");
    Err(StoreError::corrupt("runs", what))
}
