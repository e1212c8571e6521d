//! Transactions that wait for a block.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, VecDeque},
};

use alloy::{
    consensus::Transaction as _,
    primitives::{
        Address, TxHash,
        map::{AddressHashSet, AddressMap, B256HashMap},
    },
};

use super::{admission::Rejection, block::Transaction};
use crate::state::State;

/// How much more a replacement must offer, in percent of both fees (geth's `PriceBump`).
const PRICE_BUMP: u128 = 10;

/// All waiting transactions: by sender in order of nonces, gaps allowed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    senders: AddressMap<BTreeMap<u64, Waiting>>,
    by_hash: B256HashMap<(Address, u64)>,
    arrivals: u64,
    /// Senders that a block on the state [`Self::seen`] could take something from, and perhaps some more. The others
    /// wait for a nonce before, and need not be looked at for each block.
    open: AddressHashSet,
    seen: State,
}

#[derive(Clone, Debug)]
struct Waiting {
    transaction: Transaction,
    /// Order of arrival: earlier goes first where tips are equal.
    arrival: u64,
}

impl Pool {
    /// Adds a transaction, in place of one with the same sender and nonce if it pays enough more.
    pub(crate) fn add(&mut self, transaction: Transaction) -> Result<(), Rejection> {
        let hash = *transaction.tx_hash();
        let (sender, nonce) = (transaction.signer(), transaction.nonce());
        if self.by_hash.contains_key(&hash) {
            return Err(Rejection::AlreadyKnown);
        }
        let nonces = self.senders.entry(sender).or_default();
        if let Some(old) = nonces.get(&nonce) {
            let enough = |old: u128, new: u128| new >= old.saturating_add(old * PRICE_BUMP / 100) && new > old;
            let old = &old.transaction;
            let fee = enough(old.max_fee_per_gas(), transaction.max_fee_per_gas());
            let tip = enough(tip_cap(old), tip_cap(&transaction));
            if !(fee && tip) {
                return Err(Rejection::ReplacementUnderpriced);
            }
            self.by_hash.remove(old.tx_hash());
        }
        self.arrivals += 1;
        nonces.insert(nonce, Waiting { transaction, arrival: self.arrivals });
        self.open.insert(sender);
        self.by_hash.insert(hash, (sender, nonce));
        Ok(())
    }

    /// The waiting transaction `hash`.
    pub(crate) fn get(&self, hash: &TxHash) -> Option<&Transaction> {
        let (sender, nonce) = self.by_hash.get(hash)?;
        Some(&self.senders.get(sender)?.get(nonce)?.transaction)
    }

    /// Removes the waiting transaction `hash`.
    pub(crate) fn remove(&mut self, hash: &TxHash) -> Option<Transaction> {
        let (sender, nonce) = self.by_hash.remove(hash)?;
        let nonces = self.senders.get_mut(&sender)?;
        let removed = nonces.remove(&nonce);
        if nonces.is_empty() {
            self.senders.remove(&sender);
        }
        removed.map(|waiting| waiting.transaction)
    }

    /// Removes everything that `sender` has waiting.
    pub(crate) fn remove_sender(&mut self, sender: Address) {
        for waiting in self.senders.remove(&sender).into_iter().flat_map(BTreeMap::into_values) {
            self.by_hash.remove(waiting.transaction.tx_hash());
        }
    }

    /// Removes everything.
    pub(crate) fn clear(&mut self) {
        self.senders.clear();
        self.by_hash.clear();
    }

    /// Drops what `state` has left behind, for these senders. They alone sent since the state seen before, if
    /// `others_as_before`.
    pub(crate) fn prune(
        &mut self,
        senders: impl IntoIterator<Item = Address>,
        state: &State,
        others_as_before: Option<&State>,
    ) {
        if others_as_before.is_some_and(|before| before.is_same(&self.seen)) {
            self.seen = state.clone();
        }
        for sender in senders {
            self.open.insert(sender);
            let Some(nonces) = self.senders.get_mut(&sender) else { continue };
            let kept = nonces.split_off(&state.nonce(sender));
            for stale in std::mem::replace(nonces, kept).into_values() {
                self.by_hash.remove(stale.transaction.tx_hash());
            }
            if nonces.is_empty() {
                self.senders.remove(&sender);
            }
        }
    }

