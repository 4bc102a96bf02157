//! The figures of a run, each with its interval and the sample it was taken from.

use super::super::show;
use crate::ops::tear_sheet::TearSheet;

/// A figure.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    /// What it is, in a few words.
    pub(super) meaning: String,
    /// Nothing where it is undefined.
    pub(super) value: Option<String>,
    /// Why it is undefined.
    pub(super) reason: Option<String>,
    /// The 95 % interval.
    pub(super) interval: Option<String>,
    /// What it was taken from.
    pub(super) sample: String,
}

/// Figures that belong together.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) figures: Vec<Figure>,
}

/// How a number is written.
#[derive(Clone, Copy)]
enum Form {
    /// A fraction as a percentage with a sign.
    Growth,
    /// A fraction as a percentage.
    Share,
    /// A ratio with a sign.
    Ratio,
    /// A multiple.
    Times,
    /// Currency.
    Money,
}

impl Form {
    fn written(self, value: f64) -> String {
        match self {
            Self::Growth => format!("{} %", show::signed(value * 100.0, 2)),
            Self::Share => show::share(value),
            Self::Ratio => show::signed(value, 2),
            Self::Times => format!("{}×", show::amount(value, 2)),
            Self::Money => show::amount(value, 2),
        }
    }
}

struct Writer<'a> {
    sheet: &'a TearSheet,
}

impl Writer<'_> {
    fn figure(
        &self,
        [key, name, meaning]: [&'static str; 3],
        value: Option<f64>,
        form: Form,
        sample: &str,
    ) -> Figure {
        let evidence = &self.sheet.evidence;
        let interval = evidence.intervals.iter().find(|it| it.figure == key);
        let why = self.sheet.results.null_reasons.get(key).or(evidence.null_reasons.get(key));
        let meaning = match interval {
            Some(it) => format!("{meaning}; {}", it.method),
            None => meaning.to_owned(),
        };
        Figure {
            name,
            meaning,
            value: value.map(|it| form.written(it)),
            reason: value.is_none().then(|| why.map(|it| it.detail.clone())).flatten(),
            interval: interval
                .map(|it| format!("{} to {}", form.written(it.low), form.written(it.high))),
            sample: sample.to_owned(),
        }
    }
}

/// All figures.
pub(super) fn groups(sheet: &TearSheet) -> Vec<Group> {
    let all = Writer { sheet };
    vec![
        Group { name: "Return", figures: returns(&all) },
        Group { name: "Risk", figures: risk(&all) },
        Group { name: "Trading", figures: trading(&all) },
        Group { name: "Costs", figures: costs(&all) },
    ]
}

fn returns(all: &Writer) -> Vec<Figure> {
    let (results, clock) = (&all.sheet.results, &all.sheet.results.clock);
    let sessions = format!("{} session returns", show::count(clock.session_returns));
    let bars = format!("{} bars", show::count(clock.bars));
    let mean = all.sheet.evidence.intervals.iter().find(|it| it.figure == "mean_return");
    vec![
        all.figure(
            ["return_pct", "Return", "of starting cash"],
            Some(results.return_pct / 100.0),
            Form::Growth,
            &bars,
        ),
        all.figure(
            ["benchmark", "Return of the benchmark", "held passively, without costs"],
            Some(results.benchmark.return_pct / 100.0),
            Form::Growth,
            &bars,
        ),
        all.figure(
            ["mean_return", "Mean return a year", "arithmetic"],
            mean.map(|it| it.value),
            Form::Growth,
            &sessions,
        ),
        all.figure(["cagr", "Growth a year", "compound"], results.cagr, Form::Growth, &bars),
        all.figure(
            ["alpha", "Alpha a year", "return that the benchmark does not explain"],
            results.alpha,
            Form::Growth,
            &sessions,
        ),
        all.figure(
            ["beta", "Beta", "slope on the benchmark's returns"],
            results.beta,
            Form::Ratio,
            &sessions,
        ),
        all.figure(
            ["sharpe", "Sharpe ratio", "annualised, risk-free rate 0"],
            results.sharpe,
            Form::Ratio,
            &sessions,
        ),
        all.figure(
            ["sortino", "Sortino ratio", "annualised, target 0"],
            results.sortino,
            Form::Ratio,
            &sessions,
        ),
    ]
}

fn risk(all: &Writer) -> Vec<Figure> {
    let (results, clock) = (&all.sheet.results, &all.sheet.results.clock);
    let sessions = format!("{} session returns", show::count(clock.session_returns));
    let bars = format!("{} bars", show::count(clock.bars));
    let fall = match (&results.drawdown.start, &results.drawdown.trough) {
        (Some(start), Some(trough)) => {
            let back = results.drawdown.recovery.as_deref().map_or("not recovered", show::day);
            format!("from {} to {}, {back}", show::day(start), show::day(trough))
        }
        _ => "equity never fell".into(),
    };
    let mut deepest = all.figure(
        ["max_drawdown", "Deepest fall", ""],
        Some(-results.max_drawdown),
        Form::Growth,
        &bars,
    );
    deepest.meaning = fall;
    vec![
        deepest,
        all.figure(
            ["volatility", "Volatility a year", "of session returns"],
            results.volatility,
            Form::Share,
            &sessions,
        ),
        all.figure(
            ["calmar", "Calmar ratio", "growth a year by deepest fall"],
            results.calmar,
            Form::Ratio,
            &bars,
        ),
        all.figure(
            ["exposure", "Time in the market", "bars with a position"],
            Some(results.exposure),
            Form::Share,
            &bars,
        ),
        all.figure(
            ["mean_leverage", "Mean exposure", "gross, in multiples of equity"],
            Some(results.mean_leverage),
            Form::Times,
            &bars,
        ),
    ]
}

fn trading(all: &Writer) -> Vec<Figure> {
    let results = &all.sheet.results;
    let fills = format!("{} fills", show::count(results.trade_count));
    let closed = format!("{} closed trades", show::count(results.closed_trades));
    vec![
        all.figure(
            ["turnover", "Turnover a year", "one way, in multiples of mean equity"],
            results.turnover,
            Form::Times,
            &fills,
        ),
        all.figure(
            ["win_rate", "Trades that won", "net of commissions"],
            results.win_rate,
            Form::Share,
            &closed,
        ),
        all.figure(
            ["profit_factor", "Profit factor", "profits by losses"],
            results.profit_factor,
            Form::Ratio,
            &closed,
        ),
        all.figure(
            ["expectancy", "Mean result of a trade", "net of commissions"],
            results.expectancy,
            Form::Money,
            &closed,
        ),
    ]
}

fn costs(all: &Writer) -> Vec<Figure> {
    let (results, costs) = (&all.sheet.results, &all.sheet.results.costs);
    let fills = format!("{} fills", show::count(results.trade_count));
    let cost = |key, name, meaning, value| {
        all.figure([key, name, meaning], Some(value), Form::Money, &fills)
    };
    vec![
        cost("slippage", "Slippage", "fixed basis points of each price", costs.slippage),
        cost("commission", "Commission", "of each value", costs.commission),
        cost("borrow", "Borrowing", "of what was short, by session", costs.borrow),
        cost("total", "All costs", "counted in every figure above", costs.total),
    ]
}
