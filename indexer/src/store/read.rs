//! What can be asked of the store.

use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};

use super::{
    RECENT_BLOCKS, Store, StoreError,
    records::Stored,
    rows::{self, Misfit, signed},
};
use crate::{
    block::{BlockReference, TransactionRecord},
    event::IndexedEvent,
    fold::{CaseRecord, ExecutorRecord, JobRecord, ModelRecord},
    names::{JobPhase, Verdict},
};

/// An event's place in the chain's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventPosition {
    /// Height.
    pub block: u64,
    /// The log's number in the block.
    pub log_index: u64,
}

/// Which jobs; all conditions that are given must hold.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Asked by this account.
    pub requester: Option<Address>,
    /// In this phase.
    pub phase: Option<JobPhase>,
    /// This executor was drawn for it.
    pub executor: Option<u32>,
}

/// Which cases; all conditions that are given must hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct CaseFilter {
    /// About this job's answers.
    pub job: Option<B256>,
    /// Against this executor.
    pub executor: Option<u32>,
    /// Standing so.
    pub verdict: Option<Verdict>,
}

/// Which events; all conditions that are given must hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventFilter {
    /// About this job.
    pub job: Option<B256>,
    /// About this executor.
    pub executor: Option<u32>,
}

/// An event as the API serves it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// Its place.
    pub position: EventPosition,
    /// Its block.
    pub block_hash: B256,
    /// See [`IndexedEvent::to_json`].
    pub json: Value,
}

impl Store {
    /// The newest blocks, oldest first: what [`crate::stream::EventStream::new`] goes on from.
    pub async fn recent_blocks(&self) -> Result<Vec<BlockReference>, StoreError> {
        let query =
            sqlx::query("SELECT number, hash FROM blocks ORDER BY number DESC LIMIT ?").bind(signed(RECENT_BLOCKS));
        let rows = query.fetch_all(&self.pool).await.map_err(self.failed())?;
        rows.iter().rev().map(|row| self.read(rows::block_reference(row))).collect()
    }

    /// The newest block; None in a fresh store.
    pub async fn tip(&self) -> Result<Option<BlockReference>, StoreError> {
        let query = sqlx::query("SELECT number, hash FROM blocks ORDER BY number DESC LIMIT 1");
        let row = query.fetch_optional(&self.pool).await.map_err(self.failed())?;
        row.map(|row| self.read(rows::block_reference(&row))).transpose()
    }

    /// The hash of a stored block.
    pub async fn block_hash(&self, number: u64) -> Result<Option<B256>, StoreError> {
        let query = sqlx::query("SELECT number, hash FROM blocks WHERE number = ?").bind(signed(number));
        let row = query.fetch_optional(&self.pool).await.map_err(self.failed())?;
        row.map(|row| Ok(self.read(rows::block_reference(&row))?.hash)).transpose()
    }

    /// One job.
    pub async fn job(&self, id: B256) -> Result<Option<JobRecord>, StoreError> {
        self.record(id.to_vec()).await
    }

