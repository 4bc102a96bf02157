//! Who asks, by which credential, and what that one opens.

use std::{fmt, sync::Arc};

use crate::{error::Error, keys::Family, plan::Plan};

/// Whoever stands at a door.
#[derive(Debug, Clone)]
pub enum Caller {
    /// No credential came.
    Anonymous,
    /// A credential of this account came.
    Account(Arc<Account>),
}

/// An account, as seen through the credential that was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account's id.
    pub id: String,
    /// The account's name.
    pub name: String,
    /// Its plan.
    pub plan: Plan,
    /// What was shown.
    pub credential: Credential,
}

/// What opens an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A key.
    Key {
        /// Its id.
        id: String,
        /// What its owner calls it.
        name: String,
        /// The contract it opens.
        family: Family,
    },
    /// An access token of a client that a person allowed something.
    Grant {
        /// The id of what was allowed.
        id: String,
        /// What the client calls itself.
        client: String,
        /// What it may do.
        scopes: Scopes,
        /// For which resource the token is.
        resource: String,
        /// When the token is good no more, in microseconds since 1970.
        expires_at: i64,
    },
    /// A browser that is signed in.
    Session {
        /// Its id.
        id: String,
    },
    /// A short-lived token that manages bot keys and does nothing else.
    KeyToken {
        /// The id of the session or grant that it was made from.
        parent: String,
    },
}

impl Credential {
    /// What it opens.
    pub fn scopes(&self) -> Scopes {
        match self {
            Self::Key { family: Family::Benchmark, .. } | Self::Session { .. } => Scopes::ALL,
            Self::Key { family: Family::Bot, .. } => Scopes::of(&[Scope::Paper]),
            Self::Grant { scopes, .. } => *scopes,
            Self::KeyToken { .. } => Scopes::of(&[]),
        }
    }

    /// The id of the key, where it is one.
    pub fn key_id(&self) -> Option<&str> {
        match self {
            Self::Key { id, .. } => Some(id),
            Self::Grant { .. } | Self::Session { .. } | Self::KeyToken { .. } => None,
        }
    }
}

impl Caller {
    /// The account, or the error that says how to get one.
    pub fn account(&self) -> Result<&Account, Error> {
        match self {
            Self::Anonymous => Err(Error::key_required()),
            Self::Account(account) => Ok(account),
        }
    }

    /// The account, if a person or an API key of theirs stands at the door.
    pub fn person(&self) -> Result<&Account, Error> {
        let account = self.account()?;
        match account.credential {
            Credential::Session { .. } | Credential::Key { family: Family::Benchmark, .. } => {
                Ok(account)
            }
            _ => Err(Error::person_required()),
        }
    }

    /// The account, if a person, an API key of theirs or a token for keys stands at the door.
    pub fn keeper(&self) -> Result<&Account, Error> {
        let account = self.account()?;
        match account.credential {
            Credential::KeyToken { .. } => Ok(account),
            _ => self.person(),
        }
    }

    /// The account, if a person or an API key of theirs asks what it pays.
    pub fn payer(&self) -> Result<&Account, Error> {
        match (self, self.person()) {
            (_, Ok(account)) => Ok(account),
            (Self::Account(_), Err(_)) => Err(Error::payer_required()),
            (Self::Anonymous, Err(_)) => Err(Error::payer_unknown()),
        }
    }

    /// The account, if its credential opens this too.
    pub fn with(&self, scope: Scope) -> Result<&Account, Error> {
        let refused = match self {
            Self::Account(account) if account.credential.scopes().has(scope) => {
                return Ok(account);
            }
            Self::Account(_) => Error::scope_required(scope.name()),
            Self::Anonymous if scope == Scope::Paper => Error::bot_key_required(),
            Self::Anonymous => Error::key_required(),
        };
        Err(refused.asking_for(scope.to_ask_for().name()))
    }
}

/// What a client may be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Look at the account's runs.
    Read,
    /// Start, trade and publish runs; and look at them.
    Trade,
    /// Trade the paper account.
    Paper,
}

impl Scope {
    /// Every scope, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Trade, Self::Paper];

    /// The word of the protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "bottrade:read",
            Self::Trade => "bottrade:trade",
            Self::Paper => "bottrade:paper",
        }
    }

    /// What a client is to ask for that lacks it: who wants to look will want to trade.
    const fn to_ask_for(self) -> Self {
        match self {
            Self::Read | Self::Trade => Self::Trade,
            Self::Paper => Self::Paper,
        }
    }

    /// What it means to the person who is asked.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Read => "See your runs and their results",
            Self::Trade => "Start, trade and publish benchmark runs in your name",
            Self::Paper => "Trade your paper account",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Trade => 2,
            Self::Paper => 4,
        }
    }
}

/// Asks for tokens that can be refreshed; all of ours can.
const OFFLINE_ACCESS: &str = "offline_access";

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// All there are.
    pub const ALL: Self = Self::of(&Scope::ALL);

    /// These, and what they include: who may trade may look.
    pub const fn of(scopes: &[Scope]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < scopes.len() {
            bits |= scopes[at].bit();
            at += 1;
        }
        if bits & Scope::Trade.bit() != 0 {
            bits |= Scope::Read.bit();
        }
        Self(bits)
    }

    /// Reads words parted by blanks; the first that is none is the error.
    pub fn parse(text: &str) -> Result<Self, &str> {
        let mut found = Vec::new();
        for word in text.split_ascii_whitespace().filter(|word| *word != OFFLINE_ACCESS) {
            found.push(*Scope::ALL.iter().find(|it| it.name() == word).ok_or(word)?);
        }
        Ok(Self::of(&found))
    }

    /// Whether this is among them.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether all of these are among them.
    pub const fn include(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Them one by one, the narrowest first.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Scope::name).collect();
        f.write_str(&names.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_and_written_in_one_order() {
        let read = |text| Scopes::parse(text).map(|it| it.to_string());
        assert_eq!(read("bottrade:trade"), Ok("bottrade:read bottrade:trade".into()));
        let all = "bottrade:paper  bottrade:read offline_access bottrade:paper";
        assert_eq!(read(all), Ok("bottrade:read bottrade:paper".into()));
        assert_eq!(read("offline_access"), Ok(String::new()));
        assert_eq!(read("bottrade:read admin"), Err("admin"));
        assert_eq!(read("BOTTRADE:READ"), Err("BOTTRADE:READ"));
    }

    #[test]
    fn a_bot_key_opens_the_paper_account_alone() {
        let key = |family| Credential::Key { id: "k".into(), name: "n".into(), family };
        assert_eq!(key(Family::Benchmark).scopes(), Scopes::ALL);
        let bot = key(Family::Bot).scopes();
        assert!(bot.has(Scope::Paper) && !bot.has(Scope::Read) && !bot.has(Scope::Trade));
        assert!(Scopes::ALL.include(bot) && !bot.include(Scopes::ALL));
    }
}
