//! Old blocks, as records. Their states are rebuilt when they are asked for.
//!
//! A kept state costs about as much as all its accounts, unless most of them are shared with a state beside it. So what
//! is kept is what every block changed, and now and then a checkpoint: a whole state as bytes. The next one is due once
//! the changes since the last take as much room as it does. Hence all checkpoints together take no more than the
//! changes, and a state is rebuilt in about the time it takes to read two checkpoints, however long the chain is.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Range,
    sync::Arc,
};

use alloy::{
    consensus::Header,
    primitives::{B256, TxHash},
};
use parking_lot::Mutex;

use super::block::{Block, States};
use crate::{
    record::{BlockRecord, Reader, Undecodable, Writer, read_changes, write_changes},
    state::{State, StateChanges},
};

/// Blocks in a chunk, which clones of an archive share.
const CHUNK: usize = 1024;

/// Changes that are never worth a checkpoint, in bytes: they are followed in a few milliseconds.
const SMALLEST_CHECKPOINT: usize = 256 << 10;

/// How many rebuilt states are remembered. Who asks for one asks for it again, or for the next.
const REMEMBERED: usize = 4;

/// Blocks from the first one on, without gaps. A clone is cheap.
#[derive(Clone, Debug, Default)]
pub(super) struct Archive {
    /// All full but the last.
    chunks: Vec<Arc<Vec<StoredBlock>>>,
    /// The states after some blocks, by their place.
    checkpoints: BTreeMap<usize, Checkpoint>,
    /// What the blocks after the last checkpoint changed, in bytes.
    changed: usize,
    rebuilt: Arc<Mutex<VecDeque<Rebuilt>>>,
}

/// A block as a record, which clones share.
#[derive(Clone, Debug)]
pub(crate) struct StoredBlock {
    pub(crate) hash: B256,
    pub(super) record: BlockRecord,
}

/// The state after a block: what leads to it from nothing.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoint {
    /// The block.
    pub(crate) hash: B256,
    pub(crate) changes: Arc<[u8]>,
}

#[derive(Debug)]
struct Rebuilt {
    place: usize,
    hash: B256,
    state: State,
}

impl Archive {
    pub(super) fn len(&self) -> usize {
        let before = self.chunks.len().saturating_sub(1) * CHUNK;
        self.chunks.last().map_or(0, |last| before + last.len())
    }

    pub(super) fn get(&self, place: usize) -> Option<&StoredBlock> {
        self.chunks.get(place / CHUNK)?.get(place % CHUNK)
    }

    /// Appends a block, whose states are let go. Makes a checkpoint where one is due.
    pub(super) fn push(&mut self, block: &Block) {
        let place = self.len();
        self.push_record(block.into());
        if let Some(state) = block.state()
            && self.changed >= self.checkpoint_size()
        {
            let mut changes = Writer::default();
            write_changes(&StateChanges::between(&State::default(), state), &mut changes);
            self.add_checkpoint(place, Checkpoint { hash: block.hash(), changes: changes.0.into() });
        }
    }

