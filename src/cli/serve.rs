//! `bottrade serve`: the service on a port.

use std::{
    fs::OpenOptions,
    io::{IsTerminal as _, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use axum::serve::ListenerExt as _;
use clap::Args;

use super::{Data, Scenarios};
use crate::{api, app::App, clock::SystemClock, keys::Key, store::Store};

/// How often idle runs are looked for.
const UPKEEP_EVERY: Duration = Duration::from_mins(10);

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address and port to listen on.
    #[arg(long, env = "BOTTRADE_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where clients reach this server; default: http:// and the listen address.
    #[arg(long, env = "BOTTRADE_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    scenarios: Scenarios,
}

impl Serve {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.serve())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn serve(self) -> anyhow::Result<()> {
        let data_dir = &self.data.data_dir;
        std::fs::create_dir_all(data_dir)
            .with_context(|| format!("cannot make the data folder {}", data_dir.display()))?;
        let store = Store::open(crate::app::database(data_dir))?;
        let listener = tokio::net::TcpListener::bind(self.listen)
            .await
            .with_context(|| format!("cannot listen on {}", self.listen))?;
        let address = listener.local_addr()?;
        let public_url = self.public_url.unwrap_or_else(|| format!("http://{address}"));
        let app = App::new(&public_url, self.scenarios.catalog()?, store, Arc::new(SystemClock));
        let first_key = first_key(&app, data_dir).await?;
        banner(&app, data_dir, first_key.as_ref());
        tokio::spawn(upkeep(Arc::clone(&app)));
        // Without it, Nagle's algorithm holds small answers back for 40 ms.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "cannot set TCP_NODELAY");
            }
        });
        let served = axum::serve(listener, api::router(&app)).with_graceful_shutdown(stop());
        tokio::select! {
            served = served.into_future() => served?,
            // What the disk really holds is known after a restart only.
            why = app.runs.store_failed() => anyhow::bail!("the store stopped: {why}"),
        }
        app.runs.close().await;
        Ok(())
    }
}

/// Looks after the runs now and every ten minutes.
async fn upkeep(app: Arc<App>) {
    let mut clock = tokio::time::interval(UPKEEP_EVERY);
    loop {
        clock.tick().await;
        if let Err(error) = app.runs.upkeep().await {
            tracing::warn!(%error, "upkeep failed");
        }
    }
}

/// Resolves when the process is asked to end.
async fn stop() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => (),
                _ = terminate.recv() => (),
            }
        }
        Err(_) => {
            let _ = interrupt.await;
        }
    }
}

/// Where the first key of a data folder is kept.
fn key_file(data_dir: &Path) -> PathBuf {
    data_dir.join("api-key")
}

/// On the first start of an empty data folder: the account `local` and its key.
async fn first_key(app: &App, data_dir: &Path) -> anyhow::Result<Option<Key>> {
    let Some(key) = app.accounts.create_first().await? else {
        return Ok(None);
    };
    let path = key_file(data_dir);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file =
        options.open(&path).with_context(|| format!("cannot write {}", path.display()))?;
    writeln!(file, "{}", key.reveal())?;
    Ok(Some(key))
}

/// What a person needs to connect. The key itself is shown on a terminal only.
fn banner(app: &App, data_dir: &Path, first_key: Option<&Key>) {
    let (base, key_file) = (&app.public_url, key_file(data_dir));
    println!(
        "BotTrade {} · {} scenarios",
        env!("CARGO_PKG_VERSION"),
        app.catalog.entries().count()
    );
    println!("  Web   {base}/");
    println!("  MCP   {base}/mcp");
    println!("  REST  {base}/api/v1");
    let terminal = std::io::stdout().is_terminal();
    match first_key {
        Some(key) if terminal => {
            println!("  Key   {} (also in {})", key.reveal(), key_file.display());
        }
        _ if key_file.exists() => println!("  Key   in {}", key_file.display()),
        _ => println!("  Key   make one with `bottrade key create`"),
    }
    println!();
    println!("Connect Claude Code:");
    println!(
        "  claude mcp add --transport http bottrade {base}/mcp --header \"X-API-Key: $(cat {})\"",
        key_file.display()
    );
    // A closed standard output must not stop the service.
    let _ = std::io::stdout().flush();
}
