//! The chain: blocks, the state at their head, and what waits to come.

mod admission;
mod archive;
mod block;
mod blocks;
pub(crate) mod bounds;
mod build;
mod difficulty;
mod history;
mod import;
mod merge;
mod mine;
mod pool;
mod time;

use std::{collections::BTreeMap, sync::Arc};

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{
        Address, B256, TxHash, U256,
        map::{AddressHashSet, B256HashMap},
    },
};
use alloy_evm::EvmEnv;
use alloy_hardforks::EthereumHardforks;

pub(crate) use self::{
    admission::Rejection,
    archive::{Checkpoint, StoredBlock},
    block::{Block, States, Transaction},
    blocks::Blocks,
    build::{context, next_base_fee, replay, seal},
    history::{Reorg, SnapshotId},
    import::read_blocks,
    mine::SubmitError,
    time::TimeKeeper,
};
use self::{build::NextBlock, history::Snapshot, pool::Pool};
use crate::{
    config::{Config, MiningMode},
    error::Error,
    spec::ChainSpec,
    state::{BlockHashes, State},
};

/// Blocks behind the head that count as safe, and as final, as on Ethereum: one and two epochs.
const SAFE_DEPTH: u64 = 32;
const FINALIZED_DEPTH: u64 = 64;

/// Something that followers of the chain want to hear of, in order.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A block is the new head.
    Added(Arc<Block>),
    /// The head was taken back: a reorg, a rollback or a revert. They may be many, hence not the block itself.
    Removed(StoredBlock),
    /// A transaction waits.
    Pending(Box<Transaction>),
}

/// A chain and all that is bent about it. Not shared: see [`crate::Devnet`].
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) spec: ChainSpec,
    blocks: Blocks,
    number_by_hash: B256HashMap<u64>,
    /// How far behind the first block, and the place there.
    location_by_transaction: B256HashMap<(u32, u32)>,
    hashes: BlockHashes,
    /// The head's state and what was set in it by hand since.
    pub(crate) state: State,
    pub(crate) pool: Pool,
    pub(crate) time: TimeKeeper,
    pub(crate) mining: MiningMode,
    pub(crate) gas_limit: u64,
    pub(crate) beneficiary: Address,
    /// For the next block only, in wei per gas.
    pub(crate) next_base_fee: Option<u64>,
    /// For the next block only.
    pub(crate) next_prev_randao: Option<B256>,
    pub(crate) impersonated: AddressHashSet,
    pub(crate) impersonates_all: bool,
    seed: u64,
    /// Counts histories that were left, so that blocks of a new one differ.
    branch: u64,
    snapshots: BTreeMap<SnapshotId, Snapshot>,
    next_snapshot: SnapshotId,
    events: Vec<Event>,
    restores: u64,
    /// Of all blocks, where that decides when the chain merges.
    total_difficulty: U256,
}

impl Chain {
    /// A chain that starts with `first`, which must carry its state.
    pub(crate) fn new(config: &Config, spec: ChainSpec, first: Block) -> Self {
        let start = config.timestamp.or_else(|| {
            // A genesis from the future takes the time along.
            Some(first.timestamp()).filter(|start| *start > config.clock.now())
        });
        let gas_limit = if config.genesis.is_some() { first.header().gas_limit } else { config.gas_limit };
        let beneficiary = first.header().beneficiary;
        let first = Arc::new(first);
        let mut chain = Self {
            spec,
            blocks: Blocks::new(first.clone()),
            number_by_hash: B256HashMap::default(),
            location_by_transaction: B256HashMap::default(),
            hashes: BlockHashes::default(),
            state: State::default(),
            pool: Pool::default(),
            time: TimeKeeper::new(config.clock.clone(), start),
            mining: config.mining,
            gas_limit,
            beneficiary,
            next_base_fee: None,
            next_prev_randao: None,
            impersonated: AddressHashSet::default(),
            impersonates_all: false,
            seed: config.seed,
            branch: 0,
            snapshots: BTreeMap::new(),
            next_snapshot: 1,
            events: Vec::new(),
            restores: 0,
            total_difficulty: first.header().difficulty,
        };
        chain.index(&first);
        chain.hashes.push(first.number(), first.hash());
        chain.state = first.state().cloned().unwrap_or_default();
        chain
    }

