//! How signed transactions leave the node.

use alloy::{
    primitives::B256,
    providers::{DynProvider, Provider},
};
use async_trait::async_trait;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A commitment.
    Commit,
    /// An opening, with or without the resolution.
    Reveal,
    /// A resolution.
    Resolve,
    /// A step of `advanceJob`.
    Advance,
    /// A seat given back.
    Decline,
    /// The punishment of a seat that stayed silent.
    Punish,
}

impl Purpose {
    /// Name in the journal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Reveal => "reveal",
            Self::Resolve => "resolve",
            Self::Advance => "advance",
            Self::Decline => "decline",
            Self::Punish => "punish",
        }
    }

    /// The purpose of a journal name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Commit, Self::Reveal, Self::Resolve, Self::Advance, Self::Decline, Self::Punish]
            .into_iter()
            .find(|purpose| purpose.name() == name)
    }
}

/// Brings signed transactions to the chain. The outbox calls it again until the transaction's nonce is used up.
#[async_trait]
pub trait Broadcaster: Send + Sync {
    /// Sends a raw transaction that serves `job`. An error means: try again later.
    async fn broadcast(&self, purpose: Purpose, job: B256, raw: &[u8]) -> Result<(), String>;
}

/// Sends through the node's RPC endpoint.
#[derive(Debug, Clone)]
pub struct RpcBroadcaster {
    provider: DynProvider,
}

impl RpcBroadcaster {
    /// Sends through `provider`.
    pub fn new(provider: DynProvider) -> Self {
        Self { provider }
    }
}

#[async_trait]
impl Broadcaster for RpcBroadcaster {
    async fn broadcast(&self, _purpose: Purpose, _job: B256, raw: &[u8]) -> Result<(), String> {
        match self.provider.send_raw_transaction(raw).await {
            Ok(_) => Ok(()),
            // The node has it already: sending again is how the outbox makes sure.
            Err(error) if error.to_string().contains("already known") => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}
