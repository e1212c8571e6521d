//! Stake that others put with an executor.

use alloy::primitives::{Address, U256};
use infera_contracts::IStaking;

use super::{
    Model,
    arithmetic::{mul_div, shares_burned, shares_minted, shares_worth},
    config::Mutation,
    outcome::{Refusal, Result, ensure},
};

/// Above this many shares a wei, a pool is insolvent.
const MAX_SHARES_PER_WEI: u128 = 100_000_000_000;

/// Of one account with one executor.
#[derive(Debug, Clone, Default)]
pub(crate) struct Delegation {
    pub(crate) shares: u128,
    /// Earnings, and what an earlier generation left.
    pub(crate) owed: u128,
    pub(crate) generation: u32,
    /// The index up to which `owed` counts.
    pub(crate) index_paid: U256,
}

/// What a generation had when delegation started over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Remainder {
    pub(crate) tokens: u128,
    pub(crate) shares: u128,
}

fn insolvent(tokens: u128, shares: u128) -> bool {
    U256::from(shares) > U256::from(MAX_SHARES_PER_WEI) * U256::from(tokens)
}

impl Model {
    fn delegation(&self, executor: u32, delegator: Address) -> Delegation {
        self.stakes.delegations.get(&(executor, delegator)).cloned().unwrap_or_default()
    }

    pub(super) fn delegate(&mut self, from: Address, value: u128, executor: u32) -> Result<()> {
        ensure(value != 0, || IStaking::ZeroAmount {})?;
        let owner = self.require_executor(executor)?;
        ensure(owner != from, || IStaking::OwnerCannotDelegate { executorId: executor })?;
        let ejected = self.stakes.account(executor).ejected;
        ensure(!ejected, || IStaking::EjectedExecutor { executorId: executor })?;
        let pool = self.stakes.pool(executor).clone();
        self.require_minimum(pool.own)?;
        ensure(!insolvent(pool.delegated, pool.delegated_shares), || IStaking::InsolventPool {
            tokens: U256::from(pool.delegated),
            shares: U256::from(pool.delegated_shares),
        })?;

        self.divide_earnings(executor);
        let mut delegation = self.up_to_date(executor, from);
        let minted = shares_minted(value, pool.delegated, pool.delegated_shares);
        delegation.shares += minted;
        let pool = self.stakes.pool_mut(executor);
        pool.delegated += value;
        pool.delegated_shares += minted;
        self.store_delegation(executor, from, delegation);
        let (amount, shares) = (U256::from(value), U256::from(minted));
        self.emit_stake(IStaking::Delegated { executorId: executor, delegator: from, amount, shares });
        Ok(())
    }

    pub(super) fn undelegate(&mut self, from: Address, executor: u32, amount: U256) -> Result<()> {
        ensure(!amount.is_zero(), || IStaking::ZeroAmount {})?;
        if !self.config.knows(executor) {
            let requested = if amount == U256::MAX { U256::ZERO } else { amount };
            return Err(Refusal::of(IStaking::InsufficientStake { stake: U256::ZERO, requested }));
        }
        self.divide_earnings(executor);
        let mut delegation = self.up_to_date(executor, from);
        let pool = self.stakes.pool(executor).clone();
        let worth = shares_worth(delegation.shares, pool.delegated, pool.delegated_shares);
        let requested = if amount == U256::MAX { U256::from(worth) } else { amount };
        ensure(!requested.is_zero() && requested <= U256::from(worth), || IStaking::InsufficientStake {
            stake: U256::from(worth),
            requested,
        })?;
        let wei: u128 = requested.to();
        let burned = if wei == worth {
            delegation.shares
        } else if self.is_mutated(Mutation::CheapUndelegation) {
            mul_div(wei, U256::from(pool.delegated_shares), U256::from(pool.delegated))
        } else {
            shares_burned(wei, pool.delegated, pool.delegated_shares)
        };

        let maturity = self.exit_maturity();
        let bucket = self.stakes.bucket_mut(executor, maturity);
        let exit_shares = shares_minted(wei, bucket.delegated, bucket.shares);
        bucket.delegated += wei;
        bucket.shares += exit_shares;
        *bucket.shares_of.entry(from).or_default() += exit_shares;

        delegation.shares -= burned;
        let pool = self.stakes.pool_mut(executor);
        pool.delegated -= wei;
        pool.delegated_shares -= burned;
        pool.last_maturity = maturity;
        self.store_delegation(executor, from, delegation);
        self.emit_stake(IStaking::UndelegationRequested {
            executorId: executor,
            delegator: from,
            amount: requested,
            shares: U256::from(burned),
            maturesAtEpoch: maturity,
        });
        Ok(())
    }

    pub(super) fn complete_undelegation(&mut self, executor: u32, delegator: Address, maturity: u64) -> Result<()> {
        let bucket = self.stakes.bucket(executor, maturity);
        let shares = bucket.shares_of.get(&delegator).copied().unwrap_or_default();
        ensure(shares != 0, || IStaking::NoExit { executorId: executor })?;
        self.require_mature(maturity)?;
        let wei = shares_worth(shares, bucket.delegated, bucket.shares);
        let bucket = self.stakes.bucket_mut(executor, maturity);
        bucket.shares_of.remove(&delegator);
        bucket.shares -= shares;
        bucket.delegated -= wei;
        let amount = U256::from(wei);
        self.emit_stake(IStaking::UndelegationCompleted {
            executorId: executor,
            delegator,
            amount,
            maturesAtEpoch: maturity,
        });
        self.pay_stake(delegator, wei)
    }

