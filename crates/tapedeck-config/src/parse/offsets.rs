//! The parser counts characters, spans count bytes.

/// Byte offsets of the characters of a text.
#[derive(Debug)]
pub(crate) struct Offsets {
    /// The byte offset of each character and of the end; empty when every character has one byte.
    starts: Vec<usize>,
    /// Bytes of the text.
    length: usize,
    /// Bytes before the text.
    skipped: usize,
}

impl Offsets {
    /// Counts through a text that begins `skipped` bytes into its source.
    pub(crate) fn of(text: &str, skipped: usize) -> Self {
        let starts = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(at, _)| at).collect()
        };
        Self {
            starts,
            length: text.len(),
            skipped,
        }
    }

    /// The offset in the source of the character number `index`, counted from 0; the end when there are fewer.
    pub(crate) fn byte(&self, index: usize) -> usize {
        let at = if self.starts.is_empty() {
            index.min(self.length)
        } else {
            self.starts.get(index).copied().unwrap_or(self.length)
        };
        at + self.skipped
    }
}
