//! A job's state.

use alloy::primitives::B256;

/// Where a job stands, by its number in the contracts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    None,
    Requested,
    Committing,
    Revealing,
    Resolved,
    Refunded,
}

/// What became of a callback, by its number in the contracts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum CallbackStatus {
    #[default]
    None,
    Delivered,
    Failed,
}

impl CallbackStatus {
    /// Of a job that ends now: `Delivered` stands while its target is called.
    pub(crate) fn of(calls_back: bool) -> Self {
        if calls_back { Self::Delivered } else { Self::None }
    }
}

/// Why a job was refunded, by its number in the contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundReason {
    Cancelled,
    BeaconExpired,
    NoCommittee,
    TooFewCommitments,
    TooFewReveals,
    NoAgreement,
}

/// A job; the default is one that was never requested.
#[derive(Debug, Clone, Default)]
pub(crate) struct Job {
    pub(crate) phase: Phase,
    pub(crate) callback: CallbackStatus,
    /// Bitmaps of seats.
    pub(crate) committed: u8,
    pub(crate) revealed: u8,
    pub(crate) agreeing: u8,
    pub(crate) pending: u8,
    /// The centre's seat when resolved, the reason when refunded.
    pub(crate) ending: u8,
    /// Paid steps of `advanceJob`.
    pub(crate) advances: u8,
    pub(crate) request_block: u64,
    pub(crate) request_time: u64,
    pub(crate) deadline: u64,
    pub(crate) seat_fee: u128,
    /// Draws after the first.
    pub(crate) round: u8,
    pub(crate) redrawn: bool,
    /// Executors by seat, 0 for an empty one; no seats before the draw.
    pub(crate) committee: Vec<u32>,
    /// Copied from the terms at the draw.
    pub(crate) quorum: u8,
    pub(crate) reveal_window: u32,
    /// A seat's commitment, after its reveal the hash of its answer.
    pub(crate) seats: [B256; 7],
}

impl Job {
    /// Bitmap of the seats that hold an executor.
    pub(crate) fn occupied(&self) -> u8 {
        (0..).zip(&self.committee).filter(|(_, member)| **member != 0).fold(0, |seats, (seat, _)| seats | bit(seat))
    }

    pub(crate) fn has_quorum(&self) -> bool {
        self.committed.count_ones() >= u32::from(self.quorum)
    }

    pub(crate) fn vacate(&mut self, seats: u8) {
        for seat in seats_of(seats) {
            if let Some(member) = self.committee.get_mut(usize::from(seat)) {
                *member = 0;
            }
        }
    }

    /// Ends the job. Commitments that could have been opened and weren't are pending from now on.
    pub(crate) fn end(&mut self, phase: Phase, ending: u8) {
        let silent = if self.phase == Phase::Revealing { self.committed & !self.revealed } else { 0 };
        (self.phase, self.ending) = (phase, ending);
        self.set_pending(silent);
    }

    /// Without pending seats, there is no deadline.
    pub(crate) fn set_pending(&mut self, seats: u8) {
        self.pending = seats;
        if seats == 0 {
            self.deadline = 0;
        }
    }
}

/// The bitmap of a seat below 8.
pub(crate) fn bit(seat: u8) -> u8 {
    1 << seat
}

/// Whether a seat, of any number, is in a bitmap.
pub(crate) fn has(seats: u8, seat: u8) -> bool {
    seat < 8 && seats & bit(seat) != 0
}

/// The seats of a bitmap, ascending.
pub(crate) fn seats_of(seats: u8) -> impl Iterator<Item = u8> {
    (0..8).filter(move |seat| has(seats, *seat))
}
