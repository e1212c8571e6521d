//! A whole Infera network in one process tree: the L3, the contracts, executors, the indexer.
//!
//! ```no_run
//! # async fn example(engine: std::sync::Arc<dyn infera_protocol::engine::InferenceEngine>,
//! #     model: infera_network::ModelPlan) -> Result<(), infera_network::Error> {
//! use infera_network::{ExecutorPlan, Network};
//!
//! let network = Network::builder(model)
//!     .executor(ExecutorPlan::in_process(engine.clone()))
//!     .executor(ExecutorPlan::in_process(engine.clone()))
//!     .executor(ExecutorPlan::in_process(engine))
//!     .start()
//!     .await?;
//! println!("{}", network.rpc_url());
//! # Ok(())
//! # }
//! ```
//!
//! Nothing here is used by production code paths: nodes know a chain by its RPC URL only.

mod builder;
mod chain;
mod error;
mod executor;
mod faults;
mod handles;
mod keys;
mod network;
mod process;
pub mod scripted;
mod setup;

pub use builder::NetworkBuilder;
pub use error::{Error, Result};
pub use executor::{ExecutorPlan, RunningExecutor};
pub use faults::{Calls, Fault, Faults, FaultyRpc, InjectedFault};
pub use keys::Role;
pub use network::{Network, Stage};
pub use process::{EndedExecutor, READY_PREFIX};
pub use setup::{ModelPlan, PublishedModel};
