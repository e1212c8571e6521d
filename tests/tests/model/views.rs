//! What the contracts' views say, against the model.

mod court;
mod desk;
mod single;

use std::fmt::Debug;

use alloy::{
    primitives::{Address, U256},
    providers::Provider,
};
use infera_contracts::{
    IJobRegistry::{JobState, Terms},
    IPolicyRegistry, ISortition,
    IStaking::{Account, PoolView},
};

use crate::{
    model::{Model, PRIVATE_POOL, Phase},
    script::Script,
    stage::{EXECUTORS, Stage},
};

alloy::sol! {
    /// What `infera-contracts` has no binding for, because only contracts read it.
    #[sol(rpc)]
    interface IActivityLog {
        struct Activity {
            uint256 drawn;
            uint256 agreed;
            uint256 burned;
        }

        function activityOf(uint32 executorId, uint64 epoch) external view returns (Activity memory);
        function burnedBy(uint32 executorId) external view returns (uint256);
    }
}

/// Views that differ, in words.
#[derive(Default)]
struct Comparison(Vec<String>);

impl Comparison {
    fn same<T: PartialEq + Debug>(&mut self, view: impl FnOnce() -> String, model: T, contracts: T) {
        if model != contracts {
            self.0.push(format!("{}:\n    model     {model:?}\n    contracts {contracts:?}", view()));
        }
    }
}

/// The differences between the model's state and the contracts', in the newest job and the contracts' money.
pub(crate) fn newest_differences(stage: &Stage, model: &Model, script: &Script) -> Vec<String> {
    let mut comparison = Comparison::default();
    stage.network.chain.wait(async {
        let jobs = script.jobs();
        job_views(stage, model, &jobs[jobs.len().saturating_sub(1)..], &mut comparison).await;
        let singles = script.singles();
        single::jobs(stage, model, script, &singles[singles.len().saturating_sub(1)..], &mut comparison).await;
        let at = &model.config.at;
        let contracts = [at.job_registry, at.staking, at.job_desk, at.court, at.single_job_registry];
        money(stage, model, &contracts, &mut comparison).await;
    });
    comparison.0
}

/// All differences between the model's state and the contracts'.
pub(crate) fn differences(stage: &Stage, model: &Model, script: &Script) -> Vec<String> {
    let mut comparison = Comparison::default();
    stage.network.chain.wait(async {
        job_views(stage, model, script.jobs(), &mut comparison).await;
        executors(stage, model, &mut comparison).await;
        history(stage, model, &mut comparison).await;
        let everybody: Vec<_> = model.ledger.accounts().collect();
        desk::desk(stage, model, script, &everybody, &mut comparison).await;
        court::court(stage, model, &everybody, &mut comparison).await;
        single::jobs(stage, model, script, script.singles(), &mut comparison).await;
        single::rest(stage, model, &everybody, &mut comparison).await;
        money(stage, model, &everybody, &mut comparison).await;
    });
    comparison.0
}

async fn job_views(stage: &Stage, model: &Model, jobs: &[Terms], comparison: &mut Comparison) {
    let contract = stage.jobs();
    for terms in jobs {
        let id = model.id_of(terms);
        let job = model.job(id);
        let theirs = contract.jobState(id).call().await.unwrap();
        let name = |view: &str| format!("{view} of the job with nonce {}", terms.nonce);
        let ours = JobState {
            phase: job.phase as u8,
            callbackStatus: job.callback as u8,
            requestBlock: job.request_block,
            requestTime: job.request_time,
            deadline: job.deadline,
            seatFee: job.seat_fee,
            committed: job.committed,
            revealed: job.revealed,
            agreeing: job.agreeing,
            pending: job.pending,
            centre: if job.phase == Phase::Resolved { job.ending } else { 0 },
            advances: job.advances,
            committee: job.committee.clone(),
        };
        comparison.same(|| name("jobState"), ours, theirs);
        let theirs = contract.committeeOf(terms.clone()).call().await.unwrap();
        comparison.same(|| name("committeeOf"), model.committee_of(id, terms), (theirs.committee, theirs.seatFee));
        for (seat, hash) in (0..).zip(job.seats).take(job.committee.len()) {
            comparison.same(|| name("seatHash"), hash, contract.seatHash(id, seat).call().await.unwrap());
        }
        court::case(stage, model, terms, comparison).await;
    }
}

