//! Why the store fails.

use alloy::primitives::Address;
use sqlx::migrate::MigrateError;

use crate::block::BlockReference;

/// SQLite's primary result codes for a file that is no intact database.
const NOT_AN_INTACT_DATABASE: [&str; 2] = ["11", "26"];

/// Why the store can't do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// When the file can't be opened or created.
    #[error("can't open the store {store}: {reason}. Check that its folder exists and may be written to")]
    Open {
        /// The file.
        store: String,
        /// SQLite's words.
        reason: String,
    },
    /// When the file was written by a newer version of this program.
    #[error(
        "the store {store} has schema version {version}, which this program does not know; update the program, or delete the \
         file: it is rebuilt from the chain"
    )]
    NewerSchema {
        /// The file.
        store: String,
        /// The unknown schema version.
        version: i64,
    },
    /// When the file is no SQLite database, is corrupt, or holds what this program can't have written.
    #[error("the store {store} is damaged: {reason}. Delete the file: it is rebuilt from the chain")]
    Damaged {
        /// The file.
        store: String,
        /// What is wrong.
        reason: String,
    },
    /// When the file holds the history of other contracts.
    #[error(
        "the store {store} belongs to the deployment {found} on chain {found_chain}, not to {expected} on chain \
         {expected_chain}; name another file, or delete this one"
    )]
    OtherDeployment {
        /// The file.
        store: String,
        /// Job registry of the store's deployment.
        found: Address,
        /// Its chain.
        found_chain: u64,
        /// Job registry that was asked for.
        expected: Address,
        /// Its chain.
        expected_chain: u64,
    },
    /// When a block does not follow the newest stored one: two writers share the file, or items were left out.
    #[error("block {} ({}) does not follow the store's newest block {}; let one process write the store", block.number, block.hash, tip.number)]
    NotNext {
        /// The refused block.
        block: BlockReference,
        /// The store's newest block.
        tip: BlockReference,
    },
    /// When SQLite fails otherwise, for instance because the disk is full.
    #[error("the store {store} failed: {source}")]
    Database {
        /// The file.
        store: String,
        /// SQLite's error.
        source: sqlx::Error,
    },
}

impl StoreError {
    /// Whether the same call may succeed later with nothing changed by hand.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Database { source, .. } if !matches!(source, sqlx::Error::PoolClosed))
    }

    pub(super) fn opening(store: &str, error: sqlx::Error) -> Self {
        match Self::database(store, error) {
            Self::Database { store, source } => Self::Open { store, reason: source.to_string() },
            other => other,
        }
    }

    pub(super) fn migrating(store: &str, error: MigrateError) -> Self {
        let store = store.to_owned();
        match error {
            MigrateError::VersionMissing(version) => Self::NewerSchema { store, version },
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => Self::opening(&store, error),
            other => Self::Damaged { store, reason: other.to_string() },
        }
    }

    pub(super) fn database(store: &str, error: sqlx::Error) -> Self {
        let store = store.to_owned();
        let code = error.as_database_error().and_then(|error| error.code());
        match code {
            Some(code) if NOT_AN_INTACT_DATABASE.contains(&code.as_ref()) => {
                Self::Damaged { store, reason: error.to_string() }
            }
            _ => Self::Database { store, source: error },
        }
    }
}
