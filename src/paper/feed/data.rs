//! The market that is replayed: the embedded bars, as prints in order of time.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use aws_lc_rs::digest::{Context, SHA256};
use sim::{
    Quantity, SymbolId, Timestamp,
    market::Bar,
    paper::{Calendar, Listing, Print, Session, Snapshots, Tape, Tick},
};

use super::manifest::{Hours, Lasting, MANIFEST_FILE, Manifest};
use crate::scenarios::{
    assemble, bars, folder,
    problems::{Problem, Problems},
};

/// The file of the bars in the folder of the scenarios.
pub(super) const BARS_FILE: &str = "paper.arrow";
/// Hexadecimal digits of the digest that names the data.
const DIGEST_DIGITS: usize = 12;

/// The embedded manifest.
pub(super) fn manifest() -> Result<Manifest, Problem> {
    let text = embedded(MANIFEST_FILE)?;
    let text = std::str::from_utf8(&text);
    Manifest::parse(text.map_err(|_| Problem::new(MANIFEST_FILE, "must be UTF-8 text"))?)
}

fn embedded(file: &str) -> Result<std::borrow::Cow<'static, [u8]>, Problem> {
    folder::embedded(file).ok_or_else(|| Problem::new(file, "is missing"))
}

/// A row of the file: what is printed for an instrument from when to when.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// Index into the listings of the manifest.
    listed: usize,
    lasting: Lasting,
    bar: Bar,
}

/// The bars of a manifest.
pub(super) struct Data<'a> {
    manifest: &'a Manifest,
    rows: Vec<Row>,
    /// The sessions of hours of that kind: of every date with a bar.
    sessions: BTreeMap<&'a str, Arc<[Session]>>,
    digest: String,
}

impl<'a> Data<'a> {
    /// Reads the embedded bars.
    pub(super) fn read(manifest: &'a Manifest) -> Result<Self, Problem> {
        let bytes = embedded(BARS_FILE)?;
        let mut problems = Problems::default();
        let bars = bars::read(&bytes, &mut problems).ok_or_else(|| {
            let first = problems.listed().first().cloned();
            first.unwrap_or_else(|| Problem::new(BARS_FILE, "cannot be read"))
        })?;
        let listed = bars.names().iter().map(|name| {
            let found = manifest.listings.iter().position(|it| it.symbol == *name);
            found.ok_or_else(|| Problem::new(BARS_FILE, format!("{name} is not listed")))
        });
        let listed = listed.collect::<Result<Vec<usize>, _>>()?;
        let mut rows = Vec::with_capacity(bars.rows.len());
        for (row, number) in bars.rows.iter().zip(1..) {
            let bar = assemble::bar(row)
                .map_err(|(field, text)| Problem::new(BARS_FILE, text).row(number).field(field))?;
            let listed = listed[row.symbol as usize];
            let hours = manifest.hours_of(&manifest.listings[listed])?;
            rows.push(Row { listed, lasting: hours.lasting(row.ts)?, bar });
        }
        let sessions = sessions(manifest, &rows)?;
        let digest = digest(manifest, &rows, &bytes);
        Ok(Self { manifest, rows, sessions, digest })
    }

    /// What tells this market from every other: a change of any print or rule of it shows here.
    pub(super) fn digest(&self) -> &str {
        &self.digest
    }

