// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier, ProofStatement} from "./IProofVerifier.sol";

/// @title A proof is signatures of a quorum of governed signers over the statement.
/// @notice What it proves is that the quorum says so: it rests on the signers alone.
///
/// A proof is signatures of 65 bytes (r, s, v) one after the other, in ascending order of their signers' addresses, over the
/// EIP-712 digest of ProofStatement(bytes32 jobId,address executor,bytes32 modelId,uint32 version,bytes32 runtimeClass,
/// bytes32 inputHash,bytes32 parametersHash,bytes32 resultHash,bytes32 vectorHash); domain "Infera", version "1", this chain
/// and contract.
interface ISignatureQuorumVerifier is IProofVerifier {
    /// @notice New signers act from `activeFrom`, in place of the present ones.
    event SignersAnnounced(address[] signers, uint256 quorum, uint256 activeFrom);
    event SignersCancelled();
    event SignerRevoked(address indexed signer);

    /// @notice Not in ascending order, or the zero address, or one twice.
    error SignersNotAscending(address previous, address next);
    error InvalidQuorum(uint256 quorum, uint256 signers);
    error TooManySigners(uint256 signers, uint256 maximum);
    error NothingAnnounced();
    error NotSigner(address signer);

    /// @notice Announces the signers that replace the present ones after the registry's `changeDelay`, without another call.
    /// Replaces what was announced and isn't active yet. Requires the owner, 1 to 32 signers in ascending order, and a quorum
    /// of more than half of them.
    function announceSigners(address[] calldata signers, uint256 quorum) external;

    /// @notice Takes an announcement back before it is active. Requires the owner.
    function cancelSigners() external;

    /// @notice Strikes a signer off the present list and off an announced one, at once; the quorums stay. When fewer than the
    /// quorum are left, no proof passes until new signers act. Requires the owner and a signer of either list.
    function revokeSigner(address signer) external;

    /// @notice Those who sign now, in ascending order.
    function signers() external view returns (address[] memory);
    /// @notice How many of them must sign.
    function quorum() external view returns (uint256);
    /// @notice What is announced and not active yet; empty without an announcement.
    function announced() external view returns (address[] memory signers, uint256 quorum, uint256 activeFrom);
    /// @notice What is signed.
    function statementDigest(ProofStatement calldata statement) external view returns (bytes32);
}
