//! What holds for every run: money is conserved, the future is unknown, and journals replay.

mod books;
mod freedom;
mod reach;
mod time;
