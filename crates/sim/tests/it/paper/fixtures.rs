//! Runs every file of `paper/fixtures/`; `UPDATE=1` writes what happened into them.

use super::fixture::play;
use crate::fixtures::every_fixture_of;

#[test]
fn every_fixture_shows_its_rule() {
    every_fixture_of("tests/it/paper/fixtures", 30, play);
}
