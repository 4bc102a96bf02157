//! What the owner of a run does on its page: a private link, and making it public.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;
use serde_json::json;

use super::{
    super::{
        browser::session_of_form,
        page::{Failed, elsewhere, shown},
    },
    Address, Page,
};
use crate::{
    accounts::Session,
    app::App,
    caller::Caller,
    error::Error,
    ops::{
        Cx, OpDef, Reader,
        tear_sheet::{Asked, TearSheet},
    },
    runs::Visitor,
};

/// A form of the page.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    csrf: String,
    /// `link`, `unlink` or `publish`.
    #[serde(default, rename = "do")]
    action: String,
    /// That it is known to be irreversible.
    #[serde(default)]
    confirm: Option<String>,
}

/// Does what the owner asks for.
pub(super) async fn act(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: Result<Form<Sent>, FormRejection>,
) -> Result<Response, Failed> {
    let form = form.map(|Form(it)| it).unwrap_or_default();
    let session = session_of_form(&app, &headers, &form.csrf).await?;
    match form.action.as_str() {
        "link" => return linked(&app, &id, &session).await,
        "unlink" => app.runs.unlink(&session.account, &id).await?,
        "publish" => publish(&app, &id, &session, form.confirm.is_some()).await?,
        _ => return Err(Error::rejected("the form asks for nothing", "load the page again").into()),
    }
    elsewhere(&format!("/run/{id}"))
}

/// The page with a fresh private link, which is shown this once.
async fn linked(app: &Arc<App>, id: &str, session: &Session) -> Result<Response, Failed> {
    let key = app.runs.link(&session.account, id).await?;
    let visitor = Visitor { account: Some(session.account.id.clone()), link: None };
    let sheet = TearSheet::of(app, &visitor, id, Asked::default()).await?;
    let address = Address::new(&app.public_url, id, None);
    shown(&Page::new(sheet, address, Some(session), Some(&key)))
}

async fn publish(app: &Arc<App>, id: &str, session: &Session, sure: bool) -> Result<(), Error> {
    let caller = Caller::Account(Arc::clone(&session.account));
    let cx = Cx::new(Arc::clone(app), caller, Reader::Program);
    let request = json!({ "run_id": id, "confirm": sure });
    OpDef::tool("publish_run")?.call(&cx, Ok(request)).await.map(drop)
}
