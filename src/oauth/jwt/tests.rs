//! What the tokens promise, and everything that is not one of them.

use std::{fs, os::unix::fs::PermissionsExt as _};

use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, jwk::JwkSet};

use super::folder::FOLDER;
use super::*;
use crate::clock::TestClock;

const ISSUER: &str = "https://bottrade.example";
const GRANT: Grant<'_> =
    Grant { account: "018f-account", client_id: "bottrade-web", session: "018f-session" };
const DAY: i64 = 24 * 3600;

fn clock() -> Arc<TestClock> {
    TestClock::at(Timestamp::from_second(1_800_000_000).unwrap())
}

fn keys() -> (SigningKeys, Arc<TestClock>) {
    let clock = clock();
    (SigningKeys::in_memory(ISSUER, clock.clone()).unwrap(), clock)
}

fn kid(keys: &SigningKeys) -> String {
    keys.ring().current.kid.clone()
}

/// The claims of a good token.
fn good(keys: &SigningKeys) -> Value {
    json!(keys.verify(&keys.issue(&GRANT).unwrap()).unwrap())
}

/// A token of any header and claims, signed with the current key.
fn forged(keys: &SigningKeys, header: &Header, claims: &Value) -> String {
    encode(header, claims, &keys.ring().current.private).unwrap()
}

/// A good token with other claims.
fn claiming(keys: &SigningKeys, change: impl FnOnce(&mut Value)) -> Result<Claims, JwtError> {
    let mut claims = good(keys);
    change(&mut claims);
    keys.verify(&forged(keys, &header(&kid(keys)), &claims))
}

/// A good token with another header.
fn headed(keys: &SigningKeys, change: impl FnOnce(&mut Header)) -> Result<Claims, JwtError> {
    let mut header = header(&kid(keys));
    change(&mut header);
    keys.verify(&forged(keys, &header, &good(keys)))
}

#[test]
fn a_token_says_who_may_do_what_until_when() {
    let (keys, clock) = keys();
    let token = keys.issue(&GRANT).unwrap();
    let header = decode_header(&token).unwrap();
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::EdDSA, Some("at+jwt")));
    let claims = keys.verify(&token).unwrap();
    let now = clock.now().as_second();
    assert_eq!(claims.iss, ISSUER);
    assert_eq!(claims.aud, "https://bottrade.example/api/v1/bot");
    assert_eq!((claims.sub.as_str(), claims.sid.as_str()), (GRANT.account, GRANT.session));
    assert_eq!((claims.client_id.as_str(), claims.scope.as_str()), (GRANT.client_id, SCOPE));
    assert_eq!((claims.iat, claims.exp), (now, now + 900));
    let other = keys.verify(&keys.issue(&GRANT).unwrap()).unwrap();
    assert_ne!(claims.jti, other.jti);
    assert!(token.len() < 1024, "{}", token.len());
}

#[test]
fn a_token_is_good_for_a_quarter_of_an_hour() {
    let (keys, clock) = keys();
    let token = keys.issue(&GRANT).unwrap();
    clock.advance(899);
    assert!(keys.verify(&token).is_ok());
    clock.advance(1);
    assert_eq!(keys.verify(&token), Err(JwtError::Expired));
}

#[test]
fn a_clock_may_be_set_back_a_little() {
    let (keys, clock) = keys();
    let token = keys.issue(&GRANT).unwrap();
    clock.advance(-SKEW.as_secs());
    assert!(keys.verify(&token).is_ok());
    clock.advance(-1);
    assert_eq!(keys.verify(&token), Err(JwtError::NotYet));
}

#[test]
fn claims_that_are_not_ours() {
    let (keys, _) = keys();
    assert!(claiming(&keys, |_| ()).is_ok(), "the forger is good at it");
    let set = |name: &'static str, value: Value| claiming(&keys, |it| it[name] = value);
    assert_eq!(set("iss", json!("https://bottrade.example/")), Err(JwtError::Issuer));
    assert_eq!(set("aud", json!("https://bottrade.example/mcp")), Err(JwtError::Audience));
    assert_eq!(set("scope", json!("bottrade:keys bottrade:trade")), Err(JwtError::Audience));
    // Forms that readers of JWTs are known to take for a single name or a number.
    let audience = json!("https://bottrade.example/api/v1/bot");
    assert_eq!(set("aud", json!([audience, "https://evil.example"])), Err(JwtError::Malformed));
    assert_eq!(set("iss", json!([ISSUER])), Err(JwtError::Malformed));
    assert_eq!(set("exp", json!("1900000000")), Err(JwtError::Malformed));
    assert_eq!(set("exp", json!(1.9e9)), Err(JwtError::Malformed));
    assert_eq!(set("exp", json!(-1)), Err(JwtError::Expired));
    assert_eq!(set("nbf", json!(0)), Err(JwtError::Malformed), "we never say it");
    for name in ["iss", "aud", "sub", "client_id", "scope", "sid", "iat", "exp", "jti"] {
        let without = claiming(&keys, |it| drop(it.as_object_mut().unwrap().remove(name)));
        assert_eq!(without, Err(JwtError::Malformed), "{name}");
    }
}

