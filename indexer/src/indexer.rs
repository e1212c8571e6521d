//! The indexer as a whole: stream into store, API on top.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use alloy::providers::DynProvider;
use infera_contracts::IJobRegistry;
use infera_sdk::Deployment;
use tokio::{
    net::TcpListener,
    sync::{broadcast, watch},
    task::JoinHandle,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    api::{self, ApiState, Change},
    block::StreamItem,
    clock::{Clock, SystemClock, system_random},
    explain::JobParameters,
    redact::redact,
    store::{Store, StoreError},
    stream::{EventStream, StreamConfig, StreamError, StreamHealth},
};

/// Under this key the store keeps the job registry's parameters, which are fixed at its deployment.
const PARAMETERS: &str = "job_parameters";

/// Pause before a failed write is repeated.
const WRITE_RETRY: Duration = Duration::from_secs(1);

/// How long open requests may take to end when the indexer stops.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// Changes that a slow subscriber of the API may fall behind before it is sent away.
const CHANGES_KEPT: usize = 1_024;

/// Where the store lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreLocation {
    /// In memory, gone at the end.
    Memory,
    /// In this file.
    File(PathBuf),
}

/// How to run an indexer.
#[derive(Clone, Debug)]
pub struct IndexerConfig {
    /// Where the API listens; port 0 takes a free one, see [`Indexer::address`].
    pub listen: SocketAddr,
    /// Where the store lives.
    pub store: StoreLocation,
    /// How the chain is read. Receipts are always read, for the gas.
    pub stream: StreamConfig,
}

/// Why an indexer can't start or had to stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexerError {
    /// When the store can't be opened or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// When the chain can't be followed.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// When the API's address can't be listened on.
    #[error("can't listen on {address}: {source}; name another address, or port 0 for a free one")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// When the API's server fails.
    #[error("the API's server failed: {0}")]
    Serve(io::Error),
    /// When a task ended by a panic: a bug.
    #[error("a task of the indexer panicked: {0}")]
    Panicked(String),
}

impl IndexerError {
    /// Whether starting again may succeed with nothing changed by hand.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store(error) => error.is_retryable(),
            Self::Stream(error) => error.is_retryable(),
            Self::Listen { source, .. } => source.kind() == io::ErrorKind::AddrInUse,
            Self::Serve(_) => true,
            Self::Panicked(_) => false,
        }
    }
}

/// A running indexer. Dropping it stops it; [`Indexer::stop`] also waits for the end.
#[derive(Debug)]
pub struct Indexer {
    address: SocketAddr,
    store: Store,
    health: watch::Receiver<StreamHealth>,
    /// None once their end was told.
    tasks: Option<JoinHandle<Result<(), IndexerError>>>,
    cancellation: CancellationToken,
    _stop_when_dropped: DropGuard,
}

impl Indexer {
    /// Starts following the chain behind `provider` and serving the API. A node that does not answer is no error: what is
    /// stored is served, and the node is tried until it answers.
    ///
    /// # Errors
    /// When the store can't be opened or the address can't be listened on.
    pub async fn start(
        config: IndexerConfig,
        provider: DynProvider,
        deployment: Deployment,
    ) -> Result<Self, IndexerError> {
        let store = match &config.store {
            StoreLocation::Memory => Store::in_memory(&deployment).await?,
            StoreLocation::File(path) => Store::open(path, &deployment).await?,
        };
        let listen_error = |source| IndexerError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;

        let cancellation = CancellationToken::new();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let stream = EventStream::with_environment(
            StreamConfig { receipts: true, ..config.stream },
            provider.clone(),
            &deployment,
            store.recent_blocks().await?,
            cancellation.clone(),
            clock.clone(),
            system_random(),
        );
        let health = stream.health();
        let (changes, _) = broadcast::channel(CHANGES_KEPT);
        let (parameters, known_parameters) = watch::channel(store.meta::<JobParameters>(PARAMETERS).await?);
        let state = ApiState {
            store: store.clone(),
            deployment: Arc::new(deployment.clone()),
            health: health.clone(),
            parameters: known_parameters,
            changes: changes.clone(),
            clock: clock.clone(),
            feeds: api::feed_permits(),
            cancellation: cancellation.clone(),
        };
        let follower = Follower {
            stream,
            store: store.clone(),
            changes,
            parameters,
            provider,
            deployment,
            clock,
            cancellation: cancellation.clone(),
        };
        let tasks = Some(tokio::spawn(run(follower, listener, state, cancellation.clone())));
        tracing::info!(%address, store = store.name(), "the indexer is up");
        Ok(Self { address, store, health, tasks, _stop_when_dropped: cancellation.clone().drop_guard(), cancellation })
    }

