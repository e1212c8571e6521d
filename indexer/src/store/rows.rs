//! Rows and what they mean.

use alloy::primitives::{Address, B256, Bytes, U256};
use sqlx::{Row, sqlite::SqliteRow};

use crate::{
    block::{BlockReference, TransactionRecord},
    event::{IndexedEvent, InferaEvent, Source},
};

/// SQLite's integers are signed. Heights, indices, seconds and gas stay far below 2⁶³.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Why a row can't be understood.
pub(super) type Misfit = Box<dyn std::error::Error + Send + Sync>;

fn unsigned(row: &SqliteRow, column: &str) -> Result<u64, Misfit> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?)?)
}

pub(super) fn hash(row: &SqliteRow, column: &str) -> Result<B256, Misfit> {
    Ok(B256::try_from(row.try_get::<&[u8], _>(column)?)?)
}

fn address(row: &SqliteRow, column: &str) -> Result<Address, Misfit> {
    Ok(Address::try_from(row.try_get::<&[u8], _>(column)?)?)
}

pub(super) fn block_reference(row: &SqliteRow) -> Result<BlockReference, Misfit> {
    Ok(BlockReference { number: unsigned(row, "number")?, hash: hash(row, "hash")? })
}

/// A row of `events` with its block's `timestamp`.
pub(super) fn event(row: &SqliteRow) -> Result<IndexedEvent, Misfit> {
    let name: &str = row.try_get("source")?;
    let source = Source::from_name(name).ok_or_else(|| format!("there is no contract {name:?}"))?;
    let (topics, rest) = row.try_get::<&[u8], _>("topics")?.as_chunks::<32>();
    if !rest.is_empty() {
        return Err("topics are no whole number of words".into());
    }
    let topics: Vec<B256> = topics.iter().map(B256::from).collect();
    let data: &[u8] = row.try_get("data")?;
    let event = InferaEvent::decode(source, &topics, data)?;
    Ok(IndexedEvent {
        block: unsigned(row, "block")?,
        timestamp: unsigned(row, "timestamp")?,
        log_index: unsigned(row, "log_index")?,
        transaction: hash(row, "transaction_hash")?,
        transaction_index: unsigned(row, "transaction_index")?,
        address: address(row, "address")?,
        source,
        topics,
        data: Bytes::copy_from_slice(data),
        event,
    })
}

pub(super) fn transaction(row: &SqliteRow) -> Result<TransactionRecord, Misfit> {
    Ok(TransactionRecord {
        hash: hash(row, "hash")?,
        sender: address(row, "sender")?,
        gas_used: unsigned(row, "gas_used")?,
        gas_price: U256::from_str_radix(row.try_get("gas_price")?, 10)?,
        succeeded: row.try_get::<bool, _>("succeeded")?,
    })
}
