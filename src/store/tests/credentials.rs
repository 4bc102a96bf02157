//! Tickets, sessions, clients, grants and identities: what opens something, and for how long.

use super::{Store, account, store};
use crate::store::grants::{self, Grant, Kind, Token};
use crate::store::identities::Identity;
use crate::store::sessions::Session;
use crate::store::tickets::Ticket;
use crate::store::{accounts, clients, identities, sessions, tickets};

/// Does this in a unit of work that must succeed.
macro_rules! within {
    ($store:expr, $work:expr) => {
        $store.write_blocking($work).unwrap()
    };
}

#[test]
fn a_ticket_is_taken_once_in_time_and_for_its_purpose() {
    let store = store();
    let ticket =
        Ticket { purpose: "link".into(), body: "b".into(), expires_at: 100, used_at: None };
    let kept = ticket.clone();
    within!(store, move |tx| tickets::insert(tx, &[1; 32], &kept));
    let find = |purpose: &'static str, now| {
        store.read_blocking(move |tx| tickets::find(tx, purpose, &[1; 32], now)).unwrap()
    };
    let take = |purpose: &'static str, hash, now| {
        within!(store, move |tx| tickets::take(tx, purpose, &[hash; 32], now))
    };
    assert_eq!((find("link", 99), find("link", 100)), (Some(ticket.clone()), None));
    assert_eq!(find("code", 1), None);
    assert!(!take("code", 1, 10) && !take("link", 2, 10) && !take("link", 1, 100));
    assert_eq!(find("link", 10).unwrap().used_at, None, "none of it used the ticket up");
    assert!(take("link", 1, 99) && !take("link", 1, 99));
    within!(store, |tx| tickets::put(tx, &[1; 32], "after"));
    let used = Ticket { body: "after".into(), used_at: Some(99), ..ticket };
    assert_eq!(find("link", 99), Some(used), "a second use finds what the first left");
    let sweep = |now| within!(store, move |tx| tickets::sweep(tx, now));
    assert_eq!((sweep(99), sweep(100), sweep(100)), (0, 1, 0));
}

fn grant(id: &str, account_id: &str, client_id: &str) -> Grant {
    Grant {
        id: id.into(),
        account_id: account_id.into(),
        client_id: client_id.into(),
        client_name: "Client".into(),
        scope: "bottrade:read".into(),
        resource: "https://bottrade.example/mcp".into(),
        created_at: 10,
        last_used_at: None,
        expires_at: 1_000,
        revoked_at: None,
    }
}

fn token(kind: Kind) -> Token {
    Token {
        grant_id: "g".into(),
        kind,
        scope: "bottrade:read".into(),
        created_at: 10,
        expires_at: 500,
        used_at: None,
        salt: None,
    }
}

/// The grant `g` of `a` with an access token [1; 32] and a refresh token [2; 32].
fn granted() -> Store {
    let store = store();
    within!(store, |tx| {
        grants::insert(tx, &grant("g", "a", "c"))?;
        grants::insert_token(tx, &token(Kind::Access), &[1; 32])?;
        grants::insert_token(tx, &token(Kind::Refresh), &[2; 32])
    });
    store
}

#[test]
fn a_refresh_token_is_used_once_and_an_access_token_never() {
    let store = granted();
    let utilise = |hash, now, salt| {
        within!(store, move |tx| grants::use_refresh(tx, &[hash; 32], now, &[salt; 32]))
    };
    assert!(!utilise(1, 20, 7) && !utilise(3, 20, 7));
    assert!(utilise(2, 20, 7));
    assert!(!utilise(2, 21, 8), "of two that try, one succeeds");
    let find = || store.read_blocking(|tx| grants::find(tx, &[2; 32])).unwrap().unwrap();
    let (used, of, owner) = find();
    assert_eq!((used.used_at, used.salt.as_deref()), (Some(20), Some(&[7; 32][..])));
    assert_eq!((of, owner), (grant("g", "a", "c"), account("a")));
    let forget = |before| within!(store, move |tx| grants::forget_salts(tx, "g", before));
    forget(20);
    assert!(find().0.salt.is_some());
    forget(21);
    assert_eq!((find().0.salt, find().0.used_at), (None, Some(20)));
    let sweep = |now| within!(store, move |tx| grants::sweep(tx, now));
    assert_eq!((sweep(500), sweep(501)), (0, 2));
}

