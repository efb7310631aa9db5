//! The logs of tasks: append-only segment files, one folder per task.
//!
//! ```text
//! <service>/<task>/00000000.log      closed segment
//! <service>/<task>/00000001.log      the one being written
//!
//! segment = "tdlog" 0x00 | version u16 | record*
//! record  = length u32 | crc32 u32 | timestamp u64 | stream u8 | flags u8 | bytes      (all little-endian)
//! ```
//!
//! `length` counts what follows the checksum, the checksum covers it. A timestamp is in nanoseconds since 1970, of the
//! moment when the end of the line was read. The bytes are one line without its `\n`, or a piece of a very long one.
//!
//! **Invariant:** one writer per folder; readers need no lock and never change a file. **Invariant:** what follows the
//! last record with a right checksum is not there yet. **Invariant:** a write error costs log lines, never the task.
//! Nothing here knows what a container is or what time it is.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tapedeck_runtime::log::{Options, Reader, Stream, Writer};
//!
//! let folder = tempfile::tempdir()?;
//! let mut writer = Writer::open(folder.path(), Options::default())?;
//! let mut reader = Reader::open(folder.path());
//! writer.append(Stream::Stdout, b"ready\nhalf a li", 1_700_000_000_000_000_000);
//! writer.flush();
//! assert_eq!(reader.next_line()?.map(|line| line.text), Some(b"ready".to_vec()));
//! assert_eq!(reader.next_line()?, None);
//! writer.close(1_700_000_000_500_000_000);
//! assert_eq!(reader.next_line()?.map(|line| line.text), Some(b"half a li".to_vec()));
//! # Ok(())
//! # }
//! ```

mod error;
mod merge;
mod pieces;
mod reader;
mod record;
mod retention;
mod segment;
mod split;
#[cfg(test)]
mod tests;
mod watch;
mod writer;

pub use error::{OpenWriterError, ReadError, RetentionError, WatchError};
pub use merge::Merge;
pub use pieces::{Pieces, Position};
pub use reader::{Line, Reader};
pub use record::{MAX_PIECE, Stream};
pub use retention::{SegmentFile, last_timestamp, remove_segment, segments};
pub use watch::Watch;
pub use writer::{Options, Writer};
