//! The routes of the skill: index, files, archive, and the addresses that they are known by.

use std::{collections::BTreeSet, io::Read as _};

use axum::{Router, body::Body};
use bottrade::{
    api,
    api::limits::Limits,
    app::{App, Outside},
    clock::TestClock,
    store::Store,
};
use flate2::read::GzDecoder;
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use serde_json::json;
use tower::ServiceExt as _;

use super::{PACKAGE, PAGES, read};
use crate::{
    app::{START, TestApp},
    files::root,
    world,
};

/// The address that the texts are written for.
const WRITTEN_FOR: &str = "http://127.0.0.1:8080";
/// Where this server is reached.
const PUBLIC: &str = "https://bots.example";

const NAME: &str = "bottrade-benchmark";
const MARKDOWN: &str = "text/markdown; charset=utf-8";
const PYTHON: &str = "text/x-python; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// A file as it was when the server under test was compiled.
macro_rules! file {
    ($path:literal) => {
        include_str!(concat!("../../../skills/", $path))
    };
}

const LLMS_TXT: &str = file!("llms.txt");
/// Files of the package in the archive's order: path, kind, text.
const FILES: [(&str, &str, &str); 5] = [
    ("SKILL.md", MARKDOWN, file!("bottrade-benchmark/SKILL.md")),
    ("README.md", MARKDOWN, file!("bottrade-benchmark/README.md")),
    ("references/rest.md", MARKDOWN, file!("bottrade-benchmark/references/rest.md")),
    ("scripts/test_bot.py", PYTHON, file!("bottrade-benchmark/scripts/test_bot.py")),
    ("scripts/ai_bot.py", PYTHON, file!("bottrade-benchmark/scripts/ai_bot.py")),
];

/// Every page: address, kind, text.
fn pages() -> Vec<(String, &'static str, &'static str)> {
    let files =
        FILES.iter().map(|(path, kind, text)| (format!("/skills/{NAME}/{path}"), *kind, *text));
    let known_as = [
        ("/api/agent-skills.md", MARKDOWN, FILES[0].2),
        ("/api/test_bot.py", PYTHON, FILES[3].2),
        ("/api/ai_bot.py", PYTHON, FILES[4].2),
        ("/llms.txt", PLAIN, LLMS_TXT),
        ("/api/llms.txt", PLAIN, LLMS_TXT),
    ];
    files.chain(known_as.map(|(path, kind, text)| (path.into(), kind, text))).collect()
}

/// A text as a server shows it that is reached at [`PUBLIC`].
fn shown(text: &str) -> String {
    text.replace(WRITTEN_FOR, PUBLIC)
}

/// An answer with a body that need not be text.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }
}

/// A server that is reached at [`PUBLIC`].
struct Site {
    router: Router,
}

impl Site {
    fn new() -> Self {
        let clock = TestClock::at(START.parse().unwrap());
        let outside = Outside::none(PUBLIC, clock.clone()).unwrap();
        let store = Store::in_memory().unwrap();
        let app = App::new(PUBLIC, world::catalog(), store, clock, outside);
        Self { router: api::router(&app, &Limits::default()) }
    }

    async fn ask(&self, method: &str, path: &str, known: Option<&str>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(tag) = known {
            request = request.header("if-none-match", tag);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().into();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None).await
    }
}

#[tokio::test]
async fn the_index_names_addresses_that_answer() {
    let site = Site::new();
    let index = site.get("/skills").await;
    assert_eq!((index.status, index.header("content-type")), (200, "application/json"));
    let index: serde_json::Value = serde_json::from_slice(&index.body).unwrap();
    let at = |file: &str| format!("{PUBLIC}/skills/{NAME}{file}");
    let expected = json!({ "name": NAME, "skill_md_url": at("/SKILL.md"),
        "tarball_url": at(".tar.gz"), "readme_url": at("/README.md") });
    assert_eq!(index, json!({ "skills": [expected] }));
    for (name, url) in index["skills"][0].as_object().unwrap() {
        let path = url.as_str().unwrap().strip_prefix(PUBLIC);
        if let Some(path) = path {
            assert_eq!(site.get(path).await.status, 200, "{name}");
        } else {
            assert_eq!(name, "name");
        }
    }
}

