//! `eth_simulateV1`: blocks that are never part of the chain, with calls in place of transactions.

use std::{cmp::Ordering, collections::BTreeMap};

use alloy::{
    consensus::{Header, Transaction as _, transaction::Recovered},
    primitives::{B256, Bytes, Signature, TxKind},
    rpc::types::{
        Block as RpcBlock, BlockOverrides, TransactionRequest,
        simulate::{MAX_SIMULATE_BLOCKS, SimBlock, SimCallResult, SimulateError, SimulatePayload, SimulatedBlock},
        state::StateOverride,
    },
};
use alloy_evm::{
    EthEvmFactory, Evm, EvmEnv, EvmFactory, FromRecoveredTx,
    block::{BlockExecutionError, BlockExecutor, BlockValidationError},
    eth::{EthBlockExecutor, NextEvmEnvAttributes, receipt_builder::AlloyReceiptBuilder},
    overrides::OverrideBlockHashes,
};
use alloy_hardforks::EthereumHardforks;
use revm::{
    context::{Cfg, TxEnv},
    context_interface::result::{ExecutionResult, HaltReason, InvalidTransaction},
    primitives::{Log, hardfork::SpecId},
};
use revm_inspectors::transfer::{TRANSFER_LOG_EMITTER, TransferInspector};

use super::{
    Call,
    accounts::no_state,
    convert,
    error::{RpcError, RpcResult},
    overrides::{override_state, place},
    refused::{halted, reason, supplied},
    send,
};
use crate::{
    chain::{Block, Transaction, context, next_base_fee, seal},
    spec::ChainSpec,
    state::{BlockHashes, State, StateDatabase},
};

/// The most gas that all calls together may use (geth's).
const MOST_GAS: u64 = 50_000_000;

/// Seconds from block to block where nothing is said.
const SECONDS_APART: u64 = 12;

/// Error codes that the specification of the method gives.
mod code {
    pub(super) const NONCE_TOO_LOW: i64 = -38010;
    pub(super) const NONCE_TOO_HIGH: i64 = -38011;
    pub(super) const FEE_BELOW_BASE_FEE: i64 = -38012;
    pub(super) const INTRINSIC_GAS: i64 = -38013;
    pub(super) const INSUFFICIENT_FUNDS: i64 = -38014;
    pub(super) const BLOCK_GAS_LIMIT: i64 = -38015;
    pub(super) const BLOCK_NUMBER: i64 = -38020;
    pub(super) const BLOCK_TIMESTAMP: i64 = -38021;
    pub(super) const SENDER_NOT_EOA: i64 = -38024;
    pub(super) const INIT_CODE_SIZE: i64 = -38025;
    pub(super) const TOO_MANY_BLOCKS: i64 = -38026;
    pub(super) const OTHER: i64 = -32603;
}

impl Call<'_> {
    pub(super) fn simulate_blocks(&self) -> RpcResult<Vec<SimulatedBlock<RpcBlock>>> {
        let payload = self.params.required::<SimulatePayload>(0)?;
        let id = self.params.block_or_latest(1)?;
        if payload.block_state_calls.is_empty() {
            return Err(RpcError::invalid_params("empty input"));
        }
        let base = self.must_find_block(id)?;
        let planned = plan(payload.block_state_calls, base.number(), base.timestamp())?;
        let mut simulation = {
            let chain = self.devnet.chain();
            let state = if id.is_pending() { base.state().cloned() } else { chain.state_after(&base) };
            let mut hashes = chain.hashes_before(&base);
            hashes.push(base.number(), base.hash());
            Simulation {
                spec: chain.spec.clone(),
                parent: base.header().inner().clone(),
                parent_hash: base.hash(),
                state: state.ok_or_else(no_state)?,
                hashes,
                gas_left: MOST_GAS,
                validates: payload.validation,
                traces_transfers: payload.trace_transfers,
            }
        };
        let simulated = planned.into_iter().map(|planned| {
            let (block, calls) = simulation.run(planned)?;
            Ok(SimulatedBlock { inner: convert::block(&block, payload.return_full_transactions), calls })
        });
        simulated.collect()
    }
}

