//! How a failure is told: as a document, as a text, by status and header.

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{Error, FieldProblem};

impl Error {
    /// RFC 9457 problem details; `error` and `message` repeat `detail` for older clients.
    pub fn problem(&self) -> Value {
        let mut body = json!({
            "type": format!("urn:bottrade:error:{}", self.code_name()),
            "title": self.status().canonical_reason(),
            "status": self.status().as_u16(),
            "detail": self.message,
            "error": self.message,
            "message": self.message,
            "code": self.code,
        });
        if let Some(hint) = &self.hint {
            body["hint"] = json!(hint);
        }
        if !self.fields.is_empty() {
            body["errors"] = json!(self.fields);
        }
        if let (Some(body), Value::Object(limit)) = (body.as_object_mut(), json!(self.run_limit)) {
            body.extend(limit);
        }
        body
    }

    /// The same for a model that reads: sentence, places, next step.
    pub fn text(&self) -> String {
        let mut lines = vec![self.message.clone()];
        if self.fields.iter().any(|field| !self.message.contains(&field.location)) {
            let told = |field: &&FieldProblem| {
                self.message.starts_with(&format!("`{}`: ", field.location))
            };
            let places = self.fields.iter().filter(|field| !told(field));
            lines.extend(places.map(|field| format!("- {}: {}", field.location, field.message)));
        }
        lines.extend(self.hint.iter().map(|hint| format!("Next: {hint}")));
        lines.join("\n")
    }

    /// The header that goes with the status, where HTTP asks for one.
    pub fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self.retry_after {
            Some(seconds) => Some((header::RETRY_AFTER, seconds.into())),
            None => self.code.header(),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.dialect.status(self.code)
    }

    fn code_name(&self) -> String {
        json!(self.code).as_str().unwrap_or_default().to_owned()
    }
}
