// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVifVerifier} from "../../src/verify/IVifVerifier.sol";
import {VifVerifier} from "../../src/verify/VifVerifier.sol";
import {EcvrfReference} from "./EcvrfReference.sol";
import {GasMeter} from "./GasMeter.sol";
import {Secp256k1} from "./Secp256k1.sol";
import {Test} from "forge-std/Test.sol";

contract VifVerifierTest is Test {
    struct Case {
        Secp256k1.Point publicKey;
        bytes alpha;
        bytes pi;
        bytes32 beta;
        IVifVerifier.Proof proof;
    }

    VifVerifier private verifier = new VifVerifier();
    EcvrfReference private plain = new EcvrfReference();
    Case[] private cases;

    function setUp() public {
        string memory json = vm.readFile("test/verify/fixtures/ecvrf.json");
        for (uint256 i = 0; vm.keyExistsJson(json, _key(i, "")); ++i) {
            Case storage c = cases.push();
            c.publicKey = Secp256k1.Point(_word(json, i, "publicX"), _word(json, i, "publicY"));
            c.alpha = vm.parseJsonBytes(json, _key(i, ".alpha"));
            c.pi = vm.parseJsonBytes(json, _key(i, ".pi"));
            c.beta = vm.parseJsonBytes32(json, _key(i, ".beta"));
            c.proof.gammaX = _word(json, i, "gammaX");
            c.proof.gammaY = _word(json, i, "gammaY");
            c.proof.c = _word(json, i, "c");
            c.proof.s = _word(json, i, "s");
            c.proof.hashY = _word(json, i, "hashY");
            c.proof.uX = _word(json, i, "uX");
            c.proof.uY = _word(json, i, "uY");
            c.proof.sHashX = _word(json, i, "sHashX");
            c.proof.sHashY = _word(json, i, "sHashY");
            c.proof.cGammaX = _word(json, i, "cGammaX");
            c.proof.cGammaY = _word(json, i, "cGammaY");
            c.proof.inverse = _word(json, i, "inverse");
            c.proof.skipped = vm.parseJsonUintArray(json, _key(i, ".skipped"));
        }
    }

    // ------------------------------------------------- valid proofs

    function test_FixturesAreValidWithTheirBeta() public view {
        assertEq(cases.length, 10);
        for (uint256 i = 0; i < cases.length; ++i) {
            Case memory c = cases[i];
            assertEq(c.pi, abi.encodePacked(_compress(c.proof.gammaX, c.proof.gammaY), uint128(c.proof.c), c.proof.s));
            (bool valid, bytes32 beta) = _verify(c);
            assertTrue(valid);
            assertEq(beta, c.beta);
            (valid, beta) = plain.verify(c.publicKey, c.alpha, c.proof);
            assertTrue(valid, "reference");
            assertEq(beta, c.beta, "reference");
        }
    }

    function test_PublishedProofsAreTheFirstFixtures() public view {
        assertEq(cases[0].alpha, "sample");
        assertEq(cases[0].beta, 0xd466c22e14dc3b7fd169668dd3ee9ac6351429a24aebc5e8af61a0f0de89b65a);
        assertEq(cases[1].alpha, "test");
        assertEq(cases[1].beta, 0x20b81616f3a3a4c51986e61f3b8e8e80d84f7fa0e05933bd0317150a5a250c09);
        assertEq(cases[1].proof.skipped.length, 4, "the fifth counter is the first to give a point");
    }

    /// forge-config: default.fuzz.runs = 16
    /// forge-config: deep.fuzz.runs = 500
    function testFuzz_EveryHonestProofIsValid(uint256 secret, uint256 nonce, bytes calldata alpha) public view {
        Case memory c;
        c.alpha = alpha;
        (c.publicKey, c.proof) = plain.prove(bound(secret, 1, Secp256k1.N - 1), bound(nonce, 1, Secp256k1.N - 1), alpha);
        (bool valid, bytes32 beta) = _verify(c);
        assertTrue(valid);
        (bool expected, bytes32 expectedBeta) = plain.verify(c.publicKey, alpha, c.proof);
        assertTrue(expected, "reference");
        assertEq(beta, expectedBeta);
    }

    // ------------------------------------------------- invalid proofs

    function testFuzz_NoBitOfAProofCanChange(uint256 index, uint256 field, uint8 bit) public view {
        Case memory c = cases[index % cases.length];
        _flip(c.proof, field % (12 + c.proof.skipped.length), bit);
        _assertInvalid(c);
    }

    function testFuzz_NoBitOfKeyOrAlphaCanChange(uint256 index, uint256 field, uint8 bit) public view {
        Case memory c = cases[index % cases.length];
        if (field % 3 == 0) c.publicKey.x ^= 1 << bit;
        if (field % 3 == 1) c.publicKey.y ^= 1 << bit;
        if (field % 3 == 2) c.alpha = bytes.concat(c.alpha, bytes1(bit));
        _assertInvalid(c);
    }

    /// The reference has no hints: what it refuses, whatever the hints, must be refused.
    /// forge-config: default.fuzz.runs = 32
    /// forge-config: deep.fuzz.runs = 500
    function testFuzz_MutatedProofsAreInvalidForTheReferenceToo(uint256 index, uint8 field, uint8 bit) public view {
        Case memory c = cases[index % cases.length];
        _flip(c.proof, field % 4, bit);
        (bool valid, bytes32 beta) = plain.verify(c.publicKey, c.alpha, c.proof);
        assertFalse(valid);
        assertEq(beta, 0);
        _assertInvalid(c);
    }

    function testFuzz_ArbitraryProofsAreInvalidAndDoNotRevert(
        Secp256k1.Point memory publicKey,
        bytes memory alpha,
        IVifVerifier.Proof memory proof
    ) public view {
        _assertInvalid(Case(publicKey, alpha, "", 0, proof));
        // Far enough to reach the hints.
        Case memory c = cases[0];
        (proof.gammaX, proof.gammaY, proof.hashY) = (c.proof.gammaX, c.proof.gammaY, c.proof.hashY);
        (proof.c, proof.s) = (bound(proof.c, 1, type(uint128).max), bound(proof.s, 1, Secp256k1.N - 1));
        c.proof = proof;
        _assertInvalid(c);
    }

    function test_HintsOfAnotherProofOfTheSameKeyAreInvalid() public view {
        Case memory c = cases[0];
        IVifVerifier.Proof memory other = cases[1].proof;
        (c.proof.uX, c.proof.uY) = (other.uX, other.uY);
        _assertInvalid(c);
        c = cases[0];
        (c.proof.sHashX, c.proof.sHashY) = (other.sHashX, other.sHashY);
        _assertInvalid(c);
        c = cases[0];
        (c.proof.cGammaX, c.proof.cGammaY) = (other.cGammaX, other.cGammaY);
        _assertInvalid(c);
    }

    function test_UnreducedValuesAreInvalid() public view {
        for (uint256 i = 0; i < cases.length; ++i) {
            Case memory c = cases[i];
            c.proof.c += 1 << 128;
            _assertInvalid(c);
            c = cases[i];
            c.proof.s = c.proof.s < type(uint256).max - Secp256k1.N ? c.proof.s + Secp256k1.N : Secp256k1.N;
            _assertInvalid(c);
        }
    }

    function test_ZeroScalarsAreInvalid() public view {
        Case memory c = cases[0];
        c.proof.c = 0;
        _assertInvalid(c);
        c = cases[0];
        c.proof.s = 0;
        _assertInvalid(c);
    }

    function test_InfinityIsNoPoint() public view {
        Case memory c = cases[0];
        c.publicKey = Secp256k1.Point(0, 0);
        _assertInvalid(c);
        c = cases[0];
        (c.proof.gammaX, c.proof.gammaY) = (0, 0);
        _assertInvalid(c);
    }

    /// The zero address is what `ecrecover` returns when it fails; no hint may stand for it.
    function test_ZeroHintsAreInvalid() public view {
        Case memory c = cases[0];
        c.proof.uX = c.proof.uY = c.proof.sHashX = c.proof.sHashY = c.proof.cGammaX = c.proof.cGammaY = 0;
        _assertInvalid(c);
    }

    function test_TheOddRootOfTheHashIsInvalid() public view {
        Case memory c = cases[0];
        c.proof.hashY = Secp256k1.P - c.proof.hashY;
        _assertInvalid(c);
    }

    /// The prover must not choose among the counters: that would be a choice of beta.
    function test_ALaterCounterIsInvalid() public view {
        Case memory c = cases[0];
        assertEq(c.proof.skipped.length, 0);
        c.proof.skipped = new uint256[](1);
        for (uint256 witness = 0; witness < 8; ++witness) {
            c.proof.skipped[0] = witness;
            _assertInvalid(c);
        }
    }

    function test_AnEarlierCounterIsInvalid() public view {
        Case memory c = cases[1];
        uint256[] memory skipped = c.proof.skipped;
        c.proof.skipped = new uint256[](3);
        for (uint256 i = 0; i < 3; ++i) {
            c.proof.skipped[i] = skipped[i];
        }
        _assertInvalid(c);
    }

    function test_BothRootsAreWitnessesOfASkippedCounter() public view {
        Case memory c = cases[1];
        c.proof.skipped[2] = Secp256k1.P - c.proof.skipped[2];
        (bool valid, bytes32 beta) = _verify(c);
        assertTrue(valid);
        assertEq(beta, c.beta);
    }

    function test_MoreSkippedCountersThanAByteAreInvalid() public view {
        Case memory c = cases[0];
        c.proof.skipped = new uint256[](256);
        _assertInvalid(c);
    }

    /// sH = c Gamma or sH = -c Gamma: V is infinity or a doubling.
    function test_EqualAbscissasOfTheHintsAreInvalid() public view {
        Case memory c = cases[0];
        (Secp256k1.Point memory h,) = plain.hashToCurve(c.publicKey, c.alpha);
        // With Gamma = H or -H and c = s, whatever the challenge is.
        for (uint256 negative = 0; negative < 2; ++negative) {
            c.proof.s = c.proof.c;
            (c.proof.gammaX, c.proof.gammaY) = (h.x, negative == 0 ? h.y : Secp256k1.P - h.y);
            Secp256k1.Point memory sHash = Secp256k1.multiply(c.proof.s, h);
            Secp256k1.Point memory u = Secp256k1.add(
                Secp256k1.multiply(c.proof.s, Secp256k1.generator()),
                Secp256k1.negate(Secp256k1.multiply(c.proof.c, c.publicKey))
            );
            (c.proof.uX, c.proof.uY) = (u.x, u.y);
            (c.proof.sHashX, c.proof.sHashY) = (sHash.x, sHash.y);
            (c.proof.cGammaX, c.proof.cGammaY) = (sHash.x, negative == 0 ? sHash.y : Secp256k1.P - sHash.y);
            c.proof.inverse = 0;
            _assertInvalid(c);
        }
    }

    // ------------------------------------------------- binding to a job

    function test_VifAlphaIsTheHashOfDomainChainAndInput() public {
        vm.chainId(4242);
        IVifVerifier.VifInput memory input = _input();
        bytes32 expected = keccak256(
            abi.encode(
                "INFERA-VIF-v1",
                uint256(4242),
                input.registry,
                input.jobId,
                input.modelId,
                input.version,
                input.inputHash,
                input.parametersHash,
                input.executor,
                input.beacon
            )
        );
        assertEq(verifier.vifAlpha(input), expected);
        vm.chainId(4243);
        assertNotEq(verifier.vifAlpha(input), expected);
    }

    /// forge-config: default.fuzz.runs = 8
    /// forge-config: deep.fuzz.runs = 100
    function testFuzz_VifHoldsForItsInputOnly(uint256 secret, uint256 nonce, uint256 field) public view {
        IVifVerifier.VifInput memory input = _input();
        Case memory c;
        c.alpha = abi.encodePacked(verifier.vifAlpha(input));
        (c.publicKey, c.proof) =
            plain.prove(bound(secret, 1, Secp256k1.N - 1), bound(nonce, 1, Secp256k1.N - 1), c.alpha);
        (bool valid, bytes32 beta) = verifier.verifyVif(c.publicKey.x, c.publicKey.y, input, c.proof);
        (bool expected, bytes32 expectedBeta) = _verify(c);
        assertTrue(valid && expected);
        assertEq(beta, expectedBeta);

        field %= 8;
        if (field == 0) input.registry = address(0xbad);
        if (field == 1) input.jobId = ~input.jobId;
        if (field == 2) input.modelId = ~input.modelId;
        if (field == 3) input.version += 1;
        if (field == 4) input.inputHash = ~input.inputHash;
        if (field == 5) input.parametersHash = ~input.parametersHash;
        if (field == 6) input.executor = address(0xbad);
        if (field == 7) input.beacon = ~input.beacon;
        (valid, beta) = verifier.verifyVif(c.publicKey.x, c.publicKey.y, input, c.proof);
        assertFalse(valid);
        assertEq(beta, 0);
    }

    // ------------------------------------------------- gas

    function test_Gas_vif_verify() public {
        GasMeter meter = new GasMeter();
        Case memory c = cases[4];
        assertEq(c.alpha.length, 32);
        assertEq(c.proof.skipped.length, 0);
        uint256 used = meter.execution(address(verifier), _call(c));
        vm.snapshotValue("gas", "vif_verify", used);
        assertLe(used, 30_000, "target");

        c = cases[1];
        uint256 four = meter.execution(address(verifier), _call(c));
        vm.snapshotValue("verify", "vif_verify_4_skipped", four);
        assertLe(four, 30_000, "target");
    }

    // ------------------------------------------------- helpers

    function _verify(Case memory c) private view returns (bool valid, bytes32 beta) {
        return verifier.verify(c.publicKey.x, c.publicKey.y, c.alpha, c.proof);
    }

    function _call(Case memory c) private view returns (bytes memory) {
        return abi.encodeCall(verifier.verify, (c.publicKey.x, c.publicKey.y, c.alpha, c.proof));
    }

    function _assertInvalid(Case memory c) private view {
        (bool valid, bytes32 beta) = _verify(c);
        assertFalse(valid);
        assertEq(beta, 0);
    }

    /// Fields in their order in the struct: 0 to 3 are the proof of RFC 9381, the others hints.
    function _flip(IVifVerifier.Proof memory proof, uint256 field, uint8 bit) private pure {
        uint256 mask = 1 << bit;
        if (field == 0) proof.gammaX ^= mask;
        else if (field == 1) proof.gammaY ^= mask;
        else if (field == 2) proof.c ^= mask;
        else if (field == 3) proof.s ^= mask;
        else if (field == 4) proof.hashY ^= mask;
        else if (field == 5) proof.uX ^= mask;
        else if (field == 6) proof.uY ^= mask;
        else if (field == 7) proof.sHashX ^= mask;
        else if (field == 8) proof.sHashY ^= mask;
        else if (field == 9) proof.cGammaX ^= mask;
        else if (field == 10) proof.cGammaY ^= mask;
        else if (field == 11) proof.inverse ^= mask;
        else proof.skipped[field - 12] ^= mask;
    }

    function _input() private pure returns (IVifVerifier.VifInput memory) {
        return IVifVerifier.VifInput({
            registry: address(0x1111),
            jobId: keccak256("job"),
            modelId: keccak256("model"),
            version: 3,
            inputHash: keccak256("input"),
            parametersHash: keccak256("parameters"),
            executor: address(0x2222),
            beacon: keccak256("beacon")
        });
    }

    function _compress(uint256 x, uint256 y) private pure returns (bytes memory) {
        return abi.encodePacked(y % 2 == 0 ? hex"02" : hex"03", x);
    }

    function _key(uint256 index, string memory suffix) private pure returns (string memory) {
        return string.concat(".cases[", vm.toString(index), "]", suffix);
    }

    function _word(string memory json, uint256 index, string memory name) private pure returns (uint256) {
        return uint256(vm.parseJsonBytes32(json, _key(index, string.concat(".", name))));
    }
}
