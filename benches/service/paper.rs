//! Orders of paper accounts beside the disk's own syncs, with few accounts and with very many.
//!
//! The accounts are opened and given their working orders by the service in this process, under a
//! clock that stands an hour ago, so that no limit of a minute is met. Orders are then placed in
//! this process, and over REST by a server on the same files.

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use bottrade::{
    app::{App, Outside},
    clock::{Clock as _, SystemClock, TestClock},
    error::Error,
    keys::Family,
    paper::{Look, meter::Kind},
    plan::Plan,
    scenarios::Catalog,
    store::Store,
};
use serde_json::json;
use sim::{
    Price, Quantity,
    order::{OrderKind, TimeInForce},
    paper::{NewOrder, Side},
};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    Size,
    client::{Client, Worker, rest_as, together},
    disk::{Disk, FRAME, How},
    limits::{FLAT_MAX, ONE_WRITER_MAX},
    report::{Report, short},
    server::Server,
    timer::{Times, float, median, median_ratio, now},
};

/// Accounts of the market that has few.
const FEW: usize = 10;
/// What waits in every account: far below the market.
const WAITING: [&str; 5] = ["BTC/USD", "ETH/USD", "LTC/USD", "AAPL", "MSFT"];
/// What is placed while it is timed: it fills at once.
const SYMBOL: &str = "BTC/USD";
const QUANTITY: Quantity = Quantity::from_units(10_000);
/// Accounts that are made at the same time.
const TOGETHER: usize = 256;
/// Connections that look at every account once.
const CLIENTS: usize = 16;
/// Orders in a round in this process: no more than ten accounts may place in a minute.
const ORDERS: usize = 160;
/// Orders in a round over REST: no more than ten accounts may place in the minute that all rounds
/// may fall into.
const ORDERS_OVER_REST: usize = 8;
/// Pages that SQLite logs for an order: account, command, its place in the index, count.
const PAGES: usize = 4;
/// Syncs of the bare disk in a round.
const SYNCS: usize = 200;
const HOUR: i64 = 3_600;
/// Seconds between two rounds, of the service's clock: a fresh minute.
const MINUTE: i64 = 60;
const URL: &str = "http://127.0.0.1";

/// Accounts with open orders, and who trades them.
struct Market {
    app: Arc<App>,
    clock: Arc<TestClock>,
    runtime: Runtime,
    /// Accounts and their bot keys.
    bots: Vec<Bot>,
    next: usize,
    data: tempfile::TempDir,
}

#[derive(Clone)]
struct Bot {
    account: String,
    key: String,
}

/// What one way of placing orders took, a value per round.
#[derive(Default)]
struct Series {
    p50: Vec<f64>,
    p99: Vec<f64>,
    cpu: Vec<f64>,
}

impl Series {
    fn add(&mut self, times: &Times) {
        self.p50.push(times.micros(0.5));
        self.p99.push(times.micros(0.99));
    }
}

impl Market {
    fn new(size: &Size, accounts: usize) -> anyhow::Result<Self> {
        let data = size.data()?;
        let clock = TestClock::at(SystemClock.now() - jiff::SignedDuration::from_secs(HOUR));
        let store = Store::open(data.path().join("bottrade.sqlite"))?;
        let outside = Outside::none(URL, clock.clone())?;
        let app = App::new(URL, Catalog::embedded()?, store, clock.clone(), outside);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let bots = runtime.block_on(opened(&app, accounts))?;
        Ok(Self { app, clock, runtime, bots, next: 0, data })
    }

    /// Places so many orders, one after the other, each of the next account; how long each took
    /// until it was on the disk.
    fn place(&mut self, orders: usize) -> anyhow::Result<Times> {
        let Self { app, runtime, bots, next, .. } = self;
        let took = runtime.block_on(async {
            let mut took = Vec::with_capacity(orders);
            for _ in 0..orders {
                let account = &bots[*next % bots.len()].account;
                *next += 1;
                let began = now();
                place(app, account, SYMBOL, OrderKind::Market, QUANTITY).await?;
                took.push(began.elapsed());
            }
            anyhow::Ok(took)
        })?;
        Ok(Times::new(took))
    }

    /// Ends the service in this process; what is left is its data.
    fn close(self) -> (tempfile::TempDir, Vec<Bot>) {
        self.runtime.block_on(self.app.close());
        (self.data, self.bots)
    }
}

/// So many accounts with a bot key each, and orders that wait.
async fn opened(app: &Arc<App>, accounts: usize) -> anyhow::Result<Vec<Bot>> {
    let (mut bots, mut making) = (Vec::with_capacity(accounts), JoinSet::new());
    for number in 0..accounts {
        if making.len() >= TOGETHER {
            bots.push(making.join_next().await.context("nobody is made")???);
        }
        making.spawn(bot(Arc::clone(app), number));
    }
    while let Some(made) = making.join_next().await {
        bots.push(made??);
    }
    Ok(bots)
}

