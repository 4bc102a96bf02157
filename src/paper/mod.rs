//! Paper trading as a service: accounts that trade one market that moves on by itself.
//!
//! A paper account is its journal, like a run: the orders and cancellations of its owner, each with
//! the moment of the market at which it came. Between them the account follows from the market's
//! tape, so nothing runs in the background: whoever touches an account moves it on to now. A
//! command is answered only when it is on the disk.

pub mod codec;
pub mod feed;
pub mod ids;
mod live;
pub mod meter;
mod standings;

use std::sync::Arc;

use jiff::Timestamp;
use sim::paper::{Account, Moment, NewOrder, Order, Tape};
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use self::{
    codec::Command,
    feed::{Feed, Market, Season},
    live::Live,
    meter::Metered,
    standings::Standings,
};
use crate::{
    clock::Clock,
    error::Error,
    faults::{self, Point},
    lives::Lives,
    store::{Store, Tx, paper},
};

pub use standings::{Owner, Page, Ranked, Standing, TRADES_MIN};

/// A paper account at a moment of its market.
pub struct Look<'a> {
    /// The season.
    pub season: &'a Season,
    /// The season's market.
    pub tape: &'a Tape,
    /// Now.
    pub moment: Moment,
    /// The account's id, from which its orders have theirs.
    pub id: Uuid,
    /// Its books.
    pub book: &'a Account,
}

impl Look<'_> {
    /// The id of an order.
    pub fn name_of(&self, order: &Order) -> Uuid {
        ids::order(self.id, order.number)
    }

    /// The order of this id.
    pub fn order(&self, id: &str) -> Result<&Order, Error> {
        let asked = Uuid::try_parse(id).ok();
        // Asked for are mostly those that came last.
        let mut newest_first = self.book.orders().iter().rev();
        let found = newest_first.find(|it| Some(self.name_of(it)) == asked);
        found.ok_or_else(|| Error::no_such_bot_order(id))
    }

    fn numbered(&self, number: u32) -> Result<&Order, Error> {
        self.book.order(number).ok_or_else(|| Error::internal("a placed order is not there"))
    }
}

/// Every paper account of the service.
pub struct Paper {
    store: Store,
    clock: Arc<dyn Clock>,
    feed: Arc<Feed>,
    lives: Lives<Live>,
    standings: Standings,
}

/// A state taken out of its slot, which stays locked.
type Slot = OwnedMutexGuard<Option<Live>>;

impl Paper {
    /// The paper accounts of a store, trading what a feed quotes.
    pub fn new(store: Store, clock: Arc<dyn Clock>, feed: Arc<Feed>) -> Self {
        let (lives, standings) = (Lives::default(), Standings::default());
        Self { store, clock, feed, lives, standings }
    }

