//! Raw bytes of one pipe into lines, across reads. Pure.

use super::record::MAX_PIECE;

/// Memory that is kept for the next unfinished line, in bytes; more is given back.
const KEPT_CAPACITY: usize = 16 * 1024;

/// The unfinished line of one stream.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    unfinished: Vec<u8>,
    /// Whether the records so far end in a partial one, so that the line must be finished even if nothing follows.
    open: bool,
}

/// One piece of a line, ready to become a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) partial: bool,
}

impl Splitter {
    /// Takes the next bytes of the stream and hands over every piece that they complete.
    pub(super) fn feed(&mut self, bytes: &[u8], mut emit: impl FnMut(Piece<'_>)) {
        let mut rest = bytes;
        for end in memchr::memchr_iter(b'\n', bytes) {
            let line_end = end - (bytes.len() - rest.len());
            let (line, after) = (&rest[..line_end], &rest[line_end + 1..]);
            rest = after;
            if self.unfinished.is_empty() && line.len() <= MAX_PIECE {
                emit(Piece {
                    bytes: line,
                    partial: false,
                });
                self.open = false;
            } else {
                self.extend(line, &mut emit);
                self.finish_line(&mut emit);
            }
        }
        self.extend(rest, &mut emit);
    }

    /// Ends the stream: an unfinished line counts as a line.
    pub(super) fn finish(&mut self, mut emit: impl FnMut(Piece<'_>)) {
        if self.open || !self.unfinished.is_empty() {
            self.finish_line(&mut emit);
        }
    }

    /// A full piece is only handed over once it is sure that the line goes on.
    fn extend(&mut self, mut bytes: &[u8], emit: &mut impl FnMut(Piece<'_>)) {
        while !bytes.is_empty() {
            if self.unfinished.len() == MAX_PIECE {
                emit(Piece {
                    bytes: &self.unfinished,
                    partial: true,
                });
                self.open = true;
                self.unfinished.clear();
            }
            let (now, later) = bytes.split_at(bytes.len().min(MAX_PIECE - self.unfinished.len()));
            self.unfinished.extend_from_slice(now);
            bytes = later;
        }
    }

    fn finish_line(&mut self, emit: &mut impl FnMut(Piece<'_>)) {
        emit(Piece {
            bytes: &self.unfinished,
            partial: false,
        });
        self.open = false;
        self.unfinished.clear();
        self.unfinished.shrink_to(KEPT_CAPACITY);
    }
}
