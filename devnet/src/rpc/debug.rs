//! Traces in geth's formats: what a transaction, a call or a block did, step by step.

use std::sync::Arc;

use alloy::{
    consensus::{Block as ConsensusBlock, TxEnvelope},
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Bytes, keccak256},
    rlp::Decodable,
    rpc::types::{
        TransactionRequest,
        trace::{
            common::TraceResult,
            geth::{
                GethDebugTracerConfig, GethDebugTracerType, GethDebugTracingCallOptions, GethDebugTracingOptions,
                GethTrace,
            },
        },
    },
};
use alloy_evm::EvmEnv;
use revm::context::TxEnv;
use revm_inspectors::tracing::{DebugInspector, DebugInspectorError, TransactionContext};
use serde_json::{Map, Value};

use super::{
    Call,
    error::{RpcError, RpcResult},
    rerun::{Outcome, Rerun, run},
    simulate,
};
use crate::{chain::Block, state::StateDatabase};

/// The most steps of a trace for which no limit was given: they take a gigabyte or two.
const MOST_STEPS: u64 = 3_000_000;

/// The trace of one transaction of a block.
type TraceInBlock = TraceResult<GethTrace, String>;

impl Call<'_> {
    pub(super) fn trace_transaction(&self) -> RpcResult<GethTrace> {
        let hash = self.params.hash(0)?;
        let options = self.params.optional::<GethDebugTracingOptions>(1)?.unwrap_or_default();
        let mut rerun = self.rerun(hash)?;
        let (tx, place) = rerun.prepared().ok_or_else(|| RpcError::failed("transaction not found"))?;
        Ok(trace(&mut rerun.database, &rerun.env, &tx, &mut inspector(options)?, Some(place))?.0)
    }

    pub(super) fn trace_call(&self) -> RpcResult<GethTrace> {
        let request = self.params.required::<TransactionRequest>(0)?;
        let id = self.params.block_or_latest(1)?;
        if self.find_block(id)?.is_none() {
            return Err(not_found(id));
        }
        let options = self.params.optional::<GethDebugTracingCallOptions>(2)?.unwrap_or_default();
        let (env, mut database) = self.context(id, options.state_overrides, options.block_overrides)?;
        let (env, tx) = simulate::prepare(env, request, &mut database)?;
        Ok(trace(&mut database, &env, &tx, &mut inspector(options.tracing_options)?, None)?.0)
    }

    pub(super) fn trace_block_by_number(&self) -> RpcResult<Vec<TraceInBlock>> {
        let id = self.params.block_number(0)?.into();
        self.trace_block(self.find_block(id)?.ok_or_else(|| not_found(id))?)
    }

    pub(super) fn trace_block_by_hash(&self) -> RpcResult<Vec<TraceInBlock>> {
        let id = self.params.hash(0)?.into();
        self.trace_block(self.find_block(id)?.ok_or_else(|| not_found(id))?)
    }

    /// `debug_traceBlock`: the block comes as RLP, and must be one of the chain's.
    pub(super) fn trace_encoded_block(&self) -> RpcResult<Vec<TraceInBlock>> {
        let encoded = self.params.required::<Bytes>(0)?;
        let decoded = ConsensusBlock::<TxEnvelope>::decode(&mut encoded.as_ref())
            .map_err(|error| RpcError::failed(format!("could not decode block: rlp: {error}")))?;
        let id = decoded.header.hash_slow().into();
        self.trace_block(self.find_block(id)?.ok_or_else(|| not_found(id))?)
    }

    /// Traces all transactions of `block`, each on what those before it left.
    fn trace_block(&self, block: Arc<Block>) -> RpcResult<Vec<TraceInBlock>> {
        if block.number() == self.devnet.chain().first_number() {
            return Err(RpcError::failed("genesis is not traceable"));
        }
        let options = self.params.optional::<GethDebugTracingOptions>(1)?.unwrap_or_default();
        let mut inspector = inspector(options)?;
        let mut rerun = Rerun::new(self.devnet.chain(), block, 0)?;
        let mut traces = Vec::new();
        while let Some((tx, place)) = rerun.prepared() {
            let hash = place.tx_hash;
            let (trace, outcome) = trace(&mut rerun.database, &rerun.env, &tx, &mut inspector, Some(place))?;
            traces.push(TraceResult::new_success(trace, hash));
            rerun.advance(outcome);
            inspector.fuse().map_err(RpcError::internal)?;
        }
        Ok(traces)
    }

    /// The code that hashes to the first parameter, if an account has it in the head's state.
    pub(super) fn code_by_hash(&self) -> RpcResult<Option<Bytes>> {
        let hash = self.params.hash(0)?;
        if hash == keccak256([]) {
            return Ok(Some(Bytes::new()));
        }
        let state = self.state_at(1)?;
        let code = state.accounts().find(|account| account.code_hash == hash).map(|account| account.code());
        Ok(code)
    }
}

/// geth's words for a block that is to be traced and isn't there.
fn not_found(id: BlockId) -> RpcError {
    let name = match id {
        BlockId::Hash(hash) => hash.block_hash.to_string(),
        BlockId::Number(BlockNumberOrTag::Number(number)) => format!("#{number}"),
        BlockId::Number(tag) => tag.to_string(),
    };
    RpcError::failed(format!("block {name} not found"))
}

/// What geth calls a tracer. Those in JavaScript are not built in.
fn inspector(mut options: GethDebugTracingOptions) -> RpcResult<DebugInspector> {
    if options.config.limit.is_none_or(|limit| limit == 0) {
        options.config.limit = Some(MOST_STEPS + 1);
    }
    let is_mux = |name: &GethDebugTracerType| name.as_str() == "muxTracer";
    if options.tracer.as_ref().is_some_and(is_mux) {
        options.tracer_config = GethDebugTracerConfig(of_each_tracer(options.tracer_config.0));
    }
    DebugInspector::new(options).map_err(|error| match error {
        DebugInspectorError::JsTracerNotEnabled => {
            RpcError::failed("no such tracer is built in; tracers in JavaScript are not supported")
        }
        error => RpcError::failed(error.to_string()),
    })
}

/// To geth, no configuration and an empty one are the same for all tracers beneath a `muxTracer`.
fn of_each_tracer(mut config: Value) -> Value {
    for (name, config) in config.as_object_mut().into_iter().flatten() {
        let takes_none = matches!(name.as_str(), "4byteTracer" | "noopTracer" | "stateGasTracer");
        let is_empty = config.is_null() || config.as_object().is_some_and(Map::is_empty);
        if is_empty {
            *config = if takes_none { Value::Null } else { Value::Object(Map::new()) };
        }
    }
    config
}

fn trace(
    database: &mut StateDatabase,
    env: &EvmEnv,
    tx: &TxEnv,
    inspector: &mut DebugInspector,
    place: Option<TransactionContext>,
) -> RpcResult<(GethTrace, Outcome)> {
    let outcome = run(database, env, tx, &mut *inspector)?;
    let trace = inspector.get_result(place, tx, &env.block_env, &outcome, database).map_err(RpcError::internal)?;
    if let GethTrace::Default(frame) = &trace
        && u64::try_from(frame.struct_logs.len()).is_ok_and(|steps| steps == MOST_STEPS + 1)
    {
        let message = format!("the trace has more than {MOST_STEPS} steps: give a limit, or less gas");
        return Err(RpcError::failed(message));
    }
    Ok((trace, outcome))
}
