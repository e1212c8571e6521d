//! The scene of the stories: a network, the consumer contract on it, and one who proposes.

use std::time::{Duration, Instant};

use alloy::{
    primitives::{Address, B256, U256, utils::Unit},
    providers::{DynProvider, Provider},
    rpc::types::Filter,
    sol_types::{SolEvent, SolValue},
};
use anyhow::{Context, Result, bail};
use infera_contracts::{IJobRegistry, IModelRegistry::VerificationProfile, IStaking, ProposalRouter, creation};
use infera_network::{ExecutorPlan, ModelPlan, Network, NetworkBuilder, Role};
use infera_protocol::{
    profile::{FLOAT32, ResultRule},
    task::Task,
};
use infera_sdk::{Challenge, Client, ClosedCase, JobProgress, OpenedCase, Sender};

use crate::{places::model_directory, stories::Casting};

/// The desks of the consumer contract: a name for people, and the label that texts are compared with.
pub const CATEGORIES: [(&str, &str); 3] = [
    ("security", "security audits and bug bounties"),
    ("community", "community events and education"),
    ("infrastructure", "servers and infrastructure"),
];

/// Wei per unit that executors ask.
const PRICE_PER_UNIT: u128 = 10_000_000_000_000;
/// Units that a proposal pays for: a text and three labels have fewer tokens.
const UNITS: u32 = 512;
/// Gas for the consumer's reaction.
const CALLBACK_GAS: u32 = 200_000;
/// Between two looks at the chain.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How much more the adversary stakes than the others, so that it is drawn.
const ADVERSARY_STAKE_FACTOR: u64 = 20;

/// A network with the consumer contract on it.
pub struct Scene {
    network: Network,
    casting: Casting,
    client: Client,
    proposer: Sender,
    router: Address,
}

/// A proposal that was made.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Its text.
    pub text: String,
    /// Number at the consumer contract.
    pub id: U256,
    /// The job that classifies it.
    pub job: B256,
    /// The transaction.
    pub transaction: B256,
    /// When it was sent.
    pub sent_at: Instant,
}

/// What the consumer contract did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reaction {
    /// It gave the proposal to a desk.
    Routed {
        /// The desk's name in [`CATEGORIES`].
        category: String,
        /// Address of the desk.
        desk: Address,
        /// Cosine with the category's label, in parts per million.
        score: i32,
    },
    /// It was told that there is no answer.
    Unanswered,
}

/// How a seat of the committee ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// Who sat there.
    pub executor_id: u32,
    /// Whether its answer is in the cluster.
    pub agreed: bool,
    /// Wei that it earned.
    pub payment: U256,
    /// Reputation before, of a million.
    pub reputation_before: U256,
    /// Reputation after.
    pub reputation_after: U256,
}

/// What a proposal came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The proposal.
    pub proposal: Proposal,
    /// The seats.
    pub seats: Vec<Seat>,
    /// Executors that lost stake, and how much.
    pub slashed: Vec<(u32, U256)>,
    /// What the contract did.
    pub reaction: Reaction,
    /// From the proposal's transaction to the callback.
    pub took: Duration,
}

/// A challenge before a court, from its first transaction to the verdict.
#[derive(Debug, Clone)]
pub struct Trial {
    /// What was challenged, and what it took.
    pub opened: OpenedCase,
    /// Who judged.
    pub judges: Vec<u32>,
    /// The verdict and what it moved.
    pub closed: ClosedCase,
    /// From the challenge's transaction to the verdict's.
    pub took: Duration,
}

/// The model of the stories, as the chain knows it.
pub fn model_plan() -> Result<ModelPlan> {
    let verified = infera_engine::verify(model_directory()?)?;
    let (_, runtime_class) = infera_engine::runtime_class();
    Ok(ModelPlan {
        name: "all-MiniLM-L6-v2".to_owned(),
        manifest_hash: verified.manifest_hash,
        task: Task::ZeroShotClassification,
        runtime_class,
        profile: VerificationProfile {
            rule: ResultRule::Scores.into(),
            dimension: u16::try_from(verified.manifest.vector.dimension)?,
            scale: verified.manifest.vector.scale,
            maxCosineDistancePpb: FLOAT32.max_cosine_distance_ppb,
            normTolerancePpm: FLOAT32.norm_tolerance_ppm,
            elementTolerance: FLOAT32.element_tolerance,
            bitExact: false,
        },
        price_per_unit: PRICE_PER_UNIT,
    })
}

