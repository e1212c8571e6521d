//! Who holds a job's seat: drawn, by a bid, or as a takeover.

use alloy::primitives::{Address, B256, U256};
use infera_contracts::ISingleJobRegistry::{self, SingleTerms};

use super::{
    super::{
        Model,
        config::Mutation,
        job::RefundReason,
        outcome::{Refusal, Result, ensure},
        reputation::SeatOutcome,
        seats::Settlement,
    },
    OPTIMISTIC, REVERSE_AUCTION, SinglePhase,
    job::max_fee,
};

impl Model {
    pub(super) fn bid(&mut self, from: Address, terms: &SingleTerms, price: u128) -> Result<()> {
        let id = self.single_id_of(terms);
        ensure(terms.scheduler == REVERSE_AUCTION, || ISingleJobRegistry::WrongScheduler { jobId: id })?;
        let job = self.single(id);
        if job.phase != SinglePhase::Drawn {
            self.require_single_phase(id, SinglePhase::Requested)?;
        }
        let end = job.request_time + u64::from(terms.bidWindow);
        self.require_not_after(id, end)?;
        let executor = self.single_caller(from)?;
        let eligible = self.offered_fee(id, terms, executor).is_some();
        ensure(eligible, || ISingleJobRegistry::NotEligible { jobId: id, executorId: executor })?;
        let fee = U256::from(price) * U256::from(terms.maxUnits);
        let minimum = U256::from(self.config.single.minFee);
        ensure(fee >= minimum, || ISingleJobRegistry::FeeTooLow { fee, minimum })?;

        if job.phase == SinglePhase::Drawn {
            let best = U256::from(job.fee);
            let is_better = fee < best || (fee == best && self.is_mutated(Mutation::EqualBid));
            ensure(is_better, || ISingleJobRegistry::BidTooHigh { jobId: id, fee, best })?;
            self.unlock_seat(id, job.executor, self.single_lock(job.fee));
        } else {
            let best = max_fee(terms);
            ensure(fee <= best, || ISingleJobRegistry::BidTooHigh { jobId: id, fee, best })?;
        }
        self.lock_single(id, executor, fee.to())?;
        self.seat_single(id, executor, fee.to(), end + u64::from(terms.submitWindow));
        Ok(())
    }

    pub(super) fn decline_single(&mut self, from: Address, terms: &SingleTerms) -> Result<()> {
        let id = self.single_id_of(terms);
        self.require_single_phase(id, SinglePhase::Drawn)?;
        ensure(terms.scheduler != REVERSE_AUCTION, || ISingleJobRegistry::WrongScheduler { jobId: id })?;
        let (executor, job) = (self.single_caller(from)?, self.single(id));
        ensure(executor == job.executor, || ISingleJobRegistry::NotDrawn { jobId: id, executorId: executor })?;
        self.require_not_after(id, job.deadline - u64::from(terms.submitWindow / 2))?;
        self.unlock_seat(id, executor, self.single_lock(job.fee));
        let job = self.single_mut(id);
        (job.executor, job.fee) = (0, 0);
        self.emit_single(ISingleJobRegistry::SeatDeclined { jobId: id, executorId: executor });
        Ok(())
    }

    /// Puts an executor on the seat, on record.
    pub(super) fn seat_single(&mut self, id: B256, executor: u32, fee: u128, deadline: u64) {
        let job = self.single_mut(id);
        (job.phase, job.executor, job.fee, job.deadline) = (SinglePhase::Drawn, executor, fee, deadline);
        self.emit_single(ISingleJobRegistry::SeatTaken { jobId: id, executorId: executor, fee, deadline });
    }

    pub(super) fn lock_single(&mut self, id: B256, executor: u32, fee: u128) -> Result<()> {
        let locked = self.try_lock_seat(id, executor, self.single_lock(fee));
        ensure(locked, || ISingleJobRegistry::NotEligible { jobId: id, executorId: executor })
    }

    /// Gives the seat to an executor that answers now. Returns the fee.
    pub(super) fn take_seat(&mut self, id: B256, terms: &SingleTerms, executor: u32) -> Result<u128> {
        let job = self.single(id);
        let not_drawn = || ISingleJobRegistry::NotDrawn { jobId: id, executorId: executor };
        let is_auction = terms.scheduler == REVERSE_AUCTION;
        if job.phase == SinglePhase::Requested && !is_auction {
            let Some((drawn, fee)) = self.draw_single(id, terms, executor)? else {
                return Err(Refusal::of(ISingleJobRegistry::NoExecutorFound { jobId: id }));
            };
            ensure(drawn == executor, not_drawn)?;
            self.lock_single(id, executor, fee)?;
            return Ok(fee);
        }
        self.require_single_phase(id, SinglePhase::Drawn)?;
        self.require_not_after(id, job.deadline + u64::from(terms.takeoverWindow))?;
        if job.executor == executor {
            if is_auction {
                self.require_after(id, job.deadline - u64::from(terms.submitWindow))?;
            }
            return Ok(job.fee);
        }
        ensure(job.executor == 0 || self.time > job.deadline, not_drawn)?;
        let Some(fee) = self.offered_fee(id, terms, executor) else {
            return Err(Refusal::of(ISingleJobRegistry::NotEligible { jobId: id, executorId: executor }));
        };
        if job.executor != 0 {
            let is_kind = self.is_mutated(Mutation::KindTakeover);
            let outcome = if is_kind { SeatOutcome::Neutral } else { SeatOutcome::Miss };
            self.settle_single(id, terms.requester, job.fee, unpaid(job.executor, outcome));
        }
        self.lock_single(id, executor, fee)?;
        Ok(fee)
    }

    /// Ends a job that its seat's holder, and all others, left unanswered.
    pub(super) fn advance_drawn(&mut self, from: Address, id: B256, terms: &SingleTerms) -> Result<SinglePhase> {
        let job = self.single(id);
        self.require_after(id, job.deadline + u64::from(terms.takeoverWindow))?;
        if job.executor != 0 {
            // Without the beacon there is no VIF.
            let excused = terms.tier == OPTIMISTIC && self.single_beacon_expired(id);
            let outcome = if excused { SeatOutcome::Neutral } else { SeatOutcome::Miss };
            self.settle_single(id, terms.requester, job.fee, unpaid(job.executor, outcome));
        }
        self.refund_single(from, id, terms, RefundReason::TooFewReveals);
        Ok(SinglePhase::Refunded)
    }

    /// `fee` is what the lock was for.
    pub(super) fn settle_single(&mut self, id: B256, requester: Address, fee: u128, settlement: Settlement) {
        let (registry, lock) = (self.config.at.single_job_registry, self.single_lock(fee));
        self.settle_of(registry, id, requester, lock, &[settlement]);
    }
}

/// A seat's end without payment.
pub(super) fn unpaid(executor: u32, outcome: SeatOutcome) -> Settlement {
    Settlement { executor, outcome, payment: 0, protocol_fee: 0 }
}
