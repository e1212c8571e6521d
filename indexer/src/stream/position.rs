//! Where a stream stands: the last blocks that it yielded.

use std::collections::VecDeque;

use crate::block::{BlockReference, Rollback, StreamItem};

/// The last yielded blocks, oldest first, at most `capacity` of them.
pub(crate) struct Position {
    start: u64,
    capacity: usize,
    known: VecDeque<BlockReference>,
}

impl Position {
    pub(crate) fn new(start: u64, capacity: usize, known: Vec<BlockReference>) -> Self {
        let capacity = capacity.max(1);
        let surplus = known.len().saturating_sub(capacity);
        Self { start, capacity, known: known.into_iter().skip(surplus).collect() }
    }

    /// The first block that can hold events.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    pub(crate) fn tip(&self) -> Option<&BlockReference> {
        self.known.back()
    }

    /// Newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &BlockReference> {
        self.known.iter().rev()
    }

    /// How many blocks are remembered, and the height of the oldest.
    pub(crate) fn extent(&self) -> (usize, u64) {
        (self.known.len(), self.known.front().map_or(self.start, |block| block.number))
    }

    /// Whether the memory reaches back to the first block, so that even a rollback of everything is exact.
    pub(crate) fn is_complete(&self) -> bool {
        self.known.front().is_none_or(|block| block.number <= self.start)
    }

    /// The rollback to `ancestor`, or of everything.
    pub(crate) fn rollback_to(&self, ancestor: Option<&BlockReference>) -> Rollback {
        let first_removed = ancestor.map_or(self.start, |ancestor| ancestor.number + 1);
        let removed = self.newest_first().take_while(|block| block.number >= first_removed).copied().collect();
        Rollback { first_removed, removed }
    }

    /// Moves on behind a yielded item.
    pub(crate) fn follow(&mut self, item: &StreamItem) {
        match item {
            StreamItem::Block(block) => {
                if self.known.len() == self.capacity {
                    self.known.pop_front();
                }
                self.known.push_back(block.reference());
            }
            StreamItem::Rollback(rollback) => self.known.retain(|block| block.number < rollback.first_removed),
        }
    }
}
