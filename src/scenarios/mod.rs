//! The scenarios: frozen slices of market history with the rules they are traded under.
//!
//! A scenario is a folder of two files, `scenario.toml` ([`card`]) and `bars.arrow` ([`bars`]),
//! embedded in the binary or on disk ([`folder`]). The [`Catalog`] knows them all: it reads every
//! card and timeline at the start and puts a scenario together ([`assemble`]) when it is first
//! asked for. [`check`] reports what is wrong with a folder, [`import`] and [`cut`] make new ones.

use std::{
    path::Path,
    sync::{Arc, LazyLock, OnceLock},
};

use sim::{
    Scenario, Timestamp,
    bots::baseline::{Baseline, baselines},
    metrics::Benchmark,
};
use uuid::Uuid;

mod arrow_file;
pub mod assemble;
pub mod bars;
pub mod card;
pub mod check;
pub mod cut;
pub mod examine;
pub mod folder;
pub mod import;
pub mod prices;
pub mod problems;
pub mod sessions;
pub mod symbols;
pub mod words;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use card::{Card, Day};
pub use words::{AssetType, Resolution, Rights};

use assemble::Assembled;
use folder::Files;
use problems::{Problem, Problems};

/// The namespace of scenario ids: an id is the version 5 UUID of a slug in it.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_9a52_3d0e_5b7a_9c41_8e27_d4b6_0f35);

/// Why scenarios cannot be read, found or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Files of a scenario are wrong.
    #[error("{place}: {}", listed(problems))]
    Files {
        /// The scenario, or its folder.
        place: String,
        /// What is wrong with which file, row and field.
        problems: Problems,
    },
    /// A folder cannot be read or written.
    #[error("{folder}: {problem}")]
    Folder {
        /// Its path.
        folder: String,
        /// What happened.
        problem: String,
    },
    /// There is a folder where a new one was to be written.
    #[error("{0} is there already; choose another slug or remove it")]
    Exists(String),
    /// Two scenarios have the same slug and version.
    #[error("{folder}: there is another scenario \"{slug}\" of this version; raise `version`")]
    Duplicate {
        /// The slug.
        slug: String,
        /// Where the second one is.
        folder: String,
    },
    /// Nothing has this id or slug.
    #[error("no scenario with id or slug \"{asked}\"{}", hint(nearest))]
    Unknown {
        /// What was asked for.
        asked: String,
        /// Up to three slugs that may have been meant.
        nearest: Vec<String>,
    },
    /// What was asked for makes no scenario.
    #[error("{field}: {problem}")]
    Asked {
        /// The argument.
        field: &'static str,
        /// What was expected.
        problem: String,
    },
}

impl Error {
    fn at(place: &str, problems: impl Into<Problems>) -> Self {
        Self::Files { place: place.into(), problems: problems.into() }
    }
}

fn listed(problems: &Problems) -> String {
    match problems.count() {
        1 => problems.to_string(),
        count => format!("{count} problems\n{problems}"),
    }
}

/// What may have been meant, as the end of a sentence.
fn hint(nearest: &[String]) -> String {
    match nearest {
        [] => "; `bottrade scenario list` lists them".into(),
        names => format!("; did you mean {}?", names.join(", ")),
    }
}

/// The timeline of a scenario in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first bar: history starts here.
    pub history_start_ts: Timestamp,
    /// The bar at which a run starts.
    pub start_ts: Timestamp,
    /// The last bar.
    pub end_ts: Timestamp,
    /// Instants on the timeline.
    pub bars: usize,
    /// Bars a run can step through.
    pub decisions: usize,
}

/// One scenario of the catalogue.
#[derive(Debug)]
pub struct Entry {
    card: Card,
    id: Uuid,
    span: Span,
    bars: std::borrow::Cow<'static, [u8]>,
    loaded: OnceLock<Result<Loaded, Error>>,
}

/// A scenario put together, and what follows from it alone: each made when it is first asked for.
#[derive(Debug)]
struct Loaded {
    scenario: Arc<Scenario>,
    digest: String,
    benchmark: OnceLock<Benchmark>,
    baselines: OnceLock<Vec<Baseline>>,
}

impl Loaded {
    fn benchmark(&self) -> &Benchmark {
        self.benchmark.get_or_init(|| Benchmark::of(&self.scenario))
    }
}

impl Entry {
    fn new(files: Files, place: &str) -> Result<Self, Error> {
        let at = |problem| Error::at(place, problem);
        let card = Card::parse(&files.card).map_err(at)?;
        let mut problems = Problems::default();
        card.examine(&files.name, &mut problems);
        if !problems.is_empty() {
            return Err(Error::at(place, problems));
        }
        let member = |symbol: &str| card.universe.iter().any(|it| it.symbol == symbol);
        let timeline = bars::read_timeline(&files.bars, member).map_err(at)?;
        let span = Span::of(&timeline, card.warmup).map_err(at)?;
        let id = Uuid::new_v5(&NAMESPACE, card.slug.as_bytes());
        Ok(Self { card, id, span, bars: files.bars, loaded: OnceLock::new() })
    }

    /// What its `scenario.toml` says.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// Its slug.
    pub fn slug(&self) -> &str {
        &self.card.slug
    }

    /// What tells it from every other.
    fn key(&self) -> (&str, u32) {
        (&self.card.slug, self.card.version)
    }

