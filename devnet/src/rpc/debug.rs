//! Traces: what a transaction or a call did, step by step.

use std::sync::Arc;

use alloy::{
    eips::BlockId,
    primitives::TxHash,
    rpc::types::{
        TransactionRequest,
        trace::geth::{GethDebugTracingCallOptions, GethDebugTracingOptions},
    },
};
use alloy_evm::{EthEvmFactory, Evm, EvmEnv, EvmFactory, FromRecoveredTx};
use revm::context::TxEnv;
use revm_inspectors::tracing::{DebugInspector, TransactionContext};
use serde_json::value::RawValue;

use super::{
    Call,
    accounts::no_state,
    error::{RpcError, RpcResult},
    json, simulate,
};
use crate::{
    chain::{Block, replay},
    state::StateDatabase,
};

/// A transaction of a block and what it ran in.
pub(super) struct Mined {
    pub(super) block: Arc<Block>,
    pub(super) index: usize,
    pub(super) env: EvmEnv,
    pub(super) tx: TxEnv,
    pub(super) database: StateDatabase,
}

impl Call<'_> {
    /// All that it takes to run a transaction of a block again.
    pub(super) fn rerun(&self, hash: TxHash) -> RpcResult<Mined> {
        let (spec, env, hashes, before, block, index) = {
            let chain = self.devnet.chain();
            let (block, index) = chain.transaction(&hash).ok_or_else(|| RpcError::failed("transaction not found"))?;
            let mut env = chain.environment(&block);
            // Some transaction before may have come from an impersonated contract.
            env.cfg_env.disable_eip3607 = true;
            let before = chain.state_before(&block).ok_or_else(no_state)?;
            (chain.spec.clone(), env, chain.hashes_before(&block), before, block, index)
        };
        let transaction = block.transactions.get(index).ok_or_else(|| RpcError::failed("transaction not found"))?;
        let database = replay(&spec, &block, before, env.clone(), hashes, index)?;
        let tx = TxEnv::from_recovered_tx(transaction.inner(), transaction.signer());
        Ok(Mined { block, index, env, tx, database })
    }

    pub(super) fn trace_transaction(&self) -> RpcResult<Box<RawValue>> {
        let hash = self.params.required::<TxHash>(0)?;
        let options = self.params.optional::<GethDebugTracingOptions>(1)?.unwrap_or_default();
        let Mined { block, index, env, tx, database } = self.rerun(hash)?;
        let info = TransactionContext { block_hash: Some(block.hash()), tx_index: Some(index), tx_hash: Some(hash) };
        trace(database, env, tx, options, Some(info))
    }

    pub(super) fn trace_call(&self) -> RpcResult<Box<RawValue>> {
        let request = self.params.required::<TransactionRequest>(0)?;
        let id = self.params.optional::<BlockId>(1)?.unwrap_or_default();
        let options = self.params.optional::<GethDebugTracingCallOptions>(2)?.unwrap_or_default();
        let (env, mut database) = self.context(id, options.state_overrides, options.block_overrides)?;
        let (env, tx) = simulate::prepare(env, request, &mut database)?;
        trace(database, env, tx, options.tracing_options, None)
    }
}

fn trace(
    database: StateDatabase,
    env: EvmEnv,
    tx: TxEnv,
    options: GethDebugTracingOptions,
    info: Option<TransactionContext>,
) -> RpcResult<Box<RawValue>> {
    let mut inspector = DebugInspector::new(options).map_err(|error| RpcError::invalid_params(error.to_string()))?;
    let block_env = env.block_env.clone();
    let mut evm = EthEvmFactory::default().create_evm_with_inspector(database, env, &mut inspector);
    let outcome = evm.transact(tx.clone()).map_err(|error| simulate::refused(error, &tx))?;
    let mut database = evm.into_db();
    let trace = inspector.get_result(info, &tx, &block_env, &outcome, &mut database).map_err(RpcError::internal)?;
    json(trace)
}
