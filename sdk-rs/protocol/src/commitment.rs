//! Commitments to answers and the salts that hide them.

use std::fmt;

use alloy::{
    primitives::{Address, B256, U256, b256, keccak256},
    sol_types::SolValue,
};
use zeroize::Zeroizing;

/// keccak256("INFERA-COMMITMENT-v1")
pub const DOMAIN: B256 = b256!("17e4e1db07a3408ae5dba404eca9e0be1962b9b083d2ab7354599d0344319b13");

/// keccak256("INFERA-SALT-v1")
pub const SALT_DOMAIN: B256 = b256!("8fc8764c6a6841470fdda3e6d5c3c0f509bf1ef5ba2980271d86341f552cd575");

/// What an executor commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// The chain's id.
    pub chain_id: u64,
    /// The job registry.
    pub registry: Address,
    /// See [`crate::ids::job_id`].
    pub job_id: B256,
    /// The executor's owner address (not its signer).
    pub executor: Address,
    /// keccak256 of the result bytes.
    pub result_hash: B256,
    /// keccak256 of the vector's bytes.
    pub vector_hash: B256,
    /// Hides the answer until the reveal.
    pub salt: B256,
}

impl Commitment {
    /// `keccak256(abi.encode(DOMAIN, uint256 chainid, address registry, bytes32 jobId, address executor, bytes32 resultHash,
    /// bytes32 vectorHash, bytes32 salt))`
    pub fn hash(&self) -> B256 {
        let Self { chain_id, registry, job_id, executor, result_hash, vector_hash, salt } = *self;
        keccak256(
            (DOMAIN, U256::from(chain_id), registry, job_id, executor, result_hash, vector_hash, salt)
                .abi_encode_params(),
        )
    }
}

/// What a seat stores after its reveal: `keccak256(abi.encode(bytes32 resultHash, bytes32 vectorHash))`.
pub fn reveal_hash(result_hash: B256, vector_hash: B256) -> B256 {
    keccak256((result_hash, vector_hash).abi_encode_params())
}

/// An executor's secret from which every salt follows, so that a commitment can be opened after the loss of all but keys.
pub struct SaltSecret(Zeroizing<[u8; 32]>);

impl SaltSecret {
    /// A secret of 32 uniformly random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The salt for a job: `keccak256(SALT_DOMAIN ‖ secret ‖ jobId)`. The job id binds chain and registry.
    pub fn salt(&self, job_id: B256) -> B256 {
        let mut preimage = Zeroizing::new([0; 96]);
        for (part, bytes) in preimage.chunks_exact_mut(32).zip([&SALT_DOMAIN.0, &*self.0, &job_id.0]) {
            part.copy_from_slice(bytes);
        }
        keccak256(preimage.as_slice())
    }
}

impl fmt::Debug for SaltSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaltSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_the_hashes_of_their_names() {
        assert_eq!(DOMAIN, keccak256("INFERA-COMMITMENT-v1"));
        assert_eq!(SALT_DOMAIN, keccak256("INFERA-SALT-v1"));
    }

    #[test]
    fn every_part_changes_a_commitment() {
        let base = Commitment {
            chain_id: 1,
            registry: [1; 20].into(),
            job_id: [2; 32].into(),
            executor: [3; 20].into(),
            result_hash: [4; 32].into(),
            vector_hash: [5; 32].into(),
            salt: [6; 32].into(),
        };
        for changed in [
            Commitment { chain_id: 2, ..base },
            Commitment { registry: [9; 20].into(), ..base },
            Commitment { job_id: [9; 32].into(), ..base },
            Commitment { executor: [9; 20].into(), ..base },
            Commitment { result_hash: [9; 32].into(), ..base },
            Commitment { vector_hash: [9; 32].into(), ..base },
            Commitment { salt: [9; 32].into(), ..base },
        ] {
            assert_ne!(changed.hash(), base.hash(), "{changed:?}");
        }
    }

    #[test]
    fn a_salt_follows_from_secret_and_job_and_differs_with_either() {
        let salt = |secret: u8, job: u8| SaltSecret::new([secret; 32]).salt([job; 32].into());
        assert_eq!(salt(1, 1), salt(1, 1));
        assert_ne!(salt(1, 1), salt(2, 1));
        assert_ne!(salt(1, 1), salt(1, 2));
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", SaltSecret::new([7; 32])), "SaltSecret(..)");
    }
}
