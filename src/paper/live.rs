//! A paper account in memory, and how it is replayed from its journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sim::paper::{Account, Moment, Tape};
use uuid::Uuid;

use super::{
    Look,
    codec::{self, Command},
    feed::{Market, Season},
};
use crate::{
    error::Error,
    faults::{self, Bug},
    lives::Weighed,
    store::{
        chain::Head,
        journal::Entry,
        paper::{Origin, PaperAccount},
    },
};

/// A paper account in memory, and the end of its journal.
pub(super) struct Live {
    pub(super) id: Uuid,
    pub(super) book: Account,
    pub(super) head: Head,
    /// When the last command came, in microseconds since 1970.
    pub(super) last_activity_at: i64,
}

impl Weighed for Live {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.book.memory()
    }
}

/// The particulars with which the chain of a journal begins.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    id: String,
    account: String,
    market: String,
    season: i64,
    created_at: i64,
    ticks: usize,
    now: i64,
}

const FORMAT: &str = "bottrade-paper/1";

/// The text with which a journal begins.
pub(super) fn header(origin: &Origin, opened: Moment) -> serde_json::Result<String> {
    serde_json::to_string(&Header {
        format: FORMAT.to_owned(),
        id: origin.id.clone(),
        account: origin.account_id.clone(),
        market: origin.market.clone(),
        season: origin.season,
        created_at: origin.created_at,
        ticks: opened.ticks,
        now: opened.at.seconds(),
    })
}

/// When the account was opened, where row and header agree.
fn opened(row: &PaperAccount) -> Option<Moment> {
    let header: Header = serde_json::from_str(&row.header).ok()?;
    let at = sim::time::Timestamp::from_seconds(header.now);
    let opened = Moment { ticks: header.ticks, at };
    let same = self::header(&row.origin, opened).ok()? == row.header;
    same.then_some(opened)
}

impl Live {
    /// The state of a row and its journal, whose chain was verified.
    pub(super) fn replayed(
        tape: &Tape,
        row: &PaperAccount,
        journal: &[Entry],
    ) -> Result<Self, Error> {
        let origin = &row.origin;
        let corrupt = |seq| Error::corrupt_paper(&origin.id, seq);
        let opened = opened(row).filter(|it| it.ticks <= tape.ticks().len());
        let mut book = Account::open(tape, opened.ok_or_else(|| corrupt(0))?);
        for entry in journal {
            let known = codec::decode(tape, &entry.command);
            let known = known.filter(|(moment, _)| {
                book.moment() <= *moment && moment.ticks <= tape.ticks().len()
            });
            let (moment, command) = known.ok_or_else(|| corrupt(entry.seq))?;
            book.advance(tape, moment);
            let done = match command {
                Command::Place(mut order) => {
                    if faults::seeded(Bug::ForgetOrderNames) {
                        order.client_order_id = None;
                    }
                    book.place(tape, order).is_ok()
                }
                Command::Cancel(number) => book.cancel(number).is_ok(),
            };
            if !done {
                return Err(corrupt(entry.seq));
            }
        }
        Ok(Self {
            id: Uuid::try_parse(&origin.id).map_err(Error::internal)?,
            book,
            head: row.head,
            last_activity_at: row.last_activity_at,
        })
    }

    /// Moves on to the market's moment. A clock that was set back does not move it back.
    pub(super) fn advance(&mut self, market: &Market<'_>) {
        self.book.advance(market.tape, market.moment);
    }

    /// The account as others see it.
    pub(super) fn look<'a>(&'a self, market: &Market<'a>) -> Look<'a> {
        let (season, tape, moment) = (market.season, market.tape, self.book.moment());
        Look { season, tape, moment, id: self.id, book: &self.book }
    }
}

/// The row with which the account of this id begins.
pub(super) fn origin(id: Uuid, account_id: &str, season: &Season, now: Timestamp) -> Origin {
    Origin {
        id: id.to_string(),
        account_id: account_id.to_owned(),
        market: season.market.clone(),
        season: season.number.into(),
        created_at: now.as_microsecond(),
    }
}
