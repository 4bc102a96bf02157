//! `bottrade backup` and `bottrade restore`: copies of the database that were read whole.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, ensure};
use clap::Args;

use super::Data;
use crate::{
    app::database,
    store::backup::{self, Checked},
};

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The new file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: Data,
}

impl Backup {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let database = database(&self.data.data_dir);
        ensure!(database.exists(), "there is no database at {}", database.display());
        let checked = backup::backup(&database, &self.file)?;
        println!("{}: {}", self.file.display(), told(checked));
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// A backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: Data,
}

impl Restore {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let data_dir = &self.data.data_dir;
        ensure!(self.file.exists(), "there is no file {}", self.file.display());
        std::fs::create_dir_all(data_dir)
            .with_context(|| format!("cannot make the data folder {}", data_dir.display()))?;
        let _alone = self.data.alone()?;
        let database = database(data_dir);
        let checked = backup::restore(&self.file, &database)?;
        println!("{}: {}", database.display(), told(checked));
        println!("Keys work as they did; a first key that was kept in a file is not in a backup.");
        Ok(ExitCode::SUCCESS)
    }
}

fn told(checked: Checked) -> String {
    let Checked { journals, commands, older } = checked;
    if older {
        return "pages and references are good; its schema is older than this program's, so the \
                journals are checked when a server has opened it"
            .into();
    }
    format!(
        "{journals} journals with {commands} commands, every page read, every chain and seal whole"
    )
}
