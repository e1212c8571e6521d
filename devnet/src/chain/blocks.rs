//! All blocks of a chain: the recent ones as they are, older ones in the archive.

use std::{collections::VecDeque, ops::RangeInclusive, sync::Arc};

use alloy::{consensus::Header, primitives::B256};

use super::{
    archive::{Archive, Checkpoint, StoredBlock},
    block::Block,
};
use crate::{record::BlockRecord, state::State};

/// How many blocks are kept with their states. One takes ten times as much memory here as in the archive.
const RECENT: usize = 128;

/// How many transactions they have together at most, but that the head stays however many it has.
const RECENT_TRANSACTIONS: usize = 65_536;

/// The blocks of a chain from the first on, without gaps; at least one. A clone is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    first: u64,
    archive: Archive,
    /// Those behind the archived ones, the head last.
    recent: VecDeque<Arc<Block>>,
}

impl Blocks {
    pub(crate) fn new(first: Arc<Block>) -> Self {
        Self { first: first.number(), archive: Archive::default(), recent: VecDeque::from([first]) }
    }

    /// What a [log](crate::block_log) told: blocks in their order, and checkpoints by their place. None if there is no
    /// block or one can't be read.
    pub(crate) fn from_records(
        records: Vec<(B256, BlockRecord)>,
        checkpoints: impl IntoIterator<Item = (usize, Checkpoint)>,
    ) -> Option<Self> {
        let archived = records.len().saturating_sub(RECENT);
        let mut records = records.into_iter().map(|(hash, record)| StoredBlock { hash, record });
        let mut archive = Archive::default();
        let mut checkpoints = checkpoints.into_iter().peekable();
        for (place, record) in records.by_ref().take(archived).enumerate() {
            archive.push_record(record);
            while let Some((_, checkpoint)) = checkpoints.next_if(|(at, _)| *at <= place) {
                archive.add_checkpoint(place, checkpoint);
            }
        }
        let mut state = archived.checked_sub(1).and_then(|last| archive.state_after(last)).unwrap_or_default();
        let mut recent = VecDeque::new();
        for record in records {
            let block = record.block_on(state)?;
            state = block.state().cloned().unwrap_or_default();
            recent.push_back(Arc::new(block));
        }
        let first = match archive.get(0) {
            Some(first) => first.record.header().ok()?.number,
            None => recent.front()?.number(),
        };
        Some(Self { first, archive, recent })
    }

    /// The number of the first block.
    pub(crate) const fn first_number(&self) -> u64 {
        self.first
    }

    /// How many blocks there are.
    pub(crate) fn len(&self) -> usize {
        self.archive.len() + self.recent.len()
    }

    /// The last block.
    #[expect(clippy::indexing_slicing, reason = "a chain starts with a block and never loses it")]
    pub(crate) fn head(&self) -> &Arc<Block> {
        &self.recent[self.recent.len() - 1]
    }

    fn place(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }

    fn recent(&self, place: usize) -> Option<&Arc<Block>> {
        self.recent.get(place.checked_sub(self.archive.len())?)
    }

    /// The block `number`. Without its states where it comes from the archive.
    pub(crate) fn get(&self, number: u64) -> Option<Arc<Block>> {
        let place = self.place(number)?;
        match self.archive.get(place) {
            Some(archived) => archived.block().map(Arc::new),
            None => self.recent(place).cloned(),
        }
    }

    /// The hash of block `number`.
    pub(crate) fn hash(&self, number: u64) -> Option<B256> {
        let place = self.place(number)?;
        match self.archive.get(place) {
            Some(archived) => Some(archived.hash),
            None => self.recent(place).map(|block| block.hash()),
        }
    }

