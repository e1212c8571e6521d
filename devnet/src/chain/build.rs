//! Builds a block: system calls, transactions, roots.

use alloy::{
    consensus::{
        Eip658Value, Header, ReceiptEnvelope, Sealable, Sealed, Transaction as _,
        constants::EMPTY_WITHDRAWALS,
        proofs::{calculate_receipt_root, calculate_transaction_root},
    },
    eips::eip1559::{BaseFeeParams, INITIAL_BASE_FEE},
    primitives::{Address, B256, Bloom, Bytes, TxHash},
};
use alloy_evm::{
    EthEvmFactory, Evm, EvmEnv, EvmFactory,
    block::{BlockExecutionError, BlockExecutionResult, BlockExecutor, BlockValidationError},
    eth::{EthBlockExecutionCtx, EthBlockExecutor, NextEvmEnvAttributes, receipt_builder::AlloyReceiptBuilder},
};
use alloy_hardforks::EthereumHardforks;
use revm::{context::BlockEnv, context_interface::result::InvalidTransaction, primitives::hardfork::SpecId};

use super::{
    admission::Rejection,
    block::{Block, States, Transaction},
    bounds::LARGEST_BASE_FEE,
    difficulty::difficulty,
    pool::Source,
};
use crate::{
    console::CONSOLE,
    error::Error,
    spec::ChainSpec,
    state::{BlockHashes, State, StateDatabase},
};

/// What is decided about a block before its transactions are known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NextBlock {
    pub(crate) timestamp: u64,
    /// In place of what EIP-1559 asks for, in wei per gas.
    pub(crate) base_fee: Option<u64>,
    pub(crate) gas_limit: u64,
    pub(crate) beneficiary: Address,
    pub(crate) prev_randao: B256,
    /// Whether contracts may send, as impersonated accounts do.
    pub(crate) contracts_may_send: bool,
}

/// A new block, and the candidates that can never be part of one like it.
pub(crate) struct Built {
    pub(crate) block: Block,
    pub(crate) rejected: Vec<(TxHash, Rejection)>,
}

impl NextBlock {
    /// The environment of a block after `parent`.
    pub(crate) fn environment(&self, spec: &ChainSpec, parent: &Header) -> EvmEnv {
        let number = parent.number + 1;
        let base_fee = match spec.is_london_active_at_block(number) {
            true => self.base_fee.unwrap_or_else(|| next_base_fee(parent)),
            false => 0,
        };
        let attributes = NextEvmEnvAttributes {
            timestamp: self.timestamp,
            suggested_fee_recipient: self.beneficiary,
            prev_randao: self.prev_randao,
            gas_limit: self.gas_limit,
            slot_number: None,
        };
        let blobs = spec.blob_params(self.timestamp);
        let mut env = EvmEnv::for_eth_next_block(parent, attributes, base_fee, spec, spec.chain_id, blobs);
        env.cfg_env.disable_eip3607 = self.contracts_may_send;
        if !spec.is_paris_active_at_block(number) {
            env.block_env.difficulty = difficulty(spec, parent, self.timestamp);
        }
        env
    }
}

/// What EIP-1559 asks of the block after `parent`, in wei per gas; the first one with a base fee has a fixed one.
pub(crate) fn next_base_fee(parent: &Header) -> u64 {
    if let Some(fee) = parent.base_fee_per_gas.filter(|fee| *fee >= LARGEST_BASE_FEE) {
        return fee;
    }
    parent.next_block_base_fee(BaseFeeParams::ethereum()).unwrap_or(INITIAL_BASE_FEE)
}

