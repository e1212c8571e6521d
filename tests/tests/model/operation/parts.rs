//! What operations of the desk, the court and the slashing are made of.

use super::Operation;

/// How an order is signed and brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    Rightly,
    WithoutDeadline,
    Expired,
    ByAnother,
    /// A byte of the signature is missing.
    TooShort,
    /// The other signature that follows from the requester's without its key.
    Mirrored,
    /// Another fee than what was signed.
    Altered,
    OtherUri,
    /// For a target, whose code is asked.
    ByWallet(u8),
}

/// Two receipts for one seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receipts {
    Conflicting,
    /// Only the vectors differ.
    OneResult,
    Equal,
    /// Something follows the first.
    NotFinal,
    OfTwoJobs,
    OtherRegistry,
    ByTwo,
    /// The second's signature, as in an order.
    OneTooShort,
    OneMirrored,
    /// Of somebody who never was a signer.
    ByStranger,
    /// Of the executor with the next id.
    ByNeighbour,
}

/// What a challenge offers for a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeatPrice {
    /// The least that is taken, and a unit's price below it.
    Lowest,
    TooLow,
    /// Wei a unit.
    Wei(u128),
}

/// Who keeps credits beside the job registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeper {
    Desk,
    Court,
}

/// A request that another operation makes or signs for.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Asked(pub(crate) Box<Operation>);

impl std::fmt::Debug for Asked {
    /// As Rust source.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Asked(Box::new({:?}))", self.0)
    }
}
