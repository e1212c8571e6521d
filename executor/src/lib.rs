//! The executor node: sees jobs in the canonical event stream, runs the engine when it is drawn, commits and reveals, and
//! survives a restart at any moment.
//!
//! * [`journal`]: what the node has seen, answered and signed (SQLite).
//! * [`planner`]: the pure decision what to do next for a job.
//! * [`outbox`]: every transaction, signed and stored before it is sent.
//! * [`node`]: the loop that connects them.
//!
//! The node holds no tensors: it takes an [`infera_protocol::engine::InferenceEngine`].

pub mod broadcast;
pub mod command;
mod driver;
mod error;
pub mod input;
pub mod journal;
pub mod node;
pub mod outbox;
pub mod planner;
mod serving;
pub mod shutdown;

pub use error::{Error, Result};
pub use node::{Node, NodeConfig, NodeHandle};
