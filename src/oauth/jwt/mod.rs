//! Short-lived tokens for the key-management routes of the bot API: JWTs signed with Ed25519, in
//! the profile of RFC 9068.
//!
//! This server is their issuer and their only audience, so it takes exactly what it gives out: one
//! algorithm, one type, its own keys, its own claims. A token cannot be taken back before it
//! expires; its claim `sid` names what it was made from, and the door asks whether that still
//! stands.

mod folder;
mod key;
#[cfg(test)]
mod tests;

use std::{
    fmt, mem,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use jiff::SignedDuration;
use jsonwebtoken::{
    Algorithm, DecodingKey, Header, Validation, decode, decode_header, encode, errors::ErrorKind,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    clock::{Clock, new_id},
    error::Error,
};
use folder::Folder;
use key::SigningKey;

/// How long a token is good.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// What a token allows: to manage the keys of its account.
pub const SCOPE: &str = "bottrade:keys";
/// The address below the issuer's for which tokens are: the bot API.
pub const AUDIENCE_PATH: &str = "/api/v1/bot";
/// After how long a new key signs.
const ROTATE_EVERY: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Former keys that are kept while their tokens live. One is the rule; more come of a clock that
/// was set ahead.
const FORMER_MAX: usize = 4;
/// How far a token may seem to come from the future: what a clock may be set back.
const SKEW: SignedDuration = SignedDuration::from_secs(5);
/// Bytes of a token that are looked at.
const TOKEN_BYTES_MAX: usize = 4096;
/// The type of RFC 9068: no other kind of JWT is taken for an access token.
const TYPE: &str = "at+jwt";

/// For whom a token is, and what it is made from.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    /// The account's id.
    pub account: &'a str,
    /// The OAuth client that asks; of a browser session the name of this site's own pages.
    pub client_id: &'a str,
    /// The id of the browser session or of the family of refresh tokens. It is readable in the
    /// token, so it must not be a secret.
    pub session: &'a str,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The issuer: this server's public URL.
    pub iss: String,
    /// The audience: the issuer's bot API.
    pub aud: String,
    /// The account's id.
    pub sub: String,
    /// The client that asked.
    pub client_id: String,
    /// [`SCOPE`].
    pub scope: String,
    /// What the token was made from: [`Grant::session`].
    pub sid: String,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// When it ends to be good, likewise.
    pub exp: i64,
    /// The token's own id.
    pub jti: String,
}

/// Why a token is not good here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// More than a token of ours can have.
    #[error("the token is too long")]
    Oversize,
    /// Not a JWT, of an algorithm that is none, or with other claims than ours.
    #[error("the token is not one that this server issues")]
    Malformed,
    /// Signed otherwise than with EdDSA.
    #[error("the token's algorithm is not EdDSA")]
    Algorithm,
    /// A JWT for something else.
    #[error("the token's type is not at+jwt")]
    Type,
    /// No `kid`, or that of no key that signs or has signed a token that may still be good.
    #[error("the token was not signed with a key of this server")]
    UnknownKey,
    /// A header that would have us look elsewhere for a key, or whose sense we do not know.
    #[error("the token's header has more than alg, typ and kid")]
    Header,
    /// The signature is not that of this content.
    #[error("the token's signature is wrong")]
    Signature,
    /// Issued under another address.
    #[error("the token is from another issuer")]
    Issuer,
    /// For another service, or for another purpose.
    #[error("the token is for another service")]
    Audience,
    /// Issued in the future.
    #[error("the token is not good yet")]
    NotYet,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
}

/// Why the keys cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeysError {
    /// The file system refuses.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file is not what was written.
    #[error(
        "{} is damaged: {problem}; put it back from a backup, or delete it: the tokens that it \
         signed then end early, within {} min of their issue anyway",
        path.display(),
        LIFETIME.as_mins()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: &'static str,
    },
    /// The cryptography library refuses.
    #[error("no signing key can be made")]
    Unmade,
}

/// A key that signs no more.
struct Former {
    key: SigningKey,
    /// When the last token that it signed expires, in seconds since 1970.
    until: i64,
}

struct Ring {
    current: SigningKey,
    /// Oldest first.
    former: Vec<Former>,
}

/// The keys that sign tokens, and those that did.
pub struct SigningKeys {
    issuer: String,
    audience: String,
    clock: Arc<dyn Clock>,
    folder: Option<Folder>,
    ring: RwLock<Ring>,
}

impl SigningKeys {
    /// The keys in `<data-dir>/signing-keys`; a first one is made when there is none. `issuer` is
    /// the public URL, without a trailing slash.
    pub fn open(
        data_dir: &Path,
        issuer: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SigningKeysError> {
        let folder = Folder::open(data_dir)?;
        let ring = if let Some(ring) = Ring::of(folder.keys()?) {
            ring
        } else {
            let first = SigningKey::generate(clock.now().as_second())?;
            folder.keep(&first)?;
            Ring { current: first, former: Vec::new() }
        };
        let keys = Self::new(issuer, clock, Some(folder), ring);
        keys.rotate_if_due()?;
        Ok(keys)
    }

    /// Keys that end with the process.
    pub fn in_memory(issuer: &str, clock: Arc<dyn Clock>) -> Result<Self, SigningKeysError> {
        let current = SigningKey::generate(clock.now().as_second())?;
        Ok(Self::new(issuer, clock, None, Ring { current, former: Vec::new() }))
    }

    fn new(issuer: &str, clock: Arc<dyn Clock>, folder: Option<Folder>, ring: Ring) -> Self {
        let audience = format!("{issuer}{AUDIENCE_PATH}");
        Self { issuer: issuer.to_owned(), audience, clock, folder, ring: RwLock::new(ring) }
    }

    /// A token for [`LIFETIME`].
    pub fn issue(&self, grant: &Grant<'_>) -> Result<String, Error> {
        let now = self.clock.now();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: grant.account.to_owned(),
            client_id: grant.client_id.to_owned(),
            scope: SCOPE.to_owned(),
            sid: grant.session.to_owned(),
            iat: now.as_second(),
            exp: now.as_second() + LIFETIME.as_secs(),
            jti: new_id(now).to_string(),
        };
        let ring = self.ring();
        encode(&header(&ring.current.kid), &claims, &ring.current.private).map_err(Error::internal)
    }