#[test]
fn a_grant_is_listed_and_revoked_by_its_owner_while_it_is_good() {
    let store = granted();
    let list = |owner: &'static str, now| {
        store.read_blocking(move |tx| grants::list(tx, owner, now)).unwrap().len()
    };
    assert_eq!((list("a", 999), list("a", 1_000), list("b", 1)), (1, 0, 0));
    for (owner, at) in [("a", 40), ("a", 30), ("b", 50)] {
        within!(store, move |tx| grants::touch(tx, owner, "g", at));
    }
    let revoke = |owner: &'static str| within!(store, move |tx| grants::revoke(tx, owner, "g", 60));
    assert_eq!((revoke("b"), revoke("a"), revoke("a")), (false, true, false));
    let (_, found, _) = store.read_blocking(|tx| grants::find(tx, &[1; 32])).unwrap().unwrap();
    assert_eq!((found.last_used_at, found.revoked_at), (Some(40), Some(60)));
    assert_eq!(list("a", 1), 0);
}

#[test]
fn a_client_that_registers_the_same_is_the_same_and_an_unused_one_is_forgotten() {
    let store = store();
    let ensure = |id: &'static str, digest, now| {
        let client = clients::Client {
            id: id.into(),
            metadata: "{}".into(),
            created_at: now,
            last_used_at: now,
        };
        within!(store, move |tx| clients::ensure(tx, &client, &[digest; 32]))
    };
    let first = ensure("c1", 1, 10);
    let again = ensure("c2", 1, 20);
    assert_eq!((again.id.as_str(), again.created_at, again.last_used_at), ("c1", 10, 20));
    assert_eq!(first.last_used_at, 10);
    assert_eq!(ensure("c3", 3, 15).id, "c3");
    ensure("c4", 4, 15);
    let get = |id: &'static str| store.read_blocking(move |tx| clients::get(tx, id)).unwrap();
    assert_eq!((get("c1"), get("c2")), (Some(again), None));
    assert_eq!(store.read_blocking(clients::count).unwrap(), 3);
    // Somebody allowed c3 something, and allows c4 nothing any more.
    within!(store, |tx| {
        grants::insert(tx, &grant("g3", "a", "c3"))?;
        let past = Grant { revoked_at: Some(16), ..grant("g4", "a", "c4") };
        grants::insert(tx, &past)
    });
    let sweep = |before, now| within!(store, move |tx| clients::sweep(tx, before, now));
    assert_eq!((sweep(15, 20), sweep(16, 20)), (0, 1));
    assert!(get("c1").is_some() && get("c3").is_some() && get("c4").is_none());
    assert_eq!(sweep(21, 1_000), 2, "what c3 was allowed has ended too");
}

#[test]
fn a_person_has_one_account_however_often_they_come() {
    let store = store();
    let ensure = |issuer: &'static str, subject: &'static str, fresh: &'static str| {
        let identity = Identity {
            issuer: issuer.into(),
            subject: subject.into(),
            account_id: fresh.into(),
            shown: "ada".into(),
            created_at: 5,
        };
        within!(store, move |tx| identities::ensure(tx, &identity, &account(fresh))).id
    };
    assert_eq!(ensure("https://one.example", "1", "p"), "p");
    assert_eq!(ensure("https://one.example", "1", "q"), "p");
    assert_eq!(ensure("https://one.example", "2", "r"), "r");
    assert_eq!(ensure("https://two.example", "1", "s"), "s", "another's word for somebody else");
    assert_eq!(store.read_blocking(|tx| identities::list(tx, "p")).unwrap().len(), 1);
    let made = store.read_blocking(accounts::list).unwrap();
    assert_eq!(made.len(), 5, "two of the test, and three that came");
}

#[test]
fn a_session_is_found_by_its_secret_and_ended_by_its_owner() {
    let store = store();
    let session =
        Session { id: "s".into(), account_id: "a".into(), created_at: 1, expires_at: 100 };
    let kept = session.clone();
    within!(store, move |tx| sessions::insert(tx, &kept, &[1; 32]));
    let find = |hash| store.read_blocking(move |tx| sessions::find(tx, &[hash; 32])).unwrap();
    assert_eq!((find(1), find(2)), (Some((session, account("a"))), None));
    let list = |now| store.read_blocking(move |tx| sessions::list(tx, "a", now)).unwrap().len();
    assert_eq!((list(99), list(100)), (1, 0));
    let end = |owner: &'static str| within!(store, move |tx| sessions::end(tx, owner, "s"));
    assert_eq!((end("b"), end("a"), end("a"), find(1)), (false, true, false, None));
}
