//! Looking at runs: one's own, published ones, lists and leaderboards.

use uuid::Uuid;

use super::{BoardCount, JournalEntry, RunRow, Runs, Seat, owned, parse_id};
use crate::{
    caller::Caller,
    error::Error,
    store::{journal, runs, scores},
};

impl Runs {
    /// Looks at a run of the caller.
    pub async fn read<T>(
        &self,
        caller: &Caller,
        run_id: &str,
        view: impl FnOnce(&Seat) -> T,
    ) -> Result<T, Error> {
        let slot = self.lives.slot(parse_id(run_id)?, self.clock.now());
        let mut state = slot.lock().await;
        let live = self.live(&mut state, run_id).await?;
        owned(caller, &live.seat.meta.account_id)?;
        Ok(view(&live.seat))
    }

    /// Looks at a run of the caller, and at how many runs its account has started on its scenario.
    pub async fn read_among<T>(
        &self,
        caller: &Caller,
        run_id: &str,
        view: impl FnOnce(&Seat, u32) -> T,
    ) -> Result<T, Error> {
        let slot = self.lives.slot(parse_id(run_id)?, self.clock.now());
        let mut state = slot.lock().await;
        let live = self.live(&mut state, run_id).await?;
        owned(caller, &live.seat.meta.account_id)?;
        let account = live.seat.meta.account_id.clone();
        let slug = live.seat.entry.slug().to_owned();
        let started = self.store.read(move |tx| runs::started(tx, &account, &slug)).await?;
        Ok(view(&live.seat, u32::try_from(started).unwrap_or(u32::MAX)))
    }

    /// Looks at a published run; one that is not published does not exist.
    pub async fn read_public<T>(
        &self,
        run_id: &str,
        view: impl FnOnce(&Seat) -> T,
    ) -> Result<T, Error> {
        let (id, asked) = (parse_id(run_id)?, run_id.to_owned());
        // Asked first, so that strangers cannot fill the memory with runs that are not public.
        let published = self.store.read(move |tx| runs::published(tx, &asked)).await?;
        published.ok_or_else(Error::no_such_run)?;
        let slot = self.lives.slot(id, self.clock.now());
        let mut state = slot.lock().await;
        Ok(view(&self.live(&mut state, run_id).await?.seat))
    }

    /// Looks at a run and its journal: its owner always, everybody else once it is published.
    pub async fn read_journal<T>(
        &self,
        caller: &Caller,
        run_id: &str,
        view: impl FnOnce(&Seat, &[JournalEntry]) -> T,
    ) -> Result<T, Error> {
        let id = self.open(caller, run_id).await?;
        let slot = self.lives.slot(id, self.clock.now());
        let mut state = slot.lock().await;
        let live = self.live(&mut state, run_id).await?;
        let (_, journal) = self.journal(run_id).await?;
        Ok(view(&live.seat, &journal))
    }

    /// Looks at a run: its owner always, everybody else once it is published.
    pub async fn read_open<T>(
        &self,
        caller: &Caller,
        run_id: &str,
        view: impl FnOnce(&Seat) -> T,
    ) -> Result<T, Error> {
        let id = self.open(caller, run_id).await?;
        let slot = self.lives.slot(id, self.clock.now());
        let mut state = slot.lock().await;
        Ok(view(&self.live(&mut state, run_id).await?.seat))
    }

    /// The id of a run that is the caller's or published.
    async fn open(&self, caller: &Caller, run_id: &str) -> Result<Uuid, Error> {
        let (id, asked) = (parse_id(run_id)?, run_id.to_owned());
        // As for `read_public`, strangers cannot fill the memory with runs that are not public.
        let row = self.store.read(move |tx| runs::get(tx, &asked)).await?;
        let row = row.ok_or_else(Error::no_such_run)?;
        if row.published_at.is_none() {
            owned(caller, &row.origin.account_id)?;
        }
        Ok(id)
    }

    /// The row of a run and its journal, whose chain holds.
    pub(super) async fn journal(&self, run_id: &str) -> Result<(RunRow, Vec<JournalEntry>), Error> {
        let id = run_id.to_owned();
        let loaded = self.store.read(move |tx| {
            let Some(row) = runs::get(tx, &id)? else { return Ok(None) };
            let entries = journal::load(tx, &id)?;
            journal::verify_run(&row, &entries)?;
            Ok(Some((row, entries)))
        });
        loaded.await?.ok_or_else(Error::no_such_run)
    }

    /// The caller's runs, newest first, after the run `cursor`.
    pub async fn list(
        &self,
        caller: &Caller,
        limit: u32,
        cursor: Option<String>,
    ) -> Result<Vec<RunRow>, Error> {
        let account = caller.account()?.id.clone();
        let rows = self.store.read(move |tx| {
            let after = match &cursor {
                None => None,
                Some(id) => runs::get(tx, id)?
                    .map(|row| row.origin)
                    .filter(|run| run.account_id == account)
                    .map(|run| runs::RunCursor { created_at: run.created_at, id: run.id }),
            };
            if cursor.is_some() && after.is_none() {
                return Ok(None);
            }
            runs::list(tx, &account, limit.into(), after.as_ref()).map(Some)
        });
        rows.await?.ok_or_else(Error::no_such_page)
    }

    /// How often each scenario was played and published.
    pub async fn board_counts(&self) -> Result<Vec<BoardCount>, Error> {
        Ok(self.store.read(scores::played).await?)
    }
}
