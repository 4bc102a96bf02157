//! The pages: what a person sees in a browser.

mod account;
pub mod assets;
mod browser;
mod chart;
mod connect;
mod consent;
mod home;
mod listed;
mod page;
mod show;
mod sign_in;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::{app::App, oauth::metadata};

pub use browser::{check_origin, signed_in};

/// Every page.
pub fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/", get(home::show))
        .route("/login", get(sign_in::choose))
        .route("/login/{provider}", get(sign_in::begin))
        .route("/login/{provider}/callback", get(sign_in::finish))
        .route("/login/link/{ticket}", get(sign_in::show_link).post(sign_in::follow_link))
        .route("/logout", post(sign_in::out))
        .route(metadata::AUTHORIZE, get(consent::ask).post(consent::answer))
        .route("/account", get(account::show))
        .with_state(Arc::clone(app))
        .merge(assets::router())
}
