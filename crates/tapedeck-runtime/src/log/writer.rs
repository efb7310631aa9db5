//! The writing end of a task's log.

use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _};
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use fs_err::{File, OpenOptions};
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use super::OpenWriterError;
use super::record::{MARKER, MAX_PIECE, OVERHEAD, PARTIAL, Record, Stream, encode, walk};
use super::segment::{self, HEADER, HEADER_LEN, Header};
use super::split::Splitter;

/// Bytes that are gathered before they are written without being asked to.
const BATCH: usize = 64 * 1024;

/// How much a log may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Size at which a segment is closed, in bytes. A single batch may exceed it.
    pub segment_bytes: u64,
    /// Size of all segments together, in bytes; the oldest is removed when the next one might exceed it. At least
    /// one segment is always kept.
    pub total_bytes: u64,
}

impl Default for Options {
    /// Segments of 16 MiB, 1 GiB altogether.
    fn default() -> Options {
        Options {
            segment_bytes: 16 << 20,
            total_bytes: 1 << 30,
        }
    }
}

/// Appends the output of one task to its log.
///
/// Once open, it never fails and never waits for anything but the file system: lines that cannot be written, for
/// example because the disk is full, are counted and dropped, and a line marked as written by the log says so as soon
/// as writing works again.
#[derive(Debug)]
pub struct Writer {
    directory: PathBuf,
    options: Options,
    splitters: [Splitter; 2],
    batch: Batch,
    current: Segment,
    /// Closed segments, oldest first, with their sizes in bytes.
    closed: Vec<(u64, u64)>,
    outage: Option<Outage>,
    dropped_total: u64,
}

/// Encoded records that wait to be written.
#[derive(Debug, Default)]
struct Batch {
    bytes: Vec<u8>,
    last_timestamp_ns: u64,
}

#[derive(Debug)]
struct Segment {
    number: u64,
    file: File,
    /// Bytes up to the end of the last whole record.
    length: u64,
}

/// A time in which writing does not work.
#[derive(Debug)]
struct Outage {
    dropped: u64,
    reason: io::Error,
}

impl Batch {
    fn push(&mut self, record: &Record<'_>) {
        self.last_timestamp_ns = record.timestamp_ns;
        encode(&mut self.bytes, record);
    }
}

impl Writer {
    /// Opens the log in `directory`, which is made if need be, and continues after the last whole record in it.
    ///
    /// # Errors
    /// If the folder or the segment cannot be made or read.
    pub fn open(directory: &Path, options: Options) -> Result<Writer, OpenWriterError> {
        let failed = |source| OpenWriterError {
            directory: directory.to_owned(),
            source,
        };
        make_directory(directory).map_err(failed)?;
        let mut numbers = segment::list(directory).map_err(failed)?;
        let mut batch = Batch::default();
        let current = match numbers.pop() {
            None => create_segment(directory, 0).map_err(failed)?,
            Some(last) => match reopen_segment(directory, last, &mut batch).map_err(failed)? {
                Some(segment) => segment,
                None => {
                    numbers.push(last);
                    create_segment(directory, last + 1).map_err(failed)?
                }
            },
        };
        let mut closed = Vec::with_capacity(numbers.len());
        for number in numbers {
            let length = fs_err::metadata(segment::path(directory, number))
                .map_err(failed)?
                .len();
            closed.push((number, length));
        }
        let directory = directory.to_owned();
        let splitters = Default::default();
        Ok(Writer {
            directory,
            options,
            splitters,
            batch,
            current,
            closed,
            outage: None,
            dropped_total: 0,
        })
    }

    /// Takes bytes as they came out of the pipe of `stream` at `now_ns` (nanoseconds since 1970). Lines end at `\n`
    /// only; an unfinished one waits for its end.
    pub fn append(&mut self, stream: Stream, bytes: &[u8], now_ns: u64) {
        // In portions, so that one huge read does not make the batch huge.
        for portion in bytes.chunks(BATCH) {
            let batch = &mut self.batch;
            self.splitters[stream.index()].feed(portion, |piece| {
                let flags = if piece.partial { PARTIAL } else { 0 };
                batch.push(&Record {
                    timestamp_ns: now_ns,
                    stream,
                    flags,
                    bytes: piece.bytes,
                });
            });
            if self.batch.bytes.len() >= BATCH {
                self.write_batch();
            }
        }
    }

