//! The check of every journal: at a start, one at a time while calls are served, and of a backup.

use std::time::Duration;

use super::{Store, StoreError, Tx, journal, paper, runs};

/// Ids that are read at once.
const PAGE: i64 = 500;
/// Rest after each journal, so that calls have the disk and the processors.
const PAUSE: Duration = Duration::from_millis(1);

/// Those after an id, in order, at most so many.
type Ids = fn(&mut dyn Tx, &str, i64) -> Result<Vec<String>, StoreError>;

/// What has a journal of its own.
pub(super) struct Kind {
    /// Its name, for people.
    what: &'static str,
    /// Their ids.
    ids: Ids,
    /// Verifies one; answers how many commands it has. One that is gone has none.
    pub(super) verify: fn(&mut dyn Tx, &str) -> Result<usize, StoreError>,
}

/// Everything that has a journal.
pub(super) const KINDS: [Kind; 2] = [
    Kind {
        what: "run",
        ids: runs::ids,
        verify: |tx, id| Ok(journal::verified(tx, id)?.map_or(0, |(_, entries)| entries.len())),
    },
    Kind {
        what: "paper account",
        ids: paper::ids,
        verify: |tx, id| Ok(paper::verified(tx, id)?.map_or(0, |(_, entries)| entries.len())),
    },
];

impl Kind {
    /// Calls `each` with the id of every journal of this kind, in order.
    pub(super) fn each(
        &self,
        tx: &mut dyn Tx,
        mut each: impl FnMut(&mut dyn Tx, &str) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let page = (self.ids)(tx, &after, PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(last);
            page.iter().try_for_each(|id| each(tx, id))?;
        }
    }
}

/// What the check at a start found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// Journals that were looked at.
    pub journals: u64,
    /// Those of them that are damaged; each is named in the log, and refused when it is asked for.
    pub damaged: u64,
}

impl Store {
    /// Verifies every journal, resting in between, and names the damaged ones in the log.
    pub async fn check(&self) -> Result<Looked, StoreError> {
        let mut looked = Looked::default();
        for kind in &KINDS {
            let ids = |tx: &mut dyn Tx| {
                let mut ids = Vec::new();
                kind.each(tx, |_, id| {
                    ids.push(id.to_owned());
                    Ok(())
                })?;
                Ok(ids)
            };
            for id in self.read(ids).await? {
                looked.journals += 1;
                looked.damaged += u64::from(self.is_damaged(kind, id).await?);
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(looked)
    }

    async fn is_damaged(&self, kind: &'static Kind, id: String) -> Result<bool, StoreError> {
        let of = id.clone();
        match self.read(move |tx| (kind.verify)(tx, &of)).await {
            Ok(_) => Ok(false),
            Err(StoreError::Corrupt { table, what }) => {
                let kind = kind.what;
                tracing::error!(
                    id,
                    table,
                    what,
                    "a {kind} is damaged and is refused; the others are served. \
                     Restore the database from a backup to have it back"
                );
                Ok(true)
            }
            Err(other) => Err(other),
        }
    }
}
