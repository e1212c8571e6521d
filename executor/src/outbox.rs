//! Every transaction of the node: signed and stored before it is sent, sent again until its nonce is used up, and watched
//! until it is too deep to be reorganised away.

mod fees;
mod store;

use std::sync::Arc;

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    eips::{BlockId, Encodable2718},
    network::TxSignerSync,
    primitives::{Address, B256, Bytes, TxKind, U256, keccak256, utils::format_ether},
    providers::{DynProvider, Provider},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
};

use self::{
    fees::Fees,
    store::{Call, Entry, State, Store, Variant},
};
use crate::{
    Result,
    broadcast::{Broadcaster, Purpose},
    journal::Journal,
};

/// Blocks after which an included transaction is no longer watched.
const CONFIRMATIONS: u64 = 12;
/// Seconds until an unanswered transaction is sent again.
const RESEND_SECONDS: u64 = 2;
/// Seconds until its fees are raised.
const RAISE_SECONDS: u64 = 10;
/// Gas limit over the estimate, in percent: state may change between the estimate and the block.
const GAS_HEADROOM_PERCENT: u64 = 130;
/// A step is given up for a job after so many transactions that were included but failed.
const MAXIMUM_FAILURES: u64 = 3;

/// The outbox of one signer.
pub struct Outbox {
    store: Store,
    provider: DynProvider,
    broadcaster: Arc<dyn Broadcaster>,
    signer: PrivateKeySigner,
    chain_id: u64,
    registry: Address,
}

/// A call to the job registry.
#[derive(Debug, Clone)]
pub struct StepCall {
    /// Selector and arguments.
    pub data: Bytes,
    /// Its transaction's gas limit is at least this. The estimate is made as if it came after all transactions that wait, but
    /// the block may have it before them, where it does work that it would have found done.
    pub least_gas: u64,
}

