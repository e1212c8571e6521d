//! Telling a job's target how it ended. There is always gas enough.

use alloy::primitives::{Address, B256, keccak256};
use infera_contracts::IJobRegistry::{self, Terms, retryCallbackCall};
use infera_protocol::commitment::reveal_hash;

use super::{
    Model,
    job::{CallbackStatus, Phase},
    outcome::{Result, ensure},
};

impl Model {
    /// The job says `Delivered` already.
    pub(super) fn call_back(&mut self, id: B256, terms: &Terms) {
        let target = terms.callbackTarget;
        // Without code nothing was delivered.
        let success = self.codes.get(&target).copied().is_some_and(|code| code.accepts(terms.callbackGas));
        if !success {
            self.job_mut(id).callback = CallbackStatus::Failed;
        }
        self.emit_job(IJobRegistry::CallbackExecuted { jobId: id, target, success });
    }

    pub(super) fn retry_callback(&mut self, call: &retryCallbackCall) -> Result<()> {
        let id = self.id_of(&call.terms);
        let job = self.job(id);
        ensure(job.callback == CallbackStatus::Failed, || IJobRegistry::CallbackNotFailed { jobId: id })?;
        if job.phase != Phase::Refunded {
            let answer = reveal_hash(keccak256(&call.result), call.vectorHash);
            let is_result = job.seats[usize::from(job.ending)] == answer;
            ensure(is_result, || IJobRegistry::ResultMismatch { jobId: id })?;
        }
        self.job_mut(id).callback = CallbackStatus::Delivered;
        self.call_back(id, &call.terms);
        Ok(())
    }

    /// Whether a plain payment to an account succeeds.
    pub(super) fn takes_money(&self, account: Address) -> bool {
        self.codes.get(&account).copied().is_none_or(|code| code.accepts(u32::MAX))
    }
}
