//! Reading a log in pieces, from a place that was remembered: for handing it on, across the death of whoever does it.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Line, ReadError, Reader};

/// A place between two records of a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// Number of the segment.
    pub segment: u64,
    /// Bytes of it up to here.
    pub offset: u64,
}

/// Reads one log record by record: a line longer than [`MAX_PIECE`](super::MAX_PIECE) comes in pieces, so none takes more
/// memory than that.
#[derive(Debug)]
pub struct Pieces {
    reader: Reader,
    position: Option<Position>,
}

impl Pieces {
    /// Reads the log in `directory` on from a place, only lines from `since_ns` (nanoseconds since 1970) on. A place that
    /// is not there any more stands for the first one after it.
    ///
    /// # Errors
    /// If the segments cannot be listed or read.
    pub fn open(directory: &Path, since_ns: u64, from: Option<Position>) -> Result<Pieces, ReadError> {
        let mut reader = match from {
            None => Reader::open_since(directory, since_ns)?,
            Some(position) => Reader::open_at(directory, since_ns, position)?,
        };
        reader.join_pieces(false);
        Ok(Pieces {
            position: from,
            reader,
        })
    }

    /// The next piece, or `None` if there is none at the moment.
    ///
    /// # Errors
    /// As [`Reader::next_line`].
    pub fn next_piece(&mut self) -> Result<Option<Line>, ReadError> {
        let piece = self.reader.next_line()?;
        // A place is only known between two records, not between a record and what is said about it.
        if let Some(position) = self.reader.position() {
            self.position = Some(position);
        }
        Ok(piece)
    }

    /// From where to read what has not been returned yet. At worst something comes twice.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// Gives back memory that is only needed while there is much to read.
    pub fn rest(&mut self) {
        self.reader.forget_buffer();
    }
}

/// Whether a place lies within a segment of so many bytes.
pub(super) fn is_within(position: Position, bytes: io::Result<u64>) -> bool {
    bytes.is_ok_and(|bytes| position.offset <= bytes)
}
