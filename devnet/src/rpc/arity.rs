//! How many parameters geth's methods take. One too many is a mistake, and not passed over.

use super::error::{RpcError, RpcResult};

/// Refuses more parameters than `method` takes, for the methods that geth has too.
pub(super) fn check(method: &str, given: usize) -> RpcResult<()> {
    match most(method).filter(|most| given > *most) {
        Some(most) => Err(RpcError::invalid_params(format!("too many arguments, want at most {most}"))),
        None => Ok(()),
    }
}

fn most(method: &str) -> Option<usize> {
    Some(match method {
        "eth_accounts"
        | "eth_blobBaseFee"
        | "eth_blockNumber"
        | "eth_chainId"
        | "eth_coinbase"
        | "eth_config"
        | "eth_gasPrice"
        | "eth_maxPriorityFeePerGas"
        | "eth_newBlockFilter"
        | "eth_pendingTransactions"
        | "eth_syncing"
        | "net_listening"
        | "net_peerCount"
        | "net_version"
        | "rpc_modules"
        | "txpool_content"
        | "txpool_inspect"
        | "txpool_status"
        | "web3_clientVersion" => 0,
        "debug_getRawBlock"
        | "debug_getRawHeader"
        | "debug_getRawReceipts"
        | "debug_getRawTransaction"
        | "eth_fillTransaction"
        | "eth_getBlockReceipts"
        | "eth_getBlockTransactionCountByHash"
        | "eth_getBlockTransactionCountByNumber"
        | "eth_getFilterChanges"
        | "eth_getFilterLogs"
        | "eth_getHeaderByHash"
        | "eth_getHeaderByNumber"
        | "eth_getLogs"
        | "eth_getRawTransactionByHash"
        | "eth_getTransactionByHash"
        | "eth_getTransactionReceipt"
        | "eth_getUncleCountByBlockHash"
        | "eth_getUncleCountByBlockNumber"
        | "eth_newFilter"
        | "eth_newPendingTransactionFilter"
        | "eth_sendRawTransaction"
        | "eth_sendTransaction"
        | "eth_signTransaction"
        | "eth_uninstallFilter"
        | "txpool_contentFrom"
        | "web3_sha3" => 1,
        "debug_traceBlock"
        | "debug_traceBlockByHash"
        | "debug_traceBlockByNumber"
        | "debug_traceTransaction"
        | "eth_getBalance"
        | "eth_getBlockByHash"
        | "eth_getBlockByNumber"
        | "eth_getCode"
        | "eth_getRawTransactionByBlockHashAndIndex"
        | "eth_getRawTransactionByBlockNumberAndIndex"
        | "eth_getTransactionByBlockHashAndIndex"
        | "eth_getTransactionByBlockNumberAndIndex"
        | "eth_getTransactionCount"
        | "eth_getUncleByBlockHashAndIndex"
        | "eth_getUncleByBlockNumberAndIndex"
        | "eth_sendRawTransactionSync"
        | "eth_sendTransactionSync"
        | "eth_sign"
        | "eth_simulateV1" => 2,
        "debug_traceCall" | "eth_createAccessList" | "eth_feeHistory" | "eth_getProof" | "eth_getStorageAt" => 3,
        "eth_call" | "eth_estimateGas" => 4,
        _ => return None,
    })
}
