//! JSON-RPC: one function beneath HTTP, WebSocket and the in-process transport.

mod accounts;
mod arity;
pub(crate) mod batch;
mod blocks;
pub(crate) mod convert;
mod debug;
mod dev;
pub(crate) mod error;
mod fees;
mod filters;
mod forks;
mod otterscan;
mod overrides;
mod params;
pub(crate) mod place;
mod pool;
mod refused;
mod rerun;
mod reverted;
mod send;
mod simulate;
mod simulate_blocks;
mod tokens;
mod traces;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use alloy::{
    primitives::{U64, keccak256},
    rpc::json_rpc::ResponsePayload,
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use self::{
    error::{RpcError, RpcResult},
    otterscan::Direction,
    params::Params,
    place::Place,
};
pub(crate) use self::{fees::SUGGESTED_TIP, filters::interest, rerun::written_in_block, send::decode};
use crate::devnet::Devnet;

/// How the chain names itself. Hardhat's and Foundry's helpers bend a chain only if this starts with a name they know.
pub(crate) const CLIENT_VERSION: &str = concat!("anvil/infera-devnet/v", env!("CARGO_PKG_VERSION"));

/// The answer to one call.
pub(crate) struct Answer(RpcResult<Box<RawValue>>);

impl Answer {
    /// How long it is, in bytes, but for what little is the same in all.
    fn length(&self) -> usize {
        match &self.0 {
            Ok(result) => result.get().len(),
            Err(RpcError(error)) => error.message.len() + error.data.as_ref().map_or(0, |data| data.get().len()),
        }
    }
}

impl From<Answer> for ResponsePayload {
    fn from(answer: Answer) -> Self {
        match answer.0 {
            Ok(result) => Self::Success(result),
            Err(RpcError(error)) => Self::Failure(error),
        }
    }
}

impl From<RpcError> for Answer {
    fn from(error: RpcError) -> Self {
        Self(Err(error))
    }
}

/// Answers one call. What may take long keeps no other task waiting.
pub(crate) async fn answer(devnet: &Devnet, method: String, params: Option<Box<RawValue>>, place: Place) -> Answer {
    if send::waits_for_a_block(&method) {
        let raw = method == "eth_sendRawTransactionSync";
        return Answer(send::send_and_wait(devnet, raw, params).await);
    }
    if !may_take_long(&method) {
        return answer_here(devnet, &method, params.as_deref());
    }
    let devnet = devnet.clone();
    let answer = place.run(move || answer_here(&devnet, &method, params.as_deref())).await;
    answer.unwrap_or_else(Answer::from)
}

/// Whether a call runs code or walks the chain.
fn may_take_long(method: &str) -> bool {
    match method.split_once('_') {
        Some(("eth", name)) => {
            name.starts_with("send")
                || name.starts_with("getBlock")
                || matches!(
                    name,
                    "call"
                        | "estimateGas"
                        | "getTransactionBySenderAndNonce"
                        | "createAccessList"
                        | "simulateV1"
                        | "getLogs"
                        | "getFilterLogs"
                        | "feeHistory"
                        | "fillTransaction"
                        | "signTransaction"
                        | "getProof"
                        | "getStorageValues"
                )
        }
        Some(("net" | "web3", _)) => false,
        _ => true,
    }
}

fn answer_here(devnet: &Devnet, method: &str, params: Option<&RawValue>) -> Answer {
    guarded(method, || {
        let params = Params::parse(params)?;
        arity::check(method, params.count())?;
        Call { devnet, params }.answer(method)
    })
}

/// Answers by `work`, and with an error if it panics: one call ends no other, and no connection.
fn guarded(method: &str, work: impl FnOnce() -> RpcResult<Box<RawValue>>) -> Answer {
    let answer = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(RpcError::internal("the call panicked")));
    if let Err(RpcError(error)) = &answer {
        tracing::debug!(method, code = error.code, message = %error.message, "error");
    }
    Answer(answer)
}

/// One call to one chain.
struct Call<'a> {
    devnet: &'a Devnet,
    params: Params,
}

