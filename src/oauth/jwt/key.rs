//! One signing key: an Ed25519 key pair in the forms that signing, checking and publishing take.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{Jwk, PublicKeyUse, ThumbprintHash},
};

use super::SigningKeysError;
use crate::clock::fill_random;

/// Bytes of the secret from which a key pair follows.
const SEED_BYTES: usize = 32;

/// A key pair.
pub(super) struct SigningKey {
    /// The thumbprint of the public key (RFC 7638), by which tokens name it.
    pub(super) kid: String,
    /// In seconds since 1970.
    pub(super) created_at: i64,
    pub(super) private: EncodingKey,
    pub(super) public: DecodingKey,
    /// The public key as it is published.
    pub(super) jwk: Jwk,
}

impl SigningKey {
    /// A fresh key.
    pub(super) fn generate(created_at: i64) -> Result<Self, SigningKeysError> {
        let mut seed = [0_u8; SEED_BYTES];
        fill_random(&mut seed);
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok();
        let key = pair.and_then(|pair| Self::of(&pair, created_at));
        key.ok_or(SigningKeysError::Unmade)
    }

    /// The key in the PKCS#8 form that [`Self::as_pkcs8`] gave, and in no other.
    pub(super) fn from_pkcs8(bytes: &[u8], created_at: i64) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(bytes).ok()?;
        Self::of(&pair, created_at).filter(|key| key.as_pkcs8() == bytes)
    }

    /// The whole key, private part included (RFC 8410).
    pub(super) fn as_pkcs8(&self) -> &[u8] {
        self.private.as_bytes()
    }

    fn of(pair: &Ed25519KeyPair, created_at: i64) -> Option<Self> {
        let private = EncodingKey::from_ed_der(pair.to_pkcs8v1().ok()?.as_ref());
        let public = DecodingKey::from_ed_der(pair.public_key().as_ref());
        let mut jwk = Jwk::from_decoding_key(&public, Some(Algorithm::EdDSA)).ok()?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).ok()?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Some(Self { kid, created_at, private, public, jwk })
    }
}
