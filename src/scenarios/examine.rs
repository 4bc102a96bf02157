//! Everything that is wrong with a card: unknown and missing keys, empty texts, limits, symbols.

use std::collections::BTreeMap;

use sim::{
    market::SLIPPAGE_BPS_END,
    rules::{LimitFill, PathPolicy},
};
use toml::{Table, Value};

use super::{
    card::{CARD_FILE, Card, Member},
    problems::{Problem, Problems},
    sessions, symbols,
    words::{AssetType, Resolution, Rights},
};

/// What a slug looks like.
pub const SLUG_EXPECTED: &str = "2 to 63 of a-z, 0-9 and -, the first a letter or a digit";

/// Reads `scenario.toml` and reports every key that is missing, unknown or of the wrong type.
pub fn read(text: &str, problems: &mut Problems) -> Option<Card> {
    let table = match text.parse::<Table>() {
        Ok(table) => table,
        Err(error) => {
            problems.push(Problem::new(CARD_FILE, error.to_string().trim_end()));
            return None;
        }
    };
    let found = problems.count();
    keys(&table, problems);
    match Card::parse(text) {
        Ok(card) => Some(card),
        Err(problem) => {
            // Whatever the search above has not explained.
            if problems.count() == found {
                problems.push(problem);
            }
            None
        }
    }
}

/// Tries each key alone in a card that is otherwise whole.
fn keys(given: &Table, problems: &mut Problems) {
    let (Ok(whole), Ok(member)) = (Table::try_from(pattern()), Table::try_from(pattern_member()))
    else {
        return;
    };
    let mut given = given.clone();
    let members = match given.get("universe") {
        Some(Value::Array(members)) if members.iter().all(Value::is_table) => {
            let members = members.clone();
            given.remove("universe");
            Some(members)
        }
        _ => None,
    };
    let mut required = whole.clone();
    if let Some(members) = members {
        required.remove("universe");
        for (at, given) in members.iter().filter_map(Value::as_table).enumerate() {
            let place = format!("universe[{at}].");
            let accepts = |table: Table| table.try_into::<Member>().map(|_| ());
            compare(&place, &member, &member, given, accepts, problems);
        }
    }
    compare("", &whole, &required, &given, |it| it.try_into::<Card>().map(|_| ()), problems);
}

/// Reports the keys of `required` that are not given, and the given ones that do not fit.
fn compare(
    place: &str,
    whole: &Table,
    required: &Table,
    given: &Table,
    accepts: impl Fn(Table) -> Result<(), toml::de::Error>,
    problems: &mut Problems,
) {
    let mut wrong = |key: &str, text: &str| {
        problems.push(Problem::new(CARD_FILE, text).field(format!("{place}{key}")));
    };
    for key in required.keys().filter(|key| !given.contains_key(*key)) {
        wrong(key, "is missing");
    }
    for (key, value) in given {
        let mut trial = whole.clone();
        trial.insert(key.clone(), value.clone());
        if let Err(error) = accepts(trial) {
            let text = error.message();
            wrong(key, if text.starts_with("unknown field") { "is not a known key" } else { text });
        }
    }
}

/// A card that has every required key and none of the optional ones.
fn pattern() -> Card {
    Card {
        slug: "pattern".into(),
        version: 1,
        created: None,
        name: String::new(),
        description: String::new(),
        market: String::new(),
        time_zone: "UTC".into(),
        session_shift_hours: 0,
        sessions_per_year: 252,
        bar_resolution: Resolution::Day1,
        currency: "USD".into(),
        starting_cash: 100_000.0,
        leverage_cap: 1.0,
        short_enabled: false,
        commission_bps: 0,
        borrow_bps_annual: 0,
        benchmark_symbol: None,
        warmup: 0,
        limit_fill: LimitFill::Through,
        path_policy: PathPolicy::Worst,
        participation_pct: None,
        regime: Vec::new(),
        rights: Rights::PackageLicenceOnly,
        origin: String::new(),
        universe_selection: String::new(),
        adjustment: String::new(),
        dividends: String::new(),
        known_biases: Vec::new(),
        universe: vec![pattern_member()],
        reference: None,
    }
}

fn pattern_member() -> Member {
    Member {
        symbol: "A".into(),
        name: String::new(),
        asset_type: AssetType::Stock,
        slippage_bps: 0,
        quoted: None,
        rate: None,
    }
}

