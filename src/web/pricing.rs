//! What it costs, and where to buy it.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::HeaderMap, response::Response};

use super::{
    browser::{form_token, signed_in},
    page::{Failed, public, shown},
    show,
};
use crate::{
    app::App,
    billing::GRACE_DAYS,
    plan::{Plan, Terms},
};

#[derive(Template)]
#[template(path = "pricing.html", blocks = ["title"])]
struct Pricing {
    local: bool,
    selling: bool,
    grace: i64,
    csrf: String,
    plans: Vec<Offer>,
}

struct Offer {
    name: &'static str,
    about: &'static str,
    price: String,
    runs: String,
    way: Way,
}

/// How somebody gets a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Not here.
    None,
    /// They have it.
    Yours,
    /// By signing in first.
    SignIn,
    /// By paying.
    Buy,
    /// By changing what they pay for.
    Change,
}

impl Offer {
    fn new(terms: Terms, way: Way) -> Self {
        Self {
            name: terms.plan.name(),
            about: terms.plan.about(),
            price: terms.price(),
            runs: terms.runs.map_or_else(|| "unlimited".into(), show::count),
            way,
        }
    }
}

/// The account of whoever looks.
struct Looks {
    plan: Plan,
    pays: bool,
    csrf: String,
}

impl Looks {
    async fn of(app: &App, headers: &HeaderMap) -> Result<Option<Self>, Failed> {
        let Some(session) = signed_in(app, headers).await? else { return Ok(None) };
        let pays = app.billing.pays(&session.account.id).await?;
        let csrf = form_token(&session).reveal().to_owned();
        Ok(Some(Self { plan: session.account.plan, pays, csrf }))
    }

    fn way(&self, plan: Plan) -> Way {
        match plan {
            _ if plan == self.plan => Way::Yours,
            _ if self.plan == Plan::Unlimited => Way::None,
            _ if self.pays => Way::Change,
            _ if plan.is_sold() => Way::Buy,
            _ => Way::None,
        }
    }
}

/// The plans; who is signed in can buy one, where they are sold.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let selling = app.billing.is_on();
    let local = app.desk.is_local() && !selling;
    let who = if selling { Looks::of(&app, &headers).await? } else { None };
    let plans = Plan::ALL.into_iter().filter(|plan| local == (*plan == Plan::Unlimited));
    let offer = |plan: Plan| {
        let way = match &who {
            Some(looks) => looks.way(plan),
            None if selling && plan.is_sold() => Way::SignIn,
            None => Way::None,
        };
        Offer::new(app.plans.of(plan), way)
    };
    let plans = plans.map(offer).collect();
    let csrf = who.map(|it| it.csrf).unwrap_or_default();
    let page = Pricing { local, selling, grace: GRACE_DAYS, csrf, plans };
    // What is one person's is nobody else's, and theirs no longer once they sign out.
    if selling { shown(&page) } else { public(&page) }
}
