//! Rehearsals against anvil or any RPC URL: deploy the contracts, then let a consumer contract ask.
//!
//! * [`deployment`]: all contracts from one account, with what they cost.
//! * [`consumer`]: the example `ProposalRouter`: deploy it, send a proposal, wait for its reaction.
//! * [`trail`]: what a job left on chain, event by event.
//! * [`arguments`]: the flags that the programs share.
//!
//! The programs `infera-deploy` and `infera-consumer-request` parse their flags, call this library and print.

pub mod arguments;
pub mod consumer;
pub mod deployment;
pub mod trail;
