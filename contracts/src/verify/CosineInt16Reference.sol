// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title What `CosineInt16` computes, element by element.
library CosineInt16Reference {
    /// @notice a.b of two vectors of big-endian int16 elements of equal length.
    function dot(bytes calldata a, bytes calldata b) internal pure returns (int256 sum) {
        for (uint256 i = 0; i < a.length; i += 2) {
            sum += element(a, i) * element(b, i);
        }
    }

    function element(bytes calldata vector, uint256 position) private pure returns (int256) {
        return int16(uint16(bytes2(vector[position:position + 2])));
    }
}
