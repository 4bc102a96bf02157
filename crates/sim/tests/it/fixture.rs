//! A text form for one rule: a few bars, the commands of an agent, and what came of them.
//!
//! ```text
//! # The rule, and why it is so.
//! cash 1000                         settings, each on its line; see `Fixture::set`
//!
//! at  | A                   | B     the bars, a column per instrument
//! 1   | 100                 | 50    one price: it never moved
//! 2.4 | 100 110 95 105 v30  | -     open high low close, volume; `-` is no bar
//! 3   | 100 105             | 51    open and close
//!
//! > cancel 1 2; buy A 10 limit 95 day; step 2
//! queued #1                         what follows a command is written by `UPDATE=1 cargo test`
//! ```
//!
//! A bar is named `day` or `day.hour`; a day is a session. A line of `>` is one turn.

use std::{fmt::Write as _, sync::Arc};

use sim::{
    Command, Date, Market, Money, Price, Quantity, Rules, Run, Scenario, Status, SymbolId,
    Timestamp,
    market::{Bar, Instrument, MarketData},
    num::Leverage,
    order::{NewOrder, OrderId, OrderKind, Side, TimeInForce},
    outcome::{Outcome, Refusal},
    rules::{LimitFill, PathPolicy},
    run::Fill,
};

use crate::world::{flows, free_rules};

const BASE: i64 = 1_700_006_400;

/// A fixture as it was read, up to its first command.
struct Fixture {
    rules: Rules,
    slippage: Vec<(Option<String>, u32)>,
    symbols: Vec<String>,
    labels: Vec<String>,
    bars: Vec<Vec<Bar>>,
}

/// Plays a fixture and answers its text with what really happened after each command.
pub(crate) fn play(text: &str) -> String {
    assert!(text.starts_with("# "), "a fixture begins with its rule");
    let commands = text.find("\n>").expect("a fixture has commands") + 1;
    let (head, script) = text.split_at(commands);
    let fixture = Fixture::read(head);
    let labels = fixture.labels.clone();
    let mut run = Run::new(Arc::new(fixture.scenario()));
    let mut journal = Vec::new();
    let mut written = head.to_owned();
    for line in script.lines() {
        let kept = line.is_empty() || line.starts_with(['#', '>']);
        if kept {
            written.extend([line, "\n"]);
        }
        if let Some(command) = line.strip_prefix('>') {
            let command = read_command(run.market(), command);
            let before = run.clone();
            let result = run.apply(&command);
            let queued = match &command {
                Command::Turn { orders, .. } => orders.len(),
                Command::Abandon => 0,
            };
            for line in render(&before, &run, &result, (queued, &labels)) {
                written.extend([&line, "\n"]);
            }
            match &result {
                Ok(_) => journal.push(command),
                Err(_) => assert!(run == before, "a refused command changes nothing"),
            }
        }
    }
    let replayed = Run::replay(Arc::clone(run.scenario()), &journal).expect("a journal replays");
    assert!(replayed == run, "a journal replays to the same run");
    let kept = run.rules().starting_cash + flows(&run) - run.costs().borrow;
    assert_eq!(kept, run.cash(), "money comes and goes with fills and borrow alone");
    written
}

