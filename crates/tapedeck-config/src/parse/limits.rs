//! How much a file may hold. No real config comes near; without limits a few lines of aliases fill any memory.

/// The longest text that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// How deep mappings and lists may nest, aliases resolved.
pub const MAX_DEPTH: usize = 64;

/// How many values a file may hold, aliases resolved.
pub const MAX_NODES: usize = 100_000;

/// How many bytes all keys and scalars of a file may have together, aliases resolved.
pub const MAX_TEXT: usize = 8 << 20;

/// How big a tree or a part of it is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Size {
    /// Values in it.
    pub(crate) nodes: usize,
    /// Bytes of its keys and scalars.
    pub(crate) text: usize,
}

impl Size {
    /// What was added since `earlier`.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            nodes: self.nodes - earlier.nodes,
            text: self.text - earlier.text,
        }
    }

    /// Adds a part. The text names the limit that is passed by that.
    pub(crate) fn add(&mut self, part: Self) -> Result<(), String> {
        self.nodes += part.nodes;
        self.text += part.text;
        if self.nodes > MAX_NODES {
            return Err(format!(
                "the file has more than {MAX_NODES} values, aliases resolved"
            ));
        }
        if self.text > MAX_TEXT {
            return Err(format!(
                "the file has more than {MAX_TEXT} bytes of text, aliases resolved"
            ));
        }
        Ok(())
    }
}
