//! `bottrade serve`: the service on a port.

use std::{
    fs::OpenOptions,
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use ipnet::IpNet;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
    task::JoinSet,
};

use super::{Data, Scenarios, place::Place};
use crate::{
    api::{
        self,
        limits::{Limits, TURNED_AWAY_MAX},
        listen,
    },
    app::{App, Legal, Outside},
    billing::StripeArgs,
    clock::{Clock, SystemClock},
    error::Error,
    keys::Key,
    oauth::{
        document::{Documents, SystemResolver},
        jwt::SigningKeys,
    },
    paper::feed::{Feed, FeedArgs},
    plan::{Change, Plans},
    sign_in::ProviderArgs,
    store::Store,
    traffic::{TrustedProxies, client_address::range},
};

/// How often idle runs are looked for.
const UPKEEP_EVERY: Duration = Duration::from_mins(10);
/// Descriptors that the server needs besides those of its connections: the store, the log, and
/// those who are turned away.
const OWN_DESCRIPTORS: u64 = 64 + TURNED_AWAY_MAX as u64;

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    place: Place,
    /// Connections at the same time; when all are taken, the longest idle one makes room.
    #[arg(long, env = "BOTTRADE_CONNECTIONS", value_name = "NUMBER")]
    #[arg(default_value_t = Limits::default().connections as u64, value_parser = at_least_one())]
    connections: u64,
    /// The same of one client address that is no trusted proxy's.
    #[arg(long, env = "BOTTRADE_CONNECTIONS_PER_ADDRESS", value_name = "NUMBER")]
    #[arg(default_value_t = Limits::default().connections_per_address as u64)]
    #[arg(value_parser = at_least_one())]
    connections_per_address: u64,
    /// A proxy in front of this server, as an address or a range: of calls that come from there,
    /// the last address in X-Forwarded-For that is no trusted proxy's is the client's. From
    /// anybody else the header means nothing. May be repeated, or separated by commas.
    #[arg(long, env = "BOTTRADE_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',')]
    #[arg(value_parser = range)]
    trusted_proxy: Vec<IpNet>,
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    scenarios: Scenarios,
    /// A folder of metadata documents of OAuth clients that are trusted without being fetched.
    #[arg(long, env = "BOTTRADE_CLIENT_METADATA", value_name = "DIR")]
    client_metadata: Option<PathBuf>,
    /// A folder with terms.md and privacy.md, which are shown at /terms and /privacy.
    #[arg(long, env = "BOTTRADE_LEGAL", value_name = "DIR")]
    legal: Option<PathBuf>,
    /// What a plan has in a month of UTC: runs, and the price in US dollars where it is sold, such
    /// as pro=200:19.99 or max=unlimited. The plans are free, pro and max. May be repeated, or
    /// separated by commas.
    #[arg(long, env = "BOTTRADE_PLAN", value_name = "PLAN=RUNS[:PRICE]", value_delimiter = ',')]
    plan: Vec<Change>,
    #[command(flatten)]
    providers: ProviderArgs,
    #[command(flatten)]
    stripe: StripeArgs,
    #[command(flatten)]
    feed: FeedArgs,
}

impl Serve {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let served = runtime.block_on(self.serve());
        // What still runs has no caller any more.
        runtime.shutdown_background();
        served.map(|()| ExitCode::SUCCESS)
    }

    async fn serve(self) -> anyhow::Result<()> {
        let data_dir = &self.data.data_dir;
        std::fs::create_dir_all(data_dir)
            .with_context(|| format!("cannot make the data folder {}", data_dir.display()))?;
        let _alone = self.data.alone()?;
        let limits = self.limits();
        let store = Store::open(crate::app::database(data_dir))?;
        let asked = self.place.listen;
        let listener = listen::bind(asked)
            .with_context(|| format!("cannot listen on {asked}; --listen chooses another"))?;
        let public_url = self.place.public_url(listener.local_addr()?);
        warn_of_a_nameless_proxy(&public_url, &limits);
        let feed = Arc::new(self.feed.feed(&store, self.scenarios.clear_rights())?);
        let app = App::new(
            &public_url,
            self.scenarios.catalog()?,
            store,
            Arc::new(SystemClock),
            self.outside(&public_url, Arc::clone(&feed))?,
        );
        let first_key = first_key(&app, data_dir).await?;
        outlive_file_limits()?;
        let mut signals = Signals::new()?;
        say(&banner(&app, data_dir, first_key.as_ref()).await);
        let mut aside = JoinSet::new();
        aside.spawn(upkeep(Arc::clone(&app)));
        aside.spawn(check(Arc::clone(&app)));
        let (stop, asked) = oneshot::channel();
        let door = api::feed::Door {
            feed,
            operator: self.feed.operator(),
            clock: Arc::new(SystemClock),
            limits: limits.clone(),
        };
        let served = async {
            let router = api::router(&app, &limits).merge(api::feed::router(door));
            let stop = async {
                drop(asked.await);
                app.ending.begin();
                // Streams have no end of their own that would come in time.
                app.runs.end_watches();
            };
            let cut = listen::serve(listener, router, &limits, stop).await;
            if cut > 0 {
                tracing::warn!(cut, "connections were cut at shutdown");
            }
            aside.shutdown().await;
            app.close().await;
        };
        let asked_twice = async {
            signals.next().await;
            // Nobody listens any more when the end has begun by itself.
            let _ = stop.send(());
            signals.next().await;
        };
        tokio::select! {
            () = served => Ok(()),
            () = asked_twice => anyhow::bail!("ended at once; every answer that was given is kept"),
            // What the disk really holds is known after a restart only.
            why = app.store_failed() => anyhow::bail!("the store stopped: {why}"),
        }
    }

    /// What the service gets from outside, as the settings say.
    fn outside(&self, public_url: &str, feed: Arc<Feed>) -> anyhow::Result<Outside> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let folder = &self.data.data_dir;
        let signing_keys = SigningKeys::open(folder, public_url, Arc::clone(&clock))?;
        let trusted = match &self.client_metadata {
            Some(folder) => Documents::read_folder(folder)?,
            None => Vec::new(),
        };
        let documents = Documents::new(Arc::new(SystemResolver), Arc::clone(&clock), trusted);
        let legal = self.legal.as_deref().map(Legal::read).transpose()?.unwrap_or_default();
        let providers = self.providers.providers(clock)?;
        let plans = Plans::default().with(&self.plan).map_err(anyhow::Error::msg);
        let plans = plans.context("--plan")?;
        let stripe = self.stripe.stripe_at(public_url)?;
        Ok(Outside { providers, signing_keys, documents, feed, legal, plans, stripe })
    }

    /// The limits asked for, as far as the system has descriptors.
    fn limits(&self) -> Limits {
        let asked = self.connections;
        let descriptors = descriptors(asked.saturating_add(OWN_DESCRIPTORS));
        let connections = asked.min(descriptors.saturating_sub(OWN_DESCRIPTORS).max(1));
        if connections < asked {
            tracing::warn!(
                "only {connections} connections: the system allows {descriptors} open files \
                 (`ulimit -n`)"
            );
        }
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Limits {
            connections: count(connections),
            connections_per_address: count(self.connections_per_address),
            trusted_proxies: TrustedProxies::new(&self.trusted_proxy),
            ..Limits::default()
        }
    }
}

