// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice The executors of a job by seat, and what later steps need of its terms; one storage slot.
/// @dev From the least significant bit: seven executor ids of 32 bits each (0: the seat is empty), the number of seats
/// in 3 bits, the quorum in 3 bits, the reveal window in 26 bits.
type Committee is uint256;

using Committees for Committee global;

// Seats of the largest committee.
uint256 constant MAX_SEATS = 7;

library Committees {
    /// What `seatOf` returns for an executor without a seat.
    uint256 internal constant NO_SEAT = type(uint256).max;

    uint256 private constant ID_BITS = 32;
    uint256 private constant SIZE_OFFSET = MAX_SEATS * ID_BITS;
    uint256 private constant COUNT_BITS = 3;
    uint256 private constant QUORUM_OFFSET = SIZE_OFFSET + COUNT_BITS;
    uint256 private constant WINDOW_OFFSET = QUORUM_OFFSET + COUNT_BITS;
    uint256 private constant COUNT_MASK = (1 << COUNT_BITS) - 1;

    /// Longest reveal window, in seconds (776 days).
    uint256 internal constant MAX_REVEAL_WINDOW = (1 << (256 - WINDOW_OFFSET)) - 1;

    /// @notice A committee of empty seats.
    /// @param seats At most `MAX_SEATS`.
    /// @param quorum_ At most `seats`.
    /// @param window At most `MAX_REVEAL_WINDOW`.
    function empty(uint256 seats, uint256 quorum_, uint256 window) internal pure returns (Committee) {
        return Committee.wrap((seats << SIZE_OFFSET) | (quorum_ << QUORUM_OFFSET) | (window << WINDOW_OFFSET));
    }

    /// @notice Number of seats, empty ones included; 0 before the draw.
    function size(Committee committee) internal pure returns (uint256) {
        return (Committee.unwrap(committee) >> SIZE_OFFSET) & COUNT_MASK;
    }

    /// @notice Answers that must agree.
    function quorum(Committee committee) internal pure returns (uint256) {
        return (Committee.unwrap(committee) >> QUORUM_OFFSET) & COUNT_MASK;
    }

    /// @notice Seconds from the opening of the reveal phase until it closes.
    function revealWindow(Committee committee) internal pure returns (uint256) {
        return Committee.unwrap(committee) >> WINDOW_OFFSET;
    }

    /// @notice The executor in a seat, 0 when it is empty.
    function member(Committee committee, uint256 seat) internal pure returns (uint32) {
        return uint32(Committee.unwrap(committee) >> (seat * ID_BITS));
    }

    function withSeat(Committee committee, uint256 seat, uint32 executorId) internal pure returns (Committee) {
        uint256 offset = seat * ID_BITS;
        uint256 cleared = Committee.unwrap(committee) & ~(uint256(type(uint32).max) << offset);
        return Committee.wrap(cleared | (uint256(executorId) << offset));
    }

    /// @notice The committee with the seats of a bitmap empty.
    function without(Committee committee, uint256 seats) internal pure returns (Committee) {
        for (uint256 seat; seat < MAX_SEATS; ++seat) {
            if (seats & (1 << seat) != 0) committee = withSeat(committee, seat, 0);
        }
        return committee;
    }

    /// @notice The executor's seat, or `NO_SEAT`. Id 0 has none: it marks empty seats.
    function seatOf(Committee committee, uint32 executorId) internal pure returns (uint256) {
        uint256 seats = executorId == 0 ? 0 : size(committee);
        for (uint256 seat; seat < seats; ++seat) {
            if (member(committee, seat) == executorId) return seat;
        }
        return NO_SEAT;
    }

    /// @notice Bitmap of the seats that hold an executor.
    function occupied(Committee committee) internal pure returns (uint256 seats) {
        uint256 number = size(committee);
        for (uint256 seat; seat < number; ++seat) {
            if (member(committee, seat) != 0) seats |= 1 << seat;
        }
    }

    /// @notice Ids of the executors that sit, without the empty seats.
    function members(Committee committee) internal pure returns (uint32[] memory executorIds) {
        executorIds = toArray(committee);
        uint256 taken;
        for (uint256 seat; seat < executorIds.length; ++seat) {
            if (executorIds[seat] != 0) executorIds[taken++] = executorIds[seat];
        }
        assembly ("memory-safe") {
            mstore(executorIds, taken)
        }
    }

    /// @notice Executor ids by seat.
    function toArray(Committee committee) internal pure returns (uint32[] memory executorIds) {
        executorIds = new uint32[](size(committee));
        for (uint256 seat; seat < executorIds.length; ++seat) {
            executorIds[seat] = member(committee, seat);
        }
    }
}
