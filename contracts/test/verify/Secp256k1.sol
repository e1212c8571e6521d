// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice The curve by the book: affine coordinates, double and add. (0, 0) is infinity.
library Secp256k1 {
    uint256 internal constant P = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F;
    uint256 internal constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    struct Point {
        uint256 x;
        uint256 y;
    }

    function generator() internal pure returns (Point memory) {
        return Point(
            0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
            0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8
        );
    }

    function isInfinity(Point memory a) internal pure returns (bool) {
        return a.x == 0 && a.y == 0;
    }

    function isOnCurve(Point memory a) internal pure returns (bool) {
        return a.x < P && a.y < P && mulmod(a.y, a.y, P) == cubic(a.x);
    }

    function cubic(uint256 x) internal pure returns (uint256) {
        return addmod(mulmod(mulmod(x, x, P), x, P), 7, P);
    }

    function add(Point memory a, Point memory b) internal view returns (Point memory sum) {
        if (isInfinity(a)) return b;
        if (isInfinity(b)) return a;
        uint256 slope;
        if (a.x != b.x) {
            slope = mulmod(addmod(b.y, P - a.y, P), inverse(addmod(b.x, P - a.x, P)), P);
        } else if (a.y == b.y) {
            slope = mulmod(mulmod(3, mulmod(a.x, a.x, P), P), inverse(addmod(a.y, a.y, P)), P);
        } else {
            return Point(0, 0);
        }
        sum.x = addmod(mulmod(slope, slope, P), P - addmod(a.x, b.x, P), P);
        sum.y = addmod(mulmod(slope, addmod(a.x, P - sum.x, P), P), P - a.y, P);
    }

    function negate(Point memory a) internal pure returns (Point memory) {
        return Point(a.x, isInfinity(a) ? 0 : P - a.y);
    }

    function multiply(uint256 scalar, Point memory a) internal view returns (Point memory product) {
        for (; scalar != 0; scalar >>= 1) {
            if (scalar & 1 != 0) product = add(product, a);
            a = add(a, a);
        }
    }

    function inverse(uint256 x) internal view returns (uint256) {
        return power(x, P - 2);
    }

    /// @notice A square root of x, if there is one: P is 3 modulo 4.
    function root(uint256 x) internal view returns (bool exists, uint256 y) {
        y = power(x, (P + 1) / 4);
        exists = mulmod(y, y, P) == x;
    }

    /// @dev By the modular exponentiation precompile.
    function power(uint256 base, uint256 exponent) internal view returns (uint256) {
        (bool success, bytes memory result) = address(5).staticcall(abi.encode(32, 32, 32, base, exponent, P));
        require(success && result.length == 32, "modexp");
        return abi.decode(result, (uint256));
    }
}
