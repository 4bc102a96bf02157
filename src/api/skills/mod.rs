//! What an agent reads or installs before it connects: the skill, its scripts, `llms.txt`.
//!
//! The texts are embedded in the binary. They are written for the address of a local server, which
//! is replaced by the one that clients reach. Every address is a fixed one, so no path of a request
//! ever names a file.

mod package;

use axum::{
    Json, Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get},
};
use serde_json::json;

use self::package::{FILES, NAME};
use crate::app::addressed;

const LLMS_TXT: &str = include_str!("../../../skills/llms.txt");
/// How long a client may use a text without asking again.
const CACHE: &str = "public, max-age=300";

/// The package, its index, and the pages that are known by older names.
pub(super) fn router(public_url: &str) -> Router {
    let page = |path: &str, text: &str| serve(kind(path), here(text, public_url));
    let known_as = |path: &str| page(path, package::text(path));
    let files =
        FILES.iter().map(|(path, text)| (format!("/skills/{NAME}/{path}"), page(path, text)));
    let archive =
        package::tarball(NAME, FILES.iter().map(|(path, text)| (*path, here(text, public_url))));
    // Writing to memory does not fail; a page that is missing would be found by its test.
    let archive =
        archive.map(|bytes| (format!("/skills/{NAME}.tar.gz"), serve("application/gzip", bytes)));
    let index = Json(json!({ "skills": [{
        "name": NAME,
        "skill_md_url": format!("{public_url}/skills/{NAME}/SKILL.md"),
        "tarball_url": format!("{public_url}/skills/{NAME}.tar.gz"),
        "readme_url": format!("{public_url}/skills/{NAME}/README.md"),
    }] }));
    let fixed = Router::new()
        .route("/skills", get(async move || index))
        .route("/llms.txt", page("llms.txt", LLMS_TXT))
        .route("/api/llms.txt", page("llms.txt", LLMS_TXT))
        .route("/api/agent-skills.md", known_as("SKILL.md"))
        .route("/api/test_bot.py", known_as("scripts/test_bot.py"))
        .route("/api/ai_bot.py", known_as("scripts/ai_bot.py"));
    files.chain(archive).fold(fixed, |router, (path, page)| router.route(&path, page))
}

/// A text as clients of this server need it.
fn here(text: &str, public_url: &str) -> Vec<u8> {
    addressed(text, public_url).into_bytes()
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("md") => "text/markdown; charset=utf-8",
        Some("py") => "text/x-python; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    }
}

/// Answers `GET` with these bytes, or with 304 to whoever has them.
fn serve(kind: &'static str, bytes: Vec<u8>) -> MethodRouter {
    let (tag, bytes) = (format!("\"{:032x}\"", package::fingerprint(&bytes)), Bytes::from(bytes));
    get(async move |headers: HeaderMap| answer(&headers, kind, tag, bytes))
}

fn answer(asked: &HeaderMap, kind: &'static str, tag: String, bytes: Bytes) -> Response {
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|it| it.to_str().ok());
    let known = known.flat_map(|list| list.split(',')).map(|it| it.trim().trim_start_matches("W/"));
    let has = known.into_iter().any(|it| it == tag || it == "*");
    let fixed = [(header::ETAG, tag), (header::CACHE_CONTROL, CACHE.to_owned())];
    if has {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    (fixed, [(header::CONTENT_TYPE, kind)], bytes).into_response()
}