async fn bot(app: Arc<App>, number: usize) -> anyhow::Result<Bot> {
    let name = format!("trader-{number}");
    let key = app.accounts.create_key(&name, "bot", Family::Bot).await?.reveal().to_owned();
    let account = app.accounts.find(&name).await?.id;
    let limit = OrderKind::Limit(Price::from_units(100_000_000));
    for symbol in WAITING {
        place(&app, &account, symbol, limit, Quantity::from_units(10_000_000)).await?;
    }
    Ok(Bot { account, key })
}

/// What an operation does for an order, without its door.
async fn place(
    app: &App,
    account: &str,
    symbol: &str,
    kind: OrderKind,
    quantity: Quantity,
) -> anyhow::Result<()> {
    let counted = app.meter.begin(account, Plan::Unlimited, Kind::Order).await;
    let metered = counted.map_err(|refused| refused.error)?;
    let order = |tape: &sim::paper::Tape| {
        let instrument = tape.find(symbol).ok_or_else(|| Error::internal("not listed"))?;
        let (side, client_order_id) = (Side::Buy, None);
        let time_in_force = TimeInForce::Gtc;
        Ok(NewOrder { instrument, side, quantity, kind, time_in_force, client_order_id })
    };
    let is_good = |_: &Look<'_>, placed: &sim::paper::Order| placed.why.is_none();
    let good = app.paper.place(account, order, &metered, is_good).await?;
    metered.keep().await?;
    anyhow::ensure!(good, "an order was refused");
    Ok(())
}

/// A server on the files of a market, and connections that place its orders.
struct Served {
    server: Server,
    bots: Vec<Bot>,
    /// What each account needs while it lies idle.
    bytes: f64,
    workers: Vec<Worker>,
    _data: tempfile::TempDir,
}

impl Served {
    /// Starts the server and has every account looked at once.
    fn new((data, bots): (tempfile::TempDir, Vec<Bot>)) -> anyhow::Result<Self> {
        let server = Server::bottrade(data.path())?;
        let mut client = Client::connect(&server, 0)?;
        // The season's market is made before anything is weighed.
        let first = rest_as(&bots[0].key, "/api/v1/bot/quotes", None);
        client.send(&first)?;
        let before = server.memory("VmRSS")?;
        let mut lookers = lookers(&server, &bots)?;
        let looks = lookers.iter().map(|it| it.requests.len()).max().unwrap_or(0);
        let looks = looks * lookers.len();
        together(&mut lookers, looks)?;
        let bytes = float(server.memory("VmRSS")?.saturating_sub(before)) / float(bots.len());
        Ok(Self { server, bots, bytes, workers: Vec::new(), _data: data })
    }

    /// Connects who trades. Last, for a connection without a request is soon closed.
    fn connect(&mut self) -> anyhow::Result<()> {
        let order = json!({ "symbol": "BTC-USD", "asset_type": "CRYPTO", "side": "BUY",
            "order_type": "MARKET", "quantity": "0.0001" });
        let client = Client::connect(&self.server, 0)?;
        let place = |it: &Bot| rest_as(&it.key, "/api/v1/bot/orders", Some(&order));
        let orders = self.bots.iter().map(place).collect();
        self.workers = vec![Worker::new(client, orders)];
        Ok(())
    }

    fn round(&mut self, series: &mut Series) -> anyhow::Result<()> {
        let before = self.server.cpu()?;
        series.add(&together(&mut self.workers, ORDERS_OVER_REST)?);
        series.cpu.push(float(self.server.cpu()? - before) / 1e3 / float(ORDERS_OVER_REST));
        Ok(())
    }
}

/// Connections that look at the portfolio of each account, each at its share.
fn lookers(server: &Server, bots: &[Bot]) -> anyhow::Result<Vec<Worker>> {
    let shares = bots.chunks(bots.len().div_ceil(CLIENTS)).enumerate();
    let looker = |(number, share): (usize, &[Bot])| {
        let client = Client::connect(server, number)?;
        let look = |bot: &Bot| rest_as(&bot.key, "/api/v1/bot/portfolio", None);
        let looks = share.iter().map(look).collect();
        Ok(Worker::new(client, looks))
    };
    shares.map(looker).collect()
}

/// Syncs of the bare disk, appended and overwritten.
struct Raw {
    disks: [Disk; 2],
    p50: [Vec<f64>; 2],
    p99: [Vec<f64>; 2],
}

