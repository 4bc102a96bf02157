//! What an agent reads before it connects: true, generated where it can be, and served as it is.

mod examples;
mod served;
mod tables;

use std::{env, fs};

use crate::files::root;

/// The folder of the package.
const PACKAGE: &str = "skills/bottrade-benchmark";
/// The page that an agent reads first.
const SKILL: &str = "skills/bottrade-benchmark/SKILL.md";

/// The pages of the package that are written for reading.
const PAGES: &[&str] = &[
    SKILL,
    "skills/bottrade-benchmark/README.md",
    "skills/bottrade-benchmark/references/rest.md",
    "skills/llms.txt",
];

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Asserts that the file holds this text; `UPDATE=1` writes it.
#[track_caller]
fn check(path: &str, text: &str) {
    if env::var_os("UPDATE").is_some() {
        fs::write(root().join(path), text).unwrap();
    } else {
        assert!(
            read(path) == text,
            "{path} is out of date; `UPDATE=1 cargo test --test it` writes it"
        );
    }
}

/// The fields of the front matter, and the page below it.
fn front_matter(page: &str) -> (Vec<(&str, &str)>, &str) {
    let (head, body) = page.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
    (head.lines().map(|line| line.split_once(": ").unwrap()).collect(), body)
}

/// As the Agent Skills format, Claude Code and OpenClaw want it: known fields of one line each, and
/// values that are plain in YAML.
#[test]
fn loaders_can_read_the_front_matter() {
    let page = read(SKILL);
    let (fields, body) = front_matter(&page);
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["name", "description", "compatibility", "metadata"]);
    let value = |name: &str| fields.iter().find(|(it, _)| *it == name).unwrap().1;
    assert_eq!(value("name"), PACKAGE.rsplit('/').next().unwrap());
    assert!(value("name").bytes().all(|it| it.is_ascii_lowercase() || it == b'-'));
    for (name, most) in [("description", 1_024), ("compatibility", 500)] {
        let text = value(name);
        assert!((40..=most).contains(&text.chars().count()), "{name}: {}", text.chars().count());
        assert!(!text.contains([':', '#', '<', '>', '"', '\'']), "{name} is not plain: {text}");
    }
    let metadata: serde_json::Value = serde_json::from_str(value("metadata")).unwrap();
    assert_eq!(metadata["openclaw"]["primaryEnv"], "BOTTRADE_API_KEY");
    assert!(body.lines().count() < 500, "an agent loads all of it");
}
