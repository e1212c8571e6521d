//! Jobs on a network in this process, one after the other, with the times of the executors' work and the receipts of all
//! transactions.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use alloy::{
    primitives::B256,
    providers::{DynProvider, Provider},
};
use anyhow::{Context, Result, ensure};
use infera_contracts::IJobRegistry::{Committed, JobResolved, Revealed, RevealedSame};
use infera_engine::{Engine, EngineConfig};
use infera_executor::broadcast::RpcBroadcaster;
use infera_network::ExecutorPlan;
use infera_sdk::Client;

use crate::{
    bench::{
        Progress,
        block_clock::BlockClock,
        probe::{Act, Observation, Probe},
    },
    places::model_directory,
    stories::{Casting, Proposal, Reaction, Scene},
};

/// What every job is about.
const PROPOSAL: &str = "Fund an audit of the bridge contracts and a bug bounty for the new staking pool.";
/// A job takes a few blocks; more than this is a failure.
const DEADLINE: Duration = Duration::from_secs(60);

/// A transaction's part in a redundant job. Numbers are ordinals on chain, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The consumer contract's request.
    Request,
    /// A commitment; the first one draws the committee.
    Commit(usize),
    /// A reveal that does nothing else.
    Reveal(usize),
    /// The last reveal, with the resolution and the callback.
    RevealAndResolve,
    /// Resolution and callback, when all had revealed before.
    Resolve,
}

/// How long an executor took from the beacon to its commitment.
#[derive(Debug, Clone, Copy)]
pub struct CommitmentTimes {
    /// Until it asked its model: it saw the block, found itself drawn, stored the job.
    pub notice: Duration,
    /// Until the model had answered.
    pub inference: Duration,
    /// Until the commitment was broadcast: stored answer, estimated gas, signed and stored transaction.
    pub submission: Duration,
}

impl CommitmentTimes {
    /// From the beacon to the commitment.
    pub fn total(&self) -> Duration {
        self.notice + self.inference + self.submission
    }
}

/// One job.
#[derive(Debug, Clone)]
pub struct JobRun {
    /// The committee's commitments, the fastest first.
    pub commitments: Vec<CommitmentTimes>,
    /// Every transaction of the job and the gas that it used, in order.
    pub transactions: Vec<(Step, u64)>,
    /// From the consumer's transaction to the callback.
    pub took: Duration,
}

impl JobRun {
    /// Gas of all transactions.
    pub fn total_gas(&self) -> u64 {
        self.transactions.iter().map(|(_, gas)| gas).sum()
    }
}

/// A network's first job, which finds nothing warm, and those after it.
#[derive(Debug, Clone)]
pub struct Jobs {
    /// The first.
    pub first: JobRun,
    /// The others.
    pub later: Vec<JobRun>,
}

/// Runs one job and then `count` more on a fresh network with one-second blocks.
///
/// # Errors
/// If the network does not start, or a job does not end with an answer that all three seats agree on.
pub async fn run(count: usize, progress: Progress<'_>) -> Result<Jobs> {
    progress("starting a network in this process");
    let mut stage = Stage::set().await?;
    progress("job 1, the first of its network");
    let first = stage.job().await?;
    let mut later = Vec::new();
    for number in 1..=count {
        progress(&format!("job {} of {}", number + 1, count + 1));
        later.push(stage.job().await?);
    }
    stage.scene.close().await?;
    Ok(Jobs { first, later })
}

/// The network and the instruments.
struct Stage {
    scene: Scene,
    client: Client,
    provider: DynProvider,
    clock: BlockClock,
    beacon_delay: u64,
    observations: mpsc::Receiver<Observation>,
}

impl Stage {
    async fn set() -> Result<Self> {
        let engine = Engine::load(EngineConfig::new(model_directory()?)).context("loading the model")?;
        let engine = Arc::new(engine);
        let casting = Casting::InProcess(engine.clone());
        let network = Scene::network(&casting)?;
        let mut scene = Scene::set(casting, network).await?;
        let provider = scene.provider();
        let (sender, observations) = mpsc::channel();
        for executor in 0..scene.stage().executors().len() {
            let broadcaster = Arc::new(RpcBroadcaster::new(provider.clone()));
            let probe = Probe::new(executor, engine.clone(), broadcaster, sender.clone());
            let plan = ExecutorPlan::in_process(probe.clone()).with_broadcaster(probe);
            scene.recast(executor, plan).await?;
        }
        let client = scene.stage().client().await?;
        let beacon_delay = u64::from(client.parameters().await?.beaconDelay);
        let devnet = scene.stage().devnet().context("the network has no chain in this process")?.clone();
        let clock = BlockClock::start(move || devnet.head().number).context("starting the block clock")?;
        Ok(Self { scene, client, provider, clock, beacon_delay, observations })
    }

