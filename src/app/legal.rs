//! What whoever runs a server has to say to people: terms and privacy, as they wrote them.

use std::{fs, io, path::Path};

/// Bytes a text may have.
const TEXT_MAX: u64 = 100_000;

/// The operator's texts, in Markdown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Legal {
    /// The terms of use.
    pub terms: Option<String>,
    /// What happens to what people leave here.
    pub privacy: Option<String>,
}

/// Why the texts cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LegalError {
    /// One of them is not readable.
    #[error("cannot read {path}: {why}")]
    Unreadable {
        /// Where it is.
        path: String,
        /// What happened.
        why: io::Error,
    },
    /// One of them is too long.
    #[error("{path} is larger than {TEXT_MAX} bytes")]
    TooLong {
        /// Where it is.
        path: String,
    },
    /// There is none.
    #[error("{0} has neither terms.md nor privacy.md")]
    Empty(String),
}

impl Legal {
    /// Reads `terms.md` and `privacy.md` of a folder; one of them may be missing.
    ///
    /// # Errors
    /// When both are missing, or one is too long or not readable as UTF-8.
    pub fn read(folder: &Path) -> Result<Self, LegalError> {
        let legal = Self { terms: text(folder, "terms.md")?, privacy: text(folder, "privacy.md")? };
        if legal == Self::default() {
            return Err(LegalError::Empty(folder.display().to_string()));
        }
        Ok(legal)
    }
}

fn text(folder: &Path, name: &str) -> Result<Option<String>, LegalError> {
    let path = folder.join(name);
    let shown = || path.display().to_string();
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(file) if file.len() > TEXT_MAX => return Err(LegalError::TooLong { path: shown() }),
        _ => (),
    }
    let read = fs::read_to_string(&path);
    read.map(Some).map_err(|why| LegalError::Unreadable { path: shown(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_is_enough_and_none_is_a_mistake() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Legal::read(folder.path()), Err(LegalError::Empty(_))));
        fs::write(folder.path().join("privacy.md"), "# Privacy\n").unwrap();
        let legal = Legal::read(folder.path()).unwrap();
        assert_eq!(legal, Legal { terms: None, privacy: Some("# Privacy\n".into()) });
        fs::write(folder.path().join("terms.md"), vec![b'x'; 100_001]).unwrap();
        assert!(matches!(Legal::read(folder.path()), Err(LegalError::TooLong { .. })));
        fs::write(folder.path().join("terms.md"), [0xff, 0xfe]).unwrap();
        assert!(matches!(Legal::read(folder.path()), Err(LegalError::Unreadable { .. })));
    }
}