impl Scene {
    /// A network of six executors, one of which, in the adversary's place, has the most stake.
    pub fn network(casting: &Casting) -> Result<NetworkBuilder> {
        let mut builder = Network::builder(model_plan()?);
        let stake = U256::from(100 * ADVERSARY_STAKE_FACTOR) * Unit::ETHER.wei();
        for place in 0..=super::HONEST {
            let honest = casting.honest()?;
            builder = builder.executor(if place == super::ADVERSARY { honest.with_stake(stake) } else { honest });
        }
        Ok(builder)
    }

    /// Starts the network and deploys the consumer contract.
    pub async fn set(casting: Casting, builder: NetworkBuilder) -> Result<Self> {
        let network = builder.start().await?;
        Self::on(casting, network).await
    }

    async fn on(casting: Casting, network: Network) -> Result<Self> {
        let client = network.client().await?;
        // Its rates of false acceptance and rejection are measured: its answers may cost stake.
        let (deployer, model) = (network.sender(Role::Deployer).await?, network.model());
        client.set_calibrated(&deployer, model.id, model.version, model.runtime_class, true).await?;
        let proposer = network.sender(Role::Requester).await?;
        let deployment = network.deployment();
        let ask = ProposalRouter::Ask {
            modelId: network.model().id,
            version: 0,
            runtimeClass: network.model().runtime_class,
            committeeSize: 3,
            quorum: 2,
            maxPricePerUnit: PRICE_PER_UNIT,
            maxUnits: UNITS,
            commitWindow: 20,
            // Long enough for a node that starts again.
            revealWindow: 6,
            callbackGas: CALLBACK_GAS,
            refundTo: proposer.address(),
        };
        let categories: Vec<_> = CATEGORIES
            .iter()
            .map(|(name, label)| ProposalRouter::Category { label: (*label).to_owned(), desk: desk(name) })
            .collect();
        let arguments = (deployment.job_registry, deployment.model_registry, ask, categories).abi_encode_params();
        let sent =
            proposer.create("deploying the consumer contract", creation::PROPOSAL_ROUTER.code(&arguments)?).await?;
        let router = sent.receipt.contract_address.context("the consumer contract has no address")?;
        Ok(Self { network, casting, client, proposer, router })
    }

    /// The network.
    pub fn stage(&self) -> &Network {
        &self.network
    }

    /// How executors are run.
    pub fn casting(&self) -> &Casting {
        &self.casting
    }

    /// A provider on the network's chain.
    pub fn provider(&self) -> DynProvider {
        self.network.provider().clone()
    }

    /// The consumer contract.
    pub fn router(&self) -> Address {
        self.router
    }

    /// Id on chain of the executor at a position.
    pub fn executor_id(&self, index: usize) -> Result<u32> {
        self.network.executors().get(index).map(|executor| executor.id).context("no such executor")
    }

    /// Restarts an executor in another role.
    pub async fn recast(&mut self, index: usize, plan: ExecutorPlan) -> Result<()> {
        Ok(self.network.executor(index)?.restart_as(plan).await?)
    }

    /// Kills an executor.
    pub async fn kill(&mut self, index: usize) -> Result<()> {
        Ok(self.network.executor(index)?.kill().await?)
    }

    /// Submits a proposal with a budget of one INFER.
    pub async fn propose(&self, text: &str) -> Result<Proposal> {
        let router = ProposalRouter::new(self.router, self.proposer.provider());
        let cost = router.quote().call().await?;
        let sent_at = Instant::now();
        let call = router.propose(text.to_owned()).value(cost + Unit::ETHER.wei());
        let sent = self.proposer.call("submitting the proposal", call).await?;
        let submitted = sent
            .receipt
            .logs()
            .iter()
            .find_map(|log| log.log_decode::<ProposalRouter::ProposalSubmitted>().ok())
            .context("no ProposalSubmitted event")?
            .inner
            .data;
        Ok(Proposal {
            text: text.to_owned(),
            id: submitted.proposalId,
            job: submitted.jobId,
            transaction: sent.transaction,
            sent_at,
        })
    }

