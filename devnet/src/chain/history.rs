//! Leaving a history for another: rollbacks, reorgs, snapshots.

use alloy::{
    eips::BlockNumHash,
    primitives::{Address, B256},
};

use super::{Chain, Event, archive::StoredBlock, block::Transaction, blocks::Blocks, pool::Pool, time::TimeKeeper};
use crate::{
    error::Error,
    state::{BlockHashes, State},
};

/// Names a snapshot; counted from one.
pub(crate) type SnapshotId = u64;

/// All that [`Chain::revert`] brings back. Shares blocks and states with the chain.
#[derive(Debug)]
pub(super) struct Snapshot {
    blocks: Blocks,
    state: State,
    pool: Pool,
    time: TimeKeeper,
    gas_limit: u64,
    beneficiary: Address,
    next_base_fee: Option<u64>,
    next_prev_randao: Option<B256>,
    branch: u64,
}

/// What becomes of the transactions of the blocks that a reorg removes.
#[derive(Debug)]
pub(crate) enum Reorg {
    /// They wait again, as on a real network, and the first new block takes those it can.
    Requeue,
    /// They are forgotten, and new block `n` holds the transactions at place `n`, if there are any.
    Replace(Vec<Vec<Transaction>>),
}

impl Chain {
    /// Takes back the last `depth` blocks. Their transactions are forgotten.
    pub(crate) fn roll_back(&mut self, depth: u64) -> Result<Vec<StoredBlock>, Error> {
        let head = self.head().number();
        let target = head.checked_sub(depth).and_then(|number| self.block_by_number(number));
        let Some(target) = target else {
            let reason = format!("cannot take back {depth} blocks of {}", self.blocks.len() - 1);
            return Err(Error::Block { number: head, reason });
        };
        let state = self
            .blocks
            .state_after(&target)
            .ok_or_else(|| Error::Block { number: target.number(), reason: "its state was not kept".to_owned() })?;
        let mut removed = Vec::new();
        while self.head().number() > target.number() {
            removed.extend(self.pop());
        }
        self.blocks.complete_head();
        self.state = state;
        self.branch += 1;
        self.refresh();
        removed.reverse();
        Ok(removed)
    }

    /// Replaces the last `depth` blocks by as many others.
    pub(crate) fn reorganize(&mut self, depth: u64, reorg: Reorg) -> Result<(), Error> {
        let last = self.head().number();
        let removed = self.roll_back(depth)?;
        let mut lists = Vec::new();
        match reorg {
            Reorg::Replace(given) => lists = given,
            Reorg::Requeue => {
                for block in removed.iter().filter_map(StoredBlock::block) {
                    for transaction in block.transactions {
                        // One that was replaced meanwhile stays replaced.
                        self.pool.add(transaction).ok();
                    }
                }
                self.mine(None)?;
            }
        }
        lists.resize_with(usize::try_from(depth).unwrap_or(usize::MAX), Vec::new);
        let made = self.head().number();
        let left = last.saturating_sub(made);
        for list in lists.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            self.mine(Some(list))?;
        }
        Ok(())
    }

    /// Begins anew after the first block.
    pub(crate) fn reset(&mut self) -> Result<(), Error> {
        self.roll_back(self.blocks.len() as u64 - 1)?;
        self.pool.clear();
        self.snapshots.clear();
        self.impersonated.clear();
        self.impersonates_all = false;
        self.next_base_fee = None;
        self.next_prev_randao = None;
        self.time.reset();
        Ok(())
    }

    /// Remembers everything as it is.
    pub(crate) fn snapshot(&mut self) -> SnapshotId {
        let id = self.next_snapshot;
        self.next_snapshot += 1;
        let snapshot = Snapshot {
            blocks: self.blocks.clone(),
            state: self.state.clone(),
            pool: self.pool.clone(),
            time: self.time.clone(),
            gas_limit: self.gas_limit,
            beneficiary: self.beneficiary,
            next_base_fee: self.next_base_fee,
            next_prev_randao: self.next_prev_randao,
            branch: self.branch,
        };
        self.snapshots.insert(id, snapshot);
        id
    }

    /// Brings a snapshot back, which uses up this and all later ones. False if there is none.
    pub(crate) fn revert(&mut self, id: SnapshotId) -> bool {
        let Some(snapshot) = self.snapshots.remove(&id) else { return false };
        self.snapshots.split_off(&id);
        let common = self.blocks.shared_with(&snapshot.blocks).max(1);
        while self.blocks.len() > common && self.pop().is_some() {}
        for number in self.first_number() + common as u64..=snapshot.blocks.head().number() {
            if let Some(block) = snapshot.blocks.get(number) {
                self.index(&block);
                self.events.push(Event::Added(block));
            }
        }
        self.blocks = snapshot.blocks;
        self.refresh();
        self.state = snapshot.state;
        self.pool = snapshot.pool;
        self.time = snapshot.time;
        self.gas_limit = snapshot.gas_limit;
        self.beneficiary = snapshot.beneficiary;
        self.next_base_fee = snapshot.next_base_fee;
        self.next_prev_randao = snapshot.next_prev_randao;
        self.branch = snapshot.branch;
        true
    }

    /// All snapshots that can be brought back, with their heads.
    pub(crate) fn snapshots(&self) -> impl Iterator<Item = (SnapshotId, BlockNumHash)> + '_ {
        self.snapshots.iter().map(|(id, snapshot)| (*id, snapshot.blocks.head().num_hash()))
    }

    /// What follows from the blocks, after they were replaced.
    pub(super) fn refresh(&mut self) {
        let head = self.head().clone();
        let mut hashes: BlockHashes = self.hashes_before(&head);
        hashes.push(head.number(), head.hash());
        self.hashes = hashes;
        self.recount_merge();
    }
}
