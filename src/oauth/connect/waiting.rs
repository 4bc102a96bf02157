//! Sessions that nobody has allowed anything yet: in memory, a bounded number of them, and gone
//! after half an hour without a call.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{accounts::MCP_SESSION_IDLE, keys::Key, store::Digest};

/// Sessions at the same time. When there are more, a quarter goes: those without a question
/// first, then those that were idle for longest.
const SESSIONS_MAX: usize = 10_000;

/// A client, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Client {
    /// What it calls itself.
    pub(super) name: String,
    /// Where it calls from.
    pub(super) from: String,
}

/// A question to a person, under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Begun {
    pub(super) ticket: Key,
    pub(super) good_until: i64,
}

/// The sessions, by the hashes of their ids.
#[derive(Default)]
pub(super) struct Waiting {
    sessions: Mutex<HashMap<Digest, Session>>,
}

struct Session {
    client: Client,
    seen: i64,
    question: Option<Begun>,
}

impl Waiting {
    /// Keeps a new session.
    pub(super) fn open(&self, hash: Digest, client: Client, now: i64) {
        let mut sessions = self.sessions();
        if sessions.len() >= SESSIONS_MAX {
            make_room(&mut sessions, now);
        }
        sessions.insert(hash, Session { client, seen: now, question: None });
    }

    /// Whether there is such a session, which then is used.
    pub(super) fn touch(&self, hash: &Digest, now: i64) -> bool {
        let mut sessions = self.sessions();
        match sessions.get_mut(hash) {
            Some(session) if !session.is_over(now) => {
                session.seen = now;
                true
            }
            _ => false,
        }
    }

    /// The client of a session.
    pub(super) fn client(&self, hash: &Digest) -> Option<Client> {
        self.sessions().get(hash).map(|it| it.client.clone())
    }

    /// The question that is under way.
    pub(super) fn question(&self, hash: &Digest, now: i64) -> Option<Begun> {
        let sessions = self.sessions();
        let begun = sessions.get(hash)?.question.as_ref();
        begun.filter(|it| now < it.good_until).cloned()
    }

    /// Has this question under way, unless another one is already; gives the one that is.
    pub(super) fn begin(&self, hash: &Digest, question: Begun, now: i64) -> Begun {
        let mut sessions = self.sessions();
        let Some(session) = sessions.get_mut(hash) else { return question };
        match &session.question {
            Some(other) if now < other.good_until => other.clone(),
            _ => session.question.insert(question).clone(),
        }
    }

    /// The person said no: nothing is under way any more.
    pub(super) fn end(&self, hash: &Digest) {
        if let Some(session) = self.sessions().get_mut(hash) {
            session.question = None;
        }
    }

    /// The person said yes: the session is no longer one of these.
    pub(super) fn remove(&self, hash: &Digest) {
        self.sessions().remove(hash);
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<Digest, Session>> {
        // Each change is one statement: a panic elsewhere leaves the map whole.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn is_over(&self, now: i64) -> bool {
        now >= self.seen + MCP_SESSION_IDLE
    }
}

fn make_room(sessions: &mut HashMap<Digest, Session>, now: i64) {
    sessions.retain(|_, it| !it.is_over(now));
    let rank = |it: &Session| {
        (it.question.as_ref().is_some_and(|question| now < question.good_until), it.seen)
    };
    let mut ranks: Vec<(bool, i64)> = sessions.values().map(rank).collect();
    let mut excess = sessions.len().saturating_sub(SESSIONS_MAX / 4 * 3);
    if excess > 0 {
        let (_, &mut last, _) = ranks.select_nth_unstable(excess - 1);
        sessions.retain(|_, it| {
            let goes = rank(it) <= last && excess > 0;
            excess -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Kind;

    fn client() -> Client {
        Client { name: "x".into(), from: "192.0.2.1".into() }
    }

    fn hash(number: usize) -> Digest {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        hash
    }

    #[test]
    fn a_flood_takes_bounded_memory_and_spares_those_that_ask() {
        let waiting = Waiting::default();
        waiting.open(hash(0), client(), 0);
        let question = Begun { ticket: Key::mint(Kind::Ticket), good_until: i64::MAX };
        assert_eq!(waiting.begin(&hash(0), question.clone(), 0), question);
        for number in 1..=3 * SESSIONS_MAX {
            waiting.open(hash(number), client(), i64::try_from(number).unwrap());
            assert!(waiting.sessions().len() <= SESSIONS_MAX);
        }
        let now = i64::try_from(3 * SESSIONS_MAX).unwrap();
        assert!(waiting.touch(&hash(0), now), "it asks somebody");
        assert!(!waiting.touch(&hash(1), now), "it was idle for longest");
        assert!(waiting.touch(&hash(3 * SESSIONS_MAX), now));
    }

    #[test]
    fn a_question_that_is_under_way_is_not_replaced() {
        let waiting = Waiting::default();
        waiting.open(hash(1), client(), 0);
        let question = |until| Begun { ticket: Key::mint(Kind::Ticket), good_until: until };
        let first = waiting.begin(&hash(1), question(10), 0);
        assert_eq!(waiting.begin(&hash(1), question(20), 9), first);
        assert_eq!(waiting.question(&hash(1), 9), Some(first.clone()));
        assert_eq!(waiting.question(&hash(1), 10), None);
        assert_ne!(waiting.begin(&hash(1), question(20), 10), first);
        waiting.end(&hash(1));
        assert_eq!(waiting.question(&hash(1), 10), None);
    }
}