/// This server speaks no TLS: somebody does it for it.
fn warn_of_a_nameless_proxy(public_url: &str, limits: &Limits) {
    if public_url.starts_with("https://") && limits.trusted_proxies.is_empty() {
        tracing::warn!(
            "all clients of {public_url} count as one, which is its proxy: name the proxy with \
             --trusted-proxy"
        );
    }
}

fn at_least_one() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..)
}

/// Asks the system for so many open files; answers how many it allows.
fn descriptors(wanted: u64) -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let Some(current) = current.filter(|current| *current < wanted) else { return wanted };
    let more = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(more), maximum });
    if raised.is_ok() { more } else { current }
}

/// Looks after the runs now and every ten minutes.
async fn upkeep(app: Arc<App>) {
    let mut clock = tokio::time::interval(UPKEEP_EVERY);
    loop {
        clock.tick().await;
        let kept = async {
            app.runs.upkeep().await?;
            app.paper.upkeep();
            app.accounts.upkeep().await?;
            app.oauth.upkeep().await?;
            app.billing.upkeep().await?;
            app.signing_keys.rotate_if_due().map(drop).map_err(Error::internal)
        };
        if let Err(error) = kept.await {
            tracing::warn!(%error, "upkeep failed");
        }
    }
}

/// Looks once whether every journal is as it was written.
async fn check(app: Arc<App>) {
    match app.check().await {
        Ok(checked) => {
            tracing::info!(checked.journals, checked.damaged, "the journals were checked");
        }
        Err(error) => tracing::error!(%error, "the journals could not all be checked"),
    }
}

/// An absolute path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

/// The signals that ask a process to end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on.
    fn new() -> std::io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => (),
            _ = self.interrupt.recv() => (),
        }
    }
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

/// On the first start of an empty data folder: the account `local` and its key. Where people sign
/// in through a provider there is none.
///
/// The file is made before the key, so that no key is made that nobody could read.
async fn first_key(app: &App, data_dir: &Path) -> anyhow::Result<Option<Key>> {
    if !app.desk.providers().is_empty() || !app.accounts.is_empty().await? {
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

/// What a person needs to connect. The key and the sign-in link are shown on a terminal only.
async fn banner(app: &App, data_dir: &Path, first_key: Option<&Key>) -> String {
    let (base, key_file) = (&app.public_url, key_file(data_dir));
    let mut lines = vec![
        format!(
            "BotTrade {} · {} scenarios",
            env!("CARGO_PKG_VERSION"),
            app.catalog.entries().count()
        ),
        format!("  Web   {base}/"),
        format!("  MCP   {base}/mcp"),
        format!("  REST  {base}/api/v1"),
    ];
    let terminal = std::io::stdout().is_terminal();
    match first_key {
        Some(key) if terminal => {
            lines.push(format!("  Key   {} (also in {})", key.reveal(), key_file.display()));
        }
        _ if key_file.exists() => lines.push(format!("  Key   in {}", key_file.display())),
        _ if app.desk.providers().is_empty() => {
            let folder = quoted(data_dir);
            let make = format!("make one with `bottrade key create --data-dir {folder}`");
            lines.push(format!("  Key   {make}"));
        }
        _ => lines.push(format!("  Key   sign in at {base}/login and make one")),
    }
    if terminal && let Ok(link) = app.desk.link().await {
        lines.push(format!("  Sign in at {link} (once, within ten minutes)"));
    }
    let shown =
        if key_file.exists() { format!("$(cat {})", quoted(&key_file)) } else { "YOUR_KEY".into() };
    lines.push(String::new());
    lines.push("Connect Claude Code:".into());
    lines.push(format!(
        "  claude mcp add --transport http bottrade {base}/mcp --header \"X-API-Key: {shown}\""
    ));
    lines.join("\n")
}

/// Says something to whoever started the service; a standard output that is closed or full must
/// not stop it.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