    /// The blocks `numbers` whose headers are `wanted`, in their order. Of others no more than the header is looked at.
    pub(crate) fn select<'a>(
        &'a self,
        numbers: RangeInclusive<u64>,
        wanted: impl Fn(&Header) -> bool + Clone + 'a,
    ) -> impl Iterator<Item = Arc<Block>> + 'a {
        let start = usize::try_from(numbers.start().saturating_sub(self.first)).unwrap_or(usize::MAX);
        let end = numbers
            .end()
            .checked_sub(self.first)
            .map_or(0, |last| usize::try_from(last).unwrap_or(usize::MAX).saturating_add(1).min(self.len()));
        let archived = self.archive.len();
        let old = self.archive.headers(start..end.min(archived));
        let is_wanted = wanted.clone();
        let old = old.filter(move |(_, header)| is_wanted(header));
        let old = old.filter_map(|(place, _)| self.archive.get(place)?.block().map(Arc::new));
        let recent = (start.max(archived)..end).filter_map(|place| self.recent(place));
        old.chain(recent.filter(move |block| wanted(block.header())).cloned())
    }

    /// All blocks, the first one first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Arc<Block>> + '_ {
        self.select(self.first..=u64::MAX, |_| true)
    }

    /// The headers of all blocks.
    pub(crate) fn headers(&self) -> impl Iterator<Item = Header> + '_ {
        let old = self.archive.headers(0..self.archive.len()).map(|(_, header)| header);
        old.chain(self.recent.iter().map(|block| block.header().inner().clone()))
    }

    /// How many blocks this chain and `other` share from the start.
    pub(crate) fn shared_with(&self, other: &Self) -> usize {
        let same = |place: usize| {
            let number = self.first + place as u64;
            self.hash(number).is_some() && self.hash(number) == other.hash(number)
        };
        if self.first != other.first {
            return 0;
        }
        // A block vouches for those before it, so the shared ones are found by halving.
        let (mut shared, mut end) = (0, self.len().min(other.len()));
        while shared < end {
            let middle = shared + (end - shared) / 2;
            if same(middle) { shared = middle + 1 } else { end = middle }
        }
        shared
    }

    /// A new head.
    pub(crate) fn push(&mut self, block: Arc<Block>) {
        self.recent.push_back(block);
        let many = |recent: &VecDeque<Arc<Block>>| {
            let transactions: usize = recent.iter().map(|block| block.transactions.len()).sum();
            recent.len() > RECENT || transactions > RECENT_TRANSACTIONS
        };
        while self.recent.len() > 1
            && many(&self.recent)
            && let Some(old) = self.recent.pop_front()
        {
            self.archive.push(&old);
        }
    }

    /// Takes the head back; never the first block. The next one, if it comes from the archive, is without its states:
    /// see [`Self::complete_head`].
    pub(crate) fn pop(&mut self) -> Option<StoredBlock> {
        if self.recent.len() < 2 {
            let before = self.archive.pop()?.block()?;
            self.recent.push_front(Arc::new(before));
        }
        self.recent.pop_back().map(|block| (&*block).into())
    }

    /// Rebuilds the head's states if it came from the archive.
    pub(crate) fn complete_head(&mut self) {
        if self.recent.len() != 1 || self.head().states.is_some() {
            return;
        }
        let head = self.head();
        let parent = self.archive.len().checked_sub(1).and_then(|place| self.archive.state_after(place));
        if let Some(whole) = StoredBlock::from(&**head).block_on(parent.unwrap_or_default()) {
            self.recent = VecDeque::from([Arc::new(whole)]);
        }
    }

    /// The state after `block`, if it is of this chain and was kept.
    pub(crate) fn state_after(&self, block: &Block) -> Option<State> {
        if let Some(state) = block.state() {
            return Some(state.clone());
        }
        let place = self.place(block.number())?;
        if self.archive.get(place).is_some_and(|archived| archived.hash == block.hash()) {
            return self.archive.state_after(place);
        }
        self.recent(place).filter(|recent| recent.hash() == block.hash())?.state().cloned()
    }

    /// The state that `block` started from, if it is of this chain and was kept.
    pub(crate) fn state_before(&self, block: &Block) -> Option<State> {
        if let Some(states) = &block.states {
            return Some(states.before.clone());
        }
        let place = self.place(block.number())?;
        let archived = self.archive.get(place).filter(|archived| archived.hash == block.hash())?;
        let parent = place.checked_sub(1).and_then(|before| self.archive.state_after(before));
        let mut state = parent.unwrap_or_default();
        state.follow(archived.record.changes().ok()??.before);
        Some(state)
    }

    /// The newest checkpoint, and the number of its block.
    pub(crate) fn last_checkpoint(&self) -> Option<(u64, &Checkpoint)> {
        self.archive.last_checkpoint().map(|(place, checkpoint)| (self.first + place as u64, checkpoint))
    }

    /// All checkpoints, with the numbers of their blocks.
    pub(crate) fn checkpoints(&self) -> impl Iterator<Item = (u64, &Checkpoint)> {
        self.archive.checkpoints().map(|(place, checkpoint)| (self.first + place as u64, checkpoint))
    }
}
