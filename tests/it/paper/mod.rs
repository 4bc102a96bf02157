//! A paper account is its journal: restarts, idleness, races, damage, seasons.

mod damage;
mod idle;
mod races;
mod restart;
mod season;

use bottrade::{
    keys::Family,
    paper::{Look, meter::Kind},
    plan::Plan,
};
use sim::{
    Price, Quantity,
    order::{OrderKind, TimeInForce},
    paper::{Account, NewOrder, Side},
};

use crate::app::TestApp;

/// The id of an account that has a bot.
async fn trader(app: &TestApp, name: &str) -> String {
    app.app.accounts.create_key(name, "bot", Family::Bot).await.unwrap();
    app.app.accounts.find(name).await.unwrap().id
}

/// One order of a script.
#[derive(Debug, Clone, Copy)]
struct Asked {
    symbol: &'static str,
    side: Side,
    quantity: &'static str,
    kind: OrderKind,
    time_in_force: TimeInForce,
}

impl Asked {
    fn market(symbol: &'static str, side: Side, quantity: &'static str) -> Self {
        Self { symbol, side, quantity, kind: OrderKind::Market, time_in_force: TimeInForce::Gtc }
    }

    /// At so many percent of the displayed price.
    fn at(self, app: &TestApp, kind: fn(Price) -> OrderKind, percent: i64) -> Self {
        let price = app.app.paper.market(|market| {
            let instrument = market.tape.find(self.symbol).unwrap();
            market.tape.price(instrument, market.moment).unwrap()
        });
        let kind = kind(Price::from_units(price.unwrap().units() / 100 * percent));
        Self { kind, ..self }
    }

    fn order(self, app: &TestApp, client_order_id: Option<&str>) -> NewOrder {
        let instrument = app.app.paper.market(|market| market.tape.find(self.symbol)).unwrap();
        NewOrder {
            instrument: instrument.unwrap(),
            side: self.side,
            quantity: self.quantity.parse::<Quantity>().unwrap(),
            kind: self.kind,
            time_in_force: self.time_in_force,
            client_order_id: client_order_id.map(Into::into),
        }
    }
}

/// Places an order; its id.
async fn place(app: &TestApp, account: &str, order: NewOrder) -> String {
    let metered = app.app.meter.begin(account, Plan::Unlimited, Kind::Order).await.unwrap();
    let id = |look: &Look<'_>, placed: &sim::paper::Order| look.name_of(placed).to_string();
    app.app.paper.place(account, |_| Ok(order), &metered, id).await.unwrap()
}

async fn cancel(app: &TestApp, account: &str, order: &str) {
    let metered = app.app.meter.begin(account, Plan::Unlimited, Kind::Request).await.unwrap();
    app.app.paper.cancel(account, order, &metered).await.unwrap();
}

/// The books of an account as they are now.
async fn books(app: &TestApp, account: &str) -> Account {
    app.app.paper.look(account, |look| look.book.clone()).await.unwrap()
}

/// What a bot does in the step of this number: all kinds of orders, some withdrawn again.
async fn act(app: &TestApp, account: &str, step: usize, before: Option<&String>) -> Option<String> {
    let buy = |symbol, quantity| Asked::market(symbol, Side::Buy, quantity);
    let sell = |symbol, quantity| Asked::market(symbol, Side::Sell, quantity);
    let asked = match step % 8 {
        0 => buy("BTC/USD", "0.75"),
        1 => buy("AAPL", "100"),
        2 => buy("ETH/USD", "12.5").at(app, OrderKind::Limit, 97),
        3 => sell("BTC/USD", "0.5").at(app, OrderKind::Stop, 98),
        4 => {
            cancel_if_waits(app, account, before).await;
            return None;
        }
        5 => Asked { time_in_force: TimeInForce::Day, ..sell("MSFT", "50") },
        6 => sell("AAPL", "60").at(app, OrderKind::Limit, 101),
        _ => Asked { time_in_force: TimeInForce::Ioc, ..buy("LTC/USD", "1000") },
    };
    Some(place(app, account, asked.order(app, None)).await)
}

async fn cancel_if_waits(app: &TestApp, account: &str, order: Option<&String>) {
    let Some(order) = order else { return };
    let is_final = |look: &Look<'_>| look.order(order).unwrap().status.is_final();
    if !app.app.paper.look(account, is_final).await.unwrap() {
        cancel(app, account, order).await;
    }
}
