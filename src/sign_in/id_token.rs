//! Whether an ID token proves who somebody is: signed by the provider's key, made for us, now,
//! for this sign-in (OpenID Connect Core 3.1.3.7).

use jsonwebtoken::{
    Algorithm, DecodingKey, Header, Validation, decode, decode_header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

use super::pending::is_digest_of;
use crate::store::Digest;

/// Seconds by which a provider's clock may differ from ours.
const LEEWAY: i64 = 60;

/// The algorithms that are taken, by the names that discovery uses. Never `none`, and never one
/// with a shared secret: the provider's public keys would be such secrets.
const ALGORITHMS: &[(&str, Algorithm)] =
    &[("RS256", Algorithm::RS256), ("ES256", Algorithm::ES256), ("EdDSA", Algorithm::EdDSA)];

/// What is wrong with an ID token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenFault {
    /// There is none.
    #[error("there is none")]
    Missing,
    /// It is no signed JSON web token, or signed in a way that is never taken.
    #[error("it is not a signed token of a kind that is taken")]
    Header,
    /// Its algorithm is not among those that the provider announced.
    #[error("its algorithm is not one that the provider announced")]
    Algorithm,
    /// No key of the provider is the one it names.
    #[error("no key of the provider is the one it names")]
    Key,
    /// The signature does not fit.
    #[error("its signature does not fit")]
    Signature,
    /// A claim is missing or has another type.
    #[error("a claim is missing or has another type")]
    Claims,
    /// Somebody else issued it.
    #[error("somebody else issued it")]
    Issuer,
    /// It was made for another client.
    #[error("it was made for another client")]
    Audience,
    /// It is not valid any more.
    #[error("it has expired")]
    Expired,
    /// It is not valid yet.
    #[error("it comes from the future")]
    Future,
    /// It was made for another sign-in.
    #[error("it was made for another sign-in")]
    Nonce,
    /// It names nobody that an account could belong to.
    #[error("its subject cannot be used")]
    Subject,
}

/// What must be true of a token.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a Digest,
    pub(super) algorithms: &'a [Algorithm],
    /// In seconds.
    pub(super) now: i64,
}

/// The claims of a token that are read.
#[derive(Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    pub(super) sub: String,
    #[serde(flatten)]
    pub(super) profile: Profile,
}

/// What a person may be called: in an ID token or beside it.
#[derive(Default, Deserialize)]
pub(super) struct Profile {
    pub(super) name: Option<String>,
    pub(super) preferred_username: Option<String>,
    pub(super) email: Option<String>,
    /// A boolean; some providers write it as text.
    pub(super) email_verified: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// The algorithms of a discovery document that are taken.
pub(super) fn algorithms(announced: &[String]) -> Vec<Algorithm> {
    let known = ALGORITHMS.iter().filter(|(name, _)| announced.iter().any(|it| it == name));
    known.map(|(_, algorithm)| *algorithm).collect()
}

/// The claims of a token that one of these keys signed and that is what is expected.
pub(super) fn verify(
    token: &str,
    keys: &[Jwk],
    expected: &Expected<'_>,
) -> Result<Claims, IdTokenFault> {
    let header = decode_header(token).map_err(|_| IdTokenFault::Header)?;
    // A header that must be understood, and is not.
    if header.crit.is_some() {
        return Err(IdTokenFault::Header);
    }
    if !expected.algorithms.contains(&header.alg) {
        return Err(IdTokenFault::Algorithm);
    }
    let key = DecodingKey::from_jwk(key(&header, keys)?).map_err(|_| IdTokenFault::Key)?;
    let claims = decode::<Value>(token, &key, &signature_only(header.alg))
        .map_err(|_| IdTokenFault::Signature)?
        .claims;
    let claims = serde_json::from_value(claims).map_err(|_| IdTokenFault::Claims)?;
    check(&claims, expected)?;
    Ok(claims)
}

/// The claims are checked here, against our own clock.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

/// The key that a token names; one that names none means the only one there is.
fn key<'a>(header: &Header, keys: &'a [Jwk]) -> Result<&'a Jwk, IdTokenFault> {
    let named = |jwk: &&Jwk| header.kid.is_none() || jwk.common.key_id == header.kid;
    let mut fitting = keys.iter().filter(|jwk| fits(jwk, header.alg)).filter(named);
    match (fitting.next(), fitting.next()) {
        (Some(key), None) => Ok(key),
        _ => Err(IdTokenFault::Key),
    }
}

/// Whether a key may verify signatures of this algorithm.
fn fits(jwk: &Jwk, algorithm: Algorithm) -> bool {
    let kind = match (&jwk.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), Algorithm::RS256) => true,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => {
            key.curve == EllipticCurve::P256
        }
        (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) => {
            key.curve == EllipticCurve::Ed25519
        }
        _ => false,
    };
    let usage = jwk.common.public_key_use.as_ref();
    kind && usage.is_none_or(|it| *it == PublicKeyUse::Signature)
        && jwk.common.key_algorithm.is_none_or(|it| it == KeyAlgorithm::from(algorithm))
}

fn check(claims: &Claims, expected: &Expected<'_>) -> Result<(), IdTokenFault> {
    let &Expected { issuer, client_id, nonce, now, .. } = expected;
    if claims.iss != issuer {
        return Err(IdTokenFault::Issuer);
    }
    let for_us = match &claims.aud {
        Audience::One(one) => one == client_id,
        // One of several must say that it is the one that asked.
        Audience::Many(many) => {
            many.iter().any(|it| it == client_id) && (many.len() == 1 || claims.azp.is_some())
        }
    };
    if !for_us || claims.azp.as_ref().is_some_and(|it| it != client_id) {
        return Err(IdTokenFault::Audience);
    }
    if claims.exp.saturating_add(LEEWAY) <= now {
        return Err(IdTokenFault::Expired);
    }
    if claims.iat.max(claims.nbf.unwrap_or(i64::MIN)) > now.saturating_add(LEEWAY) {
        return Err(IdTokenFault::Future);
    }
    if !claims.nonce.as_ref().is_some_and(|it| is_digest_of(nonce, it)) {
        return Err(IdTokenFault::Nonce);
    }
    Ok(())
}
