//! Why code did not run to its end, in geth's words.

use alloy_evm::EvmEnv;
use revm::{
    context::{Cfg, TxEnv},
    context_interface::{
        Transaction as _,
        result::{EVMError, HaltReason, InvalidTransaction},
    },
};

use super::error::RpcError;
use crate::state::StateError;

/// Why a call did not start.
pub(super) fn refused(error: EVMError<StateError>, env: &EvmEnv, tx: &TxEnv) -> RpcError {
    match error {
        EVMError::Transaction(invalid) => RpcError::failed(supplied(&reason(&invalid, env, tx), tx.gas_limit)),
        other => RpcError::internal(other),
    }
}

/// A reason as a call's answer has it, with the gas that the call came with.
pub(super) fn supplied(reason: &str, gas: u64) -> String {
    format!("err: {reason} (supplied gas {gas})")
}

/// Why `tx` is not one that a block with `env` could have.
pub(super) fn reason(invalid: &InvalidTransaction, env: &EvmEnv, tx: &TxEnv) -> String {
    use InvalidTransaction as Evm;
    let from = tx.caller();
    match invalid {
        Evm::NonceTooLow { tx, state } => format!("nonce too low: address {from}, tx: {tx} state: {state}"),
        Evm::NonceTooHigh { tx, state } => format!("nonce too high: address {from}, tx: {tx} state: {state}"),
        Evm::NonceOverflowInTransaction => format!("nonce has max value: address {from}, nonce: {}", tx.nonce),
        Evm::RejectCallerWithCode => format!("sender not an eoa: address {from}"),
        Evm::LackOfFundForMaxFee { fee, balance } => {
            format!("insufficient funds for gas * price + value: address {from} have {balance} want {fee}")
        }
        Evm::CallGasCostMoreThanGasLimit { initial_gas, gas_limit } => {
            format!("intrinsic gas too low: have {gas_limit}, want {initial_gas}")
        }
        Evm::GasFloorMoreThanGasLimit { gas_floor, gas_limit } => {
            format!("insufficient gas for floor data gas cost: have {gas_limit}, want {gas_floor}")
        }
        Evm::GasPriceLessThanBasefee => {
            let (fee, base_fee) = (tx.gas_price, env.block_env.basefee);
            format!(
                "max fee per gas less than block base fee: address {from}, maxFeePerGas: {fee}, baseFee: {base_fee}"
            )
        }
        Evm::PriorityFeeGreaterThanMaxFee => {
            let (tip, fee) = (tx.gas_priority_fee.unwrap_or_default(), tx.gas_price);
            format!(
                "max priority fee per gas higher than max fee per gas: address {from}, maxPriorityFeePerGas: {tip}, \
                 maxFeePerGas: {fee}"
            )
        }
        Evm::CreateInitCodeSizeLimit => {
            let (size, limit) = (tx.data.len(), env.cfg_env.max_initcode_size());
            format!("max initcode size exceeded: code size {size} limit {limit}")
        }
        other => other.to_string(),
    }
}

/// Why code stopped without returning.
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
