//! What tasks may have of this machine's memory.

/// Memory that tasks may have together, and what they hold of it, in MiB. It is never promised twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// All that they may have.
    pub total: u64,
    /// What tasks on Fargate and instances hold.
    pub held: u64,
}

impl Budget {
    /// What tasks may have of a machine with so much memory unless somebody says otherwise: four fifths.
    #[must_use]
    pub const fn usual(machine: u64) -> u64 {
        machine / 5 * 4
    }

    /// What is left. None when the budget was lowered below what is held.
    #[must_use]
    pub fn room(&self) -> u64 {
        self.total.saturating_sub(self.held)
    }

    /// Whether there is room for so much more.
    #[must_use]
    pub fn admits(&self, memory: u32) -> bool {
        u64::from(memory) <= self.room()
    }
}
