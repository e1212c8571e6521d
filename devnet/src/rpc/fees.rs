//! Fees: what is asked now and what was paid.

use alloy::{
    consensus::Transaction as _,
    eips::{BlockId, BlockNumberOrTag},
    primitives::{U64, U256},
    rpc::types::FeeHistory,
};

use super::{
    Call,
    error::{RpcError, RpcResult},
};
use crate::chain::Block;

/// The tip we suggest, in wei per gas: anvil's.
pub(crate) const SUGGESTED_TIP: u128 = 1_000_000_000;

/// geth's limit on `eth_feeHistory`.
const LONGEST_HISTORY: u64 = 1024;

impl Call<'_> {
    pub(super) fn gas_price(&self) -> U256 {
        U256::from(self.devnet.suggested_gas_price())
    }

    pub(super) fn priority_fee(&self) -> U256 {
        U256::from(SUGGESTED_TIP)
    }

    pub(super) fn blob_base_fee(&self) -> U256 {
        let blobs = self.devnet.chain().next_environment().block_env.blob_excess_gas_and_price;
        U256::from(blobs.map_or(0, |blobs| blobs.blob_gasprice))
    }

    pub(super) fn fee_history(&self) -> RpcResult<FeeHistory> {
        let count = self.params.required::<U64>(0)?.to::<u64>().min(LONGEST_HISTORY);
        let newest = self.params.required::<BlockNumberOrTag>(1)?;
        let percentiles = self.params.optional::<Vec<f64>>(2)?;
        if let Some(percentiles) = &percentiles {
            check_percentiles(percentiles)?;
        }
        let chain = self.devnet.chain();
        // A pending block is not history: it counts as the head.
        let newest = match chain.resolve(newest) {
            None => chain.head().clone(),
            Some(number) => {
                chain.block(BlockId::number(number)).ok_or_else(|| RpcError::failed("request beyond head block"))?
            }
        };
        let first = chain.first_number();
        let oldest = (newest.number() + 1).saturating_sub(count).max(first);

        let mut history = FeeHistory { oldest_block: oldest, ..Default::default() };
        let mut rewards = Vec::new();
        for number in oldest..=newest.number() {
            let Some(block) = chain.block_by_number(number).filter(|_| count > 0) else { continue };
            let header = block.header();
            history.base_fee_per_gas.push(block.base_fee().into());
            history.gas_used_ratio.push(ratio(header.gas_used, header.gas_limit));
            if let Some(params) = chain.spec.blob_params(block.timestamp()) {
                let excess = header.excess_blob_gas.unwrap_or_default();
                history.base_fee_per_blob_gas.push(params.calc_blob_fee(excess));
                let used = header.blob_gas_used.unwrap_or_default();
                history.blob_gas_used_ratio.push(ratio(used, params.max_blob_gas_per_block()));
            }
            rewards.push(percentiles.as_deref().map_or_else(Vec::new, |percentiles| tips(&block, percentiles)));
        }
        if count > 0 {
            let child = match chain.block_by_number(newest.number() + 1) {
                Some(child) => child.base_fee(),
                None => chain.next_base_fee(),
            };
            history.base_fee_per_gas.push(child.into());
            if let Some(params) = chain.spec.blob_params(newest.timestamp()) {
                let fee = newest.header().next_block_blob_fee(params).unwrap_or_default();
                history.base_fee_per_blob_gas.push(fee);
            }
        }
        history.reward = percentiles.is_some().then_some(rewards);
        Ok(history)
    }
}

fn check_percentiles(percentiles: &[f64]) -> RpcResult<()> {
    let sorted = percentiles.is_sorted();
    if sorted && percentiles.iter().all(|percentile| (0.0..=100.0).contains(percentile)) {
        return Ok(());
    }
    Err(RpcError::failed("invalid reward percentile: must lie between 0 and 100, in ascending order"))
}

/// For people to look at: nothing is computed from it.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The tips, in wei per gas, that these percentages of the block's gas paid at most.
fn tips(block: &Block, percentiles: &[f64]) -> Vec<u128> {
    let base_fee = block.base_fee();
    let mut paid: Vec<(u128, u64)> = block
        .transactions
        .iter()
        .enumerate()
        .map(|(index, tx)| (tx.effective_tip_per_gas(base_fee).unwrap_or_default(), block.gas_used(index)))
        .collect();
    paid.sort_unstable();
    percentiles
        .iter()
        .map(|percentile| {
            let threshold = (block.header().gas_used as f64 * percentile / 100.0) as u64;
            let mut gas = 0;
            let reached = paid.iter().find(|(_, used)| {
                gas += used;
                gas >= threshold
            });
            reached.map_or(0, |(tip, _)| *tip)
        })
        .collect()
}
