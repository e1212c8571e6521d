// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVifVerifier} from "../../src/verify/IVifVerifier.sol";
import {Secp256k1} from "./Secp256k1.sol";

/// @notice ECVRF-SECP256K1-SHA256-TAI as RFC 9381 writes it, without `ecrecover` and without hints.
contract EcvrfReference {
    using Secp256k1 for Secp256k1.Point;

    bytes1 private constant SUITE = 0xFE;

    /// @notice RFC 9381, 5.3. Looks at Gamma, c and s only.
    function verify(Secp256k1.Point calldata publicKey, bytes calldata alpha, IVifVerifier.Proof calldata proof)
        external
        view
        returns (bool valid, bytes32 beta)
    {
        Secp256k1.Point memory gamma = Secp256k1.Point(proof.gammaX, proof.gammaY);
        if (!publicKey.isOnCurve() || !gamma.isOnCurve()) return (false, 0);
        if (proof.c > type(uint128).max || proof.s >= Secp256k1.N) return (false, 0);

        (Secp256k1.Point memory h,) = hashToCurve(publicKey, alpha);
        Secp256k1.Point memory u =
            Secp256k1.multiply(proof.s, Secp256k1.generator()).add(Secp256k1.multiply(proof.c, publicKey).negate());
        Secp256k1.Point memory v = Secp256k1.multiply(proof.s, h).add(Secp256k1.multiply(proof.c, gamma).negate());
        if (u.isInfinity() || v.isInfinity()) return (false, 0);
        if (challenge(publicKey, h, gamma, u, v) != proof.c) return (false, 0);
        return (true, sha256(abi.encodePacked(SUITE, hex"03", compress(gamma), hex"00")));
    }

    /// @notice RFC 9381, 5.1, with a given nonce, and the hints.
    function prove(uint256 secret, uint256 nonce, bytes calldata alpha)
        external
        view
        returns (Secp256k1.Point memory publicKey, IVifVerifier.Proof memory proof)
    {
        publicKey = Secp256k1.multiply(secret, Secp256k1.generator());
        (Secp256k1.Point memory h, uint256[] memory skipped) = hashToCurve(publicKey, alpha);
        proof = prove(secret, nonce, publicKey, h);
        proof.skipped = skipped;
    }

    /// @notice The proof for a given point in place of the one that alpha hashes to.
    function prove(uint256 secret, uint256 nonce, Secp256k1.Point memory publicKey, Secp256k1.Point memory h)
        public
        view
        returns (IVifVerifier.Proof memory proof)
    {
        Secp256k1.Point memory gamma = Secp256k1.multiply(secret, h);
        Secp256k1.Point memory u = Secp256k1.multiply(nonce, Secp256k1.generator());
        Secp256k1.Point memory v = Secp256k1.multiply(nonce, h);
        (proof.gammaX, proof.gammaY) = (gamma.x, gamma.y);
        proof.hashY = h.y;
        proof.c = challenge(publicKey, h, gamma, u, v);
        proof.s = addmod(nonce, mulmod(proof.c, secret, Secp256k1.N), Secp256k1.N);

        Secp256k1.Point memory sHash = Secp256k1.multiply(proof.s, h);
        Secp256k1.Point memory cGamma = Secp256k1.multiply(proof.c, gamma);
        (proof.uX, proof.uY) = (u.x, u.y);
        (proof.sHashX, proof.sHashY) = (sHash.x, sHash.y);
        (proof.cGammaX, proof.cGammaY) = (cGamma.x, cGamma.y);
        proof.inverse = Secp256k1.inverse(addmod(cGamma.x, Secp256k1.P - sHash.x, Secp256k1.P));
    }

    /// @notice RFC 9381, 5.4.1.1, and for each skipped counter a root of -(x^3 + 7), or 0 where the hash is no field element.
    function hashToCurve(Secp256k1.Point memory publicKey, bytes memory alpha)
        public
        view
        returns (Secp256k1.Point memory h, uint256[] memory skipped)
    {
        uint256[] memory witnesses = new uint256[](256);
        for (uint256 counter = 0; counter < 256; ++counter) {
            uint256 x =
                uint256(sha256(abi.encodePacked(SUITE, hex"01", compress(publicKey), alpha, uint8(counter), hex"00")));
            if (x < Secp256k1.P) {
                (bool exists, uint256 y) = Secp256k1.root(Secp256k1.cubic(x));
                if (exists) {
                    skipped = new uint256[](counter);
                    for (uint256 i = 0; i < counter; ++i) {
                        skipped[i] = witnesses[i];
                    }
                    return (Secp256k1.Point(x, y & 1 == 0 ? y : Secp256k1.P - y), skipped);
                }
                (, witnesses[counter]) = Secp256k1.root(Secp256k1.P - Secp256k1.cubic(x));
            }
        }
        revert("no counter gives a point");
    }

    /// @notice RFC 9381, 5.4.3.
    function challenge(
        Secp256k1.Point memory y,
        Secp256k1.Point memory h,
        Secp256k1.Point memory gamma,
        Secp256k1.Point memory u,
        Secp256k1.Point memory v
    ) public pure returns (uint256) {
        bytes memory points = bytes.concat(compress(y), compress(h), compress(gamma), compress(u), compress(v));
        return uint256(sha256(abi.encodePacked(SUITE, hex"02", points, hex"00"))) >> 128;
    }

    function compress(Secp256k1.Point memory a) public pure returns (bytes memory) {
        return abi.encodePacked(a.y % 2 == 0 ? hex"02" : hex"03", a.x);
    }
}
