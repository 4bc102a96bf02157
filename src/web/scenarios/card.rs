//! A scenario as the catalogue shows it.

use sim::metrics::Benchmark;

use crate::{
    scenarios::{Entry, Rights},
    web::show,
};

/// One row.
pub(super) struct CardView<'a> {
    pub(super) slug: &'a str,
    pub(super) name: &'a str,
    pub(super) market: &'a str,
    pub(super) regime: &'a [String],
    /// The first and the last day of a run.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) bars: &'static str,
    pub(super) decisions: String,
    pub(super) symbols: usize,
    pub(super) rights: &'static str,
    /// What the word means.
    pub(super) grant: &'static str,
    /// The benchmark as SVG of ours.
    pub(super) curve: &'a str,
    pub(super) published: i64,
}

impl<'a> CardView<'a> {
    pub(super) fn of(entry: &'a Entry, curve: &'a str, published: i64) -> Self {
        let (card, span) = (entry.card(), entry.span());
        Self {
            slug: &card.slug,
            name: &card.name,
            market: &card.market,
            regime: &card.regime,
            from: show::day(&span.start_ts.to_string()).to_owned(),
            to: show::day(&span.end_ts.to_string()).to_owned(),
            bars: card.bar_resolution.name(),
            decisions: show::count(span.decisions),
            symbols: card.universe.len(),
            rights: card.rights.name(),
            grant: grant(card.rights),
            curve,
            published,
        }
    }
}

/// What allows the bars to be passed on, in a sentence.
pub(super) fn grant(rights: Rights) -> &'static str {
    match rights {
        Rights::PublicDomain => "Its author gave the data to everybody.",
        Rights::OfficialReuse => "An office publishes the data for reuse.",
        Rights::PackageLicenceOnly => {
            "The package that ships the data has a free licence; its vendor shows no grant."
        }
    }
}

/// What a curve of the benchmark shows.
pub(super) fn curve_title(benchmark: &Benchmark) -> String {
    format!(
        "Holding {}: {}, deepest fall {}",
        benchmark.name,
        show::percent(benchmark.return_pct),
        show::share(benchmark.max_drawdown)
    )
}
