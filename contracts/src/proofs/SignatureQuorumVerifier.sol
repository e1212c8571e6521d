// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../governance/Governed.sol";
import {IPolicyRegistry} from "../governance/IPolicyRegistry.sol";
import {IProofVerifier, ProofStatement} from "./IProofVerifier.sol";
import {ISignatureQuorumVerifier} from "./ISignatureQuorumVerifier.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title A proof is signatures of a quorum of governed signers over the statement.
contract SignatureQuorumVerifier is ISignatureQuorumVerifier, Governed, EIP712 {
    struct Board {
        address[] signers;
        uint32 quorum;
        uint40 activeFrom;
    }

    bytes32 private constant STATEMENT_TYPEHASH = keccak256(
        "ProofStatement(bytes32 jobId,address executor,bytes32 modelId,uint32 version,bytes32 runtimeClass,"
        "bytes32 inputHash,bytes32 parametersHash,bytes32 resultHash,bytes32 vectorHash)"
    );
    uint256 private constant SIGNATURE_BYTES = 65;
    uint256 private constant MAXIMUM_SIGNERS = 32;

    /// @dev The later of the two that is active acts; the other place is free for an announcement.
    Board[2] private _boards;

    constructor(IPolicyRegistry governance_, address[] memory signers_, uint256 quorum_)
        Governed(governance_)
        EIP712("Infera", "1")
    {
        _write(_boards[0], signers_, quorum_, block.timestamp);
    }

    // ---------------------------------------------------------------- owner

    /// @inheritdoc ISignatureQuorumVerifier
    function announceSigners(address[] calldata signers_, uint256 quorum_) external onlyOwner {
        _write(_boards[1 - _acting()], signers_, quorum_, block.timestamp + governance.changeDelay());
    }

    /// @inheritdoc ISignatureQuorumVerifier
    function cancelSigners() external onlyOwner {
        Board storage board = _boards[1 - _acting()];
        if (block.timestamp >= board.activeFrom) revert NothingAnnounced();
        delete board.signers;
        delete board.quorum;
        delete board.activeFrom;
        emit SignersCancelled();
    }

    /// @inheritdoc ISignatureQuorumVerifier
    function revokeSigner(address signer) external onlyOwner {
        uint256 acting = _acting();
        bool revoked = _strike(_boards[acting].signers, signer);
        Board storage other = _boards[1 - acting];
        if (block.timestamp < other.activeFrom && _strike(other.signers, signer)) revoked = true;
        if (!revoked) revert NotSigner(signer);
        emit SignerRevoked(signer);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IProofVerifier
    function verify(ProofStatement calldata statement, bytes calldata proof) external view returns (bool) {
        Board storage board = _boards[_acting()];
        uint256 count = proof.length / SIGNATURE_BYTES;
        if (proof.length % SIGNATURE_BYTES != 0 || count < board.quorum) return false;
        address[] memory list = board.signers;
        if (count > list.length) return false;

        bytes32 digest = statementDigest(statement);
        // Both lists ascend, so one pass finds every signer, and none twice.
        uint256 position;
        for (uint256 i; i < count; ++i) {
            bytes calldata signature = proof[i * SIGNATURE_BYTES:(i + 1) * SIGNATURE_BYTES];
            (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
            if (failure != ECDSA.RecoverError.NoError) return false;
            while (position < list.length && list[position] < signer) ++position;
            if (position == list.length || list[position] != signer) return false;
            ++position;
        }
        return true;
    }

    /// @inheritdoc ISignatureQuorumVerifier
    function statementDigest(ProofStatement calldata statement) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(STATEMENT_TYPEHASH, statement)));
    }

    /// @inheritdoc ISignatureQuorumVerifier
    function signers() external view returns (address[] memory) {
        return _boards[_acting()].signers;
    }

    /// @inheritdoc ISignatureQuorumVerifier
    function quorum() external view returns (uint256) {
        return _boards[_acting()].quorum;
    }

    /// @inheritdoc ISignatureQuorumVerifier
    function announced() external view returns (address[] memory, uint256, uint256) {
        Board storage board = _boards[1 - _acting()];
        if (block.timestamp >= board.activeFrom) return (new address[](0), 0, 0);
        return (board.signers, board.quorum, board.activeFrom);
    }

    // ---------------------------------------------------------------- internals

    function _acting() private view returns (uint256) {
        uint256 later = _boards[0].activeFrom > _boards[1].activeFrom ? 0 : 1;
        return block.timestamp >= _boards[later].activeFrom ? later : 1 - later;
    }

    function _write(Board storage board, address[] memory signers_, uint256 quorum_, uint256 activeFrom) private {
        uint256 count = signers_.length;
        if (count > MAXIMUM_SIGNERS) revert TooManySigners(count, MAXIMUM_SIGNERS);
        if (quorum_ > count || 2 * quorum_ <= count) revert InvalidQuorum(quorum_, count);
        address previous;
        for (uint256 i; i < count; ++i) {
            if (signers_[i] <= previous) revert SignersNotAscending(previous, signers_[i]);
            previous = signers_[i];
        }
        board.signers = signers_;
        board.quorum = uint32(quorum_);
        board.activeFrom = uint40(activeFrom);
        emit SignersAnnounced(signers_, quorum_, activeFrom);
    }

    /// @dev Keeps the order.
    function _strike(address[] storage list, address signer) private returns (bool found) {
        uint256 length = list.length;
        for (uint256 i; i < length; ++i) {
            if (found) list[i - 1] = list[i];
            else if (list[i] == signer) found = true;
        }
        if (found) list.pop();
    }
}
