// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Answer} from "../jobs/JobTypes.sol";
import {ResultRule, VerificationProfile} from "../models/IModelRegistry.sol";
import {CosineInt16} from "./CosineInt16.sol";
import {IAgreementVerifier} from "./IAgreementVerifier.sol";
import {ScoresResult} from "./ScoresResult.sol";

/// @title Which answers agree: the integer cosine of their vectors and the task's rule for their results.
/// @dev Stateless. No result or vector, whatever its bytes, makes it revert: an executor can't block a resolution.
contract AgreementVerifier is IAgreementVerifier {
    /// @notice More answers than the bitmap of members has bits.
    error TooManyAnswers(uint256 given, uint256 maximum);

    /// @dev What every comparison needs of an answer.
    struct Reading {
        /// The zero vector for a malformed answer.
        CosineInt16.Vector vector;
        /// Only of results that are compared byte by byte.
        bytes32 resultHash;
    }

    uint256 private constant MAX_ANSWERS = 8;
    /// Position i was given by seat i.
    uint256 private constant EACH_ITS_OWN = 0x8040201008040201;
    uint256 private constant BILLION = 1e9;
    uint256 private constant MILLION = 1e6;

    /// @inheritdoc IAgreementVerifier
    function cluster(VerificationProfile calldata profile, Answer[] calldata answers)
        external
        pure
        returns (uint8 size, uint8 centre, uint8 members)
    {
        return _cluster(profile, answers, EACH_ITS_OWN);
    }

    /// @inheritdoc IAgreementVerifier
    function clusterOfSeats(VerificationProfile calldata profile, Answer[] calldata answers, uint256 givers)
        external
        pure
        returns (uint8 size, uint8 centre, uint8 members)
    {
        return _cluster(profile, answers, givers);
    }

    /// @inheritdoc IAgreementVerifier
    function agree(VerificationProfile calldata profile, Answer calldata a, Answer calldata b)
        external
        pure
        returns (bool)
    {
        return _compare(profile, a, b, _read(profile, a), _read(profile, b));
    }

    /// @inheritdoc IAgreementVerifier
    function dotProducts(bytes calldata a, bytes calldata b) external pure returns (int256 ab, uint256 aa, uint256 bb) {
        if (!_comparable(a, b)) revert WrongDimension(1, b.length / 2, a.length / 2);
        return _dotProducts(a, b);
    }

    /// @inheritdoc IAgreementVerifier
    function cosineWithin(bytes calldata a, bytes calldata b, uint32 maxDistancePpb) external pure returns (bool) {
        if (!_comparable(a, b)) return false;
        (int256 ab, uint256 aa, uint256 bb) = _dotProducts(a, b);
        return _cosineWithin(ab, aa, bb, maxDistancePpb);
    }

    /// @param givers As in `clusterOfSeats`.
    function _cluster(VerificationProfile calldata profile, Answer[] calldata answers, uint256 givers)
        private
        pure
        returns (uint8 size, uint8 centre, uint8 members)
    {
        uint256 count = answers.length;
        if (count > MAX_ANSWERS) revert TooManyAnswers(count, MAX_ANSWERS);

        // Byte i: who gave an answer of the cluster around answer i.
        uint256 matrix = 0;
        Reading[] memory readings = new Reading[](count);
        for (uint256 i = 0; i < count; ++i) {
            Answer calldata answer = answers[i];
            Reading memory reading = _read(profile, answer);
            if (reading.vector.squaredNorm == 0) continue;
            readings[i] = reading;
            matrix |= _entry(i, i, givers);
            for (uint256 j = 0; j < i; ++j) {
                if (_compare(profile, answer, answers[j], reading, readings[j])) {
                    matrix |= _entry(i, j, givers) | _entry(j, i, givers);
                }
            }
        }

        for (uint256 i = 0; i < count; ++i) {
            uint8 row = uint8(matrix >> (8 * i));
            uint8 rowSize = _countBits(row);
            if (rowSize > size) (size, centre, members) = (rowSize, uint8(i), row);
        }
    }

    /// @dev Reads an answer, and finds it malformed if it is so by itself.
    function _read(VerificationProfile calldata profile, Answer calldata answer)
        private
        pure
        returns (Reading memory reading)
    {
        if (answer.vector.length != 2 * uint256(profile.dimension)) return reading;
        ResultRule rule = profile.rule;
        if (rule == ResultRule.ExactBytes) {
            reading.resultHash = keccak256(answer.result);
        } else if (rule == ResultRule.Scores) {
            if (!ScoresResult.isCanonical(answer.result)) return reading;
        } else if (rule == ResultRule.Vector) {
            if (answer.result.length != 0) return reading;
        } else {
            return reading;
        }
        reading.vector = CosineInt16.read(answer.vector);
    }

    /// @dev What costs most comes last.
    function _compare(
        VerificationProfile calldata profile,
        Answer calldata a,
        Answer calldata b,
        Reading memory readingA,
        Reading memory readingB
    ) private pure returns (bool) {
        uint256 aa = readingA.vector.squaredNorm;
        uint256 bb = readingB.vector.squaredNorm;
        if (aa == 0 || bb == 0 || !_normsWithin(aa, bb, profile.normTolerancePpm)) return false;

        bool resultsAgree = profile.rule == ResultRule.Scores
            ? ScoresResult.agree(a.result, b.result, profile.elementTolerance)
            // For the rule `Vector`, neither has a hash: both results are empty.
            : readingA.resultHash == readingB.resultHash;
        if (!resultsAgree) return false;

        int256 ab = CosineInt16.dot(readingA.vector, readingB.vector);
        return _cosineWithin(ab, aa, bb, profile.maxCosineDistancePpb);
    }

    /// @dev The matrix with the givers of answer `member` in the cluster around `centre`, both below 8.
    function _entry(uint256 centre, uint256 member, uint256 givers) private pure returns (uint256) {
        unchecked {
            return ((givers >> (8 * member)) & 0xff) << (8 * centre);
        }
    }

    function _countBits(uint8 bitmap) private pure returns (uint8 count) {
        unchecked {
            // Each step removes the lowest bit.
            for (; bitmap != 0; bitmap &= bitmap - 1) {
                ++count;
            }
        }
    }

    /// @dev Of equal length, and whole elements.
    function _comparable(bytes calldata a, bytes calldata b) private pure returns (bool) {
        return a.length == b.length && a.length % 2 == 0;
    }

    function _dotProducts(bytes calldata a, bytes calldata b) private pure returns (int256 ab, uint256 aa, uint256 bb) {
        CosineInt16.Vector memory vectorA = CosineInt16.read(a);
        CosineInt16.Vector memory vectorB = CosineInt16.read(b);
        return (CosineInt16.dot(vectorA, vectorB), vectorA.squaredNorm, vectorB.squaredNorm);
    }

    function _normsWithin(uint256 aa, uint256 bb, uint256 tolerancePpm) private pure returns (bool) {
        unchecked {
            // Squared norms of what fits into calldata are below 2^64.
            (uint256 larger, uint256 smaller) = aa > bb ? (aa, bb) : (bb, aa);
            return (larger - smaller) * MILLION <= tolerancePpm * larger;
        }
    }

    function _cosineWithin(int256 ab, uint256 aa, uint256 bb, uint256 maxDistancePpb) private pure returns (bool) {
        if (ab <= 0) return false;
        unchecked {
            // Both sides are below 2^188: all three products are below 2^64, and a billion is below 2^30.
            uint256 minimum = maxDistancePpb < BILLION ? BILLION - maxDistancePpb : 0;
            uint256 dot = uint256(ab);
            return dot * dot * (BILLION * BILLION) >= minimum * minimum * aa * bb;
        }
    }
}
