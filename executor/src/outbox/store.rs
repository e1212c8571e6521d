//! The outbox in the journal: one entry per step and nonce, one variant per offer signed for it.

use alloy::primitives::{B256, Bytes};
use sqlx::{
    Row, Sqlite, Transaction,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::fees::Fees;
use crate::{
    Result,
    broadcast::Purpose,
    journal::{Journal, from_integer, hash, to_integer},
};

/// Where an entry stands that is not on its way ("sent").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// In a block that a reorg may still take out.
    Included,
    /// In a block that stays.
    Final,
    /// In a block, but the contract refused it.
    Failed,
    /// Another transaction has its nonce.
    Lost,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Included => "included",
            Self::Final => "final",
            Self::Failed => "failed",
            Self::Lost => "lost",
        }
    }
}

/// A call that was signed.
pub(super) struct Entry {
    pub(super) id: i64,
    pub(super) call: Call,
    /// Unix seconds of the newest variant's signature, and of the last attempt to send one.
    pub(super) signed_at: u64,
    pub(super) sent_at: u64,
    pub(super) included: bool,
}

/// All of a transaction but its fees.
pub(super) struct Call {
    pub(super) job: B256,
    pub(super) purpose: Purpose,
    pub(super) nonce: u64,
    pub(super) gas_limit: u64,
    pub(super) calldata: Bytes,
}

/// A call signed with fees.
pub(super) struct Variant {
    pub(super) hash: B256,
    pub(super) fees: Fees,
    pub(super) raw: Vec<u8>,
    /// Whether a node took it once.
    pub(super) accepted: bool,
}

pub(super) struct Store(pub(super) Journal);

