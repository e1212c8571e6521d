//! State that a call pretends: accounts as they are not, and precompiled contracts where they are not.

use std::collections::BTreeMap;

use alloy::{primitives::Address, rpc::types::state::StateOverride};
use alloy_evm::{
    EvmEnv,
    overrides::apply_state_overrides,
    precompiles::{DynPrecompile, PrecompilesMap},
};
use revm::precompile::{PrecompileSpecId, Precompiles};

use super::error::{RpcError, RpcResult};
use crate::state::StateDatabase;

/// The code of `eth_simulateV1`'s specification for a precompiled contract that is moved to where it is.
const MOVED_TO_ITSELF: i64 = -38022;

/// Overrides accounts of `database`, on which code runs in `env`. As geth has it, a precompiled contract whose account is
/// overridden gives way.
pub(super) fn override_state(
    mut overrides: StateOverride,
    env: &EvmEnv,
    database: &mut StateDatabase,
) -> RpcResult<()> {
    let precompiles = Precompiles::new(PrecompileSpecId::from_spec_id(env.cfg_env.spec));
    let mut moved = BTreeMap::new();
    for (address, account) in &mut overrides {
        if account.state.is_some() && account.state_diff.is_some() {
            return Err(RpcError::failed(format!("account {address} has both 'state' and 'stateDiff'")));
        }
        let destination = account.move_precompile_to.take();
        if precompiles.contains(address) {
            moved.insert(*address, destination);
        } else if destination.is_some() {
            return Err(RpcError::failed(format!("account {address} is not a precompile")));
        }
    }
    for (address, destination) in &moved {
        if *destination == Some(*address) {
            let message = format!("movePrecompileToAddress of {address} refers to itself");
            return Err(RpcError::new(MOVED_TO_ITSELF, message));
        }
        if let Some(taken) = destination.filter(|destination| overrides.contains_key(destination)) {
            return Err(RpcError::failed(format!("account {taken} has already been overridden")));
        }
    }
    database.move_precompiles(moved);
    apply_state_overrides(overrides, database).map_err(|error| RpcError::invalid_params(error.to_string()))
}

/// Puts the precompiled contracts where the overrides in `database` want them.
pub(super) fn place(database: &StateDatabase, precompiles: &mut PrecompilesMap) {
    let mut arriving: Vec<(Address, DynPrecompile)> = Vec::new();
    for (from, to) in database.moved_precompiles() {
        precompiles.apply_precompile(from, |found| {
            arriving.extend(to.zip(found));
            None
        });
    }
    for (address, precompile) in arriving {
        precompiles.apply_precompile(&address, |_| Some(precompile));
    }
}
