//! Own stake, exits, and what is kept of every executor. (Stakes of more than 88 bits are not modelled.)

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};
use infera_contracts::IStaking;

use super::{
    Model,
    arithmetic::{shares_burned, shares_minted},
    delegation::{Delegation, Remainder},
    earnings::Standing,
    outcome::{Refusal, Result, ensure},
    reputation,
    slashing::OFFENCES,
};

const CLEAN_JOBS_PER_STRIKE: u16 = 1_000;

/// What a job changes about an executor.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// Not divided between owner and delegators yet.
    pub(crate) earnings: u128,
    pub(crate) locked: u128,
    /// Without the drift since `drifted`.
    pub(crate) reputation: u128,
    /// Epoch, modulo 2^22.
    pub(crate) drifted: u64,
    pub(crate) volume: u128,
    pub(crate) in_flight: u16,
    pub(crate) ejected: bool,
    pub(crate) clean_jobs: u16,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            earnings: 0,
            locked: 0,
            reputation: reputation::INITIAL,
            drifted: 0,
            volume: 0,
            in_flight: 0,
            ejected: false,
            clean_jobs: 0,
        }
    }
}

impl Account {
    pub(crate) const DRIFT_MASK: u64 = (1 << 22) - 1;

    pub(crate) fn set_reputation(&mut self, score: u128, epoch: u64) {
        (self.reputation, self.drifted) = (score, epoch & Self::DRIFT_MASK);
    }
}

/// An executor's stake.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool {
    pub(crate) own: u128,
    pub(crate) delegated: u128,
    pub(crate) own_shares: u128,
    pub(crate) delegated_shares: u128,
    /// Epoch when the newest exit matures.
    pub(crate) last_maturity: u64,
    /// By offence.
    pub(crate) strikes: [u8; OFFENCES],
}

/// What leaves a pool at one maturity.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bucket {
    pub(crate) own: u128,
    pub(crate) delegated: u128,
    pub(crate) shares: u128,
    pub(crate) shares_of: BTreeMap<Address, u128>,
}

/// What a prover's proofs took.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taken {
    pub(crate) reward: u128,
    pub(crate) unburned: u128,
}

/// All of `Staking`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stakes {
    accounts: Vec<Account>,
    pools: Vec<Pool>,
    pub(crate) standings: Vec<Standing>,
    pub(crate) buckets: BTreeMap<(u32, u64), Bucket>,
    pub(crate) taken: BTreeMap<Address, Taken>,
    /// Marks (epoch + 1) of the last miss and the last outlier that counted, by requester and executor.
    pub(crate) bad_outcomes: BTreeMap<(Address, u32), (u64, u64)>,
    pub(crate) delegations: BTreeMap<(u32, Address), Delegation>,
    pub(crate) remainders: BTreeMap<(u32, u32), Remainder>,
    /// By executor and generation.
    pub(crate) earnings_index: BTreeMap<(u32, u32), U256>,
    /// Shares by executor, generation and account, from an epoch on.
    pub(crate) votes: BTreeMap<(u32, u32, Address), BTreeMap<u64, u128>>,
}

impl Stakes {
    pub(crate) fn new(executors: usize) -> Self {
        Self {
            accounts: vec![Account::default(); executors],
            pools: vec![Pool::default(); executors],
            standings: vec![Standing::default(); executors],
            ..Self::default()
        }
    }

    pub(crate) fn account(&self, executor: u32) -> &Account {
        &self.accounts[executor as usize - 1]
    }

    pub(crate) fn account_mut(&mut self, executor: u32) -> &mut Account {
        &mut self.accounts[executor as usize - 1]
    }

    pub(crate) fn pool(&self, executor: u32) -> &Pool {
        &self.pools[executor as usize - 1]
    }

    pub(crate) fn pool_mut(&mut self, executor: u32) -> &mut Pool {
        &mut self.pools[executor as usize - 1]
    }

    pub(crate) fn bucket(&self, executor: u32, maturity: u64) -> Bucket {
        self.buckets.get(&(executor, maturity)).cloned().unwrap_or_default()
    }

    pub(crate) fn bucket_mut(&mut self, executor: u32, maturity: u64) -> &mut Bucket {
        self.buckets.entry((executor, maturity)).or_default()
    }
}

impl Model {
    /// When an exit that is requested now matures.
    pub(crate) fn exit_maturity(&self) -> u64 {
        let period = self.config.unbonding_epochs;
        (self.epoch() / period + 2) * period
    }

    pub(super) fn require_mature(&self, maturesAtEpoch: u64) -> Result<()> {
        let epoch = self.epoch();
        ensure(epoch >= maturesAtEpoch, || IStaking::ExitNotMature { epoch, maturesAtEpoch })
    }

    /// The owner of an executor that is registered.
    pub(super) fn require_executor(&self, executor: u32) -> Result<Address> {
        ensure(self.config.knows(executor), || IStaking::UnknownExecutor { executorId: executor })?;
        Ok(self.config.executor(executor).owner)
    }

    fn own_executor(&self, from: Address) -> Result<u32> {
        let executorId = self.config.id_where(|executor| executor.owner == from);
        ensure(executorId != 0, || IStaking::NotOwner { caller: from, executorId })?;
        Ok(executorId)
    }

    pub(super) fn pay_stake(&mut self, to: Address, wei: u128) -> Result<()> {
        let amount = U256::from(wei);
        ensure(self.takes_money(to), || IStaking::TransferFailed { to, amount })?;
        self.ledger.transfer(self.config.at.staking, to, wei);
        Ok(())
    }

    fn below_minimum(&self, stake: u128) -> IStaking::BelowMinimumStake {
        IStaking::BelowMinimumStake { stake: U256::from(stake), minimum: U256::from(self.config.minimum_stake) }
    }