    /// Adds a line of our own, such as `restarted after an upgrade`; it is cut at [`MAX_PIECE`] bytes.
    pub fn mark(&mut self, stream: Stream, text: &str, now_ns: u64) {
        let bytes = &text.as_bytes()[..text.len().min(MAX_PIECE)];
        self.batch.push(&Record {
            timestamp_ns: now_ns,
            stream,
            flags: MARKER,
            bytes,
        });
    }

    /// Ends one stream at `now_ns`: an unfinished line becomes a line. The other stream goes on.
    pub fn finish_stream(&mut self, stream: Stream, now_ns: u64) {
        let batch = &mut self.batch;
        self.splitters[stream.index()].finish(|piece| {
            batch.push(&Record {
                timestamp_ns: now_ns,
                stream,
                flags: 0,
                bytes: piece.bytes,
            });
        });
    }

    /// Hands all finished lines to the file system, so that readers see them. To be called whenever no more output is
    /// waiting.
    pub fn flush(&mut self) {
        if !self.batch.bytes.is_empty() || self.outage.is_some() {
            self.write_batch();
        }
    }

    /// Flushes, and waits until the disk has it.
    ///
    /// # Errors
    /// Those of `fdatasync`. Lines that could not be written are not an error here.
    pub fn sync(&mut self) -> io::Result<()> {
        self.flush();
        self.current.file.sync_data()
    }

    /// Ends both streams at `now_ns` and flushes.
    pub fn close(mut self, now_ns: u64) {
        for stream in Stream::ALL {
            self.finish_stream(stream, now_ns);
        }
        self.flush();
    }

    /// How many lines were lost to write errors since the log was opened.
    pub fn dropped_lines(&self) -> u64 {
        self.dropped_total
    }

    /// Writes what waits, in front of it the news that an outage is over. On failure the oldest segment is given up
    /// once per outage for another try; what still cannot be written is dropped and counted.
    fn write_batch(&mut self) {
        self.announce_outage();
        let mut result = self.try_write();
        if let Err(error) = result {
            let first_failure = self.outage.is_none();
            result = if first_failure && self.remove_oldest() {
                self.try_write()
            } else {
                Err(error)
            };
        }
        match result {
            Ok(()) => self.outage = None,
            Err(reason) => {
                let lost = count_lines(&self.batch.bytes);
                let before = self.outage.take().map_or(0, |outage| outage.dropped);
                self.dropped_total += lost;
                self.outage = Some(Outage {
                    dropped: before + lost,
                    reason,
                });
            }
        }
        self.batch.bytes.clear();
        self.batch.bytes.shrink_to(2 * BATCH);
    }

    fn announce_outage(&mut self) {
        let Some(outage) = self.outage.as_ref().filter(|outage| outage.dropped > 0) else {
            return;
        };
        let lines = if outage.dropped == 1 { "line" } else { "lines" };
        let text = format!("dropped {} {lines}: {}", outage.dropped, outage.reason);
        let bytes = text.as_bytes();
        let timestamp_ns = self.batch.last_timestamp_ns;
        let mut announced = Vec::with_capacity(OVERHEAD + bytes.len() + self.batch.bytes.len());
        encode(
            &mut announced,
            &Record {
                timestamp_ns,
                stream: Stream::Stderr,
                flags: MARKER,
                bytes,
            },
        );
        announced.extend_from_slice(&self.batch.bytes);
        self.batch.bytes = announced;
    }

