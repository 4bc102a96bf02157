//! Every public page: status, headers, HTML, size, links.

use std::{collections::BTreeSet, sync::Arc};

use bottrade::{
    ops::OPS,
    scenarios::{Catalog, Entry},
    store::Store,
};

use super::{BROWSER, CANARY, html, lively, visit};
use crate::app::{Reply, TestApp};

/// Bytes of a page with everything that it loads.
const PAGE_MAX: usize = 150_000;
/// Requests that a page takes.
const REQUESTS_MAX: usize = 20;

/// The public pages.
pub(super) fn paths() -> Vec<String> {
    let tools = OPS.iter().filter(|op| op.tool).map(|op| format!("/docs/tools/{}", op.name));
    let fixed = [
        "/",
        "/scenarios",
        "/scenarios?market=us-equities&regime=calm",
        "/scenarios?market=none",
        "/scenarios/tiny",
        "/scenarios/margin",
        "/scenarios/gaps",
        "/leaderboard",
        "/leaderboard/tiny",
        "/leaderboard/tiny?sort_by=sharpe",
        "/leaderboard/tiny?sort_by=sortino",
        "/leaderboard/tiny?sort_by=max_drawdown",
        "/leaderboard/wide",
        "/paper",
        "/paper?cursor=7",
        "/methodology",
        "/docs",
        "/docs/agent-guide",
        "/docs/rest",
        "/docs/skill",
        "/docs/tools",
        "/pricing",
        "/terms",
        "/privacy",
    ];
    fixed.into_iter().map(str::to_owned).chain(tools).collect()
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers.get(name).map_or("", |it| it.to_str().unwrap())
}

