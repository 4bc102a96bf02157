//! Properties of the source itself, checked like any other.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use bottrade::{api::feed, ops::OPS};

use crate::files::root;

/// Which module of `src/` may use which: the arrows of ARCHITECTURE.md. `main` and `lib` tie them
/// together; [`LEAVES`] may be used by everyone above the store.
const LAYERS: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "bridge",
            "play",
            "proof",
            "api",
            "app",
            "ops",
            "runs",
            "accounts",
            "billing",
            "oauth",
            "paper",
            "scenarios",
            "sign_in",
            "store",
            "traffic",
        ],
    ),
    ("bridge", &[]),
    ("play", &["ops", "scenarios"]),
    ("proof", &["ops", "runs", "scenarios", "store"]),
    ("api", &["app", "accounts", "oauth", "ops", "paper", "runs", "traffic", "web"]),
    (
        "web",
        &["app", "accounts", "billing", "oauth", "ops", "scenarios", "sign_in", "runs", "traffic"],
    ),
    ("ops", &["app", "oauth", "paper", "runs", "scenarios", "store", "traffic"]),
    (
        "app",
        &[
            "accounts",
            "billing",
            "oauth",
            "paper",
            "runs",
            "scenarios",
            "sign_in",
            "store",
            "traffic",
        ],
    ),
    ("oauth", &["accounts", "store"]),
    ("sign_in", &["accounts", "outbound", "store"]),
    ("billing", &["accounts", "outbound", "store"]),
    ("outbound", &[]),
    ("accounts", &["store"]),
    ("paper", &["scenarios", "store", "faults", "lives"]),
    ("runs", &["accounts", "scenarios", "store", "faults", "lives"]),
    ("scenarios", &[]),
    ("store", &["faults"]),
    ("traffic", &[]),
    ("keys", &["store"]),
    ("lives", &[]),
    ("caller", &[]),
    ("clock", &[]),
    ("error", &[]),
    ("faults", &[]),
    ("month", &[]),
    ("plan", &[]),
];
const LEAVES: &[&str] = &["caller", "error", "clock", "keys", "month", "plan"];
/// Modules that do not even use the leaves.
const ALONE: &[&str] = &["store", "scenarios", "clock", "error", "month", "plan"];

/// What the simulator may depend on: nothing that reads, writes, waits or asks the time.
const SIM_DEPENDENCIES: &[&str] = &["libm", "rand_chacha", "schemars", "serde", "thiserror"];

const FILE_LINES_MAX: usize = 400;
const LINE_CHARS_MAX: usize = 100;

/// Every file below a folder of the repository whose name has one of these endings.
fn files(folder: &str, endings: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(items) = fs::read_dir(&folder) else { continue };
        for path in items.map(|item| item.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !matches!(name.as_str(), "target" | ".git" | "node_modules" | "data") {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let text = fs::read_to_string(&path).unwrap_or_default();
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// The Rust files of the workspace.
fn rust() -> Vec<(PathBuf, String)> {
    ["src", "crates", "tests", "benches"].iter().flat_map(|it| files(it, &[".rs"])).collect()
}

/// The arrows of this file that no layer allows.
fn forbidden(path: &Path, text: &str) -> Vec<String> {
    let layer = layer_of(path);
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        let outside = matches!(layer.as_str(), "main" | "lib");
        return if outside { Vec::new() } else { vec![format!("`{layer}` has no layer")] };
    };
    let code: Vec<&str> =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let used = code.split("crate::").skip(1).flat_map(heads);
    let wrong = used.filter(|used| {
        let leaf = LEAVES.contains(used) && !ALONE.contains(&layer.as_str());
        !leaf && *used != layer && !allowed.contains(used)
    });
    wrong.map(|used| format!("{layer} → {used}")).collect()
}

/// The first path segments of what follows `crate::`, of every member of a group.
fn heads(rest: &str) -> Vec<&str> {
    let word = |text: &'_ str| text.find(|it: char| !(it.is_alphanumeric() || it == '_'));
    let Some(group) = rest.strip_prefix('{') else {
        return vec![&rest[..word(rest).unwrap_or(rest.len())]];
    };
    let (mut depth, mut starts) = (0, vec![0]);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts.push(at + 1),
            _ => {}
        }
    }
    let members = starts.into_iter().map(|at| group[at..].trim_start());
    members.filter_map(|it| Some(&it[..word(it)?])).filter(|it| !it.is_empty()).collect()
}

