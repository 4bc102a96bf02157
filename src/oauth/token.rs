//! Codes and refresh tokens for tokens, and tokens taken back.

use serde_json::{Value, json};

use super::{
    Oauth,
    authorize::{CODE, Code},
    error::{OauthError, Word},
    form::Form,
    pkce,
};
use crate::{
    accounts::{Event, note},
    caller::Scopes,
    clock::{fill_random, new_id},
    error::Error,
    keys::{Key, Kind},
    store::{
        self, StoreError, Tx, accounts,
        grants::{self, Found, Grant, Kind as TokenKind, Token},
        tickets,
    },
};

/// How long an access token is good, in microseconds: one hour.
const ACCESS_MICROS: i64 = 3_600 * 1_000_000;
/// How long a refresh token is good when it is not used, in microseconds: thirty days.
const REFRESH_MICROS: i64 = 30 * 24 * 3_600 * 1_000_000;
/// How long a grant is good however often it is refreshed, in microseconds: one year.
const GRANT_MICROS: i64 = 365 * 24 * 3_600 * 1_000_000;
/// How long a used refresh token gets the same answer again, in microseconds: an answer may be
/// lost, and two programs of one client may ask at the same time.
const GRACE_MICROS: i64 = 10 * 1_000_000;

/// What the token endpoint answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    access: Key,
    refresh: Key,
    expires_in: i64,
    scope: String,
}

impl Tokens {
    /// The body of the answer (RFC 6749, 5.1).
    pub fn body(&self) -> Value {
        json!({
            "access_token": self.access.reveal(),
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "refresh_token": self.refresh.reveal(),
            "scope": self.scope,
        })
    }
}

/// How the exchange of something that is good once ended.
enum Spent {
    /// It was good.
    Now(Tokens),
    /// It had been used before.
    Before,
}

impl Oauth {
    /// Answers the token endpoint.
    pub async fn token(&self, form: &Form) -> Result<Tokens, OauthError> {
        match form.need("grant_type")? {
            "authorization_code" => self.exchange(form).await,
            "refresh_token" => self.refresh(form).await,
            other => {
                let told =
                    format!("grant_type {other:?} is not authorization_code or refresh_token");
                Err(OauthError::new(Word::UnsupportedGrantType, told))
            }
        }
    }

    async fn exchange(&self, form: &Form) -> Result<Tokens, OauthError> {
        let wrong = || invalid_grant("the code is not known, was used, or is older than a minute");
        let client_id = form.need("client_id")?;
        self.client(client_id).await?;
        let code = Key::parse_as(Kind::Code, form.need("code")?).ok_or_else(wrong)?;
        let (hash, now) = (code.hash(), self.now());
        let found = self.store.read(move |tx| tickets::find(tx, CODE, &hash, now)).await?;
        let found = found.ok_or_else(wrong)?;
        let body: Code = serde_json::from_str(&found.body).map_err(Error::internal)?;
        if body.client_id != client_id {
            return Err(wrong());
        }
        // OAuth 2.1 has clients leave it out; PKCE says whose the code is.
        if form.get("redirect_uri")?.is_some_and(|it| it != body.redirect) {
            return Err(invalid_grant("redirect_uri is not the one that the code was sent to"));
        }
        if !pkce::proves(form.need("code_verifier")?, &body.challenge) {
            return Err(invalid_grant("code_verifier does not belong to the code's challenge"));
        }
        self.check_resource(form.get("resource")?)?;
        if found.used_at.is_none() && now >= body.good_until {
            return Err(wrong());
        }
        match self.spend_code(hash, body).await? {
            Spent::Now(tokens) => Ok(tokens),
            Spent::Before => {
                // Whatever followed from it may be in foreign hands.
                let used = self.store.read(move |tx| tickets::find(tx, CODE, &hash, now)).await?;
                let used = used.and_then(|it| serde_json::from_str::<Code>(&it.body).ok());
                if let Some(Code { grant_id: Some(grant_id), account_id, .. }) = used {
                    self.end_family(&account_id, &grant_id).await?;
                }
                Err(wrong())
            }
        }
    }

