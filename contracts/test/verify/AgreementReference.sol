// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Answer} from "../../src/jobs/JobTypes.sol";
import {ResultRule, VerificationProfile} from "../../src/models/IModelRegistry.sol";
import {CosineInt16Reference} from "../../src/verify/CosineInt16Reference.sol";

/// @notice The agreement of answers, written down as the protocol says it: every pair from scratch, no sharing, no packing.
contract AgreementReference {
    function cluster(VerificationProfile calldata profile, Answer[] calldata answers)
        external
        view
        returns (uint8 size, uint8 centre, uint8 members)
    {
        for (uint256 i = 0; i < answers.length; ++i) {
            uint8 neighbours = 0;
            uint8 bitmap = 0;
            for (uint256 j = 0; j < answers.length; ++j) {
                if (agree(profile, answers[i], answers[j])) {
                    ++neighbours;
                    bitmap |= uint8(1 << j);
                }
            }
            if (neighbours > size) (size, centre, members) = (neighbours, uint8(i), bitmap);
        }
    }

    function agree(VerificationProfile calldata profile, Answer calldata a, Answer calldata b)
        public
        view
        returns (bool)
    {
        if (a.vector.length != 2 * uint256(profile.dimension) || b.vector.length != a.vector.length) return false;
        int256 aa = CosineInt16Reference.dot(a.vector, a.vector);
        int256 bb = CosineInt16Reference.dot(b.vector, b.vector);
        int256 ab = CosineInt16Reference.dot(a.vector, b.vector);
        if (aa == 0 || bb == 0) return false;
        if (distance(aa, bb) * 1e6 > profile.normTolerancePpm * uint256(aa > bb ? aa : bb)) return false;
        uint256 minimum = profile.maxCosineDistancePpb > 1e9 ? 0 : 1e9 - profile.maxCosineDistancePpb;
        if (ab <= 0 || uint256(ab * ab) * 1e18 < minimum * minimum * uint256(aa) * uint256(bb)) return false;
        return resultsAgree(profile, a.result, b.result);
    }

    function resultsAgree(VerificationProfile calldata profile, bytes calldata a, bytes calldata b)
        public
        view
        returns (bool)
    {
        if (profile.rule == ResultRule.ExactBytes) return keccak256(a) == keccak256(b);
        if (profile.rule == ResultRule.Vector) return a.length == 0 && b.length == 0;
        if (profile.rule == ResultRule.None || !isCanonical(a) || !isCanonical(b)) return false;

        (uint16 winnerA, int32[] memory scoresA) = decode(a);
        (uint16 winnerB, int32[] memory scoresB) = decode(b);
        if (scoresA.length != scoresB.length) return false;
        for (uint256 i = 0; i < scoresA.length; ++i) {
            if (distance(scoresA[i], scoresB[i]) > profile.elementTolerance) return false;
        }
        if (winnerA == winnerB) return true;
        // Ambiguity: for each of them, the other's winner is as good as its own.
        return distance(scoresA[winnerA], scoresA[winnerB]) <= profile.elementTolerance
            && distance(scoresB[winnerB], scoresB[winnerA]) <= profile.elementTolerance;
    }

    function isCanonical(bytes calldata result) public view returns (bool) {
        try this.decode(result) returns (uint16 winner, int32[] memory scores) {
            if (keccak256(abi.encode(winner, scores)) != keccak256(result) || winner >= scores.length) return false;
            for (uint256 i = 0; i < scores.length; ++i) {
                if (scores[i] > scores[winner] || (i < winner && scores[i] == scores[winner])) return false;
            }
            return true;
        } catch {
            return false;
        }
    }

    function decode(bytes calldata result) public pure returns (uint16 winner, int32[] memory scores) {
        return abi.decode(result, (uint16, int32[]));
    }

    function distance(int256 x, int256 y) private pure returns (uint256) {
        return uint256(x > y ? x - y : y - x);
    }
}
