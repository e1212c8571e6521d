// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVifVerifier} from "./IVifVerifier.sol";

/// @title ECVRF-SECP256K1-SHA256-TAI, the final construction of RFC 9381, verified with hints.
/// @notice Suite 0xFE; the salt of the try-and-increment is the compressed public key; the public key is in the challenge;
/// hashes end with 0x00; the cofactor is 1.
///
/// @dev RFC 9381, 5.3: a proof (Gamma, c, s) of alpha under Y is valid if, with H the curve point that alpha hashes to,
/// U = sB - cY and V = sH - cGamma, the challenge hash of (Y, H, Gamma, U, V) is c.
///
/// Multiplication on the curve is borrowed from `ecrecover`: for a message m, a parity, and scalars r and s it returns the
/// address of (s R - m B) / r, where R is the point with x = r and that parity. So
///
///     m = 0,        R, s = k r    gives the address of k R,
///     m = -s Y_x,   R = Y, s = -c Y_x    gives the address of s B - c Y (all modulo the group order).
///
/// An address is a hash of both coordinates: a hint with that address is that point, unless somebody finds a preimage of
/// 160 bits. So hints need no other check than this one.
///
/// `ecrecover` takes no r or s of 0 and none from the group order upwards. Therefore points whose x is not below the
/// order (one in 2^128) and proofs with c = 0 or s = 0 are refused although RFC 9381 has them; nobody can find one.
library Ecvrf {
    uint256 internal constant FIELD = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F;
    uint256 internal constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    uint8 private constant SUITE = 0xFE;
    uint8 private constant ENCODE_TO_CURVE = 0x01;
    uint8 private constant CHALLENGE = 0x02;
    uint8 private constant PROOF_TO_HASH = 0x03;
    uint8 private constant END = 0x00;

    /// @notice Verifies a proof under the public key (x, y). Never reverts.
    /// @return valid Whether the proof holds. @return beta The VRF's output, 0 when it does not.
    function verify(uint256 x, uint256 y, bytes memory alpha, IVifVerifier.Proof calldata proof)
        internal
        pure
        returns (bool valid, bytes32 beta)
    {
        if (!isUsablePoint(x, y) || !isUsablePoint(proof.gammaX, proof.gammaY)) return (false, 0);
        if (proof.c == 0 || proof.c > type(uint128).max || proof.s == 0 || proof.s >= ORDER) return (false, 0);

        (bool found, uint256 hashX) = hashToCurve(compress(x, y), alpha, proof.hashY, proof.skipped);
        if (!found || !hintsHold(x, y, hashX, proof)) return (false, 0);

        (bool distinct, bytes memory v) = differenceOfHints(proof);
        if (!distinct) return (false, 0);

        if (uint256(challenge(x, y, hashX, proof, v)) >> 128 != proof.c) return (false, 0);
        bytes memory gamma = compress(proof.gammaX, proof.gammaY);
        return (true, sha256(abi.encodePacked(SUITE, PROOF_TO_HASH, gamma, END)));
    }

    /// @notice The hash of (Y, H, Gamma, U, V); its upper half is a right proof's c.
    /// @param v V, compressed.
    function challenge(uint256 x, uint256 y, uint256 hashX, IVifVerifier.Proof calldata proof, bytes memory v)
        internal
        pure
        returns (bytes32)
    {
        return sha256(
            abi.encodePacked(
                SUITE,
                CHALLENGE,
                compress(x, y),
                compress(hashX, proof.hashY),
                compress(proof.gammaX, proof.gammaY),
                compress(proof.uX, proof.uY),
                v,
                END
            )
        );
    }

    /// @notice Whether `root`^2 = -(x^3 + 7), which shows that no point has this x: -1 is no square in this field.
    function isNoSquare(uint256 x, uint256 root) internal pure returns (bool) {
        return x < FIELD && mulmod(root, root, FIELD) == FIELD - _cubic(x);
    }

    /// @notice Whether U = sB - cY is the point at infinity, for a usable Y, and c and s in range.
    function isUInfinite(uint256 x, uint256 y, IVifVerifier.Proof calldata proof) internal pure returns (bool) {
        return _recoverU(x, y, proof) == address(0);
    }

    /// @notice Whether (x, y) is a point of the curve that `ecrecover` can take. Every such point generates the group.
    function isUsablePoint(uint256 x, uint256 y) internal pure returns (bool) {
        return x < ORDER && y < FIELD && mulmod(y, y, FIELD) == _cubic(x);
    }

    /// @notice The SEC 1 compressed form: 33 bytes.
    function compress(uint256 x, uint256 y) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(2 + (y & 1)), x);
    }

    /// @dev Try-and-increment: counter k is the first whose hash is the x of a point. For each earlier one whose hash is a
    /// field element there is a witness that x^3 + 7 is not a square: -1 is none in this field, so exactly one of
    /// x^3 + 7 and its negative is (neither is 0: a point with y = 0 would have order 2).
    function hashToCurve(bytes memory salt, bytes memory alpha, uint256 hashY, uint256[] calldata skipped)
        internal
        pure
        returns (bool found, uint256 x)
    {
        uint256 counter = skipped.length;
        // The counter is one byte, and of the two points with this x, the one with even y is meant.
        if (counter > type(uint8).max || hashY & 1 != 0) return (false, 0);

        bytes memory preimage = abi.encodePacked(SUITE, ENCODE_TO_CURVE, salt, alpha, uint8(0), END);
        for (uint256 i = 0; i < counter; ++i) {
            x = _attempt(preimage, i);
            if (x < FIELD && mulmod(skipped[i], skipped[i], FIELD) != FIELD - _cubic(x)) return (false, 0);
        }
        x = _attempt(preimage, counter);
        found = isUsablePoint(x, hashY);
    }

    /// @dev The hash with a counter in the preimage's last byte but one.
    function _attempt(bytes memory preimage, uint256 counter) private pure returns (uint256) {
        preimage[preimage.length - 2] = bytes1(uint8(counter));
        return uint256(sha256(preimage));
    }

    /// @dev Whether the hints are U = sB - cY, sH and c Gamma.
    function hintsHold(uint256 x, uint256 y, uint256 hashX, IVifVerifier.Proof calldata proof)
        internal
        pure
        returns (bool)
    {
        return _isAddressOf(_recoverU(x, y, proof), proof.uX, proof.uY)
            && _recoversTo(0, proof.hashY, hashX, mulmod(proof.s, hashX, ORDER), proof.sHashX, proof.sHashY)
            && _recoversTo(
            0, proof.gammaY, proof.gammaX, mulmod(proof.c, proof.gammaX, ORDER), proof.cGammaX, proof.cGammaY
        );
    }

    function _recoverU(uint256 x, uint256 y, IVifVerifier.Proof calldata proof) private pure returns (address) {
        uint256 minusS = ORDER - mulmod(proof.s, x, ORDER);
        uint256 minusC = ORDER - mulmod(proof.c, x, ORDER);
        return ecrecover(bytes32(minusS), uint8(27 + (y & 1)), bytes32(x), bytes32(minusC));
    }

    function _recoversTo(uint256 message, uint256 parity, uint256 r, uint256 s, uint256 x, uint256 y)
        private
        pure
        returns (bool)
    {
        return _isAddressOf(ecrecover(bytes32(message), uint8(27 + (parity & 1)), bytes32(r), bytes32(s)), x, y);
    }

    /// @dev The zero address is ecrecover's failure, not a point.
    function _isAddressOf(address recovered, uint256 x, uint256 y) private pure returns (bool) {
        return recovered != address(0) && recovered == address(uint160(uint256(keccak256(abi.encode(x, y)))));
    }

    /// @dev V = sH - c Gamma, compressed, by the chord through sH and -c Gamma. If their x are equal there is no chord, and
    /// no inverse either, because the product is 0: V is then infinity, which has no encoding, or 2 sH. A prover has to
    /// find a challenge that fits its own secret to get there, with one chance in 2^128 a try.
    function differenceOfHints(IVifVerifier.Proof calldata proof)
        internal
        pure
        returns (bool distinct, bytes memory v)
    {
        (uint256 x1, uint256 x2) = (proof.sHashX, proof.cGammaX);
        if (mulmod(addmod(x2, FIELD - x1, FIELD), proof.inverse, FIELD) != 1) return (false, "");
        // slope = (-y2 - y1) / (x2 - x1)
        uint256 slope = mulmod(FIELD - addmod(proof.cGammaY, proof.sHashY, FIELD), proof.inverse, FIELD);
        uint256 x = addmod(mulmod(slope, slope, FIELD), FIELD - addmod(x1, x2, FIELD), FIELD);
        uint256 y = addmod(mulmod(slope, addmod(x1, FIELD - x, FIELD), FIELD), FIELD - proof.sHashY, FIELD);
        return (true, compress(x, y));
    }

    /// @dev x^3 + 7.
    function _cubic(uint256 x) private pure returns (uint256) {
        return addmod(mulmod(mulmod(x, x, FIELD), x, FIELD), 7, FIELD);
    }
}
