// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice What a proof proves: that this executor's answer to this job is the model's output on this input.
/// @dev The job id binds chain, registry, requester and terms.
struct ProofStatement {
    bytes32 jobId;
    /// The executor's owner: another executor can't present the proof as its own.
    address executor;
    bytes32 modelId;
    uint32 version;
    bytes32 runtimeClass;
    bytes32 inputHash;
    bytes32 parametersHash;
    bytes32 resultHash;
    bytes32 vectorHash;
}

/// @title Checks proofs of inference for the `PROVEN` tier.
/// @notice Adapters: a quorum of signatures now; zero-knowledge proofs and attestations of trusted hardware later.
interface IProofVerifier {
    /// @notice Whether `proof` proves the statement now. False, and not a revert, for a malformed proof.
    function verify(ProofStatement calldata statement, bytes calldata proof) external view returns (bool);
}
