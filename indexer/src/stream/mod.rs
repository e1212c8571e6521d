//! The canonical, reorganisation-aware stream of Infera's events.
//!
//! [`EventStream::next`] yields each canonical block with events once, in order, and says when blocks that it has yielded are
//! no longer canonical. It polls, so it needs nothing of the node but plain JSON-RPC calls, and it is pulled, so a consumer
//! that stores a block's consequences together with its [`BlockReference`] in one transaction loses and repeats nothing: after
//! a restart it hands the stored references back and the stream goes on behind them, or begins with a rollback.

mod health;
mod position;
mod range;
mod read;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use alloy::providers::DynProvider;
use infera_sdk::Deployment;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use self::health::{Connection, Head, StreamHealth};
use self::{
    position::Position,
    range::BlockRange,
    read::{Failure, Reader, Step},
};
use crate::{
    block::{BlockReference, StreamItem},
    clock::{Backoff, Clock, Random, SystemClock, system_random},
    event::EventDecoder,
    redact::redact,
    rpc::{Rpc, RpcFailure},
};

/// How the stream reads the chain.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// URL behind the provider. Only to name it in logs, errors and health, without credentials.
    pub rpc_url: String,
    /// Pause between two looks at a head that has not moved.
    pub poll_interval: Duration,
    /// After this long an answer is no longer awaited.
    pub request_time_limit: Duration,
    /// First pause after a failed call; it doubles with every further failure.
    pub first_retry: Duration,
    /// Longest pause between two tries.
    pub longest_retry: Duration,
    /// How many yielded blocks are remembered: the deepest reorganisation, in yielded blocks, that the stream can undo.
    pub history: usize,
    /// Blocks at least this far behind the head are read in ranges; nearer ones one by one, each by its hash.
    pub range_distance: u64,
    /// Most blocks asked for in one range; the stream asks for fewer while the node refuses.
    pub longest_range: u64,
    /// Whether to fetch the receipts (gas) of transactions with events.
    pub receipts: bool,
}

impl StreamConfig {
    /// The usual settings for the RPC behind `rpc_url`.
    pub fn new(rpc_url: impl Into<String>) -> Self {
        Self {
            rpc_url: rpc_url.into(),
            poll_interval: Duration::from_millis(200),
            request_time_limit: Duration::from_secs(20),
            first_retry: Duration::from_millis(200),
            longest_retry: Duration::from_secs(15),
            history: 256,
            range_distance: 64,
            longest_range: 2_000,
            receipts: false,
        }
    }
}

/// Why the stream can't go on. Failing calls are no reason: it repeats them for ever.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// When the RPC serves another chain than the deployment lives on.
    #[error("{endpoint} serves chain {actual}, but the contracts are on chain {expected}; use that chain's RPC URL")]
    WrongChain {
        /// The RPC, without credentials.
        endpoint: String,
        /// Chain id of the deployment.
        expected: u64,
        /// Chain id that the RPC reports.
        actual: u64,
    },
    /// When none of the remembered blocks is canonical: another chain with the same id, or a reorganisation too deep to undo.
    #[error(
        "{endpoint} knows none of the last {remembered} blocks read (back to block {oldest}): it serves another chain, or \
         reorganised deeper than that. Check the URL; if it is right, delete what was stored and read the chain anew"
    )]
    HistoryLost {
        /// The RPC, without credentials.
        endpoint: String,
        /// How many blocks were remembered.
        remembered: usize,
        /// Height of the oldest of them.
        oldest: u64,
    },
}

impl StreamError {
    /// Whether the same call may succeed later: never, because what may heal is repeated inside the stream.
    pub fn is_retryable(&self) -> bool {
        false
    }
}

/// The canonical stream. One consumer pulls it; [`EventStream::next`] may be dropped half-way without loss.
pub struct EventStream {
    reader: Reader,
    endpoint: String,
    expected_chain: u64,
    chain_checked: bool,
    position: Position,
    pending: VecDeque<StreamItem>,
    range: BlockRange,
    poll_interval: Duration,
    backoff: Backoff,
    clock: Arc<dyn Clock>,
    health: watch::Sender<StreamHealth>,
    cancellation: CancellationToken,
}

impl EventStream {
    /// A stream that goes on behind `known`, the blocks that the consumer has stored, oldest first (at most the last
    /// [`StreamConfig::history`] are used); or from the deployment's first block when there is none.
    pub fn new(
        config: StreamConfig,
        provider: DynProvider,
        deployment: &Deployment,
        known: Vec<BlockReference>,
        cancellation: CancellationToken,
    ) -> Self {
        Self::with_environment(
            config,
            provider,
            deployment,
            known,
            cancellation,
            Arc::new(SystemClock),
            system_random(),
        )
    }

