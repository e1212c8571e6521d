//! Taking transactions and making blocks.

use std::sync::Arc;

use alloy::{
    consensus::Transaction as _,
    primitives::{B256, TxHash, keccak256, map::AddressHashSet},
};

use alloy_evm::EvmEnv;

use super::{
    Chain, Event,
    admission::{self, Rejection},
    block::{Block, Transaction},
    build::{self, Built},
    import::body::NAMES_CHAIN,
    pool::Source,
};
use crate::{config::MiningMode, error::Error};

impl Chain {
    /// Takes a transaction into the pool. Under automine it is in a block when this returns, unless a nonce before it
    /// is missing.
    pub(crate) fn submit(&mut self, transaction: Transaction) -> Result<TxHash, SubmitError> {
        let next = self.next_environment();
        self.submit_before(&next, transaction)
    }

    /// Like [`Self::submit`], one after the other; each has its own answer.
    pub(crate) fn submit_all<E: From<SubmitError>>(
        &mut self,
        transactions: impl IntoIterator<Item = Result<Transaction, E>>,
    ) -> Vec<Result<TxHash, E>> {
        let mut next = self.next_environment();
        let submit = |transaction: Result<Transaction, E>| {
            if self.mining == MiningMode::Automine {
                next = self.next_environment();
            }
            Ok(self.submit_before(&next, transaction?)?)
        };
        transactions.into_iter().map(submit).collect()
    }

    /// `next` is the environment of the next block.
    fn submit_before(&mut self, next: &EvmEnv, transaction: Transaction) -> Result<TxHash, SubmitError> {
        let hash = *transaction.tx_hash();
        if self.pool.get(&hash).is_some() {
            return Err(Rejection::AlreadyKnown.into());
        }
        if transaction.chain_id().is_some() && !self.spec.is_eip155_active(next.block_env.number.saturating_to()) {
            return Err(Rejection::Invalid(NAMES_CHAIN.to_owned()).into());
        }
        admission::check(&transaction, &self.state, next)?;
        let automine = self.mining == MiningMode::Automine;
        let (fee, base_fee) = (transaction.max_fee_per_gas(), next.block_env.basefee);
        if automine && fee < u128::from(base_fee) {
            return Err(Rejection::FeeBelowBaseFee { fee, base_fee }.into());
        }
        self.pool.add(transaction.clone())?;
        self.events.push(Event::Pending(Box::new(transaction)));
        if automine {
            let rejected = self.mine_ready()?;
            if let Some((_, rejection)) = rejected.into_iter().find(|(lost, _)| *lost == hash) {
                return Err(rejection.into());
            }
        }
        Ok(hash)
    }

    /// Makes blocks while one would hold a transaction. Returns what turned out to be invalid.
    pub(crate) fn mine_ready(&mut self) -> Result<Vec<(TxHash, Rejection)>, Error> {
        let mut all_rejected = Vec::new();
        loop {
            self.pool.settle(&self.state);
            if self.pool.best(&self.state, self.next_base_fee()).is_empty() {
                break;
            }
            let built = self.build_next(None)?;
            self.drop_rejected(&built);
            all_rejected.extend(built.rejected);
            if built.block.transactions.is_empty() {
                break;
            }
            self.commit(built.block);
        }
        Ok(all_rejected)
    }

    /// Makes one block of what waits, or of `list` alone; empty if there is nothing.
    pub(crate) fn mine(&mut self, list: Option<Vec<Transaction>>) -> Result<Arc<Block>, Error> {
        let built = self.build_next(list)?;
        self.drop_rejected(&built);
        self.commit(built.block);
        Ok(self.head().clone())
    }

    /// The block that would be made now. The chain stays as it is.
    pub(crate) fn pending(&self) -> Result<Block, Error> {
        self.build_next(None).map(|built| built.block)
    }

    fn build_next(&self, list: Option<Vec<Transaction>>) -> Result<Built, Error> {
        let head = self.head();
        let timestamp = self.time.peek(head.timestamp());
        let next = self.next_block(timestamp);
        let mut listed;
        let mut best;
        let source: &mut dyn Source = match list {
            Some(list) => {
                listed = std::collections::VecDeque::from(list);
                &mut listed
            }
            None => {
                best = self.pool.best(&self.state, self.next_base_fee());
                &mut best
            }
        };
        let (state, hashes) = (self.state.clone(), self.hashes.clone());
        build::build(&self.spec, head, state, hashes, &next, source)
    }

    fn commit(&mut self, block: Block) {
        self.time.made(block.timestamp());
        self.next_base_fee = None;
        self.next_prev_randao = None;
        self.gas_limit = self.next_gas_limit();
        self.push(Arc::new(block));
        self.prune();
    }

    /// Drops what the head's senders can no longer send.
    pub(super) fn prune(&mut self) {
        let head = self.blocks.head();
        let senders: AddressHashSet = head.transactions.iter().map(Transaction::signer).collect();
        // A delegation uses up a nonce of its authority, and a contract that creates one of its own.
        let delegates = head.transactions.iter().any(|transaction| transaction.is_eip7702());
        let contracts_send = self.impersonates_all || !self.impersonated.is_empty();
        let before = head.states.as_ref().map(|states| &states.before).filter(|_| !delegates && !contracts_send);
        self.pool.prune(senders, &self.state, before);
    }

    fn drop_rejected(&mut self, built: &Built) {
        for (hash, rejection) in &built.rejected {
            tracing::debug!(%hash, %rejection, "dropped from the pool");
            self.pool.remove(hash);
        }
    }

    /// Randomness of the next block: nobody can choose it, and the same history sees the same.
    pub(super) fn draw_prev_randao(&self) -> B256 {
        let mut preimage = [0u8; 48];
        let (seed, rest) = preimage.split_at_mut(8);
        let (branch, parent) = rest.split_at_mut(8);
        seed.copy_from_slice(&self.seed.to_be_bytes());
        branch.copy_from_slice(&self.branch.to_be_bytes());
        parent.copy_from_slice(self.head().hash().as_slice());
        keccak256(preimage)
    }
}

/// Why a transaction is not on its way.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubmitError {
    /// The transaction's fault.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The chain's.
    #[error(transparent)]
    Chain(#[from] Error),
}
