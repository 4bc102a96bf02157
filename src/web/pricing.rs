//! What it costs.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use super::{
    page::{Failed, public},
    show,
};
use crate::{app::App, plan::Plan};

#[derive(Template)]
#[template(path = "pricing.html", blocks = ["title"])]
struct Pricing {
    local: bool,
    plans: Vec<Offer>,
}

struct Offer {
    name: &'static str,
    about: &'static str,
    price: String,
    runs: String,
}

impl From<Plan> for Offer {
    fn from(plan: Plan) -> Self {
        let (dollars, cents) = (plan.cents() / 100, plan.cents() % 100);
        Self {
            name: plan.name(),
            about: plan.about(),
            price: if plan.cents() == 0 { "$0".into() } else { format!("${dollars}.{cents:02}") },
            runs: plan.runs_a_month().map_or_else(|| "unlimited".into(), show::count),
        }
    }
}

pub(super) async fn show(State(app): State<Arc<App>>) -> Result<Response, Failed> {
    let local = app.desk.is_local();
    let plans = Plan::ALL.into_iter().filter(|plan| local == (*plan == Plan::Unlimited));
    public(&Pricing { local, plans: plans.map(Offer::from).collect() })
}
