// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Dot products of vectors of big-endian int16 elements, four elements a multiplication.
/// @notice `CosineInt16Reference` says the same in plain Solidity; a fuzz test holds the two equal.
///
/// @dev A word holds 16 elements. Flipping the sign bits of all of them turns each x into u = x + 2^15, in [0, 2^16).
/// The word is then four 64-bit lanes of four elements each, and (word >> 16k) & EVERY_FOURTH leaves the k-th element of
/// every lane alone in it:
///
///     U_k = u_0 + u_1 2^64 + u_2 2^128 + u_3 2^192
///
/// With the lanes of the other operand in reverse order, R_k = v_3 + v_2 2^64 + v_1 2^128 + v_0 2^192, the lane 3 of
/// U_k * R_k mod 2^256 is u_0 v_0 + u_1 v_1 + u_2 v_2 + u_3 v_3: four products of the dot product. Each lane of a
/// product is below 4 * 2^32, so 2^30 products can be added up before a lane would run into the next one: far more than
/// calldata has room for. One shift at the end takes the lane out.
///
/// From the sums of u v, with n elements (the padding counts: its x is 0):
///
///     sum(x y) = sum((u - 2^15)(v - 2^15)) = sum(u v) - 2^15 (sum(u) + sum(v)) + 2^30 n
library CosineInt16 {
    /// @notice A vector made ready for products.
    struct Vector {
        /// Memory position of the words with flipped signs; the same words with reversed lanes follow them.
        uint256 position;
        /// Bytes of the words, a multiple of 64.
        uint256 size;
        /// Sum of all u.
        uint256 sum;
        /// a.a
        uint256 squaredNorm;
    }

    uint256 private constant SIGNS = 0x8000800080008000800080008000800080008000800080008000800080008000;
    uint256 private constant EVERY_SECOND = 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
    uint256 private constant EVERY_FOURTH = 0x000000000000ffff000000000000ffff000000000000ffff000000000000ffff;
    uint256 private constant ONES_32 = 0x0000000100000001000000010000000100000001000000010000000100000001;
    uint256 private constant LOW_LANES_64 = 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff;

    /// @notice Reads a vector of an even number of bytes.
    function read(bytes calldata elements) internal pure returns (Vector memory vector) {
        uint256 position;
        uint256 size;
        uint256 sum;
        uint256 product;
        assembly ("memory-safe") {
            position := mload(0x40)
            size := and(add(elements.length, 63), not(63))
            let end := add(position, size)
            mstore(0x40, add(end, size))

            // What fills up the last two words is 0.
            if size {
                mstore(sub(end, 64), 0)
                mstore(sub(end, 32), 0)
            }
            calldatacopy(position, elements.offset, elements.length)

            let mask := or(EVERY_FOURTH, shr(255, calldatasize())) // see `dot`
            for { let cursor := position } lt(cursor, end) { cursor := add(cursor, 32) } {
                let u := xor(mload(cursor), SIGNS)
                mstore(cursor, u)

                // Lanes 3 2 1 0 become 1 0 3 2, then 0 1 2 3.
                let v := or(shr(128, u), shl(128, u))
                v := or(and(shr(64, v), LOW_LANES_64), shl(64, and(v, LOW_LANES_64)))
                mstore(add(cursor, size), v)

                // Pairs of elements add up in 32-bit lanes; the multiplication adds all eight lanes up in the highest.
                let pairs := add(and(u, EVERY_SECOND), and(shr(16, u), EVERY_SECOND))
                sum := add(sum, shr(224, mul(pairs, ONES_32)))

                product := add(product, mul(and(u, mask), and(v, mask)))
                product := add(product, mul(and(shr(16, u), mask), and(shr(16, v), mask)))
                product := add(product, mul(and(shr(32, u), mask), and(shr(32, v), mask)))
                product := add(product, mul(and(shr(48, u), mask), and(shr(48, v), mask)))
            }
        }
        (vector.position, vector.size, vector.sum) = (position, size, sum);
        // A sum of squares is not negative.
        vector.squaredNorm = uint256(_withoutOffset(product, 2 * sum, size));
    }

    /// @notice a.b of two vectors of equal length.
    function dot(Vector memory a, Vector memory b) internal pure returns (int256) {
        uint256 size = a.size;
        uint256 position = a.position;
        uint256 distance;
        uint256 product;
        unchecked {
            // Modulo 2^256: the reversed words of b may lie below a's.
            distance = b.position + size - position;
        }
        assembly ("memory-safe") {
            // The shift gives 0, which the optimizer can't know. If it knew the mask, it would trade every use of it for a
            // `codecopy` that is smaller and costs ten times as much.
            let mask := or(EVERY_FOURTH, shr(255, calldatasize()))
            for { let end := add(position, size) } lt(position, end) { position := add(position, 64) } {
                let u := mload(position)
                let v := mload(add(position, distance))
                product := add(product, mul(and(u, mask), and(v, mask)))
                product := add(product, mul(and(shr(16, u), mask), and(shr(16, v), mask)))
                product := add(product, mul(and(shr(32, u), mask), and(shr(32, v), mask)))
                product := add(product, mul(and(shr(48, u), mask), and(shr(48, v), mask)))

                // The next word, which saves the loop's own cost half of the time.
                u := mload(add(position, 32))
                v := mload(add(position, add(distance, 32)))
                product := add(product, mul(and(u, mask), and(v, mask)))
                product := add(product, mul(and(shr(16, u), mask), and(shr(16, v), mask)))
                product := add(product, mul(and(shr(32, u), mask), and(shr(32, v), mask)))
                product := add(product, mul(and(shr(48, u), mask), and(shr(48, v), mask)))
            }
        }
        return _withoutOffset(product, a.sum + b.sum, size);
    }

    /// @dev sum(x y) from the sum of the products U_k * R_k, sum(u) + sum(v), and the size of each vector in bytes.
    function _withoutOffset(uint256 product, uint256 sums, uint256 size) private pure returns (int256) {
        unchecked {
            // No term reaches 2^64, by the bound on the lanes.
            return int256(product >> 192) - int256(sums << 15) + int256((size / 2) << 30);
        }
    }
}
