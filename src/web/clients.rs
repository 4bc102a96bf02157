//! How a client is connected to this server: what to paste where.

use crate::app::App;

/// Stands for a key in what is shown; no page knows one.
const KEY: &str = "YOUR_KEY";
/// What is played first.
pub(super) const FIRST_SCENARIO: &str = "sandbox-nov-2024";

/// A client and the text that connects it.
pub(super) struct Connection {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    /// Where the text goes, in a sentence.
    pub(super) place: &'static str,
    pub(super) text: String,
    /// What to do afterwards, if anything.
    pub(super) then: &'static str,
}

/// Every client that has a text, the most used first.
pub(super) fn connections(app: &App) -> Vec<Connection> {
    let base = &app.public_url;
    let mcp = format!("{base}/mcp");
    let headers = format!("\"headers\": {{ \"X-API-Key\": \"{KEY}\" }}");
    let sign_in =
        "Then type /mcp and choose bottrade: the browser opens, you sign in and allow it.";
    vec![
        Connection {
            id: "claude-code",
            name: "Claude Code",
            place: "In a terminal. It signs in through your browser; no key is needed.",
            text: format!("claude mcp add --transport http bottrade {mcp}"),
            then: sign_in,
        },
        Connection {
            id: "claude-desktop",
            name: "Claude Desktop",
            place: "In claude_desktop_config.json (Settings, Developer). It needs Node.js.",
            text: format!(
                "{{\n  \"mcpServers\": {{\n    \"bottrade\": {{\n      \"command\": \"npx\",\n      \
                 \"args\": [\"mcp-remote\", \"{mcp}\", \"--header\", \"X-API-Key:{KEY}\"]\n    \
                 }}\n  }}\n}}"
            ),
            then: "Restart Claude Desktop.",
        },
        Connection {
            id: "cursor",
            name: "Cursor",
            place: "In .cursor/mcp.json.",
            text: format!(
                "{{\n  \"mcpServers\": {{\n    \"bottrade\": {{\n      \"url\": \"{mcp}\",\n      \
                 {headers}\n    }}\n  }}\n}}"
            ),
            then: "",
        },
        Connection {
            id: "vs-code",
            name: "VS Code",
            place: "In .vscode/mcp.json.",
            text: format!(
                "{{\n  \"servers\": {{\n    \"bottrade\": {{\n      \"type\": \"http\",\n      \
                 \"url\": \"{mcp}\",\n      {headers}\n    }}\n  }}\n}}"
            ),
            then: "",
        },
        Connection {
            id: "openclaw",
            name: "OpenClaw",
            place: "In a terminal: the skill, which plays over REST with the key in the environment.",
            text: format!(
                "curl -fsS {base}/skills/bottrade-benchmark.tar.gz | tar xz\n\
                 openclaw skills install ./bottrade-benchmark\n\
                 export BOTTRADE_API_KEY={KEY}"
            ),
            then: "",
        },
        Connection {
            id: "python",
            name: "Python",
            place: "In a terminal, with the client from PyPI.",
            text: format!(
                "pip install bottrade\n\
                 cat > my_agent.py <<'EOF'\n\
                 from bottrade import buy\n\n\
                 def decide(observation):\n    \
                 return None if observation.positions else buy(\"NVDA\", 1)\n\
                 EOF\n\
                 export BOTTRADE_API_KEY={KEY} PYTHONPATH=.\n\
                 bottrade --api-base {base} backtest my_agent:decide --scenario {FIRST_SCENARIO}"
            ),
            then: "",
        },
        Connection {
            id: "curl",
            name: "curl",
            place: "In a terminal: a whole run in five calls.",
            text: format!(
                "KEY={KEY}; API={base}/api/v1\n\
                 RUN=$(curl -s $API/runs -H \"X-API-Key: $KEY\" -d \
                 '{{\"scenario_slug\":\"{FIRST_SCENARIO}\"}}' | grep -oP '\"run\":{{\"id\":\"\\K[^\"]+')\n\
                 curl -s \"$API/runs/$RUN/market?symbols=NVDA&lookback=5\" -H \"X-API-Key: $KEY\"\n\
                 curl -s $API/runs/$RUN/turn -H \"X-API-Key: $KEY\" -d \
                 '{{\"trades\":[{{\"symbol\":\"NVDA\",\"side\":\"buy\",\"quantity\":100}}]}}'\n\
                 curl -s $API/runs/$RUN/step -H \"X-API-Key: $KEY\" -d '{{\"count\":100}}'\n\
                 curl -s $API/runs/$RUN/results -H \"X-API-Key: $KEY\""
            ),
            then: "",
        },
    ]
}
