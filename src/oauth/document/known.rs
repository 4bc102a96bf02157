//! Documents that need no fetching: built in, or in a folder of the operator's.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::{BYTES_MAX, DocumentError, DocumentId, read};
use crate::oauth::client::ClientMetadata;

/// Copies of known clients' documents, so that these clients connect while their makers' sites are
/// away, and where there is no way out.
const BUILT_IN: &[&[u8]] =
    &[include_bytes!("known/claude-code.json"), include_bytes!("known/codex.json")];

/// A document that is believed without fetching it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// Its address.
    pub id: DocumentId,
    /// The client.
    pub client: ClientMetadata,
}

/// Why a folder of documents is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct FolderError {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: String,
}

pub(super) fn built_in() -> Vec<Trusted> {
    // A test reads them all.
    BUILT_IN.iter().filter_map(|body| trusted(body).ok()).collect()
}

fn trusted(body: &[u8]) -> Result<Trusted, DocumentError> {
    let id = read::own_id(body)?;
    let client = read::read(&id, body)?;
    Ok(Trusted { id, client })
}

pub(super) fn read_folder(folder: &Path) -> Result<Vec<Trusted>, FolderError> {
    let refused = |path: &Path, problem: String| FolderError { path: path.to_owned(), problem };
    let paths = paths(folder).map_err(|error| refused(folder, unreadable(&error)))?;
    if paths.is_empty() {
        return Err(refused(folder, "has no *.json: one document of a client per file".into()));
    }
    let mut seen: HashMap<DocumentId, PathBuf> = HashMap::new();
    let mut documents = Vec::with_capacity(paths.len());
    for path in paths {
        let body = fs::read(&path).map_err(|error| refused(&path, unreadable(&error)))?;
        if body.len() > BYTES_MAX {
            return Err(refused(&path, DocumentError::TooLarge.to_string()));
        }
        let document = trusted(&body).map_err(|error| refused(&path, told(&error)))?;
        if let Some(other) = seen.insert(document.id.clone(), path.clone()) {
            return Err(refused(&path, format!("has the client_id of {}", other.display())));
        }
        documents.push(document);
    }
    Ok(documents)
}

/// The folder's documents, ascending by name.
fn paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for item in fs::read_dir(folder)? {
        let path = item?.path();
        if path.extension().is_some_and(|it| it == "json") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

fn told(error: &DocumentError) -> String {
    match error {
        DocumentError::Id(_) | DocumentError::IdTooLong => format!("client_id {error}"),
        other => other.to_string(),
    }
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "is missing".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{"client_id":"https://client.example/c.json","client_name":"C",
        "redirect_uris":["http://localhost/"]}"#;

    #[test]
    fn what_is_built_in_is_in_order() {
        let built_in = built_in();
        assert_eq!(built_in.len(), BUILT_IN.len());
        let ids = built_in.iter().map(|it| it.id.as_str()).collect::<Vec<_>>();
        let claude_code = "https://claude.ai/oauth/claude-code-client-metadata";
        assert_eq!(ids, [claude_code, "https://chatgpt.com/oauth/codex/client.json"]);
        for Trusted { client, .. } in &built_in {
            assert!(client.redirect("http://localhost:53123/callback").is_some());
            assert!(client.redirect("http://127.0.0.1:53123/callback").is_some());
            assert!(client.redirect("http://localhost:53123/other").is_none());
        }
    }

    #[test]
    fn a_folder_is_read_by_client_id() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("b.json", DOCUMENT);
        write("a.json", &DOCUMENT.replace("c.json", "a.json"));
        write("README.md", "not a document");
        let read = read_folder(folder.path()).unwrap();
        let ids: Vec<&str> = read.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(ids, ["https://client.example/a.json", "https://client.example/c.json"]);
    }

    #[test]
    fn what_is_wrong_with_a_folder_is_told() {
        let refusal = |text: &str| {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("a.json"), DOCUMENT).unwrap();
            fs::write(folder.path().join("b.json"), text).unwrap();
            let error = read_folder(folder.path()).unwrap_err().to_string();
            let root = folder.path().display().to_string();
            error.replace(&root, "DIR")
        };
        let other = DOCUMENT.replace("c.json", "d.json");
        for (text, expected) in [
            (DOCUMENT.to_owned(), "DIR/b.json: has the client_id of DIR/a.json"),
            (other.replace("https:", "http:"), "DIR/b.json: client_id must be an https URL"),
            (
                other.replace("http://localhost/", "http://evil.example/"),
                "DIR/b.json: redirect_uris[0] (http://evil.example/) is plain http",
            ),
            ("{".into(), "DIR/b.json: is not a JSON document of a client: EOF"),
            (" ".repeat(BYTES_MAX + 1), "DIR/b.json: is larger than 65536 bytes"),
        ] {
            let refusal = refusal(&text);
            assert!(refusal.starts_with(expected), "{refusal}");
        }
        let empty = tempfile::tempdir().unwrap();
        let error = read_folder(empty.path()).unwrap_err();
        assert_eq!(error.problem, "has no *.json: one document of a client per file");
        let error = read_folder(&empty.path().join("none")).unwrap_err();
        assert_eq!(error.problem, "is missing");
    }
}
