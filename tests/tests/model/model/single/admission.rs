//! Which jobs are taken, and what takes them back before the draw.

use alloy::primitives::{Address, B256, U256, keccak256};
use infera_contracts::ISingleJobRegistry::{self, SingleTerms, requestCall};

use super::{
    super::{
        Model,
        job::RefundReason,
        outcome::{Result, ensure},
    },
    OPTIMISTIC, PROVEN, REVERSE_AUCTION, ROUND_ROBIN, SingleJob, SinglePhase,
    job::{max_fee, single_escrow_of},
};

/// Wei.
const MAX_FEE: u128 = (1 << 80) - 1;

impl Model {
    pub(super) fn request_single(&mut self, from: Address, value: u128, call: &requestCall) -> Result<B256> {
        let terms = &call.terms;
        self.check_terms(from, terms)?;
        self.check_input(call)?;
        let (required, given) = (single_escrow_of(terms), U256::from(value));
        ensure(given >= required, || ISingleJobRegistry::InsufficientPayment { required, given })?;
        let (requester, nonce) = (terms.requester, terms.nonce);
        ensure(self.singles.nonces.insert((requester, nonce)), || ISingleJobRegistry::NonceUsed { requester, nonce })?;

        let id = self.single_id_of(terms);
        let mut job = SingleJob {
            phase: SinglePhase::Requested,
            request_block: self.number,
            request_time: self.time,
            ..SingleJob::default()
        };
        if terms.scheduler == ROUND_ROBIN {
            job.turn = self.singles.turns;
            self.singles.turns += 1;
        }
        self.singles.jobs.insert(id, job);
        self.emit_single(ISingleJobRegistry::JobRequested {
            jobId: id,
            requester,
            modelId: terms.modelId,
            terms: terms.clone(),
            input: call.input.clone(),
            parameters: call.parameters.clone(),
            inputUri: call.inputUri.clone(),
        });
        self.credit_single_and_tell(terms.refundTo, id, value - required.to::<u128>());
        Ok(id)
    }

    pub(super) fn cancel_single(&mut self, from: Address, terms: &SingleTerms) -> Result<()> {
        let requester = terms.requester;
        ensure(from == requester, || ISingleJobRegistry::NotRequester { caller: from, requester })?;
        let id = self.single_id_of(terms);
        self.require_single_phase(id, SinglePhase::Requested)?;
        let last = self.single_beacon_block(id);
        ensure(self.number <= last, || ISingleJobRegistry::TooLate { jobId: id, deadline: U256::from(last) })?;
        self.refund_single(from, id, terms, RefundReason::Cancelled);
        Ok(())
    }

    fn check_terms(&self, from: Address, terms: &SingleTerms) -> Result<()> {
        let bounds = &self.config.single;
        let requester = terms.requester;
        ensure(from == requester, || ISingleJobRegistry::NotRequester { caller: from, requester })?;
        ensure(!self.is_paused(), || ISingleJobRegistry::NewJobsPaused {})?;
        ensure(!terms.refundTo.is_zero(), || ISingleJobRegistry::ZeroRefundAddress {})?;
        ensure(terms.tier == PROVEN || bounds.optimisticAllowed, || ISingleJobRegistry::OptimisticNotAllowed {})?;
        self.check_verifier(terms)?;
        let (modelId, version, runtimeClass) = (terms.modelId, terms.version, terms.runtimeClass);
        let served = (modelId, version, runtimeClass) == (self.config.model, 1, self.config.class);
        ensure(served, || ISingleJobRegistry::UnknownModelVersion { modelId, version, runtimeClass })?;
        self.check_windows(terms)?;

        let at_least = |fee: U256, minimum: u128| {
            let minimum = U256::from(minimum);
            ensure(fee >= minimum, || ISingleJobRegistry::FeeTooLow { fee, minimum })
        };
        let (fee, maximum) = (max_fee(terms), U256::from(MAX_FEE));
        at_least(fee, bounds.minFee)?;
        ensure(fee <= maximum, || ISingleJobRegistry::FeeTooHigh { fee, maximum })?;
        at_least(U256::from(terms.dispatchFee), bounds.minDispatchFee)?;
        at_least(U256::from(terms.advanceReserve), bounds.minAdvanceReserve)?;
        let callback_fee = u128::from(terms.callbackGas) * u128::from(bounds.callbackGasPrice);
        at_least(U256::from(terms.callbackFee), callback_fee)?;
        let (gas, maximum) = (terms.callbackGas, bounds.maxCallbackGas);
        ensure(gas <= maximum, || ISingleJobRegistry::CallbackGasTooHigh { gas, maximum })?;
        let asks_for_callback = gas != 0 || terms.callbackFee != 0 || terms.provisionalCallback || terms.errorCallback;
        let has_target = !terms.callbackTarget.is_zero();
        ensure(has_target || !asks_for_callback, || ISingleJobRegistry::CallbackWithoutTarget {})
    }

    /// A listed one that a proven job names; an optimistic one names none.
    pub(super) fn check_verifier(&self, terms: &SingleTerms) -> Result<()> {
        let verifier = terms.verifier;
        let rightful = if terms.tier == PROVEN { self.config.quorum.verifier } else { Address::ZERO };
        ensure(verifier == rightful, || ISingleJobRegistry::VerifierNotAllowed { verifier })
    }

    fn check_windows(&self, terms: &SingleTerms) -> Result<()> {
        let bounds = &self.config.single;
        let (shortest, longest) = (bounds.minWindow, bounds.maxWindow);
        let bids = if terms.scheduler == REVERSE_AUCTION { (shortest, longest) } else { (0, 0) };
        let challenges =
            if terms.tier == OPTIMISTIC { (bounds.minChallengeWindow, bounds.maxChallengeWindow) } else { (0, 0) };
        for (window, (minimum, maximum)) in [
            (terms.bidWindow, bids),
            (terms.submitWindow, (shortest, longest)),
            (terms.takeoverWindow, (shortest, longest)),
            (terms.challengeWindow, challenges),
        ] {
            let fits = (minimum..=maximum).contains(&window);
            ensure(fits, || ISingleJobRegistry::WindowOutOfRange { window, minimum, maximum })?;
        }
        Ok(())
    }

    fn check_input(&self, call: &requestCall) -> Result<()> {
        let cap = self.config.single.maxInputBytes as usize;
        for size in [call.input.len(), call.parameters.len(), call.inputUri.len()] {
            ensure(size <= cap, || ISingleJobRegistry::InputTooLarge { size: U256::from(size), cap: U256::from(cap) })?;
        }
        if call.inputUri.is_empty() {
            let (expected, actual) = (call.terms.inputHash, keccak256(&call.input));
            ensure(expected == actual, || ISingleJobRegistry::InputHashMismatch { expected, actual })?;
        } else {
            ensure(call.input.is_empty(), || ISingleJobRegistry::InputAndUri {})?;
        }
        let (expected, actual) = (call.terms.parametersHash, keccak256(&call.parameters));
        ensure(expected == actual, || ISingleJobRegistry::ParametersHashMismatch { expected, actual })
    }
}