    /// Its id, made from the slug.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Where its timeline starts, ends and how long it is.
    pub fn span(&self) -> Span {
        self.span
    }

    /// What is played; put together at the first call.
    pub fn scenario(&self) -> Result<&Arc<Scenario>, &Error> {
        self.loaded().map(|it| &it.scenario)
    }

    /// SHA-256 over rules and bars in lower-case hexadecimal.
    pub fn digest(&self) -> Result<&str, &Error> {
        self.loaded().map(|it| it.digest.as_str())
    }

    /// What runs on it are measured against.
    pub fn benchmark(&self) -> Result<&Benchmark, &Error> {
        self.loaded().map(Loaded::benchmark)
    }

    /// The reference bots' runs of it. The first call plays them, which keeps a thread busy.
    pub fn baselines(&self) -> Result<&[Baseline], &Error> {
        let loaded = self.loaded()?;
        let play = || baselines(&loaded.scenario, loaded.benchmark());
        Ok(loaded.baselines.get_or_init(play))
    }

    fn loaded(&self) -> Result<&Loaded, &Error> {
        let load = || {
            let at = |problem| Error::at(&self.card.slug, problem);
            let Assembled { scenario, digest } =
                assemble::assemble(&self.card, &self.rows()?).map_err(at)?;
            Ok(Loaded {
                scenario: Arc::new(scenario),
                digest,
                benchmark: OnceLock::new(),
                baselines: OnceLock::new(),
            })
        };
        self.loaded.get_or_init(load).as_ref()
    }

    fn rows(&self) -> Result<bars::Bars, Error> {
        let mut problems = Problems::default();
        let rows = bars::read(&self.bars, &mut problems);
        rows.ok_or_else(|| Error::at(&self.card.slug, problems))
    }
}

impl Span {
    fn of(timeline: &[Timestamp], warmup: usize) -> Result<Self, Problem> {
        let (Some(&first), Some(&last)) = (timeline.first(), timeline.last()) else {
            return Err(Problem::new(bars::BARS_FILE, "has no bars of the universe"));
        };
        let bars = timeline.len();
        let start = timeline.get(warmup).filter(|_| warmup + 1 < bars).ok_or_else(|| {
            let text = format!("leaves no bar to trade: the timeline has {bars} bars");
            Problem::new(card::CARD_FILE, text).field("warmup")
        })?;
        Ok(Self {
            history_start_ts: first,
            start_ts: *start,
            end_ts: last,
            bars,
            decisions: bars - 1 - warmup,
        })
    }
}

/// The embedded scenarios, read once and shared by every catalogue of the process.
static EMBEDDED: LazyLock<Result<Vec<Arc<Entry>>, Error>> = LazyLock::new(|| {
    let entry = |files: Files| {
        let place = files.name.clone();
        Entry::new(files, &place).map(Arc::new)
    };
    Files::embedded()?.into_iter().map(entry).collect()
});

/// Every scenario, ascending by slug and version; the newest version of a slug is the one that is
/// played, older ones let the runs that were played on them be replayed.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    entries: Vec<Arc<Entry>>,
}

impl Catalog {
    /// The scenarios inside the binary.
    pub fn embedded() -> Result<Self, Error> {
        Ok(Self { entries: EMBEDDED.clone()? })
    }

    /// Adds every scenario folder under `parent`, each of them checked whole.
    pub fn with_folder(mut self, parent: &Path) -> Result<Self, Error> {
        for path in folder::folders(parent)? {
            self = self.with_files(Files::read(&path)?, &path.display().to_string())?;
        }
        Ok(self)
    }

    /// Adds one scenario, checked whole; `place` names it in errors.
    pub fn with_files(mut self, files: Files, place: &str) -> Result<Self, Error> {
        let entry = Entry::new(files, place)?;
        if self.entries.iter().any(|it| it.key() == entry.key()) {
            return Err(Error::Duplicate { slug: entry.card.slug, folder: place.to_owned() });
        }
        entry.scenario().map_err(Clone::clone)?;
        self.entries.push(Arc::new(entry));
        self.entries.sort_by(|a, b| a.key().cmp(&b.key()));
        Ok(self)
    }

    /// Drops every scenario whose origin shows no grant.
    #[must_use]
    pub fn with_clear_rights(mut self) -> Self {
        self.entries.retain(|entry| entry.card.rights.is_clear());
        self
    }

    /// The newest version of every scenario, ascending by slug.
    pub fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.chunk_by(|a, b| a.slug() == b.slug()).filter_map(<[_]>::last)
    }

    /// Exactly this version of a scenario.
    pub fn version(&self, slug: &str, version: u32) -> Option<&Arc<Entry>> {
        let at = self.entries.binary_search_by(|it| it.key().cmp(&(slug, version))).ok()?;
        Some(&self.entries[at])
    }

    /// The scenario of this id or slug.
    pub fn get(&self, id_or_slug: &str) -> Result<&Arc<Entry>, Error> {
        let id = Uuid::try_parse(id_or_slug).ok();
        let asked = |it: &&Arc<Entry>| it.slug() == id_or_slug || Some(it.id) == id;
        self.entries().find(asked).ok_or_else(|| Error::Unknown {
            asked: id_or_slug.chars().take(80).collect(),
            nearest: symbols::nearest(id_or_slug, self.entries().map(|it| it.slug())),
        })
    }
}
