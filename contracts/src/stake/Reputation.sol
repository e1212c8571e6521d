// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INITIAL_REPUTATION} from "./AccountWord.sol";
import {IReputation} from "./IReputation.sol";
import {SeatOutcome} from "./IStaking.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The reputation formulas.
contract Reputation is IReputation {
    uint256 private constant MAXIMUM = 1e6;
    uint256 private constant EJECTION_LINE = 200_000;
    uint256 private constant SUCCESS_DIVISOR = 64;
    uint256 private constant MISS_DIVISOR = 64;
    uint256 private constant OUTLIER_DIVISOR = 8;
    uint256 private constant DRIFT_DIVISOR = 100;
    /// After 64 epochs about half of the distance is gone; the bound keeps a settlement's gas bounded.
    uint256 private constant MAX_DRIFT_EPOCHS = 64;

    /// @inheritdoc IReputation
    uint128 public immutable fullStepFee;

    constructor(uint128 fullStepFee_) {
        if (fullStepFee_ == 0) revert ZeroFullStepFee();
        fullStepFee = fullStepFee_;
    }

    /// @inheritdoc IReputation
    function initialScore() external pure returns (uint256) {
        return INITIAL_REPUTATION;
    }

    /// @inheritdoc IReputation
    function ejectionLine() external pure returns (uint256) {
        return EJECTION_LINE;
    }

    /// @inheritdoc IReputation
    function step(uint256 score, SeatOutcome outcome, uint256 protocolFee) external view returns (uint256) {
        if (outcome == SeatOutcome.Success) {
            uint256 fee = Math.min(protocolFee, fullStepFee);
            // One division, so that only the result is rounded.
            return score + ((MAXIMUM - score) * fee) / (SUCCESS_DIVISOR * uint256(fullStepFee));
        }
        if (outcome == SeatOutcome.Miss) return score - Math.ceilDiv(score, MISS_DIVISOR);
        if (outcome == SeatOutcome.Outlier) return score - Math.ceilDiv(score, OUTLIER_DIVISOR);
        return score;
    }

    /// @inheritdoc IReputation
    function drift(uint256 score, uint256 epochs) external pure returns (uint256) {
        // A loop, not a power: the rounding of each epoch is part of the rule, and it makes drift(drift(s, a), b) equal
        // drift(s, a + b), so it does not matter how often an account is touched.
        for (uint256 left = Math.min(epochs, MAX_DRIFT_EPOCHS); left != 0; --left) {
            if (score > INITIAL_REPUTATION) {
                score -= Math.ceilDiv(score - INITIAL_REPUTATION, DRIFT_DIVISOR);
            } else {
                uint256 gain = (INITIAL_REPUTATION - score) / DRIFT_DIVISOR;
                if (gain == 0) break;
                score += gain;
            }
        }
        return score;
    }
}
