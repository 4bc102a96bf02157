//! The hash chain of a journal.
//!
//! ```text
//! genesis = SHA-256(header)        hash(n) = SHA-256(hash(n-1) ‖ be64(seq) ‖ be64(at) ‖ command)
//! ```

use super::tx::Digest;
use aws_lc_rs::digest::{Context, SHA256, digest};
use std::fmt::Write as _;

/// The last link of a journal: number 0 and the genesis before the first command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last command.
    pub seq: i64,
    /// Its hash.
    pub hash: Digest,
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Digest {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// A digest in lower-case hexadecimal.
pub fn hex(digest: &Digest) -> String {
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The digest of 64 lower-case hexadecimal digits.
pub fn parse_hex(text: &str) -> Option<Digest> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut digest = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != digest.len() || !rest.is_empty() {
        return None;
    }
    for (byte, &[high, low]) in digest.iter_mut().zip(pairs) {
        *byte = nibble(high)? << 4 | nibble(low)?;
    }
    Some(digest)
}

/// The hash of a command that follows `prev`.
pub fn link(prev: &Digest, seq: i64, at: i64, command: &str) -> Digest {
    let mut context = Context::new(&SHA256);
    context.update(prev);
    context.update(&seq.to_be_bytes());
    context.update(&at.to_be_bytes());
    context.update(command.as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}
