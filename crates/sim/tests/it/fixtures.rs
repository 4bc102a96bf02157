//! Runs every file of `fixtures/`; `UPDATE=1` writes what happened into them.

use std::{env, fs, path::Path};

use crate::fixture::play;

#[test]
fn every_fixture_shows_its_rule() {
    every_fixture_of("tests/it/fixtures", 90, play);
}

/// Plays the files of a folder, of which there are more than `least`.
#[expect(clippy::disallowed_methods, reason = "fixtures are files; only the simulator is pure")]
pub(crate) fn every_fixture_of(folder: &str, least: usize, play: fn(&str) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let update = env::var_os("UPDATE").is_some();
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    paths.sort();
    let mut failing = Vec::new();
    for path in &paths {
        let expected = fs::read_to_string(path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let Ok(actual) = std::panic::catch_unwind(|| play(&expected)) else {
            failing.push(format!("{name}: panicked, see above"));
            continue;
        };
        if actual != expected && update {
            fs::write(path, actual).unwrap();
        } else if actual != expected {
            failing.push(format!("{name}:\n{}", changed(&expected, &actual)));
        }
    }
    assert!(paths.len() > least, "the fixtures are gone: {}", paths.len());
    assert!(failing.is_empty(), "{} fixtures fail\n\n{}", failing.len(), failing.join("\n"));
}

/// The whole transcript, with lines that are no longer there as `-` and new ones as `+`.
fn changed(expected: &str, actual: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), actual.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[same..].iter().rev().zip(new[same..].iter().rev());
    let tail = tail.take_while(|(a, b)| a == b).count();
    let lines = |sign: &str, lines: &[&str]| {
        lines.iter().map(|line| format!("  {sign} {line}")).collect::<Vec<_>>().join("\n")
    };
    let command = old[..same].iter().rfind(|line| line.starts_with('>')).unwrap_or(&"");
    format!(
        "    {command}\n{}\n{}",
        lines("-", &old[same..old.len() - tail]),
        lines("+", &new[same..new.len() - tail])
    )
}
