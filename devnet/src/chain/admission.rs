//! Which transactions may wait for a block. Wording as geth's, which clients match on.

use alloy::{
    consensus::{Transaction as _, TxEnvelope, Typed2718},
    primitives::U256,
};
use alloy_evm::{EvmEnv, FromRecoveredTx};
use revm::{
    context::{Cfg, TxEnv},
    context_interface::result::InvalidTransaction,
    primitives::hardfork::SpecId,
};

use super::block::Transaction;
use crate::state::State;

/// Why a transaction was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    /// It waits already.
    #[error("already known")]
    AlreadyKnown,
    /// It does not pay a tenth more than the one it would replace.
    #[error("replacement transaction underpriced")]
    ReplacementUnderpriced,
    /// Signed for another chain.
    #[error("invalid chain id for signer: have {have} want {want}")]
    ChainId { have: u64, want: u64 },
    /// The nonce is used.
    #[error("nonce too low: next nonce {next}, tx nonce {nonce}")]
    NonceTooLow { next: u64, nonce: u64 },
    /// No account may have a nonce beyond 2^64 - 2 (EIP-2681).
    #[error("nonce has max value: tx nonce {0}")]
    NonceMax(u64),
    /// The sender can't pay the most it may cost.
    #[error("insufficient funds for gas * price + value: balance {balance}, tx cost {cost}, overshot {}", .cost.saturating_sub(*.balance))]
    InsufficientFunds { balance: U256, cost: U256 },
    /// The gas limit does not cover the price of being there at all.
    #[error("intrinsic gas too low: gas {gas}, minimum needed {needed}")]
    IntrinsicGas { gas: u64, needed: u64 },
    /// The gas limit does not cover the floor of EIP-7623.
    #[error("insufficient gas for floor data gas cost: gas {gas}, minimum needed {needed}")]
    FloorGas { gas: u64, needed: u64 },
    /// No block could hold it.
    #[error("exceeds block gas limit")]
    BlockGasLimit,
    /// More than EIP-7825 allows.
    #[error("transaction gas limit too high (cap: {cap}, tx: {gas})")]
    GasCap { cap: u64, gas: u64 },
    /// More init code than EIP-3860 allows.
    #[error("max initcode size exceeded: code size {size}, limit {limit}")]
    InitCode { size: usize, limit: usize },
    /// The tip is more than the whole fee.
    #[error("max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: {tip}, maxFeePerGas: {fee}")]
    TipAboveFee { tip: u128, fee: u128 },
    /// The fee is below the next block's base fee, and a block was to be made at once.
    #[error("max fee per gas less than block base fee: maxFeePerGas: {fee}, baseFee: {base_fee}")]
    FeeBelowBaseFee { fee: u128, base_fee: u64 },
    /// The type came with a later fork.
    #[error("transaction type not supported: type {0} is not active on this chain")]
    TypeNotSupported(u8),
    /// A blob transaction without blobs or with too many, or a delegation without authorization.
    #[error("{0}")]
    Malformed(String),
    /// The EVM refused it.
    #[error("{0}")]
    Invalid(String),
}

impl Rejection {
    /// revm's refusal in geth's words.
    pub(crate) fn from_evm(error: &InvalidTransaction, transaction: &Transaction) -> Self {
        use InvalidTransaction as Evm;
        match error {
            Evm::NonceTooLow { tx, state } => Self::NonceTooLow { next: *state, nonce: *tx },
            Evm::LackOfFundForMaxFee { fee, balance } => Self::InsufficientFunds { balance: **balance, cost: **fee },
            Evm::CallGasCostMoreThanGasLimit { initial_gas, gas_limit } => {
                Self::IntrinsicGas { gas: *gas_limit, needed: *initial_gas }
            }
            Evm::GasFloorMoreThanGasLimit { gas_floor, gas_limit } => {
                Self::FloorGas { gas: *gas_limit, needed: *gas_floor }
            }
            Evm::CallerGasLimitMoreThanBlock => Self::BlockGasLimit,
            Evm::TxGasLimitGreaterThanCap { gas_limit, cap } => Self::GasCap { cap: *cap, gas: *gas_limit },
            Evm::PriorityFeeGreaterThanMaxFee => Self::TipAboveFee {
                tip: transaction.max_priority_fee_per_gas().unwrap_or_default(),
                fee: transaction.max_fee_per_gas(),
            },
            Evm::RejectCallerWithCode => Self::Invalid(format!("sender not an eoa: address {}", transaction.signer())),
            other => Self::Invalid(other.to_string()),
        }
    }
}

