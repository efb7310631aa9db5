//! The messages of a data channel of the Session Manager, as bytes. Pure.
//!
//! ```text
//! length of the header │ type │ schema │ created │ sequence │ flags │ id │ digest of the payload │ type of the payload │ length │ payload
//!           4            32       4        8          8         8     16           32                      4               4
//! ```
//!
//! Numbers have their highest byte first. The format is that of AWS's own `session-manager-plugin`.

use sha2::{Digest as _, Sha256};
use tapedeck_model::Timestamp;
use uuid::Uuid;

/// What is typed, and what belongs to it.
pub(super) const INPUT: &str = "input_stream_data";
/// What is shown, and what belongs to it.
pub(super) const OUTPUT: &str = "output_stream_data";
/// Says that a message has arrived.
pub(super) const ACKNOWLEDGE: &str = "acknowledge";
/// Says that the session is over.
pub(super) const CHANNEL_CLOSED: &str = "channel_closed";
/// Nothing is to be sent for now.
pub(super) const PAUSE_PUBLICATION: &str = "pause_publication";
/// It may be sent again.
pub(super) const START_PUBLICATION: &str = "start_publication";

/// The bytes before the length of the payload, which is what the header's own length says.
const HEADER: usize = 116;
const LENGTH: usize = 4;
const SCHEMA: u32 = 1;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// One of the constants of this module, or something that is new.
    pub(super) kind: String,
    /// When it was made.
    pub(super) at: Timestamp,
    /// Its place among those of its direction, from zero.
    pub(super) sequence: i64,
    /// What no other message has.
    pub(super) id: Uuid,
    /// What the payload is, by the numbers of the protocol.
    pub(super) content: u32,
    /// What it says.
    pub(super) payload: Vec<u8>,
}

/// Bytes that are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoFrame {
    #[error("a message ends in the middle of its header")]
    Short,
    #[error("a message has another length than its header says")]
    Length,
    #[error("the type of a message is no text")]
    Kind,
    #[error("a message has been damaged on the way")]
    Digest,
}

impl Frame {
    /// Its bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + LENGTH + self.payload.len());
        let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes();
        bytes.extend(length(HEADER));
        bytes.extend(format!("{:32.32}", self.kind).bytes());
        bytes.extend(SCHEMA.to_be_bytes());
        bytes.extend(self.at.millis().to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend([0; 8]);
        // The lower half of an id comes first.
        let (high, low) = self.id.as_u64_pair();
        bytes.extend(low.to_be_bytes());
        bytes.extend(high.to_be_bytes());
        bytes.extend(Sha256::digest(&self.payload));
        bytes.extend(self.content.to_be_bytes());
        bytes.extend(length(self.payload.len()));
        bytes.extend(&self.payload);
        bytes
    }

    /// The message that these bytes are.
    ///
    /// # Errors
    /// When they are none.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, NoFrame> {
        let mut rest = bytes;
        let header = usize::try_from(u32::from_be_bytes(take(&mut rest)?)).unwrap_or(usize::MAX);
        let kind: [u8; 32] = take(&mut rest)?;
        let kind = std::str::from_utf8(&kind).map_err(|_| NoFrame::Kind)?;
        let _schema: [u8; 4] = take(&mut rest)?;
        let at = Timestamp::from_millis(u64::from_be_bytes(take(&mut rest)?));
        let sequence = i64::from_be_bytes(take(&mut rest)?);
        let _flags: [u8; 8] = take(&mut rest)?;
        let low = u64::from_be_bytes(take(&mut rest)?);
        let high = u64::from_be_bytes(take(&mut rest)?);
        let digest: [u8; 32] = take(&mut rest)?;
        let content = u32::from_be_bytes(take(&mut rest)?);
        // A later version may have more in its header.
        let mut rest = bytes
            .get(header..)
            .filter(|_| header >= HEADER)
            .ok_or(NoFrame::Length)?;
        let length = u32::from_be_bytes(take(&mut rest)?);
        if usize::try_from(length) != Ok(rest.len()) {
            return Err(NoFrame::Length);
        }
        if !rest.is_empty() && Sha256::digest(rest).as_slice() != digest {
            return Err(NoFrame::Digest);
        }
        Ok(Self {
            kind: kind.trim_matches(['\0', ' ']).to_owned(),
            at,
            sequence,
            id: Uuid::from_u64_pair(high, low),
            content,
            payload: rest.to_vec(),
        })
    }
}

/// The next bytes.
fn take<const COUNT: usize>(rest: &mut &[u8]) -> Result<[u8; COUNT], NoFrame> {
    let (bytes, after) = rest.split_first_chunk().ok_or(NoFrame::Short)?;
    *rest = after;
    Ok(*bytes)
}
