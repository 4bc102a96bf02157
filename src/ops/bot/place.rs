//! Placing an order.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use sim::{
    Price, Quantity, SymbolId,
    order::TimeInForce,
    paper::{AssetType, Listing, NewOrder, Order, Side, Tape},
};

use super::{
    Clock, Digits, named,
    order::{Clocked, OrderView},
    shown_symbol,
    words::Upper,
};
use crate::{
    error::{Dialect, Error},
    ops::{
        Access, Cx, Effect, Op, Route,
        input::{Checks, Loose, OrderType, check_text},
    },
    paper::{Look, meter::Kind},
};

/// Characters of a client's own name for an order.
const CLIENT_ORDER_ID_MAX: usize = 64;
/// One line of printable characters.
const ONE_LINE: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

#[doc = include_str!("../../../tools/place_order.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::ops) struct PlaceOrder {
    /// Such as AAPL or BTC-USD.
    symbol: String,
    side: Upper<Side>,
    /// Units, fractions too.
    quantity: Loose<Quantity>,
    /// Default STOCK, which any listed symbol may be called.
    #[serde(default)]
    asset_type: Option<Upper<AssetType>>,
    /// Default MARKET.
    #[serde(default)]
    order_type: Option<Upper<OrderType>>,
    /// For LIMIT, `STOP_LIMIT`.
    #[serde(default)]
    limit_price: Option<Loose<Price>>,
    /// For STOP, `STOP_LIMIT`.
    #[serde(default)]
    stop_price: Option<Loose<Price>>,
    /// Default GTC.
    #[serde(default)]
    time_in_force: Option<Upper<TimeInForce>>,
    /// Your own id; repeating the call with it is harmless.
    #[serde(default)]
    #[schemars(length(max = CLIENT_ORDER_ID_MAX), regex(pattern = ONE_LINE))]
    client_order_id: Option<String>,
}

impl PlaceOrder {
    /// The order as the market takes it, or all that is wrong with it.
    fn order(&self, tape: &Tape) -> Result<NewOrder, Error> {
        let mut checks = Checks::default();
        let instrument = checks.take("symbol", self.instrument(tape));
        let (limit, stop) = (self.limit_price.map(|it| it.0), self.stop_price.map(|it| it.0));
        let order_type = self.order_type.map_or(OrderType::Market, |it| it.0);
        let kind = checks.take("", order_type.kind(limit, stop, &str::to_owned));
        let positive = |field: &str, units: i64| {
            let refused = || Error::broken_rule(field, "must be positive");
            (units > 0).then_some(()).ok_or_else(refused)
        };
        checks.take("quantity", positive("quantity", self.quantity.0.units()));
        for (field, price) in [("limit_price", limit), ("stop_price", stop)] {
            checks.take(field, price.map_or(Ok(()), |it| positive(field, it.units())));
        }
        let client_order_id = checks.take("client_order_id", self.client_order_id());
        let order = instrument.zip(kind).zip(client_order_id);
        checks.done(order.map(|((instrument, kind), client_order_id)| NewOrder {
            instrument,
            side: self.side.0,
            quantity: self.quantity.0,
            kind,
            time_in_force: self.time_in_force.map_or(TimeInForce::Gtc, |it| it.0),
            client_order_id,
        }))
    }

    fn instrument(&self, tape: &Tape) -> Result<SymbolId, Error> {
        let asked = self.asset_type.map(|it| it.0);
        if asked == Some(AssetType::Option) {
            let listed = |it: &Listing| it.asset_type == AssetType::Option;
            if !tape.listings().iter().any(listed) {
                return Err(Error::no_options(&super::listed(tape)));
            }
        }
        let instrument = named(tape, "symbol", &self.symbol)?;
        let listing = tape.listing(instrument);
        match asked {
            // Clients send STOCK when nobody said anything.
            None | Some(AssetType::Stock) => Ok(instrument),
            Some(asked) if asked == listing.asset_type => Ok(instrument),
            Some(asked) => {
                let (symbol, is) = (shown_symbol(&listing.symbol), listing.asset_type.name());
                let problem = format!("{symbol} is {is}, not {}", asked.name());
                Err(Error::broken_rule("asset_type", &problem))
            }
        }
    }

    fn client_order_id(&self) -> Result<Option<Arc<str>>, Error> {
        const FIELD: &str = "client_order_id";
        let Some(id) = self.client_order_id.as_deref().filter(|it| !it.is_empty()) else {
            return Ok(None);
        };
        check_text(FIELD, id, CLIENT_ORDER_ID_MAX)?;
        if id.contains(['\n', '\r', '\t']) {
            return Err(Error::invalid_field(FIELD, "must be one line"));
        }
        Ok(Some(Arc::from(id)))
    }
}

impl Op for PlaceOrder {
    const NAME: &'static str = "place_order";
    const ROUTE: Route = Route::post("/api/v1/bot/orders").created();
    const EFFECT: Effect = Effect::Write;
    const ACCESS: Access = Access::Paper;
    const COUNTS: Kind = Kind::Order;
    const DIALECT: Dialect = Dialect::Bot;
    type Output = Clocked<OrderView>;

    async fn run(self, cx: &Cx) -> Result<Clocked<OrderView>, Error> {
        let (account, digits) = (&cx.caller.account()?.id, Digits(cx.reader));
        // What is no order opens no account.
        cx.app.paper.market(|market| self.order(market.tape))??;
        let view = |look: &Look<'_>, order: &Order| {
            Clocked::alone(OrderView::of(look, order, digits), Clock::of(look))
        };
        let order = |tape: &Tape| self.order(tape);
        cx.app.paper.place(account, order, &cx.metered()?, view).await
    }
}
