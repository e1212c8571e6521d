//! Events of Infera's contracts: which there are, and how they are read from logs.

use alloy::{
    primitives::{Address, B256, Bytes},
    rpc::types::Log,
    sol_types::{self, SolEventInterface},
};
pub use infera_contracts::{
    ICourt::ICourtEvents as CourtEvent, IExecutorRegistry::IExecutorRegistryEvents as ExecutorRegistryEvent,
    IJobRegistry::IJobRegistryEvents as JobRegistryEvent, IModelRegistry::IModelRegistryEvents as ModelRegistryEvent,
    ISortition::ISortitionEvents as SortitionEvent, IStaking::IStakingEvents as StakingEvent,
};
use infera_sdk::Deployment;
use serde::{Deserialize, Serialize};

/// A contract that emits events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Source {
    /// Life of the jobs.
    JobRegistry,
    /// Models and versions.
    ModelRegistry,
    /// Executors, their keys and offerings.
    ExecutorRegistry,
    /// Stake, delegations, locks, settlements, slashes.
    Staking,
    /// Weights in the draws.
    Sortition,
    /// Challenges of answers.
    Court,
}

impl Source {
    /// The contract's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::JobRegistry => "JobRegistry",
            Self::ModelRegistry => "ModelRegistry",
            Self::ExecutorRegistry => "ExecutorRegistry",
            Self::Staking => "Staking",
            Self::Sortition => "Sortition",
            Self::Court => "Court",
        }
    }

    /// The contract with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }

    const ALL: [Self; 6] =
        [Self::JobRegistry, Self::ModelRegistry, Self::ExecutorRegistry, Self::Staking, Self::Sortition, Self::Court];
}

/// A decoded event, by the contract that emitted it.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "most events are the job registry's; events live in vectors, not on the stack"
)]
#[expect(missing_docs, reason = "each variant is the contract of its name; see `Source`")]
pub enum InferaEvent {
    JobRegistry(JobRegistryEvent),
    ModelRegistry(ModelRegistryEvent),
    ExecutorRegistry(ExecutorRegistryEvent),
    Staking(StakingEvent),
    Sortition(SortitionEvent),
    Court(CourtEvent),
}

impl InferaEvent {
    /// Reads an event from its topics and data.
    ///
    /// # Errors
    /// When the contract's interface has no such event, or the bytes do not decode.
    pub fn decode(source: Source, topics: &[B256], data: &[u8]) -> sol_types::Result<Self> {
        Ok(match source {
            Source::JobRegistry => Self::JobRegistry(JobRegistryEvent::decode_raw_log(topics, data)?),
            Source::ModelRegistry => Self::ModelRegistry(ModelRegistryEvent::decode_raw_log(topics, data)?),
            Source::ExecutorRegistry => Self::ExecutorRegistry(ExecutorRegistryEvent::decode_raw_log(topics, data)?),
            Source::Staking => Self::Staking(StakingEvent::decode_raw_log(topics, data)?),
            Source::Sortition => Self::Sortition(SortitionEvent::decode_raw_log(topics, data)?),
            Source::Court => Self::Court(CourtEvent::decode_raw_log(topics, data)?),
        })
    }

