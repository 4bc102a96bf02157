//! What plans have, and what people pay for them.

mod account;
mod pages;
mod quota;
mod sale;
pub(crate) mod stripe;

use bottrade::plan::Plan;

use crate::app::{Client, TestApp};

/// Puts an account, which has a key by then, on a plan.
async fn on_plan(app: &TestApp, name: &str, plan: Plan) {
    let id = app.app.accounts.find(name).await.unwrap().id;
    app.app.accounts.set_plan(&id, plan).await.unwrap();
}

/// A server, and somebody on this plan.
async fn on(plan: Plan) -> (TestApp, Client) {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    on_plan(&app, "ada", plan).await;
    (app, ada)
}
