//! The single tier: jobs that one executor answers, with a VIF and a challenge window, or with a proof.

mod admission;
mod answers;
mod disputes;
mod draw;
mod endings;
mod job;
mod proofs;
mod seat;
mod vifs;

use std::collections::{BTreeMap, BTreeSet};

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    sol_types::{SolCall, SolEvent, SolInterface},
};
use infera_contracts::ISingleJobRegistry::{self, ISingleJobRegistryCalls, SingleTerms, challengeCall, requestCall};

use self::{disputes::ICourtClient, job::reserve_left};
pub(crate) use self::{
    job::{
        OPTIMISTIC, PROVEN, REVERSE_AUCTION, ROUND_ROBIN, SORTITION, SingleJob, SinglePhase, single_escrow_of, vif_hash,
    },
    proofs::Quorum,
    vifs::{IVifVerifier, IVifs},
};
use super::{
    Model,
    arithmetic::basis_points_up,
    job::RefundReason,
    outcome::{Refusal, Result, ensure},
};

/// All of the registry of single jobs that changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Singles {
    pub(super) jobs: BTreeMap<B256, SingleJob>,
    pub(crate) nonces: BTreeSet<(Address, U256)>,
    pub(crate) credits: BTreeMap<Address, u128>,
    /// Turns that the version's round-robin jobs have taken.
    pub(crate) turns: u64,
    /// Hashes of the keys that executors have adopted.
    pub(crate) keys: BTreeMap<u32, B256>,
}

/// What a court tells of a case.
pub(crate) type VerdictCall = ICourtClient::onVerdictCall;

impl Model {
    pub(super) fn run_single(&mut self, from: Address, value: u128, call: &ISingleJobRegistryCalls) -> Result<Bytes> {
        use ISingleJobRegistryCalls as Calls;
        match call {
            Calls::request(call) => {
                let id = self.request_single(from, value, call)?;
                return Ok(requestCall::abi_encode_returns(&id).into());
            }
            Calls::cancel(call) => self.cancel_single(from, &call.terms)?,
            Calls::bid(call) => self.bid(from, &call.terms, call.pricePerUnit)?,
            Calls::decline(call) => self.decline_single(from, &call.terms)?,
            Calls::submit(call) => self.submit(from, call)?,
            Calls::submitProven(call) => self.submit_proven(from, call)?,
            Calls::finalize(call) => self.finalize(from, call)?,
            Calls::tryEach(call) => self.try_each(from, &call.calls),
            Calls::advanceJob(call) => self.advance_single(from, &call.terms)?,
            Calls::challenge(call) => {
                let court_job = self.dispute(from, value, call)?;
                return Ok(challengeCall::abi_encode_returns(&court_job).into());
            }
            Calls::overturn(call) => self.overturn_convicted(from, call.jobId, &call.record)?,
            Calls::reopen(call) => self.reopen(call.jobId, &call.record)?,
            Calls::retryCallback(call) => self.retry_single_callback(call)?,
            Calls::retryErrorCallback(call) => self.retry_error_callback(&call.terms)?,
            Calls::withdrawFor(call) => self.withdraw_single(call.account)?,
            // A transaction's sender has no code, so it is not the contract that checks VIFs.
            Calls::setVrfKey(_) | Calls::overturnFalseVif(_) => {
                return Err(Refusal::of(ISingleJobRegistry::NotVifs { caller: from }));
            }
            other => panic!("not modelled: {other:?}"),
        }
        Ok(Bytes::new())
    }

    /// Each on its own, as the caller's: one that fails changes nothing.
    fn try_each(&mut self, from: Address, calls: &[Bytes]) {
        for (index, call) in calls.iter().enumerate() {
            let done = ISingleJobRegistryCalls::abi_decode(call)
                .is_ok_and(|call| self.whole_or_nothing(|model| model.run_single(from, 0, &call)).is_ok());
            if !done {
                self.emit_single(ISingleJobRegistry::CallFailed { index: U256::from(index) });
            }
        }
    }

    fn emit_single(&mut self, event: impl SolEvent) {
        self.emit(self.config.at.single_job_registry, event.encode_log_data());
    }

