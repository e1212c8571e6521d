// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVifVerifier} from "../../src/verify/IVifVerifier.sol";
import {VifVerifier} from "../../src/verify/VifVerifier.sol";
import {EcvrfReference} from "./EcvrfReference.sol";
import {Secp256k1} from "./Secp256k1.sol";
import {Test} from "forge-std/Test.sol";

/// @notice A key's owner who wants another beta. Every forgery satisfies all checks but the one that its name gives: were
/// this check missing, the owner could choose beta at will.
contract EcvrfForgeryTest is Test {
    uint256 private constant SECRET = uint256(keccak256("secret")) >> 1;
    uint256 private constant NONCE = uint256(keccak256("nonce")) >> 1;
    /// What the owner wants in place of the secret: Gamma = OTHER H.
    uint256 private constant OTHER = uint256(keccak256("other")) >> 1;

    VifVerifier private verifier = new VifVerifier();
    EcvrfReference private plain = new EcvrfReference();
    Secp256k1.Point private publicKey = Secp256k1.multiply(SECRET, Secp256k1.generator());
    bytes private alpha;
    Secp256k1.Point private h;
    uint256[] private skipped;

    /// The point of the counter after the one of h.
    Secp256k1.Point private later;

    /// An alpha that skips a counter, finds h, and would find another point at once: all checks have work.
    function setUp() public {
        bool found;
        for (uint256 i = 0; !found; ++i) {
            alpha = abi.encode(i);
            (h, skipped) = plain.hashToCurve(publicKey, alpha);
            (found, later) = _pointOfCounter(skipped.length + 1);
            found = found && skipped.length != 0;
        }
    }

    function test_TheHonestProofIsValid() public view {
        IVifVerifier.Proof memory proof = plain.prove(SECRET, NONCE, publicKey, h);
        proof.skipped = skipped;
        (bool valid,) = verifier.verify(publicKey.x, publicKey.y, alpha, proof);
        assertTrue(valid);
    }

    /// Gamma = OTHER H with the honest equations of OTHER; only U = kB is not sB - cY.
    function test_UMustBeTheKeysOwn() public view {
        IVifVerifier.Proof memory proof = plain.prove(OTHER, NONCE, publicKey, h);
        _assertRefused(proof, skipped);
    }

    /// The chord through a wrong sH and the right c Gamma gives the V that was hashed.
    function test_SHashMustBeSTimesH() public view {
        (IVifVerifier.Proof memory proof, Secp256k1.Point memory v) = _withGammaOfOther(NONCE);
        Secp256k1.Point memory cGamma = Secp256k1.Point(proof.cGammaX, proof.cGammaY);
        Secp256k1.Point memory sHash = Secp256k1.add(v, cGamma);
        (proof.sHashX, proof.sHashY) = (sHash.x, sHash.y);
        _setInverse(proof);
        _assertRefused(proof, skipped);
    }

    /// The chord through the right sH and a wrong c Gamma gives the V that was hashed.
    function test_CGammaMustBeCTimesGamma() public view {
        (IVifVerifier.Proof memory proof, Secp256k1.Point memory v) = _withGammaOfOther(NONCE);
        Secp256k1.Point memory sHash = Secp256k1.Point(proof.sHashX, proof.sHashY);
        Secp256k1.Point memory cGamma = Secp256k1.add(sHash, Secp256k1.negate(v));
        (proof.cGammaX, proof.cGammaY) = (cGamma.x, cGamma.y);
        _setInverse(proof);
        _assertRefused(proof, skipped);
    }

    /// Right points; a slope that is not the chord's leads from them to the x of the V that was hashed.
    function test_TheInverseMustBeTheInverse() public view {
        for (uint256 nonce = NONCE;; ++nonce) {
            (IVifVerifier.Proof memory proof, Secp256k1.Point memory v) = _withGammaOfOther(nonce);
            // slope^2 - x1 - x2 = x of V; the parity must be V's, too.
            (bool exists, uint256 slope) =
                Secp256k1.root(addmod(v.x, addmod(proof.sHashX, proof.cGammaX, Secp256k1.P), Secp256k1.P));
            if (!exists || _heightAlong(slope, proof, v.x) % 2 != v.y % 2) continue;
            uint256 rise = Secp256k1.P - addmod(proof.cGammaY, proof.sHashY, Secp256k1.P);
            proof.inverse = mulmod(slope, Secp256k1.inverse(rise), Secp256k1.P);
            return _assertRefused(proof, skipped);
        }
    }

    /// An honest proof over the point of a later counter, without a witness for the counter that gives a point.
    function test_ACounterThatGivesAPointMustNotBeSkipped() public view {
        uint256[] memory more = new uint256[](skipped.length + 1);
        for (uint256 i = 0; i < skipped.length; ++i) {
            more[i] = skipped[i];
        }
        // y is the nearest that there is to a witness: y^2 = x^3 + 7, not its negative.
        more[skipped.length] = h.y;
        _assertRefused(plain.prove(SECRET, NONCE, publicKey, later), more);
    }

    /// An honest proof over -H: its beta is that of -Gamma.
    function test_TheOtherRootOfTheHashMustNotBeTaken() public view {
        _assertRefused(plain.prove(SECRET, NONCE, publicKey, Secp256k1.negate(h)), skipped);
    }

    /// -Gamma passes for Gamma in the multiplication if the parity alone is looked at.
    function test_GammaMustBeOnTheCurve() public view {
        IVifVerifier.Proof memory proof = plain.prove(SECRET, NONCE, publicKey, h);
        proof.gammaY += 2;
        _assertRefused(proof, skipped);
    }

    /// The owner's c, s and U; Gamma = OTHER H; V is arbitrary, and hashed before s and c are known.
    function _withGammaOfOther(uint256 nonce)
        private
        view
        returns (IVifVerifier.Proof memory proof, Secp256k1.Point memory v)
    {
        Secp256k1.Point memory gamma = Secp256k1.multiply(OTHER, h);
        Secp256k1.Point memory u = Secp256k1.multiply(nonce, Secp256k1.generator());
        v = Secp256k1.multiply(nonce, gamma);
        (proof.gammaX, proof.gammaY, proof.hashY) = (gamma.x, gamma.y, h.y);
        proof.c = plain.challenge(publicKey, h, gamma, u, v);
        proof.s = addmod(nonce, mulmod(proof.c, SECRET, Secp256k1.N), Secp256k1.N);
        Secp256k1.Point memory sHash = Secp256k1.multiply(proof.s, h);
        Secp256k1.Point memory cGamma = Secp256k1.multiply(proof.c, gamma);
        (proof.uX, proof.uY) = (u.x, u.y);
        (proof.sHashX, proof.sHashY) = (sHash.x, sHash.y);
        (proof.cGammaX, proof.cGammaY) = (cGamma.x, cGamma.y);
    }

    function _pointOfCounter(uint256 counter) private view returns (bool exists, Secp256k1.Point memory point) {
        point.x =
            uint256(sha256(abi.encodePacked(hex"fe01", plain.compress(publicKey), alpha, uint8(counter), hex"00")));
        (exists, point.y) = Secp256k1.root(Secp256k1.cubic(point.x));
        if (point.y % 2 == 1) point.y = Secp256k1.P - point.y;
    }

    /// The y of the sum of two points, of which sH is one, whose chord has the slope and whose sum has x.
    function _heightAlong(uint256 slope, IVifVerifier.Proof memory proof, uint256 x) private pure returns (uint256) {
        uint256 p = Secp256k1.P;
        return addmod(mulmod(slope, addmod(proof.sHashX, p - x, p), p), p - proof.sHashY, p);
    }

    function _setInverse(IVifVerifier.Proof memory proof) private view {
        proof.inverse = Secp256k1.inverse(addmod(proof.cGammaX, Secp256k1.P - proof.sHashX, Secp256k1.P));
    }

    function _assertRefused(IVifVerifier.Proof memory proof, uint256[] memory witnesses) private view {
        proof.skipped = witnesses;
        (bool valid, bytes32 beta) = verifier.verify(publicKey.x, publicKey.y, alpha, proof);
        assertFalse(valid);
        assertEq(beta, 0);
    }
}
