//! Proof: a run recomputed from its file and the scenario alone.
//!
//! The file is not trusted in anything. Its run, scenario and events are put into the rows that a
//! server would have, the chain is walked, the commands are replayed, and the file that comes out
//! must be the one that went in, byte for byte.

use serde_json::Value;

use crate::{
    error::Error,
    ops::{
        results::{Attempts, Facts, headline},
        views::{EventPart, FORMAT, RunFile},
    },
    runs::{JournalEntry, RunRow, Seat, Unreplayable, header, hex, replay},
    scenarios::Catalog,
    store::{
        chain::{Head, parse_hex, sha256},
        journal::verify_chain,
        runs::{Derived, Origin, RunStatus},
    },
};

/// A run whose file was recomputed and found to be right.
#[derive(Debug)]
pub struct Proven {
    /// The file.
    pub file: RunFile,
    /// The result in a few sentences; once the run has ended.
    pub headline: Option<String>,
}

/// The first thing in a file that is not so.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refuted {
    /// It is not a run file at all, or has members that a run file has not.
    #[error("not a run file: {0}")]
    Shape(String),
    /// It is of another program's time.
    #[error("`{field}` is {claimed}; this bottrade recomputes {known}")]
    Version {
        /// The member.
        field: &'static str,
        /// What the file says.
        claimed: String,
        /// What can be recomputed.
        known: String,
    },
    /// The scenario is not there as it was.
    #[error("`scenario`: {0}")]
    Scenario(String),
    /// The chain breaks, or a command is none.
    #[error("event {seq}: {what}")]
    Event {
        /// Its number; 0 for the genesis.
        seq: i64,
        /// What is wrong there.
        what: String,
    },
    /// The commands come to something else.
    #[error("`{field}`: the file has {claimed}, recomputed is {recomputed}")]
    Differs {
        /// Where, such as `fills[3].fill_price`.
        field: String,
        /// What the file says.
        claimed: String,
        /// What the commands come to.
        recomputed: String,
    },
    /// Everything is as recomputed, but written otherwise.
    #[error("byte {0}: not in canonical form")]
    Form(usize),
    /// This program failed.
    #[error("cannot recompute: {0}")]
    Internal(String),
}

/// Recomputes a run from the bytes of its file.
pub fn verify(bytes: &[u8], catalog: &Catalog) -> Result<Proven, Refuted> {
    let file = read(bytes)?;
    let (row, journal) = rows(&file)?;
    let seat = replay(catalog, &row, &journal).map_err(refuted)?;
    let recomputed = RunFile::of(&seat, &journal).map_err(internal)?;
    let canonical = recomputed.canonical().map_err(internal)?;
    if canonical.as_bytes() == bytes {
        let told = recomputed.results.as_ref().map(|_| told(&seat)).transpose();
        return Ok(Proven { headline: told.map_err(internal)?, file });
    }
    Err(difference(bytes, &canonical))
}

/// The headline; how many attempts came later no file knows.
fn told(seat: &Seat) -> Result<String, Error> {
    let attempts = Attempts { number: seat.meta.attempt, started: None };
    Ok(headline(&Facts::of_seat(seat, &seat.report()?, attempts)))
}

fn internal(error: impl std::fmt::Display) -> Refuted {
    Refuted::Internal(error.to_string())
}

fn read(bytes: &[u8]) -> Result<RunFile, Refuted> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let file: RunFile = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| Refuted::Shape(format!("`{}`: {}", error.path(), error.inner())))?;
    json.end().map_err(|error| Refuted::Shape(error.to_string()))?;
    let version = |field, claimed: String, known: String| {
        let known_one = claimed == known;
        if known_one { Ok(()) } else { Err(Refuted::Version { field, claimed, known }) }
    };
    version("format", file.format.clone(), FORMAT.into())?;
    let known = sim::RULES_VERSION.to_string();
    version("rules_version", file.rules_version.to_string(), known)?;
    Ok(file)
}

