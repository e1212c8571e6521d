//! Hardhat's habit: a send whose transaction reverted answers with an error, in Hardhat's words.

use alloy::{
    primitives::{Bytes, TxHash, hex},
    sol_types::{Panic, Revert, SolError},
};
use revm::{
    context_interface::result::{ExecutionResult, HaltReason},
    inspector::NoOpInspector,
};
use serde_json::{json, value::to_raw_value};

use super::{
    Call,
    error::{RpcError, RpcResult},
};

impl Call<'_> {
    /// The hash of a transaction that waits or succeeded; the error of one that did not.
    pub(super) fn succeeded(&self, hash: TxHash) -> RpcResult<TxHash> {
        let failed = {
            let chain = self.devnet.chain();
            let found = chain.transaction(&hash);
            found.is_some_and(|(block, index)| block.receipts.get(index).is_some_and(|receipt| !receipt.status()))
        };
        if !failed {
            return Ok(hash);
        }
        let mut rerun = self.rerun(hash)?;
        let Some((tx, _)) = rerun.prepared() else { return Ok(hash) };
        let (message, output) = match rerun.run(&tx, NoOpInspector)?.result {
            // It did not when it was mined.
            ExecutionResult::Success { .. } => return Ok(hash),
            ExecutionResult::Revert { output, .. } => (reverted(&output), output),
            ExecutionResult::Halt { reason, .. } => (halted(&reason), Bytes::new()),
        };
        let mut error = RpcError::internal(&message);
        let data = json!({"message": message, "txHash": hash, "data": output});
        error.0.data = to_raw_value(&data).ok();
        Err(error)
    }
}

fn reverted(output: &[u8]) -> String {
    const EXCEPTION: &str = "VM Exception while processing transaction: reverted with";
    if output.is_empty() {
        return "Transaction reverted without a reason string".to_owned();
    }
    if let Ok(Revert { reason }) = Revert::abi_decode(output) {
        return format!("{EXCEPTION} reason string '{reason}'");
    }
    match Panic::abi_decode(output) {
        Ok(Panic { code }) => format!("{EXCEPTION} panic code {code:#x}"),
        Err(_) => {
            format!("{EXCEPTION} an unrecognized custom error (return data: {})", hex::encode_prefixed(output))
        }
    }
}

fn halted(reason: &HaltReason) -> String {
    match reason {
        HaltReason::OutOfGas(_) => "Transaction ran out of gas".to_owned(),
        HaltReason::OpcodeNotFound | HaltReason::InvalidFEOpcode | HaltReason::NotActivated => {
            "VM Exception while processing transaction: invalid opcode".to_owned()
        }
        _ => "Transaction reverted without a reason string".to_owned(),
    }
}
