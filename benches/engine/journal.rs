//! A journal without a disk: every command in its canonical form, chained to the one before.

use bottrade::{
    runs::codec,
    store::{Digest, chain},
};
use sim::{Command, Market};

/// When the first command came, and how far apart they are, in microseconds.
const BEGAN: i64 = 1_700_000_000_000_000;
const APART: i64 = 1_000_000;

/// The end of a journal.
pub(crate) struct Journal {
    pub(crate) entries: i64,
    pub(crate) bytes: usize,
    hash: Digest,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self { entries: 0, bytes: 0, hash: chain::sha256(b"bench") }
    }

    /// Appends a command as the service does, up to the row that it would store.
    pub(crate) fn append(&mut self, market: &Market, command: &Command) -> anyhow::Result<()> {
        let line = codec::encode(market, command, None)?;
        self.entries += 1;
        self.bytes += line.len();
        self.hash = chain::link(&self.hash, self.entries, BEGAN + self.entries * APART, &line);
        Ok(())
    }
}
