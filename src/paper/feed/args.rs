//! The settings of the feed, as flags and variables; and who may push.

use anyhow::{bail, ensure};
use aws_lc_rs::{
    constant_time,
    digest::{SHA256, digest},
};
use clap::{Args, ValueEnum};

use super::{Feed, ReplaySettings, SEASON_DAYS};
use crate::store::Store;

/// Characters that an operator's token must have.
pub const TOKEN_CHARS_MIN: usize = 16;

/// What paper accounts trade on.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Paper trading")]
pub struct FeedArgs {
    /// Where the market of paper trading comes from: embedded history, or quotes that you send
    /// with `bottrade feed push`.
    #[arg(long, env = "BOTTRADE_FEED", value_name = "FEED", value_enum)]
    #[arg(default_value_t = Kind::Replay)]
    feed: Kind,
    /// Days of history that are replayed in a day.
    #[arg(long, env = "BOTTRADE_REPLAY_SPEED", value_name = "NUMBER")]
    #[arg(default_value_t = ReplaySettings::default().speed)]
    replay_speed: u32,
    /// Days of a season of paper trading; accounts begin anew in each.
    #[arg(long, env = "BOTTRADE_SEASON_DAYS", value_name = "NUMBER", default_value_t = SEASON_DAYS)]
    season_days: u32,
    #[command(flatten)]
    operator: OperatorArgs,
}

/// What an operator shows, to this server or as one of its clients.
#[derive(Clone, Args)]
pub struct OperatorArgs {
    /// Opens what the operator alone may do, such as `bottrade feed push`; better given as
    /// variable.
    #[arg(long, env = "BOTTRADE_OPERATOR_TOKEN", value_name = "TOKEN")]
    #[arg(hide_env_values = true, value_parser = token)]
    operator_token: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Embedded history on the wall clock.
    Replay,
    /// What an operator sends.
    Push,
}

impl std::fmt::Debug for OperatorArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OperatorArgs").finish_non_exhaustive()
    }
}

impl FeedArgs {
    /// The feed. `clear_rights` leaves out of a replay what shows no grant.
    pub fn feed(&self, store: &Store, clear_rights: bool) -> anyhow::Result<Feed> {
        let Self { replay_speed: speed, season_days, .. } = *self;
        let feed = match self.feed {
            Kind::Replay => Feed::replay(&ReplaySettings { speed, season_days, clear_rights })?,
            Kind::Push => {
                let operator = self.operator.operator_token.is_some();
                ensure!(operator, "--feed push needs the variable BOTTRADE_OPERATOR_TOKEN");
                Feed::push(store.clone(), season_days)?
            }
        };
        Ok(feed)
    }

    /// Who may push.
    pub fn operator(&self) -> Operator {
        self.operator.operator_token.as_deref().map_or_else(Operator::none, Operator::of)
    }
}

impl OperatorArgs {
    /// The token to show.
    pub fn token(&self) -> anyhow::Result<&str> {
        match &self.operator_token {
            Some(token) => Ok(token),
            None => bail!("the variable BOTTRADE_OPERATOR_TOKEN must hold the server's token"),
        }
    }
}

/// Who may do what no account may. The token itself is not kept.
#[derive(Clone)]
pub struct Operator(Option<[u8; 32]>);

impl Operator {
    /// Nobody.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Whoever shows this token.
    pub fn of(token: &str) -> Self {
        Self(Some(hash(token)))
    }

    /// Whether there is one.
    pub const fn exists(&self) -> bool {
        self.0.is_some()
    }

    /// Whether this is the token; how long that takes says nothing about it.
    pub fn admits(&self, token: &str) -> bool {
        let equal = |ours: &[u8; 32]| constant_time::verify_slices_are_equal(ours, &hash(token));
        self.0.as_ref().is_some_and(|ours| equal(ours).is_ok())
    }
}

fn hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

fn token(text: &str) -> Result<String, String> {
    let good = text.len() >= TOKEN_CHARS_MIN && text.bytes().all(|it| it.is_ascii_graphic());
    let expected = || format!("expected at least {TOKEN_CHARS_MIN} visible ASCII characters");
    good.then(|| text.to_owned()).ok_or_else(expected)
}