fn layer_of(path: &Path) -> String {
    let inner = path.strip_prefix("src").unwrap();
    let first = inner.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn arrows_point_down() {
    let wrong: Vec<String> = files("src", &[".rs"])
        .iter()
        .flat_map(|(path, text)| {
            let wrong = forbidden(path, text);
            wrong.into_iter().map(move |it| format!("{}: {it}", path.display()))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_planted_arrow_is_found() {
    let planted = |path: &str, text: &str| forbidden(Path::new(path), text);
    assert_eq!(planted("src/store/runs.rs", "use crate::runs::Runs;"), ["store → runs"]);
    assert_eq!(planted("src/ops/mod.rs", "use crate::{app::App, api::rest};"), ["ops → api"]);
    assert_eq!(
        planted("src/api/rest.rs", "fn f() { crate::store::Store::open() }"),
        ["api → store"]
    );
    let nested = "use crate::{\n    error::Error,\n    scenarios::{Catalog, Entry},\n    ops,\n};";
    assert_eq!(planted("src/runs/mod.rs", nested), ["runs → ops"]);
    assert_eq!(planted("src/error/mod.rs", "use crate::{clock::Clock};"), ["error → clock"]);
    assert_eq!(planted("src/sales.rs", ""), ["`sales` has no layer"]);
    assert!(planted("src/runs/mod.rs", "// crate::ops\nuse crate::runs::Turn;").is_empty());
    assert!(planted("src/lib.rs", "use crate::{api, store};").is_empty());
}

#[test]
fn doors_and_operations_do_not_know_each_other() {
    for (path, text) in files("src/ops", &[".rs"]) {
        for word in ["axum", "rmcp", "http::"] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
    for (path, text) in files("src/api", &[".rs"]) {
        for op in OPS {
            let word = format!("\"{}\"", op.name);
            assert!(!text.contains(&word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for (path, text) in rust() {
        let path = path.display();
        if !text.starts_with("//!") {
            wrong.push(format!("{path}: does not begin with `//!`"));
        }
        if text.lines().count() > FILE_LINES_MAX {
            wrong.push(format!("{path}: {} lines", text.lines().count()));
        }
        let mut wide = (1..).zip(text.lines());
        if let Some((number, _)) = wide.find(|it| it.1.chars().count() > LINE_CHARS_MAX) {
            wrong.push(format!("{path}:{number}: too wide"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The part of a file before its tests.
fn program(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

fn is_test(path: &Path) -> bool {
    path.components().any(|it| it.as_os_str().to_string_lossy().starts_with("tests"))
        || path.file_name().is_some_and(|it| it == "fixture.rs")
}

#[test]
fn shortcuts_are_not_taken() {
    // Spelled so that this file does not find itself.
    let everywhere = [concat!("#[al", "low("), concat!("#![al", "low("), concat!("db", "g!(")];
    let programs =
        [concat!(".unw", "rap()"), concat!("to", "do!("), concat!("unimple", "mented!(")];
    let time = [concat!("System", "Time::now"), concat!("Instant", "::now")];
    let time = time.iter().chain(&[concat!("Timestamp", "::now"), concat!("now_", "v7")]);
    let mut wrong = Vec::new();
    for (path, text) in rust() {
        let mut find = |text: &str, word: &str| {
            if text.contains(word) {
                wrong.push(format!("{}: {word}", path.display()));
            }
        };
        for word in everywhere {
            find(&text, word);
        }
        if !is_test(&path) {
            for word in programs {
                find(program(&text), word);
            }
            // A benchmark measures time.
            if path != Path::new("src/clock.rs") && !path.starts_with("benches") {
                time.clone().for_each(|word| find(program(&text), word));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_simulator_depends_on_nothing_that_could_reach_out() {
    let manifest = fs::read_to_string(root().join("crates/sim/Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let names: BTreeSet<&str> =
        manifest["dependencies"].as_table().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, SIM_DEPENDENCIES.iter().copied().collect());
    for section in ["build-dependencies", "target", "features"] {
        assert!(!manifest.contains_key(section), "sim has {section}");
    }
    for (path, text) in files("crates/sim/src", &[".rs"]) {
        for word in [
            "std::fs",
            "std::io",
            "std::net",
            "std::thread",
            "std::env",
            "HashMap",
            "HashSet",
            "async fn",
            "std::time",
        ] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn both_crates_have_the_same_measures() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap().parse::<toml::Table>();
    let (server, sim) = (read("clippy.toml").unwrap(), read("crates/sim/clippy.toml").unwrap());
    for key in server.keys().chain(sim.keys()).filter(|key| !key.starts_with("disallowed")) {
        assert_eq!(server.get(key), sim.get(key), "{key}");
    }
    assert!(sim["disallowed-methods"].as_array().unwrap().len() >= 5);
    assert!(sim["disallowed-types"].as_array().unwrap().len() >= 2);
}

#[test]
fn no_file_names_a_place_on_somebodys_machine() {
    let homes = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    let endings = [".rs", ".toml", ".md", ".sql", ".txt", ".json", ".py", ".sh", "test", "run"];
    for (path, text) in files("", &endings) {
        for home in homes {
            assert!(!text.contains(home), "{}: {home}", path.display());
        }
    }
}

#[test]
fn documents_name_only_routes_and_pages_that_exist() {
    let mut pages: Vec<(PathBuf, String)> = files("tools", &[".md"]);
    pages.extend(files("skills", &[".md", ".txt"]));
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SKILL.md"] {
        let text = fs::read_to_string(root().join(name)).unwrap_or_default();
        pages.push((name.into(), text));
    }
    for (path, text) in pages {
        for written in text.split("/api/v1/").skip(1) {
            let end = written.find(|it: char| !(it.is_alphanumeric() || "/_{}-$<>…".contains(it)));
            let written = &written[..end.unwrap_or(written.len())];
            assert!(is_route(written), "{}: /api/v1/{written}", path.display());
        }
    }
}

/// What is below the operations and is none: Stripe alone calls it.
const OF_STRIPE: &str = "billing/webhook";

/// Whether this is the address of an operation, or the operator's, or the beginning of one.
fn is_route(written: &str) -> bool {
    if written == OF_STRIPE {
        return true;
    }
    let written: Vec<&str> = written.trim_end_matches('/').split('/').collect();
    let paths = OPS.iter().map(|op| op.route.path).chain([feed::PATH]);
    paths.filter_map(|path| path.strip_prefix("/api/v1/")).any(|route| {
        let route: Vec<&str> = route.split('/').collect();
        let fits = |(written, route): (&&str, &&str)| {
            written == route || route.starts_with('{') || written.is_empty() || *written == "…"
        };
        written.len() <= route.len() && written.iter().zip(&route).all(fits)
    })
}
