//! A broadcaster that tests open and close.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock},
};

use alloy::{
    consensus::{Transaction, TxEnvelope},
    eips::Decodable2718,
    primitives::B256,
};
use async_trait::async_trait;
use infera_executor::broadcast::{Broadcaster, Purpose, RpcBroadcaster};

/// What happens to transactions of a purpose.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passage {
    /// They are sent.
    Open,
    /// They come back: the endpoint is down.
    Refusing,
    /// They get lost on the way, though the endpoint took them.
    Swallowing,
}

/// Stands between a node and the chain, and remembers what came by.
#[derive(Default)]
pub(crate) struct Gate {
    behind: OnceLock<RpcBroadcaster>,
    passages: Mutex<HashMap<Purpose, Passage>>,
    seen: Mutex<Vec<(Purpose, TxEnvelope)>>,
}

impl Gate {
    /// Leads to the chain from now on; until then everything is refused.
    pub(crate) fn lead_to(&self, chain: RpcBroadcaster) {
        assert!(self.behind.set(chain).is_ok(), "a gate leads to one chain");
    }

    pub(crate) fn set(&self, purpose: Purpose, passage: Passage) {
        self.passages.lock().unwrap().insert(purpose, passage);
    }

    /// The transactions of `purpose` that came by, in order, repeats included.
    pub(crate) fn seen(&self, purpose: Purpose) -> Vec<TxEnvelope> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(its, _)| *its == purpose).map(|(_, transaction)| transaction.clone()).collect()
    }

    /// The highest nonce that came by.
    pub(crate) fn last_nonce(&self) -> Option<u64> {
        self.seen.lock().unwrap().iter().map(|(_, transaction)| transaction.nonce()).max()
    }
}

#[async_trait]
impl Broadcaster for Gate {
    async fn broadcast(&self, purpose: Purpose, job: B256, raw: &[u8]) -> Result<(), String> {
        let transaction = TxEnvelope::decode_2718(&mut &*raw).map_err(|error| error.to_string())?;
        self.seen.lock().unwrap().push((purpose, transaction));
        let passage = self.passages.lock().unwrap().get(&purpose).copied().unwrap_or(Passage::Open);
        match (passage, self.behind.get()) {
            (Passage::Open, Some(chain)) => chain.broadcast(purpose, job, raw).await,
            (Passage::Swallowing, _) => Ok(()),
            (Passage::Refusing, _) | (Passage::Open, None) => Err("the endpoint is down".to_owned()),
        }
    }
}
