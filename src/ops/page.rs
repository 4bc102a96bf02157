//! What a tool's page is made of: a description, chapters, and an example that is executed.

/// Begins the request of the example.
pub const REQUEST: &str = "```json request\n";
/// Begins its answer.
pub const RESPONSE: &str = "```json response\n";
/// Ends either.
pub const END: &str = "\n```";

/// What stands between this beginning and its end.
pub fn fenced<'a>(page: &'a str, beginning: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(beginning)?;
    Some(rest.split_once(END)?.0)
}