    /// The market as it is now.
    pub fn market<R>(&self, read: impl FnOnce(&Market<'_>) -> R) -> Result<R, Error> {
        self.feed.read(self.clock.now(), read)
    }

    /// Whether an account has a paper account in this season; asking opens none.
    pub async fn is_open(&self, account_id: &str) -> Result<bool, Error> {
        let season = self.feed.read(self.clock.now(), |market| market.season.clone())?;
        let id = ids::account(account_id, &season.market, season.number).to_string();
        Ok(self.store.read(move |tx| paper::get(tx, &id)).await?.is_some())
    }

    /// Looks at the paper account that an account has in this season; the first look opens it.
    pub async fn look<R>(
        &self,
        account_id: &str,
        view: impl FnOnce(&Look<'_>) -> R,
    ) -> Result<R, Error> {
        let now = self.clock.now();
        let mut slot = self.slot(account_id, now).await?;
        self.moved(&mut slot, now, |live, market| view(&live.look(market)))
    }

    /// Places an order. Who repeats a `client_order_id` with the same order gets the first one.
    pub async fn place<R>(
        &self,
        account_id: &str,
        order: impl FnOnce(&Tape) -> Result<NewOrder, Error>,
        metered: &Metered,
        view: impl FnOnce(&Look<'_>, &Order) -> R,
    ) -> Result<R, Error> {
        let now = self.clock.now();
        let mut slot = self.slot(account_id, now).await?;
        let done = self.moved(&mut slot, now, |live, market| {
            // Numbers of instruments are those of one season's tape.
            let order = order(market.tape)?;
            let command = Command::Place(order.clone());
            let line = codec::encode(market.tape, live.book.moment(), &command);
            let line = line.map_err(Error::internal)?;
            let before = live.book.orders().len();
            let number = match live.book.place(market.tape, order) {
                Ok(placed) => placed.number,
                Err(why) => return Err(Error::not_placed(why)),
            };
            // Who repeats an order gets the one that is in the journal already.
            let new = live.book.orders().len() > before;
            let look = live.look(market);
            Ok((view(&look, look.numbered(number)?), new.then_some(line)))
        })??;
        match done {
            (answer, None) => Ok(answer),
            (answer, Some(line)) => self.append(slot, line, metered).await.map(|()| answer),
        }
    }

    /// Withdraws an order.
    pub async fn cancel(
        &self,
        account_id: &str,
        order_id: &str,
        metered: &Metered,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let mut slot = self.slot(account_id, now).await?;
        let line = self.moved(&mut slot, now, |live, market| {
            let order = live.look(market).order(order_id)?.number;
            let line = codec::encode(market.tape, live.book.moment(), &Command::Cancel(order));
            live.book.cancel(order).map_err(Error::not_cancelled)?;
            line.map_err(Error::internal)
        })??;
        self.append(slot, line, metered).await
    }

    /// The rank of an account in its season.
    pub async fn rank(&self, account_id: &str) -> Result<Standing, Error> {
        self.standings.of(self, account_id).await
    }

    /// Who leads the season: at most so many behind the first `after`, best first.
    pub async fn standings(&self, after: usize, most: usize) -> Result<Page, Error> {
        self.standings.page(self, after, most).await
    }

    /// Drops the accounts that lie idle from memory.
    pub fn upkeep(&self) {
        self.lives.drop_idle(self.clock.now());
    }

    /// The slot of the paper account that an account has at this time, with the state in it.
    async fn slot(&self, account_id: &str, now: Timestamp) -> Result<Slot, Error> {
        let season = self.feed.read(now, |market| market.season.clone())?;
        let id = ids::account(account_id, &season.market, season.number);
        let mut slot = self.lives.slot(id, now).lock_owned().await;
        if slot.is_none() {
            let loaded = match self.load(id, now).await {
                Ok(None) => self.open(id, account_id, now).await,
                loaded => loaded.and_then(|it| it.ok_or_else(|| Error::internal("no account"))),
            };
            if loaded.is_err() {
                self.lives.forget(id);
            }
            *slot = Some(loaded?);
        }
        Ok(slot)
    }

    /// The state of a paper account from its journal; `None` where it was never opened.
    async fn load(&self, id: Uuid, now: Timestamp) -> Result<Option<Live>, Error> {
        let read = move |tx: &mut dyn Tx| paper::verified(tx, &id.to_string());
        let Some((row, journal)) = self.store.read(read).await? else { return Ok(None) };
        self.feed.read(now, |market| Live::replayed(market.tape, &row, &journal))?.map(Some)
    }

    async fn open(&self, id: Uuid, account_id: &str, now: Timestamp) -> Result<Live, Error> {
        let (season, opened) = self.feed.read(now, |it| (it.season.clone(), it.moment))?;
        let origin = live::origin(id, account_id, &season, now);
        let header = live::header(&origin, opened).map_err(Error::internal)?;
        let row = self.store.write(move |tx| paper::open(tx, &origin, &header)).await?;
        self.feed.read(now, |market| Live::replayed(market.tape, &row, &[]))?
    }

    /// Moves the state in a slot on to this time and works on it.
    fn moved<R>(
        &self,
        slot: &mut Slot,
        now: Timestamp,
        work: impl FnOnce(&mut Live, &Market<'_>) -> R,
    ) -> Result<R, Error> {
        let live = slot.as_mut().ok_or_else(|| Error::internal("the state is not loaded"))?;
        self.feed.read(now, |market| {
            live.advance(market);
            work(live, market)
        })
    }

    /// Appends a command that was applied to the state in the slot, and counts the call with it.
    ///
    /// While the state is ahead of the journal it is out of its slot, which stays locked until the
    /// append is decided, also when the caller goes away meanwhile: nobody sees the state before it
    /// is on the disk, and after a failure the next call replays.
    async fn append(
        &self,
        mut slot: Slot,
        command: String,
        metered: &Metered,
    ) -> Result<(), Error> {
        let mut live = slot.take().ok_or_else(|| Error::internal("the state is not loaded"))?;
        let at = self.clock.now().as_microsecond().max(live.last_activity_at);
        let (id, expected) = (live.id.to_string(), live.head);
        let append = paper::Append { id, expected, at, command };
        let (store, metered) = (self.store.clone(), metered.clone());
        let appended = tokio::spawn(async move {
            let count = metered.clone();
            let unit = move |tx: &mut dyn Tx| {
                let head = paper::append(tx, &append)?;
                count.write(tx).map(|()| head)
            };
            live.head = store.write(unit).await?;
            metered.kept();
            live.last_activity_at = at;
            *slot = Some(live);
            faults::point(Point::BeforeAnswer);
            Ok::<(), Error>(())
        });
        appended.await.map_err(Error::internal)?
    }
}
