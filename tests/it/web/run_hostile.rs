//! Whatever an agent wrote stays text, in its box, and short.

use serde_json::json;

use super::{
    CANARY, html,
    run::{PAGE_MAX, is_valid},
    visit,
};
use crate::app::{TestApp, market};

/// Nothing that an agent wrote may become one of these.
const ELEMENTS: [&str; 6] = ["img", "b", "iframe", "object", "marquee", "style"];

#[tokio::test]
async fn hostile_words_in_every_field_stay_words() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    for (n, words) in [
        CANARY,
        "</title></desc></svg><script>alert(1)</script>",
        "</script></textarea></select></style><b>",
        "javascript:alert(1)",
        "\" onmouseover=\"alert(1)",
        "{{ 7 * 7 }} {% raw %} ${7*7}",
        "\u{202e}gnp.exe\u{200b}\u{2066}",
        "<!--",
        "]]>",
    ]
    .into_iter()
    .enumerate()
    {
        let start = json!({
            "scenario_slug": "tiny",
            "bot_name": words,
            "agent_info": {
                "name": words, "framework": words, "model": words, "version": words,
                "source_url": words, "source_revision": words,
                "config": { words: [words, { words: words }] },
            },
        });
        let run = ada.post("/api/v1/runs", start).await.expect(201);
        let run = run["run"]["id"].as_str().unwrap().to_owned();
        let mut order = market("buy", "AAA", 1);
        order["reasoning"] = json!(words);
        ada.order(&run, order).await.expect(201);
        ada.step(&run, 20).await.expect(200);
        ada.publish(&run).await;
        let page = visit(&app, &format!("/run/{run}")).await;
        is_valid(&page);
        let (elements, _) = html::read(&page.text);
        let foreign = |it: &&html::Element| ELEMENTS.contains(&it.name.as_str());
        assert!(elements.iter().find(foreign).is_none(), "{words}");
        let isolated = |it: &html::Element| it.name == "bdi" && it.text == words.trim();
        let times = elements.iter().filter(|it| isolated(it)).count();
        assert!(times >= 7, "{n}: {times} times {words}");
        let outside = elements.iter().filter(|it| it.name == "h2" || it.name == "caption");
        assert!(outside.into_iter().all(|it| !it.text.contains(words.trim())));
        for rest in ["badge.svg", "og.png"] {
            let picture = visit(&app, &format!("/run/{run}/{rest}")).await;
            assert_eq!(picture.status, 200, "{words}: {rest}");
            assert!(!picture.text.contains("alert"));
        }
    }
}

#[tokio::test]
async fn a_page_stays_small_whatever_is_written() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let long = |letter: &str, max: usize| letter.repeat(max);
    for letter in ["\"", "漢", "&", "W"] {
        let start = json!({
            "scenario_slug": "wide",
            "bot_name": long(letter, 120),
            "agent_info": { "name": long(letter, 120), "model": long(letter, 200),
                "source_url": long(letter, 500), "config": { "all": long(letter, 1_000) } },
        });
        let run = ada.post("/api/v1/runs", start).await.expect(201);
        let run = run["run"]["id"].as_str().unwrap().to_owned();
        for _ in 0..30 {
            let mut order = market("buy", "W1/USD", 1);
            order["reasoning"] = json!(long(letter, 2_000));
            ada.order(&run, order).await.expect(201);
            ada.step(&run, 1).await.expect(200);
        }
        ada.step(&run, 100).await.expect(200);
        ada.publish(&run).await;
        let page = visit(&app, &format!("/run/{run}")).await;
        is_valid(&page);
        assert!(page.bytes.len() < PAGE_MAX / 2, "{letter}: {}", page.bytes.len());
        assert!(page.text.contains("more characters in the exports"));
        let image = visit(&app, &format!("/run/{run}/og.png")).await;
        assert_eq!(image.status, 200);
    }
}

/// What one account wrote is in nothing that a model of another account reads.
#[tokio::test]
async fn no_words_reach_the_tools_of_others() {
    let app = TestApp::new();
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let run = super::published(&ada, CANARY, 10).await;
    for tool in ["get_run", "get_results", "get_trades", "get_equity", "get_public_trades"] {
        let call = bob.call_tool(crate::app::Era::Legacy, tool, json!({ "run_id": run })).await;
        assert!(!call.text.contains("alert"), "{tool}: {}", call.text);
        assert!(call.text.contains("error") || call.text.contains("isError\":true"), "{tool}");
    }
}
