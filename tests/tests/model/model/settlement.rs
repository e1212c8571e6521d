//! Who is paid what out of a job's escrow.

use alloy::primitives::{Address, B256, U256};
use infera_contracts::IJobRegistry::{self, Terms};

use super::{
    Model,
    arithmetic::{basis_points, basis_points_up},
    job::{CallbackStatus, Phase, RefundReason, bit, has, seats_of},
    outcome::{Refusal, Result},
    registry::{escrow_of, lock_for, reserve_left},
    reputation::SeatOutcome,
    seats::Settlement,
};

impl Model {
    /// Ends a job without a result.
    pub(super) fn refund(&mut self, from: Address, id: B256, terms: &Terms, reason: RefundReason, dispatched: bool) {
        let job = self.job_mut(id);
        let calls_back = terms.errorCallback && job.phase != Phase::Requested;
        job.end(Phase::Refunded, reason as u8);
        if calls_back {
            job.callback = CallbackStatus::Delivered;
        }
        let refund = self.close(from, id, terms, None, dispatched);
        self.emit_job(IJobRegistry::JobRefunded { jobId: id, reason: reason as u8, refund: U256::from(refund) });
        if calls_back {
            self.call_back(id, terms);
        }
    }

    /// Pays everybody. Returns what is credited to `refundTo`.
    ///
    /// `royalty` is the publisher's, of a resolved job.
    pub(super) fn close(
        &mut self,
        from: Address,
        id: B256,
        terms: &Terms,
        royalty: Option<(Address, u16)>,
        dispatched: bool,
    ) -> u128 {
        let job = self.job(id);
        let (receiver, royalty_bps) = royalty.unwrap_or_default();
        let settlements = self.settlements(id, job.occupied() & !job.pending, royalty_bps, terms.pool == 0);
        let paid: u128 = settlements.iter().map(|settlement| settlement.payment).sum();

        let mut reward = if dispatched { terms.dispatchFee } else { 0 };
        if job.callback != CallbackStatus::None {
            reward += terms.callbackFee;
        }
        let agreeing = u128::from(job.agreeing.count_ones());
        let royalties = basis_points(job.seat_fee, royalty_bps.into()) * agreeing;
        let burned = self.protocol_fee(job.seat_fee) * agreeing;
        let escrow = escrow_of(terms).to::<u128>() - terms.advanceReserve + reserve_left(terms, &job);
        let refund = escrow - paid - burned - royalties - reward;
        self.credit(from, id, reward);
        self.credit(receiver, id, royalties);
        self.credit(terms.refundTo, id, refund);
        self.settle(id, terms.requester, lock_for(&self.config, job.seat_fee), &settlements);
        refund
    }

    /// Settles seats that did not commit, before they are drawn again.
    pub(super) fn settle_misses(&mut self, id: B256, terms: &Terms, seats: u8) {
        let job = self.job(id);
        let settlements = self.settlements(id, seats & job.occupied(), 0, terms.pool == 0);
        self.settle(id, terms.requester, lock_for(&self.config, job.seat_fee), &settlements);
    }

    pub(super) fn settle_pending(&mut self, id: B256, seat: u8, executor: u32, outcome: SeatOutcome) {
        let job = self.job_mut(id);
        job.set_pending(job.pending & !bit(seat));
        let lock = lock_for(&self.config, self.job(id).seat_fee);
        let settlement = Settlement { executor, outcome, payment: 0, protocol_fee: 0 };
        self.settle(id, Address::ZERO, lock, &[settlement]);
    }

    /// Seats of jobs of private pools are paid the same, but earn nothing else.
    fn settlements(&self, id: B256, seats: u8, royalty_bps: u16, is_public: bool) -> Vec<Settlement> {
        let job = self.job(id);
        let protocol_fee = self.protocol_fee(job.seat_fee);
        let payment = job.seat_fee - protocol_fee - basis_points(job.seat_fee, royalty_bps.into());
        let share = basis_points(job.seat_fee, self.config.jobs.noAgreementShareBps.into());
        let of_seat = |seat: u8| {
            let (outcome, payment, protocol_fee) = if !has(job.committed, seat) {
                (SeatOutcome::Miss, 0, 0)
            } else if !has(job.revealed, seat) {
                (SeatOutcome::Neutral, 0, 0)
            } else if job.phase != Phase::Resolved {
                (SeatOutcome::Neutral, share, 0)
            } else if has(job.agreeing, seat) {
                (SeatOutcome::Success, payment, protocol_fee)
            } else {
                (SeatOutcome::Outlier, 0, 0)
            };
            let outcome = if is_public { outcome } else { SeatOutcome::Neutral };
            Settlement { executor: job.committee[usize::from(seat)], outcome, payment, protocol_fee }
        };
        seats_of(seats).map(of_seat).collect()
    }

    fn protocol_fee(&self, seat_fee: u128) -> u128 {
        basis_points_up(seat_fee, self.config.jobs.protocolFeeBps.into())
    }

    pub(super) fn credit(&mut self, account: Address, id: B256, wei: u128) {
        if wei != 0 {
            *self.credits.entry(account).or_default() += wei;
            self.emit_job(IJobRegistry::Credited { account, jobId: id, amount: U256::from(wei) });
        }
    }

    pub(super) fn withdraw_for(&mut self, account: Address) -> Result<()> {
        let wei = self.credits.remove(&account).unwrap_or_default();
        if wei == 0 {
            return Err(Refusal::of(IJobRegistry::NothingToWithdraw { account }));
        }
        let amount = U256::from(wei);
        self.emit_job(IJobRegistry::Withdrawn { account, amount });
        if !self.takes_money(account) {
            return Err(Refusal::of(IJobRegistry::TransferFailed { account, amount }));
        }
        self.ledger.transfer(self.config.at.job_registry, account, wei);
        Ok(())
    }
}
