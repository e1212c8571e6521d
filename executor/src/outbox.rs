//! Every transaction of the node: signed and stored before it is sent, sent again until its nonce is used up, and watched
//! until it is too deep to be reorganised away.

use std::sync::Arc;

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    eips::{BlockId, Encodable2718},
    network::TxSignerSync,
    primitives::{Address, B256, Bytes, TxKind, keccak256},
    providers::{DynProvider, Provider},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
};
use sqlx::{Row, sqlite::SqliteRow};

use crate::{
    Result,
    broadcast::{Broadcaster, Purpose},
    journal::{Journal, from_integer, hash, to_integer},
};

/// Blocks after which an included transaction is no longer watched.
const CONFIRMATIONS: u64 = 12;
/// Seconds until an unanswered transaction is sent again.
const RESEND_SECONDS: u64 = 2;
/// Seconds until its fee is raised.
const BUMP_SECONDS: u64 = 10;
/// A raise in percent: nodes take a replacement from ten percent on.
const BUMP_PERCENT: u128 = 125;
/// Gas limit over the estimate, in percent: state may change between the estimate and the block.
const GAS_HEADROOM_PERCENT: u64 = 130;
/// A step is given up for a job after so many transactions that were included but failed.
const MAXIMUM_FAILURES: i64 = 3;
/// Tip in wei per gas.
const PRIORITY_FEE: u128 = 1_000_000;

/// The outbox of one signer.
pub struct Outbox {
    journal: Journal,
    provider: DynProvider,
    broadcaster: Arc<dyn Broadcaster>,
    signer: PrivateKeySigner,
    chain_id: u64,
    registry: Address,
}

struct Entry {
    id: i64,
    job: B256,
    purpose: Purpose,
    nonce: u64,
    calldata: Bytes,
    gas_limit: u64,
    fee: u128,
    raw: Vec<u8>,
    sent_at: u64,
    included: bool,
}

/// What became of an attempt to send a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submission {
    /// Signed, stored and sent.
    Sent(B256),
    /// A transaction for this step is under way already.
    UnderWay,
    /// It failed too often on chain.
    GivenUp,
    /// The contract would refuse it now; nothing was signed.
    Refused(String),
}

impl Outbox {
    /// An outbox over `journal` for the job registry at `registry`.
    pub fn new(
        journal: Journal,
        provider: DynProvider,
        broadcaster: Arc<dyn Broadcaster>,
        signer: PrivateKeySigner,
        chain_id: u64,
        registry: Address,
    ) -> Self {
        Self { journal, provider, broadcaster, signer, chain_id, registry }
    }

    /// Signs, stores and sends a call to the job registry, unless one for the same step is under way. `now` in Unix seconds.
    pub async fn submit(&self, job: B256, purpose: Purpose, calldata: Bytes, now: u64) -> Result<Submission> {
        // What may be needed again (a job can be advanced and declined more than once) is under way until it is included; what
        // is done once, until a reorg can no longer take it out.
        let under_way: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM outbox WHERE job = ? AND purpose = ? AND (state = 'sent' OR state = 'included' AND ?)",
        )
        .bind(job.as_slice())
        .bind(purpose.name())
        .bind(!matches!(purpose, Purpose::Advance | Purpose::Decline))
        .fetch_one(&self.journal.pool)
        .await
        .map_err(|e| self.journal.failed(e))?;
        if under_way > 0 {
            return Ok(Submission::UnderWay);
        }
        let failures: i64 =
            sqlx::query_scalar("SELECT count(*) FROM outbox WHERE job = ? AND purpose = ? AND state = 'failed'")
                .bind(job.as_slice())
                .bind(purpose.name())
                .fetch_one(&self.journal.pool)
                .await
                .map_err(|e| self.journal.failed(e))?;
        if failures >= MAXIMUM_FAILURES {
            return Ok(Submission::GivenUp);
        }
        let request =
            TransactionRequest::default().from(self.signer.address()).to(self.registry).input(calldata.clone().into());
        let action = format!("{} for job {job}", purpose.name());
        let estimate = match self.provider.estimate_gas(request).block(BlockId::pending()).await {
            Ok(gas) => gas,
            Err(error) => match infera_sdk::Error::from_rpc(&action, error) {
                infera_sdk::Error::Reverted { reason, .. } => return Ok(Submission::Refused(reason.to_string())),
                infera_sdk::Error::Node { message, .. } => return Ok(Submission::Refused(message)),
                other => return Err(other.into()),
            },
        };
        let price = self.provider.get_gas_price().await.map_err(|e| infera_sdk::Error::from_rpc(&action, e))?;
        let nonce = self.next_nonce(&action).await?;
        let gas_limit = estimate.saturating_mul(GAS_HEADROOM_PERCENT) / 100;
        // Twice the price of now lasts for six full blocks.
        let fee = price.saturating_mul(2).saturating_add(PRIORITY_FEE);
        let raw = self.sign(nonce, gas_limit, fee, calldata.clone())?;
        let transaction = keccak256(&raw);