    /// What a token says, if it is one of ours and its time is not over.
    pub fn verify(&self, token: &str) -> Result<Claims, JwtError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(JwtError::Oversize);
        }
        let now = self.clock.now().as_second();
        let public = self.key_of(token, now)?;
        let claims = signed(token, &public)?;
        if claims.iss != self.issuer {
            return Err(JwtError::Issuer);
        }
        if claims.aud != self.audience || claims.scope != SCOPE {
            return Err(JwtError::Audience);
        }
        if claims.iat > now + SKEW.as_secs() {
            return Err(JwtError::NotYet);
        }
        if claims.exp <= now {
            return Err(JwtError::Expired);
        }
        Ok(claims)
    }

    /// The key with which a token says it was signed, if its header is one that we write.
    fn key_of(&self, token: &str, now: i64) -> Result<DecodingKey, JwtError> {
        let found = decode_header(token).map_err(|_| JwtError::Malformed)?;
        if found.alg != Algorithm::EdDSA {
            return Err(JwtError::Algorithm);
        }
        if found.typ.as_deref() != Some(TYPE) {
            return Err(JwtError::Type);
        }
        let ring = self.ring();
        let kid = found.kid.as_deref().unwrap_or_default();
        let key = ring.verifying(now).find(|key| key.kid == kid).ok_or(JwtError::UnknownKey)?;
        // Neither `jwk` nor `jku`, `x5u`, `crit` or anything else.
        if found == header(kid) { Ok(key.public.clone()) } else { Err(JwtError::Header) }
    }

    /// The public keys as a JWK set (RFC 7517), the current one first.
    pub fn jwks(&self) -> Value {
        let now = self.clock.now().as_second();
        let ring = self.ring();
        json!({ "keys": ring.verifying(now).map(|key| &key.jwk).collect::<Vec<_>>() })
    }

    /// Has a new key sign when the current one has signed for 30 days, and forgets those whose
    /// tokens have expired; says whether there is a new one. Writes files.
    pub fn rotate_if_due(&self) -> Result<bool, SigningKeysError> {
        let now = self.clock.now().as_second();
        let mut ring = self.ring_mut();
        let due = now - ring.current.created_at >= ROTATE_EVERY.as_secs();
        if due {
            let fresh = SigningKey::generate(now)?;
            if let Some(folder) = &self.folder {
                folder.keep(&fresh)?;
            }
            let key = mem::replace(&mut ring.current, fresh);
            ring.former.push(Former { key, until: now + LIFETIME.as_secs() });
        }
        for key in ring.take_expired(now) {
            if let Some(folder) = &self.folder {
                folder.forget(&key)?;
            }
        }
        Ok(due)
    }

    fn ring(&self) -> RwLockReadGuard<'_, Ring> {
        // Each change is a statement or two that cannot panic.
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring_mut(&self) -> RwLockWriteGuard<'_, Ring> {
        self.ring.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKeys({}…)", self.ring().current.kid)
    }
}

impl Ring {
    /// The youngest signs; each former one did until the next was made.
    fn of(mut keys: Vec<SigningKey>) -> Option<Self> {
        keys.sort_by_key(|key| key.created_at);
        let current = keys.pop()?;
        let mut next = current.created_at;
        let mut former: Vec<Former> = Vec::new();
        while let Some(key) = keys.pop() {
            let until = next + LIFETIME.as_secs();
            next = key.created_at;
            former.insert(0, Former { key, until });
        }
        Some(Self { current, former })
    }

    /// The keys whose tokens may be good, the current one first.
    fn verifying(&self, now: i64) -> impl Iterator<Item = &SigningKey> {
        let former = self.former.iter().rev().filter(move |it| now < it.until);
        std::iter::once(&self.current).chain(former.map(|it| &it.key))
    }

    /// Takes out the keys whose tokens have expired, and the oldest of too many.
    fn take_expired(&mut self, now: i64) -> Vec<SigningKey> {
        let spare = self.former.len().saturating_sub(FORMER_MAX);
        let mut at = 0..;
        let over = |it: &mut Former| at.next().is_some_and(|at| at < spare) || it.until <= now;
        self.former.extract_if(.., over).map(|it| it.key).collect()
    }
}

/// The only header that our tokens have.
fn header(kid: &str) -> Header {
    let (typ, kid) = (Some(TYPE.to_owned()), Some(kid.to_owned()));
    Header { typ, kid, ..Header::new(Algorithm::EdDSA) }
}

/// The claims, if the signature is this key's.
fn signed(token: &str, public: &DecodingKey) -> Result<Claims, JwtError> {
    let mut signature_only = Validation::new(Algorithm::EdDSA);
    // Of time the library asks the machine; of the rest it takes several forms, we write one.
    signature_only.required_spec_claims.clear();
    (signature_only.validate_exp, signature_only.validate_aud) = (false, false);
    match decode::<Claims>(token, public, &signature_only) {
        Ok(token) => Ok(token.claims),
        Err(error) if *error.kind() == ErrorKind::InvalidSignature => Err(JwtError::Signature),
        Err(_) => Err(JwtError::Malformed),
    }
}
