//! A folder that lives as long as its store, for databases that nobody keeps.
//!
//! SQLite's own `:memory:` has neither WAL nor readers beside the writer, so what is tested on it
//! is not what runs. A file that is never synced is as fast and is the real thing.

use crate::store::error::StoreError;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// How many names left over by killed processes are stepped over.
const NAME_TRIES_MAX: u32 = 10_000;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A private folder, removed on drop.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    pub(crate) fn new() -> Result<Self, StoreError> {
        let base = std::env::temp_dir();
        for _ in 0..NAME_TRIES_MAX {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let folder = base.join(format!("bottrade-{}-{number}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => return Ok(Self { folder }),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => {
                    let why = format!("cannot create {}: {e}", folder.display());
                    return Err(StoreError::Unavailable(why));
                }
            }
        }
        Err(StoreError::Unavailable(format!("{} is full of old folders", base.display())))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(e) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(folder = %self.folder.display(), error = %e, "a scratch folder stays");
        }
    }
}
