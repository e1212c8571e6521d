// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ISlashing, Offence} from "./ISlashing.sol";
import {IStaking} from "./IStaking.sol";

/// @title How much an offence costs.
/// @notice Counts strikes and asks `Staking` to cut; holds no money.
contract Slashing is ISlashing {
    uint256 private constant REWARD_CAP_IN_SEAT_FEES = 10;

    address public immutable jobRegistry;
    IStaking public immutable staking;

    /// @inheritdoc ISlashing
    mapping(uint32 executorId => mapping(Offence offence => uint8)) public strikesOf;

    constructor(address jobRegistry_, IStaking staking_) {
        jobRegistry = jobRegistry_;
        staking = staking_;
    }

    /// @inheritdoc ISlashing
    function punishNoReveal(uint32 executorId, bytes32 jobId, uint128 seatFee, address prover)
        external
        returns (uint256 amount)
    {
        if (msg.sender != jobRegistry) revert NotJobRegistry(msg.sender);

        uint8 strike = strikesOf[executorId][Offence.NoReveal];
        if (strike != type(uint8).max) {
            ++strike;
            strikesOf[executorId][Offence.NoReveal] = strike;
        }
        uint8 percent = percentOf(Offence.NoReveal, strike);
        amount = staking.slash(executorId, jobId, percent, prover, REWARD_CAP_IN_SEAT_FEES * seatFee);
        emit OffencePunished(executorId, jobId, Offence.NoReveal, strike, percent, amount);
    }

    /// @inheritdoc ISlashing
    function percentOf(Offence, uint8 strike) public pure returns (uint8) {
        if (strike == 0) return 0;
        if (strike == 1) return 5;
        if (strike == 2) return 20;
        return 100;
    }
}