/// A block as it is asked for, its place in time known.
struct Planned {
    timestamp: u64,
    overrides: BlockOverrides,
    state: Option<StateOverride>,
    calls: Vec<TransactionRequest>,
}

/// Puts the blocks in order, with empty ones where numbers are left out.
fn plan(asked: Vec<SimBlock>, mut number: u64, mut timestamp: u64) -> RpcResult<Vec<Planned>> {
    let too_many = || RpcError::new(code::TOO_MANY_BLOCKS, "too many blocks");
    let most = usize::try_from(MAX_SIMULATE_BLOCKS).unwrap_or(usize::MAX);
    let mut planned = Vec::new();
    for block in asked {
        let overrides = block.block_overrides.unwrap_or_default();
        let given = overrides.number.map(|number| u64::try_from(number).map_err(|_| too_many())).transpose()?;
        let own = given.unwrap_or(number.saturating_add(1));
        if own <= number {
            let message = format!("block numbers must be in order: {own} <= {number}");
            return Err(RpcError::new(code::BLOCK_NUMBER, message));
        }
        if own - number > MAX_SIMULATE_BLOCKS {
            return Err(too_many());
        }
        for _ in number + 1..own {
            timestamp = timestamp.saturating_add(SECONDS_APART);
            let overrides = BlockOverrides::default();
            planned.push(Planned { timestamp, overrides, state: None, calls: Vec::new() });
        }
        let own_time = overrides.time.unwrap_or(timestamp.saturating_add(SECONDS_APART));
        if own_time <= timestamp {
            let message = format!("block timestamps must be in order: {own_time} <= {timestamp}");
            return Err(RpcError::new(code::BLOCK_TIMESTAMP, message));
        }
        (number, timestamp) = (own, own_time);
        planned.push(Planned { timestamp, overrides, state: block.state_overrides, calls: block.calls });
        if planned.len() > most {
            return Err(too_many());
        }
    }
    Ok(planned)
}

/// Blocks in the making: what the next one stands on.
struct Simulation {
    spec: ChainSpec,
    parent: Header,
    parent_hash: B256,
    state: State,
    hashes: BlockHashes,
    /// Gas that is left for all calls together.
    gas_left: u64,
    /// Whether calls must be what transactions must be.
    validates: bool,
    /// Whether transfers of coins are logged as if by a token.
    traces_transfers: bool,
}

