// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CallbackStatus, Phase, RefundReason} from "./JobTypes.sol";

/// @notice A job's packed state, one storage slot.
/// @dev From the least significant bit:
///
///   offset  bits  field
///        0     4  phase
///        4     4  callback status
///        8     8  committed      bitmap of seats
///       16     8  revealed       bitmap of seats
///       24     8  agreeing       bitmap of seats
///       32     4  ending         the centre's seat when resolved, the refund reason when refunded
///       36     4  advances       paid steps of `advanceJob`; a job has at most four
///       40    40  request block
///       80    40  request time   Unix seconds
///      120    40  deadline       Unix seconds, 0 when there is none
///      160    80  seat fee       wei
///      240     8  pending        bitmap of seats
///      248     7  round          draws after the first: one per declined seat and one for a re-draw
///      255     1  redrawn        the one re-draw of missing seats is spent
///
/// Setters don't mask their argument: it must fit, and the argument's type or the caller's check sees to it.
type JobWord is uint256;

using JobWords for JobWord global;

library JobWords {
    /// Largest fee of one seat, in wei (1.2 million ether): no executor's locked stake can count more.
    uint256 internal constant MAX_SEAT_FEE = type(uint80).max;
    /// Seats that are declined after so many draws stay empty, so that the field can't overflow.
    uint256 internal constant MAX_DECLINE_ROUNDS = 126;

    uint256 private constant PHASE = 0;
    uint256 private constant CALLBACK_STATUS = 4;
    uint256 private constant COMMITTED = 8;
    uint256 private constant REVEALED = 16;
    uint256 private constant AGREEING = 24;
    uint256 private constant ENDING = 32;
    uint256 private constant ADVANCES = 36;
    uint256 private constant REQUEST_BLOCK = 40;
    uint256 private constant REQUEST_TIME = 80;
    uint256 private constant DEADLINE = 120;
    uint256 private constant SEAT_FEE = 160;
    uint256 private constant PENDING = 240;
    uint256 private constant ROUND = 248;
    uint256 private constant REDRAWN = 255;

    uint256 private constant BITS_4 = 0xf;
    uint256 private constant BITS_7 = 0x7f;
    uint256 private constant BITS_8 = 0xff;
    uint256 private constant BITS_40 = type(uint40).max;
    uint256 private constant BITS_80 = type(uint80).max;

    /// @notice A job that is requested in this block.
    function requested() internal view returns (JobWord) {
        return JobWord.wrap(
            (uint256(Phase.Requested) << PHASE) | (block.number << REQUEST_BLOCK) | (block.timestamp << REQUEST_TIME)
        );
    }

    // ---------------------------------------------------------------- fields

    function phase(JobWord word) internal pure returns (Phase) {
        return Phase(_get(word, PHASE, BITS_4));
    }

    function callbackStatus(JobWord word) internal pure returns (CallbackStatus) {
        return CallbackStatus(_get(word, CALLBACK_STATUS, BITS_4));
    }

    function committed(JobWord word) internal pure returns (uint256) {
        return _get(word, COMMITTED, BITS_8);
    }

    function revealed(JobWord word) internal pure returns (uint256) {
        return _get(word, REVEALED, BITS_8);
    }

    function agreeing(JobWord word) internal pure returns (uint256) {
        return _get(word, AGREEING, BITS_8);
    }

    /// @notice Seat of the result; only when resolved.
    function centre(JobWord word) internal pure returns (uint256) {
        return _get(word, ENDING, BITS_4);
    }

    /// @notice Only when refunded.
    function refundReason(JobWord word) internal pure returns (RefundReason) {
        return RefundReason(_get(word, ENDING, BITS_4));
    }

    function advances(JobWord word) internal pure returns (uint256) {
        return _get(word, ADVANCES, BITS_4);
    }

    function requestBlock(JobWord word) internal pure returns (uint256) {
        return _get(word, REQUEST_BLOCK, BITS_40);
    }

    function requestTime(JobWord word) internal pure returns (uint256) {
        return _get(word, REQUEST_TIME, BITS_40);
    }

    function deadline(JobWord word) internal pure returns (uint256) {
        return _get(word, DEADLINE, BITS_40);
    }

    function seatFee(JobWord word) internal pure returns (uint128) {
        return uint128(_get(word, SEAT_FEE, BITS_80));
    }

    /// @notice Seats that had not opened their commitment when the job ended, and are not settled since; 0 before.
    function pending(JobWord word) internal pure returns (uint256) {
        return _get(word, PENDING, BITS_8);
    }

    function round(JobWord word) internal pure returns (uint256) {
        return _get(word, ROUND, BITS_7);
    }

    function redrawn(JobWord word) internal pure returns (bool) {
        return _get(word, REDRAWN, 1) != 0;
    }

    // ---------------------------------------------------------------- transitions

    /// @notice The committee is known: commitments are open until `deadline_`.
    function toCommitting(JobWord word, uint256 seatFee_, uint256 deadline_) internal pure returns (JobWord) {
        word = _set(word, PHASE, BITS_4, uint256(Phase.Committing));
        word = _set(word, SEAT_FEE, BITS_80, seatFee_);
        return _set(word, DEADLINE, BITS_40, deadline_);
    }

    /// @notice Commitments are closed: reveals are open until `deadline_`.
    function toRevealing(JobWord word, uint256 deadline_) internal pure returns (JobWord) {
        return _set(_set(word, PHASE, BITS_4, uint256(Phase.Revealing)), DEADLINE, BITS_40, deadline_);
    }

    /// @notice Final: the answers of the `agreeing_` seats agree with the one of the `centre_`. Commitments that are not
    /// opened are pending from now on.
    function toResolved(JobWord word, uint256 centre_, uint256 agreeing_) internal pure returns (JobWord) {
        return _set(_final(word, Phase.Resolved, centre_), AGREEING, BITS_8, agreeing_);
    }

    /// @notice Final: the requester is refunded. Commitments that could be opened and are not are pending from now on.
    function toRefunded(JobWord word, RefundReason reason) internal pure returns (JobWord) {
        return _final(word, Phase.Refunded, uint256(reason));
    }

    function withCallbackStatus(JobWord word, CallbackStatus status) internal pure returns (JobWord) {
        return _set(word, CALLBACK_STATUS, BITS_4, uint256(status));
    }

    function withCommitted(JobWord word, uint256 seat) internal pure returns (JobWord) {
        return JobWord.wrap(JobWord.unwrap(word) | (1 << (COMMITTED + seat)));
    }

    function withRevealed(JobWord word, uint256 seat) internal pure returns (JobWord) {
        return JobWord.wrap(JobWord.unwrap(word) | (1 << (REVEALED + seat)));
    }

    /// @notice The final word without a pending seat; without a deadline when it was the last.
    function withoutPending(JobWord word, uint256 seat) internal pure returns (JobWord) {
        return _withPending(word, pending(word) & ~(1 << seat));
    }

    function withNextAdvance(JobWord word) internal pure returns (JobWord) {
        return _set(word, ADVANCES, BITS_4, advances(word) + 1);
    }

    function withNextRound(JobWord word) internal pure returns (JobWord) {
        return _set(word, ROUND, BITS_7, round(word) + 1);
    }

    function withRedrawn(JobWord word) internal pure returns (JobWord) {
        return _set(word, REDRAWN, 1, 1);
    }

    // ---------------------------------------------------------------- bits

    /// @notice Seats in a bitmap.
    function count(uint256 seats) internal pure returns (uint256 number) {
        for (; seats != 0; seats &= seats - 1) {
            ++number;
        }
    }

    /// @notice The lowest seat of a bitmap that has one.
    function lowest(uint256 seats) internal pure returns (uint256) {
        return count((seats & (~seats + 1)) - 1);
    }

    function _final(JobWord word, Phase phase_, uint256 ending) private pure returns (JobWord) {
        uint256 silent = phase(word) == Phase.Revealing ? committed(word) & ~revealed(word) : 0;
        word = _set(word, PHASE, BITS_4, uint256(phase_));
        word = _set(word, ENDING, BITS_4, ending);
        return _withPending(word, silent);
    }

    function _withPending(JobWord word, uint256 seats) private pure returns (JobWord) {
        word = _set(word, PENDING, BITS_8, seats);
        return seats == 0 ? _set(word, DEADLINE, BITS_40, 0) : word;
    }

    function _get(JobWord word, uint256 offset, uint256 mask) private pure returns (uint256) {
        return (JobWord.unwrap(word) >> offset) & mask;
    }

    function _set(JobWord word, uint256 offset, uint256 mask, uint256 value) private pure returns (JobWord) {
        return JobWord.wrap((JobWord.unwrap(word) & ~(mask << offset)) | (value << offset));
    }
}
