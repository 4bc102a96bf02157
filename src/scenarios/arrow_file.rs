//! Arrow IPC files of unknown origin: what they claim is compared with what they have.
//!
//! The reader believes the lengths in a file and reserves that much before it reads: a file of a
//! hundred bytes could end the process. Here every block must lie inside the file, and no
//! compressed buffer may claim to be larger than any column of bars is.

use std::{
    io::Cursor,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
};

use arrow::{
    array::RecordBatch,
    datatypes::SchemaRef,
    error::ArrowError,
    ipc::{
        self, Block,
        reader::{FileReader, read_footer_length},
        root_as_footer, root_as_message,
    },
};

/// Bytes that one buffer of a column may have once it is decompressed: 32 million prices.
const BUFFER_BYTES_MAX: i64 = 256 << 20;
/// Bytes of the footer's length and of the magic word behind it.
const TRAILER_BYTES: usize = 10;
/// The mark and the length before a message.
const PREFIX_BYTES: usize = 8;

/// The columns of a file.
pub(super) fn schema(bytes: &[u8]) -> Result<SchemaRef, ArrowError> {
    read(bytes, || Ok(FileReader::try_new(Cursor::new(bytes), None)?.schema()))
}

/// The rows of a file, of these columns or of all.
pub(super) fn batches(
    bytes: &[u8],
    columns: Option<Vec<usize>>,
) -> Result<Vec<RecordBatch>, ArrowError> {
    read(bytes, || FileReader::try_new(Cursor::new(bytes), columns)?.collect())
}

/// Lengths that are possible can still contradict each other, and the reader panics on some of
/// those contradictions. What it had read is gone with it.
fn read<T>(bytes: &[u8], reader: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, ArrowError> {
    check(bytes)?;
    catch_unwind(AssertUnwindSafe(reader))
        .unwrap_or_else(|_| Err(ArrowError::IpcError("its parts contradict each other".into())))
}

fn check(bytes: &[u8]) -> Result<(), ArrowError> {
    let (rest, trailer) = bytes.split_last_chunk::<TRAILER_BYTES>().ok_or_else(too_short)?;
    let length = read_footer_length(*trailer)?;
    let footer = rest.len().checked_sub(length).ok_or_else(too_short)?;
    let footer = root_as_footer(&rest[footer..])
        .map_err(|error| ArrowError::ParseError(format!("the footer: {error}")))?;
    let dictionaries = footer.dictionaries().into_iter().flatten();
    let batches = footer.recordBatches().into_iter().flatten();
    dictionaries.chain(batches).try_for_each(|block| check_block(rest, block))
}

fn check_block(bytes: &[u8], block: &Block) -> Result<(), ArrowError> {
    let head = part(bytes.len(), block.offset(), block.metaDataLength().into())?;
    let body = &bytes[head.end..];
    let body = &body[part(body.len(), 0, block.bodyLength())?];
    let head = bytes[head].get(PREFIX_BYTES..).ok_or_else(too_short)?;
    // The reader says what is wrong with a message that is none.
    let Ok(message) = root_as_message(head) else { return Ok(()) };
    let dictionary = message.header_as_dictionary_batch().and_then(|it| it.data());
    let batch = message.header_as_record_batch().or(dictionary);
    batch.map_or(Ok(()), |batch| check_buffers(body, batch))
}

/// A compressed buffer begins with the length that it will have, or with -1.
fn check_buffers(body: &[u8], batch: ipc::RecordBatch<'_>) -> Result<(), ArrowError> {
    for buffer in batch.buffers().into_iter().flatten() {
        let data = &body[part(body.len(), buffer.offset(), buffer.length())?];
        let Some(claimed) = data.first_chunk().filter(|_| batch.compression().is_some()) else {
            continue;
        };
        let claimed = i64::from_le_bytes(*claimed);
        if claimed > BUFFER_BYTES_MAX {
            let text = format!("a buffer of {claimed} bytes; at most {BUFFER_BYTES_MAX}");
            return Err(ArrowError::IpcError(text));
        }
    }
    Ok(())
}

/// A part of something that has `all` bytes.
fn part(all: usize, from: i64, length: i64) -> Result<Range<usize>, ArrowError> {
    let part = usize::try_from(from).ok().zip(usize::try_from(length).ok());
    let part = part.and_then(|(from, length)| Some(from..from.checked_add(length)?));
    part.filter(|part| part.end <= all).ok_or_else(too_short)
}

fn too_short() -> ArrowError {
    ArrowError::IpcError("the file is shorter than it says".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::{bars, fixture};

    fn file() -> Vec<u8> {
        bars::write(&fixture::bars()).unwrap()
    }

    fn error(bytes: &[u8]) -> String {
        let read = batches(bytes, None);
        read.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_file_of_ours_is_read() {
        assert_eq!(schema(&file()).unwrap().fields().len(), bars::COLUMNS.len());
        assert_eq!(error(&file()), "");
    }

    #[test]
    fn a_buffer_that_claims_more_than_any_column_has_is_refused() {
        let mut bytes = file();
        // Prices and instants: eight bytes a row, each buffer with that length before it.
        let claim = (fixture::bars().rows.len() as u64 * 8).to_le_bytes();
        let at = bytes.windows(8).position(|it| it == claim).unwrap();
        bytes[at..at + 8].copy_from_slice(&(1_u64 << 61).to_le_bytes());
        assert!(
            error(&bytes).contains("a buffer of 2305843009213693952 bytes"),
            "{}",
            error(&bytes)
        );
    }

    #[test]
    fn a_file_cut_short_or_changed_anywhere_is_refused_or_read() {
        let bytes = file();
        for length in 0..bytes.len() {
            assert_ne!(error(&bytes[..length]), "", "cut at {length}");
        }
        let mut changed = bytes.clone();
        for at in 0..bytes.len() {
            for byte in [0x00, 0x7f, 0xff] {
                changed[at] = byte;
                let _ = batches(&changed, None);
            }
            changed[at] = bytes[at];
        }
    }
}