impl Fixture {
    fn read(head: &str) -> Self {
        let mut fixture = Self {
            rules: free_rules(),
            slippage: Vec::new(),
            symbols: Vec::new(),
            labels: Vec::new(),
            bars: Vec::new(),
        };
        for line in head.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            match cells.as_slice() {
                ["at", symbols @ ..] => {
                    fixture.symbols = symbols.iter().map(ToString::to_string).collect();
                    fixture.bars = vec![Vec::new(); symbols.len()];
                }
                [setting] => fixture.set(setting),
                [label, cells @ ..] => fixture.row(label, cells),
                [] => {}
            }
        }
        fixture
    }

    fn set(&mut self, setting: &str) {
        let rules = &mut self.rules;
        let words: Vec<&str> = setting.split_whitespace().collect();
        match words.as_slice() {
            ["cash", it] => rules.starting_cash = it.parse().unwrap(),
            ["cap", it] => {
                rules.leverage_cap = Leverage::from_f64(it.parse().unwrap()).unwrap();
            }
            ["short", it] => rules.short_enabled = *it == "on",
            ["commission", it] => rules.commission_bps = it.parse().unwrap(),
            ["borrow", it] => rules.borrow_bps_annual = it.parse().unwrap(),
            ["sessions_per_year", it] => rules.sessions_per_year = it.parse().unwrap(),
            ["limit_fill", it] => rules.limit_fill = LimitFill::from_name(it).unwrap(),
            ["path", it] => rules.path_policy = PathPolicy::from_name(it).unwrap(),
            ["participation", it] => rules.participation_pct = Some(it.parse().unwrap()),
            ["warmup", it] => rules.warmup = it.parse().unwrap(),
            ["slippage", it] => self.slippage.push((None, it.parse().unwrap())),
            ["slippage", symbol, it] => {
                self.slippage.push((Some((*symbol).to_owned()), it.parse().unwrap()));
            }
            _ => panic!("no such setting: {setting}"),
        }
    }

    fn row(&mut self, label: &str, cells: &[&str]) {
        let (day, hour) = label.split_once('.').unwrap_or((label, "0"));
        let number = |text: &str| text.parse::<i64>().unwrap();
        let ts = Timestamp::from_seconds(BASE + number(day) * 86_400 + number(hour) * 3_600);
        self.labels.push(label.to_owned());
        for (bars, cell) in self.bars.iter_mut().zip(cells) {
            if *cell != "-" {
                bars.push(read_bar(ts, cell));
            }
        }
    }

    fn scenario(self) -> Scenario {
        let slippage_bps = |symbol: &str| {
            let matching =
                |it: &&(Option<String>, u32)| it.0.as_deref().is_none_or(|s| s == symbol);
            self.slippage.iter().rfind(matching).map_or(0, |it| it.1)
        };
        let instruments = self.symbols.iter().map(|symbol| Instrument {
            symbol: symbol.clone(),
            slippage_bps: slippage_bps(symbol),
        });
        let data = MarketData {
            instruments: instruments.collect(),
            bars: self.bars,
            ..MarketData::default()
        };
        let market = Market::new(data, |ts| -> Date { ts.date() }).expect("good bars");
        Scenario::new(self.rules, market).expect("good rules")
    }
}

fn read_bar(ts: Timestamp, cell: &str) -> Bar {
    let (prices, volume) = cell.split_once('v').unwrap_or((cell, "1000000"));
    let prices: Vec<Price> = prices.split_whitespace().map(|it| it.parse().unwrap()).collect();
    let [open, high, low, close] = match *prices.as_slice() {
        [price] => [price; 4],
        [open, close] => [open, open.max(close), open.min(close), close],
        [open, high, low, close] => [open, high, low, close],
        _ => panic!("a bar has one, two or four prices: {cell}"),
    };
    Bar { ts, open, high, low, close, volume: volume.trim().parse().unwrap() }
}

fn read_command(market: &Market, line: &str) -> Command {
    let (mut cancel, mut orders, mut steps) = (Vec::new(), Vec::new(), 0);
    for part in line.split(';') {
        let words: Vec<&str> = part.split_whitespace().collect();
        match words.as_slice() {
            ["abandon"] => return Command::Abandon,
            ["step"] => steps = 1,
            ["step", count] => steps = count.parse().unwrap(),
            ["cancel", ids @ ..] => {
                cancel.extend(ids.iter().map(|id| OrderId(id.parse().unwrap())));
            }
            [side, symbol, quantity, rest @ ..] => {
                let symbol = market.find(symbol).expect("a symbol of the fixture");
                orders.push(read_order(side, symbol, quantity.parse().unwrap(), rest));
            }
            _ => panic!("no such command: {part}"),
        }
    }
    Command::Turn { cancel, orders, steps }
}

fn read_order(side: &str, symbol: SymbolId, quantity: Quantity, rest: &[&str]) -> NewOrder {
    let side = [Side::Buy, Side::Sell, Side::Short, Side::Cover]
        .into_iter()
        .find(|it| it.name() == side)
        .expect("a side");
    let mut order = NewOrder::market(symbol, side, quantity);
    let (mut stop, mut limit) = (None, None);
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let mut price = || Some(words.next().unwrap().parse::<Price>().unwrap());
        match *word {
            "limit" => limit = price(),
            "stop" => stop = price(),
            tif => {
                let all = [TimeInForce::Gtc, TimeInForce::Day, TimeInForce::Ioc, TimeInForce::Fok];
                order.time_in_force = all.into_iter().find(|it| it.name() == tif).expect(tif);
            }
        }
    }
    order.kind = match (stop, limit) {
        (None, None) => OrderKind::Market,
        (None, Some(limit)) => OrderKind::Limit(limit),
        (Some(stop), None) => OrderKind::Stop(stop),
        (Some(stop), Some(limit)) => OrderKind::StopLimit { stop, limit },
    };
    order
}

