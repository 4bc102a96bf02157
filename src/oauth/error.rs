//! How the authorization server refuses: the words of RFC 6749, RFC 7591 and RFC 8707.

use http::StatusCode;
use serde_json::{Value, json};

use crate::error::Error;

/// A refusal at an endpoint that programs call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word}: {description}")]
pub struct OauthError {
    /// The word of the protocol.
    pub word: Word,
    /// What was wrong, and what to do about it.
    pub description: String,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// A parameter is missing, twice there or of the wrong form.
    InvalidRequest,
    /// The client is unknown.
    InvalidClient,
    /// The code or token is unknown, used, expired or another client's.
    InvalidGrant,
    /// A scope that does not exist or was not allowed.
    InvalidScope,
    /// A resource that this server does not guard.
    InvalidTarget,
    /// A grant that the token endpoint does not take.
    UnsupportedGrantType,
    /// A response that the authorization endpoint does not give.
    UnsupportedResponseType,
    /// The person said no.
    AccessDenied,
    /// Not now.
    TemporarilyUnavailable,
    /// Our fault.
    ServerError,
}

impl Word {
    /// The word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::AccessDenied => "access_denied",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::ServerError => "server_error",
        }
    }

    /// The status of an answer that says so.
    pub const fn status(self) -> StatusCode {
        match self {
            // Clients that get it forget what they registered, and register again.
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl OauthError {
    /// A refusal.
    pub fn new(word: Word, description: impl Into<String>) -> Self {
        Self { word, description: description.into() }
    }

    /// The body of the answer.
    pub fn body(&self) -> Value {
        json!({ "error": self.word.name(), "error_description": self.description })
    }
}

impl From<Error> for OauthError {
    fn from(error: Error) -> Self {
        let word = match error.status() {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                Word::TemporarilyUnavailable
            }
            status if status.is_server_error() => Word::ServerError,
            _ => Word::InvalidRequest,
        };
        Self::new(word, error.message)
    }
}

impl From<crate::store::StoreError> for OauthError {
    fn from(error: crate::store::StoreError) -> Self {
        Error::from(error).into()
    }
}
