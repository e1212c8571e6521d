//! How a job ends: who is paid what out of its escrow, and how its target is told.

use alloy::primitives::{Address, B256, U256, keccak256};
use infera_contracts::ISingleJobRegistry::{self, Record, SingleTerms, finalizeCall, retryCallbackCall};
use infera_protocol::commitment::reveal_hash;

use super::{
    super::{
        Model,
        arithmetic::{basis_points, basis_points_up},
        config::Mutation,
        job::{CallbackStatus, RefundReason},
        outcome::{Result, ensure},
        reputation::SeatOutcome,
        seats::Settlement,
    },
    SinglePhase,
    job::{escrow_left, stored},
    seat::unpaid,
};

/// Whether the result is still to be told when the job becomes final.
fn calls_back_at_end(record: &Record) -> bool {
    !record.callbackTarget.is_zero() && !record.provisionalCallback
}

fn is_result(record: &Record, result: &[u8], vector_hash: B256) -> bool {
    record.answerHash == reveal_hash(keccak256(result), vector_hash)
}

impl Model {
    /// What the view `verifyResult` gives.
    pub(crate) fn verifies(&self, id: B256, record: &Record, result: &[u8], vector_hash: B256) -> bool {
        let job = self.single(id);
        job.phase == SinglePhase::Final && job.record == stored(record) && is_result(record, result, vector_hash)
    }

    /// Whether an answered job's record is the one that was sent.
    pub(super) fn require_record(&self, id: B256, record: &Record) -> Result<()> {
        let job = self.single(id);
        ensure(job.is_answered() && job.record == stored(record), || ISingleJobRegistry::RecordMismatch { jobId: id })
    }

    pub(super) fn finalize(&mut self, from: Address, call: &finalizeCall) -> Result<()> {
        let (id, record) = (call.jobId, &call.record);
        self.require_record(id, record)?;
        if self.single(id).phase != SinglePhase::Acquitted {
            self.require_single_phase(id, SinglePhase::Provisional)?;
            self.require_after(id, record.windowEnd)?;
        }
        let told = !calls_back_at_end(record) || is_result(record, &call.result, call.vectorHash);
        ensure(told, || ISingleJobRegistry::ResultMismatch { jobId: id })?;
        self.finalise(from, id, record);
        Ok(())
    }

    /// Pays everyone for a right answer.
    pub(super) fn finalise(&mut self, from: Address, id: B256, record: &Record) {
        let calls_back = calls_back_at_end(record);
        let job = self.single_mut(id);
        job.phase = SinglePhase::Final;
        if calls_back {
            job.callback = CallbackStatus::Delivered;
        }
        let (fee, royalty_bps) = (record.fee, u128::from(self.config.royalty_bps));
        let protocol_fee = basis_points_up(fee, self.config.single.protocolFeeBps.into());
        let generous = self.is_mutated(Mutation::GenerousRoyalty);
        let royalties = if generous { basis_points_up } else { basis_points }(fee, royalty_bps);
        let reward = record.dispatchFee + if calls_back { record.callbackFee } else { 0 };
        let refund = record.balance.to::<u128>() - fee - reward;
        self.credit_single_and_tell(self.config.royalty_receiver, id, royalties);
        self.credit_single(from, reward);
        self.credit_single(record.refundTo, refund);
        let payment = fee - protocol_fee - royalties;
        let outcome = SeatOutcome::Success;
        let settlement = Settlement { executor: record.executorId, outcome, payment, protocol_fee };
        self.settle_single(id, from, fee, settlement);
        self.emit_single(ISingleJobRegistry::JobFinalised {
            jobId: id,
            caller: from,
            reward: U256::from(reward),
            refund: U256::from(refund),
        });
        if calls_back {
            self.call_back_single(id, record.callbackTarget, record.callbackGas);
        }
    }

