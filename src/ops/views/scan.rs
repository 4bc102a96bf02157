//! The whole universe at a glance, beside what is held and what waits.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use sim::{Price, Status, SymbolId, ledger::Position};

use super::{
    OrderView, Pulse, Table, Vitals,
    concise::{tick, two},
};
use crate::runs::Seat;

/// Bars of the window whose return ranks a symbol.
const WINDOW: usize = 8;
/// Symbols that are named as movers and for inspection.
const NAMED_MAX: usize = 8;
/// Rows of a concise scan: a universe of thousands must not fill a model's context.
const ROWS_MAX: usize = 100;
/// Rows of bars beyond which a budget warns.
const ROWS_WARNED: usize = 500;

/// A symbol with its recent moves and its position.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ScanRow {
    symbol: String,
    /// The last close; of an earlier bar where the symbol has none at `sim_time`.
    close: f64,
    /// Against the close before, in percent.
    bar_return_pct: f64,
    /// Against the first close of the last 8 bars, in percent.
    window_return_pct: f64,
    volume: f64,
    /// Negative when short.
    position_qty: f64,
    position_avg_cost: f64,
    /// Quantity × close.
    position_market_value: f64,
    unrealized_pnl: f64,
    /// The position as a share of equity, in percent.
    exposure_pct: f64,
}

/// How much market data an answer has, and stands for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DataBudget {
    symbols_returned: usize,
    bars_per_symbol: usize,
    estimated_rows: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
}

impl DataBudget {
    pub(crate) fn new(symbols: usize, bars: usize, rows: usize) -> Self {
        let warning = (rows > ROWS_WARNED).then(|| {
            format!("{rows} rows of bars: name fewer symbols, or ask for the concise format")
        });
        Self { symbols_returned: symbols, bars_per_symbol: bars, estimated_rows: rows, warning }
    }
}

/// The market and the books, in full.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ScanView {
    /// trading or completed.
    phase: &'static str,
    next_action: &'static str,
    run_id: String,
    #[serde(flatten)]
    pulse: Pulse,
    /// The largest move of the window first.
    symbols: Vec<ScanRow>,
    #[serde(flatten)]
    pub(crate) named: Named,
    human_summary: String,
}

/// What stands out.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Named {
    /// The 8 largest moves of the window.
    top_movers: Vec<ScanRow>,
    /// What is held, then what moved, at most 8.
    suggested_inspection: Vec<String>,
    data_budget: DataBudget,
}

/// The market and the books, in few words.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ScanBrief {
    #[serde(flatten)]
    vitals: Vitals,
    #[serde(flatten)]
    look: Look,
}

/// What there is to decide on.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Look {
    /// The largest move of the last 8 bars first.
    #[serde(skip_serializing_if = "Option::is_none")]
    symbols: Option<Table>,
    /// Symbols that moved less and are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    symbols_left_out: Option<usize>,
    /// Symbols without a bar at `sim_time`; their close is an earlier one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    no_bar_now: Vec<String>,
    /// Left out when everything is flat.
    #[serde(skip_serializing_if = "Option::is_none")]
    positions: Option<Table>,
    /// Left out when nothing waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    queued_orders: Option<Table>,
}

/// A symbol that has traded.
struct Line {
    id: SymbolId,
    close: Price,
    volume: f64,
    bar_return_pct: f64,
    window_return_pct: f64,
    /// Its last bar is the current one.
    fresh: bool,
}

/// Every symbol with a bar, the largest move of the window first.
fn lines(seat: &Seat) -> Vec<Line> {
    let (market, now) = (seat.run.market(), seat.run.now());
    let line = |id: SymbolId| {
        let mut bars = market.bars(now, id, WINDOW);
        let first = bars.next()?;
        let (mut before, mut last) = (first, first);
        for bar in bars {
            (before, last) = (last, bar);
        }
        Some(Line {
            id,
            close: last.close,
            volume: last.volume,
            bar_return_pct: change_pct(before.close, last.close),
            window_return_pct: change_pct(first.close, last.close),
            fresh: last.ts == market.timeline()[now],
        })
    };
    let mut lines: Vec<Line> = market.symbols().filter_map(line).collect();
    lines.sort_by(|a, b| b.window_return_pct.abs().total_cmp(&a.window_return_pct.abs()));
    lines
}

/// The change between two prices in percent; bars have no price of zero.
fn change_pct(from: Price, to: Price) -> f64 {
    (to.to_f64() - from.to_f64()) / from.to_f64() * 100.0
}

