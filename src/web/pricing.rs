//! What it costs.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use super::{
    page::{Failed, public},
    show,
};
use crate::{
    app::App,
    plan::{Plan, Terms},
};

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

impl From<Terms> for Offer {
    fn from(terms: Terms) -> Self {
        Self {
            name: terms.plan.name(),
            about: terms.plan.about(),
            price: terms.price(),
            runs: terms.runs.map_or_else(|| "unlimited".into(), show::count),
        }
    }
}

pub(super) async fn show(State(app): State<Arc<App>>) -> Result<Response, Failed> {
    let local = app.desk.is_local();
    let plans = Plan::ALL.into_iter().filter(|plan| local == (*plan == Plan::Unlimited));
    let plans = plans.map(|plan| app.plans.of(plan).into()).collect();
    public(&Pricing { local, plans })
}
