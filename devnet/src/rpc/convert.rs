//! Blocks, transactions, receipts and logs as JSON-RPC shows them.

use alloy::{
    consensus::{Header, Sealed, Transaction as _, transaction::TransactionInfo},
    primitives::{B256, U256},
    rpc::types::{
        Block as RpcBlock, BlockTransactions, Filter, Header as RpcHeader, Log as RpcLog,
        Transaction as RpcTransaction, TransactionReceipt,
    },
};

use crate::chain::{Block, Transaction};

pub(crate) fn header(block: &Block) -> RpcHeader {
    let header = block.header();
    let sealed = Sealed::new_unchecked(header.inner().clone(), header.hash());
    RpcHeader::from_consensus(sealed, None, Some(U256::from(block.size())))
}

/// With whole transactions or their hashes.
pub(crate) fn block(block: &Block, whole: bool) -> RpcBlock {
    let transactions = if whole {
        let all = (0..block.transactions.len()).filter_map(|index| transaction(block, index));
        BlockTransactions::Full(all.collect())
    } else {
        BlockTransactions::Hashes(block.transaction_hashes().collect())
    };
    RpcBlock {
        header: header(block),
        uncles: block.ommers.iter().map(Header::hash_slow).collect(),
        transactions,
        withdrawals: block.withdrawals.clone(),
    }
}

/// The transaction at `index` of a block.
pub(crate) fn transaction(block: &Block, index: usize) -> Option<RpcTransaction> {
    let transaction = block.transactions.get(index)?.clone();
    let info = TransactionInfo {
        hash: Some(*transaction.tx_hash()),
        index: Some(index as u64),
        block_hash: Some(block.hash()),
        block_number: Some(block.number()),
        base_fee: block.header().base_fee_per_gas,
        block_timestamp: Some(block.timestamp()),
    };
    Some(RpcTransaction::from_transaction(transaction, info))
}

/// A transaction that waits; `base_fee` is the next block's, in wei per gas.
pub(crate) fn pending_transaction(transaction: &Transaction, base_fee: u64) -> RpcTransaction {
    let info = TransactionInfo { hash: Some(*transaction.tx_hash()), base_fee: Some(base_fee), ..Default::default() };
    RpcTransaction::from_transaction(transaction.clone(), info)
}

/// The receipt at `index` of a block.
pub(crate) fn receipt(block: &Block, index: usize, blob_gas_price: Option<u128>) -> Option<TransactionReceipt> {
    let transaction = block.transactions.get(index)?;
    let receipt = block.receipts.get(index)?;
    let mut log_index = logs_before(block, index);
    let inner = receipt.clone().map_logs(|log| {
        let shown = show_log(block, index, log_index, log, false);
        log_index += 1;
        shown
    });
    let sender = transaction.signer();
    Some(TransactionReceipt {
        inner,
        transaction_hash: *transaction.tx_hash(),
        transaction_index: Some(index as u64),
        block_hash: Some(block.hash()),
        block_number: Some(block.number()),
        gas_used: block.gas_used(index),
        effective_gas_price: transaction.effective_gas_price(block.header().base_fee_per_gas),
        blob_gas_used: transaction.blob_gas_used(),
        blob_gas_price: transaction.blob_gas_used().and(blob_gas_price),
        from: sender,
        to: transaction.to(),
        contract_address: transaction.is_create().then(|| sender.create(transaction.nonce())),
    })
}

/// The logs of a block that `filter` asks for, but for its block range.
pub(crate) fn matching_logs(block: &Block, filter: &Filter, removed: bool) -> Vec<RpcLog> {
    if !filter.matches_bloom(block.header().logs_bloom) {
        return Vec::new();
    }
    let mut matching = Vec::new();
    let mut log_index = 0;
    for (index, receipt) in block.receipts.iter().enumerate() {
        for log in receipt.logs() {
            if filter.matches(log) {
                matching.push(show_log(block, index, log_index, log.clone(), removed));
            }
            log_index += 1;
        }
    }
    matching
}

fn logs_before(block: &Block, index: usize) -> u64 {
    block.receipts.iter().take(index).map(|receipt| receipt.logs().len() as u64).sum()
}

pub(crate) fn show_log(
    block: &Block,
    index: usize,
    log_index: u64,
    inner: alloy::primitives::Log,
    removed: bool,
) -> RpcLog {
    RpcLog {
        inner,
        block_hash: Some(block.hash()),
        block_number: Some(block.number()),
        block_timestamp: Some(block.timestamp()),
        transaction_hash: block.transactions.get(index).map(|transaction| -> B256 { *transaction.tx_hash() }),
        transaction_index: Some(index as u64),
        log_index: Some(log_index),
        removed,
    }
}
