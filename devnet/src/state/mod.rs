//! The world state: accounts, code and storage under one Merkle root.

mod changes;
mod database;
mod trie;

use std::collections::BTreeMap;

use alloy::{
    consensus::constants::KECCAK_EMPTY,
    primitives::{Address, B256, Bytes, U256, keccak256},
    rlp::Encodable,
    rpc::types::{EIP1186AccountProofResponse, EIP1186StorageProof},
    trie::TrieAccount,
};
use revm::{
    bytecode::Bytecode,
    state::{Account as EvmAccount, AccountInfo},
};

pub(crate) use changes::{AccountChange, StateChanges};
pub(crate) use database::{BlockHashes, StateDatabase, StateError};
use trie::{Trie, TrieValue};

/// One version of the world state. A clone is cheap and shares what is equal.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    accounts: Trie<Account>,
}

/// An account as the state holds it.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// Where it lives: the trie knows only the hash.
    pub(crate) address: Address,
    pub(crate) nonce: u64,
    /// In wei.
    pub(crate) balance: U256,
    pub(crate) code_hash: B256,
    code: Bytecode,
    storage: Trie<Slot>,
}

#[derive(Clone, Debug)]
struct Slot {
    key: U256,
    value: U256,
}

impl TrieValue for Account {
    fn encode_value(&self, out: &mut Vec<u8>) {
        TrieAccount::new(self.nonce, self.balance, self.storage.root(), self.code_hash).encode(out);
    }
}

impl TrieValue for Slot {
    fn encode_value(&self, out: &mut Vec<u8>) {
        self.value.encode(out);
    }
}

impl Account {
    fn new(address: Address) -> Self {
        Self {
            address,
            nonce: 0,
            balance: U256::ZERO,
            code_hash: KECCAK_EMPTY,
            code: Bytecode::default(),
            storage: Trie::default(),
        }
    }

    /// The code, empty for a plain account.
    pub(crate) fn code(&self) -> Bytes {
        self.code.original_bytes()
    }

    /// Slots that are not zero, by key hash.
    pub(crate) fn storage(&self) -> impl Iterator<Item = (U256, U256)> + '_ {
        self.storage.values().map(|slot| (slot.key, slot.value))
    }

    fn slot(&self, key: U256) -> U256 {
        self.storage.get(&hashed_slot(key)).map_or(U256::ZERO, |slot| slot.value)
    }

    fn set_slot(&mut self, key: U256, value: U256) {
        let hash = hashed_slot(key);
        if value.is_zero() {
            self.storage.remove(&hash);
        } else {
            self.storage.insert(&hash, Slot { key, value });
        }
    }

    fn set_code(&mut self, code: Bytes) {
        let code = Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code));
        self.code_hash = code.hash_slow();
        self.code = code;
    }

    /// EIP-161: such an account is as good as none.
    fn is_empty(&self) -> bool {
        self.nonce == 0 && self.balance.is_zero() && self.code_hash == KECCAK_EMPTY
    }

    /// Whether a transaction left it as it was.
    fn equals(&self, touched: &EvmAccount) -> bool {
        let info = &touched.info;
        (self.nonce, self.balance, self.code_hash) == (info.nonce, info.balance, info.code_hash)
            && !touched.is_created()
            && touched.changed_storage_slots().next().is_none()
    }

    fn info(&self) -> AccountInfo {
        AccountInfo::new(self.balance, self.nonce, self.code_hash, self.code.clone())
    }
}

fn hashed_slot(key: U256) -> B256 {
    keccak256(key.to_be_bytes::<32>())
}

impl State {
    /// The state root (yellow paper, appendix D).
    pub(crate) fn root(&self) -> B256 {
        self.accounts.root()
    }

    /// All accounts, by address hash.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// The account at `address`, if it exists.
    pub(crate) fn account(&self, address: Address) -> Option<&Account> {
        self.accounts.get(&keccak256(address))
    }

    /// Balance in wei; zero where there is no account.
    pub(crate) fn balance(&self, address: Address) -> U256 {
        self.account(address).map_or(U256::ZERO, |account| account.balance)
    }

    /// Nonce; zero where there is no account.
    pub(crate) fn nonce(&self, address: Address) -> u64 {
        self.account(address).map_or(0, |account| account.nonce)
    }

    /// Code; empty where there is none.
    pub(crate) fn code(&self, address: Address) -> Bytes {
        self.account(address).map(Account::code).unwrap_or_default()
    }

    /// Storage slot `key`; zero where nothing is stored.
    pub(crate) fn storage(&self, address: Address, key: U256) -> U256 {
        self.account(address).map_or(U256::ZERO, |account| account.slot(key))
    }

    /// Changes the account at `address`, which comes into being if it must. Keeps no empty account.
    fn change(&mut self, address: Address, change: impl FnOnce(&mut Account)) {
        let key = keccak256(address);
        if let Some(account) = self.accounts.get_mut(&key) {
            change(account);
            if account.is_empty() && account.storage.is_empty() {
                self.accounts.remove(&key);
            }
        } else {
            let mut account = Account::new(address);
            change(&mut account);
            if !account.is_empty() || !account.storage.is_empty() {
                self.accounts.insert(&key, account);
            }
        }
    }

