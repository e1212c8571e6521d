//! What a body must be, given its header.

use alloy::{
    consensus::{
        BlockBody, Header, Transaction as _, TxEnvelope,
        proofs::{calculate_ommers_root, calculate_transaction_root, calculate_withdrawals_root},
        transaction::{Recovered, SignerRecoverable},
    },
    primitives::U256,
};
use alloy_hardforks::EthereumHardforks;

use super::{Invalid, demand, demand_presence};
use crate::{chain::block::Transaction, spec::ChainSpec};

/// The largest block since Osaka, in bytes of RLP (EIP-7934).
const LARGEST_BLOCK: usize = 8_388_608;

/// What is wrong with a transaction that names its chain too early.
pub(in crate::chain) const NAMES_CHAIN: &str = "its signature names a chain, which came with EIP-155";

/// `size` is that of the whole block, in bytes of RLP.
pub(super) fn check(
    spec: &ChainSpec,
    header: &Header,
    body: &BlockBody<TxEnvelope>,
    size: usize,
) -> Result<(), Invalid> {
    if spec.is_osaka_active_at_timestamp(header.timestamp) && size > LARGEST_BLOCK {
        let want = format!("at most {LARGEST_BLOCK}");
        return Err(Invalid::Field { field: "size in bytes", have: size.to_string(), want });
    }
    demand("uncles hash", header.ommers_hash, calculate_ommers_root(&body.ommers))?;
    demand("transactions root", header.transactions_root, calculate_transaction_root(&body.transactions))?;
    demand_presence("list of withdrawals", &body.withdrawals, header.withdrawals_root.is_some())?;
    if let (Some(root), Some(withdrawals)) = (header.withdrawals_root, &body.withdrawals) {
        demand("withdrawals root", root, calculate_withdrawals_root(withdrawals))?;
    }
    let blob_gas = body.transactions.iter().filter_map(|transaction| transaction.blob_gas_used()).sum();
    demand("blob gas used", header.blob_gas_used.unwrap_or_default(), blob_gas)
}

/// The senders of the transactions of block `number`.
pub(super) fn recover(
    spec: &ChainSpec,
    number: u64,
    transactions: Vec<TxEnvelope>,
) -> Result<Vec<Transaction>, Invalid> {
    let recover = |(index, transaction): (usize, TxEnvelope)| {
        let invalid = |reason: String| Invalid::Transaction { index, reason };
        check_signature(spec, number, &transaction).map_err(invalid)?;
        let sender = transaction.recover_signer_unchecked().map_err(|_| invalid("its signature is invalid".into()))?;
        Ok(Recovered::new_unchecked(transaction, sender))
    };
    transactions.into_iter().enumerate().map(recover).collect()
}

fn check_signature(spec: &ChainSpec, number: u64, transaction: &TxEnvelope) -> Result<(), String> {
    if transaction.is_eip4844() && transaction.as_eip4844().is_some_and(|signed| signed.tx().sidecar().is_some()) {
        return Err("it carries its blobs, which are no part of a block".to_owned());
    }
    if let Some(chain_id) = transaction.chain_id() {
        if !spec.is_eip155_active(number) {
            return Err(NAMES_CHAIN.to_owned());
        }
        if chain_id != spec.chain_id {
            return Err(format!("it is for chain {chain_id}, and this is {}", spec.chain_id));
        }
    }
    let half = U256::from_be_bytes(alloy::primitives::hex!(
        "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"
    ));
    if spec.is_homestead_active_at_block(number) && transaction.signature().s() > half {
        return Err("its signature's s is in the upper half, which EIP-2 ended".to_owned());
    }
    Ok(())
}
