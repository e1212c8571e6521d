//! How many blocks to ask for at once.

/// A length that grows while the node answers and shrinks while it refuses: nodes cap ranges and answers differently, and
/// none says how.
pub(crate) struct BlockRange {
    length: u64,
    longest: u64,
}

impl BlockRange {
    pub(crate) fn new(longest: u64) -> Self {
        let longest = longest.max(1);
        Self { length: longest, longest }
    }

    /// Blocks to ask for; at least one.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn succeeded(&mut self) {
        self.length = self.length.saturating_mul(2).min(self.longest);
    }

    /// Whether there was a shorter range to try.
    pub(crate) fn failed(&mut self) -> bool {
        let shortened = self.length > 1;
        self.length = (self.length / 2).max(1);
        shortened
    }
}