    /// Brings an account into being, empty as before EIP-161 they could be.
    pub(crate) fn create(&mut self, address: Address) {
        let key = keccak256(address);
        if self.accounts.get(&key).is_none() {
            self.accounts.insert(&key, Account::new(address));
        }
    }

    /// Sets all of an account but the slots that `storage` leaves out, and its code if none is given. It exists
    /// afterwards, though it be empty.
    pub(crate) fn put(
        &mut self,
        address: Address,
        nonce: u64,
        balance: U256,
        code: Option<Bytes>,
        storage: impl IntoIterator<Item = (U256, U256)>,
    ) {
        self.create(address);
        let Some(account) = self.accounts.present_mut(&keccak256(address)) else { return };
        (account.nonce, account.balance) = (nonce, balance);
        if let Some(code) = code {
            account.set_code(code);
        }
        for (key, value) in storage {
            account.set_slot(key, value);
        }
    }

    /// Sets a balance, in wei.
    pub(crate) fn set_balance(&mut self, address: Address, balance: U256) {
        self.change(address, |account| account.balance = balance);
    }

    /// Sets a nonce.
    pub(crate) fn set_nonce(&mut self, address: Address, nonce: u64) {
        self.change(address, |account| account.nonce = nonce);
    }

    /// Sets the code.
    pub(crate) fn set_code(&mut self, address: Address, code: Bytes) {
        self.change(address, |account| account.set_code(code));
    }

    /// Sets one storage slot.
    pub(crate) fn set_storage(&mut self, address: Address, key: U256, value: U256) {
        self.change(address, |account| account.set_slot(key, value));
    }

    /// Applies what a transaction changed. `clears_empty`: EIP-161 is in force.
    fn apply(&mut self, address: Address, changed: EvmAccount, clears_empty: bool) {
        if !changed.is_touched() {
            return;
        }
        let key = keccak256(address);
        if changed.is_selfdestructed() {
            self.accounts.remove(&key);
            return;
        }
        if clears_empty && changed.is_empty() {
            self.accounts.remove(&key);
            return;
        }
        match self.accounts.get(&key) {
            // Only looked at: the path to it stays shared with the state before.
            Some(account) if account.equals(&changed) => return,
            Some(_) => {}
            None => self.accounts.insert(&key, Account::new(address)),
        }
        let Some(account) = self.accounts.present_mut(&key) else { return };
        if changed.is_created() {
            account.storage = Trie::default();
        }
        account.nonce = changed.info.nonce;
        account.balance = changed.info.balance;
        if account.code_hash != changed.info.code_hash {
            account.code_hash = changed.info.code_hash;
            account.code = changed.info.code.clone().unwrap_or_default();
        }
        for (slot, value) in changed.changed_storage_slots() {
            account.set_slot(*slot, value.present_value());
        }
    }

    /// Merkle proof of the account at `address` and of the storage slots `keys` (EIP-1186).
    pub(crate) fn proof(
        &self,
        address: Address,
        keys: impl IntoIterator<Item = alloy::serde::JsonStorageKey>,
    ) -> EIP1186AccountProofResponse {
        let absent = Account::new(address);
        let account = self.account(address).unwrap_or(&absent);
        EIP1186AccountProofResponse {
            address,
            balance: account.balance,
            code_hash: account.code_hash,
            nonce: account.nonce,
            storage_hash: account.storage.root(),
            account_proof: self.accounts.proof(&keccak256(address)),
            storage_proof: keys
                .into_iter()
                .map(|key| {
                    let slot = U256::from_be_bytes(key.as_b256().0);
                    let proof = account.storage.proof(&hashed_slot(slot));
                    EIP1186StorageProof::new(key, account.slot(slot), proof)
                })
                .collect(),
        }
    }
}

/// An account in a dump: what `anvil_dumpState` and `--dump-state` write.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct AccountDump {
    #[serde(with = "alloy::serde::quantity")]
    nonce: u64,
    balance: U256,
    #[serde(default)]
    code: Bytes,
    #[serde(default)]
    storage: BTreeMap<U256, U256>,
}

impl State {
    /// Every account with its code and storage.
    pub(crate) fn dump(&self) -> BTreeMap<Address, AccountDump> {
        self.accounts()
            .map(|account| {
                let dump = AccountDump {
                    nonce: account.nonce,
                    balance: account.balance,
                    code: account.code(),
                    storage: account.storage().collect(),
                };
                (account.address, dump)
            })
            .collect()
    }

    /// Adds dumped accounts, in place of those at the same addresses.
    pub(crate) fn load(&mut self, dump: BTreeMap<Address, AccountDump>) {
        for (address, loaded) in dump {
            self.accounts.remove(&keccak256(address));
            self.set_code(address, loaded.code);
            self.change(address, |account| {
                account.nonce = loaded.nonce;
                account.balance = loaded.balance;
                for (key, value) in loaded.storage {
                    account.set_slot(key, value);
                }
            });
        }
    }
}
