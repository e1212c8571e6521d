//! The node's memory: what it has seen, what it has answered, what it has signed. Nothing is sent before it is stored, and
//! nothing is computed twice because it was not stored.

use std::path::{Path, PathBuf};

use alloy::{
    primitives::{Address, B256},
    sol_types::SolValue,
};
use infera_contracts::IJobRegistry::Terms;
use infera_indexer::block::BlockReference;
use sqlx::{
    Row, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};

use crate::{Error, Result};

/// Version of the schema below; a journal of another version is refused.
const SCHEMA_VERSION: i64 = 2;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS identity (
    only INTEGER PRIMARY KEY CHECK (only = 1), chain_id INTEGER NOT NULL, registry BLOB NOT NULL, signer BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS blocks (number INTEGER PRIMARY KEY, hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS jobs (
    id BLOB PRIMARY KEY, block INTEGER NOT NULL, terms BLOB NOT NULL, input BLOB NOT NULL, parameters BLOB NOT NULL,
    input_uri TEXT NOT NULL, open INTEGER NOT NULL DEFAULT 1, failure TEXT
);
CREATE INDEX IF NOT EXISTS open_jobs ON jobs (open, block);
CREATE TABLE IF NOT EXISTS answers (job BLOB PRIMARY KEY, result BLOB NOT NULL, vector BLOB NOT NULL, units INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY, job BLOB NOT NULL, purpose TEXT NOT NULL, nonce INTEGER NOT NULL, calldata BLOB NOT NULL,
    gas_limit INTEGER NOT NULL, signed_at INTEGER NOT NULL, sent_at INTEGER NOT NULL, state TEXT NOT NULL, block INTEGER
);
CREATE INDEX IF NOT EXISTS outbox_state ON outbox (state);
CREATE TABLE IF NOT EXISTS outbox_variants (
    id INTEGER PRIMARY KEY, entry INTEGER NOT NULL REFERENCES outbox (id), hash BLOB NOT NULL, cap TEXT NOT NULL,
    tip TEXT NOT NULL, raw BLOB NOT NULL, accepted INTEGER NOT NULL DEFAULT 0, UNIQUE (entry, hash)
);
";

/// Blocks whose hashes are kept for the detection of reorgs, also across a restart.
const KEPT_BLOCKS: u64 = 256;

/// A job requested longer ago, in blocks, is not touched by a reorg any more: it is not looked at again when one happens, and
/// no longer awaited when one took it out.
pub(crate) const REORG_BLOCKS: u64 = 4096;

/// A job as the chain announced it.
#[derive(Debug, Clone)]
pub struct JobRecord {
    /// The job.
    pub id: B256,
    /// Block of the request.
    pub block: u64,
    /// Its terms.
    pub terms: Terms,
    /// Inline input, empty when there is a URI.
    pub input: Vec<u8>,
    /// The task's parameters.
    pub parameters: Vec<u8>,
    /// Where the input can be had, empty for inline input.
    pub input_uri: String,
    /// Why this node cannot answer it, if it tried.
    pub failure: Option<String>,
}

/// An answer that the engine gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// Canonical result bytes.
    pub result: Vec<u8>,
    /// Output vector, big-endian int16.
    pub vector: Vec<u8>,
    /// Units that the inference took.
    pub units: u32,
}

/// Whom a journal belongs to: it is never used for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The chain.
    pub chain_id: u64,
    /// The job registry.
    pub registry: Address,
    /// The signer whose nonces are in the outbox.
    pub signer: Address,
}

/// The journal: one SQLite file.
#[derive(Debug, Clone)]
pub struct Journal {
    pub(crate) pool: SqlitePool,
    path: PathBuf,
}