    async fn spend_code(&self, hash: store::Digest, code: Code) -> Result<Spent, OauthError> {
        let now = self.clock.now();
        let at = now.as_microsecond();
        let grant = Grant {
            id: new_id(now).to_string(),
            account_id: code.account_id.clone(),
            client_id: code.client_id.clone(),
            client_name: code.client_name.clone(),
            scope: code.scope.clone(),
            resource: code.resource.clone(),
            created_at: at,
            last_used_at: None,
            expires_at: at + GRANT_MICROS,
            revoked_at: None,
        };
        let tokens = Tokens {
            access: Key::mint(Kind::Access),
            refresh: Key::mint(Kind::Refresh),
            expires_in: ACCESS_MICROS / 1_000_000,
            scope: code.scope.clone(),
        };
        let used = Code { grant_id: Some(grant.id.clone()), ..code };
        let used = serde_json::to_string(&used).map_err(Error::internal)?;
        let kept = tokens.clone();
        let spent = self.store.write(move |tx| {
            // Who was erased meanwhile allows nothing any more.
            let owner = accounts::by_id(tx, &grant.account_id)?;
            if owner.is_none_or(|it| it.deleted_at.is_some())
                || !tickets::take(tx, CODE, &hash, at)?
            {
                return Ok(false);
            }
            tickets::put(tx, &hash, &used)?;
            grants::insert(tx, &grant)?;
            keep(tx, &kept, &grant, at)?;
            note(tx, now, &grant.account_id, Event::GrantCreated, &grant.id)?;
            Ok(true)
        });
        Ok(if spent.await? { Spent::Now(tokens) } else { Spent::Before })
    }

    async fn refresh(&self, form: &Form) -> Result<Tokens, OauthError> {
        let wrong = || invalid_grant("the refresh token is not known, expired or was revoked");
        let shown = Key::parse_as(Kind::Refresh, form.need("refresh_token")?).ok_or_else(wrong)?;
        let client_id = form.need("client_id")?;
        let (hash, now) = (shown.hash(), self.now());
        let (token, grant, account) = self.find(hash).await?.ok_or_else(wrong)?;
        if grant.client_id != client_id {
            return Err(wrong());
        }
        self.client(client_id).await?;
        let over = now >= token.expires_at || now >= grant.expires_at;
        if over || grant.revoked_at.is_some() || account.deleted_at.is_some() {
            return Err(wrong());
        }
        self.check_resource(form.get("resource")?)?;
        let scope = narrowed(&token.scope, form.get("scope")?)?;
        if token.used_at.is_none()
            && let Spent::Now(tokens) = self.rotate(&shown, &token, &grant, scope).await?
        {
            return Ok(tokens);
        }
        if let Some(tokens) = self.repeated(&shown, now).await? {
            return Ok(tokens);
        }
        self.end_family(&grant.account_id, &grant.id).await?;
        Err(invalid_grant("the refresh token was used before; sign in again"))
    }

    /// New tokens for a refresh token; they follow from it and a fresh salt.
    async fn rotate(
        &self,
        shown: &Key,
        token: &Token,
        grant: &Grant,
        scope: String,
    ) -> Result<Spent, OauthError> {
        let mut salt = [0_u8; 32];
        fill_random(&mut salt);
        let now = self.now();
        let tokens = Tokens {
            access: shown.successor(Kind::Access, &salt),
            refresh: shown.successor(Kind::Refresh, &salt),
            expires_in: ACCESS_MICROS.min(grant.expires_at - now) / 1_000_000,
            scope,
        };
        let (hash, kept, whole, grant) =
            (shown.hash(), tokens.clone(), token.scope.clone(), grant.clone());
        let spent = self.store.write(move |tx| {
            if !grants::use_refresh(tx, &hash, now, &salt)? {
                return Ok(false);
            }
            // The predecessors' salts have served.
            grants::forget_salts(tx, &grant.id, now - GRACE_MICROS)?;
            keep(tx, &kept, &Grant { scope: whole.clone(), ..grant.clone() }, now)?;
            Ok(true)
        });
        Ok(if spent.await? { Spent::Now(tokens) } else { Spent::Before })
    }

