//! The pages: what a person sees in a browser.

mod account;
pub mod assets;
mod billing;
mod browser;
mod chart;
mod clients;
mod connect;
mod consent;
mod docs;
mod home;
mod leaderboard;
mod legal;
mod listed;
mod markdown;
mod methodology;
mod page;
mod paper;
mod pricing;
mod refused;
mod run;
mod scenarios;
mod show;
mod sign_in;
mod sitemap;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::{
    app::App,
    caller::Caller,
    oauth::metadata,
    ops::{Cx, Reader},
};

pub use browser::{check_origin, signed_in};
pub use refused::Browser;

/// Every page.
pub fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/", get(home::show))
        .route("/leaderboard", get(leaderboard::all))
        .route("/methodology", get(methodology::show))
        .route("/pricing", get(pricing::show))
        .route("/terms", get(legal::terms))
        .route("/privacy", get(legal::privacy))
        .route("/leaderboard/{slug}", get(leaderboard::one))
        .route("/paper", get(paper::show))
        .route("/login", get(sign_in::choose))
        .route("/login/{provider}", get(sign_in::begin))
        .route("/login/{provider}/callback", get(sign_in::finish))
        .route("/login/link/{ticket}", get(sign_in::show_link).post(sign_in::follow_link))
        .route("/logout", post(sign_in::out))
        .route(metadata::AUTHORIZE, get(consent::ask).post(consent::answer))
        .route("/connect/{ticket}", get(connect::ask).post(connect::answer))
        .route("/billing/checkout", post(billing::checkout))
        .route("/billing/portal", post(billing::portal))
        .route(billing::DONE, get(billing::done).post(billing::key))
        .with_state(Arc::clone(app))
        .merge(account::router(app))
        .merge(scenarios::router(app))
        .merge(docs::router(app))
        .merge(run::router(app))
        .merge(sitemap::router(app))
        .merge(assets::router())
}

/// The circumstances of a question that a public page asks: it sees what everybody sees.
fn anybody(app: &Arc<App>) -> Cx {
    Cx::new(Arc::clone(app), Caller::Anonymous, Reader::Program)
}
