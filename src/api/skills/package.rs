//! The skill package: which files it has, and all of them in one archive.

use std::io;

use aws_lc_rs::digest::{SHA256, digest};
use flate2::{Compression, GzBuilder, write::GzEncoder};
use tar::{Builder, EntryType, Header};

/// A file of the package: its path there, and its text.
macro_rules! file {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../skills/bottrade-benchmark/", $path)))
    };
}

/// The package's name, which is also its folder's.
pub(super) const NAME: &str = "bottrade-benchmark";

/// Every file by its path in the package, in the order in which the archive has them.
pub(super) const FILES: &[(&str, &str)] = &[
    file!("SKILL.md"),
    file!("README.md"),
    file!("references/rest.md"),
    file!("scripts/test_bot.py"),
    file!("scripts/ai_bot.py"),
];

/// The text of the file at this path.
pub(super) fn text(path: &str) -> &'static str {
    FILES.iter().find(|(name, _)| *name == path).map_or("", |(_, text)| text)
}

/// The first half of the SHA-256 digest.
pub(super) fn fingerprint(bytes: &[u8]) -> u128 {
    let digest = digest(&SHA256, bytes);
    digest.as_ref().iter().take(16).fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}

/// Packs files into a folder of this name. The same files give the same bytes: order, owner and
/// mode are fixed, and there is no time in it.
pub(super) fn tarball<'a>(
    folder: &str,
    files: impl Iterator<Item = (&'a str, Vec<u8>)>,
) -> io::Result<Vec<u8>> {
    let gzip: GzEncoder<Vec<u8>> = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    let mut archive = Builder::new(gzip);
    for (path, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(if path.starts_with("scripts/") { 0o755 } else { 0o644 });
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, format!("{folder}/{path}"), bytes.as_slice())?;
    }
    archive.into_inner()?.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever changes these bytes changes the archive of every release that was not touched.
    #[test]
    fn the_same_files_give_the_same_archive_on_every_build() {
        let files = [("SKILL.md", b"# A page\n".to_vec()), ("scripts/bot.py", vec![b'x'; 5_000])];
        let packed = tarball("skill", files.into_iter()).unwrap();
        assert_eq!(fingerprint(&packed), 0x9550_d3ff_e2c9_9c36_3ca5_8ff8_edd4_7617);
    }
}
