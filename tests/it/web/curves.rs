//! The curves of a run as numbers, and what the page draws them with.

use aws_lc_rs::digest::{SHA256, digest};

use super::{published, run::header, run_private::Person, visit};
use crate::{app::TestApp, files::root};

#[tokio::test]
async fn the_curves_are_those_of_the_equity_export() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = published(&ada, "Ada's bot", 500).await;
    let curves = visit(&app, &format!("/run/{run}/curves")).await;
    assert_eq!(header(&curves, "cache-control"), "public, max-age=60");
    let curves = curves.expect(200);
    let names: Vec<&str> =
        curves["lines"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names[0], "This run");
    assert_eq!(names.len(), 6, "the benchmark and four bots: {names:?}");
    let export = ada.on(&run, "/equity").await;
    let rows = export["equity_curve"].as_array().unwrap();
    let start = rows[0]["equity"].as_f64().unwrap();
    assert_eq!(curves["times"].as_array().unwrap().len(), rows.len());
    for (at, row) in rows.iter().enumerate() {
        let shown = curves["lines"][0]["values"][at].as_f64().unwrap();
        let exact = (row["equity"].as_f64().unwrap() / start - 1.0) * 100.0;
        assert!((shown - exact).abs() < 6e-4, "{at}: {shown} {exact}");
        assert!(curves["fall"][at].as_f64().unwrap() <= 0.0);
        let time: jiff::Timestamp = row["sim_time"].as_str().unwrap().parse().unwrap();
        assert_eq!(curves["times"][at], time.as_second());
    }
}

#[tokio::test]
async fn the_curves_are_for_who_may_open_the_page() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    app.account("bob").await;
    let run = ada.start("tiny").await;
    ada.step(&run, 3).await.expect(200);
    let path = format!("/run/{run}/curves");
    assert_eq!(visit(&app, &path).await.status, 404);
    assert_eq!(Person::of(&app, "bob").await.get(&path).await.status, 404);
    let own = Person::of(&app, "ada").await.get(&path).await;
    assert_eq!(header(&own, "cache-control"), "no-store");
    assert_eq!(own.expect(200)["times"].as_array().unwrap().len(), 4, "nothing of its future");
}

/// What is vendored is what was published.
#[test]
fn the_plotter_is_unchanged() {
    let folder = root().join("assets/uplot");
    let sums = std::fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    assert_eq!(sums.lines().count(), 3);
    for line in sums.lines() {
        let (sum, file) = line.split_once("  ").unwrap();
        let found = digest(&SHA256, &std::fs::read(folder.join(file)).unwrap());
        let found: Vec<String> = found.as_ref().iter().map(|it| format!("{it:02x}")).collect();
        assert_eq!(found.concat(), sum, "{file}");
    }
}
