// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Verdict} from "../../src/courts/ICourt.sol";
import {IExecutorRegistry} from "../../src/executors/IExecutorRegistry.sol";
import {ISingleJobRegistry} from "../../src/single/ISingleJobRegistry.sol";
import {IVifs} from "../../src/single/IVifs.sol";
import {Record, SinglePhase, SingleTerms} from "../../src/single/SingleTypes.sol";
import {Offence} from "../../src/stake/IStaking.sol";
import {IVifVerifier} from "../../src/verify/IVifVerifier.sol";
import {EcvrfReference} from "../verify/EcvrfReference.sol";
import {Secp256k1} from "../verify/Secp256k1.sol";
import {SingleFixture} from "./SingleFixture.sol";
import {Vm} from "forge-std/Test.sol";

contract VifsTest is SingleFixture {
    using Secp256k1 for Secp256k1.Point;

    uint256 private constant SECRET = 0xC0FFEE;
    bytes32 private constant ALPHA = keccak256("alpha");

    EcvrfReference private plain = new EcvrfReference();

    function _key(uint256 secret) private view returns (IVifs.Vif memory vif) {
        Secp256k1.Point memory point = Secp256k1.multiply(secret, Secp256k1.generator());
        (vif.publicX, vif.publicY) = (point.x, point.y);
    }

    function _honestVif() private returns (IVifs.Vif memory vif, IVifVerifier.Proof memory hints) {
        vif = _key(SECRET);
        hints = _hints(SECRET, ALPHA);
        vif.proof = _packed(hints);
    }

    /// @dev Right hints for any proof: of its Gamma, c and s.
    function _complete(IVifVerifier.Proof memory proof, Secp256k1.Point memory key, bytes32 alpha) private view {
        (Secp256k1.Point memory h, uint256[] memory skipped) = plain.hashToCurve(key, abi.encodePacked(alpha));
        (proof.hashY, proof.skipped) = (h.y, skipped);
        Secp256k1.Point memory u =
            Secp256k1.multiply(proof.s, Secp256k1.generator()).add(Secp256k1.multiply(proof.c, key).negate());
        Secp256k1.Point memory sHash = Secp256k1.multiply(proof.s, h);
        Secp256k1.Point memory cGamma = Secp256k1.multiply(proof.c, Secp256k1.Point(proof.gammaX, proof.gammaY));
        (proof.uX, proof.uY) = (u.x, u.y);
        (proof.sHashX, proof.sHashY) = (sHash.x, sHash.y);
        (proof.cGammaX, proof.cGammaY) = (cGamma.x, cGamma.y);
        proof.inverse = Secp256k1.inverse(addmod(cGamma.x, Secp256k1.P - sHash.x, Secp256k1.P));
    }

    // ---------------------------------------------------------------- what is false

    function test_a_true_vif_is_not_false() public {
        (IVifs.Vif memory vif, IVifVerifier.Proof memory hints) = _honestVif();
        assertFalse(vifs.isFalse(vif, ALPHA, hints));
    }

    /// Whoever brings wrong hints can't spoil a true VIF: each of them changed, none is taken.
    function test_wrong_hints_revert() public {
        (IVifs.Vif memory vif, IVifVerifier.Proof memory hints) = _honestVif();
        for (uint256 field = 0; field < 12; ++field) {
            IVifVerifier.Proof memory wrong = abi.decode(abi.encode(hints), (IVifVerifier.Proof));
            assembly ("memory-safe") {
                let place := add(wrong, mul(32, field))
                mstore(place, add(mload(place), 2))
            }
            vm.expectRevert(IVifs.HintsDontHold.selector);
            vifs.isFalse(vif, ALPHA, wrong);
        }
        IVifVerifier.Proof memory skipping = abi.decode(abi.encode(hints), (IVifVerifier.Proof));
        skipping.skipped = new uint256[](hints.skipped.length + 1);
        vm.expectRevert(IVifs.HintsDontHold.selector);
        vifs.isFalse(vif, ALPHA, skipping);
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_no_hint_makes_a_true_vif_false(uint256 field, uint256 value) public {
        (IVifs.Vif memory vif, IVifVerifier.Proof memory hints) = _honestVif();
        field %= 12;
        assembly ("memory-safe") {
            mstore(add(hints, mul(32, field)), value)
        }
        try vifs.isFalse(vif, ALPHA, hints) returns (bool isFalse) {
            assertFalse(isFalse);
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), IVifs.HintsDontHold.selector);
        }
    }

    /// forge-config: default.fuzz.runs = 24
    function testFuzz_right_hints_show_every_false_vif(uint256 c, uint256 s, uint256 gamma) public view {
        IVifs.Vif memory vif = _key(SECRET);
        IVifVerifier.Proof memory proof;
        (proof.c, proof.s) = (bound(c, 1, type(uint128).max), bound(s, 1, Secp256k1.N - 1));
        Secp256k1.Point memory point = Secp256k1.multiply(bound(gamma, 1, Secp256k1.N - 1), Secp256k1.generator());
        (proof.gammaX, proof.gammaY) = (point.x, point.y);
        vif.proof = _packed(proof);
        _complete(proof, Secp256k1.Point(vif.publicX, vif.publicY), ALPHA);
        assertTrue(vifs.isFalse(vif, ALPHA, proof));
        (bool valid,) = all.vif.verify(vif.publicX, vif.publicY, abi.encodePacked(ALPHA), proof);
        assertFalse(valid);
    }

    function test_another_jobs_or_executors_vif_is_false() public {
        (IVifs.Vif memory vif, IVifVerifier.Proof memory hints) = _honestVif();
        bytes32 other = keccak256("another alpha");
        _complete(hints, Secp256k1.Point(vif.publicX, vif.publicY), other);
        assertTrue(vifs.isFalse(vif, other, hints), "alpha");

        IVifs.Vif memory stolen = _key(SECRET + 1);
        stolen.proof = vif.proof;
        _complete(hints, Secp256k1.Point(stolen.publicX, stolen.publicY), ALPHA);
        assertTrue(vifs.isFalse(stolen, ALPHA, hints), "key");
    }

    function test_bytes_out_of_range_are_false_without_hints() public {
        (IVifs.Vif memory vif,) = _honestVif();
        IVifVerifier.Proof memory none;
        bytes memory honest = vif.proof;
        bytes32 gammaX;
        assembly ("memory-safe") {
            gammaX := mload(add(honest, 33))
        }
        bytes[6] memory broken = [
            bytes("short"),
            abi.encodePacked(bytes1(0x04), gammaX, uint128(1), uint256(1)),
            abi.encodePacked(bytes1(0x02), Secp256k1.N, uint128(1), uint256(1)),
            abi.encodePacked(bytes1(0x02), gammaX, uint128(0), uint256(1)),
            abi.encodePacked(bytes1(0x02), gammaX, uint128(1), uint256(0)),
            abi.encodePacked(bytes1(0x02), gammaX, uint128(1), Secp256k1.N)
        ];
        for (uint256 i = 0; i < broken.length; ++i) {
            vif.proof = broken[i];
            assertTrue(vifs.isFalse(vif, ALPHA, none), vm.toString(i));
        }
    }

    function test_a_gamma_on_no_point_is_shown_by_a_root() public view {
        IVifs.Vif memory vif = _key(SECRET);
        // The smallest x on no point.
        uint256 x = 1;
        bool exists = true;
        while (exists) {
            (exists,) = Secp256k1.root(Secp256k1.cubic(++x));
        }
        vif.proof = abi.encodePacked(bytes1(0x02), x, uint128(1), uint256(1));
        IVifVerifier.Proof memory hints;
        (, hints.gammaY) = Secp256k1.root(Secp256k1.P - Secp256k1.cubic(x));
        assertTrue(vifs.isFalse(vif, ALPHA, hints));
    }

    /// A prover that knows its key can make U or V infinity, which no hint describes.
    function test_points_at_infinity_are_false() public view {
        IVifs.Vif memory vif = _key(SECRET);
        Secp256k1.Point memory key = Secp256k1.Point(vif.publicX, vif.publicY);
        (Secp256k1.Point memory h,) = plain.hashToCurve(key, abi.encodePacked(ALPHA));
        IVifVerifier.Proof memory proof;
        Secp256k1.Point memory gamma = Secp256k1.multiply(SECRET, h);
        (proof.gammaX, proof.gammaY) = (gamma.x, gamma.y);
        proof.c = 12_345;
        proof.s = mulmod(proof.c, SECRET, Secp256k1.N);
        vif.proof = _packed(proof);
        _complete(proof, key, ALPHA);
        assertTrue(vifs.isFalse(vif, ALPHA, proof), "both");

        // V alone: Gamma = s / c H.
        proof.c = 1;
        proof.s = 777;
        gamma = Secp256k1.multiply(777, h);
        (proof.gammaX, proof.gammaY) = (gamma.x, gamma.y);
        vif.proof = _packed(proof);
        _complete(proof, key, ALPHA);
        assertTrue(vifs.isFalse(vif, ALPHA, proof), "V");
    }

    // ---------------------------------------------------------------- what follows

    function _provisionalVif(bytes memory vif, SingleTerms memory terms, uint32 id)
        private
        returns (Record memory record, IVifs.Vif memory sent)
    {
        record = _submitVif(terms, id, _honest(), vif);
        IExecutorRegistry.Keys memory keys = executors.executorOf(id).keys;
        sent = IVifs.Vif(keys.vrfX, keys.vrfY, lastBeacon, lastVif);
    }

    function test_an_honest_vif_stands() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 id) = _askDrawable(terms);
        (bytes memory vif, IVifVerifier.Proof memory hints) = _vif(terms, id);
        (Record memory record, IVifs.Vif memory sent) = _provisionalVif(vif, terms, id);
        (bool valid,) =
            all.vif.verify(sent.publicX, sent.publicY, abi.encodePacked(_alpha(terms, id, sent.beacon)), hints);
        assertTrue(valid, "anyone can check it");
        vm.expectRevert(abi.encodeWithSelector(IVifs.VifHolds.selector, jobId));
        vifs.challenge(terms, record, sent, hints);
    }

    function test_a_false_vif_is_slashed_and_overturns_the_job() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 id) = _askDrawable(terms);
        (bytes memory vif, IVifVerifier.Proof memory hints) = _vif(terms, id);
        vif[40] ^= 0x01;
        (Record memory record, IVifs.Vif memory sent) = _provisionalVif(vif, terms, id);
        // The challenge is at bytes 33 to 48.
        hints.c ^= 0x01 << (8 * (48 - 40));
        _complete(hints, Secp256k1.Point(sent.publicX, sent.publicY), _alpha(terms, id, sent.beacon));
        vm.prank(challenger);
        vifs.challenge(terms, record, sent, hints);
        _assertAt(jobId, SinglePhase.Overturned);
        assertEq(staking.strikesOf(id, Offence.InvalidVif), 1);
        assertEq(staking.stakeOf(id), STAKE - STAKE / 5);
        assertEq(staking.proverRewardOf(challenger), 10 * record.fee);
        assertEq(single.creditOf(challenger), terms.dispatchFee);
        assertEq(single.creditOf(refundee), single.quote(terms) - terms.dispatchFee);
        assertEq(staking.accountOf(id).inFlight, 0);
    }

    /// Whoever copies an answer with its VIF has a false one.
    function test_a_copied_vif_is_false() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 id) = _askDrawn(terms);
        (bytes memory vif, IVifVerifier.Proof memory hints) = _vif(terms, id);
        vm.warp(single.stateOf(jobId).deadline + 1);
        uint32 thief = _other(id);
        (Record memory record, IVifs.Vif memory sent) = _provisionalVif(vif, terms, thief);
        _complete(hints, Secp256k1.Point(sent.publicX, sent.publicY), _alpha(terms, thief, sent.beacon));
        vifs.challenge(terms, record, sent, hints);
        assertEq(staking.strikesOf(thief, Offence.InvalidVif), 1);
        assertEq(staking.strikesOf(id, Offence.InvalidVif), 0);
        _assertAt(jobId, SinglePhase.Overturned);
    }

    function test_a_challenge_needs_what_was_sent_and_a_job_that_can_be_overturned() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 id) = _askDrawable(terms);
        bytes memory vif = _anyVif(id);
        vif[0] = 0x05;
        (Record memory record, IVifs.Vif memory sent) = _provisionalVif(vif, terms, id);
        IVifVerifier.Proof memory none;
        bytes memory mismatch = abi.encodeWithSelector(IVifs.VifMismatch.selector, jobId);
        sent.beacon ^= bytes32(uint256(1));
        vm.expectRevert(mismatch);
        vifs.challenge(terms, record, sent, none);
        sent.beacon ^= bytes32(uint256(1));
        sent.publicX += 1;
        vm.expectRevert(mismatch);
        vifs.challenge(terms, record, sent, none);
        sent.publicX -= 1;
        Record memory forged = abi.decode(abi.encode(record), (Record));
        forged.executorId = _other(id);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.RecordMismatch.selector, jobId));
        vifs.challenge(terms, forged, sent, none);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.NotVifs.selector, stranger));
        vm.prank(stranger);
        single.overturnFalseVif(jobId, record, stranger);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.NotVifs.selector, stranger));
        vm.prank(stranger);
        single.setVrfKey(id, 0);

        // A right answer with a false VIF is still overturned.
        _challenge(terms, record);
        _decide(jobId, Verdict.Acquitted);
        vifs.challenge(terms, record, sent, none);
        _assertAt(jobId, SinglePhase.Overturned);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Overturned));
        vifs.challenge(terms, record, sent, none);
    }

    /// Its own challenge, for which it takes its time to be right, would leave nobody a moment to show the VIF.
    function test_an_executor_cannot_shield_a_false_vif_by_challenging_itself() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 id) = _askDrawable(terms);
        bytes memory vif = _anyVif(id);
        vif[0] = 0x05;
        (Record memory record, IVifs.Vif memory sent) = _provisionalVif(vif, terms, id);
        _challenge(terms, record);
        IVifVerifier.Proof memory none;
        vifs.challenge(terms, record, sent, none);
        _assertAt(jobId, SinglePhase.Overturned);
        assertEq(staking.strikesOf(id, Offence.InvalidVif), 1);
        uint256 owed = single.creditOf(refundee);
        // The court's verdict, whichever, finds the job over and changes nothing.
        for (uint8 verdict = uint8(Verdict.Acquitted); verdict <= uint8(Verdict.Lapsed); ++verdict) {
            _decide(jobId, Verdict(verdict));
            _assertAt(jobId, SinglePhase.Overturned);
        }
        assertEq(single.creditOf(refundee), owed);
        assertEq(staking.accountOf(id).inFlight, 0);
    }

    // ---------------------------------------------------------------- keys

    function test_a_change_of_keys_makes_no_honest_vif_false() public {
        Vm.Wallet memory next = vm.createWallet("next vrf");
        for (uint32 id = 1; id <= 5; ++id) {
            address owner = executors.ownerOf(id);
            IExecutorRegistry.Keys memory keys = executors.executorOf(id).keys;
            (keys.vrfX, keys.vrfY) = (next.publicKeyX, next.publicKeyY);
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(next, executors.vrfPossessionDigest(owner));
            bytes memory vrfProof = abi.encodePacked(r, s, v);
            (v, r, s) = vm.sign(_signerWallet(id), executors.signerPossessionDigest(owner));
            vm.prank(owner);
            executors.announceKeys(keys, vrfProof, abi.encodePacked(r, s, v));
        }
        skip(executors.keyChangeDelay() - 10);
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 drawn) = _askDrawable(terms);
        (bytes memory vif, IVifVerifier.Proof memory hints) = _vif(terms, drawn);
        IExecutorRegistry.Keys memory old = executors.executorOf(drawn).keys;
        skip(10);
        executors.activateKeys(drawn);
        // Sent after the registry has changed, before the executor adopts the new key.
        Record memory record = _submitVif(terms, drawn, _honest(), vif);
        _adopt(drawn);
        IVifs.Vif memory sent = IVifs.Vif(old.vrfX, old.vrfY, lastBeacon, lastVif);
        vm.expectRevert(abi.encodeWithSelector(IVifs.VifHolds.selector, jobId));
        vifs.challenge(terms, record, sent, hints);
        (sent.publicX, sent.publicY) = (next.publicKeyX, next.publicKeyY);
        vm.expectRevert(abi.encodeWithSelector(IVifs.VifMismatch.selector, jobId));
        vifs.challenge(terms, record, sent, hints);
        assertEq(single.vrfKeyHashOf(drawn), keccak256(abi.encode(next.publicKeyX, next.publicKeyY)));
    }

    function test_only_an_executors_signer_adopts_its_key() public {
        vm.expectRevert(abi.encodeWithSelector(IVifs.NotExecutor.selector, stranger));
        vm.prank(stranger);
        vifs.adoptKey();
    }
}
