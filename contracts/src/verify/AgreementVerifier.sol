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
        bytes32 vectorHash;
        bytes32 resultHash;
    }

    uint256 private constant MAX_ANSWERS = 8;
    uint256 private constant BILLION = 1e9;
    uint256 private constant MILLION = 1e6;

    /// @inheritdoc IAgreementVerifier
    function cluster(VerificationProfile calldata profile, Answer[] calldata answers)
        external
        pure
        returns (uint8 size, uint8 centre, uint8 members)
    {
        uint256 count = answers.length;
        if (count > MAX_ANSWERS) revert TooManyAnswers(count, MAX_ANSWERS);

        // Row i of the matrix, 8 bits from bit 8 i: the cluster around answer i.
        uint256 matrix = 0;
        Reading[] memory readings = new Reading[](count);
        for (uint256 i = 0; i < count; ++i) {
            Answer calldata answer = answers[i];
            Reading memory reading;
            (reading.vectorHash, reading.resultHash) = (keccak256(answer.vector), keccak256(answer.result));
            readings[i] = reading;
            // Executors of one runtime class mostly answer with the same bytes: these need no second look.
            uint256 twin = _twinOf(readings, i);
            if (twin != i) {
                reading.vector = readings[twin].vector;
            } else if (_isWellFormed(profile, answer)) {
                reading.vector = CosineInt16.read(answer.vector);
            }
            if (reading.vector.squaredNorm == 0) continue;
            for (uint256 j = 0; j < i; ++j) {
                bool agrees = twin == i
                    ? _compare(profile, answer, answers[j], reading, readings[j])
                    : matrix & _entry(twin, j) != 0;
                if (agrees) matrix |= _entry(i, j) | _entry(j, i);
            }
            matrix |= _entry(i, i);
        }

        for (uint256 i = 0; i < count; ++i) {
            uint8 row = uint8(matrix >> (MAX_ANSWERS * i));
            uint8 rowSize = _countBits(row);
            if (rowSize > size) (size, centre, members) = (rowSize, uint8(i), row);
        }
    }

    /// @inheritdoc IAgreementVerifier
    function agree(VerificationProfile calldata profile, Answer calldata a, Answer calldata b)
        external
        pure
        returns (bool)
    {
        if (!_isWellFormed(profile, a) || !_isWellFormed(profile, b)) return false;
        return _compare(profile, a, b, _read(a), _read(b));
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

    /// @dev Whether the answer can agree with any, its vector's norm apart.
    function _isWellFormed(VerificationProfile calldata profile, Answer calldata answer) private pure returns (bool) {
        if (answer.vector.length != 2 * uint256(profile.dimension)) return false;
        ResultRule rule = profile.rule;
        if (rule == ResultRule.ExactBytes) return true;
        if (rule == ResultRule.Scores) return ScoresResult.isCanonical(answer.result);
        return rule == ResultRule.Vector && answer.result.length == 0;
    }

    function _read(Answer calldata answer) private pure returns (Reading memory) {
        return Reading(CosineInt16.read(answer.vector), keccak256(answer.vector), keccak256(answer.result));
    }

    /// @dev Position of the first answer with the same bytes as answer `i`, itself if it is the first.
    function _twinOf(Reading[] memory readings, uint256 i) private pure returns (uint256 twin) {
        Reading memory reading = readings[i];
        while (
            readings[twin].vectorHash != reading.vectorHash || readings[twin].resultHash != reading.resultHash
        ) ++twin;
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
            // For the rule `Vector`, both are empty.
            : readingA.resultHash == readingB.resultHash;
        if (!resultsAgree) return false;

        int256 ab = CosineInt16.dot(readingA.vector, readingB.vector);
        return _cosineWithin(ab, aa, bb, profile.maxCosineDistancePpb);
    }

    /// @dev The matrix with answer `member` in the cluster around `centre`, both below 8.
    function _entry(uint256 centre, uint256 member) private pure returns (uint256) {
        unchecked {
            return 1 << (MAX_ANSWERS * centre + member);
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
