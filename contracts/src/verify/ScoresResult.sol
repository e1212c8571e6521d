// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title The canonical result of a scoring task: abi.encode(uint16 winner, int32[] scores).
/// @dev Canonical means that encoding the decoded value gives the same bytes, there is at least one score, and the
/// winner is the lowest index of the highest score. Nothing here reverts, whatever the bytes.
library ScoresResult {
    // Words of the encoding: winner, offset of the array, count, then the scores.
    uint256 private constant HEAD = 3;
    uint256 private constant ARRAY_OFFSET = 0x40;

    /// @notice Whether the bytes are a canonical result.
    function isCanonical(bytes calldata result) internal pure returns (bool) {
        if (result.length <= 32 * HEAD || result.length % 32 != 0) return false;
        uint256 count = countOf(result);
        uint256 winner = winnerOf(result);
        if (_word(result, 1) != ARRAY_OFFSET || _word(result, 2) != count) return false;
        if (winner >= count || winner > type(uint16).max) return false;

        int256 best = scoreOf(result, winner);
        for (uint256 i = 0; i < count; ++i) {
            int256 score = scoreOf(result, i);
            if (score != int32(score)) return false;
            // A score before the winner's that equals it would be the winner.
            if (score > best || (score == best && i < winner)) return false;
        }
        return true;
    }

    /// @notice Whether two canonical results agree: same number of scores, each within the tolerance, and in the scores of
    /// either the other's winner is within the tolerance of its own.
    /// @dev The last condition always holds for the same winner. For another winner it needs two answers whose best scores are
    /// within the tolerance: both decisions are ambiguous, which excuses them. One side's doubt is not enough: a cheat halfway
    /// between two clear answers with the same winner would be the centre of both, and its own winner the result.
    function agree(bytes calldata a, bytes calldata b, uint256 tolerance) internal pure returns (bool) {
        if (a.length != b.length) return false;
        uint256 count = countOf(a);
        for (uint256 i = 0; i < count; ++i) {
            if (!_within(scoreOf(a, i), scoreOf(b, i), tolerance)) return false;
        }
        (uint256 winnerA, uint256 winnerB) = (winnerOf(a), winnerOf(b));
        return _within(scoreOf(a, winnerA), scoreOf(a, winnerB), tolerance)
            && _within(scoreOf(b, winnerB), scoreOf(b, winnerA), tolerance);
    }

    function winnerOf(bytes calldata result) internal pure returns (uint256) {
        return _word(result, 0);
    }

    function countOf(bytes calldata result) internal pure returns (uint256) {
        unchecked {
            // No canonical result is shorter than its head.
            return result.length / 32 - HEAD;
        }
    }

    function scoreOf(bytes calldata result, uint256 index) internal pure returns (int256) {
        unchecked {
            // The index is below the count.
            return int256(_word(result, HEAD + index));
        }
    }

    function _within(int256 x, int256 y, uint256 tolerance) private pure returns (bool) {
        unchecked {
            // Both are int32.
            return (x > y ? uint256(x - y) : uint256(y - x)) <= tolerance;
        }
    }

    // bytes32(result[32 * index:]) checks bounds that the length has shown already: 8,000 gas in a cluster of three answers
    // with four scores each.
    function _word(bytes calldata result, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(result.offset, shl(5, index)))
        }
    }
}
