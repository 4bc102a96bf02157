//! What one sync to this disk costs: the measure of a durable step.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::FileExt as _,
    path::Path,
};

use crate::timer::{Times, now};

/// Bytes of a page of SQLite's log: the page and its frame's header.
pub(crate) const FRAME: usize = 4_096 + 24;
/// Where the file that is written over and over starts again.
const RING: u64 = 4 << 20;

/// How the bytes get into the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Behind its end, as a log grows: the sync writes the file's new length too.
    Append,
    /// Over bytes that are there, as a log does that starts again from its beginning.
    Overwrite,
}

/// A file to write and sync.
pub(crate) struct Disk {
    file: File,
    how: How,
    at: u64,
}

impl Disk {
    pub(crate) fn new(folder: &Path, how: How) -> anyhow::Result<Self> {
        let path = folder.join(format!("{how:?}"));
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        if how == How::Overwrite {
            file.write_all_at(&vec![1; usize::try_from(RING)? + 64 * FRAME], 0)?;
            file.sync_all()?;
        }
        Ok(Self { file, how, at: 0 })
    }

    /// Writes this many bytes and syncs them, `times` times.
    pub(crate) fn syncs(&mut self, bytes: usize, times: usize) -> anyhow::Result<Times> {
        let bytes = vec![2; bytes];
        let mut took = Vec::with_capacity(times);
        for _ in 0..times {
            if self.how == How::Overwrite && self.at >= RING {
                self.at = 0;
            }
            let began = now();
            self.file.write_all_at(&bytes, self.at)?;
            self.file.sync_data()?;
            took.push(began.elapsed());
            self.at += u64::try_from(bytes.len())?;
        }
        Ok(Times::new(took))
    }
}
