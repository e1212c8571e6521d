//! The chain: blocks, the state at their head, and what waits to come.

mod admission;
mod block;
mod build;
mod history;
mod mine;
mod pool;
mod time;

use std::{collections::BTreeMap, sync::Arc};

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{
        Address, B256, TxHash,
        map::{AddressHashSet, B256HashMap},
    },
};
use alloy_evm::EvmEnv;

pub(crate) use self::{
    admission::Rejection,
    block::{Block, States, Transaction},
    build::{context, replay, seal},
    history::{Reorg, SnapshotId},
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
    /// The head was taken back: a reorg, a rollback or a revert.
    Removed(Arc<Block>),
    /// A transaction waits.
    Pending(Box<Transaction>),
}

/// A chain and all that is bent about it. Not shared: see [`crate::Devnet`].
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) spec: ChainSpec,
    /// From the first block on, without gaps.
    blocks: Vec<Arc<Block>>,
    number_by_hash: B256HashMap<u64>,
    location_by_transaction: B256HashMap<(u64, usize)>,
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
}

impl Chain {
    /// A chain that starts with `first`, which must carry its state.
    pub(crate) fn new(config: &Config, spec: ChainSpec, first: Block) -> Self {
        let start = config.timestamp.or_else(|| {
            // A genesis from the future takes the time along.
            Some(first.timestamp()).filter(|start| *start > config.clock.now())
        });
        let mut chain = Self {
            spec,
            blocks: Vec::new(),
            number_by_hash: B256HashMap::default(),
            location_by_transaction: B256HashMap::default(),
            hashes: BlockHashes::default(),
            state: State::default(),
            pool: Pool::default(),
            time: TimeKeeper::new(config.clock.clone(), start),
            mining: config.mining,
            gas_limit: if config.genesis.is_some() { first.header().gas_limit } else { config.gas_limit },
            beneficiary: first.header().beneficiary,
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
        };
        chain.push(Arc::new(first));
        chain.events.clear();
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
    #[expect(clippy::indexing_slicing, reason = "a chain starts with a block and never loses it")]
    pub(crate) fn head(&self) -> &Arc<Block> {
        &self.blocks[self.blocks.len() - 1]
    }

    fn first_number(&self) -> u64 {
        self.blocks.first().map_or(0, |block| block.number())
    }

    /// All blocks, the first one first.
    pub(crate) fn blocks(&self) -> &[Arc<Block>] {
        &self.blocks
    }

    /// The block `number`.
    pub(crate) fn block_by_number(&self, number: u64) -> Option<&Arc<Block>> {
        let index = usize::try_from(number.checked_sub(self.first_number())?).ok()?;
        self.blocks.get(index)
    }

    /// The block `hash`, while it is part of the chain.
    pub(crate) fn block_by_hash(&self, hash: &B256) -> Option<&Arc<Block>> {
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
    pub(crate) fn block(&self, id: BlockId) -> Option<&Arc<Block>> {
        match id {
            BlockId::Hash(hash) => self.block_by_hash(&hash.block_hash),
            BlockId::Number(tag) => self.block_by_number(self.resolve(tag)?),
        }
    }

    /// The block with the transaction `hash`, and its place there.
    pub(crate) fn transaction(&self, hash: &TxHash) -> Option<(&Arc<Block>, usize)> {
        let (number, index) = self.location_by_transaction.get(hash)?;
        Some((self.block_by_number(*number)?, *index))
    }

    /// The state after `block`; at the head with what was set by hand. None if it was not kept.
    pub(crate) fn state_after(&self, block: &Block) -> Option<State> {
        if block.hash() == self.head().hash() { Some(self.state.clone()) } else { block.state().cloned() }
    }

    /// The hashes that code in `block` sees, its own not among them.
    pub(crate) fn hashes_before(&self, block: &Block) -> BlockHashes {
        let end = usize::try_from(block.number().saturating_sub(self.first_number())).unwrap_or(usize::MAX);
        let mut hashes = BlockHashes::default();
        for ancestor in self.blocks.get(end.saturating_sub(256)..end).unwrap_or_default() {
            hashes.push(ancestor.number(), ancestor.hash());
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
            gas_limit: self.gas_limit,
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
        self.next_environment().block_env.basefee
    }

    /// Whether the chain takes transactions from `address` without a signature.
    pub(crate) fn is_impersonated(&self, address: Address) -> bool {
        self.impersonates_all || self.impersonated.contains(&address)
    }

    /// A new head.
    fn push(&mut self, block: Arc<Block>) {
        let number = block.number();
        self.number_by_hash.insert(block.hash(), number);
        for (index, hash) in block.transaction_hashes().enumerate() {
            self.location_by_transaction.insert(hash, (number, index));
        }
        self.hashes.push(number, block.hash());
        if let Some(state) = block.state() {
            self.state = state.clone();
        }
        self.blocks.push(block.clone());
        self.events.push(Event::Added(block));
    }

    /// Takes the head back; never the first block.
    fn pop(&mut self) -> Option<Arc<Block>> {
        if self.blocks.len() < 2 {
            return None;
        }
        let block = self.blocks.pop()?;
        self.number_by_hash.remove(&block.hash());
        for hash in block.transaction_hashes() {
            self.location_by_transaction.remove(&hash);
        }
        self.events.push(Event::Removed(block.clone()));
        Some(block)
    }

    /// Replaces the chain by blocks from elsewhere: `state` is the one after the last.
    pub(crate) fn restore(&mut self, blocks: Vec<Block>, state: State) -> Result<(), Error> {
        let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else {
            return Err(Error::State("it holds no block".to_owned()));
        };
        if last.header().state_root != state.root() {
            tracing::debug!("the loaded state was changed by hand after its last block");
        }
        let mut expected = (first.number(), first.header().parent_hash);
        for block in &blocks {
            if (block.number(), block.header().parent_hash) != expected {
                return Err(Error::State(format!("block {} does not follow the one before", block.number())));
            }
            expected = (block.number() + 1, block.hash());
        }
        self.blocks.clear();
        self.number_by_hash.clear();
        self.location_by_transaction.clear();
        self.snapshots.clear();
        self.pool.clear();
        for block in blocks {
            self.push(Arc::new(block));
        }
        self.state = state;
        self.events.clear();
        self.restores += 1;
        Ok(())
    }
}