    /// The tape of what begins in `window` and is known before its end; of the listings of whose
    /// rights `wanted` approves.
    pub(super) fn tape(
        &self,
        window: Range<Timestamp>,
        wanted: impl Fn(crate::scenarios::Rights) -> bool,
    ) -> Result<Tape, Problem> {
        let wrong = |error: sim::paper::TapeError| Problem::new(BARS_FILE, error);
        let closes = self.sessions.get(self.manifest.samples.as_str());
        let closes = closes.into_iter().flat_map(|it| it.iter().map(|session| session.closes));
        let snapshots = Snapshots::At(closes.collect());
        let year = self.manifest.sessions_per_year;
        let mut tape = Tape::new(Vec::new(), year, snapshots).map_err(wrong)?;
        let mut ids: Vec<Option<SymbolId>> = Vec::new();
        for listed in &self.manifest.listings {
            let id = wanted(listed.rights).then(|| {
                tape.list(Listing {
                    symbol: listed.symbol.clone(),
                    name: listed.name.clone(),
                    asset_type: listed.asset_type,
                    slippage_bps: listed.asset_type.slippage_bps(&listed.symbol),
                    calendar: self.calendar(&listed.hours),
                })
            });
            ids.push(id.transpose().map_err(wrong)?);
        }
        let mut ticks = Vec::with_capacity(2 * self.rows.len());
        for row in self.rows.iter().filter(|row| window.contains(&row.lasting.begins)) {
            if let Some(instrument) = ids[row.listed] {
                ticks.extend(prints(row).map(|(at, print)| Tick { at, instrument, print }));
            }
        }
        ticks.retain(|tick| tick.at < window.end);
        // At one instant everything that ends comes before anything that begins.
        ticks.sort_by_key(|it| (it.at, matches!(it.print, Print::Open(_)), it.instrument));
        ticks.into_iter().try_for_each(|tick| tape.push(tick)).map_err(wrong)?;
        Ok(tape)
    }

    fn calendar(&self, hours: &str) -> Calendar {
        match (self.manifest.hours.get(hours), self.sessions.get(hours)) {
            (_, Some(sessions)) => Calendar::Listed(Arc::clone(sessions)),
            (Some(Hours::Fix { .. }), _) => Calendar::Weekdays,
            _ => Calendar::Always,
        }
    }
}

/// A bar is its open when it begins and the rest when it ends; a fix is one price.
fn prints(row: &Row) -> impl Iterator<Item = (Timestamp, Print)> {
    let (Lasting { begins, ends }, Bar { open, high, low, close, .. }) = (row.lasting, row.bar);
    let prints = if begins == ends {
        [Some((ends, Print::Price(close))), None]
    } else {
        let volume = units(row.bar.volume);
        [Some((begins, Print::Open(open))), Some((ends, Print::Bar { high, low, close, volume }))]
    };
    prints.into_iter().flatten()
}

/// A volume in units of 1e-8.
fn units(volume: f64) -> Quantity {
    /// The units in one whole.
    const SCALE: f64 = 100_000_000.0;
    #[expect(clippy::cast_possible_truncation, reason = "saturates; no volume is negative")]
    Quantity::from_units((volume * SCALE).round() as i64)
}

fn sessions<'a>(
    manifest: &'a Manifest,
    rows: &[Row],
) -> Result<BTreeMap<&'a str, Arc<[Session]>>, Problem> {
    let mut sessions = BTreeMap::new();
    for (name, hours) in &manifest.hours {
        if !matches!(hours, Hours::Sessions { .. }) {
            continue;
        }
        let own = rows.iter().filter(|row| manifest.listings[row.listed].hours == *name);
        let mut list: Vec<Session> = own
            .map(|row| Session { opens: row.lasting.begins, closes: row.lasting.ends })
            .collect();
        list.sort_unstable();
        list.dedup();
        if list.is_empty() {
            let text = format!("the hours {name:?} have no session");
            return Err(Problem::new(BARS_FILE, text));
        }
        sessions.insert(name.as_str(), list.into());
    }
    Ok(sessions)
}

/// SHA-256 over the bars and everything else that trading depends on.
fn digest(manifest: &Manifest, rows: &[Row], bars: &[u8]) -> String {
    let mut context = Context::new(&SHA256);
    let mut put = |bytes: &[u8]| context.update(bytes);
    put(&manifest.sessions_per_year.to_be_bytes());
    put(manifest.samples.as_bytes());
    for it in &manifest.listings {
        let (kind, slippage) = (it.asset_type, it.asset_type.slippage_bps(&it.symbol));
        put(format!("\0{}\0{}\0{slippage}\0{}\0", it.symbol, kind.name(), it.hours).as_bytes());
    }
    for Row { lasting, .. } in rows {
        put(&lasting.begins.seconds().to_be_bytes());
        put(&lasting.ends.seconds().to_be_bytes());
    }
    put(bars);
    let digest = context.finish();
    let hex = |byte: &u8| format!("{byte:02x}");
    digest.as_ref().iter().take(DIGEST_DIGITS / 2).map(hex).collect()
}
