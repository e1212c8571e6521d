//! Names that both sides of the chain compute alike.

use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::SolValue,
};

/// A model: `keccak256(abi.encode(address publisher, string name))`.
pub fn model_id(publisher: Address, name: &str) -> B256 {
    keccak256((publisher, name).abi_encode_params())
}

/// A job: `keccak256(abi.encode(uint256 chainid, address registry, address requester, uint256 nonce, bytes32 termsHash))`.
pub fn job_id(chain_id: u64, registry: Address, requester: Address, nonce: U256, terms_hash: B256) -> B256 {
    keccak256((U256::from(chain_id), registry, requester, nonce, terms_hash).abi_encode_params())
}

/// An offering and its draw: `keccak256(abi.encode(bytes32 modelId, uint32 version, bytes32 runtimeClass, uint64 pool))`.
pub fn offering_key(model_id: B256, version: u32, runtime_class: B256, pool: u64) -> B256 {
    keccak256((model_id, version, runtime_class, pool).abi_encode_params())
}

/// A runtime class: keccak256 of its name in UTF-8, for instance `fp32/libtorch-2.11`.
pub fn runtime_class(name: &str) -> B256 {
    keccak256(name)
}