    /// What happened since the last call.
    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// How often the whole chain was replaced by another.
    pub(crate) const fn restores(&self) -> u64 {
        self.restores
    }

    /// The last block.
    pub(crate) fn head(&self) -> &Arc<Block> {
        self.blocks.head()
    }

    /// The number of the first block.
    pub(crate) const fn first_number(&self) -> u64 {
        self.blocks.first_number()
    }

    /// All blocks.
    pub(crate) const fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// The block `number`.
    pub(crate) fn block_by_number(&self, number: u64) -> Option<Arc<Block>> {
        self.blocks.get(number)
    }

    /// The block `hash`, while it is part of the chain.
    pub(crate) fn block_by_hash(&self, hash: &B256) -> Option<Arc<Block>> {
        self.block_by_number(*self.number_by_hash.get(hash)?)
    }

    /// The number that `tag` stands for now; none for `pending`.
    pub(crate) fn resolve(&self, tag: BlockNumberOrTag) -> Option<u64> {
        let (first, head) = (self.first_number(), self.head().number());
        match tag {
            BlockNumberOrTag::Latest => Some(head),
            BlockNumberOrTag::Safe => Some(head.saturating_sub(SAFE_DEPTH).max(first)),
            BlockNumberOrTag::Finalized => Some(head.saturating_sub(FINALIZED_DEPTH).max(first)),
            BlockNumberOrTag::Earliest => Some(first),
            BlockNumberOrTag::Number(number) => Some(number),
            BlockNumberOrTag::Pending => None,
        }
    }

    /// The block that `id` names; none for `pending` and for what does not exist.
    pub(crate) fn block(&self, id: BlockId) -> Option<Arc<Block>> {
        match id {
            BlockId::Hash(hash) => self.block_by_hash(&hash.block_hash),
            BlockId::Number(tag) => self.block_by_number(self.resolve(tag)?),
        }
    }

    /// The block with the transaction `hash`, and its place there.
    pub(crate) fn transaction(&self, hash: &TxHash) -> Option<(Arc<Block>, usize)> {
        let (behind, index) = self.location_by_transaction.get(hash)?;
        Some((self.block_by_number(self.first_number() + u64::from(*behind))?, *index as usize))
    }

    /// The state after `block`; at the head with what was set by hand. None if it was not kept.
    pub(crate) fn state_after(&self, block: &Block) -> Option<State> {
        if block.hash() == self.head().hash() { Some(self.state.clone()) } else { self.blocks.state_after(block) }
    }

    /// The state that `block` started from. None if it was not kept.
    pub(crate) fn state_before(&self, block: &Block) -> Option<State> {
        self.blocks.state_before(block)
    }

    /// The hashes that code in `block` sees, its own not among them.
    pub(crate) fn hashes_before(&self, block: &Block) -> BlockHashes {
        let mut hashes = BlockHashes::default();
        for number in block.number().saturating_sub(256)..block.number() {
            if let Some(hash) = self.blocks.hash(number) {
                hashes.push(number, hash);
            }
        }
        hashes
    }

    /// The environment in which code in `block` ran.
    pub(crate) fn environment(&self, block: &Block) -> EvmEnv {
        let blobs = self.spec.blob_params(block.timestamp());
        EvmEnv::for_eth_block(block.header().inner(), &self.spec, self.spec.chain_id, blobs)
    }