impl From<Vec<u8>> for StepCall {
    /// A call whose estimate can be trusted: it takes no more gas before others than after them.
    fn from(data: Vec<u8>) -> Self {
        Self { data: data.into(), least_gas: 0 }
    }
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
    /// The contract would refuse it now, or the signer cannot pay for it; nothing was signed.
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
        Self { store: Store(journal), provider, broadcaster, signer, chain_id, registry }
    }

    /// Signs, stores and sends a call to the job registry, unless one for the same step is under way. `now` in Unix seconds.
    pub async fn submit(&self, job: B256, purpose: Purpose, call: StepCall, now: u64) -> Result<Submission> {
        if self.store.is_under_way(job, purpose).await? {
            return Ok(Submission::UnderWay);
        }
        if is_given_up(purpose, self.failures(job, purpose).await?) {
            return Ok(Submission::GivenUp);
        }
        let account = self.signer.address();
        let action = format!("{} for job {job}", purpose.name());
        let request = TransactionRequest::default().from(account).to(self.registry).input(call.data.clone().into());
        let estimate = match self.provider.estimate_gas(request).block(BlockId::pending()).await {
            Ok(gas) => gas,
            Err(error) => match infera_sdk::Error::from_rpc(&action, error) {
                infera_sdk::Error::Reverted { reason, .. } => return Ok(Submission::Refused(reason.to_string())),
                infera_sdk::Error::Node { message, .. } => return Ok(Submission::Refused(message)),
                other => return Err(other.into()),
            },
        };
        let gas_limit = (estimate.saturating_mul(GAS_HEADROOM_PERCENT) / 100).max(call.least_gas);
        let fees = Fees::at(self.price(&action).await?);
        let failed = |error| infera_sdk::Error::from_rpc(&action, error);
        let owned = self.provider.get_balance(account).await.map_err(failed)?;
        let needed = U256::from(gas_limit).saturating_mul(U256::from(fees.cap));
        // No node would take it, and while it is stored nothing cheaper could be sent in its place.
        if owned < needed {
            return Ok(Submission::Refused(format!(
                "it may cost {} INFER, but the signer {account} owns {}: send it more",
                format_ether(needed),
                format_ether(owned)
            )));
        }
        let used = self.provider.get_transaction_count(account).await.map_err(failed)?;
        let nonce = self.store.free_nonce(used).await?;
        let call = Call { job, purpose, nonce, gas_limit, calldata: call.data };
        let variant = self.sign(&call, fees)?;
        let transaction = variant.hash;
        let entry = self.store.add(call, &variant, now).await?;
        self.send(&entry, &[variant], now).await?;
        Ok(Submission::Sent(transaction))
    }

    /// How many transactions for a step were included but failed.
    pub async fn failures(&self, job: B256, purpose: Purpose) -> Result<u64> {
        self.store.failures(job, purpose).await
    }

    /// Wei per gas that the node thinks a transaction takes now.
    async fn price(&self, action: &str) -> Result<u128> {
        Ok(self.provider.get_gas_price().await.map_err(|e| infera_sdk::Error::from_rpc(action, e))?)
    }

    fn sign(&self, call: &Call, fees: Fees) -> Result<Variant> {
        let mut transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce: call.nonce,
            gas_limit: call.gas_limit,
            max_fee_per_gas: fees.cap,
            max_priority_fee_per_gas: fees.tip,
            to: TxKind::Call(self.registry),
            input: call.calldata.clone(),
            ..Default::default()
        };
        let signature = self
            .signer
            .sign_transaction_sync(&mut transaction)
            .map_err(|error| infera_sdk::Error::Invalid(format!("the signer did not sign: {error}")))?;
        let raw = transaction.into_signed(signature).encoded_2718();
        Ok(Variant { hash: keccak256(&raw), fees, raw, accepted: false })
    }

    /// Sends the newest of `variants`. If that is refused, then the newest that was taken before: a raise that no node takes
    /// must not keep the former offer from being sent again.
    async fn send(&self, entry: &Entry, variants: &[Variant], now: u64) -> Result<()> {
        let Call { job, purpose, .. } = entry.call;
        self.store.note_attempt(entry.id, now).await?;
        for (age, variant) in variants.iter().enumerate() {
            if age > 0 && !variant.accepted {
                continue;
            }
            match self.broadcaster.broadcast(purpose, job, &variant.raw).await {
                Ok(()) if variant.accepted => return Ok(()),
                Ok(()) => return self.store.accept(entry.id, variant.hash).await,
                Err(error) => {
                    tracing::warn!(%job, purpose = purpose.name(), error, "not sent yet; the outbox tries again");
                }
            }
            if variant.accepted {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Looks after the transactions under way: sends again, raises fees, notes receipts. `head` is the chain's height, `now`
    /// Unix seconds.
    pub async fn tend(&self, head: u64, now: u64) -> Result<()> {
        let entries = self.store.watched().await?;
        if entries.is_empty() {
            return Ok(());
        }
        let used = self
            .provider
            .get_transaction_count(self.signer.address())
            .await
            .map_err(|e| infera_sdk::Error::from_rpc("reading the signer's nonce", e))?;
        for entry in entries {
            self.tend_entry(&entry, head, used, now).await?;
        }
        Ok(())
    }

    async fn tend_entry(&self, entry: &Entry, head: u64, used: u64, now: u64) -> Result<()> {
        let mut variants = self.store.variants(entry.id).await?;
        for variant in &variants {
            let receipt = self
                .provider
                .get_transaction_receipt(variant.hash)
                .await
                .map_err(|e| infera_sdk::Error::from_rpc("reading a receipt", e))?;
            let Some(receipt) = receipt else { continue };
            let block = receipt.block_number.unwrap_or(head);
            let state = match (receipt.status(), head.saturating_sub(block) >= CONFIRMATIONS) {
                (false, _) => State::Failed,
                (true, true) => State::Final,
                (true, false) if entry.included => return Ok(()),
                (true, false) => State::Included,
            };
            if state == State::Failed {
                let Call { job, purpose, .. } = entry.call;
                tracing::warn!(%job, purpose = purpose.name(), transaction = %variant.hash, "failed on chain");
            }
            return self.store.mark(entry.id, state, Some(block)).await;
        }
        if used > entry.call.nonce {
            // Another transaction took the nonce (this key was used elsewhere), so this one can never be included.
            return self.store.mark(entry.id, State::Lost, None).await;
        }
        if entry.included {
            // A reorg took it out.
            self.store.reopen(entry.id, now).await?;
            return self.send(entry, &variants, now).await;
        }
        if now.saturating_sub(entry.signed_at) >= RAISE_SECONDS
            && let Some(raised) = self.raise(entry, &variants, now).await?
        {
            variants.insert(0, raised);
            return self.send(entry, &variants, now).await;
        }
        if now.saturating_sub(entry.sent_at) >= RESEND_SECONDS {
            return self.send(entry, &variants, now).await;
        }
        Ok(())
    }

    /// Signs and stores a better offer, if one may still be made.
    async fn raise(&self, entry: &Entry, variants: &[Variant], now: u64) -> Result<Option<Variant>> {
        let (Some(newest), Some(first)) = (variants.first(), variants.last()) else { return Ok(None) };
        let price = self.price("reading the gas price").await?;
        let Some(fees) = newest.fees.raised(price, first.fees) else { return Ok(None) };
        let variant = self.sign(&entry.call, fees)?;
        self.store.add_variant(entry.id, &variant, now).await?;
        let Call { job, purpose, .. } = entry.call;
        tracing::info!(%job, purpose = purpose.name(), cap = fees.cap, tip = fees.tip, "raised a slow transaction's fees");
        Ok(Some(variant))
    }
}

/// Whether a step is not tried again after so many failures. An opening never is given up: the stake depends on it, and the
/// contract's own deadline ends it.
fn is_given_up(purpose: Purpose, failures: u64) -> bool {
    purpose != Purpose::Reveal && failures >= MAXIMUM_FAILURES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_given_up_after_some_failures_but_the_opening() {
        for purpose in [Purpose::Commit, Purpose::Resolve, Purpose::Advance, Purpose::Decline] {
            assert!(
                !is_given_up(purpose, MAXIMUM_FAILURES - 1) && is_given_up(purpose, MAXIMUM_FAILURES),
                "{purpose:?}"
            );
        }
        assert!(!is_given_up(Purpose::Reveal, 1000));
    }
}
