//! What waits for a block.

use std::collections::BTreeMap;

use alloy::{
    consensus::Transaction as _,
    primitives::{Address, U64},
    rpc::types::Transaction as RpcTransaction,
};
use serde::Serialize;

use super::{Call, convert, error::RpcResult};
use crate::chain::Transaction;

/// Waiting transactions: those a block could take now, and those behind a gap in the nonces.
#[derive(Serialize)]
pub(super) struct PoolView<T> {
    pending: T,
    queued: T,
}

type ByNonce<T> = BTreeMap<String, T>;
type BySender<T> = BTreeMap<Address, ByNonce<T>>;

impl Call<'_> {
    pub(super) fn pool_status(&self) -> PoolView<U64> {
        let chain = self.devnet.chain();
        let (ready, queued) = chain.pool.content(&chain.state);
        PoolView { pending: U64::from(ready.len()), queued: U64::from(queued.len()) }
    }

    pub(super) fn pool_content(&self) -> PoolView<BySender<RpcTransaction>> {
        let base_fee = self.devnet.chain().next_base_fee();
        self.view(|transaction| convert::pending_transaction(transaction, base_fee))
    }

    /// The waiting transactions of one account.
    pub(super) fn pool_content_from(&self) -> RpcResult<PoolView<ByNonce<RpcTransaction>>> {
        let sender = self.params.address(0)?;
        let PoolView { mut pending, mut queued } = self.pool_content();
        let of = |view: &mut BySender<RpcTransaction>| view.remove(&sender).unwrap_or_default();
        Ok(PoolView { pending: of(&mut pending), queued: of(&mut queued) })
    }

    /// What the next block could take.
    pub(super) fn pool_ready(&self) -> Vec<RpcTransaction> {
        let chain = self.devnet.chain();
        let base_fee = chain.next_base_fee();
        let (ready, _) = chain.pool.content(&chain.state);
        ready.into_iter().map(|transaction| convert::pending_transaction(transaction, base_fee)).collect()
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
