//! The executor node when things go wrong under it: crashes, reorgs, dear gas, foreign transactions, slow inputs. No stake is
//! lost, nothing is signed twice, and the job still ends.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod gate;
mod inputs;
mod outbox;
mod reorgs;
mod restarts;
mod reveals;
mod stage;
