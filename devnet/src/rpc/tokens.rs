//! Balances and allowances of ERC-20 tokens, set by hand: `anvil_dealERC20` and its kin.
//!
//! Where a token keeps them is found by watching what its getter reads, and trying which of these slots is its answer.

use alloy::{
    primitives::{Address, Bytes, U256},
    rpc::types::TransactionRequest,
    sol,
    sol_types::SolCall,
};
use revm::context_interface::result::ExecutionResult;
use revm_inspectors::access_list::AccessListInspector;

use super::{
    Call,
    error::{RpcError, RpcResult},
    rerun::run,
    simulate,
};
use crate::state::StateDatabase;

sol! {
    function balanceOf(address owner) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
}

/// What no token holds by chance.
const MARK: U256 = U256::from_limbs([0x6d61_726b_6564_2021, 0x5eed, 0, 0]);

impl Call<'_> {
    /// Gives the account (parameter 0) so many (2) units of a token (1).
    pub(super) fn deal_token(&self) -> RpcResult<()> {
        let (owner, token) = (self.params.required(0)?, self.params.required(1)?);
        self.set_answer(token, &balanceOfCall { owner }.abi_encode().into(), self.params.required(2)?)
    }

    /// Lets a spender (parameter 1) take so many (3) units of a token (2) from an owner (0).
    pub(super) fn set_token_allowance(&self) -> RpcResult<()> {
        let (owner, spender, token) = (self.params.required(0)?, self.params.required(1)?, self.params.required(2)?);
        self.set_answer(token, &allowanceCall { owner, spender }.abi_encode().into(), self.params.required(3)?)
    }

    /// Sets the slot that `getter`'s answer comes from.
    fn set_answer(&self, token: Address, getter: &Bytes, value: U256) -> RpcResult<()> {
        let request = TransactionRequest::default().to(token).input(getter.clone().into());
        let (env, mut database) = self.context(Default::default(), None, None)?;
        let (env, tx) = simulate::prepare(env, request, &mut database)?;
        let mut watcher = AccessListInspector::default();
        run(&mut database, &env, &tx, &mut watcher)?;

        let state = database.state().clone();
        let answers_with_mark = |database: &mut StateDatabase| -> RpcResult<bool> {
            let outcome = run(database, &env, &tx, revm::inspector::NoOpInspector)?;
            Ok(match outcome.result {
                ExecutionResult::Success { output, .. } => U256::try_from_be_slice(output.data()) == Some(MARK),
                ExecutionResult::Revert { .. } | ExecutionResult::Halt { .. } => false,
            })
        };
        for item in watcher.into_access_list().0 {
            for key in item.storage_keys {
                let slot = U256::from_be_bytes(key.0);
                let mut marked = state.clone();
                marked.set_storage(item.address, slot, MARK);
                if answers_with_mark(&mut database.with_state(marked))? {
                    self.devnet.change(|chain| chain.state.set_storage(item.address, slot, value));
                    return Ok(());
                }
            }
        }
        Err(RpcError::failed(format!(
            "no storage slot of {token} is the answer: not a token that keeps it as a number"
        )))
    }
}