/// Builds and seals a block on `state`, which is the one after `parent`.
pub(crate) fn build(
    spec: &ChainSpec,
    parent: &Block,
    state: State,
    hashes: BlockHashes,
    next: &NextBlock,
    source: &mut dyn Source,
) -> Result<Built, Error> {
    let env = next.environment(spec, parent.header());
    let block_env = env.block_env.clone();
    let number = parent.number() + 1;
    let failed = |error: BlockExecutionError| Error::Block { number, reason: error.to_string() };
    if spec.is_premature(number, next.timestamp) {
        let reason = "Shanghai is due but the chain is not merged yet: mergeNetsplitBlock or terminalTotalDifficulty of \
                      its genesis come too late";
        return Err(Error::Block { number, reason: reason.to_owned() });
    }

    let clears_empty = env.cfg_env.spec.is_enabled_in(SpecId::SPURIOUS_DRAGON);
    let cancun = spec.is_cancun_active_at_timestamp(next.timestamp);
    let most_blob_gas = spec.blob_params(next.timestamp).map_or(0, |params| params.max_blob_gas_per_block());
    let before = state.clone();
    let database = StateDatabase::new(state, hashes, clears_empty);
    let evm = EthEvmFactory::default().create_evm(database, env);
    let context = context(parent.hash(), cancun.then_some(B256::ZERO));
    let mut executor = EthBlockExecutor::new(evm, context.clone(), spec, AlloyReceiptBuilder::default());
    executor.apply_pre_execution_changes().map_err(failed)?;

    let mut transactions = Vec::new();
    let mut rejected = Vec::new();
    let mut calls_console = false;
    let mut roots = PostStates::new(spec, number);
    while let Some(transaction) = source.next() {
        let blob_gas = transaction.blob_gas_used().unwrap_or_default();
        if executor.blob_gas_used.saturating_add(blob_gas) > most_blob_gas {
            continue;
        }
        let mut looks_at_console = false;
        let executed = executor.execute_transaction_with_result_closure(&transaction, |output| {
            looks_at_console = output.result.state.contains_key(&CONSOLE);
        });
        calls_console |= looks_at_console;
        match executed {
            Ok(_) => {
                source.accept(&transaction);
                transactions.push(transaction);
                roots.note(executor.evm.db().state());
            }
            Err(error) => {
                if let Some(rejection) = rejection(error, &transaction).map_err(failed)? {
                    rejected.push((*transaction.tx_hash(), rejection));
                }
            }
        }
    }
    let (evm, mut result) = executor.finish().map_err(failed)?;
    roots.write(&mut result.receipts);

    let state = evm.into_db().into_state();
    let header = seal(spec, &block_env, context, &transactions, &result, &state);
    let states = Some(States { parent: parent.state().cloned().unwrap_or_default(), before, after: state });
    let mut block = Block::new(header, transactions, result.receipts, states);
    block.calls_console = calls_console;
    Ok(Built { block, rejected })
}

/// The state after each transaction, which receipts before Byzantium tell in place of the outcome.
pub(super) struct PostStates(Option<Vec<B256>>);

impl PostStates {
    pub(super) fn new(spec: &ChainSpec, number: u64) -> Self {
        Self((!spec.is_byzantium_active_at_block(number)).then(Vec::new))
    }

    /// A transaction left `state`.
    pub(super) fn note(&mut self, state: &State) {
        if let Some(roots) = &mut self.0 {
            roots.push(state.root());
        }
    }

    pub(super) fn write(self, receipts: &mut [ReceiptEnvelope]) {
        for (root, receipt) in self.0.into_iter().flatten().zip(receipts) {
            if let ReceiptEnvelope::Legacy(receipt) = receipt {
                receipt.receipt.status = Eip658Value::PostState(root);
            }
        }
    }
}

