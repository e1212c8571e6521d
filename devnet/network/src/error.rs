//! Why a network does not start.

use std::path::PathBuf;

/// Result of a network's operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a network did not start, or a handle failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// When the chain does not start: a taken port, for one.
    #[error(transparent)]
    Devnet(#[from] infera_devnet::Error),
    /// When a set-up transaction fails.
    #[error(transparent)]
    Chain(#[from] infera_sdk::Error),
    /// When an executor in this process does not start.
    #[error("executor {name} does not start: {source}")]
    Executor {
        /// Its name in the network.
        name: String,
        /// Why.
        source: infera_executor::Error,
    },
    /// When an executor's program cannot be started.
    #[error("executor {name} cannot be started from {program}: {source}")]
    Spawn {
        /// Its name in the network.
        name: String,
        /// The program.
        program: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// When an executor's program ends, or says nothing, before it is ready.
    #[error("executor {name} did not get ready: {reason}")]
    NotReady {
        /// Its name in the network.
        name: String,
        /// What it said last, or that it said nothing.
        reason: String,
    },
    /// When a faulty RPC has no port.
    #[error("a faulty RPC cannot listen on loopback: {0}")]
    Proxy(std::io::Error),
    /// When an executor cannot be paused or resumed.
    #[error("executor {name} cannot be {what}: {reason}")]
    Pause {
        /// Its name in the network.
        name: String,
        /// What was to be done with it.
        what: &'static str,
        /// Why not, and what to do.
        reason: String,
    },
    /// When the indexer does not start, or stops in disorder.
    #[error(transparent)]
    Indexer(#[from] infera_indexer::IndexerError),
    /// When a file of the network cannot be written.
    #[error("{path} cannot be written: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// When a handle names what the network has not.
    #[error("{0}")]
    Unknown(String),
}