    /// [`EventStream::new`] with the clock and the randomness of retries passed in.
    pub fn with_environment(
        config: StreamConfig,
        provider: DynProvider,
        deployment: &Deployment,
        known: Vec<BlockReference>,
        cancellation: CancellationToken,
        clock: Arc<dyn Clock>,
        random: Random,
    ) -> Self {
        let endpoint = redact(&config.rpc_url);
        let rpc = Rpc::new(provider, config.request_time_limit);
        let position = Position::new(deployment.deployed_at_block, config.history, known);
        Self {
            reader: Reader::new(rpc, EventDecoder::new(deployment), config.range_distance, config.receipts),
            health: watch::Sender::new(StreamHealth::new(endpoint.clone(), position.tip().copied())),
            endpoint,
            expected_chain: deployment.chain_id,
            chain_checked: false,
            position,
            pending: VecDeque::new(),
            range: BlockRange::new(config.longest_range),
            poll_interval: config.poll_interval,
            backoff: Backoff::new(config.first_retry, config.longest_retry, random),
            clock,
            cancellation,
        }
    }

    /// How the stream stands with its node; it changes while [`EventStream::next`] is awaited.
    pub fn health(&self) -> watch::Receiver<StreamHealth> {
        self.health.subscribe()
    }

    /// The next item; None once the stream is cancelled. Waits while there is nothing new, and while the node fails.
    ///
    /// # Errors
    /// When going on would need another node or an empty store; see [`StreamError`].
    pub async fn next(&mut self) -> Result<Option<StreamItem>, StreamError> {
        let cancellation = self.cancellation.clone();
        // Dropping `advance` between two awaits loses nothing: it changes the position only where it returns.
        tokio::select! {
            biased;
            () = cancellation.cancelled() => Ok(None),
            item = self.advance() => item.map(Some),
        }
    }

    async fn advance(&mut self) -> Result<StreamItem, StreamError> {
        // A consumer that asks for more is done with what it has.
        let tip = self.position.tip().copied();
        self.health.send_if_modified(|health| std::mem::replace(&mut health.tip, tip) != tip);
        loop {
            if let Some(item) = self.pending.pop_front() {
                self.position.follow(&item);
                return Ok(item);
            }
            let pause = match self.look().await {
                Ok(Step::Items(items)) => {
                    self.pending.extend(items);
                    None
                }
                Ok(Step::Range(items)) => {
                    self.range.succeeded();
                    self.pending.extend(items);
                    None
                }
                Ok(Step::Rollback(rollback)) => {
                    tracing::info!(
                        first_removed = rollback.first_removed,
                        blocks = rollback.removed.len(),
                        "the chain was reorganised"
                    );
                    self.pending.push_back(StreamItem::Rollback(rollback));
                    None
                }
                Ok(Step::AtHead) => Some(self.poll_interval),
                Err(Failure::HistoryLost) => {
                    let (remembered, oldest) = self.position.extent();
                    return Err(StreamError::HistoryLost { endpoint: self.endpoint.clone(), remembered, oldest });
                }
                Err(Failure::WrongChain(actual)) => {
                    return Err(StreamError::WrongChain {
                        endpoint: self.endpoint.clone(),
                        expected: self.expected_chain,
                        actual,
                    });
                }
                Err(Failure::Range(failure)) => {
                    let shortened = self.range.failed();
                    // A node that refuses a long range is well; it is asked for less at once.
                    if shortened && failure.is_refusal() { None } else { Some(self.report(&failure)) }
                }
                Err(Failure::Rpc(failure)) => Some(self.report(&failure)),
            };
            if let Some(pause) = pause {
                self.clock.sleep(pause).await;
            }
        }
    }

    /// One look at the chain from the current position.
    async fn look(&mut self) -> Result<Step, Failure> {
        if !self.chain_checked {
            let actual = self.reader.rpc.chain_id().await?;
            if actual != self.expected_chain {
                return Err(Failure::WrongChain(actual));
            }
            self.chain_checked = true;
        }
        let latest = self.reader.rpc.latest().await?;
        let head = Head { number: latest.number(), timestamp: latest.timestamp(), observed_at: self.clock.now() };
        let step = self.reader.step(&self.position, &latest, self.range.length()).await?;
        if self.backoff.failures() > 0 {
            tracing::info!(endpoint = %self.endpoint, failures = self.backoff.failures(), "the RPC answers again");
            self.backoff.succeeded();
        }
        self.health.send_modify(|health| {
            // The same head seen again is not newer than when it was seen first.
            if health.head.as_ref().is_none_or(|old| (old.number, old.timestamp) != (head.number, head.timestamp)) {
                health.head = Some(head);
            }
            health.connection = Connection::Connected;
        });
        Ok(step)
    }

    /// Makes a failure known and says how long to wait.
    fn report(&mut self, failure: &RpcFailure) -> Duration {
        let pause = self.backoff.failed();
        let failures = self.backoff.failures();
        tracing::warn!(endpoint = %self.endpoint, failures, retry_in = ?pause, "the RPC fails: {failure}");
        let now = self.clock.now();
        self.health.send_modify(|health| {
            let since = match &health.connection {
                Connection::Failing { since, .. } => *since,
                Connection::Connecting | Connection::Connected => now,
            };
            health.connection = Connection::Failing { since, failures, reason: failure.to_string() };
        });
        pause
    }
}
