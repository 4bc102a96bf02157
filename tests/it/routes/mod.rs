//! One file per address, named as the URL tree is.

mod doors;
mod leaderboard;
mod methods;
mod request_id;
mod runs;
mod scenarios;
mod smoke;
