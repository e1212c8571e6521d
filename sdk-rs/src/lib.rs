//! The Infera client: deploy the contracts, publish models, join as an executor, request inference, follow a job to its
//! result.
//!
//! An Ethereum JSON-RPC is the only interface to the chain: every function takes an alloy provider, so anvil, the devnet and
//! a live L3 are interchangeable.

mod client;
mod court;
mod delegator;
mod deploy;
mod deployment;
mod error;
mod key;
mod operator;
mod parameters;
mod publish;
mod request;
mod sender;

pub use client::{Client, JobProgress, RevealedAnswer};
pub use court::{Challenge, ChallengeQuote, ClosedCase, OpenedCase, Verdict};
pub use delegator::{DelegatedStake, Delegator};
pub use deploy::deploy;
pub use deployment::Deployment;
pub use error::{Error, Result};
pub use key::{read_key, read_password};
pub use operator::{ExecutorRegistration, Exit, Operator};
pub use parameters::{DeploymentParameters, GovernanceParameters};
pub use publish::{ModelPublication, publish_model};
pub use request::{JobRequest, RequestedJob};
pub use sender::{Sender, Sent};
