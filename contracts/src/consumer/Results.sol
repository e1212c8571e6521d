// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title The canonical results of the tasks, decoded.
library Results {
    /// @notice Zero-shot classification: abi.encode(uint16 winner, int32[] scores). Reverts for anything else.
    /// @return winner Index of the best label.
    /// @return scores Cosine of the input with each label, in parts per million.
    function zeroShot(bytes memory result) internal pure returns (uint16 winner, int32[] memory scores) {
        return abi.decode(result, (uint16, int32[]));
    }
}
