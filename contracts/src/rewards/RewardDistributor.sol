// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../governance/Governed.sol";
import {IPolicyRegistry} from "../governance/IPolicyRegistry.sol";
import {IActivityLog} from "./IActivityLog.sol";
import {IExecutorOwners, RewardReserve} from "./RewardReserve.sol";
import {IStakeWeights, StakedRewards} from "./StakedRewards.sol";

/// @title Emission: a reserve of the native coin, paid out to executors epoch by epoch.
/// @notice Custody, and immutable: governance sets the budget's parameters, the poster and the stage, within the caps that
/// stand here, and moves no money.
contract RewardDistributor is StakedRewards {
    constructor(
        IPolicyRegistry governance_,
        IActivityLog activity_,
        IExecutorOwners executors_,
        IStakeWeights stakeWeights_
    ) Governed(governance_) RewardReserve(activity_, executors_) StakedRewards(stakeWeights_) {}
}