/// What a command came to, a line per event, and where the run stands then.
fn render(
    before: &Run,
    run: &Run,
    result: &Result<Outcome, Refusal>,
    (queued, labels): (usize, &[String]),
) -> Vec<String> {
    let mut lines = Vec::new();
    match result {
        Err(Refusal::Orders(orders)) => {
            for (at, reject) in orders {
                lines.push(format!("refused order {}: {reject}", at + 1));
            }
        }
        Err(refusal) => lines.push(format!("refused: {refusal}")),
        Ok(outcome) => {
            if let Some(OrderId(first)) = outcome.first_order {
                let ids = (first..).take(queued).map(|id| format!(" #{id}"));
                lines.push(format!("queued{}", ids.collect::<String>()));
            }
            render_bars(before, run, outcome, labels, &mut lines);
            render_state(before, run, &mut lines);
        }
    }
    lines
}

fn render_bars(
    before: &Run,
    run: &Run,
    outcome: &Outcome,
    labels: &[String],
    lines: &mut Vec<String>,
) {
    assert_eq!(outcome.fills_before, before.fills().len());
    let fills = &run.fills()[outcome.fills_before..];
    let steps = labels.iter().enumerate().take(run.now() + 1).skip(before.now() + 1);
    for (t, label) in steps {
        lines.extend(
            fills
                .iter()
                .filter(|fill| fill.at == t)
                .map(|fill| format!("{label} {}", render_fill(run, fill))),
        );
        let sample = run.samples()[t - run.rules().warmup];
        lines.push(format!("{label} cash {} equity {}", sample.cash, sample.equity()));
    }
    lines.extend(outcome.rejections.iter().map(|it| {
        let symbol = run.market().symbol(it.symbol);
        format!("ended #{}, {} {symbol} unfilled: {}", it.order.0, it.quantity, it.reason)
    }));
}

fn render_fill(run: &Run, fill: &Fill) -> String {
    let order = fill.order.map_or_else(|| "forced".to_owned(), |id| format!("#{}", id.0));
    let symbol = run.market().symbol(fill.symbol);
    let mut text =
        format!("{order} {} {symbol} {} @ {}", fill.side.name(), fill.quantity, fill.price);
    for (name, cost) in [("slippage", fill.slippage), ("commission", fill.commission)] {
        if cost != Money::ZERO {
            write!(text, " {name} {cost}").unwrap();
        }
    }
    if !fill.side.opens() {
        write!(text, " realised {}", fill.realized_pnl).unwrap();
        if fill.net_pnl != fill.realized_pnl {
            write!(text, " net {}", fill.net_pnl).unwrap();
        }
    }
    text
}

fn render_state(before: &Run, run: &Run, lines: &mut Vec<String>) {
    let borrow = run.costs().borrow - before.costs().borrow;
    if borrow != Money::ZERO {
        lines.push(format!("borrow {borrow}"));
    }
    let held: Vec<String> = run
        .positions()
        .map(|(symbol, position)| {
            let symbol = run.market().symbol(symbol);
            format!("{symbol} {} at {}", position.quantity, position.avg_cost)
        })
        .collect();
    if !held.is_empty() {
        lines.push(format!("holds {}", held.join(", ")));
    }
    let waiting: Vec<String> = run
        .working_orders()
        .iter()
        .map(|order| format!("#{} ({})", order.id.0, order.remaining))
        .collect();
    if !waiting.is_empty() {
        lines.push(format!("working {}", waiting.join(", ")));
    }
    if run.ambiguous_bars() != before.ambiguous_bars() {
        lines.push(format!("ambiguous bars {}", run.ambiguous_bars()));
    }
    if run.liquidation_due() {
        lines.push("liquidation due".to_owned());
    }
    assert_eq!(run.done(), run.status() == Status::Completed);
    if run.status() != Status::Active {
        lines.push(format!("status {}", run.status().name()));
    }
}
