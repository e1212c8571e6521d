//! The state of accounts, now and in the past.

use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes, U64, U256},
    rpc::types::EIP1186AccountProofResponse,
    serde::JsonStorageKey,
};

use super::{
    Call,
    error::{RpcError, RpcResult},
};
use crate::state::State;

impl Call<'_> {
    pub(super) fn accounts(&self) -> Vec<Address> {
        self.devnet.dev_accounts().addresses().collect()
    }

    /// The state that the block parameter at `index` names; the present one without.
    fn state_at(&self, index: usize) -> RpcResult<State> {
        let id = self.params.optional::<BlockId>(index)?.unwrap_or_default();
        let block = self.must_find_block(id)?;
        if id.is_pending() {
            return block.state().cloned().ok_or_else(no_state);
        }
        self.devnet.chain().state_after(&block).ok_or_else(no_state)
    }

    pub(super) fn balance(&self) -> RpcResult<U256> {
        Ok(self.state_at(1)?.balance(self.params.required(0)?))
    }

    pub(super) fn code(&self) -> RpcResult<Bytes> {
        Ok(self.state_at(1)?.code(self.params.required(0)?))
    }

    pub(super) fn storage(&self) -> RpcResult<B256> {
        let (address, key) = (self.params.required(0)?, self.params.required::<JsonStorageKey>(1)?);
        Ok(self.state_at(2)?.storage(address, key.as_b256().into()).into())
    }

    pub(super) fn transaction_count(&self) -> RpcResult<U64> {
        let address = self.params.required::<Address>(0)?;
        if self.params.optional::<BlockId>(1)?.is_some_and(|id| id.is_pending()) {
            let chain = self.devnet.chain();
            return Ok(U64::from(chain.pool.next_nonce(address, chain.state.nonce(address))));
        }
        Ok(U64::from(self.state_at(1)?.nonce(address)))
    }

    pub(super) fn proof(&self) -> RpcResult<EIP1186AccountProofResponse> {
        let keys = self.params.optional::<Vec<JsonStorageKey>>(1)?.unwrap_or_default();
        Ok(self.state_at(2)?.proof(self.params.required(0)?, keys))
    }
}

/// geth's words for a state that was not kept.
pub(super) fn no_state() -> RpcError {
    RpcError::failed("required historical state unavailable")
}
