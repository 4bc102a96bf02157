//! Reading requests: JSON to typed input, with errors that name the field.

mod checks;
mod decimal;
mod mend;
mod order;
mod schema;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Error;

pub(crate) use checks::Checks;
pub(crate) use decimal::{Decimal, Loose};
pub(crate) use order::{OrderInput, OrderType, REASONING_MAX, orders, side};
pub(crate) use schema::{INSTANT, body_schema, lean_schema, output_schema};

/// Reads a request, or names every field that is wrong and what was expected.
pub(crate) fn read<T: DeserializeOwned + JsonSchema>(input: Value) -> Result<T, Error> {
    T::deserialize(&input).map_err(|error| {
        let problems = mend::problems::<T>(input, &lean_schema::<T>().to_value());
        let mut problems = problems.into_iter();
        let Some(first) = problems.next() else {
            return Error::invalid_field("", &plain(&error.to_string()));
        };
        let mut error = Error::invalid_field(&first.location, &first.message);
        error.fields.extend(problems);
        if error.fields.len() > 1 {
            error.hint = Some("nothing was done; correct them all and repeat the call".into());
        }
        error
    })
}

/// A message without the names of Rust's types.
fn plain(message: &str) -> String {
    let words = [
        ("expected i64", "expected an integer"),
        ("expected u64", "expected an integer"),
        ("expected u32", "expected an integer"),
        ("expected usize", "expected an integer"),
        ("invalid type: sequence", "got a list"),
        ("invalid type: map", "got an object"),
        ("invalid type: string", "got the text"),
        ("invalid type: integer", "got the number"),
        ("invalid type: floating point", "got the number"),
        ("invalid type: boolean", "got"),
        ("invalid type: null", "got null"),
        ("a sequence", "a list"),
        ("a map", "an object"),
        ("struct OrderInput", "an order object"),
        ("struct AgentInfo", "an object with `name`"),
        ("unknown variant", "unknown word"),
        (", there are no fields", "; this call takes no fields"),
    ];
    words.iter().fold(message.to_owned(), |text, (rust, plain)| text.replace(rust, plain))
}

/// Texts that [`check_text`] takes, but for their length.
pub(crate) const PRINTABLE: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";

/// Checks a text that is kept: its length, and that it holds no control characters but line breaks.
pub(crate) fn check_text(field: &str, text: &str, max: usize) -> Result<(), Error> {
    if text.chars().count() > max {
        return Err(Error::invalid_field(field, &format!("must be at most {max} characters")));
    }
    if text.chars().any(|it| it.is_control() && !matches!(it, '\n' | '\r' | '\t')) {
        return Err(Error::invalid_field(field, "must not contain control characters"));
    }
    Ok(())
}
