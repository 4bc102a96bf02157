//! MCP sessions that somebody allowed something: the id of one opens its grant, like a token.

use super::{Accounts, is_good};
use crate::{
    caller::{Account, Credential},
    error::Error,
    store,
};

/// How long a session is good when it is not used, in microseconds: half an hour.
pub const MCP_SESSION_IDLE: i64 = 1_800 * 1_000_000;
/// How long it is good however often it is used, in microseconds: a day. Its id is never renewed.
pub const MCP_SESSION_MICROS: i64 = 24 * 3_600 * 1_000_000;
/// Its end is put off at most this often, in microseconds: each time costs a write.
const PUT_OFF_EVERY: i64 = 60 * 1_000_000;

impl Accounts {
    /// The account that the id of a session opens; its use puts the session's end off.
    pub(super) async fn of_mcp_session(
        &self,
        hash: store::Digest,
        now: i64,
    ) -> Result<Option<Account>, Error> {
        let found = self.of_token(hash, now).await?.filter(|it| is_good(it, now));
        let Some(mut account) = found else { return Ok(None) };
        let owner = account.id.clone();
        if let Credential::Grant { id, expires_at, .. } = &mut account.credential
            && *expires_at < now + MCP_SESSION_IDLE - PUT_OFF_EVERY
        {
            let (grant, end) = (id.clone(), now + MCP_SESSION_IDLE);
            let put_off = self.store.write(move |tx| {
                store::grants::put_off(tx, &owner, &grant, end, MCP_SESSION_MICROS)
            });
            // A store that cannot write for now must not turn readers away.
            match put_off.await {
                Ok(end) => *expires_at = end.unwrap_or(*expires_at),
                Err(error) => tracing::warn!(%error, "the end of a session was not put off"),
            }
        }
        Ok(Some(account))
    }
}
