//! Who sends an event: Stripe signs each with a secret that it shares with this server.

use aws_lc_rs::hmac;
use jiff::Timestamp;

use super::secret::Secret;

/// How far the time of a signature may be from ours, in seconds: an event that somebody recorded is
/// no use later.
pub const TOLERANCE_SECONDS: i64 = 300;
/// Signatures of one event that are looked at: one for each secret that is being replaced.
const SIGNATURES_MAX: usize = 8;

/// Why an event is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Forged {
    /// The header is missing or says nothing.
    #[error("there is no signature")]
    Unsigned,
    /// It was signed too long ago, or is yet to be.
    #[error("the signature is older than five minutes, or from the future")]
    Stale,
    /// Somebody else signed it, or something else.
    #[error("the signature is not of this event")]
    Wrong,
}

/// Refuses a body that none of these secrets signed a moment ago.
pub(super) fn check(
    secrets: &[Secret],
    header: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Forged> {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let at = parts().find(|(name, _)| *name == "t").map(|(_, value)| value);
    let at = at.ok_or(Forged::Unsigned)?;
    let signatures = parts().filter(|(name, _)| *name == "v1").take(SIGNATURES_MAX);
    let signatures: Vec<Vec<u8>> = signatures.filter_map(|(_, value)| bytes(value)).collect();
    if signatures.is_empty() {
        return Err(Forged::Unsigned);
    }
    let signed = [at.as_bytes(), b".", body].concat();
    let by = |secret: &Secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
        signatures.iter().any(|it| hmac::verify(&key, &signed, it).is_ok())
    };
    if !secrets.iter().any(by) {
        return Err(Forged::Wrong);
    }
    let at: i64 = at.parse().map_err(|_| Forged::Wrong)?;
    let apart = now.as_second().checked_sub(at).and_then(i64::checked_abs);
    if apart.is_none_or(|it| it > TOLERANCE_SECONDS) { Err(Forged::Stale) } else { Ok(()) }
}

/// The bytes of a hexadecimal text.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |it: &u8| char::from(*it).to_digit(16).and_then(|it| u8::try_from(it).ok());
    digits.chunks(2).map(|pair| Some(digit(&pair[0])? << 4 | digit(&pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::chain::hex;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    const NOW: i64 = 1_893_553_445;

    fn signed(secret: &str, at: i64, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, &[format!("{at}.").as_bytes(), body].concat());
        hex(&tag.as_ref().try_into().unwrap())
    }

    fn checked(header: &str, body: &[u8]) -> Result<(), Forged> {
        let secrets = [Secret::new("whsec_old"), Secret::new("whsec_new")];
        check(&secrets, header, body, Timestamp::from_second(NOW).unwrap())
    }

    fn header(secret: &str, at: i64) -> String {
        format!("t={at},v1={}", signed(secret, at, BODY))
    }

    #[test]
    fn each_secret_signs_while_one_replaces_another() {
        for secret in ["whsec_old", "whsec_new"] {
            assert_eq!(checked(&header(secret, NOW), BODY), Ok(()));
        }
        let both = format!(
            "t={NOW},v1={},v1={},v0=00",
            signed("whsec_other", NOW, BODY),
            signed("whsec_new", NOW, BODY)
        );
        assert_eq!(checked(&both, BODY), Ok(()));
        assert_eq!(checked(&header("whsec_other", NOW), BODY), Err(Forged::Wrong));
    }

    #[test]
    fn a_signature_is_good_for_five_minutes() {
        for (apart, good) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
            let told = checked(&header("whsec_new", NOW - apart), BODY);
            assert_eq!(told, if good { Ok(()) } else { Err(Forged::Stale) }, "{apart}");
        }
    }

    #[test]
    fn nothing_else_is_signed() {
        let good = header("whsec_new", NOW);
        assert_eq!(checked(&good, br#"{"id":"evt_2"}"#), Err(Forged::Wrong));
        let later = good.replace(&NOW.to_string(), &(NOW + 1).to_string());
        assert_eq!(checked(&later, BODY), Err(Forged::Wrong));
        assert_eq!(checked(&good.replace("v1=", "v0="), BODY), Err(Forged::Unsigned));
        for nothing in ["", "t=1", "v1=00", "t=,v1=", "x", "t=1,v1=zz", "t=1,v1=0"] {
            assert!(checked(nothing, BODY).is_err(), "{nothing:?}");
        }
        let endless = format!("t={NOW}{}", ",v1=00".repeat(10_000));
        assert_eq!(checked(&endless, BODY), Err(Forged::Wrong));
        let far = i64::MIN;
        assert_eq!(checked(&header("whsec_new", far), BODY), Err(Forged::Stale));
    }
}