    pub(super) fn require_minimum(&self, stake: u128) -> Result<()> {
        ensure(stake >= self.config.minimum_stake, || self.below_minimum(stake))
    }

    pub(super) fn stake(&mut self, from: Address, value: u128, executor: u32) -> Result<()> {
        ensure(value != 0, || IStaking::ZeroAmount {})?;
        let owner = self.require_executor(executor)?;
        let ejected = self.stakes.account(executor).ejected;
        ensure(!ejected, || IStaking::EjectedExecutor { executorId: executor })?;
        self.divide_earnings(executor);
        let own = self.stakes.pool(executor).own + value;
        self.require_minimum(own)?;
        let pool = self.stakes.pool_mut(executor);
        pool.own_shares += shares_minted(value, pool.own, pool.own_shares);
        pool.own = own;
        let shares = pool.own_shares;
        self.record_votes(executor, owner, shares);
        let (amount, stake) = (U256::from(value), U256::from(own));
        self.emit_stake(IStaking::Staked { executorId: executor, from, amount, stake });
        Ok(())
    }

    pub(super) fn request_exit(&mut self, from: Address, amount: U256) -> Result<()> {
        let executor = self.own_executor(from)?;
        ensure(!amount.is_zero(), || IStaking::ZeroAmount {})?;
        self.divide_earnings(executor);
        let pool = self.stakes.pool(executor).clone();
        let amount = if amount == U256::MAX { U256::from(pool.own) } else { amount };
        ensure(!amount.is_zero() && amount <= U256::from(pool.own), || IStaking::InsufficientStake {
            stake: U256::from(pool.own),
            requested: amount,
        })?;
        let amount: u128 = amount.to();
        let remaining = pool.own - amount;
        if remaining != 0 {
            self.require_minimum(remaining)?;
        }
        let locked = self.stakes.account(executor).locked;
        ensure(remaining + pool.delegated >= locked, || IStaking::StakeLocked { locked: U256::from(locked) })?;

        let maturity = self.exit_maturity();
        self.stakes.bucket_mut(executor, maturity).own += amount;
        let pool = self.stakes.pool_mut(executor);
        pool.own_shares -= shares_burned(amount, pool.own, pool.own_shares);
        (pool.own, pool.last_maturity) = (remaining, maturity);
        let shares = pool.own_shares;
        self.record_votes(executor, from, shares);
        let amount = U256::from(amount);
        self.emit_stake(IStaking::ExitRequested { executorId: executor, amount, maturesAtEpoch: maturity });
        Ok(())
    }

    pub(super) fn complete_exit(&mut self, executor: u32, maturity: u64) -> Result<()> {
        let wei = self.stakes.bucket(executor, maturity).own;
        ensure(wei != 0, || IStaking::NoExit { executorId: executor })?;
        self.require_mature(maturity)?;
        self.stakes.bucket_mut(executor, maturity).own = 0;
        let amount = U256::from(wei);
        self.emit_stake(IStaking::ExitCompleted { executorId: executor, amount, maturesAtEpoch: maturity });
        self.pay_stake(self.config.executor(executor).owner, wei)
    }

    pub(super) fn announce_commission(&mut self, from: Address, bps: u16) -> Result<()> {
        const MAXIMUM: u16 = 5_000;
        let executor = self.own_executor(from)?;
        ensure(bps <= MAXIMUM, || IStaking::CommissionTooHigh { bps, maximum: MAXIMUM })?;
        self.divide_earnings(executor);
        let from_epoch = self.epoch() + 1;
        self.stakes.standings[executor as usize - 1].next_commission = Some((from_epoch, bps));
        self.emit_stake(IStaking::CommissionAnnounced { executorId: executor, bps, fromEpoch: from_epoch });
        Ok(())
    }

    pub(super) fn reinstate(&mut self, executor: u32) -> Result<()> {
        // An id that nobody has stands for an executor without anything, which isn't ejected.
        let ejected = self.config.knows(executor) && self.stakes.account(executor).ejected;
        ensure(ejected, || IStaking::NotEjected { executorId: executor })?;
        let (stake, in_flight) = (self.stakes.pool(executor).own, self.stakes.account(executor).in_flight);
        ensure(stake == 0 && in_flight == 0, || IStaking::NotExited {
            stake: U256::from(stake),
            inFlight: U256::from(in_flight),
        })?;
        self.require_mature(self.stakes.pool(executor).last_maturity)?;
        self.stakes.pool_mut(executor).own_shares = 0;
        self.next_generation(executor);
        let epoch = self.epoch();
        let account = self.stakes.account_mut(executor);
        account.ejected = false;
        account.set_reputation(reputation::INITIAL, epoch);
        self.emit_stake(IStaking::Reinstated { executorId: executor });
        Ok(())
    }

    pub(super) fn forgive_strikes(&mut self, executor: u32) -> Result<()> {
        let clean = if self.config.knows(executor) { self.stakes.account(executor).clean_jobs } else { 0 };
        let Some(rest) = clean.checked_sub(CLEAN_JOBS_PER_STRIKE) else {
            let (cleanJobs, needed) = (U256::from(clean), U256::from(CLEAN_JOBS_PER_STRIKE));
            return Err(Refusal::of(IStaking::TooFewCleanJobs { cleanJobs, needed }));
        };
        self.stakes.account_mut(executor).clean_jobs = rest;
        let pool = self.stakes.pool_mut(executor);
        pool.strikes = pool.strikes.map(|strikes| strikes.saturating_sub(1));
        self.emit_stake(IStaking::StrikesForgiven { executorId: executor });
        Ok(())
    }
}
