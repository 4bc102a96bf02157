//! `bottrade mcp-stdio`: MCP for clients that start a program instead of calling an address.

use std::process::ExitCode;

use clap::Args;
use tokio::io::{BufReader, stdin, stdout};

use crate::bridge::Bridge;

#[derive(Debug, Args)]
pub(crate) struct McpStdio {
    /// The server.
    #[arg(long, env = "BOTTRADE_API", value_name = "URL", default_value = "http://127.0.0.1:8080")]
    server: String,
    /// API key or bot key for the server; without one only what is open to everybody works.
    #[arg(long, env = "BOTTRADE_API_KEY", hide_env_values = true)]
    key: Option<String>,
    /// The toolsets to show, such as `paper`; default: those of the server.
    #[arg(long, env = "BOTTRADE_TOOLSETS", value_name = "NAMES")]
    toolsets: Option<String>,
}

impl McpStdio {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let bridge = Bridge::new(&self.server, self.key.as_deref(), self.toolsets.as_deref())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let done = runtime.block_on(bridge.run(BufReader::new(stdin()), stdout()));
        // Somebody who reads no more may still hold the input open.
        runtime.shutdown_background();
        done.map(|()| ExitCode::SUCCESS)
    }
}
