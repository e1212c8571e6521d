//! The state machines of jobs, stakes, desk and courts once more, as a model in plain Rust, against the contracts' bytecode: random
//! sequences of transactions run on both, and each must have the same result, the same events in the same order, or the same custom
//! error with the same arguments, and leave the same state.
//!
//! - `model/`: the model. It knows nothing of a chain; time, block numbers and block hashes are its inputs.
//! - `operation`: what a sequence is made of, in terms that stay meaningful when a sequence shrinks ("seat 1 of the newest job").
//! - `script`: turns operations into transactions.
//! - `stage`: the contracts on a chain in process, and their views.
//! - `trial`: runs a sequence on both and compares.
//! - `generator`: random sequences: mostly sensible, with wrong callers, times, amounts, seats, nonces and replays among them.
//! - `walks`: single jobs on all of their ways, so that none depends on chance; `milestones` tells where they came to.
//! - `shrinking`: makes one that shows a difference as small as it gets.
//! - `printer`: a sequence as the source of a test, to be pasted into `regressions`.
//! - `edges`: sequences by hand, of what random ones hardly reach.
//!
//! `INFERA_CASES` sets how many sequences are tried, `INFERA_SEED` repeats those of a seed, which every failure names.
//!
//! Compared of every transaction: whether it reverts; its revert data; its return values, if its function has any; the events of all
//! contracts in their order. Compared of the newest job, of the case that it judges and of the contracts' money after every step, of
//! all jobs and everybody after each twelfth and the last (`views`): `jobState`, `committeeOf`, `seatHash`, `nonceUsed`, `creditOf`,
//! `accountOf`, `poolOf`, `strikesOf`, exits, delegations, undelegations, votes, provers' rewards, what is to be burned, weights in the
//! draw, `pauseTimes`, `activityOf`, `burnedBy`; of single jobs `stateOf`, `drawnOf`, `quote`, `verifyResult`, `nonceUsed`, `creditOf`,
//! `turnsOf`, `vrfKeyHashOf`; of the desk `accountOf`, `creditOf`, `liabilities`, `subscriptionIdOf`, `endIntervalOf`, `nonceOf`; of
//! the court `caseOf`, `caseAbout`, `openAgainUntil`, `lowestSeatFee`, `excludedFrom`, `creditOf`, `liabilities`; `isCalibrated`; and
//! every balance. Gas costs nothing there, so balances tell payments to the wei.
//!
//! Not modelled, so neither generated: VIFs that are well-formed, on the curve and false (`model/single/vifs`), changes of the
//! verifiers of proofs and of their signers, more than one private pool, announced keys, changes of models, royalties and policies,
//! rewards; gas (there is always enough; a callback may burn all of its own); targets that call back; calldata that doesn't decode;
//! calls from contracts; a beacon older than 8,191 blocks; stakes beyond 88 bits and earnings beyond 80; a thousand clean jobs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, reason = "a search tells its seed and what it found")]
#![allow(non_snake_case, reason = "fields of events and errors have the names of the contracts")]

#[path = "../differential/chain.rs"]
#[allow(dead_code, reason = "shared with the differential tests, which need more of it")]
mod chain;
mod edges;
mod generator;
mod milestones;
mod model;
mod mutations;
#[path = "../differential/network.rs"]
#[allow(dead_code, reason = "shared with the differential tests, which need more of it")]
mod network;
mod operation;
mod printer;
mod regressions;
mod script;
mod search;
mod shrinking;
mod stage;
mod trial;
mod views;
mod walks;
