//! What waits for a block.

use std::collections::BTreeMap;

use alloy::{
    consensus::Transaction as _,
    primitives::{Address, U64},
};
use serde::Serialize;

use super::{Call, convert};
use crate::chain::Transaction;

/// Waiting transactions: those a block could take now, and those behind a gap in the nonces.
#[derive(Serialize)]
pub(super) struct PoolView<T> {
    pending: T,
    queued: T,
}

type BySender<T> = BTreeMap<Address, BTreeMap<String, T>>;

impl Call<'_> {
    pub(super) fn pool_status(&self) -> PoolView<U64> {
        let chain = self.devnet.chain();
        let (ready, queued) = chain.pool.content(&chain.state);
        PoolView { pending: U64::from(ready.len()), queued: U64::from(queued.len()) }
    }

    pub(super) fn pool_content(&self) -> PoolView<BySender<alloy::rpc::types::Transaction>> {
        let base_fee = self.devnet.chain().next_base_fee();
        self.view(|transaction| convert::pending_transaction(transaction, base_fee))
    }

    pub(super) fn pool_inspect(&self) -> PoolView<BySender<String>> {
        self.view(|transaction| {
            let to = transaction.to().map_or_else(|| "contract creation".to_owned(), |to| to.to_string());
            let fee = transaction.max_fee_per_gas();
            format!("{to}: {} wei + {} gas × {fee} wei", transaction.value(), transaction.gas_limit())
        })
    }

    fn view<T>(&self, show: impl Fn(&Transaction) -> T) -> PoolView<BySender<T>> {
        let chain = self.devnet.chain();
        let (ready, queued) = chain.pool.content(&chain.state);
        let by_sender = |transactions: Vec<&Transaction>| {
            let mut view = BySender::new();
            for transaction in transactions {
                let nonces = view.entry(transaction.signer()).or_default();
                nonces.insert(transaction.nonce().to_string(), show(transaction));
            }
            view
        };
        PoolView { pending: by_sender(ready), queued: by_sender(queued) }
    }
}