    /// Jobs by their request, newest first, those before `before`; at most `limit`.
    pub async fn jobs(
        &self,
        filter: &JobFilter,
        before: Option<EventPosition>,
        limit: u32,
    ) -> Result<Vec<JobRecord>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT record FROM jobs WHERE TRUE");
        if let Some(requester) = filter.requester {
            query.push(" AND requester = ").push_bind(requester.to_vec());
        }
        if let Some(phase) = filter.phase {
            query.push(" AND phase = ").push_bind(phase.to_string());
        }
        if let Some(executor) = filter.executor {
            query.push(" AND id IN (SELECT job FROM job_executors WHERE executor = ").push_bind(executor).push(")");
        }
        if let Some(before) = before {
            query.push(" AND (block, log_index) < (").push_bind(signed(before.block));
            query.push(", ").push_bind(signed(before.log_index)).push(")");
        }
        query.push(" ORDER BY block DESC, log_index DESC LIMIT ").push_bind(limit);
        let rows = query.build().fetch_all(&self.pool).await.map_err(self.failed())?;
        rows.iter().map(|row| self.record_of(row)).collect()
    }

    /// One case, by its court's job.
    pub async fn case(&self, id: B256) -> Result<Option<CaseRecord>, StoreError> {
        self.record(id.to_vec()).await
    }

    /// Cases by their opening, newest first, those before `before`; at most `limit`.
    pub async fn cases(
        &self,
        filter: &CaseFilter,
        before: Option<EventPosition>,
        limit: u32,
    ) -> Result<Vec<CaseRecord>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT record FROM cases WHERE TRUE");
        if let Some(job) = filter.job {
            query.push(" AND job = ").push_bind(job.to_vec());
        }
        if let Some(executor) = filter.executor {
            query.push(" AND executor = ").push_bind(executor);
        }
        if let Some(verdict) = filter.verdict {
            query.push(" AND verdict = ").push_bind(verdict.to_string());
        }
        if let Some(before) = before {
            query.push(" AND (block, log_index) < (").push_bind(signed(before.block));
            query.push(", ").push_bind(signed(before.log_index)).push(")");
        }
        query.push(" ORDER BY block DESC, log_index DESC LIMIT ").push_bind(limit);
        let rows = query.build().fetch_all(&self.pool).await.map_err(self.failed())?;
        rows.iter().map(|row| self.record_of(row)).collect()
    }

    /// All events about a job, in chain order.
    pub async fn job_events(&self, id: B256) -> Result<Vec<IndexedEvent>, StoreError> {
        let rows = sqlx::query(JobRecord::EVENTS).bind(id.to_vec()).fetch_all(&self.pool);
        rows.await.map_err(self.failed())?.iter().map(|row| self.read(rows::event(row))).collect()
    }

    /// The transactions in which a job's events happened.
    pub async fn job_transactions(&self, id: B256) -> Result<Vec<TransactionRecord>, StoreError> {
        let query = sqlx::query(
            "SELECT * FROM transactions WHERE hash IN (SELECT transaction_hash FROM events WHERE job = ?) ORDER BY block",
        );
        let rows = query.bind(id.to_vec()).fetch_all(&self.pool).await.map_err(self.failed())?;
        rows.iter().map(|row| self.read(rows::transaction(row))).collect()
    }

    /// One executor.
    pub async fn executor(&self, id: u32) -> Result<Option<ExecutorRecord>, StoreError> {
        self.record(id).await
    }

    /// Executors by id, those behind `after`; at most `limit`.
    pub async fn executors(&self, after: u32, limit: u32) -> Result<Vec<ExecutorRecord>, StoreError> {
        let query =
            sqlx::query("SELECT record FROM executors WHERE id > ? ORDER BY id LIMIT ?").bind(after).bind(limit);
        let rows = query.fetch_all(&self.pool).await.map_err(self.failed())?;
        rows.iter().map(|row| self.record_of(row)).collect()
    }

    /// One model.
    pub async fn model(&self, id: B256) -> Result<Option<ModelRecord>, StoreError> {
        self.record(id.to_vec()).await
    }

    /// Models by id, those behind `after`; at most `limit`.
    pub async fn models(&self, after: B256, limit: u32) -> Result<Vec<ModelRecord>, StoreError> {
        let query =
            sqlx::query("SELECT record FROM models WHERE id > ? ORDER BY id LIMIT ?").bind(after.to_vec()).bind(limit);
        let rows = query.fetch_all(&self.pool).await.map_err(self.failed())?;
        rows.iter().map(|row| self.record_of(row)).collect()
    }

    /// Events in chain order as the API serves them, those behind `after`; at most `limit`.
    pub async fn events(
        &self,
        filter: &EventFilter,
        after: Option<EventPosition>,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT events.*, blocks.timestamp, blocks.hash FROM events JOIN blocks ON blocks.number = events.block WHERE TRUE",
        );
        if let Some(job) = filter.job {
            query.push(" AND job = ").push_bind(job.to_vec());
        }
        if let Some(executor) = filter.executor {
            query.push(" AND executor = ").push_bind(executor);
        }
        if let Some(after) = after {
            query.push(" AND (block, log_index) > (").push_bind(signed(after.block));
            query.push(", ").push_bind(signed(after.log_index)).push(")");
        }
        query.push(" ORDER BY block, log_index LIMIT ").push_bind(limit);
        let rows = query.build().fetch_all(&self.pool).await.map_err(self.failed())?;
        rows.iter()
            .map(|row| {
                let event = self.read(rows::event(row))?;
                Ok(StoredEvent {
                    position: EventPosition { block: event.block, log_index: event.log_index },
                    block_hash: self.read(rows::hash(row, "hash"))?,
                    json: event.to_json(),
                })
            })
            .collect()
    }

    async fn record<R: Stored>(&self, key: R::Key) -> Result<Option<R>, StoreError> {
        let row = sqlx::query(R::LOAD).bind(key).fetch_optional(&self.pool).await.map_err(self.failed())?;
        row.map(|row| self.record_of(&row)).transpose()
    }

    fn record_of<R: Stored>(&self, row: &SqliteRow) -> Result<R, StoreError> {
        self.parse(row.try_get("record").map_err(self.failed())?)
    }

    fn read<T>(&self, value: Result<T, Misfit>) -> Result<T, StoreError> {
        value.map_err(|misfit| self.damaged(misfit))
    }
}
