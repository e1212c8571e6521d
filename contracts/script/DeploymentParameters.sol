// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "../src/jobs/IJobRegistry.sol";

/// @notice All that is decided at deployment. Amounts in wei of INFER, times in seconds.
struct DeploymentParameters {
    /// Must be longer than a job can live: see `Presets.production`.
    uint64 epochLength;
    uint256 minimumStake;
    uint64 unbondingEpochs;
    uint64 keyChangeDelay;
    /// Protocol fee of one seat that moves the reputation by a full step.
    uint128 fullStepFee;
    IJobRegistry.Parameters jobs;
}

library Presets {
    /// @notice For one machine: blocks of a second, a committee is known after two, a silent executor is slashed after
    /// seconds.
    function devnet() internal pure returns (DeploymentParameters memory) {
        return DeploymentParameters({
            epochLength: 600,
            minimumStake: 10 ether,
            unbondingEpochs: 2,
            keyChangeDelay: 60,
            fullStepFee: 0.0005 ether,
            jobs: IJobRegistry.Parameters({
                beaconDelay: 1,
                minCommitWindow: 5,
                maxCommitWindow: 3600,
                minRevealWindow: 3,
                maxRevealWindow: 3600,
                revealGrace: 3,
                minSeatFee: 0.001 ether,
                minDispatchFee: 0.0005 ether,
                minAdvanceReserve: 0.001 ether,
                callbackGasPrice: 1 gwei,
                maxCallbackGas: 2_000_000,
                maxInputBytes: 16_384,
                maxResultBytes: 4096,
                lockMultiplierBps: 50_000,
                protocolFeeBps: 500,
                noAgreementShareBps: 2500
            })
        });
    }

    /// @notice A starting point for a network of strangers.
    /// @dev The longest job: draw within the beacon's reach, two commit windows of an hour, a reveal window of an hour
    /// and a grace of half a day: well under a day. Stake therefore stays slashable for all jobs it was drawn for when
    /// it exits over seven epochs of a day.
    function production() internal pure returns (DeploymentParameters memory) {
        return DeploymentParameters({
            epochLength: 1 days,
            minimumStake: 1000 ether,
            unbondingEpochs: 7,
            // Longer than a job, so that a thief of an owner key can't take over seats that are filled.
            keyChangeDelay: 2 days,
            fullStepFee: 0.01 ether,
            jobs: IJobRegistry.Parameters({
                // A short reorganisation must not show a requester another committee.
                beaconDelay: 4,
                minCommitWindow: 30,
                maxCommitWindow: 1 hours,
                minRevealWindow: 30,
                maxRevealWindow: 1 hours,
                // Forced inclusion through the parent chain cures a censored reveal within this.
                revealGrace: 12 hours,
                minSeatFee: 0.01 ether,
                minDispatchFee: 0.005 ether,
                minAdvanceReserve: 0.01 ether,
                callbackGasPrice: 1 gwei,
                maxCallbackGas: 2_000_000,
                maxInputBytes: 16_384,
                maxResultBytes: 4096,
                lockMultiplierBps: 100_000,
                protocolFeeBps: 500,
                noAgreementShareBps: 2500
            })
        });
    }
}
