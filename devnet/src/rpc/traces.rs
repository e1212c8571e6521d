//! Traces as Parity gave them: `trace_*`.

use std::sync::Arc;

use alloy::{
    consensus::transaction::TransactionInfo,
    eips::BlockId,
    primitives::{TxHash, map::HashSet},
    rpc::types::{
        TransactionRequest,
        state::StateOverride,
        trace::{
            filter::TraceFilter,
            parity::{LocalizedTransactionTrace, TraceResults, TraceType},
        },
    },
};
use alloy_evm::{EthEvmFactory, Evm, EvmFactory, FromRecoveredTx};
use revm::{DatabaseCommit, context::TxEnv};
use revm_inspectors::tracing::{TracingInspector, TracingInspectorConfig};

use super::{
    Call,
    accounts::no_state,
    error::{RpcError, RpcResult},
    simulate,
};
use crate::chain::{Block, replay};

/// How many blocks `trace_filter` walks at most, as reth.
const LONGEST_FILTER: u64 = 100;

impl Call<'_> {
    /// What a transaction did, call by call; null if there is none.
    pub(super) fn parity_transaction(&self) -> RpcResult<Option<Vec<LocalizedTransactionTrace>>> {
        let hash = self.params.required::<TxHash>(0)?;
        let found = self.devnet.chain().transaction(&hash);
        let Some((block, index)) = found else { return Ok(None) };
        self.traces(&block, Some(index)).map(Some)
    }

    pub(super) fn parity_block(&self) -> RpcResult<Option<Vec<LocalizedTransactionTrace>>> {
        let Some(block) = self.find_block(self.params.required::<BlockId>(0)?)? else { return Ok(None) };
        self.traces(&block, None).map(Some)
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
            for trace in self.traces(&block, None)? {
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
        let types = self.params.required::<HashSet<TraceType>>(1)?;
        let id = self.params.optional::<BlockId>(2)?.unwrap_or_default();
        let (env, mut database) = self.context(id, self.params.optional::<StateOverride>(3)?, None)?;
        let (env, tx) = simulate::prepare(env, request, &mut database)?;
        let mut inspector = TracingInspector::new(TracingInspectorConfig::from_parity_config(&types));
        let mut evm = EthEvmFactory::default().create_evm_with_inspector(database, env, &mut inspector);
        let outcome = evm.transact(tx.clone()).map_err(|error| simulate::refused(error, &tx))?;
        let database = evm.into_db();
        let builder = inspector.with_transaction_gas_used(outcome.result.tx_gas_used()).into_parity_builder();
        builder.into_trace_results_with_state(&outcome, &types, &database).map_err(RpcError::internal)
    }

    /// Traces of the transaction at `only`, or of all, of a block.
    fn traces(&self, block: &Arc<Block>, only: Option<usize>) -> RpcResult<Vec<LocalizedTransactionTrace>> {
        if block.transactions.is_empty() {
            return Ok(Vec::new());
        }
        let (spec, mut env, hashes, before) = {
            let chain = self.devnet.chain();
            let before = chain.state_before(block).ok_or_else(no_state)?;
            (chain.spec.clone(), chain.environment(block), chain.hashes_before(block), before)
        };
        // Some transaction may have come from an impersonated contract.
        env.cfg_env.disable_eip3607 = true;
        let first = only.unwrap_or(0);
        let mut database = replay(&spec, block, before, env.clone(), hashes, first)?;
        let mut traces = Vec::new();
        let wanted = only.map_or(block.transactions.len(), |_| 1);
        for (index, transaction) in block.transactions.iter().enumerate().skip(first).take(wanted) {
            let mut inspector = TracingInspector::new(TracingInspectorConfig::default_parity());
            let mut evm = EthEvmFactory::default().create_evm_with_inspector(database, env.clone(), &mut inspector);
            let tx = TxEnv::from_recovered_tx(transaction.inner(), transaction.signer());
            let outcome = evm.transact(tx.clone()).map_err(|error| simulate::refused(error, &tx))?;
            database = evm.into_db();
            let info = TransactionInfo {
                hash: Some(*transaction.tx_hash()),
                index: Some(index as u64),
                block_hash: Some(block.hash()),
                block_number: Some(block.number()),
                ..Default::default()
            };
            let builder = inspector.with_transaction_gas_used(outcome.result.tx_gas_used()).into_parity_builder();
            traces.extend(builder.into_localized_transaction_traces_iter(info));
            database.commit(outcome.state);
        }
        Ok(traces)
    }
}
