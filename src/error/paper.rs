//! What goes wrong on a paper account.

use sim::paper::{NotCancelled, NotPlaced};

use super::{Code, Error, FieldProblem, short};

impl Error {
    /// The paper account has no order of this id.
    pub fn no_such_bot_order(id: &str) -> Self {
        Self::new(Code::NotFound, format!("no order \"{id}\" in this season"))
            .hint("`get_orders` lists the orders of the account with their ids")
    }

    /// An order that is not taken at all.
    pub fn not_placed(why: NotPlaced) -> Self {
        match why {
            NotPlaced::ClientOrderIdTaken { .. } => Self::new(
                Code::Conflict,
                "`client_order_id` was used for another order of this season",
            )
            .hint("nothing was done; send the order as it was, or under a new client_order_id")
            .at("client_order_id"),
            other => Self::new(Code::Rejected, other.to_string()),
        }
    }

    /// An order that cannot be withdrawn.
    pub fn not_cancelled(why: NotCancelled) -> Self {
        match why {
            NotCancelled::Unknown(number) => Self::no_such_bot_order(&number.to_string()),
            NotCancelled::Final(status) => {
                let status = status.name();
                Self::new(Code::Rejected, format!("the order is {status}: that is final")).hint(
                    "nothing was done; only OPEN and PARTIALLY_FILLED orders can be cancelled",
                )
            }
        }
    }

    /// A journal that does not replay: never served.
    pub fn corrupt_paper(id: &str, seq: i64) -> Self {
        Self::corrupt(format!("paper account {id}: entry {seq} does not replay"))
    }

    /// A symbol that the market of paper trading does not list.
    pub fn not_listed(location: &str, asked: &str, nearest: &[String]) -> Self {
        let message = format!("symbol \"{asked}\" is not listed");
        let mut error = Self::new(Code::Rejected, message.clone());
        error.fields.push(FieldProblem { location: location.into(), message: short(&message) });
        let all = "`get_quotes` without symbols shows what is listed";
        error.hint(match nearest {
            [] => all.to_owned(),
            near => format!("did you mean {}? {all}", near.join(", ")),
        })
    }

    /// An order of an option, where there are none; `listed` says what there is.
    pub fn no_options(listed: &str) -> Self {
        Self::broken_rule("asset_type", "no options are listed")
            .hint(format!("nothing was done; what can be traded: {listed}"))
    }
}