impl Card {
    /// Everything that is wrong with it by itself. `folder` is the name of the folder it is in.
    pub fn examine(&self, folder: &str, problems: &mut Problems) {
        let mut wrong = |field: &str, text: &str| {
            problems.push(Problem::new(CARD_FILE, text).field(field));
        };
        if !is_slug(&self.slug) {
            wrong("slug", &format!("must be {SLUG_EXPECTED}"));
        } else if folder != self.slug && folder != format!("{}@{}", self.slug, self.version) {
            // `slug@version` holds an older version beside the newest.
            wrong("slug", &format!("must be the folder's name {folder:?}"));
        }
        for (field, text) in self.texts() {
            if text.trim().is_empty() {
                wrong(field, "must not be empty");
            }
        }
        if self.version == 0 {
            wrong("version", "must be at least 1");
        }
        if sessions::zone(&self.time_zone).is_none() {
            wrong("time_zone", "must be an IANA name such as America/New_York");
        }
        if !(-23..=23).contains(&self.session_shift_hours) {
            wrong("session_shift_hours", "must be between -23 and 23");
        }
        if self.universe.iter().any(|it| it.slippage_bps >= SLIPPAGE_BPS_END) {
            wrong("slippage_bps", &format!("must be below {SLIPPAGE_BPS_END}"));
        }
        if self.universe.is_empty() {
            wrong("universe", "must have at least one instrument");
        }
        // A cap that cannot be read must not hide what else is out of range.
        let uncapped = Self { leverage_cap: 1.0, ..self.clone() };
        if let Ok(rules) = uncapped.rules() {
            rules.problems().for_each(|(field, text)| wrong(field, text));
        }
        if let Err(problem) = self.rules() {
            problems.push(problem);
        }
        self.examine_symbols(problems);
    }

    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [
            ("name", &self.name),
            ("description", &self.description),
            ("market", &self.market),
            ("currency", &self.currency),
            ("origin", &self.origin),
            ("universe_selection", &self.universe_selection),
            ("adjustment", &self.adjustment),
            ("dividends", &self.dividends),
        ];
        let regime = self.regime.iter().map(|text| ("regime", text));
        let biases = self.known_biases.iter().map(|text| ("known_biases", text));
        fields.into_iter().chain(regime).chain(biases).map(|(field, text)| (field, text.as_str()))
    }

    fn examine_symbols(&self, problems: &mut Problems) {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for member in &self.universe {
            for text in member.problems() {
                let text = format!("{}: {text}", member.symbol);
                problems.push(Problem::new(CARD_FILE, text).field("universe"));
            }
            if let Some(twin) = seen.insert(symbols::folded(&member.symbol), &member.symbol) {
                let text = format!("{} and {twin} cannot be told apart", member.symbol);
                problems.push(Problem::new(CARD_FILE, text).field("universe"));
            }
        }
        let member = |symbol: &str| self.universe.iter().any(|it| it.symbol == symbol);
        if self.benchmark_symbol.as_deref().is_some_and(|it| !member(it)) {
            let text = "must be a member of the universe";
            problems.push(Problem::new(CARD_FILE, text).field("benchmark_symbol"));
        }
        if let Some(reference) = &self.reference {
            let inside = member(&reference.symbol).then_some("must not be in the universe");
            if let Some(text) = symbols::problem(&reference.symbol).or(inside) {
                problems.push(Problem::new(CARD_FILE, text).field("reference.symbol"));
            }
        }
    }
}

impl Member {
    fn problems(&self) -> impl Iterator<Item = &'static str> {
        let pair = matches!(self.asset_type, AssetType::Crypto | AssetType::Forex);
        let unpaired = pair && !symbols::is_pair(&self.symbol);
        let halved = self.quoted.is_some() != self.rate.is_some();
        let rate = self.rate.is_none_or(|rate| rate.is_finite() && rate > 0.0);
        [
            symbols::problem(&self.symbol),
            unpaired.then_some("crypto and forex symbols are pairs such as BTC/USD"),
            self.name.trim().is_empty().then_some("name must not be empty"),
            halved.then_some("quoted and rate go together"),
            (!rate).then_some("rate must be above 0"),
        ]
        .into_iter()
        .flatten()
    }
}

/// Whether this may be a scenario's slug.
pub fn is_slug(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (2..=63).contains(&text.len())
        && text.bytes().all(|byte| letter(byte) || byte == b'-')
        && text.bytes().next().is_some_and(letter)
}