    /// What the next block will be like if it is made now.
    fn next_block(&self, timestamp: u64) -> NextBlock {
        NextBlock {
            timestamp,
            base_fee: self.next_base_fee,
            gas_limit: self.next_gas_limit(),
            beneficiary: self.beneficiary,
            prev_randao: self.next_prev_randao.unwrap_or_else(|| self.draw_prev_randao()),
            contracts_may_send: self.impersonates_all || !self.impersonated.is_empty(),
        }
    }

    /// The environment of the next block if it is made now.
    pub(crate) fn next_environment(&self) -> EvmEnv {
        let head = self.head();
        self.next_block(self.time.peek(head.timestamp())).environment(&self.spec, head.header())
    }

    /// The base fee of the next block, in wei per gas.
    pub(crate) fn next_base_fee(&self) -> u64 {
        let head = self.head().header();
        match self.spec.is_london_active_at_block(head.number + 1) {
            true => self.next_base_fee.unwrap_or_else(|| next_base_fee(head)),
            false => 0,
        }
    }

    /// Whether the chain takes transactions from `address` without a signature.
    pub(crate) fn is_impersonated(&self, address: Address) -> bool {
        self.impersonates_all || self.impersonated.contains(&address)
    }

    /// A new head.
    fn push(&mut self, block: Arc<Block>) {
        self.index(&block);
        self.hashes.push(block.number(), block.hash());
        if let Some(state) = block.state() {
            self.state = state.clone();
        }
        self.advance_merge(block.header());
        self.blocks.push(block.clone());
        self.events.push(Event::Added(block));
    }

    /// Takes the head back; never the first block. The last one to go is followed by [`Blocks::complete_head`].
    fn pop(&mut self) -> Option<StoredBlock> {
        let block = self.blocks.pop()?;
        self.number_by_hash.remove(&block.hash);
        for hash in block.transaction_hashes() {
            self.location_by_transaction.remove(&hash);
        }
        self.events.push(Event::Removed(block.clone()));
        Some(block)
    }

    fn index(&mut self, block: &Block) {
        self.index_hashes(block.number(), block.hash(), block.transaction_hashes());
    }

    fn index_hashes(&mut self, number: u64, hash: B256, transactions: impl Iterator<Item = TxHash>) {
        self.number_by_hash.insert(hash, number);
        let behind = u32::try_from(number - self.first_number()).unwrap_or(u32::MAX);
        for (index, hash) in (0..).zip(transactions) {
            self.location_by_transaction.insert(hash, (behind, index));
        }
    }

    /// Replaces the chain by blocks from elsewhere: `state` is the one after the last.
    pub(crate) fn restore(&mut self, blocks: Vec<Block>, state: State) -> Result<(), Error> {
        let mut blocks = blocks.into_iter();
        let first = blocks.next().ok_or_else(|| Error::State("it holds no block".to_owned()))?;
        let mut all = Blocks::new(Arc::new(first));
        for block in blocks {
            let head = all.head();
            if (block.number(), block.header().parent_hash) != (head.number() + 1, head.hash()) {
                return Err(Error::State(format!("block {} does not follow the one before", block.number())));
            }
            all.push(Arc::new(block));
        }
        let hashes: Vec<_> = all.iter().map(|block| block.transaction_hashes().collect()).collect();
        self.replace(all, &hashes, state);
        Ok(())
    }

    /// Replaces the chain by `blocks` with the transactions `hashes`: `state` is the one after the last.
    pub(crate) fn replace(&mut self, blocks: Blocks, hashes: &[Vec<TxHash>], state: State) {
        if blocks.head().header().state_root != state.root() {
            tracing::debug!("the loaded state was changed by hand after its last block");
        }
        self.number_by_hash.clear();
        self.location_by_transaction.clear();
        self.snapshots.clear();
        self.pool.clear();
        self.events.clear();
        self.blocks = blocks;
        for (number, transactions) in (self.first_number()..).zip(hashes) {
            if let Some(hash) = self.blocks.hash(number) {
                self.index_hashes(number, hash, transactions.iter().copied());
            }
        }
        self.state = state;
        self.refresh();
        self.restores += 1;
    }
}
