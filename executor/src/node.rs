//! The node's loop: stream, journal, engine, outbox.

use std::{path::PathBuf, sync::Arc, time::Duration};

use alloy::{primitives::keccak256, providers::DynProvider, signers::local::PrivateKeySigner};
use infera_contracts::{IExecutorRegistry::IExecutorRegistryEvents, IJobRegistry::IJobRegistryEvents};
use infera_indexer::{
    block::{StreamBlock, StreamItem},
    event::InferaEvent,
    stream::{EventStream, StreamConfig, StreamError},
};
use infera_protocol::{commitment::SaltSecret, engine::InferenceEngine};
use infera_sdk::{Client, Deployment};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::{
    Error, Result,
    broadcast::Broadcaster,
    driver::{ChainTime, Completion, Driver},
    input::{InputFetcher, Reach},
    journal::{Identity, JobRecord, Journal},
    outbox::Outbox,
    serving::{Serving, identify},
};

/// Deadlines pass and transactions get stuck without a block: the node looks at its jobs at least this often.
const TICK: Duration = Duration::from_millis(500);

/// What a node is made of.
#[derive(Clone)]
pub struct NodeConfig {
    /// The chain.
    pub provider: DynProvider,
    /// Its URL, for logs (credentials are not shown).
    pub rpc_url: String,
    /// Where the contracts are.
    pub deployment: Deployment,
    /// The hot key. Used by nothing else: its nonces are the outbox's.
    pub signer: PrivateKeySigner,
    /// The journal's file.
    pub journal: PathBuf,
    /// How transactions leave.
    pub broadcaster: Arc<dyn Broadcaster>,
    /// Pause between two looks at an unchanged head.
    pub poll_interval: Duration,
    /// Which hosts inputs are fetched from.
    pub input_reach: Reach,
}

/// A node that is checked and ready to run.
pub struct Node {
    stream: EventStream,
    worker: Worker,
}

/// All of a node but the stream that feeds it.
struct Worker {
    journal: Journal,
    driver: Driver,
    serving: Serving,
    config: NodeConfig,
    engine: Arc<dyn InferenceEngine>,
    completions: tokio::sync::mpsc::UnboundedReceiver<Completion>,
    cancellation: CancellationToken,
    executor_id: u32,
    /// The offerings on chain are newer than what the node serves by.
    offerings_changed: bool,
}

/// Why the loop goes round.
enum Wake {
    Stop,
    Work,
    Head,
}

/// A running node.
#[derive(Debug)]
pub struct NodeHandle {
    /// The executor's id on chain.
    pub executor_id: u32,
    cancellation: CancellationToken,
    task: JoinHandle<Result<()>>,
}

impl NodeHandle {
    /// Stops the node after what it is writing is written, and says how it ended.
    pub async fn shutdown(self) -> Result<()> {
        self.cancellation.cancel();
        self.finished().await
    }

    /// Waits until the node ends by itself: it does when the stream cannot go on or the journal fails.
    pub async fn finished(self) -> Result<()> {
        self.task.await.map_err(|error| Error::Stream(format!("the node's task ended: {error}")))?
    }

    /// A token that stops the node.
    pub fn cancellation(&self) -> CancellationToken {
        self.cancellation.clone()
    }

    /// Ends the node at its next await, as a crash would.
    pub fn abort(self) {
        self.task.abort();
    }
}

impl Node {
    /// Checks everything that can be checked before the first job: the chain, the signer, the models' files, the journal.
    pub async fn prepare(config: NodeConfig, engine: Arc<dyn InferenceEngine>) -> Result<Self> {
        let client = Client::connect(config.provider.clone(), config.deployment.clone()).await?;
        let parameters = client.parameters().await?;
        let signer_address = config.signer.address();
        let executor = identify(&config.provider, &config.deployment, signer_address).await?;
        let serving = Serving::check(&config, executor.id, engine.as_ref()).await?;
        let registry = config.deployment.job_registry;
        let identity = Identity { chain_id: config.deployment.chain_id, registry, signer: signer_address };
        let journal = Journal::open(&config.journal, identity).await?;
        let cancellation = CancellationToken::new();
        let stream = EventStream::new(
            StreamConfig { poll_interval: config.poll_interval, ..StreamConfig::new(config.rpc_url.clone()) },
            config.provider.clone(),
            &config.deployment,
            journal.recent_blocks().await?,
            cancellation.clone(),
        );
        let outbox = Outbox::new(
            journal.clone(),
            config.provider.clone(),
            config.broadcaster.clone(),
            config.signer.clone(),
            config.deployment.chain_id,
            registry,
        );
        let fetcher = InputFetcher::new(parameters.maxInputBytes as usize, config.input_reach);
        let (sender, completions) = tokio::sync::mpsc::unbounded_channel();
        let signer_secret = Zeroizing::new(config.signer.to_bytes().0);
        let preimage = Zeroizing::new([b"INFERA-SALT-SECRET-v1".as_slice(), signer_secret.as_slice()].concat());
        let salt_secret = SaltSecret::new(keccak256(&*preimage).0);
        let driver = Driver {
            client,
            journal: journal.clone(),
            outbox,
            engine: engine.clone(),
            fetcher,
            serving: serving.clone(),
            executor_id: executor.id,
            owner: executor.owner,
            reveal_grace: u64::from(parameters.revealGrace),
            salt_secret,
            completions: sender,
            memory: Default::default(),
        };
        let worker = Worker {
            journal,
            driver,
            serving,
            config,
            engine,
            completions,
            cancellation,
            executor_id: executor.id,
            offerings_changed: false,
        };
        Ok(Self { stream, worker })
    }

