// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AgreementVerifier} from "../../src/verify/AgreementVerifier.sol";
import {CosineInt16Reference} from "../../src/verify/CosineInt16Reference.sol";
import {IAgreementVerifier} from "../../src/verify/IAgreementVerifier.sol";
import {GasMeter} from "./GasMeter.sol";
import {Vectors} from "./Vectors.sol";
import {Test} from "forge-std/Test.sol";

contract CosineInt16Test is Test {
    AgreementVerifier private verifier = new AgreementVerifier();

    function testFuzz_PackedEqualsReference(bytes memory a, bytes memory b) public view {
        (a, b) = _equalEven(a, b);
        _assertEqualsReference(a, b);
    }

    function testFuzz_PackedEqualsReferenceForEveryLength(uint256 seed, uint16 length) public view {
        length = uint16(bound(length, 0, 1024));
        _assertEqualsReference(Vectors.random(seed, length), Vectors.random(seed ^ 1, length));
    }

    /// Largest lanes: every element at one end of its range.
    function test_ExtremeElementsDoNotOverflowLanes() public view {
        int16[3] memory extremes = [type(int16).min, type(int16).max, -1];
        for (uint256 i = 0; i < extremes.length; ++i) {
            for (uint256 j = 0; j < extremes.length; ++j) {
                bytes memory a = Vectors.constant_(extremes[i], 1024);
                bytes memory b = Vectors.constant_(extremes[j], 1024);
                (int256 ab, uint256 aa, uint256 bb) = verifier.dotProducts(a, b);
                assertEq(ab, 1024 * int256(extremes[i]) * extremes[j]);
                assertEq(int256(aa), 1024 * int256(extremes[i]) * extremes[i]);
                assertEq(int256(bb), 1024 * int256(extremes[j]) * extremes[j]);
            }
        }
    }

    /// Each element meets exactly its partner: unit vectors are orthogonal.
    function test_UnitVectorsAreOrthonormal() public view {
        for (uint256 i = 0; i < 40; ++i) {
            for (uint256 j = 0; j < 40; ++j) {
                bytes memory a = new bytes(80);
                bytes memory b = new bytes(80);
                a[2 * i + 1] = 0x03;
                b[2 * j + 1] = 0x05;
                (int256 ab, uint256 aa, uint256 bb) = verifier.dotProducts(a, b);
                assertEq(ab, i == j ? int256(15) : int256(0));
                assertEq(aa, 9);
                assertEq(bb, 25);
            }
        }
    }

    function test_EmptyVectorsHaveZeroProducts() public view {
        (int256 ab, uint256 aa, uint256 bb) = verifier.dotProducts("", "");
        assertEq(ab, 0);
        assertEq(aa, 0);
        assertEq(bb, 0);
    }

    function test_DotProductsRefusesUnequalAndOddLengths() public {
        vm.expectRevert(abi.encodeWithSelector(IAgreementVerifier.WrongDimension.selector, 1, 3, 2));
        verifier.dotProducts(new bytes(4), new bytes(6));
        vm.expectRevert(abi.encodeWithSelector(IAgreementVerifier.WrongDimension.selector, 1, 2, 2));
        verifier.dotProducts(new bytes(5), new bytes(5));
    }

    function testFuzz_CosineWithinEqualsItsFormula(uint256 seed, uint16 noise, uint32 maxDistancePpb) public view {
        (bytes memory a, bytes memory b) = Vectors.pair(seed, 64, noise);
        (int256 ab, uint256 aa, uint256 bb) = verifier.dotProducts(a, b);
        uint256 minimum = maxDistancePpb < 1e9 ? 1e9 - maxDistancePpb : 0;
        bool expected = ab > 0 && uint256(ab * ab) * 1e18 >= minimum * minimum * aa * bb;
        assertEq(verifier.cosineWithin(a, b, maxDistancePpb), expected);
    }

    /// (1, 0) and (4, 3): the cosine is 4/5, so 1 - cos is exactly 200,000,000 ppb.
    function test_TheBoundIsInclusive() public view {
        bytes memory a = abi.encodePacked(int16(1), int16(0));
        bytes memory b = abi.encodePacked(int16(4), int16(3));
        assertTrue(verifier.cosineWithin(a, b, 200_000_000));
        assertFalse(verifier.cosineWithin(a, b, 199_999_999));
    }

    function test_CosineMustBePositive() public view {
        bytes memory a = abi.encodePacked(int16(1), int16(0));
        assertFalse(verifier.cosineWithin(a, abi.encodePacked(int16(0), int16(1)), 1e9), "orthogonal");
        assertFalse(verifier.cosineWithin(a, abi.encodePacked(int16(-1), int16(0)), type(uint32).max), "opposite");
        assertFalse(verifier.cosineWithin(a, new bytes(4), type(uint32).max), "zero");
        assertTrue(
            verifier.cosineWithin(a, abi.encodePacked(int16(1), int16(9999)), type(uint32).max), "barely positive"
        );
    }

    function test_VectorsOfUnequalOrOddLengthsAreNotWithin() public view {
        assertFalse(verifier.cosineWithin(hex"00010001", hex"0001", 1e9));
        assertFalse(verifier.cosineWithin(hex"000101", hex"000101", 1e9));
        assertTrue(verifier.cosineWithin(hex"0001", hex"0001", 0));
    }

    function test_Gas_cosine_384_int16() public {
        (bytes memory a, bytes memory b) = Vectors.pair(1, 384, 1);
        GasMeter meter = new GasMeter();
        uint256 used = meter.execution(address(verifier), abi.encodeCall(verifier.cosineWithin, (a, b, 1000)));
        vm.snapshotValue("gas", "cosine_384_int16", used);
        assertLe(used, 45_000, "target");

        uint256 plain = meter.execution(address(this), abi.encodeCall(this.plainDotProducts, (a, b)));
        assertGt(plain, 8 * used, "what the assembly is for");
    }

    function plainDotProducts(bytes calldata a, bytes calldata b)
        external
        pure
        returns (int256 ab, int256 aa, int256 bb)
    {
        ab = CosineInt16Reference.dot(a, b);
        aa = CosineInt16Reference.dot(a, a);
        bb = CosineInt16Reference.dot(b, b);
    }

    function _assertEqualsReference(bytes memory a, bytes memory b) private view {
        (int256 ab, uint256 aa, uint256 bb) = verifier.dotProducts(a, b);
        (int256 expectedAb, int256 expectedAa, int256 expectedBb) = this.plainDotProducts(a, b);
        assertEq(ab, expectedAb, "ab");
        assertEq(int256(aa), expectedAa, "aa");
        assertEq(int256(bb), expectedBb, "bb");
    }

    function _equalEven(bytes memory a, bytes memory b) private pure returns (bytes memory, bytes memory) {
        uint256 length = (a.length < b.length ? a.length : b.length) & ~uint256(1);
        assembly ("memory-safe") {
            mstore(a, length)
            mstore(b, length)
        }
        return (a, b);
    }
}
