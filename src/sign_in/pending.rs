//! A sign-in between the way to the provider and the way back.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use oauth2::{AuthorizationCode, CsrfToken, PkceCodeVerifier, RedirectUrl};
use serde::{Deserialize, Serialize};

use super::error::SignInError;
use crate::{
    clock::fill_random,
    store::{
        Digest,
        chain::{hex, sha256},
    },
};

/// Seconds that a person may spend at the provider.
pub const PENDING_FOR: i64 = 600;
/// Bytes of a code.
const CODE_MAX: usize = 4096;

/// A sign-in that was begun.
#[derive(Debug)]
pub struct Begun {
    /// Where to send the browser.
    pub url: String,
    /// What [`super::Providers::finish`] needs, once.
    pub pending: Pending,
}

/// What is kept while the person is at the provider, for [`PENDING_FOR`] at most and for one use:
/// for this browser alone, under something that only a cookie of it knows.
///
/// It opens nothing by itself: the verifier is of use only with the code and the client's secret.
#[derive(Debug, Serialize, Deserialize)]
pub struct Pending {
    pub(super) provider: String,
    /// Which provider that was: settings may change meanwhile.
    pub(super) issuer: String,
    pub(super) redirect_uri: RedirectUrl,
    pub(super) state: Digest,
    pub(super) nonce: Digest,
    pub(super) verifier: PkceCodeVerifier,
    /// In seconds.
    pub(super) begun_at: i64,
}

/// The query that the browser brings back from the provider. Its debug form hides code and state.
#[derive(Debug, Default, Deserialize)]
pub struct Callback {
    /// What came with the code.
    pub state: Option<CsrfToken>,
    /// What the person's identity is asked for with.
    pub code: Option<AuthorizationCode>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

impl Pending {
    /// The id of the provider that was asked.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The code of an answer that belongs to this sign-in and comes from its provider, in time.
    ///
    /// Nothing else in an answer is looked at before it is known whose it is.
    pub(super) fn code(
        &self,
        callback: Callback,
        says_issuer: bool,
        now: i64,
    ) -> Result<AuthorizationCode, SignInError> {
        if !(0..PENDING_FOR).contains(&now.saturating_sub(self.begun_at)) {
            return Err(SignInError::TooLate);
        }
        if !callback.state.is_some_and(|state| is_digest_of(&self.state, state.secret())) {
            return Err(SignInError::OtherState);
        }
        match callback.iss {
            Some(issuer) if issuer == self.issuer => (),
            None if !says_issuer => (),
            _ => return Err(SignInError::OtherIssuer),
        }
        if let Some(word) = callback.error {
            return Err(SignInError::of_word(&word));
        }
        let code = callback.code.filter(|code| (1..=CODE_MAX).contains(&code.secret().len()));
        code.ok_or(SignInError::NoCode)
    }
}

/// 256 random bits in characters that every protocol takes.
pub(super) fn one_time() -> String {
    let mut secret = [0; 32];
    fill_random(&mut secret);
    hex(&secret)
}

/// Whether this is the digest of that text, in a time that does not tell how nearly.
pub(super) fn is_digest_of(digest: &Digest, text: &str) -> bool {
    verify_slices_are_equal(digest, &sha256(text.as_bytes())).is_ok()
}