/// Checks `transaction` against the state and the environment of the next block.
pub(crate) fn check(transaction: &Transaction, state: &State, next: &EvmEnv) -> Result<(), Rejection> {
    let (cfg, block) = (&next.cfg_env, &next.block_env);
    check_type(transaction.inner(), next)?;
    if let Some(have) = transaction.chain_id()
        && have != cfg.chain_id
    {
        return Err(Rejection::ChainId { have, want: cfg.chain_id });
    }
    let gas = transaction.gas_limit();
    if gas > block.gas_limit {
        return Err(Rejection::BlockGasLimit);
    }
    if gas > cfg.tx_gas_limit_cap() {
        return Err(Rejection::GasCap { cap: cfg.tx_gas_limit_cap(), gas });
    }
    let (fee, tip) = (transaction.max_fee_per_gas(), transaction.max_priority_fee_per_gas());
    if let Some(tip) = tip.filter(|tip| *tip > fee) {
        return Err(Rejection::TipAboveFee { tip, fee });
    }
    let (size, limit) = (transaction.input().len(), cfg.max_initcode_size());
    if transaction.is_create() && size > limit && cfg.spec.is_enabled_in(SpecId::SHANGHAI) {
        return Err(Rejection::InitCode { size, limit });
    }

    let env = TxEnv::from_recovered_tx(transaction.inner(), transaction.signer());
    let initial = cfg.gas_params.initial_tx_gas_for_tx(&env, None);
    if gas < initial.initial_regular_gas {
        return Err(Rejection::IntrinsicGas { gas, needed: initial.initial_regular_gas });
    }
    if cfg.spec.is_enabled_in(SpecId::PRAGUE) && gas < initial.floor_gas {
        return Err(Rejection::FloorGas { gas, needed: initial.floor_gas });
    }

    let account = state.account(transaction.signer());
    let (nonce, next) = (transaction.nonce(), account.map_or(0, |account| account.nonce));
    if nonce < next {
        return Err(Rejection::NonceTooLow { next, nonce });
    }
    if nonce == u64::MAX {
        return Err(Rejection::NonceMax(nonce));
    }
    let balance = account.map_or(U256::ZERO, |account| account.balance);
    let cost = max_cost(transaction);
    if cost > balance {
        return Err(Rejection::InsufficientFunds { balance, cost });
    }
    Ok(())
}

fn check_type(transaction: &TxEnvelope, next: &EvmEnv) -> Result<(), Rejection> {
    let since = match transaction {
        TxEnvelope::Legacy(_) => SpecId::FRONTIER,
        TxEnvelope::Eip2930(_) => SpecId::BERLIN,
        TxEnvelope::Eip1559(_) => SpecId::LONDON,
        TxEnvelope::Eip4844(_) => SpecId::CANCUN,
        TxEnvelope::Eip7702(_) => SpecId::PRAGUE,
    };
    if !next.cfg_env.spec.is_enabled_in(since) {
        return Err(Rejection::TypeNotSupported(transaction.ty()));
    }
    if let TxEnvelope::Eip4844(_) = transaction {
        let blobs = transaction.blob_versioned_hashes().map_or(0, <[_]>::len);
        let most = next.cfg_env.max_blobs_per_tx().and_then(|most| usize::try_from(most).ok());
        if blobs == 0 {
            return Err(Rejection::Malformed("blobless blob transaction".to_owned()));
        }
        if let Some(most) = most.filter(|most| blobs > *most) {
            let message = format!("too many blobs in transaction: have {blobs}, permitted {most}");
            return Err(Rejection::Malformed(message));
        }
    }
    if let TxEnvelope::Eip7702(signed) = transaction
        && signed.tx().authorization_list.is_empty()
    {
        return Err(Rejection::Malformed("EIP-7702 transaction with empty auth list".to_owned()));
    }
    Ok(())
}

/// The most a transaction can cost its sender, in wei.
fn max_cost(transaction: &Transaction) -> U256 {
    let gas = U256::from(transaction.gas_limit()) * U256::from(transaction.max_fee_per_gas());
    let blob_gas = U256::from(transaction.blob_gas_used().unwrap_or_default());
    let blob_fee = U256::from(transaction.max_fee_per_blob_gas().unwrap_or_default());
    gas.saturating_add(blob_gas * blob_fee).saturating_add(transaction.value())
}
