//! Blocks as the canonical stream yields them.

use alloy::primitives::{Address, B256, U256};
use serde::{Deserialize, Serialize};

use crate::event::IndexedEvent;

/// A block's place and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BlockReference {
    /// Height.
    pub number: u64,
    /// Hash.
    pub hash: B256,
}

/// One canonical block with Infera's events in it.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamBlock {
    /// Height.
    pub number: u64,
    /// Hash.
    pub hash: B256,
    /// Hash of the block before it.
    pub parent: B256,
    /// Unix seconds.
    pub timestamp: u64,
    /// Infera's events in log order.
    pub events: Vec<IndexedEvent>,
    /// The transactions that emitted them, in block order; empty unless [`crate::stream::StreamConfig::receipts`] is set.
    pub transactions: Vec<TransactionRecord>,
}

impl StreamBlock {
    /// The block's place and name.
    pub fn reference(&self) -> BlockReference {
        BlockReference { number: self.number, hash: self.hash }
    }
}

/// What a transaction cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionRecord {
    /// Hash.
    pub hash: B256,
    /// Who sent and paid it.
    pub sender: Address,
    /// Gas used.
    pub gas_used: u64,
    /// Wei per gas; zero when the node does not say.
    pub gas_price: U256,
    /// Whether it was executed without a revert.
    pub succeeded: bool,
}

/// Blocks that are no longer canonical.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// Everything at this height and above is void. The stream goes on from here.
    pub first_removed: u64,
    /// The blocks that the stream had yielded and that are void now, newest first.
    pub removed: Vec<BlockReference>,
}

/// What the canonical stream yields.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamItem {
    /// The next canonical block. Heights rise but may skip: a block that was skipped holds no event of Infera.
    Block(StreamBlock),
    /// A reorganisation: undo what came from these blocks; their successors follow as [`StreamItem::Block`].
    Rollback(Rollback),
}
