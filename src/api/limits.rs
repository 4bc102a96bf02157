//! What the server puts up with at its port: every limit in one place.

use std::time::Duration;

use crate::traffic::TrustedProxies;

/// Bytes that a request body may have.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Messages of MCP in one body, where a revision has several.
pub const BATCH_MAX: usize = 32;
/// Bytes that the head of a request may have, its first line included.
pub(super) const HEAD_BYTES_MAX: usize = 16 << 10;
/// Bytes of a request that are read ahead.
pub(super) const BUFFER_BYTES_MAX: usize = 64 << 10;
/// Bytes that the kernel keeps in each direction of a connection. Left to itself it keeps 4 MB of
/// answers for everyone who asks and does not read.
pub(super) const SOCKET_BYTES_MAX: u32 = 128 << 10;
/// Connections that wait to be accepted.
pub(super) const BACKLOG: u32 = 1024;
/// How often overdue connections are looked for; the error of every time-out of a connection.
pub(super) const SWEEP_EVERY: Duration = Duration::from_millis(250);
/// Connections that are told at the same time that there is no room; further ones are just
/// closed.
pub const TURNED_AWAY_MAX: usize = 128;
/// How long a newcomer that has to go again may take to ask and to hear it.
pub(super) const TURN_AWAY_MAX: Duration = Duration::from_secs(1);
/// The same of one that has to make room: whoever has just asked hears why.
pub(super) const LAST_WORD_MAX: Duration = Duration::from_millis(100);
/// How long the server waits when it cannot accept (no descriptors left).
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a server that was asked to end goes on as before, but for `Connection: close` on every
/// answer: a client that is about to call hears it there, not from a reset.
pub(super) const FAREWELL: Duration = Duration::from_millis(250);

/// The limits that differ from server to server or from test to test.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at the same time. One connection carries one call at a time, so this is also
    /// the number of calls under way, and the queues of the store hold as many.
    pub connections: usize,
    /// The same of one client address that is no trusted proxy's. (Of IPv6 the first 64 bits:
    /// what one client is given.)
    pub connections_per_address: usize,
    /// Whose header says who calls.
    pub trusted_proxies: TrustedProxies,
    /// From the connection to the end of the first request's head.
    pub first_head: Duration,
    /// From an answer to the end of the next request's head: the client takes the answer, thinks,
    /// and asks again.
    pub next_head: Duration,
    /// From the head of a request to the end of its body.
    pub body: Duration,
    /// From the head of a request to its answer.
    pub answer: Duration,
    /// From the wish to end to the end.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_per_address: 512,
            trusted_proxies: TrustedProxies::default(),
            first_head: Duration::from_secs(10),
            next_head: Duration::from_mins(1),
            body: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            drain: Duration::from_secs(8),
        }
    }
}