    /// The answer that a refresh token got a moment ago, unless what followed was used already.
    async fn repeated(&self, shown: &Key, now: i64) -> Result<Option<Tokens>, OauthError> {
        let Some((token, ..)) = self.find(shown.hash()).await? else { return Ok(None) };
        let (Some(used_at), Some(salt)) = (token.used_at, token.salt) else { return Ok(None) };
        if now - used_at > GRACE_MICROS {
            return Ok(None);
        }
        let access = shown.successor(Kind::Access, &salt);
        let refresh = shown.successor(Kind::Refresh, &salt);
        let (Some((first, ..)), Some((next, ..))) =
            (self.find(access.hash()).await?, self.find(refresh.hash()).await?)
        else {
            return Ok(None);
        };
        if next.used_at.is_some() {
            return Ok(None);
        }
        let expires_in = (first.expires_at - now) / 1_000_000;
        Ok(Some(Tokens { access, refresh, expires_in, scope: first.scope }))
    }

    /// The grant of a refresh token that is good, which stays good: it is not rotated.
    pub async fn grant_of(&self, refresh_token: &str) -> Result<Grant, OauthError> {
        let wrong = || invalid_grant("the refresh token is not known, used, expired or revoked");
        let shown = Key::parse_as(Kind::Refresh, refresh_token).ok_or_else(wrong)?;
        let (token, grant, account) = self.find(shown.hash()).await?.ok_or_else(wrong)?;
        let over = self.now() >= token.expires_at.min(grant.expires_at);
        let gone = grant.revoked_at.is_some() || account.deleted_at.is_some();
        if over || gone || token.used_at.is_some() { Err(wrong()) } else { Ok(grant) }
    }

    /// Takes a token back (RFC 7009), and with it everything that its client was allowed with it.
    /// One that is not known is taken back already.
    pub async fn revoke(&self, form: &Form) -> Result<(), OauthError> {
        let Some(shown) = Key::parse(form.need("token")?) else { return Ok(()) };
        let Some((_, grant, _)) = self.find(shown.hash()).await? else { return Ok(()) };
        match form.get("client_id")? {
            Some(client_id) if client_id != grant.client_id => Ok(()),
            _ => {
                self.accounts.revoke_grant(&grant.account_id, &grant.id).await?;
                Ok(())
            }
        }
    }

    async fn end_family(&self, account_id: &str, grant_id: &str) -> Result<(), OauthError> {
        let (owner, about, now) = (account_id.to_owned(), grant_id.to_owned(), self.clock.now());
        let noted = move |tx: &mut dyn Tx| note(tx, now, &owner, Event::ReuseDetected, &about);
        self.store.write(noted).await?;
        self.accounts.revoke_grant(account_id, grant_id).await?;
        Ok(())
    }

    async fn find(&self, hash: store::Digest) -> Result<Option<Found>, OauthError> {
        Ok(self.store.read(move |tx| grants::find(tx, &hash)).await?)
    }
}

/// Keeps both tokens; the refresh token has all scopes of the grant.
fn keep(tx: &mut dyn Tx, tokens: &Tokens, grant: &Grant, now: i64) -> Result<(), StoreError> {
    let both = [
        (&tokens.access, TokenKind::Access, &tokens.scope, ACCESS_MICROS),
        (&tokens.refresh, TokenKind::Refresh, &grant.scope, REFRESH_MICROS),
    ];
    both.into_iter().try_for_each(|(key, kind, scope, lives)| {
        let token = Token {
            grant_id: grant.id.clone(),
            kind,
            scope: scope.clone(),
            created_at: now,
            expires_at: (now + lives).min(grant.expires_at),
            used_at: None,
            salt: None,
        };
        grants::insert_token(tx, &token, &key.hash())
    })
}

/// The asked scopes, if they are among the allowed ones; those, if none are asked for.
fn narrowed(allowed: &str, asked: Option<&str>) -> Result<String, OauthError> {
    let Some(asked) = asked else { return Ok(allowed.to_owned()) };
    let refused = |told: String| OauthError::new(Word::InvalidScope, told);
    let read = |text| Scopes::parse(text).map_err(|word| refused(format!("no scope {word:?}")));
    let (asked, allowed) = (read(asked)?, read(allowed)?);
    if asked.is_empty() {
        return Ok(allowed.to_string());
    }
    if !allowed.include(asked) {
        return Err(refused(format!("{allowed} was allowed, and no more; sign in again")));
    }
    Ok(asked.to_string())
}

fn invalid_grant(told: &str) -> OauthError {
    OauthError::new(Word::InvalidGrant, told)
}
