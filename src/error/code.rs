//! Why a call failed, in a word, and what HTTP makes of it.

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

/// Why a call failed, in a word that programs can rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request is not what HTTP asks for.
    MalformedRequest,
    /// The body is not JSON.
    MalformedBody,
    /// A field is missing, unknown or of the wrong type.
    InvalidInput,
    /// A value breaks a documented limit or rule.
    Rejected,
    /// No credential came with a call that needs one.
    KeyRequired,
    /// The credential is unknown or revoked.
    KeyInvalid,
    /// The credential does not open this.
    ScopeRequired,
    /// The thing belongs to somebody else.
    NotYours,
    /// The call comes from a page, or by a name, that this server does not trust.
    ForeignOrigin,
    /// There is no such thing.
    NotFound,
    /// The address has other methods.
    MethodNotAllowed,
    /// The answer has other forms.
    NotAcceptable,
    /// The body is larger than any call needs.
    BodyTooLarge,
    /// The body did not come in time.
    TooSlow,
    /// The call contradicts an earlier one.
    Conflict,
    /// A plan that is paid for has it.
    PaymentRequired,
    /// The month of the plan has no more runs.
    RunLimitReached,
    /// The caller has called too often.
    TooManyCalls,
    /// The operator has not set this up.
    NotSetUp,
    /// The service cannot take the call now.
    Unavailable,
    /// Our fault.
    Internal,
}

impl Code {
    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        use StatusCode as S;
        match self {
            Self::MalformedRequest | Self::MalformedBody | Self::Rejected => S::BAD_REQUEST,
            Self::InvalidInput => S::UNPROCESSABLE_ENTITY,
            Self::KeyRequired | Self::KeyInvalid => S::UNAUTHORIZED,
            Self::ScopeRequired | Self::NotYours | Self::ForeignOrigin => S::FORBIDDEN,
            Self::NotFound => S::NOT_FOUND,
            Self::MethodNotAllowed => S::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => S::NOT_ACCEPTABLE,
            Self::BodyTooLarge => S::PAYLOAD_TOO_LARGE,
            Self::TooSlow => S::REQUEST_TIMEOUT,
            Self::Conflict => S::CONFLICT,
            Self::PaymentRequired => S::PAYMENT_REQUIRED,
            Self::RunLimitReached | Self::TooManyCalls => S::TOO_MANY_REQUESTS,
            Self::NotSetUp => S::NOT_IMPLEMENTED,
            Self::Unavailable => S::SERVICE_UNAVAILABLE,
            Self::Internal => S::INTERNAL_SERVER_ERROR,
        }
    }

    /// The header that goes with the status, where HTTP asks for one.
    pub(super) const fn header(self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::KeyRequired | Self::KeyInvalid => Some((
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"bottrade\""),
            )),
            Self::Unavailable => Some((header::RETRY_AFTER, HeaderValue::from_static("1"))),
            _ => None,
        }
    }
}
