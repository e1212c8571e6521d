//! The state as revm reads and writes it.

use std::collections::{BTreeMap, VecDeque};

use alloy::primitives::{Address, B256, U256, map::AddressMap};
use alloy_evm::overrides::OverrideBlockHashes;
use revm::{
    Database, DatabaseCommit, DatabaseRef,
    bytecode::Bytecode,
    database_interface::DBErrorMarker,
    state::{Account, AccountInfo},
};

use super::State;

/// How many ancestors the `BLOCKHASH` instruction sees.
const WINDOW: usize = 256;

/// Hashes of the last 256 blocks.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlockHashes {
    /// Number of the block after the last one here.
    end: u64,
    hashes: VecDeque<B256>,
}

impl BlockHashes {
    /// Appends the hash of block `number`, which follows the last one here.
    pub(crate) fn push(&mut self, number: u64, hash: B256) {
        if self.hashes.len() == WINDOW {
            self.hashes.pop_front();
        }
        self.hashes.push_back(hash);
        self.end = number + 1;
    }

    fn get(&self, number: u64) -> Option<B256> {
        let back = usize::try_from(self.end.checked_sub(number)?).ok()?;
        self.hashes.get(self.hashes.len().checked_sub(back)?).copied()
    }
}

/// A state to execute on. Changes stay in it until it is taken back with [`Self::into_state`].
#[derive(Debug)]
pub(crate) struct StateDatabase {
    state: State,
    hashes: BlockHashes,
    overridden_hashes: BTreeMap<u64, B256>,
    moved_precompiles: BTreeMap<Address, Option<Address>>,
    clears_empty: bool,
}

/// The database was asked for what it cannot know.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    /// Code was asked for by a hash alone; accounts carry their code, so revm has no need to.
    #[error("no code is kept under the bare hash {0}")]
    CodeByHash(B256),
}

impl DBErrorMarker for StateError {}

impl StateDatabase {
    /// `clears_empty`: whether touched empty accounts vanish (EIP-161).
    pub(crate) const fn new(state: State, hashes: BlockHashes, clears_empty: bool) -> Self {
        Self { state, hashes, overridden_hashes: BTreeMap::new(), moved_precompiles: BTreeMap::new(), clears_empty }
    }

    /// The state as committed so far.
    pub(crate) const fn state(&self) -> &State {
        &self.state
    }

    /// The same view on another state.
    pub(crate) fn with_state(&self, state: State) -> Self {
        Self {
            state,
            hashes: self.hashes.clone(),
            overridden_hashes: self.overridden_hashes.clone(),
            moved_precompiles: self.moved_precompiles.clone(),
            clears_empty: self.clears_empty,
        }
    }

    /// Has code on this state find precompiled contracts elsewhere, or no more.
    pub(crate) fn move_precompiles(&mut self, moved: BTreeMap<Address, Option<Address>>) {
        self.moved_precompiles = moved;
    }

    /// Where precompiled contracts are that are not where they were.
    pub(crate) const fn moved_precompiles(&self) -> &BTreeMap<Address, Option<Address>> {
        &self.moved_precompiles
    }

    /// The state with all that was committed.
    pub(crate) fn into_state(self) -> State {
        self.state
    }
}

impl DatabaseRef for StateDatabase {
    type Error = StateError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        Ok(self.state.account(address).map(super::Account::info))
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, StateError> {
        Err(StateError::CodeByHash(code_hash))
    }

    fn storage_ref(&self, address: Address, index: U256) -> Result<U256, StateError> {
        Ok(self.state.storage(address, index))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, StateError> {
        let overridden = self.overridden_hashes.get(&number).copied();
        Ok(overridden.or_else(|| self.hashes.get(number)).unwrap_or_default())
    }
}

impl Database for StateDatabase {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        self.basic_ref(address)
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, StateError> {
        self.code_by_hash_ref(code_hash)
    }

    fn storage(&mut self, address: Address, index: U256) -> Result<U256, StateError> {
        self.storage_ref(address, index)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        self.block_hash_ref(number)
    }
}

impl DatabaseCommit for StateDatabase {
    fn commit(&mut self, changes: AddressMap<Account>) {
        for (address, account) in changes {
            self.state.apply(address, account, self.clears_empty);
        }
    }
}

impl OverrideBlockHashes for StateDatabase {
    fn override_block_hashes(&mut self, block_hashes: BTreeMap<u64, B256>) {
        self.overridden_hashes.extend(block_hashes);
    }
}
