//! A result in two to five sentences, and what to do with it. No sentence claims skill: one
//! window cannot show it.

use sim::{
    Status,
    metrics::{BenchmarkKind, Estimate, NullReason},
};

use super::evidence::{Facts, Judged, Judgement, Verdict, best_sharpe_by_luck};

/// The result beside the benchmark, how sure one can be, the costs, the attempt.
pub fn headline(facts: &Facts) -> String {
    let sentences = [
        Some(result(facts)),
        ending(facts),
        Some(certainty(facts)),
        Some(costs(facts)),
        attempt(facts),
    ];
    sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn result(facts: &Facts) -> String {
    let (report, market) = (facts.report, facts.run.market());
    let date = |t: usize| market.sessions()[market.session_of(t)];
    let start = facts.run.rules().warmup;
    let (made, benchmark) = (report.return_pct, report.benchmark_return_pct);
    format!(
        "{} % in {} from {} to {}; holding {} made {} % over the same window, a difference of {} \
         points.",
        signed(made, 2),
        counted(report.sessions, "session"),
        date(start),
        date(start + report.bars),
        named(facts),
        signed(benchmark, 2),
        signed(rounded(made, 2) - rounded(benchmark, 2), 2)
    )
}

/// The benchmark in words.
fn named(facts: &Facts) -> String {
    match facts.report.benchmark {
        BenchmarkKind::EqualWeight => "the equal-weight portfolio".into(),
        BenchmarkKind::Reference | BenchmarkKind::Symbol => facts.report.benchmark_name.clone(),
    }
}

/// What cut the run short.
fn ending(facts: &Facts) -> Option<String> {
    let how = match facts.run.status() {
        Status::Liquidated => "liquidated",
        Status::Abandoned => "abandoned",
        Status::Active | Status::Completed => return None,
    };
    Some(format!(
        "The run was {how} after {} of {} bars and counts as flat from there.",
        facts.run.samples().len() - 1,
        facts.report.bars
    ))
}

/// What the figures prove, and do not.
fn certainty(facts: &Facts) -> String {
    let sample = counted(facts.report.sessions, "session return");
    let Some(Judgement { judged, verdict, .. }) = Judgement::of(facts) else {
        let why = facts.report.evidence.sharpe.err().unwrap_or(NullReason::NonFinite);
        return format!(
            "There is no 95 % interval ({why}), so {sample} cannot tell this from luck."
        );
    };
    let mut figures = Vec::new();
    if let Some([value, interval]) = bounded(facts.report.evidence.sharpe, 1.0, "") {
        figures.push(format!("Sharpe ratio {value} {interval}"));
    }
    if let Some([value, interval]) = bounded(facts.report.evidence.alpha, 100.0, " %") {
        figures.push(format!(
            "alpha, the return that the benchmark does not explain, {value} a year {interval}"
        ));
    }
    let figure = match judged {
        Judged::Alpha => "alpha",
        Judged::Sharpe => "the Sharpe ratio",
    };
    let said = match verdict {
        Verdict::Undefined | Verdict::IndistinguishableFromLuck => {
            format!("{sample} cannot tell this from luck")
        }
        Verdict::IndistinguishableGivenAttempts => format!(
            "{figure} would be above zero as the only attempt, but {sample} cannot tell it from \
             the luck of {} attempts",
            facts.tries()
        ),
        Verdict::AboveZeroInThisWindow => format!(
            "{figure} is above zero over these {sample}{}, where luck alone puts it in a few cases \
             of a hundred; one window is no evidence of skill",
            match facts.tries() {
                1 => String::new(),
                tries => format!(", {tries} attempts counted"),
            }
        ),
        Verdict::BelowZeroInThisWindow => {
            format!("{figure} is below zero over these {sample}")
        }
    };
    format!("{}: {said}.", figures.join("; "))
}

/// A figure and its interval, such as `+1.3` and `(95 % interval -2.7 to +5.3)`.
fn bounded(estimate: Result<Estimate, NullReason>, factor: f64, unit: &str) -> Option<[String; 2]> {
    let estimate = estimate.ok()?;
    let interval = estimate.interval_95().ok()?;
    let [value, low, high] =
        [estimate.value, interval.low, interval.high].map(|it| signed(it * factor, 1));
    Some([format!("{value}{unit}"), format!("(95 % interval {low} to {high}{unit})")])
}

fn costs(facts: &Facts) -> String {
    let report = facts.report;
    if report.trade_count == 0 {
        return "Nothing was traded and nothing was paid.".into();
    }
    let total = report.costs.total().to_f64();
    let share = total / facts.run.rules().starting_cash.to_f64() * 100.0;
    format!(
        "Costs took {} {}, {share:.2} % of starting cash, in {}; the deepest fall was {:.1} %.",
        amount(total),
        facts.currency,
        counted(report.trade_count, "fill"),
        report.max_drawdown.depth * 100.0
    )
}

fn attempt(facts: &Facts) -> Option<String> {
    let attempts = facts.attempts?;
    let of = attempts.started.map(|_| format!(" of {}", facts.tries())).unwrap_or_default();
    let luck = best_sharpe_by_luck(facts).map(|sharpe| {
        format!(
            "; without skill or drift the best of {} would show a Sharpe ratio of about \
             {sharpe:.1}",
            facts.tries()
        )
    });
    Some(format!(
        "Attempt {}{of} by this account on this scenario{}.",
        attempts.number,
        luck.unwrap_or_default()
    ))
}

/// What to do with the result; `page_url` is where people see it once it is published.
pub(super) fn next_step(facts: &Facts, page_url: Option<&str>) -> String {
    if facts.report.trade_count == 0 {
        return "This run shows nothing about the agent. start_run plays the scenario again, \
                which counts as another attempt."
            .into();
    }
    let needed = facts.report.evidence.returns_needed.ok().map(f64::ceil);
    let length = needed
        .filter(|&needed| needed > f64::from(u32::try_from(facts.report.sessions).unwrap_or(0)))
        .map(|needed| {
            format!(
                " (at this Sharpe ratio its interval would leave zero after about {} sessions)",
                grouped(&format!("{needed:.0}"))
            )
        });
    let publish = match page_url {
        Some(url) => format!("This run is public at {url}."),
        None => "publish_run makes this run public for ever.".into(),
    };
    format!(
        "Play other scenarios with the same agent (list_scenarios): one window cannot show \
         skill{}. {publish}",
        length.unwrap_or_default()
    )
}

/// The result in a line.
pub(super) fn summary(facts: &Facts, published: bool) -> String {
    format!(
        "Return {}%. Fills {}. Liquidated={}. Published={published}.",
        signed(facts.report.return_pct, 2),
        facts.report.trade_count,
        facts.run.status() == Status::Liquidated
    )
}

/// `1 fill`, `2 fills`.
fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(&count.to_string()))
}

/// To so many decimals; never minus zero, so that a tiny loss does not read as one.
pub(super) fn rounded(value: f64, digits: u32) -> f64 {
    let factor = f64::from(10_u32.pow(digits));
    (value * factor).round() / factor + 0.0
}

/// With its sign, `+0.0` for nothing; thousands are grouped.
fn signed(value: f64, digits: u32) -> String {
    let text = format!("{:+.*}", digits as usize, rounded(value, digits));
    let (sign, number) = text.split_at(1);
    format!("{sign}{}", grouped(number))
}

/// Money to the cent, `1,234.56`.
fn amount(value: f64) -> String {
    grouped(&format!("{value:.2}"))
}

/// Puts commas between the thousands of a number that has no sign.
fn grouped(number: &str) -> String {
    let (whole, fraction) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut text = String::with_capacity(number.len() + whole.len() / 3);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(amount(1_234_567.891), "1,234,567.89");
        assert_eq!([amount(0.0), amount(999.999)], ["0.00", "1,000.00"]);
        assert_eq!([signed(-0.004, 2), signed(-1_234.56, 1)], ["+0.00", "-1,234.6"]);
        assert_eq!([counted(1, "fill"), counted(12_345, "fill")], ["1 fill", "12,345 fills"]);
    }
}
