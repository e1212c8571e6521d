//! Where folded records are kept.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::B256;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Encode, Row, Sqlite, SqliteConnection, Type};

use super::{Store, StoreError, rows};
use crate::{
    event::IndexedEvent,
    fold::{CaseRecord, ExecutorRecord, JobRecord, ModelRecord, Record},
};

/// A record with a table of its own.
pub(super) trait Stored: Record + Serialize + DeserializeOwned {
    /// The row's key, as SQLite has it.
    type Key: for<'q> Encode<'q, Sqlite> + Type<Sqlite> + Clone + Ord + Send + Sync + 'static;

    /// Selects `record` by key.
    const LOAD: &'static str;
    /// Deletes by key.
    const DELETE: &'static str;
    /// Selects the events of a key in chain order.
    const EVENTS: &'static str;

    /// The record that an event belongs to.
    fn key_of(event: &IndexedEvent) -> Option<Self::Key>;

    /// Writes the record's row over an older one.
    async fn save(&self, connection: &mut SqliteConnection, json: String) -> sqlx::Result<()>;
}

impl Store {
    /// Applies a block's new events to the records they are about.
    pub(super) async fn extend<R: Stored>(
        &self,
        connection: &mut SqliteConnection,
        events: &[IndexedEvent],
    ) -> Result<(), StoreError> {
        let mut by_key: BTreeMap<R::Key, Vec<&IndexedEvent>> = BTreeMap::new();
        for event in events {
            if let Some(key) = R::key_of(event) {
                by_key.entry(key).or_default().push(event);
            }
        }
        for (key, events) in by_key {
            let row = sqlx::query(R::LOAD).bind(key).fetch_optional(&mut *connection).await.map_err(self.failed())?;
            let stored = row.map(|row| self.parse::<R>(row.try_get("record").map_err(self.failed())?)).transpose()?;
            if let Some(record) = events.into_iter().fold(stored, R::step) {
                self.save(connection, &record).await?;
            }
        }
        Ok(())
    }

    /// Folds records anew from the events that are left.
    pub(super) async fn refold<R: Stored>(
        &self,
        connection: &mut SqliteConnection,
        keys: BTreeSet<R::Key>,
    ) -> Result<(), StoreError> {
        for key in keys {
            let rows = sqlx::query(R::EVENTS).bind(key.clone()).fetch_all(&mut *connection);
            let rows = rows.await.map_err(self.failed())?;
            let events: Vec<IndexedEvent> =
                rows.iter().map(rows::event).collect::<Result<_, _>>().map_err(|misfit| self.damaged(misfit))?;
            match R::fold(&events) {
                Some(record) => self.save(connection, &record).await?,
                None => {
                    sqlx::query(R::DELETE).bind(key).execute(&mut *connection).await.map_err(self.failed())?;
                }
            }
        }
        Ok(())
    }

    async fn save<R: Stored>(&self, connection: &mut SqliteConnection, record: &R) -> Result<(), StoreError> {
        let json = serde_json::to_string(record).map_err(|error| self.damaged(error))?;
        record.save(connection, json).await.map_err(self.failed())
    }

    pub(super) fn parse<R: DeserializeOwned>(&self, json: &str) -> Result<R, StoreError> {
        serde_json::from_str(json).map_err(|error| self.damaged(format!("a record is not as written: {error}")))
    }

    pub(super) fn failed(&self) -> impl Fn(sqlx::Error) -> StoreError + '_ {
        |error| StoreError::database(&self.name, error)
    }
}

fn blob(id: B256) -> Vec<u8> {
    id.to_vec()
}

impl Stored for JobRecord {
    type Key = Vec<u8>;

    const LOAD: &'static str = "SELECT record FROM jobs WHERE id = ?";
    const DELETE: &'static str = "DELETE FROM jobs WHERE id = ?";
    const EVENTS: &'static str = "SELECT events.*, blocks.timestamp FROM events JOIN blocks ON blocks.number = events.block \
                                  WHERE job = ? ORDER BY block, log_index";

    fn key_of(event: &IndexedEvent) -> Option<Vec<u8>> {
        event.event.job().map(blob)
    }

