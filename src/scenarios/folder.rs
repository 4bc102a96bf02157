//! A scenario's two files, embedded in the binary or in a folder on disk.

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
};

use rust_embed::Embed;

use super::{
    Error,
    bars::{self, BARS_FILE, Bars},
    card::{CARD_FILE, Card},
    problems::Problem,
};

#[derive(Embed)]
#[folder = "scenarios/"]
struct Embedded;

/// A file beside the embedded scenarios, such as the market of paper trading.
pub fn embedded(file: &str) -> Option<Cow<'static, [u8]>> {
    Embedded::get(file).map(|it| it.data)
}

/// The files as they were read.
#[derive(Debug, Clone)]
pub struct Files {
    /// The folder's name.
    pub name: String,
    /// The text of `scenario.toml`.
    pub card: String,
    /// The content of `bars.arrow`.
    pub bars: Cow<'static, [u8]>,
}

impl Files {
    /// Every embedded scenario, ascending by name.
    pub fn embedded() -> Result<Vec<Self>, Error> {
        let mut names: Vec<String> = Embedded::iter()
            .filter_map(|path| path.strip_suffix(CARD_FILE)?.strip_suffix('/').map(str::to_owned))
            .collect();
        names.sort_unstable();
        names.into_iter().map(|name| Self::of_embedded(&name)).collect()
    }

    fn of_embedded(name: &str) -> Result<Self, Error> {
        let file = |file: &str| {
            let found = embedded(&format!("{name}/{file}"));
            found.ok_or_else(|| Error::at(name, Problem::new(file, "is missing")))
        };
        let (card, bars) = (file(CARD_FILE)?, file(BARS_FILE)?);
        Ok(Self { name: name.into(), card: text(name, card.into_owned())?, bars })
    }

    /// The scenario in this folder.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let shown = folder.display().to_string();
        let file = |file: &str| {
            fs::read(folder.join(file))
                .map_err(|error| Error::at(&shown, Problem::new(file, unreadable(&error))))
        };
        Ok(Self {
            name: name_of(folder),
            card: text(&shown, file(CARD_FILE)?)?,
            bars: Cow::Owned(file(BARS_FILE)?),
        })
    }
}

fn text(place: &str, bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes)
        .map_err(|_| Error::at(place, Problem::new(CARD_FILE, "must be UTF-8 text")))
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "is missing".into(),
        _ => error.to_string(),
    }
}

/// The folder's own name, also for `.`.
fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    whole.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Every scenario folder right under `parent`, ascending by name. A visible folder without
/// `scenario.toml` is an error: it is more likely a slip than meant.
pub fn folders(parent: &Path) -> Result<Vec<PathBuf>, Error> {
    let at = |error: io::Error| Error::Folder {
        folder: parent.display().to_string(),
        problem: unreadable(&error),
    };
    let mut folders = Vec::new();
    for item in fs::read_dir(parent).map_err(at)? {
        let item = item.map_err(at)?;
        let hidden = item.file_name().to_string_lossy().starts_with('.');
        if !hidden && item.path().is_dir() {
            folders.push(item.path());
        }
    }
    folders.sort_unstable();
    Ok(folders)
}

/// Refuses when `<parent>/<slug>` is there already.
pub fn refuse_existing(parent: &Path, slug: &str) -> Result<(), Error> {
    let folder = parent.join(slug);
    if !super::examine::is_slug(slug) {
        let problem = format!("{slug:?} must be {}", super::examine::SLUG_EXPECTED);
        return Err(Error::Asked { field: "slug", problem });
    }
    if folder.exists() { Err(Error::Exists(folder.display().to_string())) } else { Ok(()) }
}

/// Writes a new scenario folder `<parent>/<slug>`, whole or not at all.
///
/// # Errors
/// When the folder is there already, or cannot be written.
pub fn write(parent: &Path, card: &Card, bars: &Bars) -> Result<PathBuf, Error> {
    let folder = parent.join(&card.slug);
    let at = |error: io::Error| Error::Folder {
        folder: folder.display().to_string(),
        problem: error.to_string(),
    };
    refuse_existing(parent, &card.slug)?;
    let shown = folder.display().to_string();
    let text = card.to_text().map_err(|problem| Error::at(&shown, problem))?;
    let bytes = bars::write(bars).map_err(|problem| Error::at(&shown, problem))?;
    fs::create_dir_all(parent).map_err(at)?;
    let part = parent.join(format!(".{}.{}", card.slug, std::process::id()));
    let written = fs::create_dir(&part)
        .and_then(|()| fs::write(part.join(CARD_FILE), text))
        .and_then(|()| fs::write(part.join(BARS_FILE), bytes))
        .and_then(|()| fs::rename(&part, &folder));
    if let Err(error) = written {
        // The cause is worth more than what happened to the remains.
        let _ = fs::remove_dir_all(&part);
        return Err(at(error));
    }
    Ok(folder)
}