    /// The job that the event is about.
    pub fn job(&self) -> Option<B256> {
        match self {
            Self::JobRegistry(event) => match event {
                JobRegistryEvent::JobRequested(e) => Some(e.jobId),
                JobRegistryEvent::CommitteeDrawn(e) => Some(e.jobId),
                JobRegistryEvent::SeatDeclined(e) => Some(e.jobId),
                JobRegistryEvent::Committed(e) => Some(e.jobId),
                JobRegistryEvent::RevealPhaseOpened(e) => Some(e.jobId),
                JobRegistryEvent::Revealed(e) => Some(e.jobId),
                JobRegistryEvent::RevealedSame(e) => Some(e.jobId),
                JobRegistryEvent::JobResolved(e) => Some(e.jobId),
                JobRegistryEvent::JobRefunded(e) => Some(e.jobId),
                JobRegistryEvent::CallbackExecuted(e) => Some(e.jobId),
                JobRegistryEvent::JobAdvanced(e) => Some(e.jobId),
                JobRegistryEvent::Credited(e) => Some(e.jobId),
                JobRegistryEvent::Withdrawn(_) | JobRegistryEvent::NonceRevoked(_) => None,
            },
            Self::Staking(event) => match event {
                StakingEvent::SeatLocked(e) => Some(e.jobId),
                StakingEvent::SeatUnlocked(e) => Some(e.jobId),
                StakingEvent::SeatSettled(e) => Some(e.jobId),
                StakingEvent::Slashed(e) => Some(e.jobId),
                _ => None,
            },
            // The challenged job; the court's own is in `court_job`.
            Self::Court(CourtEvent::Challenged(e)) => Some(e.jobId),
            Self::Court(CourtEvent::Decided(e)) => Some(e.jobId),
            Self::Court(_) | Self::ModelRegistry(_) | Self::ExecutorRegistry(_) | Self::Sortition(_) => None,
        }
    }

    /// The job of the court whose case the event is about.
    pub fn court_job(&self) -> Option<B256> {
        let Self::Court(event) = self else { return None };
        match event {
            CourtEvent::Challenged(e) => Some(e.courtJobId),
            CourtEvent::Decided(e) => Some(e.courtJobId),
            CourtEvent::Credited(e) => Some(e.courtJobId),
            CourtEvent::VerdictUndelivered(e) => Some(e.courtJobId),
            CourtEvent::VerdictDelivered(e) => Some(e.courtJobId),
            CourtEvent::Withdrawn(_) => None,
        }
    }

    /// The executor whose record the event changes.
    pub fn executor(&self) -> Option<u32> {
        match self {
            Self::ExecutorRegistry(event) => Some(match event {
                ExecutorRegistryEvent::ExecutorRegistered(e) => e.executorId,
                ExecutorRegistryEvent::KeysChangeAnnounced(e) => e.executorId,
                ExecutorRegistryEvent::KeysChanged(e) => e.executorId,
                ExecutorRegistryEvent::SignerRevoked(e) => e.executorId,
                ExecutorRegistryEvent::OfferingChanged(e) => e.executorId,
                ExecutorRegistryEvent::PoolExecutorListed(e) => e.executorId,
                ExecutorRegistryEvent::PoolCreated(_)
                | ExecutorRegistryEvent::PoolAdminNamed(_)
                | ExecutorRegistryEvent::PoolAdminChanged(_)
                | ExecutorRegistryEvent::PoolRequesterListed(_) => return None,
            }),
            Self::Staking(event) => Some(match event {
                StakingEvent::ProverRewardWithdrawn(_) | StakingEvent::SlashedStakeBurned(_) => return None,
                StakingEvent::Staked(e) => e.executorId,
                StakingEvent::ExitRequested(e) => e.executorId,
                StakingEvent::ExitCompleted(e) => e.executorId,
                StakingEvent::Delegated(e) => e.executorId,
                StakingEvent::UndelegationRequested(e) => e.executorId,
                StakingEvent::UndelegationCompleted(e) => e.executorId,
                StakingEvent::DelegatorPaid(e) => e.executorId,
                StakingEvent::CommissionAnnounced(e) => e.executorId,
                StakingEvent::EarningsDivided(e) => e.executorId,
                StakingEvent::GenerationStarted(e) => e.executorId,
                StakingEvent::ReputationHalved(e) => e.executorId,
                StakingEvent::StrikesForgiven(e) => e.executorId,
                StakingEvent::SeatLocked(e) => e.executorId,
                StakingEvent::SeatUnlocked(e) => e.executorId,
                StakingEvent::SeatSettled(e) => e.executorId,
                StakingEvent::Slashed(e) => e.executorId,
                StakingEvent::Ejected(e) => e.executorId,
                StakingEvent::Reinstated(e) => e.executorId,
                StakingEvent::EarningsWithdrawn(e) => e.executorId,
            }),
            Self::Sortition(SortitionEvent::WeightChanged(e)) => Some(e.executorId),
            Self::JobRegistry(event) => match event {
                JobRegistryEvent::SeatDeclined(e) => Some(e.executorId),
                JobRegistryEvent::Committed(e) => Some(e.executorId),
                JobRegistryEvent::Revealed(e) => Some(e.executorId),
                JobRegistryEvent::RevealedSame(e) => Some(e.executorId),
                _ => None,
            },
            Self::Court(CourtEvent::Challenged(e)) => Some(e.executorId),
            Self::Court(CourtEvent::Decided(e)) => Some(e.executorId),
            Self::Court(_) | Self::ModelRegistry(_) => None,
        }
    }

