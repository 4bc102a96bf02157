//! One file per address, named as the URL tree is.

mod leaderboard;
mod methods;
mod runs;
mod scenarios;
