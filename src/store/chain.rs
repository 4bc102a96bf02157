//! The hash chain of a journal.
//!
//! ```text
//! genesis = SHA-256(header)        hash(n) = SHA-256(hash(n-1) ‖ be64(seq) ‖ be64(at) ‖ command)
//! ```

use super::tx::Digest;
use aws_lc_rs::digest::{Context, SHA256, digest};

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