    async fn job(&mut self) -> Result<JobRun> {
        // What earlier jobs left behind.
        while self.observations.try_recv().is_ok() {}
        let proposal = self.scene.propose(PROPOSAL).await?;
        let outcome = self.scene.outcome(&proposal, DEADLINE).await?;
        let job = proposal.job;
        let agreed = outcome.seats.iter().filter(|seat| seat.agreed).count();
        ensure!(
            matches!(outcome.reaction, Reaction::Routed { .. }) && agreed == 3,
            "job {job} did not end with three answers that agree: {outcome:?}"
        );
        let (requested_in, request_gas) = self.receipt(proposal.transaction).await?;
        let beacon_block = requested_in + self.beacon_delay;
        let beacon = self.clock.seen_at(beacon_block).with_context(|| format!("block {beacon_block} was not seen"))?;
        let observations: Vec<Observation> = self.observations.try_iter().collect();
        let commitments = commitments(job, beacon, &observations);
        ensure!(
            commitments.len() == 3,
            "job {job}: {} of 3 commitments were seen: {observations:?}",
            commitments.len()
        );
        let mut transactions = vec![(Step::Request, request_gas)];
        for (step, transaction) in self.answering(&proposal).await? {
            transactions.push((step, self.receipt(transaction).await?.1));
        }
        Ok(JobRun { commitments, transactions, took: outcome.took })
    }

    /// The transactions of the executors, in the order of the chain.
    async fn answering(&self, proposal: &Proposal) -> Result<Vec<(Step, B256)>> {
        let committed = self.client.events::<Committed>(proposal.job).await?;
        let revealed = self.client.events::<Revealed>(proposal.job).await?.into_iter().map(|(_, hash)| hash);
        let same = self.client.events::<RevealedSame>(proposal.job).await?.into_iter().map(|(_, hash)| hash);
        let resolved = self.client.events::<JobResolved>(proposal.job).await?;
        let (_, resolution) = resolved.last().context("the job is not resolved")?;
        let commits = committed.into_iter().zip(1..).map(|((_, hash), number)| (Step::Commit(number), hash));
        // What was sent before can only be revealed again after it.
        let reveals = revealed.chain(same).zip(1..).map(|(hash, number)| {
            let last = hash == *resolution;
            (if last { Step::RevealAndResolve } else { Step::Reveal(number) }, hash)
        });
        let mut transactions: Vec<_> = commits.chain(reveals).collect();
        if transactions.iter().all(|(_, hash)| hash != resolution) {
            transactions.push((Step::Resolve, *resolution));
        }
        Ok(transactions)
    }

    /// Block and gas of a transaction.
    async fn receipt(&self, transaction: B256) -> Result<(u64, u64)> {
        let receipt = self.provider.get_transaction_receipt(transaction).await?;
        let receipt = receipt.with_context(|| format!("transaction {transaction} has no receipt"))?;
        let block = receipt.block_number.with_context(|| format!("transaction {transaction} is in no block"))?;
        Ok((block, receipt.gas_used))
    }
}

/// The commitments to `job`, the fastest first, from what was observed while it was the only one.
fn commitments(job: B256, beacon: Instant, observations: &[Observation]) -> Vec<CommitmentTimes> {
    let mut executors: BTreeMap<usize, [Option<Instant>; 3]> = BTreeMap::new();
    for Observation { executor, at, act } in observations {
        let [asked, answered, committed] = executors.entry(*executor).or_default();
        let moment = match act {
            Act::Asked => asked,
            Act::Answered => answered,
            Act::Committed(to) if *to == job => committed,
            Act::Committed(_) => continue,
        };
        // The outbox sends again until the transaction is included: the first time counts.
        moment.get_or_insert(*at);
    }
    let mut times: Vec<CommitmentTimes> = executors
        .into_values()
        .filter_map(|[asked, answered, committed]| {
            let (asked, answered, committed) = (asked?, answered?, committed?);
            Some(CommitmentTimes {
                notice: asked.saturating_duration_since(beacon),
                inference: answered.saturating_duration_since(asked),
                submission: committed.saturating_duration_since(answered),
            })
        })
        .collect();
    times.sort_by_key(CommitmentTimes::total);
    times
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use super::*;

    #[test]
    fn the_first_sending_of_each_commitment_counts_and_the_fastest_comes_first() {
        let beacon = Instant::now();
        let after = |milliseconds| beacon + Duration::from_millis(milliseconds);
        let (job, another) = (B256::repeat_byte(1), B256::repeat_byte(2));
        let observation = |executor, milliseconds, act| Observation { executor, at: after(milliseconds), act };
        let observations = [
            observation(0, 30, Act::Asked),
            observation(1, 10, Act::Asked),
            observation(1, 22, Act::Answered),
            observation(1, 25, Act::Committed(another)),
            observation(1, 27, Act::Committed(job)),
            observation(0, 41, Act::Answered),
            observation(0, 50, Act::Committed(job)),
            observation(1, 2027, Act::Committed(job)),
            // Asked for nothing: it never commits.
            observation(2, 60, Act::Asked),
        ];
        let found = commitments(job, beacon, &observations);
        let totals: Vec<_> = found.iter().map(|times| times.total().as_millis()).collect();
        assert_eq!(totals, [27, 50]);
        let fastest = found[0];
        assert_eq!(
            [fastest.notice, fastest.inference, fastest.submission].map(|part| part.as_millis()),
            [10, 12, 5],
            "{fastest:?}"
        );
    }
}
