//! What stops a node, or one of its jobs.

use std::path::PathBuf;

use alloy::primitives::{Address, B256};

/// Result of a node's operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a node does not start, or a step failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// When the chain does not answer or a contract refuses.
    #[error(transparent)]
    Chain(#[from] infera_sdk::Error),
    /// When the journal's file cannot be opened, read or written.
    #[error("the journal {path} cannot be used ({source}); check the disk and the permissions, or restore it")]
    Journal {
        /// The journal's file.
        path: PathBuf,
        /// What the database says.
        source: sqlx::Error,
    },
    /// When the journal was written by a newer program, or belongs to another executor or chain.
    #[error("the journal {path} {reason}")]
    ForeignJournal {
        /// The journal's file.
        path: PathBuf,
        /// Why it does not fit, and the way out.
        reason: String,
    },
    /// When the signer's key is not registered for an executor.
    #[error(
        "signer {0} is not registered: register the executor first (`infera executor register`), or use the key that is"
    )]
    UnknownSigner(Address),
    /// When a model that the node is told to serve is not on chain.
    #[error("model {model} version {version} is not in the model registry: publish it, or serve another")]
    UnknownModel {
        /// The model's id.
        model: B256,
        /// Its version.
        version: u32,
    },
    /// When the engine's files are not those that the registry names.
    #[error(
        "model {model} version {version} has manifest {expected} on chain, but the engine has loaded {loaded}: \
         pass the directory that holds the published files"
    )]
    WrongModelFiles {
        /// The model's id.
        model: B256,
        /// Its version.
        version: u32,
        /// Manifest hash on chain.
        expected: B256,
        /// Manifest hashes that are loaded.
        loaded: String,
    },
    /// When the event stream broke for good.
    #[error("the event stream stopped: {0}")]
    Stream(String),
}

impl Error {
    /// Whether the same operation may succeed later without any change.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Chain(error) => error.is_retryable(),
            Self::Stream(_) => true,
            _ => false,
        }
    }
}
