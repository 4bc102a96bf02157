//! The folder `signing-keys`: a file per key, in PKCS#8.
//!
//! A file is named after its key, `<created, seconds since 1970>-<kid>.pk8`, so that its name tells
//! whether its content is what was written.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::{SigningKeysError, key::SigningKey};

pub(super) const FOLDER: &str = "signing-keys";
const ENDING: &str = ".pk8";
/// A key that is not written to its end yet: nothing was signed with it.
const DRAFT: &str = "draft.new";
/// Nobody else reads the folder or a file in it.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

pub(super) struct Folder(PathBuf);

impl Folder {
    /// The folder in a data folder; made when there is none.
    pub(super) fn open(data_dir: &Path) -> Result<Self, SigningKeysError> {
        let path = data_dir.join(FOLDER);
        match DirBuilder::new().mode(FOLDER_MODE).create(&path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(cannot("make", &path)(error));
            }
            _ => (),
        }
        // A copy of a data folder may have lost them.
        let mode = Permissions::from_mode(FOLDER_MODE);
        fs::set_permissions(&path, mode).map_err(cannot("keep others out of", &path))?;
        sync(data_dir).map_err(cannot("sync", data_dir))?;
        Ok(Self(path))
    }

    /// Every key that is kept; an error names the first file that is not one.
    pub(super) fn keys(&self) -> Result<Vec<SigningKey>, SigningKeysError> {
        let mut keys = Vec::new();
        for item in fs::read_dir(&self.0).map_err(cannot("list", &self.0))? {
            let path = item.map_err(cannot("list", &self.0))?.path();
            if !path.ends_with(DRAFT) {
                keys.push(read(&path)?);
            }
        }
        Ok(keys)
    }

    /// Keeps a key: when this returns, it is on the disk.
    pub(super) fn keep(&self, key: &SigningKey) -> Result<(), SigningKeysError> {
        let (path, draft) = (self.path(key), self.0.join(DRAFT));
        // One may be left of a process that was cut short.
        let _ = fs::remove_file(&draft);
        let write = || {
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(FILE_MODE).open(&draft)?;
            file.write_all(key.as_pkcs8())?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            sync(&self.0)
        };
        write().map_err(cannot("write", &path))
    }

    /// Removes the file of a key.
    pub(super) fn forget(&self, key: &SigningKey) -> Result<(), SigningKeysError> {
        let path = self.path(key);
        fs::remove_file(&path).and_then(|()| sync(&self.0)).map_err(cannot("remove", &path))
    }

    fn path(&self, key: &SigningKey) -> PathBuf {
        self.0.join(format!("{}-{}{ENDING}", key.created_at, key.kid))
    }
}

fn read(path: &Path) -> Result<SigningKey, SigningKeysError> {
    let damaged = |problem| SigningKeysError::Damaged { path: path.to_owned(), problem };
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let (created_at, kid) = name
        .strip_suffix(ENDING)
        .and_then(|name| name.split_once('-'))
        .and_then(|(created_at, kid)| Some((created_at.parse().ok()?, kid)))
        .ok_or_else(|| damaged("its name is not that of a signing key"))?;
    let bytes = fs::read(path).map_err(cannot("read", path))?;
    let key = SigningKey::from_pkcs8(&bytes, created_at)
        .ok_or_else(|| damaged("it is not an Ed25519 key in PKCS#8"))?;
    if key.kid == kid { Ok(key) } else { Err(damaged("it is not the key that its name says")) }
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn cannot(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> SigningKeysError + use<> {
    let path = path.to_owned();
    move |source| SigningKeysError::Io { doing, path: path.clone(), source }
}
