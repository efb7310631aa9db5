//! The reading end of a task's log, which works the same on a finished log and on one that is being written.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use fs_err::File;

use super::ReadError;
use super::pieces::{Position, is_within};
use super::record::{Decoded, Record, Stream, decode, walk};
use super::segment::{self, HEADER, HEADER_LEN, Header};

/// Bytes that are read at once.
const CHUNK: usize = 256 * 1024;

/// One line of a task's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When the end of the line (of a line longer than [`MAX_PIECE`](super::MAX_PIECE): of its first piece) was read
    /// from the task, in nanoseconds since 1970.
    pub timestamp_ns: u64,
    /// Where the task wrote it.
    pub stream: Stream,
    /// The line without its `\n`, as the task wrote it: maybe empty, maybe not UTF-8.
    pub text: Vec<u8>,
    /// Whether it comes from the log itself and not from the task, such as `dropped 7 lines: …`.
    pub marker: bool,
}

/// Reads the lines of one task's log in the order in which they were written.
///
/// [`Reader::next_line`] returning `None` only means that there is nothing more *yet*.
#[derive(Debug)]
pub struct Reader {
    directory: PathBuf,
    since_ns: u64,
    segment: Option<Segment>,
    /// Bytes of the segment from `offset - consumed` on.
    buffer: Vec<u8>,
    consumed: usize,
    /// The lines of which only the first pieces were read, per stream.
    unfinished: [Option<Line>; 2],
    ready: VecDeque<Line>,
    last_timestamp_ns: u64,
    /// Whether the pieces of a long line become one.
    joins: bool,
}

#[derive(Debug)]
struct Segment {
    number: u64,
    file: File,
    /// Where the next record begins.
    offset: u64,
}

impl Reader {
    /// Reads the log in `directory` from its oldest line on. The folder need not exist yet.
    pub fn open(directory: &Path) -> Reader {
        Reader {
            directory: directory.to_owned(),
            since_ns: 0,
            segment: None,
            buffer: Vec::new(),
            consumed: 0,
            unfinished: [None, None],
            ready: VecDeque::new(),
            last_timestamp_ns: 0,
            joins: true,
        }
    }

    /// Reads the log in `directory`, only lines from `since_ns` (nanoseconds since 1970) on.
    ///
    /// Segments that end before are not opened; if the clock was set back while they were written, more are read than
    /// necessary, never fewer.
    ///
    /// # Errors
    /// If the segments cannot be listed or read.
    pub fn open_since(directory: &Path, since_ns: u64) -> Result<Reader, ReadError> {
        let mut reader = Reader {
            since_ns,
            ..Reader::open(directory)
        };
        let numbers = segment::list(directory).map_err(|source| reader.failed(source))?;
        let mut start = numbers.first().copied();
        for pair in numbers.windows(2) {
            let [_, next] = pair else { continue };
            let first = segment::first_timestamp(directory, *next).map_err(|source| reader.failed(source))?;
            if first.is_some_and(|first| first >= since_ns) {
                break;
            }
            start = Some(*next);
        }
        reader.start_at(start)?;
        Ok(reader)
    }

    /// Reads the log in `directory` on from a place, only lines from `since_ns` on.
    pub(super) fn open_at(directory: &Path, since_ns: u64, position: Position) -> Result<Reader, ReadError> {
        let mut reader = Reader {
            since_ns,
            ..Reader::open(directory)
        };
        reader.start_at(Some(position.segment))?;
        if let Some(segment) = &mut reader.segment {
            let bytes = segment.file.metadata().map(|metadata| metadata.len());
            // One that has become shorter lost its end with the power, and is read anew.
            if position.offset >= HEADER_LEN && is_within(position, bytes) {
                segment.offset = position.offset;
            }
        }
        Ok(reader)
    }

    /// Whether the pieces of a long line are to become one, which they do unless it is said otherwise.
    pub(super) fn join_pieces(&mut self, joins: bool) {
        self.joins = joins;
    }

