// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Nonces} from "../accounts/Nonces.sol";
import {Committee, MAX_SEATS} from "./Committee.sol";
import {CommitteeDraw} from "./CommitteeDraw.sol";
import {IJobRegistry} from "./IJobRegistry.sol";
import {JobState, Phase, Terms} from "./JobTypes.sol";
import {JobWord} from "./JobWord.sol";
import {TermsHash} from "./TermsHash.sol";

/// @title What is stored of a job, and the views on it.
abstract contract JobStore is CommitteeDraw, Nonces {
    /// @dev Consecutive slots: word, committee, and one per seat.
    struct Job {
        JobWord word;
        Committee committee;
        /// A seat's commitment; after its reveal `TermsHash.answer`.
        bytes32[MAX_SEATS] seats;
    }

    mapping(bytes32 jobId => Job) internal _jobs;

    /// @inheritdoc IJobRegistry
    function termsHash(Terms calldata terms) external pure returns (bytes32) {
        return TermsHash.hash(terms);
    }

    /// @inheritdoc IJobRegistry
    function jobIdOf(Terms calldata terms) external view returns (bytes32) {
        return TermsHash.jobId(terms);
    }

    /// @inheritdoc IJobRegistry
    function jobState(bytes32 jobId) external view returns (JobState memory) {
        JobWord word = _jobs[jobId].word;
        Phase phase = word.phase();
        return JobState({
            phase: phase,
            callbackStatus: word.callbackStatus(),
            requestBlock: uint64(word.requestBlock()),
            requestTime: uint64(word.requestTime()),
            deadline: uint64(word.deadline()),
            seatFee: word.seatFee(),
            committed: uint8(word.committed()),
            revealed: uint8(word.revealed()),
            agreeing: uint8(word.agreeing()),
            pending: uint8(word.pending()),
            centre: phase == Phase.Resolved ? uint8(word.centre()) : 0,
            advances: uint8(word.advances()),
            committee: _jobs[jobId].committee.toArray()
        });
    }

    /// @inheritdoc IJobRegistry
    function committeeOf(Terms calldata terms) external view returns (uint32[] memory committee, uint128 seatFee) {
        bytes32 jobId = TermsHash.jobId(terms);
        JobWord word = _jobs[jobId].word;
        if (word.phase() != Phase.Requested) return (_jobs[jobId].committee.toArray(), word.seatFee());
        bytes32 randomness = _randomness(jobId, word);
        if (randomness == 0) return (committee, 0);
        (Draw memory draw, uint256 fee, bool complete) = _drawAll(terms, randomness, word);
        if (complete) return (draw.committee.toArray(), uint128(fee));
    }

    /// @inheritdoc IJobRegistry
    function seatHash(bytes32 jobId, uint8 seat) external view returns (bytes32) {
        return seat < MAX_SEATS ? _jobs[jobId].seats[seat] : bytes32(0);
    }

    /// @inheritdoc IJobRegistry
    function verifyResult(bytes32 jobId, bytes calldata result, bytes32 vectorHash) external view returns (bool) {
        return _isResult(jobId, keccak256(result), vectorHash);
    }

    function _isResult(bytes32 jobId, bytes32 resultHash, bytes32 vectorHash) internal view returns (bool) {
        JobWord word = _jobs[jobId].word;
        return
            word.phase() == Phase.Resolved
                && _jobs[jobId].seats[word.centre()] == TermsHash.answer(resultHash, vectorHash);
    }
}
