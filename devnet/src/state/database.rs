//! The state as revm reads and writes it.

use std::{collections::BTreeMap, sync::Arc};

use alloy::primitives::{Address, B256, U256, map::AddressMap};
use alloy_evm::overrides::OverrideBlockHashes;
use revm::{
    Database, DatabaseCommit,
    bytecode::Bytecode,
    database_interface::DBErrorMarker,
    state::{Account, AccountInfo},
};

use super::State;

/// Hashes of blocks, by number: what the `BLOCKHASH` instruction sees.
pub(crate) type BlockHashes = Arc<BTreeMap<u64, B256>>;

/// A state to execute on. Changes stay in it until it is taken back with [`Self::into_state`].
#[derive(Debug)]
pub(crate) struct StateDatabase {
    state: State,
    hashes: BlockHashes,
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
        Self { state, hashes, clears_empty }
    }

    /// The state with all that was committed.
    pub(crate) fn into_state(self) -> State {
        self.state
    }

    /// The state as committed so far.
    pub(crate) const fn state(&self) -> &State {
        &self.state
    }
}

impl Database for StateDatabase {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        Ok(self.state.account(address).map(super::Account::info))
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, StateError> {
        Err(StateError::CodeByHash(code_hash))
    }

    fn storage(&mut self, address: Address, index: U256) -> Result<U256, StateError> {
        Ok(self.state.storage(address, index))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        Ok(self.hashes.get(&number).copied().unwrap_or_default())
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
        Arc::make_mut(&mut self.hashes).extend(block_hashes);
    }
}
