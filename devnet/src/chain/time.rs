//! The timestamp of the next block.

use std::sync::Arc;

use crate::clock::Clock;

/// The clock and how it was bent.
#[derive(Clone, Debug)]
pub(crate) struct TimeKeeper {
    clock: Arc<dyn Clock>,
    /// Seconds the chain's time is ahead of the clock's.
    offset: i64,
    /// The next block's timestamp, if it was set.
    next: Option<u64>,
    /// Seconds from block to block, if they were fixed.
    interval: Option<u64>,
}

impl TimeKeeper {
    pub(crate) fn new(clock: Arc<dyn Clock>, start: Option<u64>) -> Self {
        let mut time = Self { clock, offset: 0, next: None, interval: None };
        if let Some(start) = start {
            time.set(start);
        }
        time
    }

    /// Back to the clock's time, or to the last block's where that is later.
    pub(crate) fn reset(&mut self) {
        (self.offset, self.next, self.interval) = (0, None, None);
    }

    /// The chain's present time, in Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now().saturating_add_signed(self.offset)
    }

    /// The timestamp of a block after one at `parent`: always later.
    pub(crate) fn peek(&self, parent: u64) -> u64 {
        let wanted = match (self.next, self.interval) {
            (Some(next), _) => next,
            (None, Some(interval)) => parent.saturating_add(interval),
            (None, None) => self.now(),
        };
        wanted.max(parent.saturating_add(1))
    }

    /// A block was made at `timestamp`: if that had been set, it is used up, and time goes on from it.
    pub(crate) fn made(&mut self, timestamp: u64) {
        if self.next.take().is_some() {
            self.set(timestamp);
        }
    }

    /// Moves the time forward; the new offset to the clock.
    pub(crate) fn increase(&mut self, seconds: u64) -> i64 {
        self.offset = self.offset.saturating_add_unsigned(seconds);
        self.offset
    }

    /// Sets the time, forward or back; the new offset to the clock.
    pub(crate) fn set(&mut self, now: u64) -> i64 {
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let clock = i64::try_from(self.clock.now()).unwrap_or(i64::MAX);
        self.offset = now.saturating_sub(clock);
        self.offset
    }

    pub(crate) fn set_next(&mut self, timestamp: u64) {
        self.next = Some(timestamp);
    }

    pub(crate) fn set_interval(&mut self, interval: Option<u64>) {
        self.interval = interval;
    }

    pub(crate) const fn interval(&self) -> Option<u64> {
        self.interval
    }
}
