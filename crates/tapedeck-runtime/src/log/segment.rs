//! Segment files: their names, their header, and the list of those in a folder.

use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use fs_err::File;

use super::record::{Decoded, MAX_PIECE, OVERHEAD, decode};

/// First bytes of every segment: magic and version 1.
pub(super) const HEADER: [u8; 8] = *b"tdlog\0\x01\x00";

/// Length of the header, where the first record begins.
pub(super) const HEADER_LEN: u64 = HEADER.len() as u64;

/// What the first bytes of a segment say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    /// A segment of this version.
    Known,
    /// Fewer bytes than a header, all right so far: its making was interrupted.
    Torn,
    /// Something else.
    Foreign,
}

/// Judges the first bytes of a segment.
pub(super) fn check_header(bytes: &[u8]) -> Header {
    match bytes.first_chunk::<8>() {
        Some(header) if *header == HEADER => Header::Known,
        None if HEADER.starts_with(bytes) => Header::Torn,
        // A crash of the machine may leave the length without the bytes.
        _ if bytes.iter().all(|byte| *byte == 0) => Header::Torn,
        _ => Header::Foreign,
    }
}

/// The file of segment `number` in `directory`.
pub(super) fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:08}.log"))
}

/// The numbers of the segments in `directory`, ascending; other files are ignored, a missing folder has none.
pub(super) fn list(directory: &Path) -> io::Result<Vec<u64>> {
    let entries = match fs_err::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_suffix(".log"))
            .filter(|digits| digits.len() >= 8);
        numbers.extend(number.and_then(|digits| digits.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The timestamp of the first record of a segment; `None` if it has none, or is gone.
pub(super) fn first_timestamp(directory: &Path, number: u64) -> io::Result<Option<u64>> {
    let file = match File::open(path(directory, number)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let mut bytes = vec![0; HEADER.len() + OVERHEAD];
    loop {
        let length = read_at_most(&file, &mut bytes, 0)?;
        let Some(records) = bytes[..length].strip_prefix(&HEADER) else {
            return Ok(None);
        };
        match decode(records) {
            Decoded::Record(record) => return Ok(Some(record.timestamp_ns)),
            Decoded::Short(needed) if length == bytes.len() && needed <= OVERHEAD + MAX_PIECE => {
                bytes.resize(HEADER.len() + needed, 0);
            }
            _ => return Ok(None),
        }
    }
}

/// Fills `buffer` from `offset`, as far as the file goes; returns the number of bytes.
pub(super) fn read_at_most(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.file().read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Removes a segment; false if it was gone already.
pub(super) fn remove(directory: &Path, number: u64) -> io::Result<bool> {
    match fs_err::remove_file(path(directory, number)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
