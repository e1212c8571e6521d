//! What keys sign: EIP-712 typed data.

use std::borrow::Cow;

use alloy::{
    primitives::{Address, B256, U256},
    sol,
    sol_types::{Eip712Domain, SolStruct},
};

sol! {
    /// Proof that an executor's owner holds the VRF key it registers; signed by that key. The domain's contract is the
    /// executor registry.
    #[derive(Debug, PartialEq, Eq)]
    struct VrfPossession {
        /// The executor's owner.
        address owner;
    }

    /// Proof that an executor's owner holds the signer it registers; signed by that key. The domain's contract is the
    /// executor registry.
    #[derive(Debug, PartialEq, Eq)]
    struct SignerPossession {
        /// The executor's owner.
        address owner;
    }

    /// What an executor signs with an answer. The domain's contract is the job registry.
    #[derive(Debug, PartialEq, Eq)]
    struct Receipt {
        /// The job that was answered.
        bytes32 jobId;
        /// See `ids::model_id`.
        bytes32 modelId;
        /// The model's version number.
        uint32 version;
        /// See `ids::runtime_class`.
        bytes32 runtimeClass;
        /// keccak256 of the input bytes.
        bytes32 inputHash;
        /// keccak256 of the parameter bytes.
        bytes32 parametersHash;
        /// keccak256 of the result bytes.
        bytes32 resultHash;
        /// keccak256 of the vector's bytes.
        bytes32 vectorHash;
        /// Root over intermediate states; zero when the task keeps none.
        bytes32 traceRoot;
        /// VRF output that seeded the sampling; zero without one.
        bytes32 beta;
        /// Units read.
        uint32 unitsIn;
        /// Units written.
        uint32 unitsOut;
        /// Whether nothing follows: two final receipts of one job with different results are equivocation.
        bool isFinal;
    }
}

/// EIP-712 type of [`VrfPossession`].
pub const VRF_POSSESSION_TYPE: &str = "VrfPossession(address owner)";

/// EIP-712 type of [`SignerPossession`].
pub const SIGNER_POSSESSION_TYPE: &str = "SignerPossession(address owner)";

/// EIP-712 type of [`Receipt`].
pub const RECEIPT_TYPE: &str = "Receipt(bytes32 jobId,bytes32 modelId,uint32 version,bytes32 runtimeClass,\
    bytes32 inputHash,bytes32 parametersHash,bytes32 resultHash,bytes32 vectorHash,bytes32 traceRoot,bytes32 beta,\
    uint32 unitsIn,uint32 unitsOut,bool isFinal)";

/// The domain of everything signed for `verifying_contract`: name "Infera", version "1".
pub fn domain(chain_id: u64, verifying_contract: Address) -> Eip712Domain {
    Eip712Domain {
        name: Some(Cow::Borrowed("Infera")),
        version: Some(Cow::Borrowed("1")),
        chain_id: Some(U256::from(chain_id)),
        verifying_contract: Some(verifying_contract),
        salt: None,
    }
}

/// What a VRF key signs to be registered by `owner`: `IExecutorRegistry.vrfPossessionDigest`.
pub fn vrf_possession_digest(chain_id: u64, executor_registry: Address, owner: Address) -> B256 {
    VrfPossession { owner }.eip712_signing_hash(&domain(chain_id, executor_registry))
}

/// What a signer signs to be registered by `owner`: `IExecutorRegistry.signerPossessionDigest`.
pub fn signer_possession_digest(chain_id: u64, executor_registry: Address, owner: Address) -> B256 {
    SignerPossession { owner }.eip712_signing_hash(&domain(chain_id, executor_registry))
}

/// What an executor's signer signs with an answer.
pub fn receipt_digest(chain_id: u64, job_registry: Address, receipt: &Receipt) -> B256 {
    receipt.eip712_signing_hash(&domain(chain_id, job_registry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_are_as_published() {
        assert_eq!(VrfPossession::eip712_encode_type(), VRF_POSSESSION_TYPE);
        assert_eq!(SignerPossession::eip712_encode_type(), SIGNER_POSSESSION_TYPE);
        assert_eq!(Receipt::eip712_encode_type(), RECEIPT_TYPE);
    }
}
