//! API keys: a prefix, 256 random bits and a checksum. Stored as SHA-256, shown once.

use std::fmt;

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

/// What the keys of a family begin with.
const fn prefix(family: Family) -> &'static str {
    match family {
        Family::Benchmark => "bt_",
        Family::Bot => "tvt_",
    }
}

/// A key in clear. Never logged: its debug form hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// A fresh key.
    pub fn mint(family: Family) -> Self {
        let mut secret = [0_u8; 32];
        fill_random(&mut secret);
        let mut text = format!("{}{}", prefix(family), base62(&secret, SECRET_DIGITS));
        text.push_str(&checksum(&text));
        Self(text)
    }

    /// The key, if its form and checksum are right: a mistyped key never reaches the store.
    pub fn parse(text: &str) -> Option<Self> {
        let known = [Family::Benchmark, Family::Bot];
        let rest = known.iter().find_map(|&family| text.strip_prefix(prefix(family)))?;
        let digits = rest.len() == SECRET_DIGITS + CHECKSUM_DIGITS
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !digits {
            return None;
        }
        let (body, sum) = text.split_at(text.len() - CHECKSUM_DIGITS);
        (checksum(body) == sum).then(|| Self(text.to_owned()))
    }

    /// What the store keeps.
    pub fn hash(&self) -> Digest {
        sha256(self.0.as_bytes())
    }

    /// The part that may be shown again.
    pub fn shown(&self) -> &str {
        &self.0[..SHOWN]
    }

    /// The whole key, for the one time it is handed over.
    pub fn reveal(&self) -> &str {
        &self.0
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
        for family in [Family::Benchmark, Family::Bot] {
            let key = Key::mint(family);
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
    fn the_debug_form_hides_the_secret() {
        let key = Key::mint(Family::Benchmark);
        assert!(!format!("{key:?}").contains(&key.reveal()[SHOWN..]));
    }
}
