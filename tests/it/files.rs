//! Files that are generated and checked: one switch rewrites them.

use std::{env, fs, path::PathBuf};

use serde_json::Value;

/// A path inside the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Whether generated files are to be written instead of checked.
pub(crate) fn update() -> bool {
    env::var_os("UPDATE").is_some()
}

/// Asserts that `tests/it/golden/<name>` holds this text; `UPDATE=1` writes it.
#[track_caller]
pub(crate) fn check_golden(name: &str, text: &str) {
    let path = root().join("tests/it/golden").join(name);
    if update() {
        fs::write(&path, text).unwrap();
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if kept != text {
        let diff = diff(&kept, text);
        panic!("{name} is not what it was; `UPDATE=1 cargo test --test it` accepts:\n{diff}");
    }
}

/// Asserts the same of JSON, one member a line.
#[track_caller]
pub(crate) fn check_golden_json(name: &str, value: &Value) {
    check_golden(name, &format!("{}\n", serde_json::to_string_pretty(value).unwrap()));
}

/// The lines that are only in one of two texts, at most forty.
fn diff(kept: &str, text: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), text.lines().collect());
    let same_start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same_start;
    let ends = old.iter().rev().zip(new.iter().rev()).take(rest);
    let same_end = ends.take_while(|(a, b)| a == b).count();
    let (old, new) =
        (&old[same_start..old.len() - same_end], &new[same_start..new.len() - same_end]);
    let lines =
        old.iter().map(|it| format!("- {it}")).chain(new.iter().map(|it| format!("+ {it}")));
    let shown: Vec<String> = lines.take(40).collect();
    format!("from line {}:\n{}", same_start + 1, shown.join("\n"))
}

#[test]
fn a_difference_is_shown_by_its_lines_alone() {
    assert_eq!(diff("a\nb\nc\n", "a\nx\ny\nc\n"), "from line 2:\n- b\n+ x\n+ y");
    assert_eq!(diff("a\n", "a\nb\n"), "from line 2:\n+ b");
    assert_eq!(diff("a\na\n", "a\n"), "from line 2:\n- a");
}