    /// Where reading goes on; `None` while something that was read has not been returned yet.
    pub(super) fn position(&self) -> Option<Position> {
        let segment = self.segment.as_ref().filter(|_| self.ready.is_empty())?;
        Some(Position {
            segment: segment.number,
            offset: segment.offset,
        })
    }

    /// What was read ahead is read again when it is needed.
    pub(super) fn forget_buffer(&mut self) {
        self.buffer = Vec::new();
        self.consumed = 0;
    }

    /// The next line, or `None` if there is none at the moment.
    ///
    /// # Errors
    /// If listing, opening or reading segments fails. Damage inside a segment is not an error: the rest of the
    /// segment is skipped, and a marker line says so.
    pub fn next_line(&mut self) -> Result<Option<Line>, ReadError> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Ok(Some(line));
            }
            if !self.read_record().map_err(|source| self.failed(source))? {
                return Ok(None);
            }
        }
    }

    /// All lines that came since the last call. For a long log [`Reader::next_line`] needs less memory.
    ///
    /// # Errors
    /// As [`Reader::next_line`].
    pub fn read_available(&mut self) -> Result<Vec<Line>, ReadError> {
        let mut lines = Vec::new();
        while let Some(line) = self.next_line()? {
            lines.push(line);
        }
        Ok(lines)
    }

    /// The last `count` lines (fewer if there are not as many); reading goes on after them.
    ///
    /// # Errors
    /// As [`Reader::next_line`].
    pub fn tail(&mut self, count: usize) -> Result<Vec<Line>, ReadError> {
        let numbers = segment::list(&self.directory).map_err(|source| self.failed(source))?;
        let mut start = None;
        let mut lines = 0;
        for number in numbers.into_iter().rev() {
            start = Some(number);
            lines += self.count_lines(number).map_err(|source| self.failed(source))?;
            // One more for each stream: the first line of each may begin in the segment before.
            if lines >= count.saturating_add(Stream::ALL.len()) {
                break;
            }
        }
        self.start_at(start)?;
        let mut last = VecDeque::new();
        while let Some(line) = self.next_line()? {
            last.push_back(line);
            if last.len() > count {
                last.pop_front();
            }
        }
        Ok(last.into())
    }

    fn failed(&self, source: io::Error) -> ReadError {
        ReadError {
            directory: self.directory.clone(),
            source,
        }
    }

    fn start_at(&mut self, number: Option<u64>) -> Result<(), ReadError> {
        self.segment = None;
        self.buffer.clear();
        self.consumed = 0;
        self.unfinished = [None, None];
        self.ready.clear();
        if let Some(number) = number {
            self.open_segment(number).map_err(|source| self.failed(source))?;
        }
        Ok(())
    }

    fn count_lines(&self, number: u64) -> io::Result<usize> {
        let bytes = match fs_err::read(segment::path(&self.directory, number)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            other => other?,
        };
        let mut lines = 0;
        walk(bytes.strip_prefix(&HEADER).unwrap_or(&[]), |record| {
            lines += usize::from(!record.is_partial())
        });
        Ok(lines)
    }

    /// Reads the next record; false if there is none at the moment.
    fn read_record(&mut self) -> io::Result<bool> {
        loop {
            if self.take_record() || (self.segment.is_some() && self.refill()?) {
                return Ok(true);
            }
            let Some(next) = self.next_segment()? else {
                return Ok(false);
            };
            // The writer may have added to the old segment after we saw its end and before it began the next.
            if self.segment.is_some() && self.refill()? {
                return Ok(true);
            }
            self.leave_segment()?;
            self.open_segment(next)?;
        }
    }

    /// Reads on from the next record; whether it was whole.
    fn refill(&mut self) -> io::Result<bool> {
        let Some(current) = &self.segment else {
            return Ok(false);
        };
        let mut size = CHUNK;
        loop {
            // Always afresh: the writer may have replaced what was only half there.
            self.buffer.resize(size, 0);
            let length = segment::read_at_most(&current.file, &mut self.buffer, current.offset)?;
            self.buffer.truncate(length);
            self.consumed = 0;
            match decode(&self.buffer) {
                Decoded::Record(_) => return Ok(self.take_record()),
                Decoded::Short(needed) if length == size && needed > size => size = needed,
                _ => return Ok(false),
            }
        }
    }

    /// Takes the next record out of the buffer, if it is there as a whole.
    fn take_record(&mut self) -> bool {
        let Some(current) = &mut self.segment else {
            return false;
        };
        let Decoded::Record(record) = decode(&self.buffer[self.consumed..]) else {
            return false;
        };
        let length = record.encoded_len();
        self.last_timestamp_ns = record.timestamp_ns;
        let mut sink = Joined {
            since_ns: self.since_ns,
            joins: self.joins,
            unfinished: &mut self.unfinished,
            ready: &mut self.ready,
        };
        sink.take(&record);
        self.consumed += length;
        current.offset += length as u64;
        true
    }

    /// The number of the segment after the current one, if there is one.
    fn next_segment(&self) -> io::Result<Option<u64>> {
        let numbers = segment::list(&self.directory)?;
        let after = |number: &u64| {
            self.segment
                .as_ref()
                .is_none_or(|current| *number > current.number)
        };
        Ok(numbers.into_iter().find(after))
    }

    /// Says so if the segment has bytes that are no records.
    fn leave_segment(&mut self) -> io::Result<()> {
        let Some(left) = self.segment.take() else {
            return Ok(());
        };
        let skipped = left.file.metadata()?.len().saturating_sub(left.offset);
        if skipped > 0 {
            let text = format!(
                "skipped {skipped} unreadable bytes at the end of log segment {:08}",
                left.number
            );
            let line = Line {
                timestamp_ns: self.last_timestamp_ns.max(self.since_ns),
                stream: Stream::Stderr,
                text: text.into_bytes(),
                marker: true,
            };
            self.ready
                .extend(self.unfinished.iter_mut().filter_map(Option::take));
            self.ready.push_back(line);
        }
        Ok(())
    }

    fn open_segment(&mut self, number: u64) -> io::Result<()> {
        self.buffer.clear();
        self.consumed = 0;
        let file = match File::open(segment::path(&self.directory, number)) {
            // Removed since it was listed: the next round finds a later one.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        let mut header = [0; HEADER.len()];
        let length = segment::read_at_most(&file, &mut header, 0)?;
        // A foreign segment is skipped like a damaged one: none of its bytes can be read.
        let offset = if segment::check_header(&header[..length]) == Header::Foreign {
            0
        } else {
            HEADER_LEN
        };
        self.segment = Some(Segment { number, file, offset });
        Ok(())
    }
}

/// Where records become lines again.
struct Joined<'a> {
    since_ns: u64,
    joins: bool,
    unfinished: &'a mut [Option<Line>; 2],
    ready: &'a mut VecDeque<Line>,
}

impl Joined<'_> {
    fn take(&mut self, record: &Record<'_>) {
        if record.is_marker() {
            // Something was lost or began anew: what is unfinished will not be finished.
            let [stdout, stderr] = self.unfinished;
            let cut = [stdout.take(), stderr.take()];
            for line in cut.into_iter().flatten() {
                self.push(line);
            }
        }
        let unfinished = &mut self.unfinished[record.stream.index()];
        let mut line = unfinished.take().unwrap_or_else(|| Line {
            timestamp_ns: record.timestamp_ns,
            stream: record.stream,
            text: Vec::with_capacity(record.bytes.len()),
            marker: record.is_marker(),
        });
        line.text.extend_from_slice(record.bytes);
        if record.is_partial() && self.joins {
            *unfinished = Some(line);
        } else {
            self.push(line);
        }
    }

    fn push(&mut self, line: Line) {
        if line.timestamp_ns >= self.since_ns {
            self.ready.push_back(line);
        }
    }
}
