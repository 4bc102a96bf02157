//! The market of paper trading: what is listed, and at which prices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sim::{
    SymbolId,
    paper::{AssetType, Moment, Tape},
    time::Timestamp,
};

use super::{
    Clock, Digits, digits::DecimalText, named, order::Clocked, shown_symbol, words::Upper,
};
use crate::{
    error::{Dialect, Error},
    ops::{
        Access, Cx, Effect, Op, Reader, Route,
        input::Checks,
        views::{Instant, Table},
    },
    paper::feed::Market,
};

/// Symbols of one call.
const SYMBOLS_MAX: usize = 50;
const SECONDS_PER_DAY: i64 = 86_400;

#[doc = include_str!("../../../tools/get_quotes.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::ops) struct GetQuotes {
    /// Such as AAPL, BTC-USD; default: all.
    #[serde(default)]
    #[schemars(length(max = SYMBOLS_MAX))]
    symbols: Option<Vec<String>>,
}

/// Prices as they are displayed now.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::ops) struct Quotes {
    #[serde(flatten)]
    clock: Clock,
    #[schemars(with = "Vec<Clocked<Quote>>")]
    quotes: Rows,
}

/// The same for either reader.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Rows {
    Program(Vec<Clocked<Quote>>),
    Model(Table),
}

/// What an instrument trades at.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Quote {
    symbol: String,
    asset_type: Upper<AssetType>,
    /// The displayed price: the last one that was printed; null before the first.
    #[schemars(with = "Option<DecimalText>")]
    price: Option<String>,
    /// Where a MARKET order would sell, slippage included.
    #[schemars(with = "Option<DecimalText>")]
    bid: Option<String>,
    /// Where a MARKET order would buy, slippage included.
    #[schemars(with = "Option<DecimalText>")]
    ask: Option<String>,
    /// In percent, against the price 24 hours of market time ago.
    #[schemars(with = "Option<DecimalText>")]
    change_1d_pct: Option<String>,
    /// In percent, against the price 30 days of market time ago.
    #[schemars(with = "Option<DecimalText>")]
    change_30d_pct: Option<String>,
    /// When the price was printed, in market time.
    #[schemars(with = "Option<Instant>")]
    quoted_at: Option<String>,
    /// Whether orders fill now; outside a session they wait.
    market_open: bool,
    /// When the session ends, where there is one.
    #[schemars(with = "Option<Instant>")]
    closes_at: Option<String>,
    /// When the next session begins, where there is none now.
    #[schemars(with = "Option<Instant>")]
    opens_at: Option<String>,
}

impl Quote {
    fn of(tape: &Tape, moment: Moment, id: SymbolId, digits: Digits) -> Self {
        let listing = tape.listing(id);
        let price = tape.price(id, moment);
        let slipped =
            |direction| price.map(|it| digits.price(it.slipped(listing.slippage_bps, direction)));
        let session = tape.session(id, moment);
        let next = listing.calendar.session_to_come(moment.at).filter(|_| session.is_none());
        Self {
            symbol: shown_symbol(&listing.symbol),
            asset_type: Upper(listing.asset_type),
            price: price.map(|it| digits.price(it)),
            bid: slipped(-1),
            ask: slipped(1),
            change_1d_pct: change(tape, moment, id, 1),
            change_30d_pct: change(tape, moment, id, 30),
            quoted_at: tape.last(id, moment).map(|it| it.at.to_string()),
            market_open: session.is_some(),
            closes_at: session.map(|it| it.closes.to_string()),
            opens_at: next.map(|it| it.opens.to_string()),
        }
    }

    /// A row of what a model reads.
    fn row(self) -> Vec<Value> {
        vec![
            json!(self.symbol),
            json!(self.asset_type),
            json!(self.price),
            json!(self.change_1d_pct),
            json!(self.change_30d_pct),
            // One column says whether it is open, and if not, since when it waits for what.
            self.opens_at.map_or_else(|| json!(self.market_open), |opens| json!(opens)),
        ]
    }
}

/// Columns of [`Quote::row`].
const COLUMNS: &[&str] =
    &["symbol", "asset_type", "price", "change_1d_pct", "change_30d_pct", "open_or_opens_at"];

