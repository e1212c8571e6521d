// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Answer} from "../../src/jobs/JobTypes.sol";
import {ResultRule, VerificationProfile} from "../../src/models/IModelRegistry.sol";
import {AgreementVerifier} from "../../src/verify/AgreementVerifier.sol";
import {AgreementReference} from "./AgreementReference.sol";
import {GasMeter} from "./GasMeter.sol";
import {Vectors} from "./Vectors.sol";
import {Test} from "forge-std/Test.sol";

contract AgreementVerifierTest is Test {
    AgreementVerifier private verifier = new AgreementVerifier();
    AgreementReference private plain = new AgreementReference();

    // ------------------------------------------------- cluster

    function test_HonestAnswersFormOneClusterAroundTheFirst() public view {
        Answer[] memory answers = _vectorAnswers(_list("10 20 30", "10 20 30", "10 20 30"));
        _assertCluster(_profile(ResultRule.Vector, 3), answers, 3, 0, 7);
    }

    function test_OutlierIsOutsideTheCluster() public view {
        Answer[] memory answers = _vectorAnswers(_list("10 20 30", "30 20 10", "10 20 30"));
        _assertCluster(_profile(ResultRule.Vector, 3), answers, 2, 0, 5);
        answers = _vectorAnswers(_list("30 20 10", "10 20 30", "10 20 30"));
        _assertCluster(_profile(ResultRule.Vector, 3), answers, 2, 1, 6);
    }

    function test_CentreHasMostNeighboursAndItsNeighboursNeedNotAgreeWithEachOther() public view {
        // Angles of 0, 10 and 20 degrees, where up to 15 agree.
        VerificationProfile memory profile = _profile(ResultRule.Vector, 2);
        profile.maxCosineDistancePpb = 34_000_000;
        profile.normTolerancePpm = 1000;
        Answer[] memory answers = _vectorAnswers(_list("10000 0", "9397 3420", "9848 1736"));
        _assertCluster(profile, answers, 3, 2, 7);
        answers[2] = answers[1];
        _assertCluster(profile, answers, 2, 1, 6);
    }

    function test_TiesGoToTheLowestPosition() public view {
        Answer[] memory answers = _vectorAnswers(_list("1 0", "0 1", "0 1"));
        answers[2].vector = _vector("0 -1");
        _assertCluster(_profile(ResultRule.Vector, 2), answers, 1, 0, 1);
    }

    function test_AnswersWithoutACommonResultStandAlone() public view {
        Answer[] memory answers = _vectorAnswers(_list("1 1", "1 1", "1 1"));
        answers[0].result = "a";
        answers[1].result = "b";
        answers[2].result = "c";
        _assertCluster(_profile(ResultRule.ExactBytes, 2), answers, 1, 0, 1);
        answers[2].result = "b";
        _assertCluster(_profile(ResultRule.ExactBytes, 2), answers, 2, 1, 6);
    }

    function test_EightAnswersFillTheBitmap() public view {
        Answer[] memory answers = new Answer[](8);
        for (uint256 i = 0; i < 8; ++i) {
            answers[i].vector = _vector("5 6 7");
        }
        _assertCluster(_profile(ResultRule.Vector, 3), answers, 8, 0, 255);
    }

    function test_MoreAnswersThanTheBitmapHoldsAreRefused() public {
        vm.expectRevert(abi.encodeWithSelector(AgreementVerifier.TooManyAnswers.selector, 9, 8));
        verifier.cluster(_profile(ResultRule.Vector, 3), new Answer[](9));
    }

    function test_NoAnswersFormNoCluster() public view {
        _assertCluster(_profile(ResultRule.Vector, 3), new Answer[](0), 0, 0, 0);
    }

    // ------------------------------------------------- malformed answers

    function test_MalformedAnswerAgreesWithNobodyNotEvenItself() public view {
        bytes memory scores = _scores(1, 5, 9, 2);
        Answer memory good = Answer(0, scores, _vector("1 2 3"));
        Answer[6] memory bad = [
            Answer(0, scores, _vector("1 2")),
            Answer(0, scores, _vector("1 2 3 4")),
            Answer(0, scores, abi.encodePacked(_vector("1 2 3"), bytes1(0))),
            Answer(0, scores, ""),
            Answer(0, scores, _vector("0 0 0")),
            Answer(0, "", _vector("1 2 3"))
        ];
        VerificationProfile memory profile = _profile(ResultRule.Scores, 3);
        assertTrue(verifier.agree(profile, good, good));
        for (uint256 i = 0; i < bad.length; ++i) {
            assertFalse(verifier.agree(profile, bad[i], bad[i]), "itself");
            assertFalse(verifier.agree(profile, good, bad[i]), "with a good centre");
            assertFalse(verifier.agree(profile, bad[i], good), "as the centre");

            Answer[] memory answers = new Answer[](2);
            answers[0] = bad[i];
            answers[1] = good;
            _assertCluster(profile, answers, 1, 1, 2);
            answers[1] = bad[i];
            _assertCluster(profile, answers, 0, 0, 0);
        }
    }

    function test_RuleNoneAndDimensionZeroAgreeWithNobody() public view {
        Answer[] memory answers = _vectorAnswers(_list("1 2", "1 2", "1 2"));
        _assertCluster(_profile(ResultRule.None, 2), answers, 0, 0, 0);
        for (uint256 i = 0; i < 3; ++i) {
            answers[i].vector = "";
        }
        _assertCluster(_profile(ResultRule.Vector, 0), answers, 0, 0, 0);
    }

    function test_RuleVectorNeedsEmptyResults() public view {
        VerificationProfile memory profile = _profile(ResultRule.Vector, 2);
        Answer memory empty = Answer(0, "", _vector("1 2"));
        Answer memory filled = Answer(0, "x", _vector("1 2"));
        assertTrue(verifier.agree(profile, empty, empty));
        assertFalse(verifier.agree(profile, filled, filled));
        assertFalse(verifier.agree(profile, empty, filled));
    }

    // ------------------------------------------------- vectors

    function test_NormsMustBeWithinTheToleranceOfTheLarger() public view {
        VerificationProfile memory profile = _profile(ResultRule.Vector, 1);
        profile.maxCosineDistancePpb = 0;
        // Squared norms 100 and 81: 190,000 ppm of the larger apart.
        Answer memory a = Answer(0, "", _vector("10"));
        Answer memory b = Answer(0, "", _vector("9"));
        profile.normTolerancePpm = 190_000;
        assertTrue(verifier.agree(profile, a, b) && verifier.agree(profile, b, a));
        profile.normTolerancePpm = 189_999;
        assertFalse(verifier.agree(profile, a, b) || verifier.agree(profile, b, a));
    }

    function test_ADistanceBeyondOneAcceptsEveryAcuteAngle() public view {
        VerificationProfile memory profile = _profile(ResultRule.Vector, 2);
        profile.maxCosineDistancePpb = type(uint32).max;
        profile.normTolerancePpm = 1_000_000;
        Answer memory a = Answer(0, "", _vector("1 0"));
        assertTrue(verifier.agree(profile, a, Answer(0, "", _vector("1 32767"))));
        assertFalse(verifier.agree(profile, a, Answer(0, "", _vector("0 1"))));
    }

    // ------------------------------------------------- scores

    function test_ScoresAgreeWithinTheTolerance() public view {
        VerificationProfile memory profile = _profile(ResultRule.Scores, 1);
        profile.elementTolerance = 10;
        assertTrue(_scoresAgree(profile, _scores(0, 100, 0, -100), _scores(0, 110, 10, -90)));
        assertFalse(_scoresAgree(profile, _scores(0, 100, 0, -100), _scores(0, 100, 0, -111)));
        assertFalse(_scoresAgree(profile, _scores(0, 100, 0, -100), _scores(0, 111, 0, -100)));
    }

    function test_ScoresOfDifferentCountDisagree() public view {
        int32[] memory two = new int32[](2);
        VerificationProfile memory profile = _profile(ResultRule.Scores, 1);
        profile.elementTolerance = type(uint32).max;
        assertFalse(_scoresAgree(profile, _scores(0, 0, 0, 0), abi.encode(uint16(0), two)));
    }

    function test_AnotherWinnerIsExcusedOnlyWhenBothAnswersAreAmbiguous() public view {
        VerificationProfile memory profile = _profile(ResultRule.Scores, 1);
        profile.elementTolerance = 10;
        bytes memory ambiguous = _scores(0, 100, 95, 0);
        bytes memory other = _scores(1, 95, 100, 0);
        bytes memory clear = _scores(1, 92, 103, 0);
        assertTrue(_scoresAgree(profile, ambiguous, other), "both have two scores 5 apart");
        assertFalse(_scoresAgree(profile, ambiguous, clear), "the second one's best two are 11 apart");
        assertFalse(_scoresAgree(profile, clear, ambiguous), "in either order");
    }

    function test_ACheatHalfwayBetweenTwoWinnersIsNotTheCentreOfTwoClearAnswers() public view {
        VerificationProfile memory profile = _profile(ResultRule.Scores, 1);
        profile.elementTolerance = 20;
        Answer[] memory answers = _vectorAnswers(_list("1", "1", "1"));
        answers[0].result = _scores(1, 885, 890, 0);
        answers[1].result = _scores(0, 900, 870, 0);
        answers[2].result = _scores(0, 900, 870, 0);
        _assertCluster(profile, answers, 2, 1, 6);
    }

    function test_AmbiguityExcusesOnlyAWinnerThatIsNearTheBest() public view {
        VerificationProfile memory profile = _profile(ResultRule.Scores, 1);
        profile.elementTolerance = 10;
        // Indexes 0 and 1 are a tie; 2 is not, even though each of its scores is within the tolerance.
        assertFalse(_scoresAgree(profile, _scores(0, 100, 99, 85), _scores(2, 92, 92, 93)));
        assertTrue(_scoresAgree(profile, _scores(0, 100, 99, 90), _scores(2, 92, 92, 93)));
    }

    function test_WidestScoresNeitherOverflowNorWrap() public view {
        VerificationProfile memory profile = _profile(ResultRule.Scores, 1);
        bytes memory high = _scores(0, type(int32).max, type(int32).min, 0);
        bytes memory low = _scores(1, type(int32).min, type(int32).max, 0);
        profile.elementTolerance = type(uint32).max - 1;
        assertFalse(_scoresAgree(profile, high, low));
        profile.elementTolerance = type(uint32).max;
        assertTrue(_scoresAgree(profile, high, low));
    }

    function test_NonCanonicalScoresAreMalformed() public view {
        bytes memory good = _scores(1, 5, 9, 2);
        _assertScoresCanonical(good, true);
        _assertScoresCanonical(_scores(0, 5, 9, 2), false); // not the highest
        _assertScoresCanonical(_scores(1, 9, 9, 2), false); // not the lowest index of the highest
        _assertScoresCanonical(_scores(0, 9, 9, 2), true);
        _assertScoresCanonical(_scores(3, 5, 9, 2), false); // no such index
        _assertScoresCanonical(_patched(good, 0, 1 | 1 << 16), false); // winner wider than uint16
        _assertScoresCanonical(_patched(good, 1, 0x60), false); // other offset
        _assertScoresCanonical(_patched(good, 2, 2), false); // count below the length
        _assertScoresCanonical(_patched(good, 2, 4), false); // count above the length
        _assertScoresCanonical(_patched(good, 2, type(uint256).max), false);
        _assertScoresCanonical(_patched(good, 3, 1 << 31), false); // not sign-extended
        _assertScoresCanonical(_patched(good, 3, uint256(int256(type(int32).min) - 1)), false);
        _assertScoresCanonical(_patched(good, 3, uint256(int256(type(int32).min))), true);
        _assertScoresCanonical(_patched(good, 4, uint256(int256(type(int32).max))), true);
        _assertScoresCanonical(abi.encodePacked(good, bytes1(0)), false);
        _assertScoresCanonical(abi.encodePacked(good, bytes32(0)), false);
        _assertScoresCanonical(abi.encode(uint16(0), new int32[](0)), false);
        _assertScoresCanonical("", false);
    }

    function test_AWinnerBeyond65535IsMalformed() public view {
        int32[] memory scores = new int32[](65_538);
        scores[65_535] = 1;
        bytes memory result = abi.encode(uint16(65_535), scores);
        assertTrue(_isWellFormed(result));
        (scores[65_535], scores[65_536]) = (0, 1);
        result = _patched(abi.encode(uint16(0), scores), 0, 65_536);
        assertFalse(_isWellFormed(result));
    }

    // ------------------------------------------------- against the reference

    function testFuzz_ArbitraryResultBytesAreJudgedLikeTheReference(bytes calldata result) public view {
        assertEq(_isWellFormed(result), plain.isCanonical(result));
    }

    function testFuzz_MutatedScoresAreJudgedLikeTheReference(
        int32[] memory scores,
        uint16 position,
        uint8 bit,
        bool repaired
    ) public view {
        uint16 winner = 0;
        for (uint16 i = 1; i < scores.length; ++i) {
            if (scores[i] > scores[winner]) winner = i;
        }
        bytes memory result = abi.encode(winner, scores);
        assertEq(_isWellFormed(result), scores.length != 0);
        if (!repaired) {
            uint256 index = position % result.length;
            result[index] = bytes1(uint8(result[index]) ^ uint8(1 << (bit % 8)));
        }
        assertEq(_isWellFormed(result), plain.isCanonical(result));
    }

    /// Small numbers, so that every condition is met about as often as it fails.
    function testFuzz_ClusterEqualsReference(uint256 seed) public view {
        Answer[] memory answers = new Answer[](seed % 8);
        VerificationProfile memory profile = _profile(ResultRule((seed >> 8) % 4), uint16((seed >> 16) % 4));
        profile.maxCosineDistancePpb = uint32((seed >> 32) % 50_000_000);
        profile.normTolerancePpm = uint32((seed >> 64) % 300_000);
        profile.elementTolerance = uint32((seed >> 96) % 6);
        for (uint256 i = 0; i < answers.length; ++i) {
            answers[i] = _randomAnswer(profile, uint256(keccak256(abi.encode(seed, i))));
        }
        (uint8 size, uint8 centre, uint8 members) = plain.cluster(profile, answers);
        _assertCluster(profile, answers, size, centre, members);
        for (uint256 i = 1; i < answers.length; ++i) {
            Answer memory a = answers[i - 1];
            assertEq(verifier.agree(profile, a, answers[i]), plain.agree(profile, a, answers[i]));
        }
    }

    function testFuzz_NoBytesRevert(uint8 rule, uint16 dimension, bytes[2] calldata results, bytes[2] calldata vectors)
        public
        view
    {
        Answer[] memory answers = new Answer[](2);
        answers[0] = Answer(0, results[0], vectors[0]);
        answers[1] = Answer(1, results[1], vectors[1]);
        VerificationProfile memory profile = _profile(ResultRule(rule % 4), dimension);
        profile.dimension = uint16(vectors[0].length / 2);
        verifier.cluster(profile, answers);
        verifier.cosineWithin(vectors[0], vectors[1], dimension);
    }

    // ------------------------------------------------- gas

    function test_Gas_cluster_3_scores_384_int16() public {
        VerificationProfile memory profile = _profile(ResultRule.Scores, 384);
        profile.elementTolerance = 50;
        profile.normTolerancePpm = 1000;
        Answer[] memory answers = new Answer[](3);
        for (uint256 i = 0; i < 3; ++i) {
            (, bytes memory vector) = Vectors.pair(7, 384, uint16(i));
            int32[] memory scores = new int32[](4);
            scores[2] = int32(uint32(2000 + i));
            answers[i] = Answer(uint8(i), abi.encode(uint16(2), scores), vector);
        }
        _assertCluster(profile, answers, 3, 0, 7);
        uint256 used = new GasMeter().execution(address(verifier), abi.encodeCall(verifier.cluster, (profile, answers)));
        vm.snapshotValue("verify", "cluster_3_scores_384_int16", used);
        assertLe(used, 110_000, "target");
    }

    // ------------------------------------------------- helpers

    function _assertCluster(
        VerificationProfile memory profile,
        Answer[] memory answers,
        uint8 expectedSize,
        uint8 expectedCentre,
        uint8 expectedMembers
    ) private view {
        (uint8 size, uint8 centre, uint8 members) = verifier.cluster(profile, answers);
        assertEq(size, expectedSize, "size");
        assertEq(centre, expectedCentre, "centre");
        assertEq(members, expectedMembers, "members");
    }

    function _assertScoresCanonical(bytes memory result, bool expected) private view {
        assertEq(_isWellFormed(result), expected);
        assertEq(plain.isCanonical(result), expected, "reference");
    }

    function _isWellFormed(bytes memory result) private view returns (bool) {
        return _scoresAgree(_profile(ResultRule.Scores, 1), result, result);
    }

    function _scoresAgree(VerificationProfile memory profile, bytes memory a, bytes memory b)
        private
        view
        returns (bool)
    {
        return verifier.agree(profile, Answer(0, a, hex"0001"), Answer(1, b, hex"0001"));
    }

    /// An answer near the others, sometimes with one thing wrong.
    function _randomAnswer(VerificationProfile memory profile, uint256 word)
        private
        pure
        returns (Answer memory answer)
    {
        uint256 dimension = word % 16 == 0 ? 2 : profile.dimension;
        bool zero = (word >> 4) % 16 == 0;
        answer.vector = new bytes(2 * dimension);
        for (uint256 i = 0; i < dimension; ++i) {
            Vectors.set(answer.vector, i, zero ? int16(0) : int16(uint16(10 + ((word >> (16 + 2 * i)) % 4))));
        }
        if (profile.rule == ResultRule.ExactBytes) {
            answer.result = abi.encodePacked((word >> 32) % 2);
        } else if (profile.rule == ResultRule.Scores) {
            int32[] memory scores = new int32[](1 + (word >> 40) % 16 / 15 + 2);
            uint16 winner = 0;
            for (uint16 i = 0; i < scores.length; ++i) {
                scores[i] = int32(uint32((word >> (64 + 4 * i)) % 8)) - 4;
                if (scores[i] > scores[winner]) winner = i;
            }
            if ((word >> 48) % 16 == 0) winner = uint16((word >> 52) % 4);
            answer.result = abi.encode(winner, scores);
        } else if ((word >> 56) % 16 == 0) {
            answer.result = "x";
        }
    }

    function _profile(ResultRule rule, uint16 dimension) private pure returns (VerificationProfile memory profile) {
        profile.rule = rule;
        profile.dimension = dimension;
        profile.scale = 32767;
        profile.maxCosineDistancePpb = 1000;
    }

    function _scores(uint16 winner, int32 x, int32 y, int32 z) private pure returns (bytes memory) {
        int32[] memory scores = new int32[](3);
        (scores[0], scores[1], scores[2]) = (x, y, z);
        return abi.encode(winner, scores);
    }

    function _patched(bytes memory result, uint256 word, uint256 value) private pure returns (bytes memory patched) {
        patched = bytes.concat(result);
        assembly ("memory-safe") {
            mstore(add(patched, mul(32, add(word, 1))), value)
        }
    }

    function _vectorAnswers(string[3] memory vectors) private pure returns (Answer[] memory answers) {
        answers = new Answer[](3);
        for (uint256 i = 0; i < 3; ++i) {
            answers[i] = Answer(uint8(i), "", _vector(vectors[i]));
        }
    }

    function _list(string memory a, string memory b, string memory c) private pure returns (string[3] memory) {
        return [a, b, c];
    }

    function _vector(string memory elements) private pure returns (bytes memory vector) {
        string[] memory parts = vm.split(elements, " ");
        vector = new bytes(2 * parts.length);
        for (uint256 i = 0; i < parts.length; ++i) {
            Vectors.set(vector, i, int16(vm.parseInt(parts[i])));
        }
    }
}
