//! Who the caller is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Access, Cx, Effect, Op, Route};
use crate::{error::Error, runs::Caller};

#[doc = include_str!("../../tools/auth_status.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthStatus {}

/// Whether a credential came with the call, and whose it is.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Auth {
    /// `connected` or `auth_required`.
    status: &'static str,
    /// `api_key_or_bearer` or `none`.
    auth_method: &'static str,
    /// The account's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// The key's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// What to do next.
    next_action: &'static str,
    /// How to do it.
    message: String,
}

impl Op for AuthStatus {
    const NAME: &'static str = "auth_status";
    const ROUTE: Route = Route::get("/api/v1/auth/status");
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Public;
    type Output = Auth;

    async fn run(self, cx: &Cx) -> Result<Auth, Error> {
        Ok(match &cx.caller {
            Caller::Anonymous => Auth {
                status: "auth_required",
                auth_method: "none",
                account: None,
                key: None,
                next_action: "send_api_key",
                message: Error::key_required().hint.unwrap_or_default(),
            },
            Caller::Account(account) => Auth {
                status: "connected",
                auth_method: "api_key_or_bearer",
                account: Some(account.name.clone()),
                key: Some(account.key_name.clone()),
                next_action: "list_scenarios",
                message: "The key is valid; every operation is open.".into(),
            },
        })
    }
}
