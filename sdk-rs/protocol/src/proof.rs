//! Proofs of inference by a quorum of signers: what each of them signs.

use alloy::{
    primitives::{Address, B256},
    sol,
    sol_types::SolStruct,
};

use crate::eip712::domain;

sol! {
    /// That an executor's answer to a job is the model's output. The domain's contract is the verifier.
    #[derive(Debug, PartialEq, Eq)]
    struct ProofStatement {
        /// The job; it binds chain, registry, requester and terms.
        bytes32 jobId;
        /// The executor's owner.
        address executor;
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
    }
}

/// EIP-712 type of [`ProofStatement`].
pub const PROOF_STATEMENT_TYPE: &str = "ProofStatement(bytes32 jobId,address executor,bytes32 modelId,uint32 version,\
    bytes32 runtimeClass,bytes32 inputHash,bytes32 parametersHash,bytes32 resultHash,bytes32 vectorHash)";

/// What a signer signs: `ISignatureQuorumVerifier.statementDigest`.
pub fn statement_digest(chain_id: u64, verifier: Address, statement: &ProofStatement) -> B256 {
    statement.eip712_signing_hash(&domain(chain_id, verifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_as_published() {
        assert_eq!(ProofStatement::eip712_encode_type(), PROOF_STATEMENT_TYPE);
    }
}
