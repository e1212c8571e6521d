//! One transaction per stream item.

use std::collections::BTreeSet;

use sqlx::{Row, SqliteConnection};

use super::{
    RECENT_BLOCKS, Store, StoreError,
    records::Stored,
    rows::{self, signed},
};
use crate::{
    block::{Rollback, StreamBlock, StreamItem, TransactionRecord},
    event::IndexedEvent,
    fold::{CaseRecord, ExecutorRecord, JobRecord, ModelRecord},
};

/// Takes the write lock at once: a transaction that first reads and then wants it fails when another has written meanwhile.
const BEGIN: &str = "BEGIN IMMEDIATE";

impl Store {
    /// Writes what a stream item means.
    ///
    /// # Errors
    /// When the item does not follow what is stored, or SQLite fails; nothing of the item is stored then.
    pub async fn write(&self, item: &StreamItem) -> Result<(), StoreError> {
        match item {
            StreamItem::Block(block) => self.append(block).await,
            StreamItem::Rollback(rollback) => self.roll_back(rollback).await,
        }
    }

    async fn append(&self, block: &StreamBlock) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin_with(BEGIN).await.map_err(self.failed())?;
        let connection = &mut *transaction;
        self.check_follows(connection, block).await?;
        self.insert_block(connection, block).await.map_err(self.failed())?;
        self.extend::<JobRecord>(connection, &block.events).await?;
        self.extend::<CaseRecord>(connection, &block.events).await?;
        self.extend::<ExecutorRecord>(connection, &block.events).await?;
        self.extend::<ModelRecord>(connection, &block.events).await?;
        transaction.commit().await.map_err(self.failed())
    }

    async fn check_follows(&self, connection: &mut SqliteConnection, block: &StreamBlock) -> Result<(), StoreError> {
        let tip = sqlx::query("SELECT number, hash FROM blocks ORDER BY number DESC LIMIT 1");
        let Some(row) = tip.fetch_optional(connection).await.map_err(self.failed())? else { return Ok(()) };
        let tip = rows::block_reference(&row).map_err(|misfit| self.damaged(misfit))?;
        let follows = if block.number == tip.number + 1 { block.parent == tip.hash } else { block.number > tip.number };
        if follows { Ok(()) } else { Err(StoreError::NotNext { block: block.reference(), tip }) }
    }

    async fn insert_block(&self, connection: &mut SqliteConnection, block: &StreamBlock) -> sqlx::Result<()> {
        // Blocks without events that have left the window of possible reorganisations. Only those since the last tip are
        // looked at: the others were deleted when they left.
        sqlx::query(
            "DELETE FROM blocks WHERE number <= ?1 - ?2 AND number > (SELECT max(number) FROM blocks) - ?2 \
             AND NOT EXISTS (SELECT 1 FROM events WHERE events.block = blocks.number)",
        )
        .bind(signed(block.number))
        .bind(signed(RECENT_BLOCKS))
        .execute(&mut *connection)
        .await?;
        sqlx::query("INSERT INTO blocks (number, hash, parent, timestamp) VALUES (?, ?, ?, ?)")
            .bind(signed(block.number))
            .bind(block.hash.to_vec())
            .bind(block.parent.to_vec())
            .bind(signed(block.timestamp))
            .execute(&mut *connection)
            .await?;
        for event in &block.events {
            insert_event(connection, event).await?;
        }
        for transaction in &block.transactions {
            insert_transaction(connection, block.number, transaction).await?;
        }
        Ok(())
    }

    async fn roll_back(&self, rollback: &Rollback) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin_with(BEGIN).await.map_err(self.failed())?;
        let connection = &mut *transaction;
        let first = signed(rollback.first_removed);
        let touched = sqlx::query(
            "SELECT events.*, blocks.timestamp FROM events JOIN blocks ON blocks.number = events.block WHERE block >= ?",
        );
        let touched = touched.bind(first).fetch_all(&mut *connection).await.map_err(self.failed())?;
        let touched: Vec<IndexedEvent> =
            touched.iter().map(rows::event).collect::<Result<_, _>>().map_err(|misfit| self.damaged(misfit))?;
        // Events and transactions go with their blocks.
        let deletion = sqlx::query("DELETE FROM blocks WHERE number >= ?").bind(first);
        deletion.execute(&mut *connection).await.map_err(self.failed())?;
        self.refold::<JobRecord>(connection, keys::<JobRecord>(&touched)).await?;
        self.refold::<CaseRecord>(connection, keys::<CaseRecord>(&touched)).await?;
        self.refold::<ExecutorRecord>(connection, keys::<ExecutorRecord>(&touched)).await?;
        self.refold::<ModelRecord>(connection, keys::<ModelRecord>(&touched)).await?;
        transaction.commit().await.map_err(self.failed())
    }

    /// Keeps a small fact beside the chain's, as JSON.
    pub(crate) async fn set_meta<T: serde::Serialize>(&self, key: &str, value: &T) -> Result<(), StoreError> {
        let json = serde_json::to_string(value).map_err(|error| self.damaged(error))?;
        sqlx::query(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )
        .bind(key)
        .bind(json)
        .execute(&self.pool)
        .await
        .map_err(self.failed())?;
        Ok(())
    }

    /// Reads what [`Store::set_meta`] kept.
    pub(crate) async fn meta<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let row = sqlx::query("SELECT value FROM meta WHERE key = ?").bind(key).fetch_optional(&self.pool);
        let row = row.await.map_err(self.failed())?;
        row.map(|row| self.parse(row.try_get("value").map_err(self.failed())?)).transpose()
    }
}

fn keys<R: Stored>(events: &[IndexedEvent]) -> BTreeSet<R::Key> {
    events.iter().filter_map(R::key_of).collect()
}

async fn insert_event(connection: &mut SqliteConnection, event: &IndexedEvent) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO events (block, log_index, transaction_hash, transaction_index, address, source, topics, data, name, \
         arguments, job, executor, model, court_job) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(signed(event.block))
    .bind(signed(event.log_index))
    .bind(event.transaction.to_vec())
    .bind(signed(event.transaction_index))
    .bind(event.address.to_vec())
    .bind(event.source.name())
    .bind(event.topics.iter().flatten().copied().collect::<Vec<u8>>())
    .bind(event.data.to_vec())
    .bind(event.event.name())
    .bind(event.event.arguments().to_string())
    .bind(event.event.job().map(|id| id.to_vec()))
    .bind(event.event.executor())
    .bind(event.event.model().map(|id| id.to_vec()))
    .bind(event.event.court_job().map(|id| id.to_vec()))
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_transaction(
    connection: &mut SqliteConnection,
    block: u64,
    transaction: &TransactionRecord,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO transactions (hash, block, sender, gas_used, gas_price, succeeded) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(transaction.hash.to_vec())
    .bind(signed(block))
    .bind(transaction.sender.to_vec())
    .bind(signed(transaction.gas_used))
    .bind(transaction.gas_price.to_string())
    .bind(transaction.succeeded)
    .execute(connection)
    .await?;
    Ok(())
}
