//! Leaves of the reward roots of the tracked stage.

use alloy::{
    primitives::{Address, B256, U256, aliases::U96, keccak256},
    sol_types::SolValue,
};

/// `keccak256(keccak256(abi.encode(uint256 chainid, address distributor, uint32 executorId, uint96 settled,
/// uint96 cumulative)))`, hashed twice so that no inner node of the tree passes as a leaf. Amounts in wei.
pub fn reward_leaf(chain_id: u64, distributor: Address, executor_id: u32, settled: U96, cumulative: U96) -> B256 {
    let inner = keccak256((U256::from(chain_id), distributor, executor_id, settled, cumulative).abi_encode_params());
    keccak256(inner)
}