    pub(super) fn push_record(&mut self, archived: StoredBlock) {
        // What the first block changed is a checkpoint itself.
        if !self.chunks.is_empty() {
            self.changed += archived.record.changes_length();
        }
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push(archived),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(archived);
                self.chunks.push(Arc::new(chunk));
            }
        }
    }

    /// Takes the last block out.
    pub(super) fn pop(&mut self) -> Option<StoredBlock> {
        let last = Arc::make_mut(self.chunks.last_mut()?);
        let archived = last.pop()?;
        if last.is_empty() {
            self.chunks.pop();
        }
        self.changed = self.changed.saturating_sub(archived.record.changes_length());
        if self.checkpoints.remove(&self.len()).is_some() {
            let since = self.checkpoints.last_key_value().map_or(1, |(place, _)| place + 1);
            let lengths =
                (since..self.len()).filter_map(|place| self.get(place)).map(|one| one.record.changes_length());
            self.changed = lengths.sum();
        }
        Some(archived)
    }

    /// The state after the block at `place` is known from elsewhere.
    pub(super) fn add_checkpoint(&mut self, place: usize, checkpoint: Checkpoint) {
        self.checkpoints.insert(place, checkpoint);
        self.changed = 0;
    }

    /// The last checkpoint and the place of its block.
    pub(super) fn last_checkpoint(&self) -> Option<(usize, &Checkpoint)> {
        self.checkpoints.last_key_value().map(|(place, checkpoint)| (*place, checkpoint))
    }

    pub(super) fn checkpoints(&self) -> impl Iterator<Item = (usize, &Checkpoint)> {
        self.checkpoints.iter().map(|(place, checkpoint)| (*place, checkpoint))
    }

    /// How long the next checkpoint will about be, in bytes; at least the smallest that is worth it.
    fn checkpoint_size(&self) -> usize {
        let first = || self.get(0).map_or(0, |first| first.record.changes_length());
        self.last_checkpoint().map_or_else(first, |(_, last)| last.changes.len()).max(SMALLEST_CHECKPOINT)
    }

    /// The state after the block at `place`. None if it was not kept.
    pub(super) fn state_after(&self, place: usize) -> Option<State> {
        let hash = self.get(place)?.hash;
        let rebuilt = self.rebuild(place).unwrap_or_else(|error| {
            tracing::error!(%hash, %error, "a record in memory can't be read");
            None
        })?;
        let mut remembered = self.rebuilt.lock();
        remembered.retain(|one| one.hash != hash);
        remembered.truncate(REMEMBERED - 1);
        remembered.push_front(Rebuilt { place, hash, state: rebuilt.clone() });
        Some(rebuilt)
    }

    fn rebuild(&self, place: usize) -> Result<Option<State>, Undecodable> {
        let nearest = self.nearest(place)?;
        let mut state = nearest.as_ref().map(|(_, state)| state.clone());
        let from = nearest.map_or(0, |(place, _)| place + 1);
        for archived in self.walk(from..place + 1) {
            state = follow(&archived.record, state.unwrap_or_default())?;
        }
        Ok(state)
    }

    /// The last state at or before `place` that need not be rebuilt, and where it is.
    fn nearest(&self, place: usize) -> Result<Option<(usize, State)>, Undecodable> {
        let rebuilt = self.remembered_before(place);
        let checkpoint = self.checkpoints.range(..=place).next_back();
        let after = |(at, _): &(&usize, _)| rebuilt.as_ref().is_none_or(|(place, _)| place < *at);
        match checkpoint.filter(after) {
            Some((at, checkpoint)) => Ok(Some((*at, checkpoint.state()?))),
            None => Ok(rebuilt),
        }
    }

    fn remembered_before(&self, place: usize) -> Option<(usize, State)> {
        let remembered = self.rebuilt.lock();
        let is_ours = |one: &&Rebuilt| self.get(one.place).is_some_and(|archived| archived.hash == one.hash);
        let before = remembered.iter().filter(|one| one.place <= place).filter(is_ours);
        before.max_by_key(|one| one.place).map(|one| (one.place, one.state.clone()))
    }

    fn walk(&self, places: Range<usize>) -> impl Iterator<Item = &StoredBlock> {
        places.map_while(|place| self.get(place))
    }

    /// The headers of the blocks at `places`, with their places.
    pub(super) fn headers(&self, places: Range<usize>) -> impl Iterator<Item = (usize, Header)> {
        places.map_while(|place| Some((place, self.get(place)?.record.header().ok()?)))
    }
}

impl Checkpoint {
    fn state(&self) -> Result<State, Undecodable> {
        let mut state = State::default();
        state.follow(read_changes(&mut Reader::new(&self.changes))?);
        Ok(state)
    }
}

impl From<&Block> for StoredBlock {
    fn from(block: &Block) -> Self {
        Self { hash: block.hash(), record: block.record() }
    }
}

impl StoredBlock {
    /// The block without its states.
    pub(crate) fn block(&self) -> Option<Block> {
        self.with_states(None)
    }

    /// The hashes of its transactions.
    pub(super) fn transaction_hashes(&self) -> Vec<TxHash> {
        let read = self.record.transaction_hashes();
        read.inspect_err(|error| tracing::error!(hash = %self.hash, %error, "a record can't be read"))
            .unwrap_or_default()
    }

    /// The block with its states; `parent` is the one it follows.
    pub(super) fn block_on(&self, parent: State) -> Option<Block> {
        let changes = self.record.changes().ok()?;
        let states = changes.map(|changes| {
            let mut before = parent.clone();
            before.follow(changes.before);
            let mut after = before.clone();
            after.follow(changes.within);
            States { parent, before, after }
        });
        self.with_states(states)
    }

    fn with_states(&self, states: Option<States>) -> Option<Block> {
        let decoded = self.record.decode(self.hash, states);
        decoded.inspect_err(|error| tracing::error!(hash = %self.hash, %error, "a record can't be read")).ok()
    }
}

/// The state after a block that started from `parent`; none if its states were not kept.
fn follow(record: &BlockRecord, parent: State) -> Result<Option<State>, Undecodable> {
    Ok(record.changes()?.map(|changes| {
        let mut state = parent;
        state.follow(changes.before);
        state.follow(changes.within);
        state
    }))
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
