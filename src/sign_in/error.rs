//! Why a person could not be signed in, and what they should do.

use super::{id_token::IdTokenFault, person::cleaned};
use crate::error::Error;
use crate::outbound::HttpFault;

/// Characters of a provider's own word for an error that the log repeats.
const WORD_MAX: usize = 60;

/// Why a sign-in failed. Its text is for the person; what it holds besides is for the log, without
/// secrets and control characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// No provider of this id is set up, or not any more.
    #[error("this server has no such way to sign in")]
    NoSuchProvider,
    /// The answer belongs to no sign-in of this browser: it was forged, or is an old page.
    #[error("this answer does not belong to the sign-in that you began")]
    OtherState,
    /// The answer comes from another provider than the one that was asked (RFC 9207).
    #[error("this answer comes from another provider than the one you chose")]
    OtherIssuer,
    /// The person took longer than [`super::PENDING_FOR`].
    #[error("the sign-in took too long")]
    TooLate,
    /// The person told the provider no.
    #[error("the provider was not allowed to tell who you are")]
    Denied,
    /// The provider sent an error, with this word.
    #[error("the provider refused the sign-in")]
    Refused(String),
    /// The provider sent neither a code nor an error.
    #[error("the provider's answer is incomplete")]
    NoCode,
    /// The code was used before, or is too old.
    #[error("the provider's answer was used before or is too old")]
    CodeRefused,
    /// The provider does not work, for now.
    #[error("the provider cannot be asked at the moment")]
    Unavailable(HttpFault),
    /// An answer of the provider, this one, is not what its protocol says.
    #[error("the provider's answer cannot be read")]
    Unreadable(&'static str),
    /// The ID token proves nothing.
    #[error("the provider's answer does not prove who you are")]
    NotProven(IdTokenFault),
    /// The settings of this server do not fit the provider.
    #[error("this way to sign in is not set up correctly")]
    Misconfigured(String),
}

impl SignInError {
    /// What the person should do.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoSuchProvider => "choose one from the sign-in page",
            Self::OtherState | Self::NoCode => {
                "nobody was signed in; begin again from the sign-in page, in this browser"
            }
            Self::OtherIssuer => {
                "nobody was signed in; begin again from the sign-in page, and trust no link that \
                 brought you here"
            }
            Self::TooLate | Self::CodeRefused => "begin again from the sign-in page",
            Self::Denied => {
                "nothing was changed; to sign in after all, begin again and allow it there"
            }
            Self::Refused(_) => "begin again; if it is refused again, sign in another way",
            Self::Unavailable(_) => "wait a minute and begin again, or sign in another way",
            Self::Unreadable(_) | Self::NotProven(_) => {
                "nobody was signed in; begin again, and if it happens twice tell the operator, \
                 whose log says why"
            }
            Self::Misconfigured(_) => {
                "sign in another way and tell the operator, whose log says what is wrong"
            }
        }
    }

    /// What it means that the provider could not be asked for this.
    pub(super) fn of_fault(fault: HttpFault, what: &'static str) -> Self {
        match fault {
            HttpFault::NotJson => Self::Unreadable(what),
            HttpFault::InTheClear | HttpFault::Status(404) => {
                Self::Misconfigured(format!("{what}: {fault}"))
            }
            _ => Self::Unavailable(fault),
        }
    }

    /// What the error word of a provider means, at either of its endpoints.
    pub(super) fn of_word(word: &str) -> Self {
        let shown = || cleaned(word, WORD_MAX);
        match word {
            "access_denied" => Self::Denied,
            // The second of each is GitHub's own.
            "invalid_grant" | "bad_verification_code" => Self::CodeRefused,
            "invalid_client"
            | "incorrect_client_credentials"
            | "redirect_uri_mismatch"
            | "unauthorized_client"
            | "invalid_scope" => Self::Misconfigured(shown()),
            "server_error" | "temporarily_unavailable" => {
                Self::Unavailable(HttpFault::Unreachable(shown()))
            }
            _ => Self::Refused(shown()),
        }
    }

    /// Tells the operator: what a person did is ordinary, the rest wants attention.
    pub(super) fn log(&self, provider: &str) {
        match self {
            Self::Denied | Self::TooLate | Self::NoSuchProvider | Self::NoCode => {
                tracing::info!(provider, "a sign-in was not finished: {self}");
            }
            _ => tracing::warn!(provider, detail = self.detail(), "a sign-in failed: {self}"),
        }
    }

    /// What the operator needs and the person does not.
    fn detail(&self) -> Option<String> {
        match self {
            Self::Refused(detail) | Self::Misconfigured(detail) => Some(detail.clone()),
            Self::Unreadable(what) => Some((*what).to_owned()),
            Self::Unavailable(fault) => Some(fault.to_string()),
            Self::NotProven(fault) => Some(format!("the ID token: {fault}")),
            _ => None,
        }
    }
}

impl From<SignInError> for Error {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::NoSuchProvider => Self::no_such_provider(error.hint()),
            SignInError::Unavailable(_) => Self::provider_unavailable(&error, error.hint()),
            _ => Self::sign_in_refused(&error, error.hint()),
        }
    }
}
