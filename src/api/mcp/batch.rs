//! Several messages in one body: a list of them, which the revision 2025-03-26 has every server
//! take and the later ones have none.

use axum::{
    Json,
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, StatusCode, request::Parts},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::super::{
    json_rpc,
    limits::{BATCH_MAX, BODY_BYTES_MAX},
};
use crate::{
    caller::{Caller, Scope},
    error::Error,
    ops::{OpDef, Session, guide::Resource},
};

/// The revision that has batches; who names none is taken to speak it.
const REVISION: &str = "2025-03-26";

/// As much of a message as tells which operation it asks for.
#[derive(Deserialize)]
struct Asked {
    method: String,
    #[serde(default)]
    params: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    /// Of a tool.
    #[serde(default)]
    name: Option<String>,
    /// Of a resource.
    #[serde(default)]
    uri: Option<String>,
}

impl Asked {
    /// Refuses a caller for whom the operation that it asks for is not. Only somebody is told which
    /// tools there are not; `has` knows those that are no operations.
    fn admit(&self, caller: &Caller, has: impl Fn(&str) -> bool) -> Result<(), Error> {
        let Some(params) = &self.params else { return Ok(()) };
        match (self.method.as_str(), params) {
            ("tools/call", Named { name: Some(name), .. }) => match OpDef::tool(name) {
                Ok(op) => op.admit(caller),
                Err(_) if has(name) => Ok(()),
                Err(_) => caller.account().map(drop),
            },
            ("resources/read", Named { uri: Some(uri), .. }) => {
                let op = Resource::find(uri).ok().and_then(|(resource, _)| resource.op());
                op.map_or(Ok(()), |op| op.admit(caller))
            }
            _ => Ok(()),
        }
    }
}

/// A body, and what came before it.
pub(super) struct Call {
    parts: Parts,
    body: Bytes,
}

impl Call {
    /// Takes a request apart whose body is there already.
    pub(super) async fn of(request: Request) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(Error::malformed_request)?;
        Ok(Self { parts, body })
    }

    /// Whether it carries a list.
    pub(super) fn is_batch(&self) -> bool {
        self.body.trim_ascii_start().first() == Some(&b'[')
    }

    /// Refuses a caller for whom one of its messages is not: told by the status alone, as clients
    /// begin to sign in by it. `has` knows the tools that are no operations.
    pub(super) fn admit(&self, has: impl Fn(&str) -> bool) -> Result<(), Error> {
        let Some(caller) = self.parts.extensions.get::<Caller>() else { return Ok(()) };
        // Whoever may do everything need not be asked what is meant.
        if Scope::ALL.into_iter().all(|scope| caller.with(scope).is_ok()) {
            return Ok(());
        }
        let messages: Vec<&RawValue> = if self.is_batch() {
            serde_json::from_slice(&self.body).unwrap_or_default()
        } else {
            serde_json::from_slice(&self.body).into_iter().collect()
        };
        // What asks for nothing, such as an answer, hides nothing beside it.
        let mut asked = messages.iter().filter_map(|it| serde_json::from_str(it.get()).ok());
        asked.try_for_each(|it: Asked| it.admit(caller, &has))
    }

    /// What came before the body.
    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// In which session.
    pub(super) fn session(&self) -> Session {
        self.parts.extensions.get().cloned().unwrap_or_default()
    }

    /// As whom its client introduces itself, if it does; without a name, as nobody in particular.
    pub(super) fn introduced(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Hello {
            method: String,
            #[serde(default)]
            params: Value,
        }
        let Hello { method, params } = serde_json::from_slice(&self.body).ok()?;
        let name = || params["clientInfo"]["name"].as_str().unwrap_or_default().to_owned();
        (method == "initialize").then(name)
    }

    /// The request again.
    pub(super) fn whole(self) -> Request {
        Request::from_parts(self.parts, Body::from(self.body))
    }

    /// Its messages, each as a request of its own.
    fn each(&self) -> Result<Vec<Request>, Error> {
        let messages: Vec<&RawValue> =
            serde_json::from_slice(&self.body).map_err(Error::malformed_body)?;
        if !has_batches(&self.parts.headers) || !(1..=BATCH_MAX).contains(&messages.len()) {
            return Err(Error::no_batch(REVISION, BATCH_MAX));
        }
        let one = |message: &RawValue| {
            Request::from_parts(self.parts.clone(), Body::from(message.get().to_owned()))
        };
        Ok(messages.into_iter().map(one).collect())
    }

    /// Answers one message after the other, in their order; what wants no answer has none.
    pub(super) async fn answered(self, answer: impl AsyncFn(Request) -> Response) -> Response {
        let requests = match self.each() {
            Ok(requests) => requests,
            Err(error) => return json_rpc::refused(&error),
        };
        let mut answers: Vec<Value> = Vec::new();
        for request in requests {
            let body = to_bytes(answer(request).await.into_body(), usize::MAX).await;
            answers.extend(body.ok().and_then(|it| serde_json::from_slice::<Value>(&it).ok()));
        }
        if answers.is_empty() {
            return StatusCode::ACCEPTED.into_response();
        }
        Json(answers).into_response()
    }
}

fn has_batches(headers: &HeaderMap) -> bool {
    headers.get("mcp-protocol-version").is_none_or(|it| it == REVISION)
}