impl Store {
    /// Whether a step needs no other transaction now. What may be needed again (a job can be advanced and declined more than
    /// once) is under way until it is included; what is done once, until a reorg can no longer take it out.
    pub(super) async fn is_under_way(&self, job: B256, purpose: Purpose) -> Result<bool> {
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM outbox WHERE job = ? AND purpose = ? AND (state = 'sent' OR state = 'included' AND ?)",
        )
        .bind(job.as_slice())
        .bind(purpose.name())
        .bind(!matches!(purpose, Purpose::Advance | Purpose::Decline))
        .fetch_one(&self.0.pool)
        .await
        .map_err(|e| self.0.failed(e))?;
        Ok(count > 0)
    }

    /// How many transactions for a step were included but failed.
    pub(super) async fn failures(&self, job: B256, purpose: Purpose) -> Result<u64> {
        let count =
            sqlx::query_scalar("SELECT count(*) FROM outbox WHERE job = ? AND purpose = ? AND state = 'failed'")
                .bind(job.as_slice())
                .bind(purpose.name())
                .fetch_one(&self.0.pool)
                .await
                .map_err(|e| self.0.failed(e))?;
        Ok(from_integer(count))
    }

    /// The first nonce from `used` on that no entry under way has. Gaps are filled: a reorg can leave one behind, and nothing
    /// after it could be included.
    pub(super) async fn free_nonce(&self, used: u64) -> Result<u64> {
        let taken: Vec<i64> = sqlx::query_scalar(
            "SELECT DISTINCT nonce FROM outbox WHERE state IN ('sent', 'included') AND nonce >= ? ORDER BY nonce",
        )
        .bind(to_integer(used))
        .fetch_all(&self.0.pool)
        .await
        .map_err(|e| self.0.failed(e))?;
        let free = taken.into_iter().map(from_integer).zip(used..).take_while(|(taken, nonce)| taken == nonce).count();
        Ok(used.saturating_add(free as u64))
    }

    /// Stores a new entry with its first variant.
    pub(super) async fn add(&self, call: Call, variant: &Variant, now: u64) -> Result<Entry> {
        let mut storing = self.0.pool.begin().await.map_err(|e| self.0.failed(e))?;
        let id = sqlx::query(
            "INSERT INTO outbox (job, purpose, nonce, calldata, gas_limit, signed_at, sent_at, state)
             VALUES (?, ?, ?, ?, ?, ?, ?, 'sent')",
        )
        .bind(call.job.as_slice())
        .bind(call.purpose.name())
        .bind(to_integer(call.nonce))
        .bind(call.calldata.as_ref())
        .bind(to_integer(call.gas_limit))
        .bind(to_integer(now))
        .bind(to_integer(now))
        .execute(&mut *storing)
        .await
        .map_err(|e| self.0.failed(e))?
        .last_insert_rowid();
        self.insert(&mut storing, id, variant).await?;
        storing.commit().await.map_err(|e| self.0.failed(e))?;
        Ok(Entry { id, call, signed_at: now, sent_at: now, included: false })
    }

    /// Stores one more variant of an entry.
    pub(super) async fn add_variant(&self, entry: i64, variant: &Variant, now: u64) -> Result<()> {
        let mut storing = self.0.pool.begin().await.map_err(|e| self.0.failed(e))?;
        sqlx::query("UPDATE outbox SET signed_at = ? WHERE id = ?")
            .bind(to_integer(now))
            .bind(entry)
            .execute(&mut *storing)
            .await
            .map_err(|e| self.0.failed(e))?;
        self.insert(&mut storing, entry, variant).await?;
        storing.commit().await.map_err(|e| self.0.failed(e))
    }

    async fn insert(&self, storing: &mut Transaction<'_, Sqlite>, entry: i64, variant: &Variant) -> Result<()> {
        sqlx::query("INSERT INTO outbox_variants (entry, hash, cap, tip, raw) VALUES (?, ?, ?, ?, ?)")
            .bind(entry)
            .bind(variant.hash.as_slice())
            .bind(variant.fees.cap.to_string())
            .bind(variant.fees.tip.to_string())
            .bind(&variant.raw)
            .execute(&mut **storing)
            .await
            .map_err(|e| self.0.failed(e))?;
        Ok(())
    }

    /// Changes rows, in a transaction of its own.
    async fn run(&self, change: Query<'_, Sqlite, SqliteArguments>) -> Result<()> {
        change.execute(&self.0.pool).await.map_err(|e| self.0.failed(e))?;
        Ok(())
    }

    /// The entries that are looked after, by nonce.
    pub(super) async fn watched(&self) -> Result<Vec<Entry>> {
        let rows = sqlx::query("SELECT * FROM outbox WHERE state IN ('sent', 'included') ORDER BY nonce, id")
            .fetch_all(&self.0.pool)
            .await
            .map_err(|e| self.0.failed(e))?;
        Ok(rows.iter().filter_map(entry).collect())
    }

    /// An entry's variants, the newest first.
    pub(super) async fn variants(&self, entry: i64) -> Result<Vec<Variant>> {
        let rows = sqlx::query("SELECT * FROM outbox_variants WHERE entry = ? ORDER BY id DESC")
            .bind(entry)
            .fetch_all(&self.0.pool)
            .await
            .map_err(|e| self.0.failed(e))?;
        Ok(rows.iter().filter_map(variant).collect())
    }

    /// Notes that an entry is about to be sent again.
    pub(super) async fn note_attempt(&self, entry: i64, now: u64) -> Result<()> {
        self.run(sqlx::query("UPDATE outbox SET sent_at = ? WHERE id = ?").bind(to_integer(now)).bind(entry)).await
    }

    /// Notes that a node took a variant.
    pub(super) async fn accept(&self, entry: i64, variant: B256) -> Result<()> {
        self.run(
            sqlx::query("UPDATE outbox_variants SET accepted = 1 WHERE entry = ? AND hash = ?")
                .bind(entry)
                .bind(variant.as_slice()),
        )
        .await
    }

    /// Puts an entry that a reorg took out on its way again. Its time to be included begins anew.
    pub(super) async fn reopen(&self, entry: i64, now: u64) -> Result<()> {
        self.run(
            sqlx::query("UPDATE outbox SET state = 'sent', block = NULL, signed_at = ? WHERE id = ?")
                .bind(to_integer(now))
                .bind(entry),
        )
        .await
    }

    /// Notes where an entry stands, and the block that holds it.
    pub(super) async fn mark(&self, entry: i64, state: State, block: Option<u64>) -> Result<()> {
        self.run(
            sqlx::query("UPDATE outbox SET state = ?, block = ? WHERE id = ?")
                .bind(state.name())
                .bind(block.map(to_integer))
                .bind(entry),
        )
        .await
    }
}

fn entry(row: &SqliteRow) -> Option<Entry> {
    let call = Call {
        job: hash(row, "job"),
        purpose: Purpose::from_name(&row.get::<String, _>("purpose"))?,
        nonce: from_integer(row.get("nonce")),
        gas_limit: from_integer(row.get("gas_limit")),
        calldata: row.get::<Vec<u8>, _>("calldata").into(),
    };
    Some(Entry {
        id: row.get("id"),
        call,
        signed_at: from_integer(row.get("signed_at")),
        sent_at: from_integer(row.get("sent_at")),
        included: row.get::<String, _>("state") == State::Included.name(),
    })
}

fn variant(row: &SqliteRow) -> Option<Variant> {
    let fee = |column| row.get::<String, _>(column).parse().ok();
    Some(Variant {
        hash: hash(row, "hash"),
        fees: Fees { cap: fee("cap")?, tip: fee("tip")? },
        raw: row.get("raw"),
        accepted: row.get("accepted"),
    })
}
