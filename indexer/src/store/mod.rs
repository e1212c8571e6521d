//! What the indexer keeps: an SQLite file that can be deleted and rebuilt from the chain at any time.
//!
//! Blocks, events and transactions are facts; jobs, cases, executors and models are folded from the events. One block with all its
//! consequences is written in one transaction, and the newest block row is the cursor: whatever interrupts the indexer, the
//! store is that of some block's end.

mod error;
mod read;
mod records;
mod rows;
mod write;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use infera_sdk::Deployment;
use sqlx::{
    SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub use self::{
    error::StoreError,
    read::{CaseFilter, EventFilter, EventPosition, JobFilter, StoredEvent},
};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How many of the newest blocks are kept even when they hold no events: what a reorganisation may undo.
pub(crate) const RECENT_BLOCKS: u64 = 256;

/// Longest wait for another process that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The store of one deployment. Clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
    name: String,
}

impl Store {
    /// Opens or creates the store in a file.
    ///
    /// # Errors
    /// When the file can't be opened, is damaged, is of a newer version, or belongs to another deployment.
    pub async fn open(path: &Path, deployment: &Deployment) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A power cut may take the last blocks with it, never half of one; they are read again.
            .synchronous(SqliteSynchronous::Normal);
        let pool = SqlitePoolOptions::new().max_connections(4);
        Self::connect(options, pool, path.to_owned(), deployment).await
    }

    /// A store that is gone when it is closed.
    ///
    /// # Errors
    /// When SQLite can't be started.
    pub async fn in_memory(deployment: &Deployment) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().in_memory(true);
        // Each connection would have a database of its own.
        let pool = SqlitePoolOptions::new().min_connections(1).max_connections(1).idle_timeout(None).max_lifetime(None);
        Self::connect(options, pool, PathBuf::from(":memory:"), deployment).await
    }

    async fn connect(
        options: SqliteConnectOptions,
        pool: SqlitePoolOptions,
        path: PathBuf,
        deployment: &Deployment,
    ) -> Result<Self, StoreError> {
        let name = path.display().to_string();
        let options = options.foreign_keys(true).busy_timeout(BUSY_TIMEOUT);
        let pool = pool.connect_with(options).await.map_err(|error| StoreError::opening(&name, error))?;
        MIGRATIONS.run(&pool).await.map_err(|error| StoreError::migrating(&name, error))?;
        let store = Self { pool, name };
        store.claim(deployment).await?;
        Ok(store)
    }

    /// Marks a fresh store as this deployment's, and refuses one that is another's.
    async fn claim(&self, deployment: &Deployment) -> Result<(), StoreError> {
        const KEY: &str = "deployment";
        match self.meta::<Deployment>(KEY).await? {
            None => self.set_meta(KEY, deployment).await,
            Some(owner) if owner == *deployment => Ok(()),
            Some(owner) => Err(StoreError::OtherDeployment {
                store: self.name.clone(),
                found: owner.job_registry,
                found_chain: owner.chain_id,
                expected: deployment.job_registry,
                expected_chain: deployment.chain_id,
            }),
        }
    }

    /// The file's path, or `:memory:`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Ends all connections; further use fails.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    fn damaged(&self, reason: impl ToString) -> StoreError {
        StoreError::Damaged { store: self.name.clone(), reason: reason.to_string() }
    }
}