#[tokio::test]
async fn pages_are_the_files_with_the_servers_own_address() {
    let site = Site::new();
    for (path, kind, written) in pages() {
        let page = site.get(&path).await;
        assert_eq!((page.status, page.header("content-type")), (200, kind), "{path}");
        assert_eq!(page.header("cache-control"), "public, max-age=300", "{path}");
        let text = String::from_utf8(page.body).unwrap();
        assert!(text == shown(written), "{path} is another text");
        assert!(text.contains(PUBLIC) && !text.contains("127.0.0.1:8080"), "{path}");
        let head = site.ask("HEAD", &path, None).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
    }
}

#[tokio::test]
async fn who_has_a_page_is_not_sent_it_again() {
    let site = Site::new();
    let archive = format!("/skills/{NAME}.tar.gz");
    for path in pages().into_iter().map(|(path, ..)| path).chain([archive]) {
        let tag = site.get(&path).await.header("etag").to_owned();
        assert!(tag.len() == 34 && tag.starts_with('"') && tag.ends_with('"'), "{path}: {tag}");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".into()] {
            let again = site.ask("GET", &path, Some(&known)).await;
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}: {known}");
            assert_eq!(again.header("etag"), tag, "{path}");
        }
        assert_eq!(site.ask("GET", &path, Some("\"other\"")).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn the_archive_is_the_package_and_the_same_each_time() {
    let site = Site::new();
    let path = format!("/skills/{NAME}.tar.gz");
    let (first, second) = (site.get(&path).await, Site::new().get(&path).await);
    assert_eq!((first.status, first.header("content-type")), (200, "application/gzip"));
    assert!(first.body == second.body, "two servers give two archives");
    assert_eq!(first.body[4..8], [0; 4], "gzip's own time");
    let mut archive = tar::Archive::new(GzDecoder::new(first.body.as_slice()));
    let mut entries = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        let name = name.strip_prefix(&format!("{NAME}/")).unwrap().to_owned();
        let header = entry.header();
        let mode = if name.starts_with("scripts/") { 0o755 } else { 0o644 };
        assert_eq!((header.mtime().unwrap(), header.mode().unwrap()), (0, mode), "{name}");
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0), "{name}");
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        entries.push((name, text));
    }
    let expected = FILES.iter().map(|(path, _, text)| ((*path).to_owned(), shown(text)));
    assert!(entries == expected.collect::<Vec<_>>());
}

#[test]
fn the_package_is_its_whole_folder() {
    let mut found = BTreeSet::new();
    let mut folders = vec![root().join(PACKAGE)];
    while let Some(folder) = folders.pop() {
        for path in folder.read_dir().unwrap().map(|it| it.unwrap().path()) {
            if path.is_dir() {
                // What Python leaves beside a script it has read.
                folders.extend((!path.ends_with("__pycache__")).then_some(path));
            } else {
                let inside = path.strip_prefix(root().join(PACKAGE)).unwrap();
                found.insert(inside.to_string_lossy().into_owned());
            }
        }
    }
    assert_eq!(found, FILES.iter().map(|(path, ..)| (*path).to_owned()).collect());
}

#[tokio::test]
async fn no_path_leads_out_of_the_package() {
    let site = Site::new();
    let package = format!("/skills/{NAME}");
    let inside = [
        "",
        "/",
        "/scripts",
        "/scripts/",
        "/../llms.txt",
        "/../../Cargo.toml",
        "/%2e%2e/llms.txt",
        "/..%2f..%2fCargo.toml",
        "/scripts/../../llms.txt",
        "/scripts//test_bot.py",
        "//SKILL.md",
        "/SKILL.md/",
        "/skill.md",
        "/SKILL.md%00",
        "/.git/config",
        ".tar.gz/SKILL.md",
    ];
    let outside =
        ["/skills/llms.txt", "/skills/..", "/skills/other.tar.gz", "/skills/../Cargo.toml"];
    for path in inside.map(|it| format!("{package}{it}")).into_iter().chain(outside.map(Into::into))
    {
        let answer = site.get(&path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
    }
    let posted = TestApp::new().anon().rest("POST", "/skills", Some("{}".into())).await;
    posted.problem(405, "/skills has no method POST");
}

#[tokio::test]
async fn every_address_in_a_page_answers() {
    let site = Site::new();
    for path in PAGES {
        for written in shown(&read(path)).split(PUBLIC).skip(1) {
            let end = written.find(|it: char| !(it.is_alphanumeric() || "/_.-?=".contains(it)));
            let address = written[..end.unwrap_or(written.len())].trim_end_matches('.');
            // The bases that a client builds its addresses on.
            if !matches!(address, "" | "/api/v1" | "/api/v1/bot") {
                assert_ne!(site.get(address).await.status, 404, "{path}: {address}");
            }
        }
    }
}