    /// Refunds a job whose answer is false.
    pub(super) fn overturn(&mut self, from: Address, id: B256, record: &Record) {
        let wants_call = record.errorCallback || record.provisionalCallback;
        let calls_back = !record.callbackTarget.is_zero() && wants_call;
        let job = self.single_mut(id);
        (job.phase, job.callback) = (SinglePhase::Overturned, CallbackStatus::of(calls_back));
        let reward = record.dispatchFee + if calls_back { record.callbackFee } else { 0 };
        let refund = record.balance.to::<u128>() - reward;
        self.credit_single(from, reward);
        self.credit_single(record.refundTo, refund);
        self.settle_single(id, from, record.fee, unpaid(record.executorId, SeatOutcome::Neutral));
        self.emit_single(ISingleJobRegistry::JobOverturned {
            jobId: id,
            caller: from,
            reward: U256::from(reward),
            refund: U256::from(refund),
        });
        if calls_back {
            self.call_back_single(id, record.callbackTarget, record.callbackGas);
        }
    }

    /// Ends a job without an answer.
    pub(super) fn refund_single(&mut self, from: Address, id: B256, terms: &SingleTerms, reason: RefundReason) {
        let calls_back = terms.errorCallback && reason != RefundReason::Cancelled;
        let job = self.single_mut(id);
        (job.phase, job.reason) = (SinglePhase::Refunded, reason as u8);
        job.callback = CallbackStatus::of(calls_back);
        let reward = if calls_back { terms.callbackFee } else { 0 };
        let refund = escrow_left(terms, self.single(id).advances) - reward;
        self.credit_single(from, reward);
        self.credit_single(terms.refundTo, refund);
        self.emit_single(ISingleJobRegistry::JobRefunded {
            jobId: id,
            caller: from,
            reason: reason as u8,
            reward: U256::from(reward),
            refund: U256::from(refund),
        });
        if calls_back {
            self.call_back_single(id, terms.callbackTarget, terms.callbackGas);
        }
    }

    // ---------------------------------------------------------------- callbacks

    /// The job says `Delivered` already.
    pub(super) fn call_back_single(&mut self, id: B256, target: Address, gas: u32) {
        // Without code nothing was delivered.
        let success = self.codes.get(&target).copied().is_some_and(|code| code.accepts(gas));
        if !success {
            self.single_mut(id).callback = CallbackStatus::Failed;
        }
        self.emit_single(ISingleJobRegistry::CallbackExecuted { jobId: id, target, success });
    }

    fn retried(&mut self, id: B256) -> Result<()> {
        let failed = self.single(id).callback == CallbackStatus::Failed;
        ensure(failed, || ISingleJobRegistry::CallbackNotFailed { jobId: id })?;
        self.single_mut(id).callback = CallbackStatus::Delivered;
        Ok(())
    }

    pub(super) fn retry_single_callback(&mut self, call: &retryCallbackCall) -> Result<()> {
        let (id, record) = (call.jobId, &call.record);
        self.require_record(id, record)?;
        self.retried(id)?;
        let phase = self.single(id).phase;
        let is_judged = matches!(phase, SinglePhase::Challenged | SinglePhase::Convicted);
        ensure(!is_judged, || ISingleJobRegistry::WrongPhase { jobId: id, phase: phase as u8 })?;
        let told = phase == SinglePhase::Overturned || is_result(record, &call.result, call.vectorHash);
        ensure(told, || ISingleJobRegistry::ResultMismatch { jobId: id })?;
        self.call_back_single(id, record.callbackTarget, record.callbackGas);
        Ok(())
    }

    pub(super) fn retry_error_callback(&mut self, terms: &SingleTerms) -> Result<()> {
        let id = self.single_id_of(terms);
        self.require_single_phase(id, SinglePhase::Refunded)?;
        self.retried(id)?;
        self.call_back_single(id, terms.callbackTarget, terms.callbackGas);
        Ok(())
    }
}