impl Simulation {
    fn run(&mut self, planned: Planned) -> RpcResult<(Block, Vec<SimCallResult>)> {
        let failed = |error: BlockExecutionError| RpcError::failed(error.to_string());
        let cancun = self.spec.is_cancun_active_at_timestamp(planned.timestamp);
        let beacon_root = cancun.then(|| planned.overrides.beacon_root.unwrap_or_default());
        let context = context(self.parent_hash, beacon_root);
        let (env, database) = self.prepare(planned.timestamp, planned.overrides, planned.state)?;

        let mut evm = EthEvmFactory::default().create_evm_with_inspector(
            database,
            env.clone(),
            TransferInspector::new(false).with_logs(true),
        );
        evm.set_inspector_enabled(self.traces_transfers);
        let (database, _, precompiles) = evm.components_mut();
        place(database, precompiles);
        let mut executor = EthBlockExecutor::new(evm, context.clone(), &self.spec, AlloyReceiptBuilder::default());
        executor.apply_pre_execution_changes().map_err(failed)?;
        let mut transactions: Vec<Transaction> = Vec::new();
        let mut results = Vec::new();
        for mut call in planned.calls.into_iter() {
            let (used, limit) = (executor.cumulative_tx_gas_used, env.block_env.gas_limit);
            let left = limit.saturating_sub(used);
            let default_gas = if self.validates { left.min(env.cfg_env.tx_gas_limit_cap()) } else { left };
            if call.gas.unwrap_or(default_gas) > left {
                return Err(RpcError::new(
                    code::BLOCK_GAS_LIMIT,
                    format!("block gas limit reached: {used} >= {limit}"),
                ));
            }
            call.gas = Some(call.gas.unwrap_or(default_gas).min(self.gas_left));
            let nonce = call.from.map_or(0, |from| executor.evm.db().state().nonce(from));
            let transaction = transaction(call, &self.spec, nonce)?;
            if self.validates {
                // geth looks at the nonce before it looks at the fee.
                check_nonce(transaction.nonce(), nonce).map_err(|invalid| unfit(&invalid, &env, &transaction))?;
            }
            let mut output = executor
                .execute_transaction_without_commit(&transaction)
                .map_err(|error| refused(&error, &env, &transaction))?;
            self.gas_left = self.gas_left.saturating_sub(output.result.result.tx_gas_used());
            results.push((output.result.result.logs().to_vec(), answer(&output.result.result)));
            if let ExecutionResult::Success { logs, .. } = &mut output.result.result {
                // Those of transfers are told, and not part of the block.
                logs.retain(|log| log.address != TRANSFER_LOG_EMITTER);
            }
            executor.commit_transaction(output);
            transactions.push(transaction);
        }
        let (evm, result) = executor.finish().map_err(failed)?;

        self.state = evm.into_db().into_state();
        let header = seal(&self.spec, &env.block_env, context, &transactions, &result, &self.state);
        (self.parent, self.parent_hash) = (header.inner().clone(), header.hash());
        self.hashes.push(header.number, header.hash());
        let block = Block::new(header, transactions, result.receipts, None);
        let mut log_index = 0;
        let calls = results.into_iter().enumerate().map(|(index, (logs, mut answer))| {
            let show = |log: Log| {
                log_index += 1;
                convert::show_log(&block, index, log_index - 1, log, false)
            };
            answer.logs = logs.into_iter().map(show).collect();
            answer
        });
        let calls = calls.collect();
        Ok((block, calls))
    }

    /// The environment of the next block and the state it starts from, as overridden.
    fn prepare(
        &self,
        timestamp: u64,
        mut overrides: BlockOverrides,
        state: Option<StateOverride>,
    ) -> RpcResult<(EvmEnv, StateDatabase)> {
        let base_fee = if self.validates { next_base_fee(&self.parent) } else { 0 };
        let attributes = NextEvmEnvAttributes {
            timestamp,
            suggested_fee_recipient: self.parent.beneficiary,
            prev_randao: B256::ZERO,
            gas_limit: self.parent.gas_limit,
            slot_number: None,
        };
        let blobs = self.spec.blob_params(timestamp);
        let (spec, chain_id) = (&self.spec, self.spec.chain_id);
        let mut env = EvmEnv::for_eth_next_block(&self.parent, attributes, base_fee, spec, chain_id, blobs);
        if !self.validates {
            env.cfg_env.disable_nonce_check = true;
            env.cfg_env.disable_base_fee = true;
            env.cfg_env.disable_eip3607 = true;
            env.cfg_env.tx_gas_limit_cap = Some(u64::MAX);
        }
        let clears_empty = env.cfg_env.spec.is_enabled_in(SpecId::SPURIOUS_DRAGON);
        let mut database = StateDatabase::new(self.state.clone(), self.hashes.clone(), clears_empty);
        // Its place is known already.
        (overrides.number, overrides.time) = (None, None);
        let hashes: Option<BTreeMap<u64, B256>> = overrides.block_hash.take();
        database.override_block_hashes(hashes.unwrap_or_default());
        database.apply_block_overrides(overrides, &mut env.block_env);
        if let Some(overrides) = state {
            override_state(overrides, &env, &mut database)?;
        }
        Ok((env, database))
    }
}

