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
use tokio::signal::unix::{SignalKind, signal};

use super::{Data, Scenarios};
use crate::{api, app::App, clock::SystemClock, keys::Key, store::Store};

/// How long open calls may take to end once the process is asked to.
const DRAIN_MAX: Duration = Duration::from_secs(8);

/// How often idle runs are looked for.
const UPKEEP_EVERY: Duration = Duration::from_mins(10);

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address and port to listen on.
    #[arg(long, env = "BOTTRADE_LISTEN", default_value = "127.0.0.1:8080")]
    #[arg(value_name = "ADDRESS:PORT", value_parser = address)]
    listen: SocketAddr,
    /// Where clients reach this server; default: http:// and the listen address.
    #[arg(long, env = "BOTTRADE_PUBLIC_URL", value_name = "URL", value_parser = url)]
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
        let _alone = self.data.alone()?;
        let store = Store::open(crate::app::database(data_dir))?;
        let listener = tokio::net::TcpListener::bind(self.listen).await.with_context(|| {
            format!("cannot listen on {}; --listen chooses another", self.listen)
        })?;
        let address = listener.local_addr()?;
        let public_url = self.public_url.unwrap_or_else(|| format!("http://{address}"));
        let app = App::new(&public_url, self.scenarios.catalog()?, store, Arc::new(SystemClock));
        let first_key = first_key(&app, data_dir).await?;
        let stop = stop()?;
        outlive_file_limits()?;
        banner(&app, data_dir, first_key.as_ref());
        tokio::spawn(upkeep(Arc::clone(&app)));
        // Without it, Nagle's algorithm holds small answers back for 40 ms.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "cannot set TCP_NODELAY");
            }
        });
        let (asked, mut hear) = tokio::sync::watch::channel(false);
        let served = axum::serve(listener, api::router(&app)).with_graceful_shutdown(async move {
            stop.await;
            asked.send_replace(true);
        });
        let overdue = async {
            // An error is the sender's end, which comes after the word.
            let _ = hear.wait_for(|asked| *asked).await;
            tokio::time::sleep(DRAIN_MAX).await;
        };
        tokio::select! {
            served = served.into_future() => served?,
            // Somebody holds a half-sent request; what was answered is on the disk.
            () = overdue => tracing::warn!("connections were cut at shutdown"),
            // What the disk really holds is known after a restart only.
            why = app.runs.store_failed() => anyhow::bail!("the store stopped: {why}"),
        }
        app.runs.close().await;
        Ok(())
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an address and a port, such as 127.0.0.1:8080".into())
}

fn url(text: &str) -> Result<String, String> {
    let uri = text.parse::<http::Uri>().ok();
    let good = uri
        .is_some_and(|it| matches!(it.scheme_str(), Some("http" | "https")) && it.host().is_some());
    let expected = "expected an address such as https://bottrade.example";
    if good { Ok(text.trim_end_matches('/').to_owned()) } else { Err(expected.into()) }
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

/// An absolute path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

/// Listens for a signal to end from now on; resolves when it comes.
fn stop() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
    })
}

/// A write past the limit on the size of a file shall fail, not end the process: that is what the
/// signal does while nobody listens.
fn outlive_file_limits() -> std::io::Result<()> {
    const SIGXFSZ: i32 = 25;
    signal(SignalKind::from_raw(SIGXFSZ)).map(drop)
}

/// Where the first key of a data folder is kept.
fn key_file(data_dir: &Path) -> PathBuf {
    data_dir.join("api-key")
}

/// On the first start of an empty data folder: the account `local` and its key.
///
/// The file is made before the key, so that no key is made that nobody could read.
async fn first_key(app: &App, data_dir: &Path) -> anyhow::Result<Option<Key>> {
    if !app.accounts.is_empty().await? {
        return Ok(None);
    }
    let (path, draft) = (key_file(data_dir), data_dir.join("api-key.new"));
    let cannot = || format!("cannot write {}", path.display());
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // One may be left of a start that was cut short.
    let _ = std::fs::remove_file(&draft);
    let mut file = options.open(&draft).with_context(cannot)?;
    let Some(key) = app.accounts.create_first().await? else {
        return Ok(None);
    };
    writeln!(file, "{}", key.reveal()).and_then(|()| file.sync_all()).with_context(cannot)?;
    std::fs::rename(&draft, &path).with_context(cannot)?;
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
        _ => {
            let folder = quoted(data_dir);
            println!("  Key   make one with `bottrade key create --data-dir {folder}`");
        }
    }
    println!();
    println!("Connect Claude Code:");
    let shown =
        if key_file.exists() { format!("$(cat {})", quoted(&key_file)) } else { "YOUR_KEY".into() };
    println!(
        "  claude mcp add --transport http bottrade {base}/mcp --header \"X-API-Key: {shown}\""
    );
    // A closed standard output must not stop the service.
    let _ = std::io::stdout().flush();
}
