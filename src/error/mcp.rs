//! What goes wrong at the MCP door alone.

use super::{Code, Error};

impl Error {
    /// An unknown tool.
    pub fn no_such_tool(asked: &str, nearest: &[String]) -> Self {
        Self::no_such("tool", asked, nearest, "tools/list")
    }

    /// A tool that this connection was not given.
    pub fn tool_not_offered(asked: &str, chosen: &str, having: &str) -> Self {
        let message = format!("the tool \"{asked}\" is not in the toolset {chosen}");
        Self::new(Code::NotFound, message)
            .hint(format!("it is in {having}: connect to /mcp?toolsets={having}"))
    }

    /// A toolset that does not exist.
    pub fn no_such_toolset(asked: &str, known: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no toolset \"{asked}\"")).hint(format!(
            "there are {known}; choose with /mcp?toolsets=NAME or the header X-MCP-Toolsets"
        ))
    }

    /// An unknown address of something to read.
    pub fn no_such_resource(asked: &str, nearest: &[String]) -> Self {
        Self::no_such("resource", asked, nearest, "resources/list")
    }

    /// An unknown prompt.
    pub fn no_such_prompt(asked: &str, nearest: &[String]) -> Self {
        Self::no_such("prompt", asked, nearest, "prompts/list")
    }

    /// A method that the protocol, or this server, does not have.
    pub fn no_such_method(asked: &str, nearest: &[String]) -> Self {
        Self::no_such("method", asked, nearest, "server/discover")
    }

    /// A method that is known, with params that are not its own.
    pub fn malformed_params(method: &str) -> Self {
        Self::new(Code::InvalidInput, format!("`params` do not have the shape of {method}"))
            .hint("nothing was done; `name` and `uri` are texts, `arguments` is an object")
    }

    /// A list of messages where it cannot be taken.
    pub fn no_batch(revision: &str, max: usize) -> Self {
        Self::new(Code::MalformedRequest, "the body is a list of messages")
            .hint(format!("send one at a time; in revision {revision} 1 to {max} together"))
    }

    fn no_such(kind: &str, asked: &str, nearest: &[String], list: &str) -> Self {
        let error = Self::new(Code::NotFound, format!("there is no {kind} \"{asked}\""));
        error.hint(if nearest.is_empty() {
            format!("`{list}` lists them all")
        } else {
            format!("did you mean {}?", nearest.join(", "))
        })
    }

    /// Another method than POST at the MCP endpoint.
    pub fn post_required() -> Self {
        Self::new(Code::MethodNotAllowed, "POST required").hint(
            "/mcp is MCP over streamable HTTP: POST one JSON-RPC message; \
             there is no stream to GET and no session to DELETE",
        )
    }

    /// A `Host` under which this service is not known.
    pub fn foreign_host(public_url: &str) -> Self {
        Self::new(Code::ForeignOrigin, "the Host of this call is not a name of this server").hint(
            format!("call {public_url}, or start the server with the --public-url that is in use"),
        )
    }

    /// A page of another site.
    pub fn foreign_origin(public_url: &str) -> Self {
        Self::new(Code::ForeignOrigin, "pages of this Origin may not call this server").hint(
            format!("pages of {public_url} and of the caller's own computer may, and any program"),
        )
    }
}