#[test]
fn headers_that_are_not_ours() {
    let (keys, _) = keys();
    let jwk = keys.ring().current.jwk.clone();
    let url = || Some("https://evil.example/key".to_owned());
    let typ = |typ: &str| headed(&keys, |it| it.typ = Some(typ.to_owned()));
    assert!(headed(&keys, |_| ()).is_ok());
    assert_eq!(typ("JWT"), Err(JwtError::Type));
    assert_eq!(typ("application/at+jwt"), Err(JwtError::Type));
    assert_eq!(headed(&keys, |it| it.typ = None), Err(JwtError::Type));
    assert_eq!(headed(&keys, |it| it.kid = None), Err(JwtError::UnknownKey));
    let path = Some("../../etc/passwd".to_owned());
    assert_eq!(headed(&keys, |it| it.kid = path), Err(JwtError::UnknownKey));
    assert_eq!(headed(&keys, |it| it.jwk = Some(jwk)), Err(JwtError::Header));
    assert_eq!(headed(&keys, |it| it.jku = url()), Err(JwtError::Header));
    assert_eq!(headed(&keys, |it| it.x5u = url()), Err(JwtError::Header));
    assert_eq!(headed(&keys, |it| it.x5c = Some(Vec::new())), Err(JwtError::Header));
    assert_eq!(headed(&keys, |it| it.crit = Some(vec!["b64".into()])), Err(JwtError::Header));
    assert_eq!(headed(&keys, |it| it.extras.insert("b64", false)), Err(JwtError::Header));
}

#[test]
fn other_algorithms() {
    let (keys, _) = keys();
    let claims = good(&keys);
    let ring = keys.ring();
    let public = ring.current.public.try_get_as_bytes().unwrap();
    let x = json!(ring.current.jwk)["x"].as_str().unwrap().to_owned();
    for secret in [public, x.as_bytes(), b""] {
        let hs256 = Header { alg: Algorithm::HS256, ..header(&ring.current.kid) };
        let token = encode(&hs256, &claims, &EncodingKey::from_secret(secret)).unwrap();
        assert_eq!(keys.verify(&token), Err(JwtError::Algorithm));
    }
    let signed = keys.issue(&GRANT).unwrap();
    let payload = signed.split('.').nth(1).unwrap();
    // {"alg":"none","typ":"at+jwt"} and {"alg":"EdDSA","alg":"none","typ":"at+jwt"}
    for header in [
        "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0",
        "eyJhbGciOiJFZERTQSIsImFsZyI6Im5vbmUiLCJ0eXAiOiJhdCtqd3QifQ",
    ] {
        for signature in ["", signed.rsplit('.').next().unwrap()] {
            let token = format!("{header}.{payload}.{signature}");
            assert_eq!(keys.verify(&token), Err(JwtError::Malformed));
        }
    }
}

#[test]
fn other_keys() {
    let ((keys, _), (foreign, _)) = (keys(), keys());
    assert_eq!(keys.verify(&foreign.issue(&GRANT).unwrap()), Err(JwtError::UnknownKey));
    let posing = forged(&foreign, &header(&kid(&keys)), &good(&keys));
    assert_eq!(keys.verify(&posing), Err(JwtError::Signature));
}

#[test]
fn no_byte_of_a_token_can_be_changed() {
    let (keys, _) = keys();
    let token = keys.issue(&GRANT).unwrap();
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(keys.verify(&changed).is_err(), "at {at}");
    }
    for other in ["", ".", "..", "...", &token[..token.len() - 1], &format!("{token}=")] {
        assert!(keys.verify(other).is_err(), "{other}");
    }
    let long = format!("{token}{}", "A".repeat(TOKEN_BYTES_MAX));
    assert_eq!(keys.verify(&long), Err(JwtError::Oversize));
}

