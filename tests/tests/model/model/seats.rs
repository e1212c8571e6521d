//! Stake behind seats, and what a seat's end does to an executor's account.

use alloy::primitives::{Address, B256, U256};
use infera_contracts::IStaking;

use super::{
    Model,
    config::Mutation,
    outcome::{Result, ensure},
    reputation::{self, EJECTION_LINE, SeatOutcome},
    stake::Account,
};

const MAX_LOCKED: u128 = (1 << 80) - 1;
const MAX_EARNINGS: u128 = (1 << 80) - 1;
const MAX_IN_FLIGHT: u16 = (1 << 11) - 1;
const MAX_VOLUME: u128 = (1 << 32) - 1;
const MAX_CLEAN_JOBS: u16 = (1 << 10) - 1;
/// Wei in a unit of volume.
const VOLUME_UNIT: u128 = 1_000_000_000_000;

/// One seat's part of a settlement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settlement {
    pub(super) executor: u32,
    pub(super) outcome: SeatOutcome,
    pub(super) payment: u128,
    pub(super) protocol_fee: u128,
}

impl Model {
    pub(crate) fn can_lock(&self, executor: u32, amount: u128, capacity: u16) -> bool {
        let (account, pool) = (self.stakes.account(executor), self.stakes.pool(executor));
        let locked = account.locked + amount;
        !account.ejected
            && account.in_flight < capacity.min(MAX_IN_FLIGHT)
            && pool.own >= self.config.minimum_stake
            && locked <= pool.own + pool.delegated
            && locked <= MAX_LOCKED
    }

    pub(super) fn lock_seats(&mut self, id: B256, executors: &[u32], amount: u128) -> Result<()> {
        for executor in executors {
            let locked = self.try_lock_seat(id, *executor, amount);
            ensure(locked, || IStaking::SeatNotLockable { executorId: *executor })?;
        }
        Ok(())
    }

    /// `false`, and nothing changes, when the executor can't back it.
    pub(super) fn try_lock_seat(&mut self, id: B256, executor: u32, amount: u128) -> bool {
        if !self.can_lock(executor, amount, u16::MAX) {
            return false;
        }
        let account = self.stakes.account_mut(executor);
        account.locked += amount;
        account.in_flight += 1;
        self.emit_stake(IStaking::SeatLocked { executorId: executor, jobId: id, amount: U256::from(amount) });
        true
    }

    pub(super) fn unlock_seat(&mut self, id: B256, executor: u32, amount: u128) {
        self.release(executor, amount);
        self.emit_stake(IStaking::SeatUnlocked { executorId: executor, jobId: id, amount: U256::from(amount) });
    }

    fn release(&mut self, executor: u32, amount: u128) {
        let account = self.stakes.account_mut(executor);
        account.locked -= amount;
        account.in_flight -= 1;
    }

    /// Releases a redundant job's seats' locks of `amount` each, pays them and steps their reputation.
    pub(super) fn settle(&mut self, id: B256, requester: Address, amount: u128, settlements: &[Settlement]) {
        self.settle_of(self.config.at.job_registry, id, requester, amount, settlements);
    }

    /// The same of any registry's job.
    pub(super) fn settle_of(
        &mut self,
        registry: Address,
        id: B256,
        requester: Address,
        amount: u128,
        settlements: &[Settlement],
    ) {
        let total = settlements.iter().map(|settlement| settlement.payment).sum();
        self.ledger.transfer(registry, self.config.at.staking, total);
        for settlement in settlements {
            self.settle_seat(id, requester, amount, *settlement);
            self.record_activity(*settlement);
        }
    }

    fn settle_seat(&mut self, id: B256, requester: Address, amount: u128, settlement: Settlement) {
        let Settlement { executor, outcome, payment, protocol_fee } = settlement;
        let epoch = self.epoch();
        self.release(executor, amount);
        if payment != 0 {
            self.earn(executor, payment);
        }
        let before = self.score_of(executor);
        let mut after = before;
        if self.counts_for_reputation(outcome, requester, executor) {
            after = reputation::step(before, outcome, protocol_fee, self.config.full_step_fee);
            self.stakes.account_mut(executor).set_reputation(after, epoch);
        }
        if outcome == SeatOutcome::Success && protocol_fee >= self.config.full_step_fee {
            let account = self.stakes.account_mut(executor);
            account.clean_jobs = (account.clean_jobs + 1).min(MAX_CLEAN_JOBS);
        }
        self.emit_stake(IStaking::SeatSettled {
            executorId: executor,
            jobId: id,
            outcome: outcome as u8,
            payment: U256::from(payment),
            reputationBefore: U256::from(before),
            reputationAfter: U256::from(after),
        });
        if after < before && after < EJECTION_LINE {
            self.eject(executor);
        }
    }

    fn earn(&mut self, executor: u32, payment: u128) {
        let account = self.stakes.account_mut(executor);
        account.earnings += payment;
        account.volume = (account.volume + payment / VOLUME_UNIT).min(MAX_VOLUME);
        if account.earnings > MAX_EARNINGS {
            self.divide_earnings(executor);
        }
    }

    /// A requester's misses and outliers each step an executor at most once an epoch.
    fn counts_for_reputation(&mut self, outcome: SeatOutcome, requester: Address, executor: u32) -> bool {
        let mark = self.epoch() + 1;
        let bad = self.stakes.bad_outcomes.entry((requester, executor)).or_default();
        let last = match outcome {
            SeatOutcome::Success => return true,
            SeatOutcome::Miss => &mut bad.0,
            SeatOutcome::Outlier => &mut bad.1,
            SeatOutcome::Silent | SeatOutcome::Neutral => return false,
        };
        let first = *last != mark;
        *last = mark;
        first || (outcome == SeatOutcome::Miss && self.config.mutation == Some(Mutation::Bait))
    }

    pub(super) fn eject(&mut self, executor: u32) {
        if !self.stakes.account(executor).ejected {
            self.emit_stake(IStaking::Ejected { executorId: executor });
        }
        self.stakes.account_mut(executor).ejected = true;
    }

    /// The score with its drift.
    pub(crate) fn score_of(&self, executor: u32) -> u128 {
        let Account { reputation: score, drifted, .. } = *self.stakes.account(executor);
        if score == reputation::INITIAL {
            return score;
        }
        reputation::drift(score, self.epoch().wrapping_sub(drifted) & Account::DRIFT_MASK)
    }
}
