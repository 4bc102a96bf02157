//! The page of a published run, its badge and its image.

use serde_json::json;

use super::{html, published, visit};
use crate::app::{Client, Reply, TestApp, market};

/// Bytes of the page of any run.
pub(super) const PAGE_MAX: usize = 300_000;

pub(super) fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers.get(name).map_or("", |it| it.to_str().unwrap())
}

#[track_caller]
pub(super) fn is_valid(page: &Reply) {
    assert_eq!(page.status, 200, "{}", page.text);
    let problems = html::problems(&page.text);
    assert!(problems.is_empty(), "{problems:#?}\n{}", page.text);
    assert!(page.text.contains("Simulated. Not investment advice."));
    for nothing in ["NaN", "inf%", "infinity"] {
        assert!(!page.text.contains(nothing), "{nothing}: {}", page.text);
    }
}

/// A run of `margin` that was ruined: long four times over in what crashes.
async fn ruined(client: &Client) -> String {
    let run = client.start("margin").await;
    client.order(&run, market("buy", "CRASH", 390)).await.expect(201);
    client.step(&run, 8).await.expect(200);
    client.publish(&run).await;
    run
}

#[tokio::test]
async fn a_published_run_is_everybodys_page() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = published(&ada, "Ada's bot", 10).await;
    let page = visit(&app, &format!("/run/{run}")).await;
    is_valid(&page);
    assert_eq!(header(&page, "cache-control"), "public, max-age=60");
    assert!(!page.text.contains("noindex") && !page.text.contains("live.js"));
    let results = ada.on(&run, "/results").await;
    let text = html::read(&page.text).0;
    let headline = text.iter().find(|it| it.get("class") == Some("lead headline")).unwrap();
    assert_eq!(headline.text, results["headline"].as_str().unwrap());
    let url = format!("http://localhost:8080/run/{run}");
    assert_eq!(results["page_url"], url);
    for (property, content) in [
        ("og:url", url.clone()),
        ("og:image", format!("{url}/og.png")),
        ("twitter:card", "summary_large_image".into()),
    ] {
        let named =
            |it: &&html::Element| [it.get("property"), it.get("name")].contains(&Some(property));
        let meta = text.iter().find(named).unwrap();
        assert_eq!(meta.get("content"), Some(content.as_str()));
    }
    for said in [
        "Recomputed by this server",
        "Declared by the agent",
        "Not modelled",
        "bottrade verify run.json",
        results["standing"]["scenario_digest"].as_str().unwrap(),
        "It is made up.",
        "95 % interval",
    ] {
        assert!(page.text.contains(said), "{said}");
    }
}

#[tokio::test]
async fn every_link_of_the_page_leads_somewhere() {
    let app = super::with_texts();
    let run = published(&app.account("ada").await, "Ada's bot", 10).await;
    let page = visit(&app, &format!("/run/{run}")).await.text;
    let (elements, _) = html::read(&page);
    let links = elements.iter().filter(|it| it.name == "a").filter_map(|it| it.get("href"));
    for link in links.filter(|it| !it.starts_with('#')) {
        let path = link.strip_prefix("http://localhost:8080").unwrap_or(link);
        let there = visit(&app, path.split('#').next().unwrap()).await;
        assert!(matches!(there.status, 200 | 303), "{link}: {}", there.status);
    }
}

#[tokio::test]
async fn every_kind_of_end_has_its_page() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let ruined = ruined(&ada).await;
    let page = visit(&app, &format!("/run/{ruined}")).await;
    is_valid(&page);
    assert!(page.text.contains("class=\"moment\"") && page.text.contains("Closed by force"));
    for slug in ["tiny", "gaps", "hours", "brief", "wide"] {
        let run = ada.start(slug).await;
        ada.step(&run, 200).await.expect(200);
        ada.publish(&run).await;
        let page = visit(&app, &format!("/run/{run}")).await;
        is_valid(&page);
        assert!(page.text.contains("Nothing was traded"), "{slug}");
    }
}