impl Raw {
    fn new(folder: &Path) -> anyhow::Result<Self> {
        let disks = [Disk::new(folder, How::Append)?, Disk::new(folder, How::Overwrite)?];
        Ok(Self { disks, p50: Default::default(), p99: Default::default() })
    }

    fn round(&mut self) -> anyhow::Result<()> {
        for (n, disk) in self.disks.iter_mut().enumerate() {
            let times = disk.syncs(PAGES * FRAME, SYNCS)?;
            self.p50[n].push(times.micros(0.5));
            self.p99[n].push(times.micros(0.99));
        }
        Ok(())
    }
}

pub(crate) fn measure(size: &Size, report: &mut Report) -> anyhow::Result<()> {
    let folder = size.data()?;
    let counts = [FEW, size.accounts];
    let mut markets = counts.map(|count| Market::new(size, count));
    let (mut raw, mut inside) = (Raw::new(folder.path())?, counts.map(|_| Series::default()));
    for _ in 0..size.rounds {
        raw.round()?;
        for (market, series) in markets.iter_mut().zip(&mut inside) {
            let market = market.as_mut().map_err(|error| anyhow::anyhow!("{error:#}"))?;
            market.clock.advance(MINUTE);
            series.add(&market.place(ORDERS)?);
        }
    }
    let inside = Rows { raw, series: inside };
    let [few, many] = markets;
    let mut served = [Served::new(few?.close())?, Served::new(many?.close())?];
    for served in &mut served {
        served.connect()?;
    }
    let mut over_rest =
        Rows { raw: Raw::new(folder.path())?, series: counts.map(|_| Series::default()) };
    for _ in 0..size.rounds {
        over_rest.raw.round()?;
        for (served, series) in served.iter_mut().zip(&mut over_rest.series) {
            served.round(series)?;
        }
    }
    let bytes = served.each_ref().map(|it| it.bytes);
    for Served { server, .. } in served {
        server.stop()?;
    }
    write(report, counts, &inside, &over_rest, bytes);
    Ok(())
}

/// Orders with few accounts and with many, and the disk in the same rounds.
struct Rows {
    raw: Raw,
    series: [Series; 2],
}

fn write(
    report: &mut Report,
    counts: [usize; 2],
    inside: &Rows,
    over_rest: &Rows,
    bytes: [f64; 2],
) {
    let head =
        ["placed", "accounts", "p50 µs", "p99 µs", "p50 of append", "of overwrite", "CPU µs"];
    let table = report.table("Paper orders beside the disk", &head);
    for (where_, rows) in [("in process", inside), ("over REST", over_rest)] {
        for (n, how) in ["append and fdatasync", "overwrite and fdatasync"].iter().enumerate() {
            let [p50, p99] = [&rows.raw.p50[n], &rows.raw.p99[n]];
            let ratios = rows.raw.p50.each_ref().map(|it| median_ratio(p50, it));
            let ratios = ratios.map(|it| format!("{it:.2}"));
            let cells = [format!("{how}, beside those {where_}"), String::new()];
            let figures = [p50, p99].map(|it| short(median(it)));
            table.row(cells.into_iter().chain(figures).chain(ratios).chain([String::new()]));
        }
        for (count, series) in counts.iter().zip(&rows.series) {
            let ratios = rows.raw.p50.each_ref().map(|it| median_ratio(&series.p50, it));
            let ratios = ratios.map(|it| format!("{it:.2}"));
            let cpu =
                if series.cpu.is_empty() { String::new() } else { short(median(&series.cpu)) };
            let cells = [where_.to_owned(), count.to_string()];
            let figures = [&series.p50, &series.p99].map(|it| short(median(it)));
            table.row(cells.into_iter().chain(figures).chain(ratios).chain([cpu]));
        }
    }
    let [few, many] = counts;
    for (where_, rows) in [("in process", inside), ("over REST", over_rest)] {
        for (raw, how) in rows.raw.p50.iter().zip(["append", "overwrite"]) {
            let what =
                format!("p50 of an order {where_}, {many} accounts, to one {how} and fdatasync");
            table.target(&what, median_ratio(&rows.series[1].p50, raw), ONE_WRITER_MAX);
        }
        let [with_few, with_many] = &rows.series;
        let what = format!("p50 of an order {where_} with {many} accounts to that with {few}");
        table.target(&what, median_ratio(&with_many.p50, &with_few.p50), FLAT_MAX);
    }
    table.note(format!(
        "{} bytes of the server's memory for each of {many} idle accounts with {} orders that wait",
        short(bytes[1]),
        WAITING.len()
    ));
    table.note(format!(
        "the bare disk writes {} bytes a time, as SQLite logs for an order and its count",
        PAGES * FRAME
    ));
}