/// The header of a block that was executed with `env` and `context`, and left `state`.
pub(crate) fn seal(
    spec: &ChainSpec,
    env: &BlockEnv,
    context: EthBlockExecutionCtx<'_>,
    transactions: &[Transaction],
    result: &BlockExecutionResult<ReceiptEnvelope>,
    state: &State,
) -> Sealed<Header> {
    let (number, timestamp) = (env.number.saturating_to(), env.timestamp.saturating_to());
    let cancun = spec.is_cancun_active_at_timestamp(timestamp);
    let logs_bloom = result.receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | *receipt.logs_bloom());
    let header = Header {
        parent_hash: context.parent_hash,
        beneficiary: env.beneficiary,
        state_root: state.root(),
        transactions_root: calculate_transaction_root(transactions),
        receipts_root: calculate_receipt_root(&result.receipts),
        logs_bloom,
        number,
        gas_limit: env.gas_limit,
        gas_used: result.gas_used,
        timestamp,
        difficulty: env.difficulty,
        extra_data: Bytes::from_static(spec.extra_data(number).unwrap_or_default()),
        mix_hash: env.prevrandao.unwrap_or_default(),
        base_fee_per_gas: spec.is_london_active_at_block(number).then_some(env.basefee),
        withdrawals_root: spec.is_shanghai_active_at_timestamp(timestamp).then_some(EMPTY_WITHDRAWALS),
        blob_gas_used: cancun.then_some(result.blob_gas_used),
        excess_blob_gas: env.blob_excess_gas_and_price.filter(|_| cancun).map(|blobs| blobs.excess_blob_gas),
        parent_beacon_block_root: context.parent_beacon_block_root,
        requests_hash: spec.is_prague_active_at_timestamp(timestamp).then(|| result.requests.requests_hash()),
        ..Default::default()
    };
    header.seal_slow()
}

/// The state in which the transaction at `index` of `block` ran; `before` is the one the block started from.
pub(crate) fn replay(
    spec: &ChainSpec,
    block: &Block,
    before: State,
    env: EvmEnv,
    hashes: BlockHashes,
    index: usize,
) -> Result<StateDatabase, Error> {
    let number = block.number();
    let failed = |error: BlockExecutionError| Error::Block { number, reason: error.to_string() };
    let clears_empty = env.cfg_env.spec.is_enabled_in(SpecId::SPURIOUS_DRAGON);
    let database = StateDatabase::new(before, hashes, clears_empty);
    let header = block.header();
    let context = context(header.parent_hash, header.parent_beacon_block_root);
    let evm = EthEvmFactory::default().create_evm(database, env);
    let mut executor = EthBlockExecutor::new(evm, context, spec, AlloyReceiptBuilder::default());
    executor.apply_pre_execution_changes().map_err(failed)?;
    for transaction in block.transactions.iter().take(index) {
        executor.execute_transaction(transaction).map_err(failed)?;
    }
    Ok(executor.evm.into_db())
}

/// What a block's execution needs beside its environment.
pub(crate) fn context(parent_hash: B256, beacon_root: Option<B256>) -> EthBlockExecutionCtx<'static> {
    EthBlockExecutionCtx {
        parent_hash,
        parent_beacon_block_root: beacon_root,
        ommers: &[],
        withdrawals: None,
        extra_data: Bytes::new(),
        tx_count_hint: None,
        slot_number: None,
    }
}

/// Whether a failed candidate is lost (`Some`) or may fit into another block (`None`); an error is the block's own.
fn rejection(error: BlockExecutionError, transaction: &Transaction) -> Result<Option<Rejection>, BlockExecutionError> {
    match error {
        BlockExecutionError::Validation(BlockValidationError::TransactionGasLimitMoreThanAvailableBlockGas {
            ..
        }) => Ok(None),
        BlockExecutionError::Validation(BlockValidationError::InvalidTx { error, .. }) => {
            Ok(match error.as_invalid_tx_err() {
                Some(
                    InvalidTransaction::GasPriceLessThanBasefee
                    | InvalidTransaction::BlobGasPriceGreaterThanMax { .. }
                    | InvalidTransaction::NonceTooHigh { .. },
                ) => None,
                Some(invalid) => Some(Rejection::from_evm(invalid, transaction)),
                None => Some(Rejection::Invalid(error.to_string())),
            })
        }
        other => Err(other),
    }
}
