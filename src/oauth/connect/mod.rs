//! Clients that have no OAuth of their own but return our `Mcp-Session-Id`: such a client shows a
//! link, a person opens it in a browser, and what they allow there the session may do.
//!
//! A session that was allowed something is a grant like any other, whose only token is the id of
//! the session. Until then it is in memory and opens nothing. An id is allowed something once:
//! when that ends, the id ends with it, whoever has it.

mod waiting;

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::{sync::Semaphore, time};

use super::{Decision, Oauth, authorize::UNNAMED, client::name};
use crate::{
    accounts::{Accounts, Event, MCP_SESSION_IDLE, Session, note},
    caller::{Account, Scopes},
    clock::{Clock, new_id},
    error::Error,
    keys::{Key, Kind},
    store::{
        Digest, Store, accounts,
        grants::{self, Grant, Kind as TokenKind, Token},
        tickets,
    },
};
use waiting::{Begun, Client, Waiting};

/// The client of the grants that follow.
const CLIENT_ID: &str = "connect_bottrade";
/// What a session asks for: all that the tools take.
const ASKED: Scopes = Scopes::ALL;
/// How long a link is good, in microseconds: ten minutes.
const LINK_MICROS: i64 = 600 * 1_000_000;
/// How often a call that waits looks whether the person has answered.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Calls that wait at the same time, of all the server can have; further ones do not wait.
const WAITING_CALLS_MAX: usize = 128;
/// Letters of a code: none looks like another.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const CONNECT: &str = "connect";

/// Where a client stands that returned the id of a session.
#[derive(Debug, Clone)]
pub enum Standing {
    /// Somebody allowed it something.
    Connected(Arc<Account>),
    /// The session is ours, and nobody has allowed it anything.
    Open(Key),
    /// It was never ours, or has ended.
    Unknown,
}

/// What a person opens to allow a session something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The address of the page.
    pub url: String,
    /// What page and program both show.
    pub code: String,
    /// When it is good no more, in microseconds since 1970.
    pub good_until: i64,
}

/// What became of a link.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The person said yes.
    Yes(Arc<Account>),
    /// The person said no, or nothing in time.
    No,
    /// The person was not heard yet.
    NotYet(Link),
}

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What the client calls itself; nobody vouches for it.
    pub client: String,
    /// Where it calls from.
    pub from: String,
    /// What the program that asks shows, too.
    pub code: String,
    /// What it asks for.
    pub scopes: Scopes,
}

/// What is kept of a question.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    session: Digest,
    client: String,
    from: String,
}

/// Sessions, and what people allow them.
pub struct Connect {
    store: Store,
    accounts: Arc<Accounts>,
    clock: Arc<dyn Clock>,
    public_url: String,
    resource: String,
    waiting: Waiting,
    calls: Semaphore,
}

impl Connect {
    /// For the server of this authorization server.
    pub fn new(
        oauth: &Oauth,
        store: Store,
        accounts: Arc<Accounts>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (public_url, resource) = (oauth.issuer.clone(), oauth.resource());
        let (waiting, calls) = (Waiting::default(), Semaphore::new(WAITING_CALLS_MAX));
        Self { store, accounts, clock, public_url, resource, waiting, calls }
    }

    /// A session for a client that calls itself this and calls from there: its id.
    pub fn open(&self, client: &str, from: String) -> Key {
        let id = Key::mint(Kind::McpSession);
        let name = name::clean(client).unwrap_or_else(|| UNNAMED.to_owned());
        self.waiting.open(id.hash(), Client { name, from }, self.now());
        id
    }

    /// Where the client stands that returned this id.
    pub async fn standing(&self, id: &str) -> Result<Standing, Error> {
        let Some(id) = Key::parse_as(Kind::McpSession, id) else { return Ok(Standing::Unknown) };
        if let Some(account) = self.accounts.holder(&id).await? {
            return Ok(Standing::Connected(account));
        }
        let is_open = self.waiting.touch(&id.hash(), self.now());
        Ok(if is_open { Standing::Open(id) } else { Standing::Unknown })
    }

    /// The link that waits for a person, if there is one.
    pub fn link(&self, session: &Key) -> Option<Link> {
        self.waiting.question(&session.hash(), self.now()).map(|it| self.link_of(&it))
    }

    /// The link that waits for a person, or a new one; and whether it is new.
    pub async fn ask(&self, session: &Key) -> Result<(Link, bool), Error> {
        if let Some(link) = self.link(session) {
            return Ok((link, false));
        }
        let hash = session.hash();
        let client = self.waiting.client(&hash).ok_or_else(Error::key_required)?;
        let asked = Asked { session: hash, client: client.name, from: client.from };
        let ticket = self.accounts.issue(Kind::Ticket, CONNECT, &asked, LINK_MICROS).await?;
        let now = self.now();
        let question = Begun { ticket, good_until: now + LINK_MICROS };
        // Of two that ask at the same time, both show the same link.
        Ok((self.link_of(&self.waiting.begin(&hash, question, now)), true))
    }

