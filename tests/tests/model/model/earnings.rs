//! The division of earnings between an owner and its delegators, and votes.

use alloy::primitives::{Address, U256};
use infera_contracts::IStaking;

use super::{
    Model,
    arithmetic::{BASIS_POINTS, mul_div},
    outcome::{Result, ensure},
};

/// What an owner may take, and how earnings are divided.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standing {
    pub(crate) owner_earnings: u128,
    pub(crate) generation: u32,
    pub(crate) commission_bps: u16,
    /// First epoch, and basis points.
    pub(crate) next_commission: Option<(u64, u16)>,
}

/// Fixed point of earnings per share.
fn index_one() -> U256 {
    U256::from(1) << 96
}

impl Model {
    fn standing(&self, executor: u32) -> &Standing {
        &self.stakes.standings[executor as usize - 1]
    }

    pub(super) fn generation(&self, executor: u32) -> u32 {
        self.standing(executor).generation
    }

    /// Comes before every change of stake and of the commission.
    pub(super) fn divide_earnings(&mut self, executor: u32) {
        let earned = std::mem::take(&mut self.stakes.account_mut(executor).earnings);
        let to_delegators = self.delegators_part(executor, earned);
        if to_delegators != 0 {
            let shares = U256::from(self.stakes.pool(executor).delegated_shares);
            let per_share = U256::from(to_delegators) * index_one() / shares;
            let index = self.stakes.earnings_index.entry((executor, self.generation(executor))).or_default();
            *index = index.checked_add(per_share).unwrap();
        }
        let to_owner = earned - to_delegators;
        let epoch = self.epoch();
        let standing = &mut self.stakes.standings[executor as usize - 1];
        standing.owner_earnings += to_owner;
        if let Some((from_epoch, bps)) = standing.next_commission
            && epoch >= from_epoch
        {
            (standing.commission_bps, standing.next_commission) = (bps, None);
        }
        if earned != 0 {
            self.emit_stake(IStaking::EarningsDivided {
                executorId: executor,
                toOwner: U256::from(to_owner),
                toDelegators: U256::from(to_delegators),
            });
        }
    }

    /// Rounded down. Earnings that straddle a change of the commission pay the lower one.
    pub(super) fn delegators_part(&self, executor: u32, earned: u128) -> u128 {
        let (pool, standing) = (self.stakes.pool(executor), self.standing(executor));
        if pool.delegated == 0 || earned == 0 {
            return 0;
        }
        let commission = match standing.next_commission {
            Some((from_epoch, bps)) if self.epoch() >= from_epoch => standing.commission_bps.min(bps),
            _ => standing.commission_bps,
        };
        let of_delegated = U256::from(pool.delegated) * U256::from(BASIS_POINTS - u128::from(commission));
        let active = U256::from(pool.own + pool.delegated) * U256::from(BASIS_POINTS);
        mul_div(earned, of_delegated, active)
    }

    /// What one delegated share of the present generation would have earned if earnings were divided now.
    pub(super) fn index_now(&self, executor: u32) -> U256 {
        let undivided = self.delegators_part(executor, self.stakes.account(executor).earnings);
        let index = self.index_of(executor, self.generation(executor));
        if undivided == 0 {
            return index;
        }
        index + U256::from(undivided) * index_one() / U256::from(self.stakes.pool(executor).delegated_shares)
    }

    pub(super) fn index_of(&self, executor: u32, generation: u32) -> U256 {
        self.stakes.earnings_index.get(&(executor, generation)).copied().unwrap_or_default()
    }

    /// What shares have earned since the index was `paid`.
    pub(super) fn earned(shares: u128, index: U256, paid: U256) -> u128 {
        mul_div(shares, index.checked_sub(paid).unwrap(), index_one())
    }

    /// What `withdrawEarnings` would pay.
    pub(crate) fn owner_earnings(&self, executor: u32) -> u128 {
        let earned = self.stakes.account(executor).earnings;
        self.standing(executor).owner_earnings + earned - self.delegators_part(executor, earned)
    }

    pub(super) fn withdraw_earnings(&mut self, executor: u32) -> Result<()> {
        if !self.config.knows(executor) {
            return ensure(false, || IStaking::NothingToWithdraw { executorId: executor });
        }
        self.divide_earnings(executor);
        let wei = std::mem::take(&mut self.stakes.standings[executor as usize - 1].owner_earnings);
        ensure(wei != 0, || IStaking::NothingToWithdraw { executorId: executor })?;
        let owner = self.config.executor(executor).owner;
        self.emit_stake(IStaking::EarningsWithdrawn { executorId: executor, owner, amount: U256::from(wei) });
        self.pay_stake(owner, wei)
    }

    pub(super) fn record_votes(&mut self, executor: u32, account: Address, shares: u128) {
        let (generation, epoch) = (self.generation(executor), self.epoch());
        self.stakes.votes.entry((executor, generation, account)).or_default().insert(epoch, shares);
    }

    /// An account's shares of the present generation when an epoch began.
    pub(super) fn shares_before(&self, executor: u32, account: Address, epoch: u64) -> u128 {
        let votes = self.stakes.votes.get(&(executor, self.generation(executor), account));
        votes.and_then(|votes| votes.range(..epoch).next_back()).map_or(0, |(_, shares)| *shares)
    }
}
