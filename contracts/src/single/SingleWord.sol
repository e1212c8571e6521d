// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CallbackStatus, RefundReason} from "../jobs/JobTypes.sol";
import {SinglePhase} from "./SingleTypes.sol";

/// @notice All that is stored of a job: one slot. From the least significant bit:
///
///   offset  bits  field
///        0     4  phase
///        4     4  callback status
///
/// and, until the job is answered and when it is refunded,
///
///        8     4  advances       paid steps of `advanceJob`; a job has at most two
///       12     4  refund reason  when refunded
///       16    40  request block
///       56    40  request time   Unix seconds
///       96    40  deadline       Unix seconds: until when the seat's holder has priority; 0 when requested
///      136    32  executor id    the seat's holder; 0 when there is none
///      168    80  fee            wei, once somebody holds the seat; before, the turn of a round-robin job
///
/// from the answer on, with the record's hash,
///
///        8   248  record         the upper 248 bits of the record's hash
///
/// @dev Setters don't mask their argument: it must fit, and the argument's type or the caller's check sees to it.
type SingleWord is uint256;

using SingleWords for SingleWord global;

library SingleWords {
    /// Largest fee in wei (1.2 million ether).
    uint256 internal constant MAX_FEE = type(uint80).max;

    uint256 private constant PHASE = 0;
    uint256 private constant CALLBACK_STATUS = 4;
    uint256 private constant ADVANCES = 8;
    uint256 private constant REASON = 12;
    uint256 private constant REQUEST_BLOCK = 16;
    uint256 private constant REQUEST_TIME = 56;
    uint256 private constant DEADLINE = 96;
    uint256 private constant EXECUTOR = 136;
    uint256 private constant FEE = 168;

    uint256 private constant BITS_4 = 0xf;
    uint256 private constant STATUS_BITS = 0xff;
    uint256 private constant BITS_32 = type(uint32).max;
    uint256 private constant BITS_40 = type(uint40).max;
    uint256 private constant BITS_80 = type(uint80).max;

    /// @notice A job that is requested in this block.
    /// @param turn_ Below 2^80; of a round-robin job.
    function requested(uint256 turn_) internal view returns (SingleWord) {
        return SingleWord.wrap(
            (uint256(SinglePhase.Requested) << PHASE) | (block.number << REQUEST_BLOCK)
                | (block.timestamp << REQUEST_TIME) | (turn_ << FEE)
        );
    }

    /// @notice An answered job.
    function answered(SinglePhase phase_, CallbackStatus status, bytes32 recordHash)
        internal
        pure
        returns (SingleWord)
    {
        return SingleWord.wrap(
            (uint256(recordHash) & ~STATUS_BITS) | (uint256(status) << CALLBACK_STATUS) | uint256(phase_)
        );
    }

    // ---------------------------------------------------------------- fields

    function phase(SingleWord word) internal pure returns (SinglePhase) {
        return SinglePhase(_get(word, PHASE, BITS_4));
    }

    function callbackStatus(SingleWord word) internal pure returns (CallbackStatus) {
        return CallbackStatus(_get(word, CALLBACK_STATUS, BITS_4));
    }

    function advances(SingleWord word) internal pure returns (uint256) {
        return _get(word, ADVANCES, BITS_4);
    }

    function refundReason(SingleWord word) internal pure returns (RefundReason) {
        return RefundReason(_get(word, REASON, BITS_4));
    }

    function requestBlock(SingleWord word) internal pure returns (uint256) {
        return _get(word, REQUEST_BLOCK, BITS_40);
    }

    function requestTime(SingleWord word) internal pure returns (uint256) {
        return _get(word, REQUEST_TIME, BITS_40);
    }

    function deadline(SingleWord word) internal pure returns (uint256) {
        return _get(word, DEADLINE, BITS_40);
    }

    function executorId(SingleWord word) internal pure returns (uint32) {
        return uint32(_get(word, EXECUTOR, BITS_32));
    }

    function fee(SingleWord word) internal pure returns (uint256) {
        return _get(word, FEE, BITS_80);
    }

    /// @notice Of a requested round-robin job.
    function turn(SingleWord word) internal pure returns (uint256) {
        return _get(word, FEE, BITS_80);
    }

    /// @notice Whether the job is answered with a record of this hash. A job that isn't has no hash in its place, but
    /// numbers that no hash can be made to equal.
    function holds(SingleWord word, bytes32 recordHash) internal pure returns (bool) {
        return (SingleWord.unwrap(word) ^ uint256(recordHash)) & ~STATUS_BITS == 0;
    }

    /// @notice Whether the job is answered.
    function isAnswered(SingleWord word) internal pure returns (bool) {
        SinglePhase phase_ = phase(word);
        return phase_ >= SinglePhase.Provisional && phase_ <= SinglePhase.Overturned;
    }

    // ---------------------------------------------------------------- transitions

    /// @notice An executor holds the seat, with priority until `deadline_`; nobody does when its id is 0.
    function toDrawn(SingleWord word, uint32 executorId_, uint256 fee_, uint256 deadline_)
        internal
        pure
        returns (SingleWord)
    {
        word = _set(word, PHASE, BITS_4, uint256(SinglePhase.Drawn));
        word = _set(word, EXECUTOR, BITS_32, executorId_);
        word = _set(word, FEE, BITS_80, fee_);
        return _set(word, DEADLINE, BITS_40, deadline_);
    }

    function toRefunded(SingleWord word, RefundReason reason) internal pure returns (SingleWord) {
        return _set(_set(word, PHASE, BITS_4, uint256(SinglePhase.Refunded)), REASON, BITS_4, uint256(reason));
    }

    function withPhase(SingleWord word, SinglePhase phase_) internal pure returns (SingleWord) {
        return _set(word, PHASE, BITS_4, uint256(phase_));
    }

    function withCallbackStatus(SingleWord word, CallbackStatus status) internal pure returns (SingleWord) {
        return _set(word, CALLBACK_STATUS, BITS_4, uint256(status));
    }

    function withNextAdvance(SingleWord word) internal pure returns (SingleWord) {
        return _set(word, ADVANCES, BITS_4, advances(word) + 1);
    }

    function _get(SingleWord word, uint256 offset, uint256 mask) private pure returns (uint256) {
        return (SingleWord.unwrap(word) >> offset) & mask;
    }

    function _set(SingleWord word, uint256 offset, uint256 mask, uint256 value) private pure returns (SingleWord) {
        return SingleWord.wrap((SingleWord.unwrap(word) & ~(mask << offset)) | (value << offset));
    }
}
