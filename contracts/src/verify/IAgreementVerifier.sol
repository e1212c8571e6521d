// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Answer} from "../jobs/JobTypes.sol";
import {VerificationProfile} from "../models/IModelRegistry.sol";

/// @title Which answers agree, and the cluster around the centre.
interface IAgreementVerifier {
    error WrongDimension(uint8 seat, uint256 elements, uint256 expected);

    /// @notice Centre = the answer with most agreeing neighbours, ties to the lowest position; cluster = centre and neighbours.
    /// A malformed answer (wrong dimension, zero vector, malformed result) agrees with nobody.
    /// @return size Answers in the cluster (0 when every answer is malformed).
    /// @return centre Position of the centre in `answers`.
    /// @return members Bitmap of positions in the cluster.
    function cluster(VerificationProfile calldata profile, Answer[] calldata answers)
        external
        pure
        returns (uint8 size, uint8 centre, uint8 members);

    /// @notice `cluster` of answers that are sent once however many seats gave them: an answer counts as often as it was
    /// given.
    /// @param givers Byte i, from the least significant: bitmap of the seats that gave `answers[i]`.
    /// @return size Seats in the cluster.
    /// @return centre Position of the centre in `answers`.
    /// @return members Bitmap of the seats in the cluster.
    function clusterOfSeats(VerificationProfile calldata profile, Answer[] calldata answers, uint256 givers)
        external
        pure
        returns (uint8 size, uint8 centre, uint8 members);

    /// @notice Whether two answers agree. Symmetric: each must accept the other.
    function agree(VerificationProfile calldata profile, Answer calldata a, Answer calldata b)
        external
        pure
        returns (bool);

    /// @notice a.b, a.a and b.b of two vectors of big-endian int16 elements of equal length.
    /// Reverts `WrongDimension` about `b` (seat 1) when the lengths differ or are odd.
    function dotProducts(bytes calldata a, bytes calldata b) external pure returns (int256 ab, uint256 aa, uint256 bb);

    /// @notice cos(a,b) >= 1 - ppb/1e9 in integers: ab > 0 and ab^2 * 1e18 >= (1e9 - ppb)^2 * aa * bb.
    /// False when the lengths differ or are odd.
    function cosineWithin(bytes calldata a, bytes calldata b, uint32 maxDistancePpb) external pure returns (bool);
}