    /// Where the API listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The API's base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The store, to be read.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// How the indexer stands with its node. Once a block is the `tip` here, the API answers from it.
    pub fn health(&self) -> watch::Receiver<StreamHealth> {
        self.health.clone()
    }

    /// Waits until the indexer ends by itself.
    ///
    /// # Errors
    /// Why it ended; told once.
    pub async fn wait(&mut self) -> Result<(), IndexerError> {
        let Some(tasks) = &mut self.tasks else { return Ok(()) };
        let ended = tasks.await.map_err(|error| IndexerError::Panicked(error.to_string()));
        self.tasks = None;
        ended?
    }

    /// Ends at once, wherever it is: what is in hand is lost, and open connections are cut. The store stays as it is.
    pub async fn kill(mut self) {
        if let Some(tasks) = self.tasks.take() {
            tasks.abort();
            // Its listener is gone once the task is.
            let _cancelled = tasks.await;
        }
    }

    /// Stops: the block in hand is written, open requests are answered, the store is closed.
    ///
    /// # Errors
    /// Why it had ended before.
    pub async fn stop(mut self) -> Result<(), IndexerError> {
        self.cancellation.cancel();
        self.wait().await
    }
}

/// Runs the follower and the API; when one ends, the other is stopped.
async fn run(
    follower: Follower,
    listener: TcpListener,
    state: ApiState,
    cancellation: CancellationToken,
) -> Result<(), IndexerError> {
    let store = state.store.clone();
    let clock = state.clock.clone();
    let following = async {
        let _stop_the_other = cancellation.clone().drop_guard();
        follower.follow().await.inspect_err(|error| tracing::error!("the indexer stops: {error}"))
    };
    let serving = async {
        let _stop_the_other = cancellation.clone().drop_guard();
        let server = axum::serve(listener, api::router(state));
        let server = server.with_graceful_shutdown(cancellation.clone().cancelled_owned());
        let patience = async {
            cancellation.cancelled().await;
            clock.sleep(LAST_ANSWERS).await;
        };
        tokio::select! {
            served = server => served.map_err(IndexerError::Serve),
            () = patience => Ok(()),
        }
    };
    let (followed, served) = tokio::join!(following, serving);
    store.close().await;
    followed.and(served)
}

/// Writes the stream into the store.
struct Follower {
    stream: EventStream,
    store: Store,
    changes: broadcast::Sender<Change>,
    parameters: watch::Sender<Option<JobParameters>>,
    provider: DynProvider,
    deployment: Deployment,
    clock: Arc<dyn Clock>,
    cancellation: CancellationToken,
}

impl Follower {
    async fn follow(mut self) -> Result<(), IndexerError> {
        while let Some(item) = self.stream.next().await? {
            self.write(&item).await?;
            // Nobody may be listening.
            let _ = self.changes.send(match &item {
                StreamItem::Block(_) => Change::Block,
                StreamItem::Rollback(rollback) => Change::Rollback { first_removed: rollback.first_removed },
            });
            if self.parameters.borrow().is_none() {
                self.read_parameters().await?;
            }
        }
        Ok(())
    }

    /// Repeats a write that failed for a passing reason, so that a full disk costs no event.
    async fn write(&self, item: &StreamItem) -> Result<(), StoreError> {
        loop {
            match self.store.write(item).await {
                Err(error) if error.is_retryable() && !self.cancellation.is_cancelled() => {
                    tracing::warn!(retry_in = ?WRITE_RETRY, "{error}");
                    self.cancellation.run_until_cancelled(self.clock.sleep(WRITE_RETRY)).await;
                }
                result => return result,
            }
        }
    }

    /// Reads the registry's parameters once; after a failure the next block brings the next try.
    async fn read_parameters(&self) -> Result<(), StoreError> {
        const TIME_LIMIT: Duration = Duration::from_secs(10);
        let registry = IJobRegistry::new(self.deployment.job_registry, &self.provider);
        let call = tokio::time::timeout(TIME_LIMIT, async { registry.parameters().call().await });
        let reason = match self.cancellation.run_until_cancelled(call).await {
            Some(Ok(Ok(parameters))) => {
                let parameters = JobParameters::from(&parameters);
                self.store.set_meta(PARAMETERS, &parameters).await?;
                self.parameters.send_replace(Some(parameters));
                return Ok(());
            }
            Some(Ok(Err(error))) => redact(&error.to_string()),
            Some(Err(_)) => format!("no answer within {TIME_LIMIT:?}"),
            None => return Ok(()),
        };
        tracing::warn!(job_registry = %self.deployment.job_registry, reason, "can't read the registry's parameters");
        Ok(())
    }
}
