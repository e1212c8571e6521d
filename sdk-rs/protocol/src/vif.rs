//! Verified inference functions: a VRF proof that is bound to one job and one executor.
//!
//! A VIF proves randomness that nobody could choose, its binding to the job, and its author. It does not prove that the model
//! ran.

use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::SolValue,
};

use crate::vrf::{Proof, PublicKey, SecretKey, VrfError};

/// First part of what a VIF binds.
pub const DOMAIN: &str = "INFERA-VIF-v1";

/// What a VIF binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VifInput {
    /// The chain's id.
    pub chain_id: u64,
    /// The job registry.
    pub registry: Address,
    /// See [`crate::ids::job_id`].
    pub job_id: B256,
    /// See [`crate::ids::model_id`].
    pub model_id: B256,
    /// The model's version number.
    pub version: u32,
    /// keccak256 of the input bytes.
    pub input_hash: B256,
    /// keccak256 of the parameter bytes.
    pub parameters_hash: B256,
    /// The executor's owner address.
    pub executor: Address,
    /// The job's beacon.
    pub beacon: B256,
}

impl VifInput {
    /// `keccak256(abi.encode("INFERA-VIF-v1", uint256 chainid, address registry, bytes32 jobId, bytes32 modelId, uint32 version,
    /// bytes32 inputHash, bytes32 parametersHash, address executor, bytes32 beacon))`
    pub fn alpha(&self) -> B256 {
        let Self { chain_id, registry, job_id, model_id, version, input_hash, parameters_hash, executor, beacon } =
            *self;
        let chain_id = U256::from(chain_id);
        keccak256(
            (DOMAIN, chain_id, registry, job_id, model_id, version, input_hash, parameters_hash, executor, beacon)
                .abi_encode_params(),
        )
    }
}

/// Proves what `input` binds. The randomness is [`Proof::beta`].
pub fn prove(secret: &SecretKey, input: &VifInput) -> Result<Proof, VrfError> {
    secret.prove(input.alpha().as_slice())
}

/// The randomness of a proof, when it is the executor's for this input.
pub fn verify(public: &PublicKey, input: &VifInput, proof: &Proof) -> Result<B256, VrfError> {
    public.verify(input.alpha().as_slice(), proof)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_proof_holds_for_its_own_input_only() {
        let secret = SecretKey::from_bytes(&[7; 32]).unwrap();
        let input = VifInput {
            chain_id: 1,
            registry: [1; 20].into(),
            job_id: [2; 32].into(),
            model_id: [3; 32].into(),
            version: 4,
            input_hash: [5; 32].into(),
            parameters_hash: [6; 32].into(),
            executor: [7; 20].into(),
            beacon: [8; 32].into(),
        };
        let proof = prove(&secret, &input).unwrap();
        assert_eq!(verify(&secret.public_key(), &input, &proof), Ok(proof.beta()));
        for other in [
            VifInput { chain_id: 2, ..input },
            VifInput { registry: [9; 20].into(), ..input },
            VifInput { job_id: [9; 32].into(), ..input },
            VifInput { model_id: [9; 32].into(), ..input },
            VifInput { version: 9, ..input },
            VifInput { input_hash: [9; 32].into(), ..input },
            VifInput { parameters_hash: [9; 32].into(), ..input },
            VifInput { executor: [9; 20].into(), ..input },
            VifInput { beacon: [9; 32].into(), ..input },
        ] {
            assert_eq!(verify(&secret.public_key(), &other, &proof), Err(VrfError::Invalid), "{other:?}");
        }
    }
}
