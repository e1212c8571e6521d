//! The state of accounts, now and in the past.

use std::collections::BTreeMap;

use alloy::{
    primitives::{Address, B256, Bytes, U64, U256},
    rpc::types::{AccountInfo, EIP1186AccountProofResponse},
    serde::JsonStorageKey,
    trie::TrieAccount,
};

use super::{
    Call,
    error::{RpcError, RpcResult},
    params::storage_key,
};
use crate::state::State;

/// How many storage slots are proven at once (geth's).
const MOST_SLOTS: usize = 1024;

impl Call<'_> {
    pub(super) fn accounts(&self) -> Vec<Address> {
        self.devnet.dev_accounts().addresses().collect()
    }

    /// The state that the block parameter at `index` names; the present one without.
    pub(super) fn state_at(&self, index: usize) -> RpcResult<State> {
        let id = self.params.block_or_latest(index)?;
        let block = self.must_find_block(id)?;
        if id.is_pending() {
            return block.state().cloned().ok_or_else(no_state);
        }
        self.devnet.chain().state_after(&block).ok_or_else(no_state)
    }

    pub(super) fn balance(&self) -> RpcResult<U256> {
        Ok(self.state_at(1)?.balance(self.params.address(0)?))
    }

    pub(super) fn code(&self) -> RpcResult<Bytes> {
        Ok(self.state_at(1)?.code(self.params.address(0)?))
    }

    pub(super) fn storage(&self) -> RpcResult<B256> {
        let (address, key) = (self.params.address(0)?, storage_key(&self.params.required::<String>(1)?)?);
        Ok(self.state_at(2)?.storage(address, key.as_b256().into()).into())
    }

    /// Many slots of many accounts at once.
    pub(super) fn storage_values(&self) -> RpcResult<BTreeMap<Address, Vec<B256>>> {
        let wanted = self.params.required::<BTreeMap<Address, Vec<JsonStorageKey>>>(0)?;
        let state = self.state_at(1)?;
        let values = |address, keys: Vec<JsonStorageKey>| -> Vec<B256> {
            keys.into_iter().map(|key| state.storage(address, key.as_b256().into()).into()).collect()
        };
        Ok(wanted.into_iter().map(|(address, keys)| (address, values(address, keys))).collect())
    }

    /// What the state trie holds of an account.
    pub(super) fn account(&self) -> RpcResult<TrieAccount> {
        let proof = self.state_at(1)?.proof(self.params.address(0)?, []);
        Ok(TrieAccount::new(proof.nonce, proof.balance, proof.storage_hash, proof.code_hash))
    }

    pub(super) fn account_info(&self) -> RpcResult<AccountInfo> {
        let (address, state) = (self.params.address(0)?, self.state_at(1)?);
        Ok(AccountInfo { balance: state.balance(address), nonce: state.nonce(address), code: state.code(address) })
    }

    pub(super) fn transaction_count(&self) -> RpcResult<U64> {
        let address = self.params.address(0)?;
        if self.params.block_or_latest(1)?.is_pending() {
            let chain = self.devnet.chain();
            return Ok(U64::from(chain.pool.next_nonce(address, chain.state.nonce(address))));
        }
        Ok(U64::from(self.state_at(1)?.nonce(address)))
    }

    pub(super) fn proof(&self) -> RpcResult<EIP1186AccountProofResponse> {
        let keys = self.params.optional::<Vec<String>>(1)?.unwrap_or_default();
        if keys.len() > MOST_SLOTS {
            let message = format!("too many slots (requested {}, max {MOST_SLOTS})", keys.len());
            return Err(RpcError::invalid_params(message));
        }
        let keys = keys.iter().map(|key| storage_key(key)).collect::<RpcResult<Vec<_>>>()?;
        Ok(self.state_at(2)?.proof(self.params.address(0)?, keys))
    }
}

/// geth's words for a state that was not kept.
pub(super) fn no_state() -> RpcError {
    RpcError::failed("required historical state unavailable")
}
