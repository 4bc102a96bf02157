//! The stand-in's keys, and tokens signed with them in every way, right and wrong.

use std::sync::LazyLock;

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
        RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    Rs256,
    Es256,
    EdDsa,
    /// Not at all, and it says so.
    None,
    /// With the public key as a shared secret.
    Hs256WithPublicKey,
    /// By a key that the provider never published.
    ForeignKey,
    /// Rightly, and changed afterwards.
    Tampered,
}

struct Keys {
    rsa: RsaKeyPair,
    foreign: RsaKeyPair,
    ec: EcdsaKeyPair,
    ed: Ed25519KeyPair,
}

/// Made once per process: RSA keys take their time.
static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys {
    rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
    foreign: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
    ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
    ed: Ed25519KeyPair::generate().unwrap(),
});

/// The modulus in the DER form of a public key of 2048 bits whose exponent is 65537.
const MODULUS: std::ops::Range<usize> = 9..265;

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// S256 of a PKCE verifier.
pub(super) fn challenge(verifier: &str) -> String {
    base64(bottrade::store::chain::sha256(verifier.as_bytes()))
}

/// The published keys, beside one that nobody knows how to read.
pub(super) fn published(kid: &str) -> Value {
    let rsa = base64(&KEYS.rsa.public_key().as_ref()[MODULUS]);
    let point = KEYS.ec.public_key().as_ref();
    let (x, y) = (base64(&point[1..33]), base64(&point[33..]));
    let ed = base64(KEYS.ed.public_key());
    json!({ "keys": [
        { "kty": "AKP", "kid": "strange", "alg": "ML-DSA-44", "pub": "AA" },
        { "kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig", "n": rsa, "e": "AQAB" },
        { "kty": "EC", "kid": kid, "use": "sig", "crv": "P-256", "x": x, "y": y },
        { "kty": "OKP", "kid": kid, "crv": "Ed25519", "x": ed },
        { "kty": "RSA", "kid": kid, "use": "enc", "n": rsa, "e": "AQAB" },
    ] })
}

/// A token of these claims.
pub(super) fn token(signed: Signed, kid: &str, claims: &Value) -> String {
    let alg = match signed {
        Signed::Rs256 | Signed::ForeignKey | Signed::Tampered => "RS256",
        Signed::Es256 => "ES256",
        Signed::EdDsa => "EdDSA",
        Signed::None => "none",
        Signed::Hs256WithPublicKey => "HS256",
    };
    let header = json!({ "alg": alg, "kid": kid, "typ": "JWT" });
    let message = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
    let signature = match signed {
        Signed::Rs256 | Signed::Tampered => rsa(&KEYS.rsa, &message),
        Signed::ForeignKey => rsa(&KEYS.foreign, &message),
        Signed::Es256 => {
            let signature = KEYS.ec.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
            signature.as_ref().to_vec()
        }
        Signed::EdDsa => KEYS.ed.sign(message.as_bytes()).as_ref().to_vec(),
        Signed::None => Vec::new(),
        Signed::Hs256WithPublicKey => {
            let secret = hmac::Key::new(hmac::HMAC_SHA256, KEYS.rsa.public_key().as_ref());
            hmac::sign(&secret, message.as_bytes()).as_ref().to_vec()
        }
    };
    let message = match signed {
        Signed::Tampered => {
            let mut claims = claims.clone();
            claims["sub"] = json!("somebody-else");
            format!("{}.{}", base64(header.to_string()), base64(claims.to_string()))
        }
        _ => message,
    };
    format!("{message}.{}", base64(signature))
}

fn rsa(key: &RsaKeyPair, message: &str) -> Vec<u8> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    signature
}
