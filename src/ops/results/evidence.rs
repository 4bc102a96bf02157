//! How sure one can be of a result: intervals with their methods, samples, and what luck does.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use sim::{
    Run,
    metrics::{Estimate, Interval, NullReason, Report, luck, newey_west},
};

use super::score::NullView;

/// A run whose luck explains its result with less than this probability is said to be off zero:
/// one side of a 95 % interval.
pub(crate) const UNUSUAL: f64 = 0.025;

/// A run as it is judged.
pub struct Facts<'a> {
    /// The run.
    pub run: &'a Run,
    /// Its figures.
    pub report: &'a Report,
    /// What it was played in, such as `USD`.
    pub currency: &'a str,
    /// How often it was tried; nothing for a run that no account owns.
    pub attempts: Option<Attempts>,
}

/// How often an account has played a scenario.
#[derive(Debug, Clone, Copy)]
pub struct Attempts {
    /// Which of them the run is, from 1.
    pub number: u32,
    /// How many were started so far; nothing where that is not known.
    pub started: Option<u32>,
}

impl Attempts {
    /// As many as are known of.
    fn known(self) -> u32 {
        self.started.map_or(self.number, |it| it.max(self.number))
    }
}

impl Facts<'_> {
    /// Tries that are known of, at least this one.
    pub(super) fn tries(&self) -> u32 {
        self.attempts.map_or(1, Attempts::known)
    }
}

/// What a result says about the agent, as far as it says anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// There is no interval.
    Undefined,
    /// The interval holds zero.
    IndistinguishableFromLuck,
    /// The interval lies above zero, but so many attempts bring that by luck.
    IndistinguishableGivenAttempts,
    /// The interval lies above zero, attempts counted.
    AboveZeroInThisWindow,
    /// The interval lies below zero.
    BelowZeroInThisWindow,
}

impl Verdict {
    /// Of an interval as it is shown, and the probability that all attempts together bring such a
    /// figure by luck.
    fn of([low, high]: [f64; 2], by_luck: f64) -> Self {
        if high < 0.0 {
            Self::BelowZeroInThisWindow
        } else if low <= 0.0 {
            Self::IndistinguishableFromLuck
        } else if by_luck > UNUSUAL {
            Self::IndistinguishableGivenAttempts
        } else {
            Self::AboveZeroInThisWindow
        }
    }
}

/// The figure that is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Judged {
    /// What the benchmark does not explain.
    Alpha,
    /// Where there is no alpha.
    Sharpe,
}

impl Judged {
    /// The figure as the headline shows it.
    fn shown(self, value: f64) -> f64 {
        let factor = if self == Self::Alpha { 100.0 } else { 1.0 };
        super::headline::rounded(value * factor, 1)
    }
}

/// The judged figure with its bounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judgement {
    pub(super) judged: Judged,
    pub(super) verdict: Verdict,
    /// The probability of such a figure, or a higher one, when the true one is zero.
    probability: f64,
}

impl Judgement {
    /// Judges alpha, or the Sharpe ratio where there is no alpha; as both are shown, so that no
    /// verdict rests on digits that nobody sees.
    pub(super) fn of(facts: &Facts) -> Option<Self> {
        let evidence = &facts.report.evidence;
        let bounded = |judged, estimate: Result<Estimate, NullReason>| {
            let estimate = estimate.ok()?;
            Some((judged, estimate, estimate.interval_95().ok()?))
        };
        let (judged, estimate, Interval { low, high }) = bounded(Judged::Alpha, evidence.alpha)
            .or_else(|| bounded(Judged::Sharpe, evidence.sharpe))?;
        let probability = estimate.probability_by_luck();
        let shown = [judged.shown(low), judged.shown(high)];
        let by_luck = luck::of_tries(probability, facts.tries());
        Some(Self { judged, verdict: Verdict::of(shown, by_luck), probability })
    }
}

/// How sure one can be.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct EvidenceView {
    pub(crate) verdict: Verdict,
    /// The figure that the verdict is about; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) judged_by: Option<Judged>,
    pub(crate) sample: Sample,
    /// 95 % intervals of annual figures.
    pub(crate) intervals: Vec<IntervalView>,
    /// How probable the judged figure, or a higher one, is without any skill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) probability_by_luck: Option<f64>,
    /// The same for the best of all attempts (Šidák).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) probability_by_luck_of_attempts: Option<f64>,
    /// The Sharpe ratio to expect of the best of all attempts without skill and drift.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) best_sharpe_by_luck: Option<f64>,
    /// Session returns of this kind after which the Sharpe ratio's interval would lie above zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sessions_needed: Option<f64>,
    /// Why an interval is missing.
    pub(crate) null_reasons: BTreeMap<&'static str, NullView>,
}

