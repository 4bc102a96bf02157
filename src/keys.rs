//! What opens something: a prefix, 256 random bits and a checksum. Stored as SHA-256, shown once.

use std::fmt;

use aws_lc_rs::hmac;

use crate::{
    clock::fill_random,
    store::{Digest, chain::sha256},
};

/// Digits of base 62, in order of value.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits that 256 bits take in base 62.
const SECRET_DIGITS: usize = 43;
/// Digits that a CRC-32 takes in base 62.
const CHECKSUM_DIGITS: usize = 6;
/// Characters of a key that may be shown again.
const SHOWN: usize = 10;

pub use crate::store::keys::Family;

/// What a secret opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A key of this family.
    Key(Family),
    /// The resource, for an OAuth client.
    Access,
    /// New tokens of an OAuth client.
    Refresh,
    /// The first tokens of an OAuth client.
    Code,
    /// The pages, for a browser that is signed in.
    Session,
    /// One step of a sign-in or a consent.
    Ticket,
    /// The page of a run that is not published.
    Link,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Key(Family::Bot),
        Self::Access,
        Self::Refresh,
        Self::Code,
        Self::Session,
        Self::Ticket,
        Self::Link,
        // The others begin with its prefix.
        Self::Key(Family::Benchmark),
    ];

    /// What it begins with.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Key(Family::Benchmark) => "bt_",
            Self::Key(Family::Bot) => "tvt_",
            Self::Access => "bt_oat_",
            Self::Refresh => "bt_ort_",
            Self::Code => "bt_code_",
            Self::Session => "bt_session_",
            Self::Ticket => "bt_ticket_",
            Self::Link => "bt_link_",
        }
    }
}

/// A secret in clear. Never logged: its debug form hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    kind: Kind,
    text: String,
}

impl Key {
    /// A fresh one.
    pub fn mint(kind: Kind) -> Self {
        let mut secret = [0_u8; 32];
        fill_random(&mut secret);
        Self::of(kind, &secret)
    }

    /// The one that follows from this one and a salt: who has both finds it again.
    #[must_use]
    pub fn successor(&self, kind: Kind, salt: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.text.as_bytes());
        let mut follows = hmac::Context::with_key(&key);
        follows.update(kind.prefix().as_bytes());
        follows.update(salt);
        Self::of(kind, follows.sign().as_ref())
    }

    fn of(kind: Kind, secret: &[u8]) -> Self {
        let mut text = format!("{}{}", kind.prefix(), base62(secret, SECRET_DIGITS));
        text.push_str(&checksum(&text));
        Self { kind, text }
    }

    /// The secret, if its form and checksum are right: a mistyped one never reaches the store.
    pub fn parse(text: &str) -> Option<Self> {
        let known = Kind::ALL.into_iter().find(|kind| text.starts_with(kind.prefix()));
        let kind = known?;
        let rest = text.strip_prefix(kind.prefix())?;
        let digits = rest.len() == SECRET_DIGITS + CHECKSUM_DIGITS
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !digits {
            return None;
        }
        let (body, sum) = text.split_at(text.len() - CHECKSUM_DIGITS);
        (checksum(body) == sum).then(|| Self { kind, text: text.to_owned() })
    }

    /// The same, if it opens this.
    pub fn parse_as(kind: Kind, text: &str) -> Option<Self> {
        Self::parse(text).filter(|it| it.kind == kind)
    }

    /// What it opens.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What the store keeps.
    pub fn hash(&self) -> Digest {
        sha256(self.text.as_bytes())
    }

    /// The part that may be shown again.
    pub fn shown(&self) -> &str {
        &self.text[..SHOWN]
    }

    /// The whole key, for the one time it is handed over.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}…)", self.shown())
    }
}

/// A big-endian number in base 62, padded to `digits`.
fn base62(bytes: &[u8], digits: usize) -> String {
    let mut number = bytes.to_vec();
    let mut text = vec![b'0'; digits];
    for digit in text.iter_mut().rev() {
        let mut rest = 0_u32;
        for byte in &mut number {
            let value = rest << 8 | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            rest = value % 62;
        }
        *digit = DIGITS[rest as usize];
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn checksum(text: &str) -> String {
    base62(&crc32fast::hash(text.as_bytes()).to_be_bytes(), CHECKSUM_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_any_slip_is_noticed() {
        for kind in Kind::ALL {
            let key = Key::mint(kind);
            assert_eq!(key.kind(), kind);
            let text = key.reveal();
            assert_eq!(Key::parse(text), Some(key.clone()));
            for at in 0..text.len() {
                let mut slip = text.as_bytes().to_vec();
                slip[at] = if slip[at] == b'a' { b'b' } else { b'a' };
                assert_eq!(Key::parse(std::str::from_utf8(&slip).unwrap()), None, "at {at}");
            }
            assert_eq!(Key::parse(&text[..text.len() - 1]), None);
        }
    }

    #[test]
    fn a_successor_follows_from_secret_salt_and_kind() {
        let (one, other) = (Key::mint(Kind::Refresh), Key::mint(Kind::Refresh));
        let next = one.successor(Kind::Refresh, b"salt");
        assert!(next == one.successor(Kind::Refresh, b"salt"), "found again");
        assert_eq!(Key::parse_as(Kind::Refresh, next.reveal()), Some(next.clone()));
        assert_eq!(Key::parse_as(Kind::Access, next.reveal()), None);
        let access = one.successor(Kind::Access, b"salt");
        let digits = |key: &Key| key.reveal().rsplit('_').next().map(str::to_owned);
        assert_ne!(digits(&access), digits(&next));
        assert!(next != one.successor(Kind::Refresh, b"sale"));
        assert!(next != other.successor(Kind::Refresh, b"salt"));
    }

    #[test]
    fn the_debug_form_hides_the_secret() {
        let key = Key::mint(Kind::Key(Family::Benchmark));
        assert!(!format!("{key:?}").contains(&key.reveal()[SHOWN..]));
    }
}
