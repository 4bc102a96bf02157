//! A run on one page: what it was worth with its standing, its curves, and what it did.

use std::sync::Arc;

use sim::{
    Price, SymbolId, Timestamp,
    bots::baseline::Baseline,
    ledger::Position,
    metrics::{Series, drawdown, exposure},
    order::Side,
};

use super::{
    Attempts, EvidenceView, Facts, ReferenceBot, Results, Standing, SymbolPnl, headline,
    of_baselines,
};
use crate::{
    app::App,
    error::Error,
    ops::views::{EquityView, OrderView, PositionView, RunView, Snapshot, TradeView},
    runs::{Eyes, Seat, Visit, Visitor, hex},
    scenarios::{Entry, symbols},
};

/// Fills on a page of them.
pub(crate) const FILLS_MAX: usize = 25;

/// What of a run is asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// The instrument whose prices and fills are shown; else the one that was traded most, and the
    /// fills of all.
    pub(crate) symbol: Option<String>,
    /// The page of fills, from 1, the newest first.
    pub(crate) page: usize,
}

/// A run on one page.
pub(crate) struct TearSheet {
    pub(crate) eyes: Eyes,
    pub(crate) entry: Arc<Entry>,
    pub(crate) run: RunView,
    pub(crate) standing: Standing,
    /// The headline, once the run has ended.
    pub(crate) headline: Option<String>,
    /// Of the whole window, or up to the current bar.
    pub(crate) results: Results,
    pub(crate) evidence: EvidenceView,
    pub(crate) curves: Curves,
    /// The bots that come with the program; of a run under way up to its current bar.
    pub(crate) references: Vec<Reference>,
    pub(crate) symbol_pnl: Vec<SymbolPnl>,
    pub(crate) holdings: Vec<Holding>,
    pub(crate) queued_orders: Vec<OrderView>,
    pub(crate) last_equity: EquityView,
    pub(crate) fills: Fills,
    pub(crate) prices: History,
    pub(crate) chain: Chain,
}

/// A value per bar, from the start bar on; after a run's end they stay as they were.
pub(crate) struct Curves {
    pub(crate) times: Vec<Timestamp>,
    /// Bars until the run ended, the start bar counted.
    pub(crate) played: usize,
    /// In currency.
    pub(crate) equity: Vec<f64>,
    /// In multiples of the start.
    pub(crate) benchmark: Vec<f64>,
    /// The fall from the highest equity so far, a fraction.
    pub(crate) drawdown: Vec<f64>,
    /// Gross exposure as a multiple of equity.
    pub(crate) leverage: Vec<f64>,
}

/// A reference bot's run of the same scenario.
pub(crate) struct Reference {
    pub(crate) result: ReferenceBot,
    /// In currency, as long as the run's curves.
    pub(crate) equity: Vec<f64>,
}

/// A position with what it is worth at the last closes.
pub(crate) struct Holding {
    pub(crate) position: PositionView,
    pub(crate) close: f64,
    pub(crate) value: f64,
}

/// A page of fills.
pub(crate) struct Fills {
    /// The instrument they were chosen by.
    pub(crate) symbol: Option<String>,
    /// Numbers among all fills of the run, from 1, and the fills; the newest first.
    pub(crate) rows: Vec<(usize, TradeView)>,
    pub(crate) page: usize,
    pub(crate) pages: usize,
    pub(crate) total: usize,
}

/// The prices of an instrument and what the run did there.
pub(crate) struct History {
    pub(crate) symbol: String,
    /// What was asked for where nothing is called so.
    pub(crate) unknown: bool,
    /// The bar of the first close.
    pub(crate) from: usize,
    pub(crate) closes: Vec<f64>,
    pub(crate) fills: Vec<Executed>,
    /// Every instrument with its number of fills: the traded ones first, most traded first.
    pub(crate) symbols: Vec<(String, usize)>,
}

/// A fill on the chart of its instrument.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Executed {
    /// Its number among all fills, from 1.
    pub(crate) number: usize,
    /// Bars since the start.
    pub(crate) at: usize,
    pub(crate) price: f64,
    /// Whether it bought, to open or to cover.
    pub(crate) buys: bool,
}

/// The journal of the run: the hashes at its two ends, in hexadecimal.
pub(crate) struct Chain {
    pub(crate) genesis: String,
    pub(crate) commands: i64,
    pub(crate) head: String,
}

impl TearSheet {
    /// The page of a run for whoever may see it.
    pub(crate) async fn of(
        app: &App,
        visitor: &Visitor,
        run_id: &str,
        asked: Asked,
    ) -> Result<Self, Error> {
        let sheet = app.runs.visit(visitor, run_id, |visit| Self::new(visit, &asked)).await?;
        let mut sheet = sheet?;
        let bars = sheet.curves.times.len();
        let entry = Arc::clone(&sheet.entry);
        let references =
            move |played: &[Baseline]| played.iter().map(|it| Reference::until(it, bars)).collect();
        sheet.references = of_baselines(entry, references).await?;
        Ok(sheet)
    }

