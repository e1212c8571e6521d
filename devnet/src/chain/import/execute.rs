//! Runs a block from elsewhere: it must lead where its header says.

use std::borrow::Cow;

use alloy::{
    consensus::{Header, ReceiptEnvelope, Sealed, proofs::calculate_receipt_root},
    eips::eip4895::Withdrawals,
    primitives::Bloom,
};
use alloy_evm::{
    EthEvmFactory, Evm, EvmFactory,
    block::{BlockExecutionError, BlockExecutionResult, BlockExecutor},
    eth::{EthBlockExecutionCtx, EthBlockExecutor, receipt_builder::AlloyReceiptBuilder},
};
use alloy_hardforks::EthereumHardforks;
use revm::primitives::hardfork::SpecId;

use super::{Invalid, demand};
use crate::{
    chain::{
        Chain, States,
        admission::Rejection,
        block::{Block, Transaction},
        build::PostStates,
    },
    state::{State, StateDatabase},
};

/// The block `header` with this body, after `parent`, the head.
pub(super) fn execute(
    chain: &Chain,
    parent: &Block,
    header: Sealed<Header>,
    transactions: Vec<Transaction>,
    ommers: Vec<Header>,
    withdrawals: Option<Withdrawals>,
) -> Result<Block, Invalid> {
    // A chain from a dump knows the state after its last block only from what it has now.
    let state = parent.state().unwrap_or(&chain.state).clone();
    let blobs = chain.spec.blob_params(header.timestamp);
    let env = alloy_evm::EvmEnv::for_eth_block(header.inner(), &chain.spec, chain.spec.chain_id, blobs);
    let clears_empty = env.cfg_env.spec.is_enabled_in(SpecId::SPURIOUS_DRAGON);
    let database = StateDatabase::new(state.clone(), chain.hashes.clone(), clears_empty);
    let context = EthBlockExecutionCtx {
        parent_hash: header.parent_hash,
        parent_beacon_block_root: header.parent_beacon_block_root,
        ommers: &ommers,
        withdrawals: withdrawals.as_ref().map(|all| Cow::Borrowed(all.as_slice())),
        extra_data: header.extra_data.clone(),
        tx_count_hint: Some(transactions.len()),
        slot_number: None,
    };
    let evm = EthEvmFactory::default().create_evm(database, env);
    let mut executor = EthBlockExecutor::new(evm, context, &chain.spec, AlloyReceiptBuilder::default());
    let failed = |error: BlockExecutionError| Invalid::Other(error.to_string());
    executor.apply_pre_execution_changes().map_err(failed)?;
    let mut roots = PostStates::new(&chain.spec, header.number);
    for (index, transaction) in transactions.iter().enumerate() {
        executor
            .execute_transaction(transaction)
            .map_err(|error| Invalid::Transaction { index, reason: refusal(error, transaction) })?;
        roots.note(executor.evm.db().state());
    }
    let (evm, mut result) = executor.finish().map_err(failed)?;
    roots.write(&mut result.receipts);
    let after = evm.into_db().into_state();
    check_outcome(chain, &header, &result, &after)?;
    let states = Some(States { parent: state.clone(), before: state, after });
    Ok(Block::new(header, transactions, result.receipts, states).with_body(ommers, withdrawals))
}

fn refusal(error: BlockExecutionError, transaction: &Transaction) -> String {
    let invalid = error.as_validation().and_then(|error| match error {
        alloy_evm::block::BlockValidationError::InvalidTx { error, .. } => error.as_invalid_tx_err(),
        _ => None,
    });
    match invalid {
        Some(invalid) => Rejection::from_evm(invalid, transaction).to_string(),
        None => error.to_string(),
    }
}

fn check_outcome(
    chain: &Chain,
    header: &Header,
    result: &BlockExecutionResult<ReceiptEnvelope>,
    after: &State,
) -> Result<(), Invalid> {
    demand("gas used", header.gas_used, result.gas_used)?;
    let bloom = result.receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | *receipt.logs_bloom());
    demand("logs bloom", header.logs_bloom, bloom)?;
    demand("receipts root", header.receipts_root, calculate_receipt_root(&result.receipts))?;
    if chain.spec.is_prague_active_at_timestamp(header.timestamp) {
        let requests = result.requests.requests_hash();
        demand("requests hash", header.requests_hash.unwrap_or_default(), requests)?;
    }
    demand("state root", header.state_root, after.root())
}