    fn require_single_phase(&self, id: B256, phase: SinglePhase) -> Result<()> {
        let actual = self.single(id).phase;
        ensure(actual == phase, || ISingleJobRegistry::WrongPhase { jobId: id, phase: actual as u8 })
    }

    /// `end` is the last second.
    fn require_not_after(&self, id: B256, end: u64) -> Result<()> {
        ensure(self.time <= end, || ISingleJobRegistry::TooLate { jobId: id, deadline: U256::from(end) })
    }

    fn require_after(&self, id: B256, end: u64) -> Result<()> {
        ensure(self.time > end, || ISingleJobRegistry::NotBefore { jobId: id, time: U256::from(end) })
    }

    /// The executor that the caller signs for.
    fn single_caller(&self, from: Address) -> Result<u32> {
        let executor = self.signed_by(from);
        ensure(executor != 0, || ISingleJobRegistry::NotExecutor { caller: from })?;
        Ok(executor)
    }

    /// Stake that the seat locks.
    fn single_lock(&self, fee: u128) -> u128 {
        basis_points_up(fee, self.config.single.lockMultiplierBps.into())
    }

    // ---------------------------------------------------------------- money

    fn credit_single(&mut self, account: Address, wei: u128) {
        if wei != 0 {
            *self.singles.credits.entry(account).or_default() += wei;
        }
    }

    fn credit_single_and_tell(&mut self, account: Address, id: B256, wei: u128) {
        self.credit_single(account, wei);
        if wei != 0 {
            self.emit_single(ISingleJobRegistry::Credited { account, jobId: id, amount: U256::from(wei) });
        }
    }

    fn withdraw_single(&mut self, account: Address) -> Result<()> {
        let wei = self.singles.credits.remove(&account).unwrap_or_default();
        ensure(wei != 0, || ISingleJobRegistry::NothingToWithdraw { account })?;
        let amount = U256::from(wei);
        self.emit_single(ISingleJobRegistry::Withdrawn { account, amount });
        self.pay_from(self.config.at.single_job_registry, account, wei)
    }

    // ---------------------------------------------------------------- advance

    fn advance_single(&mut self, from: Address, terms: &SingleTerms) -> Result<()> {
        let id = self.single_id_of(terms);
        let job = self.single(id);
        if !matches!(job.phase, SinglePhase::Requested | SinglePhase::Drawn) {
            return Err(Refusal::of(ISingleJobRegistry::WrongPhase { jobId: id, phase: job.phase as u8 }));
        }
        let bounty_from = job.request_time + u64::from(self.config.single.drawBountyDelay);
        let mut bounty = 0;
        if job.phase == SinglePhase::Drawn || self.time >= bounty_from {
            bounty = reserve_left(terms, job.advances) / 4;
            self.credit_single_and_tell(from, id, bounty);
            self.single_mut(id).advances += 1;
        }
        let phase = if job.phase == SinglePhase::Requested {
            self.advance_requested_single(from, id, terms)?
        } else {
            self.advance_drawn(from, id, terms)?
        };
        self.emit_single(ISingleJobRegistry::JobAdvanced {
            jobId: id,
            caller: from,
            phase: phase as u8,
            bounty: U256::from(bounty),
        });
        Ok(())
    }

    fn advance_requested_single(&mut self, from: Address, id: B256, terms: &SingleTerms) -> Result<SinglePhase> {
        let mut reason = RefundReason::NoCommittee;
        if terms.scheduler == REVERSE_AUCTION {
            self.require_after(id, self.single(id).request_time + u64::from(terms.bidWindow))?;
        } else if self.single_beacon_expired(id) {
            reason = RefundReason::BeaconExpired;
        } else if let Some((executor, fee)) = self.draw_single(id, terms, 0)? {
            self.lock_single(id, executor, fee)?;
            self.seat_single(id, executor, fee, self.time + u64::from(terms.submitWindow));
            return Ok(SinglePhase::Drawn);
        }
        self.refund_single(from, id, terms, reason);
        Ok(SinglePhase::Refunded)
    }
}
