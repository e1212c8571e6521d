//! The protocol crate against the contracts' bytecode on the devnet: the same bytes, the same verdicts.
//!
//! Random cases come from proptest, which prints what failed, shrunk, and stores its seed beside this folder.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod answers;
mod chain;
mod channels;
mod committee;
mod comparison;
mod golden;
mod names;
mod network;
mod reputation;
mod sortition;
mod vrf;
