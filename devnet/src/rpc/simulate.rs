//! Running code without a transaction: calls, gas estimates, access lists.

use alloy::{
    eips::BlockId,
    primitives::{Bytes, U64},
    rpc::types::{AccessListResult, BlockOverrides, TransactionRequest, state::StateOverride},
};
use alloy_evm::{
    EthEvmFactory, Evm, EvmEnv, EvmFactory,
    call::caller_gas_allowance,
    overrides::{OverrideBlockHashes, apply_state_overrides},
    rpc::TryIntoTxEnv,
};
use revm::{
    Database,
    context::{Cfg, TxEnv},
    context_interface::{
        Transaction as _,
        result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction},
    },
    primitives::{KECCAK_EMPTY, hardfork::SpecId},
};
use revm_inspectors::access_list::AccessListInspector;

use super::{
    Call,
    accounts::no_state,
    error::{RpcError, RpcResult},
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
        let id = self.params.optional(1)?.unwrap_or_default();
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
        let id = self.params.optional(1)?.unwrap_or_default();
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
            run(database.with_state(state.clone()), env.clone(), tx)
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
        let first = attempt(high)?;
        if !first.is_success() {
            // It will not be sent, so what it has to say is said now.
            let tx = TxEnv { gas_limit: high, ..tx.clone() };
            self.run_telling(database.with_state(state.clone()), env.clone(), tx)?;
        }
        match &first {
            ExecutionResult::Success { .. } => {}
            ExecutionResult::Revert { output, .. } => return Err(RpcError::reverted(output)),
            ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), .. } => {
                return Err(RpcError::failed(format!("gas required exceeds allowance ({high})")));
            }
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
        let id = self.params.optional(1)?.unwrap_or_default();
        let given = request.access_list.clone().unwrap_or_default();
        let (env, mut database) = self.context(id, self.params.optional(2)?, None)?;
        let (env, mut tx) = prepare(env, request, &mut database)?;
        let state = database.state().clone();
        let mut inspector = AccessListInspector::new(given);
        EthEvmFactory::default()
            .create_evm_with_inspector(database.with_state(state.clone()), env.clone(), &mut inspector)
            .transact(tx.clone())
            .map_err(|error| refused(error, &tx))?;
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
        let outcome = transact(database, env.clone(), tx.clone())?;
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
            apply_state_overrides(overrides, &mut database)
                .map_err(|error| RpcError::invalid_params(error.to_string()))?;
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
    let gas_given = request.gas.is_some();
    let from = request.from.unwrap_or_default();
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
    transact(database, env, tx).map(|outcome| outcome.result)
}

fn transact(database: StateDatabase, env: EvmEnv, tx: TxEnv) -> RpcResult<Outcome> {
    let mut evm = EthEvmFactory::default().create_evm(database, env);
    evm.transact(tx.clone()).map_err(|error| refused(error, &tx))
}

/// Why a call did not start, as geth words it.
pub(super) fn refused(error: EVMError<StateError>, tx: &TxEnv) -> RpcError {
    let EVMError::Transaction(invalid) = error else { return RpcError::internal(error) };
    let from = tx.caller();
    let reason = match invalid {
        InvalidTransaction::LackOfFundForMaxFee { fee, balance } => {
            format!("insufficient funds for gas * price + value: address {from} have {balance} want {fee}")
        }
        InvalidTransaction::CallGasCostMoreThanGasLimit { initial_gas, gas_limit } => {
            format!("intrinsic gas too low: have {gas_limit}, want {initial_gas}")
        }
        InvalidTransaction::GasFloorMoreThanGasLimit { gas_floor, gas_limit } => {
            format!("insufficient gas for floor data gas cost: have {gas_limit}, want {gas_floor}")
        }
        InvalidTransaction::GasPriceLessThanBasefee => {
            format!("max fee per gas less than block base fee: address {from}, maxFeePerGas: {}", tx.gas_price)
        }
        InvalidTransaction::CreateInitCodeSizeLimit => {
            format!("max initcode size exceeded: code size {}", tx.data.len())
        }
        other => other.to_string(),
    };
    RpcError::failed(format!("err: {reason} (supplied gas {})", tx.gas_limit))
}

/// Why code stopped without returning, as geth words it.
pub(super) fn halted(reason: &HaltReason) -> RpcError {
    let message = match reason {
        HaltReason::OutOfGas(_) => "out of gas".to_owned(),
        HaltReason::OpcodeNotFound | HaltReason::InvalidFEOpcode | HaltReason::NotActivated => {
            "invalid opcode".to_owned()
        }
        HaltReason::CreateCollision => "contract address collision".to_owned(),
        HaltReason::CreateContractSizeLimit => "max code size exceeded".to_owned(),
        HaltReason::CreateInitCodeSizeLimit => "max initcode size exceeded".to_owned(),
        HaltReason::StateChangeDuringStaticCall => "write protection".to_owned(),
        HaltReason::OutOfOffset => "return data out of bounds".to_owned(),
        other => other.to_string(),
    };
    RpcError::failed(message)
}
