//! Names of orders and trades outside the simulator: UUIDs derived from the run's, so that a
//! replayed run gives the same names.

use sim::order::OrderId;
use uuid::Uuid;

use super::Seat;
use crate::error::Error;

/// The name of an order.
pub(crate) fn order(run: Uuid, id: OrderId) -> String {
    Uuid::new_v5(&run, format!("order {}", id.0).as_bytes()).to_string()
}

/// The name of a trade, by its place among the run's fills.
pub(crate) fn trade(run: Uuid, number: usize) -> String {
    Uuid::new_v5(&run, format!("trade {number}").as_bytes()).to_string()
}

/// The waiting order of this name.
pub(crate) fn find_order(seat: &Seat, name: &str) -> Result<OrderId, Error> {
    seat.run
        .working_orders()
        .iter()
        .map(|working| working.id)
        .find(|&id| order(seat.meta.id, id) == name)
        .ok_or_else(|| Error::no_such_order(name))
}