#[test]
fn a_former_key_verifies_until_its_tokens_have_expired() {
    let (keys, clock) = keys();
    clock.advance(30 * DAY - 1);
    assert!(!keys.rotate_if_due().unwrap());
    let (token, first) = (keys.issue(&GRANT).unwrap(), kid(&keys));
    clock.advance(1);
    assert!(keys.rotate_if_due().unwrap() && !keys.rotate_if_due().unwrap());
    assert_ne!(kid(&keys), first);
    assert!(keys.verify(&token).is_ok() && keys.verify(&keys.issue(&GRANT).unwrap()).is_ok());
    assert_eq!(keys.jwks()["keys"].as_array().unwrap().len(), 2);
    // Also when nobody has asked it to forget.
    clock.advance(900);
    assert_eq!(keys.verify(&token), Err(JwtError::UnknownKey));
    assert_eq!(keys.jwks()["keys"].as_array().unwrap().len(), 1);
    assert_eq!(keys.ring().former.len(), 1);
    keys.rotate_if_due().unwrap();
    assert_eq!(keys.ring().former.len(), 0);
}

#[test]
fn the_set_has_what_others_need_and_no_secret() {
    let (keys, clock) = keys();
    clock.advance(30 * DAY);
    keys.rotate_if_due().unwrap();
    let set = keys.jwks();
    assert_eq!(set["keys"][0]["kid"], json!(kid(&keys)), "the current one first");
    for key in set["keys"].as_array().unwrap() {
        let mut names: Vec<&String> = key.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x"]);
        assert_eq!((&key["alg"], &key["crv"]), (&json!("EdDSA"), &json!("Ed25519")));
        assert_eq!((&key["kty"], &key["use"]), (&json!("OKP"), &json!("sig")));
    }
    // Somebody who has only the set can check a token.
    let token = keys.issue(&GRANT).unwrap();
    let set: JwkSet = serde_json::from_value(set).unwrap();
    let key = set.find(&decode_header(&token).unwrap().kid.unwrap()).unwrap();
    assert!(signed(&token, &DecodingKey::from_jwk(key).unwrap()).is_ok());
}

#[test]
fn keys_survive_the_process_and_are_secret() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
    let open = || SigningKeys::open(folder.path(), ISSUER, clock.clone());
    let token = open().unwrap().issue(&GRANT).unwrap();
    let again = open().unwrap();
    assert!(again.verify(&token).is_ok());
    clock.advance(30 * DAY);
    let later = again.issue(&GRANT).unwrap();
    let rotated = open().unwrap();
    assert_ne!(kid(&rotated), kid(&again), "a start rotates too");
    assert!(rotated.verify(&later).is_ok());
    let files = || fs::read_dir(folder.path().join(FOLDER)).unwrap().map(Result::unwrap);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join(FOLDER)), 0o700);
    assert_eq!(files().count(), 2);
    assert!(files().all(|file| mode(&file.path()) == 0o600));
    let known = open().unwrap();
    assert!(known.verify(&later).is_ok() && kid(&known) == kid(&rotated));
    clock.advance(900);
    assert!(open().unwrap().ring().former.is_empty());
    assert_eq!(files().count(), 1, "a key without tokens is removed");
    let shown = format!("{known:?}");
    assert!(shown.len() < 100 && !shown.contains("issuer"), "{shown}");
}

#[test]
fn a_damaged_file_is_named() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
    let open = || SigningKeys::open(folder.path(), ISSUER, clock.clone());
    drop(open().unwrap());
    let keys = folder.path().join(FOLDER);
    let path = fs::read_dir(&keys).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&path).unwrap();
    let refused = |problem: &str| {
        let error = open().unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()) && error.contains(problem), "{error}");
    };
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
        refused("damaged");
    }
    for length in [0, 1, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        refused("PKCS#8");
    }
    fs::write(&path, [whole.as_slice(), b"\n"].concat()).unwrap();
    refused("PKCS#8");
    fs::write(&path, &whole).unwrap();
    fs::write(keys.join("draft.new"), b"half").unwrap();
    assert!(open().is_ok(), "a draft is nobody's key");
    let stray = keys.join("notes.txt");
    fs::write(&stray, b"").unwrap();
    let error = open().unwrap_err().to_string();
    assert!(error.contains("notes.txt") && error.contains("its name"), "{error}");
}

#[test]
fn a_clock_that_jumps_leaves_few_keys() {
    let (keys, clock) = keys();
    for _ in 0..9 {
        // Ahead and back: each key is younger than the one before, and none has expired.
        clock.advance(30 * DAY);
        assert!(keys.rotate_if_due().unwrap());
        let former = keys.ring().former.len();
        assert!(former <= FORMER_MAX, "{former}");
        keys.ring_mut().former.iter_mut().for_each(|it| it.until = i64::MAX);
    }
    assert_eq!(keys.ring().former.len(), FORMER_MAX);
}
