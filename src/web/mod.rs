//! The pages: what a person sees in a browser.

mod account;
mod browser;
mod connect;
mod consent;
mod page;
mod sign_in;

use std::sync::Arc;

use axum::{
    Router,
    http::header,
    routing::{get, post},
};

use crate::{app::App, oauth::metadata};

pub use browser::{check_origin, signed_in};

/// The style of all pages.
const STYLE: &str = include_str!("../../templates/site.css");

/// Every page.
pub fn router(app: &Arc<App>) -> Router {
    let style = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    Router::new()
        .route("/assets/site.css", get((style, STYLE)))
        .route("/login", get(sign_in::choose))
        .route("/login/{provider}", get(sign_in::begin))
        .route("/login/{provider}/callback", get(sign_in::finish))
        .route("/login/link/{ticket}", get(sign_in::show_link).post(sign_in::follow_link))
        .route("/logout", post(sign_in::out))
        .route(metadata::AUTHORIZE, get(consent::ask).post(consent::answer))
        .route("/connect/{ticket}", get(connect::ask).post(connect::answer))
        .route("/account", get(account::show))
        .with_state(Arc::clone(app))
}