    /// The model whose record the event changes.
    pub fn model(&self) -> Option<B256> {
        match self {
            Self::ModelRegistry(event) => Some(match event {
                ModelRegistryEvent::ModelPublished(e) => e.modelId,
                ModelRegistryEvent::VersionAdded(e) => e.modelId,
                ModelRegistryEvent::RuntimeClassAdded(e) => e.modelId,
                ModelRegistryEvent::VersionStatusChanged(e) => e.modelId,
                ModelRegistryEvent::LatestAnnounced(e) => e.modelId,
                ModelRegistryEvent::RoyaltyAnnounced(e) => e.modelId,
            }),
            _ => None,
        }
    }
}

/// An event with its place on the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexedEvent {
    /// Height of its block.
    pub block: u64,
    /// Its block's Unix seconds.
    pub timestamp: u64,
    /// Its number among all logs of the block.
    pub log_index: u64,
    /// The transaction that emitted it.
    pub transaction: B256,
    /// That transaction's place in the block.
    pub transaction_index: u64,
    /// The emitting contract.
    pub address: Address,
    /// Which contract that is.
    pub source: Source,
    /// The log's topics, as the chain has them.
    pub topics: Vec<B256>,
    /// The log's data, as the chain has it.
    pub data: Bytes,
    /// The decoded event.
    pub event: InferaEvent,
}

/// Tells Infera's logs from others.
#[derive(Clone, Debug)]
pub struct EventDecoder {
    sources: Vec<(Address, Source)>,
}

impl EventDecoder {
    /// A decoder for one deployment.
    pub fn new(deployment: &Deployment) -> Self {
        Self {
            sources: vec![
                (deployment.job_registry, Source::JobRegistry),
                (deployment.model_registry, Source::ModelRegistry),
                (deployment.executor_registry, Source::ExecutorRegistry),
                (deployment.staking, Source::Staking),
                (deployment.sortition, Source::Sortition),
                (deployment.court, Source::Court),
            ],
        }
    }

    /// The contracts whose logs are wanted.
    pub fn addresses(&self) -> Vec<Address> {
        self.sources.iter().map(|(address, _)| *address).collect()
    }

    /// Reads the logs of one block, in log order. Logs that are no event of an interface are passed over.
    pub(crate) fn decode_block(&self, block: u64, timestamp: u64, logs: Vec<Log>) -> Vec<IndexedEvent> {
        let mut events: Vec<_> = logs.into_iter().filter_map(|log| self.decode(block, timestamp, log)).collect();
        events.sort_by_key(|event| event.log_index);
        events
    }

    fn decode(&self, block: u64, timestamp: u64, log: Log) -> Option<IndexedEvent> {
        let (address, source) = *self.sources.iter().find(|(address, _)| *address == log.address())?;
        let (Some(transaction), Some(log_index)) = (log.transaction_hash, log.log_index) else {
            tracing::warn!(block, contract = source.name(), "a log without transaction or index is passed over");
            return None;
        };
        let transaction_index = log.transaction_index.unwrap_or_default();
        let (topics, data) = log.into_inner().data.split();
        match InferaEvent::decode(source, &topics, &data) {
            Ok(event) => Some(IndexedEvent {
                block,
                timestamp,
                log_index,
                transaction,
                transaction_index,
                address,
                source,
                topics,
                data,
                event,
            }),
            Err(error) => {
                let topic = topics.first();
                tracing::warn!(block, log_index, %transaction, contract = source.name(), ?topic, %error,
                    "a log is no event that this version knows and is passed over");
                None
            }
        }
    }
}
