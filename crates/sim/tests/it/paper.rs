//! Paper trading: its rules shown on a few prints, and what holds for every account.

mod books;
mod fixture;
mod fixtures;
mod life;
mod reach;
mod time;
mod world;