    /// Runs the node on the current runtime.
    pub fn start(self) -> NodeHandle {
        let Self { stream, worker } = self;
        let (executor_id, cancellation) = (worker.executor_id, worker.cancellation.clone());
        NodeHandle { executor_id, cancellation, task: tokio::spawn(worker.run(stream)) }
    }
}

/// The next item, and the stream again.
async fn pull(mut stream: EventStream) -> (EventStream, std::result::Result<Option<StreamItem>, StreamError>) {
    let item = stream.next().await;
    (stream, item)
}

impl Worker {
    async fn run(mut self, stream: EventStream) -> Result<()> {
        let mut health = stream.health();
        // One look at the chain outlives the other wakes: begun anew at each of them, it would never end over a slow endpoint.
        let mut next = Box::pin(pull(stream));
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut seen = (0, Instant::now());
        loop {
            let wake = tokio::select! {
                (stream, item) = &mut next => {
                    next.set(pull(stream));
                    match item.map_err(|error| Error::Stream(error.to_string()))? {
                        None => Wake::Stop,
                        Some(item) => { self.record(item).await?; Wake::Work }
                    }
                }
                Some(completion) = self.completions.recv() => {
                    self.driver.complete(completion).await?;
                    Wake::Work
                }
                Ok(()) = health.changed() => Wake::Head,
                _ = tick.tick() => Wake::Work,
            };
            if matches!(wake, Wake::Stop) || self.cancellation.is_cancelled() {
                self.journal.close().await;
                return Ok(());
            }
            let Some(head) = health.borrow_and_update().head else { continue };
            let is_new = head.number != seen.0;
            if is_new {
                seen = (head.number, Instant::now());
            } else if matches!(wake, Wake::Head) {
                continue;
            }
            // A chain that makes blocks on demand stands still between them, but its next block will not.
            let now = head.timestamp.saturating_add(seen.1.elapsed().as_secs());
            self.driver.drive(ChainTime { height: head.number, now }).await?;
        }
    }

    async fn record(&mut self, item: StreamItem) -> Result<()> {
        match item {
            StreamItem::Block(block) => {
                self.offerings_changed |= self.changes_offerings(&block);
                self.follow_offerings().await;
                let jobs = self.new_jobs(&block);
                jobs.iter().for_each(|job| self.driver.wake(job.id));
                self.journal.record_block(block.reference(), &jobs).await
            }
            StreamItem::Rollback(rollback) => self.journal.roll_back(rollback.first_removed).await,
        }
    }

    /// Reads the offerings again after a change. A running node outlives an offering that it can't serve, and a chain that
    /// does not answer: it goes on with what it served before.
    async fn follow_offerings(&mut self) {
        if !self.offerings_changed {
            return;
        }
        match Serving::check(&self.config, self.executor_id, self.engine.as_ref()).await {
            Ok(serving) => {
                self.driver.serving = serving.clone();
                self.serving = serving;
                self.offerings_changed = false;
            }
            Err(error) if error.is_retryable() => {
                tracing::warn!(%error, "the changed offerings can't be read yet; trying again with the next block");
            }
            Err(error) => {
                tracing::error!(%error, "the changed offerings can't be served; going on with the former ones");
                self.offerings_changed = false;
            }
        }
    }

    fn changes_offerings(&self, block: &StreamBlock) -> bool {
        block.events.iter().any(|event| {
            matches!(
                &event.event,
                InferaEvent::ExecutorRegistry(IExecutorRegistryEvents::OfferingChanged(change))
                    if change.executorId == self.executor_id
            )
        })
    }

    /// The block's requests for models that this node serves.
    fn new_jobs(&self, block: &StreamBlock) -> Vec<JobRecord> {
        block
            .events
            .iter()
            .filter_map(|event| match &event.event {
                InferaEvent::JobRegistry(IJobRegistryEvents::JobRequested(request)) => {
                    self.serving.model(&request.terms)?;
                    Some(JobRecord {
                        id: request.jobId,
                        block: block.number,
                        terms: request.terms.clone(),
                        input: request.input.to_vec(),
                        parameters: request.parameters.to_vec(),
                        input_uri: request.inputUri.clone(),
                        failure: None,
                    })
                }
                _ => None,
            })
            .collect()
    }
}