/// The namespaces that are answered, with their versions, as `rpc_modules` tells them.
fn modules() -> BTreeMap<&'static str, &'static str> {
    const NAMESPACES: [&str; 11] =
        ["anvil", "debug", "eth", "evm", "hardhat", "net", "ots", "rpc", "trace", "txpool", "web3"];
    NAMESPACES.into_iter().map(|namespace| (namespace, "1.0")).collect()
}

/// Writes a result as JSON.
fn json<T: Serialize>(value: T) -> RpcResult<Box<RawValue>> {
    to_raw_value(&value).map_err(RpcError::internal)
}

impl Call<'_> {
    fn answer(&self, method: &str) -> RpcResult<Box<RawValue>> {
        match method {
            "web3_clientVersion" => json(CLIENT_VERSION),
            "web3_sha3" => json(keccak256(self.params.bytes(0)?)),
            "rpc_modules" => json(modules()),
            "net_version" | "eth_networkId" => json(self.devnet.chain_id().to_string()),
            "net_listening" => json(true),
            "net_peerCount" => json(U64::ZERO),
            "eth_chainId" => json(U64::from(self.devnet.chain_id())),
            "eth_syncing" => json(false),
            "eth_protocolVersion" => json("0x44"),
            "eth_mining" => json(false),
            "eth_hashrate" => json(U64::ZERO),
            "eth_coinbase" => json(self.devnet.chain().beneficiary),
            "eth_config" => json(self.fork_config()?),

            "eth_blockNumber" => json(U64::from(self.devnet.head().number)),
            "eth_getBlockByNumber" => json(self.block_by_number()?),
            "eth_getBlockByHash" => json(self.block_by_hash()?),
            "eth_getHeaderByNumber" | "erigon_getHeaderByNumber" => json(self.header_by_number()?),
            "eth_getHeaderByHash" => json(self.header_by_hash()?),
            "eth_getBlockTransactionCountByNumber" | "eth_getBlockTransactionCountByHash" => {
                json(self.transaction_count_of_block()?)
            }
            "eth_getUncleCountByBlockNumber" | "eth_getUncleCountByBlockHash" => json(self.uncle_count()?),
            "eth_getUncleByBlockNumberAndIndex" | "eth_getUncleByBlockHashAndIndex" => json(self.uncle()?),
            "eth_getBlockReceipts" => json(self.block_receipts()?),
            "eth_getTransactionByHash" => json(self.transaction_by_hash()?),
            "eth_getTransactionByBlockNumberAndIndex" | "eth_getTransactionByBlockHashAndIndex" => {
                json(self.transaction_by_index()?)
            }
            "eth_getRawTransactionByHash" | "debug_getRawTransaction" => json(self.raw_transaction()?),
            "eth_getRawTransactionByBlockNumberAndIndex" | "eth_getRawTransactionByBlockHashAndIndex" => {
                json(self.raw_transaction_by_index()?)
            }
            "eth_getTransactionBySenderAndNonce" => json(self.transaction_by_nonce()?),
            "eth_getTransactionReceipt" => json(self.transaction_receipt()?),

            "eth_accounts" | "eth_requestAccounts" => json(self.accounts()),
            "eth_getBalance" => json(self.balance()?),
            "eth_getCode" => json(self.code()?),
            "eth_getStorageAt" => json(self.storage()?),
            "eth_getTransactionCount" => json(self.transaction_count()?),
            "eth_getProof" => json(self.proof()?),
            "eth_getAccount" => json(self.account()?),
            "eth_getAccountInfo" => json(self.account_info()?),
            "eth_getStorageValues" => json(self.storage_values()?),

            "eth_sendRawTransaction" => json(self.send_raw()?),
            "eth_sendTransaction" => json(self.send()?),
            "eth_sendUnsignedTransaction" => json(self.send_unsigned()?),
            "eth_signTransaction" => json(self.sign_transaction()?),
            "eth_fillTransaction" => json(self.fill_transaction()?),
            "eth_sign" => json(self.sign(1, 0)?),
            "personal_sign" => json(self.sign(0, 1)?),
            "eth_signTypedData_v4" | "eth_signTypedData_v3" | "eth_signTypedData" => json(self.sign_typed_data()?),

            "eth_call" => json(self.call()?),
            "eth_estimateGas" => json(self.estimate_gas()?),
            "eth_createAccessList" => json(self.create_access_list()?),
            "eth_simulateV1" => json(self.simulate_blocks()?),

            "eth_gasPrice" => json(self.gas_price()),
            "eth_maxPriorityFeePerGas" => json(self.priority_fee()),
            "eth_blobBaseFee" => json(self.blob_base_fee()),
            "eth_feeHistory" => json(self.fee_history()?),

            // Connections that can be told answer these themselves.
            "eth_subscribe" | "eth_unsubscribe" => Err(RpcError::no_notifications()),
            "eth_getLogs" => json(self.logs()?),
            "eth_newFilter" => json(self.new_log_filter()?),
            "eth_newBlockFilter" => json(self.new_block_filter()),
            "eth_newPendingTransactionFilter" => json(self.new_pending_filter()?),
            "eth_getFilterChanges" => json(self.filter_changes()?),
            "eth_getFilterLogs" => json(self.filter_logs()?),
            "eth_uninstallFilter" => json(self.uninstall_filter()?),

            "txpool_status" => json(self.pool_status()),
            "txpool_content" => json(self.pool_content()),
            "txpool_contentFrom" => json(self.pool_content_from()?),
            "eth_pendingTransactions" => json(self.pool_ready()),
            "txpool_inspect" => json(self.pool_inspect()),

            "trace_block" => json(self.parity_block()?),
            "trace_call" => json(self.parity_call()?),
            "trace_callMany" => json(self.parity_call_many()?),
            "trace_filter" => json(self.parity_filter()?),
            "trace_get" => json(self.parity_get()?),
            "trace_rawTransaction" => json(self.parity_raw_transaction()?),
            "trace_replayBlockTransactions" => json(self.parity_replay_block()?),
            "trace_replayTransaction" => json(self.parity_replay_transaction()?),
            "trace_transaction" => json(self.parity_transaction()?),

            "debug_traceTransaction" => json(self.trace_transaction()?),
            "debug_traceCall" => json(self.trace_call()?),
            "debug_traceBlock" => json(self.trace_encoded_block()?),
            "debug_traceBlockByNumber" => json(self.trace_block_by_number()?),
            "debug_traceBlockByHash" => json(self.trace_block_by_hash()?),
            "debug_codeByHash" => json(self.code_by_hash()?),
            "debug_getBadBlocks" => json([(); 0]),
            "debug_getRawBlock" => json(self.raw_block()?),
            "debug_getRawHeader" => json(self.raw_header()?),
            "debug_getRawReceipts" => json(self.raw_receipts()?),

            "ots_getApiLevel" => json(otterscan::API_LEVEL),
            "ots_hasCode" => json(self.has_code()?),
            "ots_getInternalOperations" => json(self.internal_operations()?),
            "ots_traceTransaction" => json(self.call_tree()?),
            "ots_getTransactionError" => json(self.transaction_error()?),
            "ots_getBlockDetails" => json(self.block_details(self.params.block(0)?)?),
            "ots_getBlockDetailsByHash" => json(self.block_details(self.params.hash(0)?.into())?),
            "ots_getBlockTransactions" => json(self.block_page()?),
            "ots_searchTransactionsBefore" => json(self.search(Direction::Before)?),
            "ots_searchTransactionsAfter" => json(self.search(Direction::After)?),
            "ots_getTransactionBySenderAndNonce" => json(self.hash_by_nonce()?),
            "ots_getContractCreator" => json(self.contract_creator()?),

            _ => match method.split_once('_') {
                Some(("anvil" | "evm" | "hardhat" | "tenderly", name)) => self.bend(method, name),
                _ => Err(RpcError::method_not_found(method)),
            },
        }
    }
}
