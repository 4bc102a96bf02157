//! The circumstances of one call.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Access, OpDef, ResponseFormat};
use crate::{
    app::{App, Patience},
    caller::Caller,
    error::Error,
    keys::Key,
    paper::meter::{Metered, Standing},
    runs::Quota,
};

/// Who reads the answer: it decides how much of it is worth sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A program: bytes are cheap.
    Program,
    /// A language model: every word costs, and a slip of the hand must be confirmed.
    Model,
}

/// The session that a client returned the id of, as long as it opens nothing.
#[derive(Debug, Clone, Default)]
pub enum Session {
    /// It returned none.
    #[default]
    None,
    /// It was never ours, or has ended.
    Unknown,
    /// Somebody may allow it something; a call may wait for that.
    Open {
        /// Its id.
        id: Key,
        /// Of this call.
        patience: Patience,
    },
}

/// The circumstances of one call.
pub struct Cx {
    /// The service.
    pub app: Arc<App>,
    /// Who asks.
    pub caller: Caller,
    /// In which session, where that is not what the caller is known by.
    pub session: Session,
    /// Who reads the answer.
    pub reader: Reader,
    told: Told,
    metered: OnceLock<Metered>,
}

impl Cx {
    /// A call.
    pub fn new(app: Arc<App>, caller: Caller, reader: Reader) -> Self {
        let (session, told, metered) = (Session::None, Told::default(), OnceLock::new());
        Self { app, caller, session, reader, told, metered }
    }

    /// The same call in a session.
    #[must_use]
    pub fn within(self, session: Session) -> Self {
        Self { session, ..self }
    }

    /// The same call, where the door wants to hear how the account stands with its limits.
    #[must_use]
    pub fn telling(self, told: Told) -> Self {
        Self { told, ..self }
    }

    /// The format that was asked for, or the one that suits the reader.
    pub(super) fn format(&self, asked: Option<ResponseFormat>) -> ResponseFormat {
        asked.unwrap_or(match self.reader {
            Reader::Program => ResponseFormat::Detailed,
            Reader::Model => ResponseFormat::Concise,
        })
    }

    /// How this call was counted, for a command that takes the count into its own unit of work:
    /// every call of paper trading was.
    pub fn metered(&self) -> Result<Metered, Error> {
        self.metered.get().cloned().ok_or_else(|| Error::internal("a call was not counted"))
    }

    /// Leaves for the door where the account stands with its runs, if they are limited.
    pub(super) fn tell_quota(&self, quota: &Quota) {
        if let (Some(limit), Some(remaining)) = (quota.limit, quota.remaining()) {
            let resets_at = quota.resets_at.as_second();
            self.told.tell(Standing { limit, remaining, resets_at });
        }
    }

    /// Counts the call, where it is one of paper trading; refuses it when there were too many.
    pub(super) async fn count(&self, op: &OpDef) -> Result<Option<Metered>, Error> {
        if op.access != Access::Paper {
            return Ok(None);
        }
        let account = self.caller.account()?;
        match self.app.meter.begin(&account.id, account.plan, op.counts).await {
            Ok(metered) => {
                self.told.tell(metered.standing());
                Ok(Some(self.metered.get_or_init(|| metered).clone()))
            }
            Err(refused) => {
                refused.standing.into_iter().for_each(|it| self.told.tell(it));
                Err(refused.error)
            }
        }
    }
}

/// Where an operation leaves how the account stands with its limits, for the door to say.
#[derive(Debug, Clone, Default)]
pub struct Told(Arc<Mutex<Option<Standing>>>);

impl Told {
    /// How the account stands, if calls of this kind are counted; after the last of several.
    pub fn standing(&self) -> Option<Standing> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, standing: Standing) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(standing);
    }
}
