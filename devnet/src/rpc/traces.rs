//! Traces as Parity gave them: `trace_*`.

use std::sync::Arc;

use alloy::{
    consensus::{Header, transaction::TransactionInfo},
    eips::BlockNumHash,
    primitives::{Bytes, U64, U256, map::HashSet},
    rpc::types::{
        TransactionRequest,
        state::StateOverride,
        trace::{
            filter::TraceFilter,
            parity::{
                LocalizedTransactionTrace, RewardAction, RewardType, TraceResults, TraceResultsWithTransactionHash,
                TraceType,
            },
        },
    },
};
use alloy_evm::{
    EvmEnv, FromRecoveredTx,
    block::calc::{base_block_reward, block_reward, ommer_reward},
};
use revm::{DatabaseCommit, context::TxEnv};
use revm_inspectors::tracing::{TracingInspector, TracingInspectorConfig};

use super::{
    Call,
    error::{RpcError, RpcResult},
    rerun::{Outcome, Rerun, run},
    send, simulate,
};
use crate::{chain::Block, state::StateDatabase};

/// How many blocks `trace_filter` walks at most, as reth.
const LONGEST_FILTER: u64 = 100;

/// What a trace is to tell: calls, steps or changes.
type TraceTypes = HashSet<TraceType>;

impl Call<'_> {
    /// What a transaction did, call by call; null if there is none.
    pub(super) fn parity_transaction(&self) -> RpcResult<Option<Vec<LocalizedTransactionTrace>>> {
        let hash = self.params.hash(0)?;
        let found = self.devnet.chain().transaction(&hash);
        let Some((block, index)) = found else { return Ok(None) };
        self.traces(&block, Some(index)).map(Some)
    }

    /// One call of a transaction, by its place in the tree of calls.
    pub(super) fn parity_get(&self) -> RpcResult<Option<LocalizedTransactionTrace>> {
        let place: Vec<usize> = self.params.required::<Vec<U64>>(1)?.iter().map(U64::saturating_to).collect();
        let traces = self.parity_transaction()?.unwrap_or_default();
        Ok(traces.into_iter().find(|trace| trace.trace.trace_address == place))
    }

    pub(super) fn parity_block(&self) -> RpcResult<Option<Vec<LocalizedTransactionTrace>>> {
        let Some(block) = self.find_block(self.params.block(0)?)? else { return Ok(None) };
        self.traces_and_rewards(&block).map(Some)
    }

    /// Traces of a block, and of what it made for its beneficiary and for those of its uncles.
    fn traces_and_rewards(&self, block: &Arc<Block>) -> RpcResult<Vec<LocalizedTransactionTrace>> {
        let mut traces = self.traces(block, None)?;
        let place = BlockNumHash::new(block.number(), block.hash());
        traces.extend(self.rewards(block).into_iter().map(|reward| reward.into_localized_trace(place)));
        Ok(traces)
    }

    /// What a block of proof of work makes: the beneficiary's reward, then those of its uncles.
    pub(super) fn rewards(&self, block: &Block) -> Vec<RewardAction> {
        let chain = self.devnet.chain();
        let (number, is_first) = (block.number(), block.number() == chain.first_number());
        let Some(base) = base_block_reward(&chain.spec, number).filter(|_| !is_first) else { return Vec::new() };
        let reward = |author, reward_type, value: u128| RewardAction { author, reward_type, value: U256::from(value) };
        let own = reward(block.header().beneficiary, RewardType::Block, block_reward(base, block.ommers.len()));
        // A loaded chain may have others, which nobody was paid for.
        let is_near =
            |ommer: &&Header| number.checked_sub(ommer.number).is_some_and(|behind| (1..=6).contains(&behind));
        let of_uncles = block
            .ommers
            .iter()
            .filter(is_near)
            .map(|ommer| reward(ommer.beneficiary, RewardType::Uncle, ommer_reward(base, number, ommer.number)));
        std::iter::once(own).chain(of_uncles).collect()
    }

    /// Traces from or to some addresses, over a hundred blocks at most.
    pub(super) fn parity_filter(&self) -> RpcResult<Vec<LocalizedTransactionTrace>> {
        let filter = self.params.required::<TraceFilter>(0)?;
        let (first, head) = {
            let chain = self.devnet.chain();
            (chain.first_number(), chain.head().number())
        };
        let from = filter.from_block.unwrap_or(first).max(first);
        let to = filter.to_block.unwrap_or(head).min(head);
        if filter.to_block.is_some_and(|to| to < from) {
            return Err(RpcError::invalid_params("invalid parameters: fromBlock cannot be greater than toBlock"));
        }
        if to.saturating_sub(from) >= LONGEST_FILTER {
            let message = format!("block range greater than {LONGEST_FILTER} blocks is not supported");
            return Err(RpcError::invalid_params(message));
        }
        let matcher = filter.matcher();
        let mut skip = usize::try_from(filter.after.unwrap_or_default()).unwrap_or(usize::MAX);
        let most = filter.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
        let mut matching = Vec::new();
        for number in from..=to {
            let Some(block) = self.find_block(number.into())? else { break };
            for trace in self.traces_and_rewards(&block)? {
                if matching.len() == most {
                    return Ok(matching);
                }
                if !matcher.matches(&trace.trace) {
                    continue;
                }
                if skip > 0 {
                    skip -= 1;
                } else {
                    matching.push(trace);
                }
            }
        }
        Ok(matching)
    }

    /// What a call would do: its calls, its steps or what it changes, as asked for.
    pub(super) fn parity_call(&self) -> RpcResult<TraceResults> {
        let request = self.params.required::<TransactionRequest>(0)?;
        let types = self.params.required::<TraceTypes>(1)?;
        let id = self.params.block_or_latest(2)?;
        let (env, mut database) = self.context(id, self.params.optional::<StateOverride>(3)?, None)?;
        let (env, tx) = simulate::prepare(env, request, &mut database)?;
        Ok(results(&mut database, &env, &tx, &types)?.0)
    }

    /// What calls would do, each on what those before it left.
    pub(super) fn parity_call_many(&self) -> RpcResult<Vec<TraceResults>> {
        let calls = self.params.required::<Vec<(TransactionRequest, TraceTypes)>>(0)?;
        let id = self.params.block_or_latest(1)?;
        let (env, mut database) = self.context(id, None, None)?;
        let mut all = Vec::with_capacity(calls.len());
        for (request, types) in calls {
            let (env, tx) = simulate::prepare(env.clone(), request, &mut database)?;
            let (results, outcome) = results(&mut database, &env, &tx, &types)?;
            database.commit(outcome.state);
            all.push(results);
        }
        Ok(all)
    }

    /// What a signed transaction would do. It is not sent.
    pub(super) fn parity_raw_transaction(&self) -> RpcResult<TraceResults> {
        let transaction = send::decode(&self.params.required::<Bytes>(0)?)?;
        let types = self.params.required::<TraceTypes>(1)?;
        let id = self.params.block_or_latest(2)?;
        let (env, mut database) = self.context(id, None, None)?;
        let tx = TxEnv::from_recovered_tx(transaction.inner(), transaction.signer());
        Ok(results(&mut database, &env, &tx, &types)?.0)
    }

    /// A transaction of the chain, run again.
    pub(super) fn parity_replay_transaction(&self) -> RpcResult<TraceResults> {
        let mut rerun = self.rerun(self.params.hash(0)?)?;
        let types = self.params.required::<TraceTypes>(1)?;
        let (tx, _) = rerun.prepared().ok_or_else(|| RpcError::failed("transaction not found"))?;
        Ok(results(&mut rerun.database, &rerun.env, &tx, &types)?.0)
    }

    /// All transactions of a block, run again; null if there is none.
    pub(super) fn parity_replay_block(&self) -> RpcResult<Option<Vec<TraceResultsWithTransactionHash>>> {
        let Some(block) = self.find_block(self.params.block(0)?)? else { return Ok(None) };
        let types = self.params.required::<TraceTypes>(1)?;
        if block.transactions.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let mut rerun = Rerun::new(self.devnet.chain(), block, 0)?;
        let mut all = Vec::new();
        while let Some((tx, place)) = rerun.prepared() {
            let (full_trace, outcome) = results(&mut rerun.database, &rerun.env, &tx, &types)?;
            let transaction_hash = place.tx_hash.unwrap_or_default();
            all.push(TraceResultsWithTransactionHash { full_trace, transaction_hash });
            rerun.advance(outcome);
        }
        Ok(Some(all))
    }

    /// Traces of the transaction at `only`, or of all, of a block.
    pub(super) fn traces(&self, block: &Arc<Block>, only: Option<usize>) -> RpcResult<Vec<LocalizedTransactionTrace>> {
        if block.transactions.is_empty() {
            return Ok(Vec::new());
        }
        let mut rerun = Rerun::new(self.devnet.chain(), block.clone(), only.unwrap_or(0))?;
        let mut traces = Vec::new();
        while let Some((tx, place)) = rerun.prepared() {
            let mut inspector = TracingInspector::new(TracingInspectorConfig::default_parity());
            let outcome = rerun.run(&tx, &mut inspector)?;
            let info = TransactionInfo {
                hash: place.tx_hash,
                index: place.tx_index.map(|index| index as u64),
                block_hash: place.block_hash,
                block_number: Some(block.number()),
                ..Default::default()
            };
            let builder = inspector.with_transaction_gas_used(outcome.result.tx_gas_used()).into_parity_builder();
            traces.extend(builder.into_localized_transaction_traces_iter(info));
            if only.is_some() {
                break;
            }
            rerun.advance(outcome);
        }
        Ok(traces)
    }
}

fn results(
    database: &mut StateDatabase,
    env: &EvmEnv,
    tx: &TxEnv,
    types: &TraceTypes,
) -> RpcResult<(TraceResults, Outcome)> {
    let mut inspector = TracingInspector::new(TracingInspectorConfig::from_parity_config(types));
    let outcome = run(database, env, tx, &mut inspector)?;
    let builder = inspector.with_transaction_gas_used(outcome.result.tx_gas_used()).into_parity_builder();
    let results = builder.into_trace_results_with_state(&outcome, types, &*database).map_err(RpcError::internal)?;
    Ok((results, outcome))
}