    fn new(visit: &Visit, asked: &Asked) -> Result<Self, Error> {
        let (seat, run) = (visit.seat, &visit.seat.run);
        let report = seat.report()?;
        let attempts = Attempts { number: seat.meta.attempt, started: Some(visit.started) };
        let facts = Facts::of_seat(seat, &report, attempts);
        let Snapshot { run: particulars, positions, queued_orders, last_equity } =
            Snapshot::of(seat);
        let held = run.positions().zip(positions);
        let holding = |((symbol, held), position): ((SymbolId, &Position), PositionView)| {
            let close = run.market().mark(run.now(), symbol);
            Holding { position, close: close.to_f64(), value: held.quantity.value(close).to_f64() }
        };
        let asked_symbol = asked.symbol.as_deref().filter(|it| !it.is_empty());
        let known = asked_symbol.and_then(|it| symbols::resolve(run.market(), it).ok());
        let mut prices = History::of(seat, known);
        prices.unknown = asked_symbol.is_some() && known.is_none();
        Ok(Self {
            eyes: visit.eyes,
            entry: Arc::clone(&seat.entry),
            run: particulars,
            standing: Standing::of(seat),
            headline: (!report.provisional).then(|| headline(&facts)),
            results: Results::of_seat(seat, &report),
            evidence: EvidenceView::of(&facts),
            curves: Curves::of(seat)?,
            references: Vec::new(),
            symbol_pnl: SymbolPnl::all(seat),
            holdings: held.map(holding).collect(),
            queued_orders,
            last_equity,
            fills: Fills::of(seat, known, asked.page),
            prices,
            chain: Chain {
                genesis: hex(&seat.meta.genesis),
                commands: visit.head.seq,
                head: hex(&visit.head.hash),
            },
        })
    }
}

impl Curves {
    fn of(seat: &Seat) -> Result<Self, Error> {
        let run = &seat.run;
        let Series { start, last, equity, gross, .. } = Series::of(run);
        let mut benchmark = seat.entry.benchmark().map_err(Error::internal)?.curve.clone();
        benchmark.truncate(equity.len());
        let after_start = equity.get(1..).unwrap_or_default();
        let leverage = exposure::leverage(&gross, after_start);
        Ok(Self {
            times: run.market().timeline()[start..=last].to_vec(),
            played: run.samples().len(),
            drawdown: drawdown::path(&equity),
            leverage: std::iter::once(0.0).chain(leverage).collect(),
            benchmark,
            equity,
        })
    }
}

impl Reference {
    fn until(baseline: &Baseline, bars: usize) -> Self {
        let mut equity = baseline.equity.clone();
        equity.truncate(bars);
        Self { result: ReferenceBot::from(baseline), equity }
    }
}

impl Fills {
    fn of(seat: &Seat, symbol: Option<SymbolId>, page: usize) -> Self {
        let all = seat.run.fills();
        let chosen = |at: &usize| symbol.is_none_or(|it| all[*at].symbol == it);
        let places: Vec<usize> = (0..all.len()).rev().filter(chosen).collect();
        let pages = places.len().div_ceil(FILLS_MAX).max(1);
        let page = page.clamp(1, pages);
        let shown = places.iter().skip((page - 1) * FILLS_MAX).take(FILLS_MAX);
        Self {
            symbol: symbol.map(|it| seat.run.market().symbol(it).to_owned()),
            rows: shown.map(|&at| (at + 1, TradeView::of(seat, at, &all[at]))).collect(),
            page,
            pages,
            total: places.len(),
        }
    }
}

impl History {
    /// Of this instrument, else of the one that was traded most.
    fn of(seat: &Seat, symbol: Option<SymbolId>) -> Self {
        let (run, market) = (&seat.run, seat.run.market());
        let mut counts = vec![0; market.width()];
        for fill in run.fills() {
            counts[fill.symbol.index()] += 1;
        }
        let mut symbols: Vec<(SymbolId, usize)> = market.symbols().zip(counts).collect();
        symbols.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let traded = symbols.first().filter(|it| it.1 > 0).map(|it| it.0);
        let symbol = symbol.or(traded).or_else(|| market.benchmark());
        let names = symbols.iter().map(|(id, count)| (market.symbol(*id).to_owned(), *count));
        let symbols: Vec<(String, usize)> = names.collect();
        let Some(symbol) = symbol.or_else(|| market.symbols().next()) else {
            let (symbol, closes, fills) = (String::new(), Vec::new(), Vec::new());
            return Self { symbol, unknown: false, from: 0, closes, fills, symbols };
        };
        let (start, now) = (run.rules().warmup, run.now());
        let marks = (start..=now).map(|t| market.mark(t, symbol));
        let from = marks.clone().take_while(|it| *it == Price::ZERO).count();
        let executed = run.fills().iter().enumerate().filter(|(_, fill)| fill.symbol == symbol);
        Self {
            symbol: market.symbol(symbol).to_owned(),
            unknown: false,
            from,
            closes: marks.skip(from).map(Price::to_f64).collect(),
            fills: executed
                .map(|(at, fill)| Executed {
                    number: at + 1,
                    at: fill.at - start,
                    price: fill.price.to_f64(),
                    buys: matches!(fill.side, Side::Buy | Side::Cover),
                })
                .collect(),
            symbols,
        }
    }
}
