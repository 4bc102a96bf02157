//! What pages load besides themselves: the style, small scripts, the icon.
//!
//! The address of each names its content, so a browser keeps it for good and never has an old one.

use std::sync::LazyLock;

use axum::{Router, http::header, routing::get};

/// A file in the binary.
pub struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
    href: LazyLock<String>,
}

macro_rules! asset {
    ($name:literal, $kind:literal, $path:literal) => {
        Asset {
            name: $name,
            kind: $kind,
            text: include_str!($path),
            href: LazyLock::new(|| address($name, include_str!($path))),
        }
    };
}

/// The style of all pages.
pub static STYLE: Asset = asset!("site.css", "text/css; charset=utf-8", "../../templates/site.css");
/// What pages with charts add to it.
pub static CHART_STYLE: Asset =
    asset!("chart.css", "text/css; charset=utf-8", "../../templates/chart.css");
/// What the page of a run adds to both.
pub static RUN_STYLE: Asset =
    asset!("run.css", "text/css; charset=utf-8", "../../templates/run.css");
/// Keeps the page of a run that is under way up to date.
pub static LIVE: Asset =
    asset!("live.js", "text/javascript; charset=utf-8", "../../assets/site/live.js");
/// Zooms into the curves of a run with the two that follow, which it loads when asked to.
pub static ZOOM: Asset =
    asset!("zoom.js", "text/javascript; charset=utf-8", "../../assets/site/zoom.js");
/// Draws curves that can be zoomed.
pub static PLOT: Asset =
    asset!("uplot.js", "text/javascript; charset=utf-8", "../../assets/uplot/uPlot.iife.min.js");
/// Its style.
pub static PLOT_STYLE: Asset =
    asset!("uplot.css", "text/css; charset=utf-8", "../../assets/uplot/uPlot.min.css");
/// Copies a text to the clipboard.
pub static COPY: Asset =
    asset!("copy.js", "text/javascript; charset=utf-8", "../../assets/site/copy.js");
/// The mark in the browser's tab.
pub static ICON: Asset = asset!("icon.svg", "image/svg+xml", "../../assets/site/icon.svg");

fn address(name: &str, text: &str) -> String {
    format!("/assets/{name}?{:08x}", crc32fast::hash(text.as_bytes()))
}

impl Asset {
    /// Its address.
    pub fn href(&self) -> &str {
        &self.href
    }
}

/// All of them.
pub(super) fn router() -> Router {
    let all = [&STYLE, &CHART_STYLE, &RUN_STYLE, &COPY, &LIVE, &ZOOM, &PLOT, &PLOT_STYLE, &ICON];
    all.into_iter().fold(Router::new(), |router, asset| {
        let headers = [
            (header::CONTENT_TYPE, asset.kind),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        router.route(&format!("/assets/{}", asset.name), get((headers, asset.text)))
    })
}