    /// The first nonce of `sender`, from `nonce` on, that no waiting transaction has.
    pub(crate) fn next_nonce(&self, sender: Address, mut nonce: u64) -> u64 {
        let Some(nonces) = self.senders.get(&sender) else { return nonce };
        for (waiting, _) in nonces.range(nonce..) {
            if *waiting != nonce {
                break;
            }
            nonce += 1;
        }
        nonce
    }

    /// Finds out who waits for a nonce before, so that [`Self::best`] on `state` passes them over.
    pub(crate) fn settle(&mut self, state: &State) {
        if !self.seen.is_same(state) {
            self.open = self.senders.keys().copied().collect();
            self.seen = state.clone();
        }
        self.open
            .retain(|sender| self.senders.get(sender).is_some_and(|nonces| nonces.contains_key(&state.nonce(*sender))));
    }

    /// By sender and nonce: those a block could take now, then those behind a gap.
    pub(crate) fn content(&self, state: &State) -> (Vec<&Transaction>, Vec<&Transaction>) {
        let (mut ready, mut queued) = (Vec::new(), Vec::new());
        for (sender, nonces) in &self.senders {
            let end = self.next_nonce(*sender, state.nonce(*sender));
            for (nonce, waiting) in nonces {
                if *nonce < end { &mut ready } else { &mut queued }.push(&waiting.transaction);
            }
        }
        (ready, queued)
    }

    /// What a block on `state` with `base_fee` (wei per gas) should take, best paying first.
    pub(crate) fn best(&self, state: &State, base_fee: u64) -> Best<'_> {
        let mut best = Best { pool: self, base_fee, heap: BinaryHeap::new() };
        if self.seen.is_same(state) {
            self.open.iter().for_each(|sender| best.offer(*sender, state.nonce(*sender)));
        } else {
            self.senders.keys().for_each(|sender| best.offer(*sender, state.nonce(*sender)));
        }
        best
    }
}

fn tip_cap(transaction: &Transaction) -> u128 {
    transaction.max_priority_fee_per_gas().unwrap_or_else(|| transaction.max_fee_per_gas())
}

/// The waiting transactions in the order a block takes them. A sender's next one is offered once the one before is
/// [accepted](Source::accept).
pub(crate) struct Best<'a> {
    pool: &'a Pool,
    base_fee: u64,
    heap: BinaryHeap<(u128, Reverse<u64>, Address, u64)>,
}

impl Best<'_> {
    fn offer(&mut self, sender: Address, nonce: u64) {
        let waiting = self.pool.senders.get(&sender).and_then(|nonces| nonces.get(&nonce));
        if let Some(waiting) = waiting
            && let Some(tip) = waiting.transaction.effective_tip_per_gas(self.base_fee)
        {
            self.heap.push((tip, Reverse(waiting.arrival), sender, nonce));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}

/// Where a block's transactions come from.
pub(crate) trait Source {
    /// The next candidate.
    fn next(&mut self) -> Option<Transaction>;
    /// The candidate was taken into the block.
    fn accept(&mut self, transaction: &Transaction);
}

impl Source for Best<'_> {
    fn next(&mut self) -> Option<Transaction> {
        let (_, _, sender, nonce) = self.heap.pop()?;
        Some(self.pool.senders.get(&sender)?.get(&nonce)?.transaction.clone())
    }

    fn accept(&mut self, transaction: &Transaction) {
        self.offer(transaction.signer(), transaction.nonce() + 1);
    }
}

/// A fixed list, in its order.
impl Source for VecDeque<Transaction> {
    fn next(&mut self) -> Option<Transaction> {
        self.pop_front()
    }

    fn accept(&mut self, _: &Transaction) {}
}
