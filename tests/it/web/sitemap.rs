//! What programs that index pages are told.

use super::{html, lively, pages, run::header, visit};
use crate::app::URL;

#[tokio::test]
async fn the_map_has_every_page_for_everybody_and_each_is_there() {
    let app = lively().await;
    let map = visit(&app, "/sitemap.xml").await;
    assert_eq!(map.status, 200);
    assert_eq!(header(&map, "content-type"), "application/xml; charset=utf-8");
    let places: Vec<&str> =
        map.text.split("<loc>").skip(1).map(|it| it.split('<').next().unwrap()).collect();
    assert!(places.iter().filter(|it| it.contains("/run/")).count() == 2, "{places:?}");
    for path in pages::paths().iter().filter(|it| !it.contains('?')) {
        assert!(places.contains(&format!("{URL}{path}").as_str()), "{path}: {places:?}");
    }
    for place in places {
        let page = visit(&app, place.strip_prefix(URL).unwrap()).await;
        assert_eq!(page.status, 200, "{place}");
        assert!(!page.text.contains("noindex"), "{place}");
    }
}

#[tokio::test]
async fn robots_are_told_where_the_map_is_and_what_is_nobody_elses() {
    let app = lively().await;
    let robots = visit(&app, "/robots.txt").await;
    assert_eq!(header(&robots, "content-type"), "text/plain; charset=utf-8");
    assert!(robots.text.contains(&format!("Sitemap: {URL}/sitemap.xml\n")));
    for path in pages::paths() {
        let shut =
            |line: &str| line.strip_prefix("Disallow: ").is_some_and(|it| path.starts_with(it));
        assert!(!robots.text.lines().any(shut), "{path}");
    }
    assert!(robots.text.contains("Disallow: /account\n"));
}

#[tokio::test]
async fn a_page_says_what_it_is_where_it_is_shared() {
    let app = lively().await;
    for path in pages::paths() {
        let (elements, _) = html::read(&visit(&app, &path).await.text);
        let of = |property: &str| {
            let meta = elements.iter().find(|it| it.get("property") == Some(property));
            meta.and_then(|it| it.get("content")).unwrap_or_default().to_owned()
        };
        let title = elements.iter().find(|it| it.name == "title").unwrap();
        assert_eq!(format!("{} · BotTrade", of("og:title")), title.text, "{path}");
        assert!(of("og:description").len() > 20, "{path}");
    }
}