#[tokio::test]
async fn the_instrument_and_the_page_of_fills_are_chosen_by_address() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("wide").await;
    for n in 0..70 {
        let symbol = if n % 7 == 0 { "W1/USD" } else { "W3/USD" };
        let mut order = market("buy", symbol, 1);
        order["reasoning"] = json!(format!("because of {n}"));
        ada.order(&run, order).await.expect(201);
        ada.step(&run, 1).await.expect(200);
    }
    ada.step(&run, 100).await.expect(200);
    ada.publish(&run).await;
    let page = visit(&app, &format!("/run/{run}")).await;
    is_valid(&page);
    assert!(page.text.contains("W3/USD: price and trades") && page.text.contains("Page 1 of 3"));
    assert!(page.text.contains("because of 69") && !page.text.contains("because of 10"));
    let page = visit(&app, &format!("/run/{run}?page=3")).await;
    is_valid(&page);
    assert!(page.text.contains("because of 10") && !page.text.contains("because of 69"));
    for asked in ["w1usd", "W1%2FUSD", "W1-USD"] {
        let page = visit(&app, &format!("/run/{run}?symbol={asked}")).await;
        is_valid(&page);
        assert!(page.text.contains("W1/USD: price and trades"), "{asked}");
        assert!(page.text.contains("because of 63") && !page.text.contains("because of 64"));
    }
    for odd in ["symbol=NONE", "symbol=", "page=0", "page=99999999999999999999", "page=-1", "%ff"] {
        let page = visit(&app, &format!("/run/{run}?{odd}")).await;
        is_valid(&page);
    }
}

#[tokio::test]
async fn badge_and_image_are_those_of_a_published_run() {
    let app = TestApp::new();
    let run = published(&app.account("ada").await, "Ada's bot", 10).await;
    let badge = visit(&app, &format!("/run/{run}/badge.svg")).await;
    assert_eq!(header(&badge, "content-type"), "image/svg+xml; charset=utf-8");
    assert_eq!(header(&badge, "cache-control"), "public, max-age=300");
    for part in [
        "width=\"210\" height=\"20\"",
        "role=\"img\"",
        "aria-label=\"tested on BotTrade: +0.08% return\"",
        ">tested on BotTrade</text>",
        ">+0.08% return</text>",
        "#2e7d32",
    ] {
        assert!(badge.text.contains(part), "{part}: {}", badge.text);
    }
    assert_eq!(visit(&app, &format!("/run/{run}/badge.svg")).await.bytes, badge.bytes);

    let image = visit(&app, &format!("/run/{run}/og.png")).await;
    assert_eq!(header(&image, "content-type"), "image/png");
    assert_eq!(header(&image, "cache-control"), "public, max-age=86400");
    assert_eq!(image.bytes[..8], *b"\x89PNG\r\n\x1a\n");
    assert_eq!(image.bytes[16..24], [0, 0, 4, 176, 0, 0, 2, 118], "1200 by 630");
    assert!(image.bytes.len() < 200_000);
}

#[tokio::test]
async fn what_is_not_published_or_not_there_is_not_found() {
    let app = TestApp::new();
    let run = app.account("ada").await.start("tiny").await;
    let unknown = "01a202c5-8086-7919-a26a-4f8ccaddcb81";
    for id in [run.as_str(), unknown, "nonsense", "%3Cscript%3E"] {
        for rest in ["", "/badge.svg", "/og.png", "/events", "?link=bt_link_x"] {
            let reply = visit(&app, &format!("/run/{id}{rest}")).await;
            assert_eq!(reply.status, 404, "{id}{rest}: {}", reply.text);
            assert!(!reply.text.contains("<script>"));
        }
    }
}

/// The exports of a published run are open; those of another are its owner's.
#[tokio::test]
async fn the_exports_are_as_public_as_the_run() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let (shown, hidden) = (published(&ada, "Ada's bot", 10).await, ada.start("tiny").await);
    for rest in ["/equity", "/equity.csv", "/equity.arrow", "/journal"] {
        let path = |run: &str| format!("/api/v1/runs/{run}{rest}");
        assert_eq!(app.anon().get(&path(&shown)).await.status, 200, "{rest}");
        assert_eq!(app.anon().get(&path(&hidden)).await.status, 401, "{rest}");
        assert_eq!(app.account("bob").await.get(&path(&hidden)).await.status, 403, "{rest}");
        assert_eq!(ada.get(&path(&hidden)).await.status, 200, "{rest}");
    }
    for rest in ["", ".csv", ".arrow"] {
        let path = |run: &str| format!("/api/v1/runs/{run}/public/trades{rest}");
        assert_eq!(app.anon().get(&path(&shown)).await.status, 200);
        assert_eq!(ada.get(&path(&hidden)).await.status, 404);
    }
    let open = app.anon().get(&format!("/api/v1/runs/{shown}/public/trades")).await.expect(200);
    assert_eq!(open["trades"], ada.on(&shown, "/trades").await["trades"]);
    assert_eq!(app.anon().get(&format!("/api/v1/runs/{shown}/trades")).await.status, 401);
}
