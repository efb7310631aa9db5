//! One record as bytes: encoding, decoding and checking. Pure.

use serde::{Deserialize, Serialize};

/// The most bytes of a line in one record; a longer line becomes several. The limit of CloudWatch's `awslogs`.
pub const MAX_PIECE: usize = 262_118;

/// Bytes before the part that the checksum covers: length and checksum.
const PREFIX: usize = 8;

/// Checked bytes before the line: timestamp, stream, flags.
const FIXED: usize = 10;

/// All bytes of a record but the line.
pub(super) const OVERHEAD: usize = PREFIX + FIXED;

/// The line goes on in the next record of its stream.
pub(super) const PARTIAL: u8 = 1;

/// The line was written by the log itself.
pub(super) const MARKER: u8 = 2;

/// Which output of the task a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// Both streams, in the order of [`Stream::index`].
    pub(super) const ALL: [Stream; 2] = [Stream::Stdout, Stream::Stderr];

    /// 0 for standard output, 1 for standard error.
    pub(super) fn index(self) -> usize {
        match self {
            Stream::Stdout => 0,
            Stream::Stderr => 1,
        }
    }

    fn code(self) -> u8 {
        match self {
            Stream::Stdout => 1,
            Stream::Stderr => 2,
        }
    }

    fn from_code(code: u8) -> Option<Stream> {
        Stream::ALL.into_iter().find(|stream| stream.code() == code)
    }
}

/// A record, its bytes borrowed from where it was read or is to be written from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) timestamp_ns: u64,
    pub(super) stream: Stream,
    pub(super) flags: u8,
    pub(super) bytes: &'a [u8],
}

impl Record<'_> {
    pub(super) fn is_partial(&self) -> bool {
        self.flags & PARTIAL != 0
    }

    pub(super) fn is_marker(&self) -> bool {
        self.flags & MARKER != 0
    }

    /// Length of the encoded record in bytes.
    pub(super) fn encoded_len(&self) -> usize {
        OVERHEAD + self.bytes.len()
    }
}

/// What is at the start of some bytes of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decoded<'a> {
    /// A whole record.
    Record(Record<'a>),
    /// The start of a record that needs this many bytes altogether, at least.
    Short(usize),
    /// No record: never written, half written, or damaged.
    Broken,
}

/// Appends `record`, whose bytes are at most [`MAX_PIECE`], to `buffer`.
pub(super) fn encode(buffer: &mut Vec<u8>, record: &Record<'_>) {
    let start = buffer.len();
    let length = (FIXED + record.bytes.len()) as u32;
    let mut head = [0; OVERHEAD];
    head[..4].copy_from_slice(&length.to_le_bytes());
    head[PREFIX..16].copy_from_slice(&record.timestamp_ns.to_le_bytes());
    head[16] = record.stream.code();
    head[17] = record.flags;
    buffer.reserve(record.encoded_len());
    buffer.extend_from_slice(&head);
    buffer.extend_from_slice(record.bytes);
    let checksum = crc32fast::hash(&buffer[start + PREFIX..]);
    buffer[start + 4..start + PREFIX].copy_from_slice(&checksum.to_le_bytes());
}

/// Reads the record at the start of `bytes`.
pub(super) fn decode(bytes: &[u8]) -> Decoded<'_> {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return Decoded::Short(OVERHEAD);
    };
    let length = u32::from_le_bytes(*length) as usize;
    if !(FIXED..=FIXED + MAX_PIECE).contains(&length) {
        return Decoded::Broken;
    }
    let Some((checksum, rest)) = rest.split_first_chunk::<4>() else {
        return Decoded::Short(PREFIX + length);
    };
    let Some(checked) = rest.get(..length) else {
        return Decoded::Short(PREFIX + length);
    };
    if crc32fast::hash(checked) != u32::from_le_bytes(*checksum) {
        return Decoded::Broken;
    }
    let record = checked.split_first_chunk::<8>().and_then(|(timestamp, rest)| {
        let [stream, flags, bytes @ ..] = rest else {
            return None;
        };
        let stream = Stream::from_code(*stream)?;
        Some(Record {
            timestamp_ns: u64::from_le_bytes(*timestamp),
            stream,
            flags: *flags,
            bytes,
        })
    });
    record.map_or(Decoded::Broken, Decoded::Record)
}

/// Walks over the whole records at the start of `bytes`; returns the length of them all.
pub(super) fn walk<'a>(bytes: &'a [u8], mut visit: impl FnMut(Record<'a>)) -> usize {
    let mut offset = 0;
    while let Decoded::Record(record) = decode(&bytes[offset..]) {
        offset += record.encoded_len();
        visit(record);
    }
    offset
}
