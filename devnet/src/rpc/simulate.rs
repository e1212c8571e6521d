//! Running code without a transaction: calls, gas estimates, access lists.

use alloy::{
    eips::BlockId,
    primitives::{Address, Bytes, U64},
    rpc::types::{AccessListResult, BlockOverrides, TransactionRequest, state::StateOverride},
};
use alloy_evm::{
    EthEvmFactory, Evm, EvmEnv, EvmFactory, call::caller_gas_allowance, overrides::OverrideBlockHashes,
    rpc::TryIntoTxEnv,
};
use revm::{
    Database,
    context::{Cfg, TxEnv},
    context_interface::result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction},
    primitives::{KECCAK_EMPTY, hardfork::SpecId},
};
use revm_inspectors::access_list::AccessListInspector;

use super::{
    Call,
    accounts::no_state,
    error::{RpcError, RpcResult},
    overrides::{override_state, place},
    refused::{halted, reason, refused},
    rerun::{self, Outcome},
};
use crate::{
    console::{CONSOLE, ConsoleReader},
    state::{StateDatabase, StateError},
};

/// Gas of a plain transfer.
const TRANSFER_GAS: u64 = 21_000;

impl Call<'_> {
    pub(super) fn call(&self) -> RpcResult<Bytes> {
        let request = self.params.required::<TransactionRequest>(0)?;
        let id = self.params.block_or_latest(1)?;
        let (env, mut database) = self.context(id, self.params.optional(2)?, self.params.optional(3)?)?;
        let (env, tx) = prepare(env, request, &mut database)?;
        match self.run_telling(database, env, tx)? {
            ExecutionResult::Success { output, .. } => Ok(output.into_data()),
            ExecutionResult::Revert { output, .. } => Err(RpcError::reverted(&output)),
            ExecutionResult::Halt { reason, .. } => Err(halted(&reason)),
        }
    }

    pub(super) fn estimate_gas(&self) -> RpcResult<U64> {
        let request = self.params.required(0)?;
        let id = self.params.block_or_latest(1)?;
        let gas = self.estimate(request, id, self.params.optional(2)?, self.params.optional(3)?)?;
        Ok(U64::from(gas))
    }

    /// The least gas limit, within a percent and a half, with which `request` succeeds: geth's search.
    pub(super) fn estimate(
        &self,
        request: TransactionRequest,
        id: BlockId,
        state: Option<StateOverride>,
        block: Option<BlockOverrides>,
    ) -> RpcResult<u64> {
        let (env, mut database) = self.context(id, state, block)?;
        let cap = env.block_env.gas_limit.min(env.cfg_env.tx_gas_limit_cap());
        let (env, mut tx) = prepare(env, request, &mut database)?;
        tx.gas_limit = tx.gas_limit.min(cap);
        let state = database.state().clone();
        let attempt = |gas_limit: u64| {
            let tx = TxEnv { gas_limit, ..tx.clone() };
            transact(database.with_state(state.clone()), env.clone(), tx).map(|outcome| outcome.result)
        };

        let is_transfer = tx.data.is_empty()
            && tx.authorization_list.is_empty()
            && tx.access_list.is_empty()
            && tx.kind.to().is_some_and(|to| state.account(*to).is_none_or(|to| to.code_hash == KECCAK_EMPTY));
        if is_transfer && tx.gas_limit >= TRANSFER_GAS && attempt(TRANSFER_GAS).is_ok_and(|result| result.is_success())
        {
            return Ok(TRANSFER_GAS);
        }

        let mut high = tx.gas_limit;
        let allowance = || RpcError::failed(format!("gas required exceeds allowance ({high})"));
        let first = attempt(high).map_err(|error| match error {
            EVMError::Transaction(
                InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
                | InvalidTransaction::GasFloorMoreThanGasLimit { .. },
            ) => allowance(),
            EVMError::Transaction(invalid) => {
                RpcError::failed(format!("failed with {high} gas: {}", reason(&invalid, &env, &tx)))
            }
            other => RpcError::internal(other),
        })?;
        if !first.is_success() {
            // It will not be sent, so what it has to say is said now.
            let tx = TxEnv { gas_limit: high, ..tx.clone() };
            self.run_telling(database.with_state(state.clone()), env.clone(), tx)?;
        }
        match &first {
            ExecutionResult::Success { .. } => {}
            ExecutionResult::Revert { output, .. } => return Err(RpcError::reverted(output)),
            ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), .. } => return Err(allowance()),
            ExecutionResult::Halt { reason, .. } => return Err(halted(reason)),
        }
        let succeeds = |gas| -> bool { attempt(gas).is_ok_and(|result| result.is_success()) };
        let mut low = first.gas().tx_gas_used().saturating_sub(1);
        // A call keeps back a 64th of its gas, and a transfer of value lends 2,300.
        let optimistic = (first.gas().total_gas_spent() + 2_300) / 63 * 64 + 64;
        if optimistic < high {
            if succeeds(optimistic) {
                high = optimistic;
            } else {
                low = optimistic;
            }
        }
        while low + 1 < high && (high - low).saturating_mul(1000) >= high.saturating_mul(15) {
            let middle = (low + (high - low) / 2).min(low.saturating_mul(2).max(1));
            if succeeds(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok(high)
    }

    pub(super) fn create_access_list(&self) -> RpcResult<AccessListResult> {
        let request = self.params.required::<TransactionRequest>(0)?;
        let id = self.params.block_or_latest(1)?;
        let given = request.access_list.clone().unwrap_or_default();
        let (env, mut database) = self.context(id, self.params.optional(2)?, None)?;
        let (env, mut tx) = prepare(env, request, &mut database)?;
        let state = database.state().clone();
        let mut inspector = AccessListInspector::new(given);
        rerun::run(&mut database, &env, &tx, &mut inspector)?;
        let access_list = inspector.into_access_list();
        tx.access_list = access_list.clone();
        let result = run(database.with_state(state), env, tx)?;
        let error = match &result {
            ExecutionResult::Success { .. } => None,
            ExecutionResult::Revert { output, .. } => Some(RpcError::reverted(output)),
            ExecutionResult::Halt { reason, .. } => Some(halted(reason)),
        };
        Ok(AccessListResult {
            access_list,
            gas_used: alloy::primitives::U256::from(result.gas().tx_gas_used()),
            error: error.map(|error| error.0.message.into_owned()),
        })
    }

    /// Runs a prepared call, and writes what it writes to the console.
    fn run_telling(&self, database: StateDatabase, env: EvmEnv, tx: TxEnv) -> RpcResult<ExecutionResult> {
        let Some(console) = self.devnet.console() else { return run(database, env, tx) };
        let mut again = database.with_state(database.state().clone());
        let outcome = transact(database, env.clone(), tx.clone()).map_err(|error| refused(error, &env, &tx))?;
        if outcome.state.contains_key(&CONSOLE) {
            let mut reader = ConsoleReader::default();
            rerun::run(&mut again, &env, &tx, &mut reader)?;
            console.write(&reader.lines);
        }
        Ok(outcome.result)
    }

    /// The environment and state of a block, with overrides.
    pub(super) fn context(
        &self,
        id: BlockId,
        state: Option<StateOverride>,
        block: Option<BlockOverrides>,
    ) -> RpcResult<(EvmEnv, StateDatabase)> {
        let found = self.must_find_block(id)?;
        let (mut env, at, hashes) = {
            let chain = self.devnet.chain();
            let state = if id.is_pending() { found.state().cloned() } else { chain.state_after(&found) };
            (chain.environment(&found), state.ok_or_else(no_state)?, chain.hashes_before(&found))
        };
        let clears_empty = env.cfg_env.spec.is_enabled_in(SpecId::SPURIOUS_DRAGON);
        let mut database = StateDatabase::new(at, hashes, clears_empty);
        if let Some(overrides) = block {
            database.apply_block_overrides(overrides, &mut env.block_env);
        }
        if let Some(overrides) = state {
            override_state(overrides, &env, &mut database)?;
        }
        Ok((env, database))
    }
}