    fn link_of(&self, question: &Begun) -> Link {
        Link {
            url: format!("{}/connect/{}", self.public_url, question.ticket.reveal()),
            code: code(&question.ticket),
            good_until: question.good_until,
        }
    }

    /// What became of the session's link.
    async fn answer(&self, session: &Key) -> Result<Answer, Error> {
        if let Some(account) = self.accounts.holder(session).await? {
            return Ok(Answer::Yes(account));
        }
        Ok(self.link(session).map_or(Answer::No, Answer::NotYet))
    }

    /// The same, as soon as the person answered or this time is over.
    pub async fn wait(&self, session: &Key, time: Duration) -> Result<Answer, Error> {
        let Ok(_permit) = self.calls.try_acquire() else { return self.answer(session).await };
        let answered = async {
            loop {
                match self.answer(session).await {
                    Ok(Answer::NotYet(_)) => time::sleep(LOOK_EVERY).await,
                    answered => return answered,
                }
            }
        };
        match time::timeout(time, answered).await {
            Ok(answered) => answered,
            Err(_) => self.answer(session).await,
        }
    }

    /// What a person is asked who opens a link.
    pub async fn question(&self, ticket: &str) -> Result<Question, Error> {
        let stale = Error::question_answered;
        let asked: Asked = self.accounts.look(CONNECT, ticket).await?.ok_or_else(stale)?;
        let ticket = Key::parse_as(Kind::Ticket, ticket).ok_or_else(stale)?;
        let Asked { client, from, .. } = asked;
        Ok(Question { client, from, code: code(&ticket), scopes: ASKED })
    }

    /// Takes the person's answer; whether it is yes. The first one counts.
    pub async fn decide(
        &self,
        ticket: &str,
        person: &Session,
        decision: Decision,
    ) -> Result<bool, Error> {
        let stale = Error::question_answered;
        let asked: Asked = self.accounts.look(CONNECT, ticket).await?.ok_or_else(stale)?;
        let session = asked.session;
        match decision {
            Decision::Allow(scopes) if ASKED.include(scopes) && !scopes.is_empty() => {
                let key = Key::parse_as(Kind::Ticket, ticket).ok_or_else(stale)?;
                if !self.allow(key.hash(), asked, &person.account.id, scopes).await? {
                    return Err(stale());
                }
                self.waiting.remove(&session);
                Ok(true)
            }
            Decision::Allow(_) | Decision::Deny => {
                self.accounts.take::<Asked>(CONNECT, ticket).await?.ok_or_else(stale)?;
                self.waiting.end(&session);
                Ok(false)
            }
        }
    }

    /// Makes the grant of a session; false when the question was answered before.
    async fn allow(
        &self,
        ticket: Digest,
        asked: Asked,
        account_id: &str,
        scopes: Scopes,
    ) -> Result<bool, Error> {
        let now = self.clock.now();
        let at = now.as_microsecond();
        let grant = Grant {
            id: new_id(now).to_string(),
            account_id: account_id.to_owned(),
            client_id: CLIENT_ID.to_owned(),
            client_name: asked.client,
            scope: scopes.to_string(),
            resource: self.resource.clone(),
            created_at: at,
            last_used_at: None,
            expires_at: at + MCP_SESSION_IDLE,
            revoked_at: None,
        };
        let token = Token {
            grant_id: grant.id.clone(),
            kind: TokenKind::Access,
            scope: grant.scope.clone(),
            created_at: at,
            expires_at: grant.expires_at,
            used_at: None,
            salt: None,
        };
        let allowed = self.store.write(move |tx| {
            let owner = accounts::by_id(tx, &grant.account_id)?;
            // An id that was allowed something before is spent, also when that was taken back.
            if owner.is_none_or(|it| it.deleted_at.is_some())
                || grants::find(tx, &asked.session)?.is_some()
                || !tickets::take(tx, CONNECT, &ticket, at)?
            {
                return Ok(false);
            }
            grants::insert(tx, &grant)?;
            grants::insert_token(tx, &token, &asked.session)?;
            note(tx, now, &grant.account_id, Event::GrantCreated, &grant.id)?;
            Ok(true)
        });
        Ok(allowed.await?)
    }

    fn now(&self) -> i64 {
        self.clock.now().as_microsecond()
    }
}

/// The code of a link: it follows from the link and leads nowhere.
fn code(ticket: &Key) -> String {
    let bytes = ticket.successor(Kind::Ticket, b"code").hash();
    let letters = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)]));
    let code: String = letters.take(8).collect();
    format!("{}-{}", &code[..4], &code[4..])
}
