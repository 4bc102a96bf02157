//! One file per address, named as the URL tree is.

mod leaderboard;
mod runs;
mod scenarios;
