// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Nonces} from "../accounts/Nonces.sol";
import {CallbackStatus} from "../jobs/JobTypes.sol";
import {TermsHash} from "../jobs/TermsHash.sol";
import {ISingleJobRegistry} from "./ISingleJobRegistry.sol";
import {SingleEscrow} from "./SingleEscrow.sol";
import {SingleHash} from "./SingleHash.sol";
import {Record, SinglePhase, SingleTerms} from "./SingleTypes.sol";
import {SingleWord} from "./SingleWord.sol";

/// @title What is stored of jobs and executors, and the views on it.
abstract contract SingleStore is SingleEscrow, Nonces {
    mapping(bytes32 jobId => SingleWord) internal _jobs;
    /// @inheritdoc ISingleJobRegistry
    mapping(uint32 executorId => bytes32) public vrfKeyHashOf;
    /// @inheritdoc ISingleJobRegistry
    mapping(bytes32 offeringKey => uint256) public turnsOf;

    /// @inheritdoc ISingleJobRegistry
    function termsHash(SingleTerms calldata terms) external pure returns (bytes32) {
        return SingleHash.terms(terms);
    }

    /// @inheritdoc ISingleJobRegistry
    function jobIdOf(SingleTerms calldata terms) external view returns (bytes32) {
        return SingleHash.jobId(terms);
    }

    /// @inheritdoc ISingleJobRegistry
    function recordHash(Record calldata record) external pure returns (bytes32) {
        return SingleHash.sentRecord(record);
    }

    /// @inheritdoc ISingleJobRegistry
    function stateOf(bytes32 jobId) external view returns (State memory state) {
        SingleWord word = _jobs[jobId];
        state.phase = word.phase();
        state.callbackStatus = word.callbackStatus();
        if (word.isAnswered()) {
            state.recordHash = bytes32((SingleWord.unwrap(word) >> 8) << 8);
            return state;
        }
        state.advances = uint8(word.advances());
        state.requestBlock = uint64(word.requestBlock());
        state.requestTime = uint64(word.requestTime());
        if (state.phase == SinglePhase.Refunded) state.refundReason = word.refundReason();
        if (state.phase != SinglePhase.Drawn) return state;
        state.deadline = uint64(word.deadline());
        state.executorId = word.executorId();
        state.fee = uint128(word.fee());
    }

    /// @inheritdoc ISingleJobRegistry
    function verifyResult(bytes32 jobId, Record calldata record, bytes calldata result, bytes32 vectorHash)
        external
        view
        returns (bool)
    {
        SingleWord word = _jobs[jobId];
        return word.phase() == SinglePhase.Final && word.holds(SingleHash.sentRecord(record))
            && _isResult(record, result, vectorHash);
    }

    function _load(SingleTerms calldata terms) internal view returns (bytes32 jobId, SingleWord word) {
        jobId = SingleHash.jobId(terms);
        word = _jobs[jobId];
    }

    /// @dev An answered job's word, whose record is the one that was sent.
    function _loadAnswered(bytes32 jobId, Record calldata record) internal view returns (SingleWord word) {
        word = _jobs[jobId];
        if (!word.holds(SingleHash.sentRecord(record))) revert RecordMismatch(jobId);
    }

    function _requirePhase(bytes32 jobId, SingleWord word, SinglePhase phase) internal pure {
        if (word.phase() != phase) revert WrongPhase(jobId, word.phase());
    }

    /// @param end The last second.
    function _requireNotAfter(bytes32 jobId, uint256 end) internal view {
        if (block.timestamp > end) revert TooLate(jobId, end);
    }

    function _requireAfter(bytes32 jobId, uint256 end) internal view {
        if (block.timestamp <= end) revert NotBefore(jobId, end);
    }

    function _loaded(Record calldata record) internal pure returns (Record memory) {
        return record;
    }

    function _isResult(Record calldata record, bytes calldata result, bytes32 vectorHash) internal pure returns (bool) {
        return record.answerHash == TermsHash.answer(keccak256(result), vectorHash);
    }

    /// @dev `Delivered` stands while a target is called, so it is written before.
    function _statusFor(bool callsBack) internal pure returns (CallbackStatus) {
        return callsBack ? CallbackStatus.Delivered : CallbackStatus.None;
    }
}
