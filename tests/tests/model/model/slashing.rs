//! What silence costs. (Convictions, equivocations and proofs are not modelled.)

use alloy::primitives::{Address, B256, U256};
use infera_contracts::IStaking;

use super::{
    Model,
    config::Mutation,
    outcome::{Refusal, Result},
};

/// `Offence.NoReveal`.
const NO_REVEAL: u8 = 0;
/// Percent for the first, the second and every later time.
const PERCENT: [u128; 3] = [5, 20, 100];
/// The prover gets a part of what own stake lost, and at most so many fees.
const PROVER_DIVISOR: u128 = 10;
const REWARD_CAP_IN_SEAT_FEES: u128 = 10;
/// Where slashed stake goes.
pub(crate) const BURN_ADDRESS: Address = alloy::primitives::address!("000000000000000000000000000000000000dEaD");

impl Model {
    pub(super) fn punish_no_reveal(&mut self, executor: u32, id: B256, seat_fee: u128, prover: Address) {
        let epoch = self.epoch();
        let pool = self.stakes.pool_mut(executor);
        pool.strikes = pool.strikes.saturating_add(1);
        let strike = pool.strikes;
        let percent = PERCENT[usize::from(strike).min(PERCENT.len()) - 1];
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
            offence: NO_REVEAL,
            strike,
            percent: percent as u8,
            amount: U256::from(amount),
            reward: U256::from(reward),
        });
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
