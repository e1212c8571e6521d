//! Infera's contracts for Rust: typed bindings made from the committed artifacts in `contracts/artifacts`.
//!
//! Calls, events, structs and errors come from the interfaces ([`IJobRegistry`] and its siblings); [`creation`] holds the
//! deployable bytecode. `cargo xtask contracts` regenerates the artifacts, and the test command fails when they are stale,
//! so Rust users need neither solc nor Node.

pub mod creation;
mod interfaces;
mod revert;
mod terms;

pub use interfaces::*;
pub use revert::{DecodedRevert, decode_revert};
