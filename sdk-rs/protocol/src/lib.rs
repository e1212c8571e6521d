//! The pure heart of Infera: everything that nodes, clients and contracts must compute alike, to the byte.
//!
//! | module | what it fixes |
//! |---|---|
//! | [`ids`] | names of models, jobs, offerings, runtime classes |
//! | [`terms`] | what a requester fixes, and its EIP-712 hash |
//! | [`commitment`] | commitments to answers, and their salts |
//! | [`eip712`] | what keys sign |
//! | [`vector`], [`profile`], [`comparison`] | output vectors, and which answers agree |
//! | [`task`], [`output`] | tasks and their canonical bytes |
//! | [`channel`], [`merkle`] | payment channels, their vouchers, the trees over receipts and rewards |
//! | [`proof`], [`reward`] | what provers sign; leaves of reward roots |
//! | [`vrf`], [`vif`] | verifiable randomness, and its binding to a job |
//! | [`engine`] | the trait between a node and its models |
//!
//! Every hash and encoding has a golden vector in `tests/golden/`; the book's page *Bytes* lists them.
//!
//! # What this crate never does
//! - Input or output, reading a clock or drawing random numbers: whoever calls passes bytes in.
//! - Async, threads, locks, global state.
//! - Floats in anything hashed or compared. Floats end in [`vector::OutputVector::quantize`] and
//!   [`output::score_from_cosine`], which say how they round.
//! - Panicking on any input, or printing a secret.
//!
//! # Errors
//! Every function is determined by its arguments, so no error of this crate's own functions is worth a retry. Only an
//! [`engine::EngineError`], which an engine returns, can be: [`engine::EngineError::is_retryable`] tells.

pub mod channel;
pub mod commitment;
pub mod comparison;
pub mod eip712;
pub mod engine;
pub mod ids;
pub mod merkle;
pub mod output;
pub mod profile;
pub mod proof;
pub mod reward;
pub mod task;
pub mod terms;
pub mod vector;
pub mod vif;
pub mod vrf;