#[tokio::test]
async fn every_page_is_valid_and_keeps_to_this_server() {
    let app = lively().await;
    for path in paths() {
        let page = visit(&app, &path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(header(&page, "cache-control"), "public, max-age=60", "{path}");
        let policy = header(&page, "content-security-policy");
        for directive in ["default-src 'none'", "script-src 'self'", "style-src 'self'"] {
            assert!(policy.contains(directive), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{path}: {policy}");
        let problems = html::problems(&page.text);
        assert!(problems.is_empty(), "{path}: {problems:#?}");
        assert!(!page.text.contains("noindex"), "{path}");
        assert!(page.text.contains("Simulated. Not investment advice."), "{path}");
    }
}

#[tokio::test]
async fn every_page_is_small_with_all_that_it_loads() {
    let app = lively().await;
    for path in paths() {
        let page = visit(&app, &path).await;
        let (elements, _) = html::read(&page.text);
        let loaded: BTreeSet<&str> = elements
            .iter()
            .filter_map(|it| match it.name.as_str() {
                "script" | "img" => it.get("src"),
                "link" => it.get("href"),
                _ => None,
            })
            .collect();
        let mut bytes = page.bytes.len();
        for asset in &loaded {
            let asset = visit(&app, asset).await;
            assert_eq!(asset.status, 200, "{path}");
            assert!(header(&asset, "cache-control").contains("immutable"), "{path}");
            bytes += asset.bytes.len();
        }
        assert!(bytes <= PAGE_MAX, "{path}: {bytes} bytes");
        assert!(loaded.len() < REQUESTS_MAX, "{path}: {loaded:?}");
    }
}

/// The longest list, and the broadest market.
#[tokio::test]
async fn the_largest_pages_of_our_own_scenarios_are_small() {
    let app = TestApp::with(Catalog::embedded().unwrap(), Store::in_memory().unwrap());
    let symbols = |entry: &&Arc<Entry>| entry.card().universe.len();
    let broadest = app.app.catalog.entries().max_by_key(symbols).unwrap().slug().to_owned();
    for path in ["/scenarios".to_owned(), format!("/scenarios/{broadest}")] {
        let page = visit(&app, &path).await;
        assert_eq!(page.status, 200, "{path}");
        let style = visit(&app, "/assets/site.css").await;
        let bytes = page.bytes.len() + style.bytes.len();
        assert!(bytes <= PAGE_MAX, "{path}: {bytes} bytes");
        let problems = html::problems(&page.text);
        assert!(problems.is_empty(), "{path}: {problems:#?}");
    }
}

/// Addresses whose pages belong to somebody else's test, or are no page.
fn is_elsewhere(href: &str) -> bool {
    href.starts_with("/run/") || href.starts_with("https://") || href.starts_with("http://")
}

#[tokio::test]
async fn every_link_leads_somewhere() {
    let app = lively().await;
    let (mut known, mut waiting) = (BTreeSet::new(), vec!["/".to_owned()]);
    while let Some(path) = waiting.pop() {
        if !known.insert(path.clone()) {
            continue;
        }
        let reply = visit(&app, &path).await;
        assert!(matches!(reply.status, 200 | 303), "{path}: {} {}", reply.status, reply.text);
        if !header(&reply, "content-type").starts_with("text/html") || path.starts_with("/api") {
            continue;
        }
        let (elements, _) = html::read(&reply.text);
        let links = elements.iter().filter(|it| it.name == "a").filter_map(|it| it.get("href"));
        let links = links.filter(|it| !it.starts_with('#') && !is_elsewhere(it));
        waiting.extend(links.map(|it| it.split('#').next().unwrap_or_default().to_owned()));
    }
    let unlinked: Vec<String> =
        paths().into_iter().filter(|it| !it.contains('?') && !known.contains(it)).collect();
    assert!(unlinked.is_empty(), "no page links to {unlinked:?}");
}

#[tokio::test]
async fn what_a_person_wrote_is_text_on_every_page() {
    let app = lively().await;
    for path in ["/", "/leaderboard/tiny", "/scenarios/tiny"] {
        let page = visit(&app, path).await;
        let (elements, errors) = html::read(&page.text);
        assert!(errors.is_empty(), "{path}: {errors:?}");
        let shown = elements.iter().any(|it| it.name == "a" && it.text == CANARY);
        assert!(shown, "{path}: {}", page.text);
        assert!(elements.iter().all(|it| it.name != "img" && it.name != "b"), "{path}");
    }
    let terms = visit(&app, "/terms").await.text;
    assert!(terms.contains("<h1>Our terms</h1>") && terms.contains("&lt;script&gt;"), "{terms}");
}

#[tokio::test]
async fn a_row_says_what_its_figures_are_worth() {
    let app = lively().await;
    let page = visit(&app, "/leaderboard/tiny").await.text;
    assert!(page.contains("Results on one market, not a ranking"), "{page}");
    let (elements, _) = html::read(&page);
    let heads: Vec<&str> =
        elements.iter().filter(|it| it.name == "th").map(|it| it.text.as_str()).collect();
    for wanted in ["Attempt", "Benchmark", "Max drawdown", "Sample sessions"] {
        assert!(heads.contains(&wanted), "{wanted}: {heads:?}");
    }
    let chosen = |page: &str| {
        let (elements, _) = html::read(page);
        let mut current = elements.iter().filter(|it| it.get("aria-current").is_some());
        // The menu has one too.
        current.find(|it| it.get("href").unwrap().contains("sort_by")).map(|it| it.text.clone())
    };
    assert_eq!(chosen(&page).as_deref(), Some("Return"));
    let sorted = visit(&app, "/leaderboard/tiny?sort_by=max_drawdown").await.text;
    assert_eq!(chosen(&sorted).as_deref(), Some("Max drawdown"));
}

#[tokio::test]
async fn the_start_page_has_this_servers_address_in_every_text_to_copy() {
    let app = lively().await;
    let page = visit(&app, "/").await.text;
    let (elements, _) = html::read(&page);
    let copied: BTreeSet<&str> = elements.iter().filter_map(|it| it.get("data-copy")).collect();
    let clients =
        ["claude-code", "claude-desktop", "cursor", "vs-code", "openclaw", "python", "curl"];
    for client in clients {
        assert!(copied.contains(client), "{client}");
        let text = elements.iter().find(|it| it.get("id") == Some(client)).unwrap();
        assert!(text.text.contains(&app.app.public_url), "{client}: {}", text.text);
    }
}

/// Who asks for no page gets a text there, and caches know.
#[tokio::test]
async fn a_program_that_asks_at_the_door_gets_a_text() {
    let app = TestApp::new();
    let text = app.anon().get("/").await;
    assert_eq!(header(&text, "content-type"), "text/plain; charset=utf-8");
    assert!(text.text.contains("/llms.txt") && !text.text.contains('<'), "{}", text.text);
    assert_eq!(header(&text, "vary"), "accept");
    let page = visit(&app, "/").await;
    assert!(header(&page, "vary").contains("accept"), "{BROWSER}");
    let problems = html::problems(&page.text);
    assert!(problems.is_empty(), "{problems:#?}");
}