impl Journal {
    /// Opens or creates the journal of `identity`.
    pub async fn open(path: &Path, identity: Identity) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What is signed must outlive a power cut: a forgotten nonce could sign two answers.
            .synchronous(SqliteSynchronous::Full);
        let failed = |source| Error::Journal { path: path.to_owned(), source };
        // One connection: every write is short, and SQLite has one writer anyway.
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.map_err(failed)?;
        let journal = Self { pool, path: path.to_owned() };
        journal.prepare(identity).await?;
        Ok(journal)
    }

    async fn prepare(&self, identity: Identity) -> Result<()> {
        let version: i64 =
            sqlx::query_scalar("PRAGMA user_version").fetch_one(&self.pool).await.map_err(|e| self.failed(e))?;
        if version != 0 && version != SCHEMA_VERSION {
            return Err(Error::ForeignJournal {
                path: self.path.clone(),
                reason: format!(
                    "has schema version {version}, this program knows {SCHEMA_VERSION}: use the program that wrote it"
                ),
            });
        }
        sqlx::raw_sql(SCHEMA).execute(&self.pool).await.map_err(|e| self.failed(e))?;
        sqlx::raw_sql("PRAGMA user_version = 2").execute(&self.pool).await.map_err(|e| self.failed(e))?;
        sqlx::query("INSERT OR IGNORE INTO identity (only, chain_id, registry, signer) VALUES (1, ?, ?, ?)")
            .bind(to_integer(identity.chain_id))
            .bind(identity.registry.as_slice())
            .bind(identity.signer.as_slice())
            .execute(&self.pool)
            .await
            .map_err(|e| self.failed(e))?;
        let row = sqlx::query("SELECT chain_id, registry, signer FROM identity")
            .fetch_one(&self.pool)
            .await
            .map_err(|e| self.failed(e))?;
        let stored = Identity {
            chain_id: from_integer(row.get("chain_id")),
            registry: address(&row, "registry"),
            signer: address(&row, "signer"),
        };
        if stored == identity {
            return Ok(());
        }
        Err(Error::ForeignJournal {
            path: self.path.clone(),
            reason: format!(
                "belongs to signer {} on chain {} with registry {}: pass another file for signer {} on chain {}",
                stored.signer, stored.chain_id, stored.registry, identity.signer, identity.chain_id
            ),
        })
    }

    pub(crate) fn failed(&self, source: sqlx::Error) -> Error {
        Error::Journal { path: self.path.clone(), source }
    }

    /// The blocks that the stream has passed, oldest first: where it resumes, and how it notices a reorg that happened while
    /// the node was down.
    pub async fn recent_blocks(&self) -> Result<Vec<BlockReference>> {
        let rows = sqlx::query("SELECT number, hash FROM blocks ORDER BY number")
            .fetch_all(&self.pool)
            .await
            .map_err(|e| self.failed(e))?;
        Ok(rows
            .iter()
            .map(|row| BlockReference { number: from_integer(row.get("number")), hash: hash(row, "hash") })
            .collect())
    }

    /// Writes a block's new jobs and moves the cursor past it, in one transaction. A job that is requested again, as a reorg
    /// may have it, gets a new chance: only its answer stays.
    pub async fn record_block(&self, block: BlockReference, jobs: &[JobRecord]) -> Result<()> {
        let mut transaction = self.pool.begin().await.map_err(|e| self.failed(e))?;
        for job in jobs {
            sqlx::query(
                "INSERT INTO jobs (id, block, terms, input, parameters, input_uri) VALUES (?, ?, ?, ?, ?, ?)
                 ON CONFLICT (id) DO UPDATE SET
                     block = excluded.block, input = excluded.input, input_uri = excluded.input_uri, open = 1, failure = NULL",
            )
            .bind(job.id.as_slice())
            .bind(to_integer(job.block))
            .bind(job.terms.abi_encode())
            .bind(&job.input)
            .bind(&job.parameters)
            .bind(&job.input_uri)
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.failed(e))?;
        }
        sqlx::query("INSERT OR REPLACE INTO blocks (number, hash) VALUES (?, ?)")
            .bind(to_integer(block.number))
            .bind(block.hash.as_slice())
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.failed(e))?;
        sqlx::query("DELETE FROM blocks WHERE number < ?")
            .bind(to_integer(block.number.saturating_sub(KEPT_BLOCKS)))
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.failed(e))?;
        transaction.commit().await.map_err(|e| self.failed(e))
    }

    /// Forgets the blocks from `first_removed` on. Their jobs stay: the chain tells whether they exist, and an answer given
    /// once is good for the same job in another block.
    pub async fn roll_back(&self, first_removed: u64) -> Result<()> {
        let mut transaction = self.pool.begin().await.map_err(|e| self.failed(e))?;
        sqlx::query("DELETE FROM blocks WHERE number >= ?")
            .bind(to_integer(first_removed))
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.failed(e))?;
        // A job that was final in a removed block may be open again.
        sqlx::query("UPDATE jobs SET open = 1 WHERE block >= ?")
            .bind(to_integer(first_removed.saturating_sub(REORG_BLOCKS)))
            .execute(&mut *transaction)
            .await
            .map_err(|e| self.failed(e))?;
        transaction.commit().await.map_err(|e| self.failed(e))
    }

    /// Jobs that may still need this node, oldest first.
    pub async fn open_jobs(&self) -> Result<Vec<JobRecord>> {
        let rows = sqlx::query("SELECT * FROM jobs WHERE open = 1 ORDER BY block, id")
            .fetch_all(&self.pool)
            .await
            .map_err(|e| self.failed(e))?;
        rows.iter().map(|row| self.job(row)).collect()
    }

    fn job(&self, row: &SqliteRow) -> Result<JobRecord> {
        let terms: Vec<u8> = row.get("terms");
        Ok(JobRecord {
            id: hash(row, "id"),
            block: from_integer(row.get("block")),
            terms: Terms::abi_decode(&terms).map_err(|e| self.failed(sqlx::Error::Decode(Box::new(e))))?,
            input: row.get("input"),
            parameters: row.get("parameters"),
            input_uri: row.get("input_uri"),
            failure: row.get("failure"),
        })
    }

    /// Marks a job as final, or as none of this node's business.
    pub async fn close_job(&self, job: B256) -> Result<()> {
        sqlx::query("UPDATE jobs SET open = 0 WHERE id = ?")
            .bind(job.as_slice())
            .execute(&self.pool)
            .await
            .map_err(|e| self.failed(e))?;
        Ok(())
    }

    /// Notes why this node cannot answer a job.
    pub async fn record_failure(&self, job: B256, reason: &str) -> Result<()> {
        sqlx::query("UPDATE jobs SET failure = ? WHERE id = ?")
            .bind(reason)
            .bind(job.as_slice())
            .execute(&self.pool)
            .await
            .map_err(|e| self.failed(e))?;
        Ok(())
    }

    /// Stores an answer. The first one stays: two different answers for one job must never be signed.
    pub async fn record_answer(&self, job: B256, answer: &StoredAnswer) -> Result<()> {
        sqlx::query("INSERT OR IGNORE INTO answers (job, result, vector, units) VALUES (?, ?, ?, ?)")
            .bind(job.as_slice())
            .bind(&answer.result)
            .bind(&answer.vector)
            .bind(i64::from(answer.units))
            .execute(&self.pool)
            .await
            .map_err(|e| self.failed(e))?;
        Ok(())
    }

    /// The answer to a job, if it was given.
    pub async fn answer(&self, job: B256) -> Result<Option<StoredAnswer>> {
        let row = sqlx::query("SELECT result, vector, units FROM answers WHERE job = ?")
            .bind(job.as_slice())
            .fetch_optional(&self.pool)
            .await
            .map_err(|e| self.failed(e))?;
        Ok(row.map(|row| StoredAnswer {
            result: row.get("result"),
            vector: row.get("vector"),
            units: u32::try_from(row.get::<i64, _>("units")).unwrap_or(u32::MAX),
        }))
    }

    /// Closes the file: what was written is safe, later calls fail.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// SQLite's integers are signed; heights, times and ids are far below 2^63.
pub(crate) fn to_integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn from_integer(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

pub(crate) fn hash(row: &SqliteRow, column: &str) -> B256 {
    let bytes: Vec<u8> = row.get(column);
    B256::try_from(bytes.as_slice()).unwrap_or_default()
}

fn address(row: &SqliteRow, column: &str) -> Address {
    let bytes: Vec<u8> = row.get(column);
    Address::try_from(bytes.as_slice()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
