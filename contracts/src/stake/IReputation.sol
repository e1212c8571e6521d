// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SeatOutcome} from "./IStaking.sol";

/// @title The reputation formulas: pure policy; the score itself lives in the staking word.
interface IReputation {
    error ZeroFullStepFee();

    /// @notice F0, in wei: the protocol fee from which a success counts in full.
    function fullStepFee() external view returns (uint128);
    /// @notice 500,000.
    function initialScore() external view returns (uint256);
    /// @notice Below this an executor is ejected: 200,000.
    function ejectionLine() external view returns (uint256);
    /// @notice One step from a score in [0, 1e6]. Rounds towards the lower score.
    /// Success: s + (1e6 - s)/64 * min(1, protocolFee/fullStepFee). Miss: s - s/64. Outlier: s - s/8. Others: s.
    function step(uint256 score, SeatOutcome outcome, uint256 protocolFee) external view returns (uint256);
    /// @notice The score after `epochs` of drift towards the start, one percent of the distance each (at most 64 counted).
    function drift(uint256 score, uint256 epochs) external view returns (uint256);
}
