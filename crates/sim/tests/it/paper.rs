//! Paper trading: its rules shown on a few prints, and what holds for every account.

mod books;
mod chaos;
mod figures;
mod fixture;
mod fixtures;
mod life;
mod market;
mod reach;
mod time;
mod world;
