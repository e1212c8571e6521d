//! Fees: what is asked now and what was paid.

use alloy::{
    consensus::Transaction as _,
    eips::BlockId,
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

/// geth's limit on the percentiles of a block.
const MOST_PERCENTILES: usize = 100;

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
        let newest = self.params.block_number(1)?;
        let percentiles = self.params.optional::<Vec<f64>>(2)?;
        let percentiles = percentiles.filter(|percentiles| !percentiles.is_empty());
        if let Some(percentiles) = &percentiles {
            check_percentiles(percentiles)?;
        }
        let chain = self.devnet.chain();
        // A pending block is not history: it counts as the head.
        let newest = match chain.resolve(newest) {
            None => chain.head().clone(),
            Some(number) => {
                let head = chain.head().number();
                let beyond = || format!("request beyond head block: requested {number}, head {head}");
                chain.block(BlockId::number(number)).ok_or_else(|| RpcError::failed(beyond()))?
            }
        };
        if count == 0 {
            return Ok(FeeHistory::default());
        }
        let first = chain.first_number();
        let oldest = (newest.number() + 1).saturating_sub(count).max(first);

        let mut history = FeeHistory { oldest_block: oldest, ..Default::default() };
        let mut rewards = Vec::new();
        for number in oldest..=newest.number() {
            let Some(block) = chain.block_by_number(number) else { continue };
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
        let child = match chain.block_by_number(newest.number() + 1) {
            Some(child) => child.base_fee(),
            None => chain.next_base_fee(),
        };
        history.base_fee_per_gas.push(child.into());
        if let Some(params) = chain.spec.blob_params(newest.timestamp()) {
            let fee = newest.header().next_block_blob_fee(params).unwrap_or_default();
            history.base_fee_per_blob_gas.push(fee);
        }
        history.reward = percentiles.is_some().then_some(rewards);
        Ok(history)
    }
}

fn check_percentiles(percentiles: &[f64]) -> RpcResult<()> {
    if percentiles.len() > MOST_PERCENTILES {
        return Err(RpcError::failed(format!("over the query limit {MOST_PERCENTILES}")));
    }
    let mut last = None;
    for (index, percentile) in percentiles.iter().copied().enumerate() {
        if !(0.0..=100.0).contains(&percentile) {
            return Err(RpcError::failed(format!("invalid reward percentile: {percentile:.6}")));
        }
        if let Some(last) = last.filter(|last| *last > percentile) {
            let before = index - 1;
            let message = format!("invalid reward percentile: #{before}:{last:.6} >= #{index}:{percentile:.6}");
            return Err(RpcError::failed(message));
        }
        last = Some(percentile);
    }
    Ok(())
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
