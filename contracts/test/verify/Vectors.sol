// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Vectors of big-endian int16 elements for tests.
library Vectors {
    function random(uint256 seed, uint256 dimension) internal pure returns (bytes memory vector) {
        vector = new bytes(2 * dimension);
        for (uint256 i = 0; i < dimension; ++i) {
            set(vector, i, int16(uint16(uint256(keccak256(abi.encode(seed, i))))));
        }
    }

    /// @notice A vector and the same one with every element moved by at most `noise`.
    function pair(uint256 seed, uint256 dimension, uint16 noise)
        internal
        pure
        returns (bytes memory a, bytes memory b)
    {
        a = new bytes(2 * dimension);
        b = new bytes(2 * dimension);
        uint256 range = 2 * uint256(noise) + 1;
        for (uint256 i = 0; i < dimension; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            int256 element = int16(uint16(word));
            int256 moved = element + int256((word >> 16) % range) - int256(uint256(noise));
            if (moved > type(int16).max) moved = type(int16).max;
            if (moved < type(int16).min) moved = type(int16).min;
            set(a, i, int16(element));
            set(b, i, int16(moved));
        }
    }

    function constant_(int16 element, uint256 dimension) internal pure returns (bytes memory vector) {
        vector = new bytes(2 * dimension);
        for (uint256 i = 0; i < dimension; ++i) {
            set(vector, i, element);
        }
    }

    function set(bytes memory vector, uint256 index, int16 element) internal pure {
        vector[2 * index] = bytes1(uint8(uint16(element) >> 8));
        vector[2 * index + 1] = bytes1(uint8(uint16(element)));
    }
}