async fn executors(stage: &Stage, model: &Model, comparison: &mut Comparison) {
    let contract = stage.stakes();
    for id in (1..).take(EXECUTORS.len()) {
        let (account, pool) = (model.stakes.account(id), model.stakes.pool(id));
        let name = |view: &str| format!("{view} of executor {id}");
        let theirs = contract.accountOf(id).call().await.unwrap();
        let ours = Account {
            earnings: U256::from(account.earnings),
            locked: U256::from(account.locked),
            reputation: U256::from(model.score_of(id)),
            volume: U256::from(account.volume),
            inFlight: U256::from(account.in_flight),
            ejected: account.ejected,
            cleanJobs: U256::from(account.clean_jobs),
        };
        comparison.same(|| name("accountOf"), ours, theirs);
        let theirs = contract.poolOf(id).call().await.unwrap();
        let standing = &model.stakes.standings[id as usize - 1];
        let (next_epoch, next_bps) = standing.next_commission.unwrap_or_default();
        let ours = PoolView {
            own: U256::from(pool.own),
            delegated: U256::from(pool.delegated),
            delegatedShares: U256::from(pool.delegated_shares),
            generation: standing.generation,
            commissionBps: standing.commission_bps,
            nextCommissionBps: next_bps,
            nextCommissionEpoch: next_epoch,
            ownerEarnings: U256::from(model.owner_earnings(id)),
        };
        comparison.same(|| name("poolOf"), ours, theirs);
        for (offence, strikes) in (0..).zip(pool.strikes) {
            let theirs = contract.strikesOf(id, offence).call().await.unwrap();
            comparison.same(|| name("strikesOf"), (offence, strikes), (offence, theirs));
        }
        let owner = model.config.executor(id).owner;
        let votes = contract.votesOf(id, owner, model.epoch()).call().await.unwrap();
        comparison.same(|| name("votesOf the owner"), U256::from(model.votes_of(id, owner)), votes);
    }
    for ((id, maturity), bucket) in &model.stakes.buckets {
        let name = |view: &str| format!("{view} of executor {id} in epoch {maturity}");
        let exit = contract.exitOf(*id, *maturity).call().await.unwrap();
        comparison.same(|| name("exitOf"), U256::from(bucket.own), exit);
        let undelegating = contract.undelegatingOf(*id, *maturity).call().await.unwrap();
        comparison.same(|| name("undelegatingOf"), U256::from(bucket.delegated), undelegating);
        for delegator in bucket.shares_of.keys() {
            let ours = U256::from(model.undelegation_of(*id, *delegator, *maturity));
            let theirs = contract.undelegationOf(*id, *delegator, *maturity).call().await.unwrap();
            comparison.same(|| name("undelegationOf"), ours, theirs);
        }
    }
    for (id, delegator) in model.stakes.delegations.keys() {
        let name = |view: &str| format!("{view} of {delegator} with executor {id}");
        let (amount, shares, earnings) = model.delegation_of(*id, *delegator);
        let theirs = contract.delegationOf(*id, *delegator).call().await.unwrap();
        let ours = [amount, shares, earnings].map(U256::from);
        comparison.same(|| name("delegationOf"), ours, [theirs.amount, theirs.shares, theirs.earnings]);
        let votes = contract.votesOf(*id, *delegator, model.epoch()).call().await.unwrap();
        comparison.same(|| name("votesOf"), U256::from(model.votes_of(*id, *delegator)), votes);
    }
    for (prover, taken) in &model.stakes.taken {
        let name = |view: &str| format!("{view} of {prover}");
        let reward = contract.proverRewardOf(*prover).call().await.unwrap();
        comparison.same(|| name("proverRewardOf"), U256::from(taken.reward), reward);
        let unburned = contract.unburnedOf(*prover).call().await.unwrap();
        comparison.same(|| name("unburnedOf"), U256::from(taken.unburned), unburned);
    }
}

async fn history(stage: &Stage, model: &Model, comparison: &mut Comparison) {
    let (at, provider) = (&model.config.at, &stage.network.chain.provider);
    let (sortition, log) = (ISortition::new(at.sortition, provider), IActivityLog::new(at.activity_log, provider));
    for id in (1..).take(EXECUTORS.len()) {
        for pool in [0, PRIVATE_POOL] {
            let weights = sortition.weightOf(model.key_of(pool), id).call().await.unwrap();
            let ours = model.offers.weights_of(id, pool, model.epoch());
            comparison.same(|| format!("weightOf executor {id} in pool {pool}"), ours, (weights.frozen, weights.next));
        }
        let burned = log.burnedBy(id).call().await.unwrap();
        comparison.same(|| format!("burnedBy executor {id}"), U256::from(model.activities.burned_by(id)), burned);
    }
    let times = IPolicyRegistry::new(at.policy_registry, provider).pauseTimes().call().await.unwrap();
    let ours = (U256::from(model.pause.until), U256::from(model.pause.next_from));
    comparison.same(|| "pauseTimes".to_owned(), ours, (times.until, times.nextPauseFrom));
    for (id, epoch) in model.activities.epochs() {
        let theirs = log.activityOf(id, epoch).call().await.unwrap();
        let ours = model.activities.of(id, epoch);
        let ours = (U256::from(ours.drawn), U256::from(ours.agreed), U256::from(ours.burned));
        let theirs = (theirs.drawn, theirs.agreed, theirs.burned);
        comparison.same(|| format!("activityOf executor {id} in epoch {epoch}"), ours, theirs);
    }
}

async fn money(stage: &Stage, model: &Model, accounts: &[Address], comparison: &mut Comparison) {
    let contract = stage.jobs();
    for account in accounts {
        let balance = stage.network.chain.provider.get_balance(*account).await.unwrap();
        comparison.same(|| format!("balance of {account}"), U256::from(model.ledger.of(*account)), balance);
        let ours = U256::from(model.credits.get(account).copied().unwrap_or_default());
        let credit = contract.creditOf(*account).call().await.unwrap();
        comparison.same(|| format!("creditOf {account}"), ours, credit);
    }
}
