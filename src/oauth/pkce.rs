//! Proof of possession of a code (RFC 7636), by S256 alone.

use aws_lc_rs::constant_time;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::store::chain::sha256;

/// The one method.
pub(super) const METHOD: &str = "S256";

/// Whether a text can be a challenge: 32 bytes in base64url.
pub(super) fn is_challenge(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// Whether a verifier is the one of this challenge.
pub(super) fn proves(verifier: &str, challenge: &str) -> bool {
    let fit = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.' | b'_' | b'~');
    let form = (43..=128).contains(&verifier.len()) && verifier.bytes().all(fit);
    let follows = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
    let same = constant_time::verify_slices_are_equal(follows.as_bytes(), challenge.as_bytes());
    form && same.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(is_challenge(challenge) && proves(verifier, challenge));
        assert!(!proves(&verifier[1..], challenge), "too short");
        assert!(!proves(&format!("{verifier}x"), challenge));
        assert!(!proves(verifier, verifier), "plain");
        assert!(!is_challenge("") && !is_challenge(&challenge[1..]));
    }
}