    pub(super) fn withdraw_delegation(&mut self, executor: u32, delegator: Address) -> Result<()> {
        if !self.config.knows(executor) {
            return Err(Refusal::of(IStaking::NothingToWithdraw { executorId: executor }));
        }
        self.divide_earnings(executor);
        let mut delegation = self.up_to_date(executor, delegator);
        let wei = std::mem::take(&mut delegation.owed);
        ensure(wei != 0, || IStaking::NothingToWithdraw { executorId: executor })?;
        self.stakes.delegations.insert((executor, delegator), delegation);
        self.emit_stake(IStaking::DelegatorPaid { executorId: executor, delegator, amount: U256::from(wei) });
        self.pay_stake(delegator, wei)
    }

    pub(super) fn start_generation(&mut self, executor: u32) -> Result<()> {
        let pool = if self.config.knows(executor) { self.stakes.pool(executor).clone() } else { Default::default() };
        let (tokens, shares) = (pool.delegated, pool.delegated_shares);
        ensure(insolvent(tokens, shares), || IStaking::SolventPool {
            tokens: U256::from(tokens),
            shares: U256::from(shares),
        })?;
        self.next_generation(executor);
        Ok(())
    }

    /// Leaves what there is to the old shares and starts with none.
    pub(super) fn next_generation(&mut self, executor: u32) {
        self.divide_earnings(executor);
        let generation = self.generation(executor);
        let pool = self.stakes.pool_mut(executor);
        let (tokens, shares) = (std::mem::take(&mut pool.delegated), std::mem::take(&mut pool.delegated_shares));
        let own_shares = pool.own_shares;
        self.stakes.remainders.insert((executor, generation), Remainder { tokens, shares });
        self.stakes.standings[executor as usize - 1].generation += 1;
        self.record_votes(executor, self.config.executor(executor).owner, own_shares);
        self.emit_stake(IStaking::GenerationStarted {
            executorId: executor,
            generation: generation + 1,
            left: U256::from(tokens),
        });
    }

    /// A delegation with all that it is owed, and of the present generation. The caller stores it.
    fn up_to_date(&mut self, executor: u32, delegator: Address) -> Delegation {
        let mut delegation = self.delegation(executor, delegator);
        let (old, present) = (delegation.generation, self.generation(executor));
        delegation.owed += Self::earned(delegation.shares, self.index_of(executor, old), delegation.index_paid);
        if old != present {
            let remainder = self.stakes.remainders.entry((executor, old)).or_default();
            let redeemed = shares_worth(delegation.shares, remainder.tokens, remainder.shares);
            remainder.tokens -= redeemed;
            remainder.shares -= delegation.shares;
            delegation.owed += redeemed;
            (delegation.shares, delegation.generation) = (0, present);
        }
        delegation.index_paid = self.index_of(executor, present);
        delegation
    }

    fn store_delegation(&mut self, executor: u32, delegator: Address, delegation: Delegation) {
        let shares = delegation.shares;
        self.stakes.delegations.insert((executor, delegator), delegation);
        self.record_votes(executor, delegator, shares);
    }

    // ---------------------------------------------------------------- views

    /// What `delegationOf` gives: wei, shares and earnings.
    pub(crate) fn delegation_of(&self, executor: u32, delegator: Address) -> (u128, u128, u128) {
        let delegation = self.delegation(executor, delegator);
        let pool = self.stakes.pool(executor);
        if delegation.generation == self.generation(executor) {
            let worth = shares_worth(delegation.shares, pool.delegated, pool.delegated_shares);
            let earned = Self::earned(delegation.shares, self.index_now(executor), delegation.index_paid);
            return (worth, delegation.shares, delegation.owed + earned);
        }
        let index = self.index_of(executor, delegation.generation);
        let remainder = &self.stakes.remainders[&(executor, delegation.generation)];
        let redeemable = shares_worth(delegation.shares, remainder.tokens, remainder.shares);
        let earned = Self::earned(delegation.shares, index, delegation.index_paid);
        (0, 0, delegation.owed + earned + redeemable)
    }

    /// What `undelegationOf` gives.
    pub(crate) fn undelegation_of(&self, executor: u32, delegator: Address, maturity: u64) -> u128 {
        let bucket = self.stakes.bucket(executor, maturity);
        let shares = bucket.shares_of.get(&delegator).copied().unwrap_or_default();
        shares_worth(shares, bucket.delegated, bucket.shares)
    }

    /// What `votesOf` gives for the epoch of now.
    pub(crate) fn votes_of(&self, executor: u32, account: Address) -> u128 {
        let pool = self.stakes.pool(executor);
        let before = self.shares_before(executor, account, self.epoch());
        if account == self.config.executor(executor).owner {
            return shares_worth(before.min(pool.own_shares), pool.own, pool.own_shares);
        }
        let delegation = self.delegation(executor, account);
        let now = if delegation.generation == self.generation(executor) { delegation.shares } else { 0 };
        shares_worth(before.min(now), pool.delegated, pool.delegated_shares)
    }
}
