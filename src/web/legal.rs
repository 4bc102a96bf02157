//! `/terms` and `/privacy`: what the operator wrote.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use super::{
    markdown::{Text, render},
    page::{Failed, public},
};
use crate::{app::App, error::Error};

#[derive(Template)]
#[template(path = "text.html", blocks = ["title"])]
struct Page {
    title: String,
    html: String,
}

pub(super) async fn terms(State(app): State<Arc<App>>) -> Result<Response, Failed> {
    page(app.legal.terms.as_deref(), "Terms of use", "terms.md")
}

pub(super) async fn privacy(State(app): State<Arc<App>>) -> Result<Response, Failed> {
    page(app.legal.privacy.as_deref(), "Privacy", "privacy.md")
}

fn page(text: Option<&str>, title: &str, file: &str) -> Result<Response, Failed> {
    let Text { title: own, html } = render(text.ok_or_else(|| Error::no_text_of(file))?, "/");
    public(&Page { title: own.unwrap_or_else(|| title.to_owned()), html })
}
