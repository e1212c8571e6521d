//! Transactions about stakes, offers, pools and pauses.

use alloy::primitives::{Address, B256, U256, aliases::U96};
use infera_contracts::{
    IExecutorRegistry::{self, IExecutorRegistryCalls},
    IPolicyRegistry::{self, IPolicyRegistryCalls},
    IStaking::{self, IStakingCalls},
};

use super::Script;
use crate::{
    model::Model,
    operation::{Forbidden, Operation},
};

impl Script {
    pub(super) fn policy_call(&self, model: &Model, operation: &Operation) -> Option<(Address, IPolicyRegistryCalls)> {
        use IPolicyRegistryCalls as To;
        let (by, call) = match *operation {
            Operation::Pause { duration, by } => (by, To::pauseNewJobs(IPolicyRegistry::pauseNewJobsCall { duration })),
            Operation::Resume { by } => (by, To::resumeNewJobs(IPolicyRegistry::resumeNewJobsCall {})),
            _ => return None,
        };
        Some((self.sender(by, model.config.guardian), call))
    }

    pub(super) fn executor_call(&self, model: &Model, operation: &Operation) -> (Address, IExecutorRegistryCalls) {
        use IExecutorRegistryCalls as To;
        match *operation {
            Operation::RefreshWeights { executor } => {
                let call = IExecutorRegistry::refreshWeightsCall { executorId: executor };
                (self.account(0), To::refreshWeights(call))
            }
            Operation::Offer { executor, price, capacity, version, pool, by } => {
                let call = IExecutorRegistry::setOfferingCall {
                    modelId: model.config.model,
                    version,
                    runtimeClass: model.config.class,
                    pool,
                    pricePerUnit: U96::from(price),
                    capacity,
                };
                (self.sender(by, self.owner(model, executor)), To::setOffering(call))
            }
            Operation::RevokeSigner { executor, by } => {
                let call = IExecutorRegistry::revokeSignerCall {};
                (self.sender(by, self.owner(model, executor)), To::revokeSigner(call))
            }
            Operation::ListExecutor { pool, executor, admitted, by } => {
                let call = IExecutorRegistry::listExecutorCall { pool, executorId: executor, admitted };
                (self.sender(by, model.config.pool_admin), To::listExecutor(call))
            }
            Operation::ListRequester { pool, requester, admitted, by } => {
                let call = IExecutorRegistry::listRequesterCall { pool, requester: self.account(requester), admitted };
                (self.sender(by, model.config.pool_admin), To::listRequester(call))
            }
            _ => panic!("{operation:?} is no transaction"),
        }
    }

    pub(super) fn stake_call(&self, model: &Model, operation: &Operation) -> Option<(Address, u128, IStakingCalls)> {
        use IStakingCalls as To;
        use Operation as Op;
        let anyone = self.account(0);
        let all = |amount: u128| if amount == u128::MAX { U256::MAX } else { U256::from(amount) };
        let owner = |id: u32| self.owner(model, id);
        let maturity = |id: u32, before: u64| {
            let newest = if model.config.knows(id) { model.stakes.pool(id).last_maturity } else { 0 };
            newest.saturating_sub(before.saturating_mul(model.config.unbonding_epochs))
        };
        let call = match *operation {
            Op::Stake { executor, amount, by } => {
                return Some((self.account(by), amount, To::stake(IStaking::stakeCall { executorId: executor })));
            }
            Op::Delegate { executor, amount, by } => {
                return Some((self.account(by), amount, To::delegate(IStaking::delegateCall { executorId: executor })));
            }
            Op::RequestExit { executor, amount, by } => {
                let call = To::requestExit(IStaking::requestExitCall { amount: all(amount) });
                return Some((self.sender(by, owner(executor)), 0, call));
            }
            Op::AnnounceCommission { executor, bps, by } => {
                let call = To::announceCommission(IStaking::announceCommissionCall { bps });
                return Some((self.sender(by, owner(executor)), 0, call));
            }
            Op::Undelegate { executor, amount, by } => {
                let call = IStaking::undelegateCall { executorId: executor, amount: all(amount) };
                return Some((self.account(by), 0, To::undelegate(call)));
            }
            Op::Trespass { executor, call, by } => {
                return Some((self.account(by), 0, forbidden(executor, call, self.account(by))));
            }
            Op::CompleteExit { executor, before } => {
                let maturesAtEpoch = maturity(executor, before);
                To::completeExit(IStaking::completeExitCall { executorId: executor, maturesAtEpoch })
            }
            Op::CompleteUndelegation { executor, delegator, before } => {
                To::completeUndelegation(IStaking::completeUndelegationCall {
                    executorId: executor,
                    delegator: self.account(delegator),
                    maturesAtEpoch: maturity(executor, before),
                })
            }
            Op::WithdrawDelegation { executor, delegator } => {
                let delegator = self.account(delegator);
                To::withdrawDelegation(IStaking::withdrawDelegationCall { executorId: executor, delegator })
            }
            Op::WithdrawEarnings { executor } => {
                To::withdrawEarnings(IStaking::withdrawEarningsCall { executorId: executor })
            }
            Op::Reinstate { executor } => To::reinstate(IStaking::reinstateCall { executorId: executor }),
            Op::ForgiveStrikes { executor } => {
                To::forgiveStrikes(IStaking::forgiveStrikesCall { executorId: executor })
            }
            Op::StartGeneration { executor } => {
                To::startGeneration(IStaking::startGenerationCall { executorId: executor })
            }
            Op::WithdrawProverReward { prover } => {
                To::withdrawProverReward(IStaking::withdrawProverRewardCall { prover: self.account(prover) })
            }
            Op::BurnSlashed { prover } => To::burnSlashed(IStaking::burnSlashedCall { prover: self.account(prover) }),
            _ => return None,
        };
        Some((anyone, 0, call))
    }
}

fn forbidden(executor: u32, call: Forbidden, prover: Address) -> IStakingCalls {
    use IStakingCalls as To;
    let (jobId, amount) = (B256::repeat_byte(1), 1);
    match call {
        Forbidden::TryLockSeat => {
            To::tryLockSeat(IStaking::tryLockSeatCall { jobId, executorId: executor, amount, capacity: 1 })
        }
        Forbidden::LockSeats => To::lockSeats(IStaking::lockSeatsCall { jobId, executorIds: vec![executor], amount }),
        Forbidden::UnlockSeat => To::unlockSeat(IStaking::unlockSeatCall { jobId, executorId: executor, amount }),
        Forbidden::Settle => {
            let settlements = Vec::new();
            To::settle(IStaking::settleCall { jobId, requester: prover, amount, settlements })
        }
        Forbidden::Slash => To::slash(IStaking::slashCall {
            executorId: executor,
            jobId,
            penalty: IStaking::Penalty { offence: 0, first: 5, second: 20, third: 100, halvesReputation: false },
            prover,
            rewardCap: U256::MAX,
        }),
    }
}