/// Lets anyone call with any nonce, for free unless a fee is given; what the request leaves open is filled in.
pub(super) fn prepare(
    mut env: EvmEnv,
    request: TransactionRequest,
    database: &mut StateDatabase,
) -> RpcResult<(EvmEnv, TxEnv)> {
    env.cfg_env.disable_nonce_check = true;
    env.cfg_env.disable_eip3607 = true;
    env.cfg_env.disable_block_gas_limit = true;
    env.cfg_env.tx_gas_limit_cap = Some(u64::MAX);
    let (have, want) = (request.chain_id, env.cfg_env.chain_id);
    if let Some(have) = have.filter(|have| *have != want) {
        return Err(RpcError::failed(format!("chainId does not match node's (have={have}, want={want})")));
    }
    let gas_given = request.gas.is_some();
    let from = request.from.unwrap_or_default();
    check_fees(&request, from, &env)?;
    let mut tx = request.try_into_tx_env(&env).map_err(|error| RpcError::failed(error.to_string()))?;
    tx.nonce = database.basic(from).map_err(RpcError::internal)?.map_or(0, |account| account.nonce);
    if tx.gas_price == 0 {
        env.cfg_env.disable_base_fee = true;
        env.block_env.basefee = 0;
    } else if !gas_given {
        let allowance =
            caller_gas_allowance(database, &tx).map_err(|_| RpcError::failed("insufficient funds for transfer"))?;
        tx.gas_limit = tx.gas_limit.min(allowance);
    }
    Ok((env, tx))
}

/// Runs a prepared call.
pub(super) fn run(database: StateDatabase, env: EvmEnv, tx: TxEnv) -> RpcResult<ExecutionResult> {
    let outcome = transact(database, env.clone(), tx.clone());
    outcome.map(|outcome| outcome.result).map_err(|error| refused(error, &env, &tx))
}

fn transact(database: StateDatabase, env: EvmEnv, tx: TxEnv) -> Result<Outcome, EVMError<StateError>> {
    let mut evm = EthEvmFactory::default().create_evm(database, env);
    let (database, _, precompiles) = evm.components_mut();
    place(database, precompiles);
    evm.transact(tx)
}

/// Refuses fees that no block like this would take, unless all are zero.
fn check_fees(request: &TransactionRequest, from: Address, env: &EvmEnv) -> RpcResult<()> {
    let Some(fee) = request.max_fee_per_gas.filter(|_| request.gas_price.is_none()) else { return Ok(()) };
    let tip = request.max_priority_fee_per_gas.unwrap_or_default();
    let invalid = if tip > fee {
        InvalidTransaction::PriorityFeeGreaterThanMaxFee
    } else if fee > 0 && fee < u128::from(env.block_env.basefee) {
        InvalidTransaction::GasPriceLessThanBasefee
    } else {
        return Ok(());
    };
    let gas_limit = request.gas.unwrap_or(env.block_env.gas_limit);
    let tx = TxEnv { caller: from, gas_limit, gas_price: fee, gas_priority_fee: Some(tip), ..Default::default() };
    Err(refused(EVMError::Transaction(invalid), env, &tx))
}
