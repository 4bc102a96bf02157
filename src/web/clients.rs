//! How a client is connected to this server: what to paste where.

use crate::app::addressed;

/// What is played first.
pub(super) const FIRST_SCENARIO: &str = "sandbox-nov-2024";

/// A client and what connects it. No page knows a key: the texts say `YOUR_KEY`.
struct Client {
    id: &'static str,
    name: &'static str,
    /// Where the text goes, in a sentence or two.
    place: &'static str,
    text: &'static str,
    /// What to do afterwards, if anything.
    then: &'static str,
}

macro_rules! client {
    ($id:literal, $name:literal, $place:literal, $then:literal) => {
        Client {
            id: $id,
            name: $name,
            place: $place,
            text: include_str!(concat!("../../templates/connect/", $id, ".txt")),
            then: $then,
        }
    };
}

/// Every client that has a text, the most used first.
const CLIENTS: [Client; 7] = [
    client!(
        "claude-code",
        "Claude Code",
        "In a terminal. It signs in through your browser; no key is needed.",
        "Then type /mcp in it and choose bottrade: the browser opens, and you allow it."
    ),
    client!(
        "claude-desktop",
        "Claude Desktop",
        "In claude_desktop_config.json (Settings, Developer). It needs Node.js.",
        "Restart Claude Desktop."
    ),
    client!("cursor", "Cursor", "In .cursor/mcp.json.", ""),
    client!("vs-code", "VS Code", "In .vscode/mcp.json.", ""),
    client!(
        "openclaw",
        "OpenClaw",
        "In a terminal: the skill, which plays over REST with the key in the environment.",
        ""
    ),
    client!("python", "Python", "In a terminal, with the client from PyPI.", ""),
    client!("curl", "curl", "In a terminal: a whole run.", ""),
];

/// The same with the address of a server.
pub(super) struct Connection {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) place: &'static str,
    pub(super) text: String,
    pub(super) then: &'static str,
}

/// What connects each client to the server at this address.
pub(super) fn connections(public_url: &str) -> Vec<Connection> {
    let here = |it: &Client| Connection {
        id: it.id,
        name: it.name,
        place: it.place,
        text: addressed(it.text.trim_end(), public_url),
        then: it.then,
    };
    CLIENTS.iter().map(here).collect()
}
