//! How a stream stands with its node.

use std::time::SystemTime;

use crate::block::BlockReference;

/// What a stream knows of its node and of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamHealth {
    /// The RPC, without credentials.
    pub endpoint: String,
    /// Whether it answers.
    pub connection: Connection,
    /// The newest block that the node has shown.
    pub head: Option<Head>,
    /// The newest block that the consumer is done with: it has asked for the next item since, or had stored it before.
    pub tip: Option<BlockReference>,
}

impl StreamHealth {
    pub(crate) fn new(endpoint: String, tip: Option<BlockReference>) -> Self {
        Self { endpoint, connection: Connection::Connecting, head: None, tip }
    }

    /// Blocks between the head and what was yielded; None while either is unknown.
    pub fn lag(&self) -> Option<u64> {
        Some(self.head?.number.saturating_sub(self.tip?.number))
    }
}

/// Whether a node answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// It was not asked yet.
    Connecting,
    /// The last call succeeded.
    Connected,
    /// The last call failed; the stream keeps trying.
    Failing {
        /// When the first of these failures happened.
        since: SystemTime,
        /// Failures in a row.
        failures: u32,
        /// The last one, without credentials.
        reason: String,
    },
}

/// The newest block of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Height.
    pub number: u64,
    /// Unix seconds.
    pub timestamp: u64,
    /// When it was first seen.
    pub observed_at: SystemTime,
}

impl Head {
    /// The chain's time: the head's timestamp and what has passed since it was seen. On a chain whose clock was moved, that
    /// is nearer to the next block's timestamp than the machine's clock.
    pub fn chain_time(&self, now: SystemTime) -> u64 {
        self.timestamp + now.duration_since(self.observed_at).unwrap_or_default().as_secs()
    }
}