    async fn save(&self, connection: &mut SqliteConnection, json: String) -> sqlx::Result<()> {
        sqlx::query(
            "INSERT INTO jobs (id, block, log_index, requester, phase, record) VALUES (?, ?, ?, ?, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET block = excluded.block, log_index = excluded.log_index, \
             requester = excluded.requester, phase = excluded.phase, record = excluded.record",
        )
        .bind(blob(self.id))
        .bind(rows::signed(self.requested.block))
        .bind(rows::signed(self.requested.log_index))
        .bind(self.terms.requester.to_vec())
        .bind(self.phase.to_string())
        .bind(json)
        .execute(&mut *connection)
        .await?;
        sqlx::query("DELETE FROM job_executors WHERE job = ?").bind(blob(self.id)).execute(&mut *connection).await?;
        for executor_id in self.seats.iter().map(|seat| seat.executor_id).collect::<BTreeSet<_>>() {
            sqlx::query("INSERT INTO job_executors (job, executor) VALUES (?, ?)")
                .bind(blob(self.id))
                .bind(executor_id)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }
}

impl Stored for CaseRecord {
    type Key = Vec<u8>;

    const LOAD: &'static str = "SELECT record FROM cases WHERE id = ?";
    const DELETE: &'static str = "DELETE FROM cases WHERE id = ?";
    const EVENTS: &'static str = "SELECT events.*, blocks.timestamp FROM events JOIN blocks ON blocks.number = events.block \
                                  WHERE court_job = ? ORDER BY block, log_index";

    fn key_of(event: &IndexedEvent) -> Option<Vec<u8>> {
        event.event.court_job().map(blob)
    }

    async fn save(&self, connection: &mut SqliteConnection, json: String) -> sqlx::Result<()> {
        sqlx::query(
            "INSERT INTO cases (id, block, log_index, job, executor, verdict, record) VALUES (?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET block = excluded.block, log_index = excluded.log_index, job = excluded.job, \
             executor = excluded.executor, verdict = excluded.verdict, record = excluded.record",
        )
        .bind(blob(self.id))
        .bind(rows::signed(self.opened.block))
        .bind(rows::signed(self.opened.log_index))
        .bind(blob(self.job_id))
        .bind(self.executor_id)
        .bind(self.verdict.to_string())
        .bind(json)
        .execute(connection)
        .await?;
        Ok(())
    }
}

impl Stored for ExecutorRecord {
    type Key = u32;

    const LOAD: &'static str = "SELECT record FROM executors WHERE id = ?";
    const DELETE: &'static str = "DELETE FROM executors WHERE id = ?";
    const EVENTS: &'static str = "SELECT events.*, blocks.timestamp FROM events JOIN blocks ON blocks.number = events.block \
                                  WHERE executor = ? ORDER BY block, log_index";

    fn key_of(event: &IndexedEvent) -> Option<u32> {
        event.event.executor()
    }

    async fn save(&self, connection: &mut SqliteConnection, json: String) -> sqlx::Result<()> {
        sqlx::query(
            "INSERT INTO executors (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record",
        )
        .bind(self.id)
        .bind(json)
        .execute(connection)
        .await?;
        Ok(())
    }
}

impl Stored for ModelRecord {
    type Key = Vec<u8>;

    const LOAD: &'static str = "SELECT record FROM models WHERE id = ?";
    const DELETE: &'static str = "DELETE FROM models WHERE id = ?";
    const EVENTS: &'static str = "SELECT events.*, blocks.timestamp FROM events JOIN blocks ON blocks.number = events.block \
                                  WHERE model = ? ORDER BY block, log_index";

    fn key_of(event: &IndexedEvent) -> Option<Vec<u8>> {
        event.event.model().map(blob)
    }

    async fn save(&self, connection: &mut SqliteConnection, json: String) -> sqlx::Result<()> {
        sqlx::query(
            "INSERT INTO models (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record",
        )
        .bind(blob(self.id))
        .bind(json)
        .execute(connection)
        .await?;
        Ok(())
    }
}
