//! The few JSON-RPC calls that reading the chain takes.
//!
//! Headers and receipts are read leniently, only the fields that are needed: layer-2 nodes add transaction and receipt types
//! that strict Ethereum types would refuse.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use alloy::{
    primitives::{Address, B256, U64, U128, U256},
    providers::{DynProvider, Provider},
    rpc::{
        json_rpc::{RpcRecv, RpcSend},
        types::{Filter, Log},
    },
    transports::TransportError,
};
use serde::Deserialize;

use crate::{
    block::{BlockReference, TransactionRecord},
    redact::redact,
};

/// JSON-RPC's code for a method that the node does not have.
const METHOD_NOT_FOUND: i64 = -32601;

/// Why a call gave no usable answer. Always worth another try: the node may recover or be replaced.
#[derive(Debug)]
pub(crate) enum RpcFailure {
    /// The node did not answer in time.
    TimedOut { method: &'static str, after: Duration },
    /// The node answered with an error.
    Refused { method: &'static str, code: i64, reason: String },
    /// The node could not be reached, or answered what is no JSON-RPC.
    Unreachable { method: &'static str, reason: String },
    /// Two answers contradict each other: the chain changed between two calls, or several nodes share the URL.
    Inconsistent { reason: String },
}

impl RpcFailure {
    /// Whether the node itself said no, so that it is alive.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

impl fmt::Display for RpcFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { method, after } => write!(f, "{method} had no answer within {after:?}"),
            Self::Refused { method, code, reason } => write!(f, "{method} was refused: {reason} (code {code})"),
            Self::Unreachable { method, reason } => write!(f, "{method} did not get through: {reason}"),
            Self::Inconsistent { reason } => write!(f, "the node's answers contradict each other: {reason}"),
        }
    }
}

/// What is read of a block header.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Header {
    number: U64,
    pub(crate) hash: B256,
    pub(crate) parent_hash: B256,
    timestamp: U64,
}

impl Header {
    pub(crate) fn number(&self) -> u64 {
        self.number.to()
    }

    /// Unix seconds.
    pub(crate) fn timestamp(&self) -> u64 {
        self.timestamp.to()
    }

    pub(crate) fn reference(&self) -> BlockReference {
        BlockReference { number: self.number(), hash: self.hash }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    transaction_hash: B256,
    block_hash: B256,
    from: Address,
    gas_used: U64,
    effective_gas_price: Option<U128>,
    status: Option<U64>,
}

/// Typed access to a node, with a time limit on every call.
pub(crate) struct Rpc {
    provider: DynProvider,
    time_limit: Duration,
    block_receipts: AtomicBool,
}

impl Rpc {
    pub(crate) fn new(provider: DynProvider, time_limit: Duration) -> Self {
        Self { provider, time_limit, block_receipts: AtomicBool::new(true) }
    }

    async fn call<P: RpcSend, R: RpcRecv>(&self, method: &'static str, parameters: P) -> Result<R, RpcFailure> {
        match tokio::time::timeout(self.time_limit, self.provider.raw_request(method.into(), parameters)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(failure(method, &error)),
            Err(_) => Err(RpcFailure::TimedOut { method, after: self.time_limit }),
        }
    }

    pub(crate) async fn chain_id(&self) -> Result<u64, RpcFailure> {
        Ok(self.call::<_, U64>("eth_chainId", ()).await?.to())
    }

    pub(crate) async fn latest(&self) -> Result<Header, RpcFailure> {
        let header: Option<Header> = self.call("eth_getBlockByNumber", ("latest", false)).await?;
        header.ok_or_else(|| RpcFailure::Inconsistent { reason: "it has no latest block".into() })
    }

    pub(crate) async fn header(&self, number: u64) -> Result<Option<Header>, RpcFailure> {
        let header: Option<Header> = self.call("eth_getBlockByNumber", (U64::from(number), false)).await?;
        match header {
            Some(header) if header.number() != number => Err(RpcFailure::Inconsistent {
                reason: format!("it gave block {} for block {number}", header.number()),
            }),
            header => Ok(header),
        }
    }

    /// Logs of exactly the block with this hash, so that a reorganisation between two calls can't mix two branches.
    pub(crate) async fn logs_of(&self, block: B256, sources: &[Address]) -> Result<Vec<Log>, RpcFailure> {
        let filter = Filter::new().at_block_hash(block).address(sources.to_vec());
        let logs: Vec<Log> = self.call("eth_getLogs", (filter,)).await?;
        if let Some(stray) = logs.iter().find(|log| log.block_hash != Some(block)) {
            return Err(RpcFailure::Inconsistent {
                reason: format!("asked for the logs of block {block} it gave one of {:?}", stray.block_hash),
            });
        }
        Ok(logs)
    }

    /// Logs of the blocks from `first` to `last`, both included.
    pub(crate) async fn logs_between(
        &self,
        first: u64,
        last: u64,
        sources: &[Address],
    ) -> Result<Vec<Log>, RpcFailure> {
        let filter = Filter::new().from_block(first).to_block(last).address(sources.to_vec());
        self.call("eth_getLogs", (filter,)).await
    }

    /// The named transactions of a block, in the order named. None when the node no longer knows them in this block.
    pub(crate) async fn transactions(
        &self,
        block: B256,
        hashes: &[B256],
    ) -> Result<Option<Vec<TransactionRecord>>, RpcFailure> {
        let Some(receipts) = self.receipts(block, hashes).await? else { return Ok(None) };
        let find = |hash: &B256| {
            let receipt = receipts.iter().find(|r| r.transaction_hash == *hash && r.block_hash == block)?;
            Some(TransactionRecord {
                hash: *hash,
                sender: receipt.from,
                gas_used: receipt.gas_used.to(),
                gas_price: receipt.effective_gas_price.map_or(U256::ZERO, |price| U256::from(price.to::<u128>())),
                succeeded: receipt.status.is_none_or(|status| status == U64::from(1)),
            })
        };
        Ok(hashes.iter().map(find).collect())
    }

    async fn receipts(&self, block: B256, hashes: &[B256]) -> Result<Option<Vec<Receipt>>, RpcFailure> {
        if self.block_receipts.load(Ordering::Relaxed) {
            match self.call("eth_getBlockReceipts", (block,)).await {
                Ok(receipts) => return Ok(receipts),
                // Not every node has the method: one receipt after another then.
                Err(RpcFailure::Refused { code: METHOD_NOT_FOUND, .. }) => {
                    self.block_receipts.store(false, Ordering::Relaxed);
                }
                Err(failure) => return Err(failure),
            }
        }
        let mut receipts = Vec::with_capacity(hashes.len());
        for hash in hashes {
            let receipt: Option<Receipt> = self.call("eth_getTransactionReceipt", (*hash,)).await?;
            let Some(receipt) = receipt else { return Ok(None) };
            receipts.push(receipt);
        }
        Ok(Some(receipts))
    }
}

fn failure(method: &'static str, error: &TransportError) -> RpcFailure {
    match error.as_error_resp() {
        Some(payload) => RpcFailure::Refused { method, code: payload.code, reason: redact(&payload.message) },
        None => RpcFailure::Unreachable { method, reason: redact(&error.to_string()) },
    }
}