/// A call as a transaction that nobody signed.
fn transaction(mut call: TransactionRequest, spec: &ChainSpec, nonce: u64) -> RpcResult<Transaction> {
    let from = call.from.unwrap_or_default();
    call.chain_id.get_or_insert(spec.chain_id);
    call.nonce.get_or_insert(nonce);
    call.to.get_or_insert(TxKind::Create);
    if call.gas_price.is_none() {
        call.max_fee_per_gas.get_or_insert(call.max_priority_fee_per_gas.unwrap_or_default());
        call.max_priority_fee_per_gas.get_or_insert(0);
    }
    let typed = call.build_consensus_tx().map_err(|error| RpcError::invalid_params(error.error.to_string()))?;
    let unsigned = Signature::new(Default::default(), Default::default(), false);
    Ok(Recovered::new_unchecked(send::with_signature(typed, unsigned), from))
}

/// How a call went, but for its logs.
fn answer(result: &ExecutionResult<HaltReason>) -> SimCallResult {
    let error = match result {
        ExecutionResult::Success { .. } => None,
        ExecutionResult::Revert { output, .. } => Some(SimulateError {
            code: SimulateError::EXECUTION_REVERTED_CODE,
            message: RpcError::reverted(output).0.message.into_owned(),
            data: Some(output.clone()),
        }),
        ExecutionResult::Halt { reason, .. } => Some(SimulateError {
            code: SimulateError::VM_EXECUTION_ERROR_CODE,
            message: halted(reason).0.message.into_owned(),
            data: None,
        }),
    };
    let return_data = match result {
        ExecutionResult::Success { output, .. } => output.data().clone(),
        ExecutionResult::Revert { output, .. } => output.clone(),
        ExecutionResult::Halt { .. } => Bytes::new(),
    };
    SimCallResult {
        return_data,
        logs: Vec::new(),
        gas_used: result.gas().tx_gas_used(),
        max_used_gas: Some(result.gas().total_gas_spent().max(result.gas().floor_gas())),
        status: result.is_success(),
        error,
    }
}

/// A nonce as a transaction's must be.
fn check_nonce(tx: u64, state: u64) -> Result<(), InvalidTransaction> {
    match tx.cmp(&state) {
        Ordering::Less => Err(InvalidTransaction::NonceTooLow { tx, state }),
        Ordering::Greater => Err(InvalidTransaction::NonceTooHigh { tx, state }),
        Ordering::Equal if tx == u64::MAX => Err(InvalidTransaction::NonceOverflowInTransaction),
        Ordering::Equal => Ok(()),
    }
}

/// Why a call could not be part of the block.
fn refused(error: &BlockExecutionError, env: &EvmEnv, transaction: &Transaction) -> RpcError {
    let invalid = match error {
        BlockExecutionError::Validation(BlockValidationError::InvalidTx { error, .. }) => error.as_invalid_tx_err(),
        _ => None,
    };
    invalid.map_or_else(|| RpcError::failed(error.to_string()), |invalid| unfit(invalid, env, transaction))
}

fn unfit(invalid: &InvalidTransaction, env: &EvmEnv, transaction: &Transaction) -> RpcError {
    use InvalidTransaction as Evm;
    let code = match invalid {
        Evm::NonceTooLow { .. } => code::NONCE_TOO_LOW,
        Evm::NonceTooHigh { .. } => code::NONCE_TOO_HIGH,
        Evm::GasPriceLessThanBasefee => code::FEE_BELOW_BASE_FEE,
        Evm::CallGasCostMoreThanGasLimit { .. } | Evm::GasFloorMoreThanGasLimit { .. } => code::INTRINSIC_GAS,
        Evm::LackOfFundForMaxFee { .. } => code::INSUFFICIENT_FUNDS,
        Evm::RejectCallerWithCode => code::SENDER_NOT_EOA,
        Evm::CreateInitCodeSizeLimit => code::INIT_CODE_SIZE,
        _ => code::OTHER,
    };
    let tx = TxEnv::from_recovered_tx(transaction.inner(), transaction.signer());
    RpcError::new(code, supplied(&reason(invalid, env, &tx), tx.gas_limit))
}
