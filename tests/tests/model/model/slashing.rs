//! What offences cost.

use alloy::primitives::{Address, B256, U256};
use infera_contracts::IStaking;

use super::{
    Model,
    config::Mutation,
    outcome::{Refusal, Result},
    reputation::EJECTION_LINE,
};

/// How many kinds of offences the contracts count.
pub(crate) const OFFENCES: usize = 5;
/// The prover gets a part of what own stake lost, and at most so many fees.
const PROVER_DIVISOR: u128 = 10;
const REWARD_CAP_IN_SEAT_FEES: u128 = 10;
/// Where slashed stake goes.
pub(crate) const BURN_ADDRESS: Address = alloy::primitives::address!("000000000000000000000000000000000000dEaD");

/// What stake is cut for, by its number in the contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offence {
    NoReveal = 0,
    Equivocation = 1,
    InvalidVif = 2,
    Conviction = 4,
}

impl Offence {
    /// For the first, the second and every later time.
    fn percent(self, strike: u8) -> u128 {
        let percent = match self {
            Self::NoReveal | Self::Conviction => [5, 20, 100],
            Self::Equivocation => [100; 3],
            Self::InvalidVif => [20, 50, 100],
        };
        percent[usize::from(strike).min(percent.len()) - 1]
    }
}

impl Model {
    /// Counts an offence and cuts an executor's stake, active and exiting. Returns how much, in wei.
    pub(super) fn slash(&mut self, offence: Offence, executor: u32, id: B256, seat_fee: u128, prover: Address) -> u128 {
        let epoch = self.epoch();
        let strikes = &mut self.stakes.pool_mut(executor).strikes[offence as usize];
        *strikes = strikes.saturating_add(1);
        let strike = *strikes;
        let percent = offence.percent(strike);
        let from_own = self.slash_part(self.stakes.pool(executor).own, percent);
        let from_delegated = self.slash_part(self.stakes.pool(executor).delegated, percent);
        let mut amount = from_own + from_delegated;
        let newest = self.stakes.pool(executor).last_maturity;
        if newest > epoch {
            for maturity in [newest, newest - self.config.unbonding_epochs] {
                if maturity > epoch {
                    amount += self.slash_bucket(executor, maturity, percent);
                }
            }
        }
        let pool = self.stakes.pool_mut(executor);
        pool.own -= from_own;
        pool.delegated -= from_delegated;
        if offence == Offence::Conviction && !self.is_mutated(Mutation::KindConviction) {
            self.halve_reputation(executor);
        }
        if percent == 100 {
            self.eject(executor);
            // Coming back takes as long as an exit would.
            let maturity = self.exit_maturity();
            self.stakes.pool_mut(executor).last_maturity = maturity;
        }
        let reward = (from_own / PROVER_DIVISOR).min(REWARD_CAP_IN_SEAT_FEES * seat_fee);
        let taken = self.stakes.taken.entry(prover).or_default();
        taken.reward += reward;
        taken.unburned += amount - reward;
        self.emit_stake(IStaking::Slashed {
            executorId: executor,
            jobId: id,
            prover,
            offence: offence as u8,
            strike,
            percent: percent as u8,
            amount: U256::from(amount),
            reward: U256::from(reward),
        });
        amount
    }

    fn halve_reputation(&mut self, executor: u32) {
        let (score, epoch) = (self.score_of(executor) / 2, self.epoch());
        self.stakes.account_mut(executor).set_reputation(score, epoch);
        self.emit_stake(IStaking::ReputationHalved { executorId: executor, reputation: U256::from(score) });
        if score < EJECTION_LINE {
            self.eject(executor);
        }
    }

    fn slash_bucket(&mut self, executor: u32, maturity: u64, percent: u128) -> u128 {
        let bucket = self.stakes.bucket(executor, maturity);
        let (own, delegated) = (self.slash_part(bucket.own, percent), self.slash_part(bucket.delegated, percent));
        let bucket = self.stakes.bucket_mut(executor, maturity);
        bucket.own -= own;
        bucket.delegated -= delegated;
        own + delegated
    }

    /// Rounded up.
    fn slash_part(&self, amount: u128, percent: u128) -> u128 {
        if self.is_mutated(Mutation::LenientSlash) { amount * percent / 100 } else { (amount * percent).div_ceil(100) }
    }

    pub(super) fn withdraw_prover_reward(&mut self, prover: Address) -> Result<()> {
        let reward = std::mem::take(&mut self.stakes.taken.entry(prover).or_default().reward);
        if reward == 0 {
            return Err(Refusal::of(IStaking::NoProverReward { prover }));
        }
        self.emit_stake(IStaking::ProverRewardWithdrawn { prover, amount: U256::from(reward) });
        self.pay_stake(prover, reward)
    }

    pub(super) fn burn_slashed(&mut self, prover: Address) -> Result<()> {
        let unburned = std::mem::take(&mut self.stakes.taken.entry(prover).or_default().unburned);
        if unburned == 0 {
            return Err(Refusal::of(IStaking::NothingToBurn { prover }));
        }
        self.emit_stake(IStaking::SlashedStakeBurned { prover, amount: U256::from(unburned) });
        self.pay_stake(BURN_ADDRESS, unburned)
    }
}
