//! How an account stands with its limits, on every answer of paper trading and to who starts a run.

use axum::{
    http::{HeaderName, HeaderValue},
    response::Response,
};

use crate::paper::meter::Standing;

/// What most clients know: the most calls in the window of which fewest remain, those that remain,
/// and when the next window begins, in seconds since 1970.
pub(super) const KNOWN: [&str; 3] =
    ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];

/// The first of them by both names: the known one, and that of the bots' contract.
const LIMIT: [HeaderName; 2] = both(KNOWN[0], "x-vq-ratelimit-limit");
/// The second.
const REMAINING: [HeaderName; 2] = both(KNOWN[1], "x-vq-ratelimit-remaining");
/// The third.
const RESET: [HeaderName; 2] = both(KNOWN[2], "x-vq-ratelimit-reset");

const fn both(known: &'static str, of_contract: &'static str) -> [HeaderName; 2] {
    [HeaderName::from_static(known), HeaderName::from_static(of_contract)]
}

/// The names of all of them: a page of another site may read them.
pub(super) fn names() -> impl Iterator<Item = HeaderName> {
    [LIMIT, REMAINING, RESET].into_iter().flatten()
}

/// The answer with how the account stands, where its calls are counted.
pub(super) fn told(mut response: Response, standing: Option<Standing>) -> Response {
    let Some(Standing { limit, remaining, resets_at }) = standing else { return response };
    let told: [([HeaderName; 2], HeaderValue); 3] =
        [(LIMIT, limit.into()), (REMAINING, remaining.into()), (RESET, resets_at.into())];
    for (names, value) in told {
        for name in names {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}