        let mut storing = self.journal.pool.begin().await.map_err(|e| self.journal.failed(e))?;
        let entry = sqlx::query(
            "INSERT INTO outbox (job, purpose, nonce, calldata, gas_limit, fee, raw, hash, sent_at, state)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'sent')",
        )
        .bind(job.as_slice())
        .bind(purpose.name())
        .bind(to_integer(nonce))
        .bind(calldata.as_ref())
        .bind(to_integer(gas_limit))
        .bind(fee.to_string())
        .bind(&raw)
        .bind(transaction.as_slice())
        .bind(to_integer(now))
        .execute(&mut *storing)
        .await
        .map_err(|e| self.journal.failed(e))?
        .last_insert_rowid();
        sqlx::query("INSERT INTO outbox_variants (hash, entry) VALUES (?, ?)")
            .bind(transaction.as_slice())
            .bind(entry)
            .execute(&mut *storing)
            .await
            .map_err(|e| self.journal.failed(e))?;
        storing.commit().await.map_err(|e| self.journal.failed(e))?;

        self.send(purpose, job, &raw).await;
        Ok(Submission::Sent(transaction))
    }

    /// The nonce after all that are used on chain or stored here.
    async fn next_nonce(&self, action: &str) -> Result<u64> {
        let on_chain = self
            .provider
            .get_transaction_count(self.signer.address())
            .await
            .map_err(|e| infera_sdk::Error::from_rpc(action, e))?;
        let stored: Option<i64> =
            sqlx::query_scalar("SELECT max(nonce) FROM outbox WHERE state IN ('sent', 'included')")
                .fetch_one(&self.journal.pool)
                .await
                .map_err(|e| self.journal.failed(e))?;
        Ok(on_chain.max(stored.map_or(0, |nonce| from_integer(nonce).saturating_add(1))))
    }

    fn sign(&self, nonce: u64, gas_limit: u64, fee: u128, input: Bytes) -> Result<Vec<u8>> {
        let mut transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas: fee,
            max_priority_fee_per_gas: PRIORITY_FEE.min(fee),
            to: TxKind::Call(self.registry),
            input,
            ..Default::default()
        };
        let signature = self
            .signer
            .sign_transaction_sync(&mut transaction)
            .map_err(|error| infera_sdk::Error::Invalid(format!("the signer did not sign: {error}")))?;
        Ok(transaction.into_signed(signature).encoded_2718())
    }

    async fn send(&self, purpose: Purpose, job: B256, raw: &[u8]) {
        if let Err(error) = self.broadcaster.broadcast(purpose, job, raw).await {
            tracing::warn!(%job, purpose = purpose.name(), error, "not sent yet; the outbox tries again");
        }
    }

    /// Looks after the transactions under way: sends again, raises fees, notes receipts. `head` is the chain's height, `now`
    /// Unix seconds.
    pub async fn tend(&self, head: u64, now: u64) -> Result<()> {
        let rows = sqlx::query("SELECT * FROM outbox WHERE state IN ('sent', 'included') ORDER BY nonce")
            .fetch_all(&self.journal.pool)
            .await
            .map_err(|e| self.journal.failed(e))?;
        if rows.is_empty() {
            return Ok(());
        }
        let used = self
            .provider
            .get_transaction_count(self.signer.address())
            .await
            .map_err(|e| infera_sdk::Error::from_rpc("reading the signer's nonce", e))?;
        for entry in rows.iter().filter_map(entry) {
            self.tend_entry(entry, head, used, now).await?;
        }
        Ok(())
    }

    async fn tend_entry(&self, entry: Entry, head: u64, used: u64, now: u64) -> Result<()> {
        for variant in self.variants(entry.id).await? {
            let receipt = self
                .provider
                .get_transaction_receipt(variant)
                .await
                .map_err(|e| infera_sdk::Error::from_rpc("reading a receipt", e))?;
            let Some(receipt) = receipt else { continue };
            let block = receipt.block_number.unwrap_or(head);
            let state = match (receipt.status(), head.saturating_sub(block) >= CONFIRMATIONS) {
                (false, _) => "failed",
                (true, true) => "final",
                (true, false) => "included",
            };
            if state == "failed" {
                tracing::warn!(job = %entry.job, purpose = entry.purpose.name(), transaction = %variant, "failed on chain");
            }
            return self.mark(entry.id, state, Some(block)).await;
        }
        if used > entry.nonce {
            // Another transaction took the nonce (this key was used elsewhere), so this one can never be included.
            return self.mark(entry.id, "lost", None).await;
        }
        if entry.included {
            // A reorg took it out: send it again.
            self.mark(entry.id, "sent", None).await?;
        }
        let waited = now.saturating_sub(entry.sent_at);
        if waited >= BUMP_SECONDS {
            self.bump(&entry, now).await
        } else if entry.included || waited >= RESEND_SECONDS {
            self.send(entry.purpose, entry.job, &entry.raw).await;
            Ok(())
        } else {
            Ok(())
        }
    }

    async fn bump(&self, entry: &Entry, now: u64) -> Result<()> {
        let fee = entry.fee.saturating_mul(BUMP_PERCENT) / 100;
        let raw = self.sign(entry.nonce, entry.gas_limit, fee, entry.calldata.clone())?;
        let transaction = keccak256(&raw);
        let mut storing = self.journal.pool.begin().await.map_err(|e| self.journal.failed(e))?;
        sqlx::query("UPDATE outbox SET fee = ?, raw = ?, hash = ?, sent_at = ? WHERE id = ?")
            .bind(fee.to_string())
            .bind(&raw)
            .bind(transaction.as_slice())
            .bind(to_integer(now))
            .bind(entry.id)
            .execute(&mut *storing)
            .await
            .map_err(|e| self.journal.failed(e))?;
        sqlx::query("INSERT OR IGNORE INTO outbox_variants (hash, entry) VALUES (?, ?)")
            .bind(transaction.as_slice())
            .bind(entry.id)
            .execute(&mut *storing)
            .await
            .map_err(|e| self.journal.failed(e))?;
        storing.commit().await.map_err(|e| self.journal.failed(e))?;
        tracing::info!(job = %entry.job, purpose = entry.purpose.name(), fee, "raised the fee of a slow transaction");
        self.send(entry.purpose, entry.job, &raw).await;
        Ok(())
    }

    async fn variants(&self, entry: i64) -> Result<Vec<B256>> {
        let rows = sqlx::query("SELECT hash FROM outbox_variants WHERE entry = ?")
            .bind(entry)
            .fetch_all(&self.journal.pool)
            .await
            .map_err(|e| self.journal.failed(e))?;
        Ok(rows.iter().map(|row| hash(row, "hash")).collect())
    }

    async fn mark(&self, entry: i64, state: &'static str, block: Option<u64>) -> Result<()> {
        sqlx::query("UPDATE outbox SET state = ?, block = ? WHERE id = ?")
            .bind(state)
            .bind(block.map(to_integer))
            .bind(entry)
            .execute(&self.journal.pool)
            .await
            .map_err(|e| self.journal.failed(e))?;
        Ok(())
    }
}

fn entry(row: &SqliteRow) -> Option<Entry> {
    let (purpose, fee): (String, String) = (row.get("purpose"), row.get("fee"));
    let calldata: Vec<u8> = row.get("calldata");
    Some(Entry {
        id: row.get("id"),
        job: hash(row, "job"),
        purpose: Purpose::from_name(&purpose)?,
        nonce: from_integer(row.get("nonce")),
        calldata: calldata.into(),
        gas_limit: from_integer(row.get("gas_limit")),
        fee: fee.parse().ok()?,
        raw: row.get("raw"),
        sent_at: from_integer(row.get("sent_at")),
        included: row.get::<String, _>("state") == "included",
    })
}