    /// Writes the batch. If only a part fits, its whole records stay, since a reader may have seen them, and only the
    /// rest is left in the batch.
    fn try_write(&mut self) -> io::Result<()> {
        let full = self.current.length + self.batch.bytes.len() as u64 > self.options.segment_bytes;
        if full && self.current.length > HEADER_LEN {
            self.rotate()?;
        }
        if self.outage.is_some() {
            reserve(&self.current, self.batch.bytes.len() as u64)?;
        }
        let (written, result) = write_as_much(&self.current, &self.batch.bytes);
        let whole = if result.is_ok() {
            written
        } else {
            walk(&self.batch.bytes[..written], drop)
        };
        self.current.length += whole as u64;
        if whole < written {
            // If this fails too, the next write overwrites the torn record, and a crash before that leaves a torn tail.
            let _ = self.current.file.set_len(self.current.length);
        }
        if whole > 0 && self.outage.is_some() && result.is_err() {
            // The announcement is the first record of the batch: it is out.
            self.outage = None;
        }
        self.batch.bytes.drain(..whole);
        result
    }

    fn rotate(&mut self) -> io::Result<()> {
        let next = create_segment(&self.directory, self.current.number + 1)?;
        let full = std::mem::replace(&mut self.current, next);
        self.closed.push((full.number, full.length));
        let mut total: u64 = self.closed.iter().map(|(_, length)| length).sum();
        while total + self.options.segment_bytes > self.options.total_bytes {
            let Some((_, length)) = self.closed.first().copied() else {
                break;
            };
            if !self.remove_oldest() {
                break;
            }
            total -= length;
        }
        Ok(())
    }

    /// Whether a segment could be given up.
    fn remove_oldest(&mut self) -> bool {
        if self.closed.is_empty() {
            return false;
        }
        let (number, _) = self.closed.remove(0);
        segment::remove(&self.directory, number).is_ok()
    }
}

/// Markers and the pieces of a line before its last do not count.
fn count_lines(encoded: &[u8]) -> u64 {
    let mut lines = 0;
    walk(encoded, |record| {
        lines += u64::from(!record.is_partial() && !record.is_marker())
    });
    lines
}

/// Writes until the end or an error; returns how many bytes got out.
fn write_as_much(segment: &Segment, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < bytes.len() {
        match segment
            .file
            .file()
            .write_at(&bytes[written..], segment.length + written as u64)
        {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

/// Makes sure that there is room for `length` more bytes, where the file system can tell. Without this, each of the last
/// free bytes would end the outage for one announcement, and begin the next.
fn reserve(segment: &Segment, length: u64) -> io::Result<()> {
    match fallocate(
        segment.file.file(),
        FallocateFlags::KEEP_SIZE,
        segment.length,
        length,
    ) {
        Err(Errno::NOSPC) => Err(Errno::NOSPC.into()),
        _ => Ok(()),
    }
}

fn make_directory(directory: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(directory)
}

fn create_segment(directory: &Path, number: u64) -> io::Result<Segment> {
    let path = segment::path(directory, number);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    let segment = Segment {
        number,
        file,
        length: 0,
    };
    match write_as_much(&segment, &HEADER) {
        (_, Ok(())) => Ok(Segment {
            length: HEADER_LEN,
            ..segment
        }),
        (_, Err(error)) => {
            // A segment without a header would stop readers; without room for it there is no new segment yet.
            let _ = segment::remove(directory, number);
            Err(error)
        }
    }
}

/// Opens the last segment again, cut after its last whole record; `None` if another version wrote it. A line that was
/// in pieces when the last writer died is finished by an empty record in `batch`.
fn reopen_segment(directory: &Path, number: u64, batch: &mut Batch) -> io::Result<Option<Segment>> {
    let path = segment::path(directory, number);
    let bytes = fs_err::read(&path)?;
    match segment::check_header(&bytes) {
        Header::Known => {}
        Header::Torn => return create_segment(directory, number).map(Some),
        Header::Foreign => return Ok(None),
    }
    let mut open: [Option<u64>; 2] = [None; 2];
    let whole = walk(&bytes[HEADER.len()..], |record| {
        open[record.stream.index()] = record.is_partial().then_some(record.timestamp_ns);
    });
    let length = HEADER_LEN + whole as u64;
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    if length < bytes.len() as u64 {
        file.set_len(length)?;
    }
    for stream in Stream::ALL {
        if let Some(timestamp_ns) = open[stream.index()] {
            batch.push(&Record {
                timestamp_ns,
                stream,
                flags: 0,
                bytes: &[],
            });
        }
    }
    Ok(Some(Segment { number, file, length }))
}
