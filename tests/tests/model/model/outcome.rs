//! What a transaction comes to.

use alloy::{
    primitives::{Address, Bytes, LogData},
    sol_types::SolError,
};

pub(crate) type Result<T> = std::result::Result<T, Refusal>;

/// Revert data: a custom error's selector and arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) Bytes);

impl Refusal {
    pub(crate) fn of(error: impl SolError) -> Self {
        Self(error.abi_encode().into())
    }
}

/// Refuses if `holds` is false.
pub(crate) fn ensure<E: SolError>(holds: bool, error: impl FnOnce() -> E) -> Result<()> {
    if holds { Ok(()) } else { Err(Refusal::of(error())) }
}

/// An event of one of our contracts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) from: Address,
    pub(crate) data: LogData,
}

/// Of a transaction that did not revert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) events: Vec<Event>,
    /// ABI-encoded return values.
    pub(crate) output: Bytes,
}
