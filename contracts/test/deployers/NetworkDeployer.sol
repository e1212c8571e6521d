// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ExecutorRegistry} from "../../src/executors/ExecutorRegistry.sol";
import {ModelRegistry} from "../../src/models/ModelRegistry.sol";
import {ActivityLog} from "../../src/rewards/ActivityLog.sol";
import {Sortition} from "../../src/schedule/Sortition.sol";
import {Reputation} from "../../src/stake/Reputation.sol";
import {Slashing} from "../../src/stake/Slashing.sol";
import {StakePools} from "../../src/stake/StakePools.sol";
import {Staking} from "../../src/stake/Staking.sol";
import {CommonBase} from "forge-std/Base.sol";

/// @notice The registries, staking and sortition of one network.
struct NetworkContracts {
    ModelRegistry models;
    ExecutorRegistry executors;
    Sortition sortition;
    Reputation reputation;
    Staking staking;
    Slashing slashing;
    ActivityLog activity;
}

/// @notice Deploys them for an address that stands for the job registry. From its artifact, as `Deployer`.
contract NetworkDeployer is CommonBase {
    struct Parameters {
        address jobRegistry;
        address court;
        uint256 minimumStake;
        uint64 epochLength;
        uint64 unbondingEpochs;
        uint64 keyChangeDelay;
        uint64 modelChangeDelay;
        uint128 fullStepFee;
    }

    function deploy(Parameters calldata given) external returns (NetworkContracts memory all) {
        all.models = new ModelRegistry(given.modelChangeDelay);
        all.reputation = new Reputation(given.fullStepFee);
        // The next five name each other: their addresses follow from the deployer's nonce.
        uint64 nonce = vm.getNonce(address(this));
        Staking stakingAt = Staking(vm.computeCreateAddress(address(this), nonce + 1));
        address slashingAt = vm.computeCreateAddress(address(this), nonce + 2);
        Sortition sortitionAt = Sortition(vm.computeCreateAddress(address(this), nonce + 3));
        all.executors =
            new ExecutorRegistry(all.models, stakingAt, sortitionAt, given.keyChangeDelay, given.epochLength);
        all.staking = new Staking(
            all.executors,
            [given.jobRegistry, address(0), address(0)],
            slashingAt,
            all.reputation,
            ActivityLog(vm.computeCreateAddress(address(this), nonce + 4)),
            StakePools.Parameters(given.minimumStake, given.epochLength, given.unbondingEpochs, given.fullStepFee)
        );
        all.slashing =
            new Slashing(all.executors, all.staking, [given.jobRegistry, address(0), address(0)], given.court);
        all.sortition = new Sortition(address(all.executors), given.epochLength);
        all.activity = new ActivityLog(address(all.staking), given.epochLength);
        assert(address(all.staking.activity()) == address(all.activity));
        assert(address(all.staking) == address(stakingAt));
        assert(address(all.slashing) == slashingAt);
        assert(address(all.sortition) == address(sortitionAt));
    }
}