/// How much was seen.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Sample {
    /// Of every interval.
    pub(crate) session_returns: usize,
    pub(crate) bars: usize,
    pub(crate) fills: usize,
    pub(crate) closed_trades: usize,
    /// Runs that the account has started on this scenario so far.
    pub(crate) attempts: u32,
    /// Windows of history: one says little, however long.
    pub(crate) scenarios: u32,
}

/// An interval and how it was found.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct IntervalView {
    /// sharpe, alpha or `mean_return`.
    pub(crate) figure: &'static str,
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) confidence: f64,
    /// ratio, or fraction a year.
    pub(crate) unit: &'static str,
    pub(crate) method: String,
}

impl EvidenceView {
    pub(super) fn of(facts: &Facts) -> Self {
        let (report, evidence) = (facts.report, &facts.report.evidence);
        let newey_west = format!(
            "Newey-West error with lag {}, normal quantile",
            newey_west::lag(report.sessions)
        );
        let mertens = "Mertens error (skew, kurtosis), normal quantile";
        let found = [
            ("sharpe", evidence.sharpe, "ratio", mertens.to_owned()),
            (
                "alpha",
                evidence.alpha,
                "fraction a year",
                format!("least squares on the benchmark, {newey_west}"),
            ),
            ("mean_return", evidence.mean_return, "fraction a year", newey_west),
        ];
        let (mut intervals, mut null_reasons) = (Vec::new(), BTreeMap::new());
        for (figure, estimate, unit, method) in found {
            let bounded = estimate.and_then(|it| Ok((it.value, it.interval_95()?)));
            match bounded {
                Ok((value, Interval { low, high })) => intervals.push(IntervalView {
                    figure,
                    value,
                    low,
                    high,
                    confidence: 0.95,
                    unit,
                    method,
                }),
                Err(why) => _ = null_reasons.insert(figure, why.into()),
            }
        }
        let (judgement, tries) = (Judgement::of(facts), facts.tries());
        Self {
            verdict: judgement.map_or(Verdict::Undefined, |it| it.verdict),
            judged_by: judgement.map(|it| it.judged),
            sample: Sample {
                session_returns: report.sessions,
                bars: report.bars,
                fills: report.trade_count,
                closed_trades: report.closed_trades,
                attempts: tries,
                scenarios: 1,
            },
            intervals,
            probability_by_luck: judgement.map(|it| it.probability),
            probability_by_luck_of_attempts: judgement
                .map(|it| luck::of_tries(it.probability, tries)),
            best_sharpe_by_luck: best_sharpe_by_luck(facts),
            sessions_needed: evidence.returns_needed.ok().map(f64::ceil),
            null_reasons,
        }
    }
}

/// The Sharpe ratio to expect of the best of several attempts without skill and drift.
pub(super) fn best_sharpe_by_luck(facts: &Facts) -> Option<f64> {
    let error = facts.report.evidence.sharpe_luck.ok()?;
    (facts.tries() > 1).then(|| luck::expected_best(facts.tries()) * error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_needs_an_interval_that_misses_zero() {
        let of = |low, high, by_luck| Verdict::of([low, high], by_luck);
        assert_eq!(of(0.1, 9.0, 0.02), Verdict::AboveZeroInThisWindow);
        assert_eq!(of(0.1, 9.0, 0.03), Verdict::IndistinguishableGivenAttempts);
        assert_eq!(of(0.0, 9.0, 0.0), Verdict::IndistinguishableFromLuck);
        assert_eq!(of(-9.0, 0.0, 1.0), Verdict::IndistinguishableFromLuck);
        assert_eq!(of(-9.0, -0.1, 1.0), Verdict::BelowZeroInThisWindow);
    }

    #[test]
    fn what_nobody_sees_decides_nothing() {
        assert!(Judged::Alpha.shown(0.000_4) <= 0.0, "+0.0 %");
        assert!(Judged::Alpha.shown(0.000_6) > 0.0, "+0.1 %");
        assert!(Judged::Sharpe.shown(0.04) <= 0.0 && Judged::Sharpe.shown(0.06) > 0.0);
    }
}