    /// Waits until an executor has committed to a proposal's job; false if it was not drawn, or the job went on without it.
    pub async fn committed_by(&self, proposal: &Proposal, executor: u32, deadline: Duration) -> Result<bool> {
        let started = Instant::now();
        loop {
            let commitments = self.client.events::<IJobRegistry::Committed>(proposal.job).await?;
            if commitments.iter().any(|(event, _)| event.executorId == executor) {
                return Ok(true);
            }
            let state = self.client.job_state(proposal.job).await?;
            if state.phase >= 2 && !state.committee.contains(&executor) || state.phase >= 3 {
                return Ok(false);
            }
            if started.elapsed() > deadline {
                bail!("no commitment for job {} within {deadline:?}", proposal.job);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Waits until the consumer contract has reacted and every seat is settled, and gathers what happened.
    pub async fn outcome(&self, proposal: &Proposal, deadline: Duration) -> Result<Outcome> {
        let started = Instant::now();
        let reaction = loop {
            if let Some(reaction) = self.reaction(proposal).await? {
                break reaction;
            }
            if started.elapsed() > deadline {
                bail!(
                    "no reaction to proposal {} (job {}) within {deadline:?}; the job: {:?}",
                    proposal.id,
                    proposal.job,
                    self.client.job_state(proposal.job).await?
                );
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        };
        let took = proposal.sent_at.elapsed();
        // The answer waits for nobody; a silent seat is dealt with when its grace is over.
        while self.client.job_state(proposal.job).await?.pending != 0 {
            if started.elapsed() > deadline {
                bail!("nobody punished the silent seats of job {} within {deadline:?}", proposal.job);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        let slashed = self.staking_events::<IStaking::Slashed>(proposal.job).await?;
        Ok(Outcome {
            proposal: proposal.clone(),
            seats: self.seats(proposal.job).await?,
            slashed: slashed.into_iter().map(|event| (event.executorId, event.amount)).collect(),
            reaction,
            took,
        })
    }

    /// Challenges an executor's answer to a proposal before a court, and brings the verdict about.
    pub async fn challenge(&self, proposal: &Proposal, executor: u32, deadline: Duration) -> Result<Trial> {
        let state = self.client.job_state(proposal.job).await?;
        let seat = state.committee.iter().position(|id| *id == executor).context("the executor had no seat")?;
        let challenge = Challenge {
            job: proposal.job,
            seat: u8::try_from(seat)?,
            nonce: U256::from_be_bytes(proposal.job.0),
            max_price_per_unit: None,
        };
        let started = Instant::now();
        let opened = self.client.challenge(&self.proposer, &challenge).await?;
        match self.client.follow(opened.court_job, deadline).await? {
            JobProgress::Resolved { .. } => {}
            refunded => bail!("the court had no answer: {refunded:?}"),
        }
        let judges = self.client.job_state(opened.court_job).await?.committee;
        let closed = self.client.decide(&self.proposer, opened.court_job).await?;
        Ok(Trial { opened, judges, closed, took: started.elapsed() })
    }

    async fn reaction(&self, proposal: &Proposal) -> Result<Option<Reaction>> {
        let filter = Filter::new()
            .address(self.router)
            .topic1(proposal.id)
            .from_block(self.network.deployment().deployed_at_block);
        for log in self.network.provider().get_logs(&filter).await? {
            if let Ok(routed) = log.log_decode::<ProposalRouter::ProposalRouted>() {
                let routed = routed.inner.data;
                let (name, _) = CATEGORIES.get(usize::from(routed.category)).context("no such category")?;
                return Ok(Some(Reaction::Routed {
                    category: (*name).to_owned(),
                    desk: routed.desk,
                    score: routed.score,
                }));
            }
            if log.log_decode::<ProposalRouter::ProposalUnanswered>().is_ok() {
                return Ok(Some(Reaction::Unanswered));
            }
        }
        Ok(None)
    }

    async fn seats(&self, job: B256) -> Result<Vec<Seat>> {
        let state = self.client.job_state(job).await?;
        let settled = self.staking_events::<IStaking::SeatSettled>(job).await?;
        Ok(settled
            .into_iter()
            .map(|event| {
                let seat = state.committee.iter().position(|id| *id == event.executorId);
                Seat {
                    executor_id: event.executorId,
                    agreed: seat.is_some_and(|seat| state.agreeing >> seat & 1 == 1),
                    payment: event.payment,
                    reputation_before: event.reputationBefore,
                    reputation_after: event.reputationAfter,
                }
            })
            .collect())
    }

    async fn staking_events<E: SolEvent>(&self, job: B256) -> Result<Vec<E>> {
        let filter = Filter::new()
            .address(self.network.deployment().staking)
            .event_signature(E::SIGNATURE_HASH)
            .topic2(job)
            .from_block(self.network.deployment().deployed_at_block);
        let logs = self.network.provider().get_logs(&filter).await?;
        Ok(logs.iter().filter_map(|log| Some(log.log_decode::<E>().ok()?.inner.data)).collect())
    }

    /// Stops the network in an orderly way.
    pub async fn close(self) -> Result<()> {
        Ok(self.network.shutdown().await?)
    }
}

/// Where a desk gets its budgets: an address that nobody needs a key for.
fn desk(name: &str) -> Address {
    Address::from_word(alloy::primitives::keccak256(name))
}
