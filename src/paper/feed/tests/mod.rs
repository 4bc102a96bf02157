//! The feeds as their readers see them.

mod data;
mod push;
mod replay;

use jiff::Timestamp;
use sim::paper::{Print, Tick};

use super::{Feed, Market};

/// An instant.
fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A print in words, such as `14:30 AAPL open 41.99`.
fn told(market: &Market<'_>, tick: &Tick) -> String {
    let symbol = &market.tape.listing(tick.instrument).symbol;
    let print = match tick.print {
        Print::Open(price) => format!("open {price}"),
        Print::Price(price) => format!("price {price}"),
        Print::Bar { high, low, close, volume } => {
            format!("high {high} low {low} close {close} volume {volume}")
        }
    };
    format!("{} {symbol} {print}", tick.at)
}

/// The displayed prices of these symbols at an instant.
fn prices(feed: &Feed, now: Timestamp, symbols: &[&str]) -> Vec<String> {
    let price = |market: &Market<'_>, symbol: &str| {
        let price = market.tape.find(symbol).and_then(|it| market.tape.price(it, market.moment));
        price.map_or_else(|| "none".to_owned(), |it| it.to_string())
    };
    feed.read(now, |market| symbols.iter().map(|it| price(market, it)).collect()).unwrap()
}