/// The rows that a server would have of this run; their chain holds.
fn rows(file: &RunFile) -> Result<(RunRow, Vec<JournalEntry>), Refuted> {
    let origin = Origin {
        id: file.run.id.clone(),
        // A file names no account, and nothing that is recomputed depends on it.
        account_id: String::new(),
        key_id: None,
        scenario_slug: file.scenario.slug.clone(),
        scenario_version: file.scenario.version.into(),
        scenario_digest: file.scenario.digest.clone(),
        rules_version: file.rules_version.into(),
        bot_name: file.run.bot_name.clone(),
        agent_info: file.run.agent_info.as_ref().map(Value::to_string),
        created_at: file.run.created_at,
    };
    let header = header(&origin, file.run.attempt.into());
    let genesis = sha256(header.as_bytes());
    if hex(&genesis) != file.run.genesis {
        let what = "the genesis is not the hash of run, scenario, rules, start and attempt";
        return Err(Refuted::Event { seq: 0, what: what.into() });
    }
    let journal: Vec<JournalEntry> = file.events.iter().map(entry).collect::<Result<_, _>>()?;
    let head = journal
        .last()
        .map_or(Head { seq: 0, hash: genesis }, |it| Head { seq: it.seq, hash: it.hash });
    verify_chain(&genesis, &head, &journal)
        .map_err(|broken| Refuted::Event { seq: broken.seq, what: broken.what.into() })?;
    let last = journal.last().map_or(origin.created_at, |it| it.at);
    let status = RunStatus::parse(&file.run.status).unwrap_or(RunStatus::Active);
    let ended = (status != RunStatus::Active).then_some(last);
    let row = RunRow {
        attempt: file.run.attempt.into(),
        header,
        genesis,
        head,
        derived: Derived { status, sim_time: 0, cash: 0, equity: 0, completed_at: ended },
        last_activity_at: last,
        published_at: None,
        origin,
    };
    Ok((row, journal))
}

fn entry(event: &EventPart) -> Result<JournalEntry, Refuted> {
    let digest = |field: &str, text: &str| {
        let what = || format!("`{field}` is not 64 lower-case hexadecimal digits");
        parse_hex(text).ok_or_else(|| Refuted::Event { seq: event.seq, what: what() })
    };
    Ok(JournalEntry {
        seq: event.seq,
        at: event.at,
        command: event.command.to_string(),
        prev: digest("prev", &event.prev)?,
        hash: digest("hash", &event.hash)?,
    })
}

fn refuted(why: Unreplayable) -> Refuted {
    match why {
        Unreplayable::Scenario { slug, version } => Refuted::Scenario(format!(
            "{slug} version {version} is not here; --scenarios names a folder that has it"
        )),
        Unreplayable::Edited { slug, version } => Refuted::Scenario(format!(
            "{slug} version {version} was played with other rules or bars than are here"
        )),
        Unreplayable::Event(seq) => {
            let what = "is no command that the run accepts at this point".into();
            Refuted::Event { seq, what }
        }
        Unreplayable::Row(error) => Refuted::Shape(format!("`run`: {error}")),
    }
}

/// Where the bytes of a file first say something else than the recomputed ones.
fn difference(bytes: &[u8], canonical: &str) -> Refuted {
    let parsed: Result<(Value, Value), _> =
        serde_json::from_slice(bytes).and_then(|it| Ok((it, serde_json::from_str(canonical)?)));
    let found = match parsed {
        Ok((claimed, recomputed)) => first_difference("", Some(&claimed), Some(&recomputed)),
        Err(error) => return internal(error),
    };
    found.unwrap_or_else(|| {
        let same = bytes.iter().zip(canonical.as_bytes()).take_while(|(a, b)| a == b).count();
        Refuted::Form(same)
    })
}

fn first_difference(
    at: &str,
    claimed: Option<&Value>,
    recomputed: Option<&Value>,
) -> Option<Refuted> {
    match (claimed, recomputed) {
        (Some(Value::Object(one)), Some(Value::Object(two))) => {
            let more = one.keys().filter(|name| !two.contains_key(*name));
            let dot = if at.is_empty() { "" } else { "." };
            two.keys().chain(more).find_map(|name| {
                first_difference(&format!("{at}{dot}{name}"), one.get(name), two.get(name))
            })
        }
        (Some(Value::Array(one)), Some(Value::Array(two))) => (0..one.len().max(two.len()))
            .find_map(|item| {
                first_difference(&format!("{at}[{item}]"), one.get(item), two.get(item))
            }),
        (one, two) if one == two => None,
        (one, two) => Some(Refuted::Differs {
            field: at.to_owned(),
            claimed: shown(one),
            recomputed: shown(two),
        }),
    }
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".into(),
        Some(Value::Object(_) | Value::Array(_)) => "more".into(),
        Some(value) => value.to_string(),
    }
}