/// The change of a displayed price over some days, in percent with two decimals.
fn change(tape: &Tape, moment: Moment, id: SymbolId, days: i64) -> Option<String> {
    let then = Timestamp::from_seconds(moment.at.seconds() - days * SECONDS_PER_DAY);
    let (now, then) = (tape.price(id, moment)?, tape.price(id, tape.moment(then))?);
    let percent = (now.to_f64() / then.to_f64() - 1.0) * 100.0;
    Some(format!("{:.2}", (percent * 100.0).round() / 100.0 + 0.0))
}

impl GetQuotes {
    fn instruments(&self, tape: &Tape) -> Result<Vec<SymbolId>, Error> {
        let Some(symbols) = self.symbols.as_ref().filter(|it| !it.is_empty()) else {
            return Ok(tape.instruments().collect());
        };
        let mut checks = Checks::default();
        checks.require("symbols", symbols.len() <= SYMBOLS_MAX, || {
            format!("must be at most {SYMBOLS_MAX}; without any, all are quoted")
        });
        let mut found = Vec::new();
        for (at, symbol) in symbols.iter().enumerate().take(SYMBOLS_MAX) {
            let field = format!("symbols[{at}]");
            let id = checks.take(&field, named(tape, &field, symbol));
            found.extend(id.filter(|id| !found.contains(id)));
        }
        checks.done(Some(found))
    }

    fn quotes(&self, market: &Market<'_>, reader: Reader) -> Result<Quotes, Error> {
        let (digits, clock) = (Digits(reader), Clock::at(market.season, market.moment));
        let ids = self.instruments(market.tape)?.into_iter();
        let quotes = ids.map(|id| Quote::of(market.tape, market.moment, id, digits));
        let quotes = match reader {
            Reader::Program => {
                Rows::Program(quotes.map(|it| Clocked::alone(it, clock.clone())).collect())
            }
            Reader::Model => Rows::Model(Table::new(COLUMNS, quotes.map(Quote::row))),
        };
        Ok(Quotes { clock, quotes })
    }
}

impl Op for GetQuotes {
    const NAME: &'static str = "get_quotes";
    const ROUTE: Route = Route::get("/api/v1/bot/quotes").bare("quotes");
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Paper;
    const DIALECT: Dialect = Dialect::Bot;
    type Output = Quotes;

    async fn run(self, cx: &Cx) -> Result<Quotes, Error> {
        cx.app.paper.market(|market| self.quotes(market, cx.reader))?
    }
}

/// Lists what can be traded: the instruments of the season's market, by name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::ops) struct ListInstruments {
    /// Only these.
    #[serde(default)]
    asset_type: Option<Upper<AssetType>>,
}

/// What can be traded.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::ops) struct Instruments {
    instruments: Vec<Instrument>,
}

/// An instrument, priced in US dollars.
#[derive(Debug, Serialize, JsonSchema)]
struct Instrument {
    symbol: String,
    asset_type: Upper<AssetType>,
    /// What people call it.
    name: String,
    currency: &'static str,
    /// How far a fill is from the displayed price, in basis points.
    slippage_bps: u32,
    /// Whether SELL may go past zero.
    shortable: bool,
    /// Initial margin of a position, in percent of its value.
    margin_pct: u32,
}

impl Op for ListInstruments {
    const NAME: &'static str = "list_instruments";
    const ROUTE: Route = Route::get("/api/v1/bot/instruments").bare("instruments");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Paper;
    const DIALECT: Dialect = Dialect::Bot;
    type Output = Instruments;

    async fn run(self, cx: &Cx) -> Result<Instruments, Error> {
        let view = |market: &Market<'_>| {
            let listings = market.tape.listings().iter();
            let asked = self.asset_type.map(|it| it.0);
            let listings = listings.filter(|it| asked.is_none_or(|asked| asked == it.asset_type));
            let shown = listings.map(|it| Instrument {
                symbol: shown_symbol(&it.symbol),
                asset_type: Upper(it.asset_type),
                name: it.name.clone(),
                currency: "USD",
                slippage_bps: it.slippage_bps,
                shortable: it.asset_type.shortable(),
                margin_pct: it.asset_type.margin_pct(),
            });
            Instruments { instruments: shown.collect() }
        };
        cx.app.paper.market(view)
    }
}