/// What a position is worth at a close, and what it has made: value, profit, share of equity.
fn worth(seat: &Seat, position: &Position, close: f64) -> [f64; 3] {
    let quantity = position.quantity.to_f64();
    let (value, equity) = (quantity * close, seat.run.last_sample().equity().to_f64());
    let share = if equity == 0.0 { 0.0 } else { value / equity * 100.0 };
    [value, (close - position.avg_cost.to_f64()) * quantity, share]
}

impl ScanRow {
    fn of(seat: &Seat, line: &Line) -> Self {
        let position = seat.run.position(line.id);
        let close = line.close.to_f64();
        let [value, profit, share] = worth(seat, position, close);
        Self {
            symbol: seat.run.market().symbol(line.id).to_owned(),
            close,
            bar_return_pct: line.bar_return_pct,
            window_return_pct: line.window_return_pct,
            volume: line.volume,
            position_qty: position.quantity.to_f64(),
            position_avg_cost: position.avg_cost.to_f64(),
            position_market_value: value,
            unrealized_pnl: profit,
            exposure_pct: share,
        }
    }
}

impl ScanView {
    pub(crate) fn of(seat: &Seat) -> Self {
        let run = &seat.run;
        let symbols: Vec<ScanRow> = lines(seat).iter().map(|it| ScanRow::of(seat, it)).collect();
        let top_movers: Vec<ScanRow> = symbols.iter().take(NAMED_MAX).cloned().collect();
        let held = run.positions().map(|(id, _)| run.market().symbol(id).to_owned());
        let mut suggested_inspection: Vec<String> = held.take(NAMED_MAX).collect();
        for mover in &top_movers {
            if suggested_inspection.len() < NAMED_MAX
                && !suggested_inspection.contains(&mover.symbol)
            {
                suggested_inspection.push(mover.symbol.clone());
            }
        }
        let (phase, next_action) = match run.status() {
            Status::Active => ("trading", "inspect_symbols_or_submit_decision"),
            _ => ("completed", "get_results"),
        };
        let human_summary = format!(
            "{} symbols at {}. To inspect: {}.",
            symbols.len(),
            run.sim_time(),
            suggested_inspection.join(", ")
        );
        let data_budget = DataBudget::new(symbols.len(), WINDOW, symbols.len() * WINDOW);
        Self {
            phase,
            next_action,
            run_id: seat.meta.id.to_string(),
            pulse: Pulse::of(seat),
            named: Named { top_movers, suggested_inspection, data_budget },
            symbols,
            human_summary,
        }
    }
}

impl ScanBrief {
    pub(crate) fn of(seat: &Seat) -> Self {
        Self { vitals: Vitals::of(seat), look: Look::of(seat) }
    }
}

impl Look {
    pub(crate) fn of(seat: &Seat) -> Self {
        let (run, market) = (&seat.run, seat.run.market());
        let lines = lines(seat);
        let row = |line: &Line| -> Vec<Value> {
            vec![
                json!(market.symbol(line.id)),
                json!(tick(line.close.to_f64())),
                json!(two(line.bar_return_pct)),
                json!(two(line.window_return_pct)),
            ]
        };
        let held = run.positions().map(|(id, position)| {
            let close = market.mark(run.now(), id).to_f64();
            let [value, profit, share] = worth(seat, position, close).map(two);
            vec![
                json!(market.symbol(id)),
                json!(position.quantity.to_f64()),
                json!(tick(position.avg_cost.to_f64())),
                json!(value),
                json!(profit),
                json!(share),
            ]
        });
        let columns =
            &["symbol", "quantity", "avg_cost", "market_value", "unrealized_pnl", "exposure_pct"];
        let waiting: Vec<OrderView> =
            run.working_orders().iter().map(|it| OrderView::of(seat, it)).collect();
        let stale = lines.iter().filter(|line| !line.fresh);
        Self {
            symbols: Table::of(
                &["symbol", "close", "bar_return_pct", "window_return_pct"],
                lines.iter().take(ROWS_MAX).map(row),
            ),
            symbols_left_out: lines.len().checked_sub(ROWS_MAX).filter(|&more| more > 0),
            no_bar_now: stale.take(ROWS_MAX).map(|it| market.symbol(it.id).to_owned()).collect(),
            positions: Table::of(columns, held),
            queued_orders: Table::orders(&waiting),
        }
    }
}
