// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "../src/jobs/IJobRegistry.sol";
import {ISingleJobRegistry} from "../src/single/ISingleJobRegistry.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {VmSafe} from "forge-std/Vm.sol";

/// @notice All that is decided at deployment. Amounts in wei of INFER, times in seconds.
struct DeploymentParameters {
    /// Must be longer than a job can live.
    uint64 epochLength;
    uint256 minimumStake;
    uint64 unbondingEpochs;
    uint64 keyChangeDelay;
    /// From a publisher's announcement until a new latest version or royalty acts.
    uint64 modelChangeDelay;
    /// Protocol fee of one seat that moves the reputation by a full step, and makes a clean job.
    uint128 fullStepFee;
    IJobRegistry.Parameters jobs;
    ISingleJobRegistry.Parameters single;
}

/// @title The presets in `parameters/`, which other deployers read too. Numbers are decimal strings there.
library Presets {
    using SafeCast for uint256;

    VmSafe private constant VM = VmSafe(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice For one machine: blocks of a second, a committee is known after two, a silent executor is slashed after
    /// seconds.
    function devnet() internal view returns (DeploymentParameters memory) {
        return read("parameters/devnet.json");
    }

    /// @notice A starting point for a network of strangers.
    /// @dev The longest job: draw within the beacon's reach, two commit windows of an hour, a reveal window of an hour
    /// and a grace of half a day: well under a day. Stake therefore stays slashable for all jobs it was drawn for when
    /// its exit takes at least seven epochs of a day. A beacon four blocks away outlasts a short reorganisation; keys change
    /// slower than a job, so that a thief of an owner key can't take over seats that are filled.
    function production() internal view returns (DeploymentParameters memory) {
        return read("parameters/production.json");
    }

    function read(string memory path) internal view returns (DeploymentParameters memory given) {
        string memory json = VM.readFile(path);
        given.epochLength = _number(json, ".epochLength").toUint64();
        given.minimumStake = _number(json, ".minimumStake");
        given.unbondingEpochs = _number(json, ".unbondingEpochs").toUint64();
        given.keyChangeDelay = _number(json, ".keyChangeDelay").toUint64();
        given.modelChangeDelay = _number(json, ".modelChangeDelay").toUint64();
        given.fullStepFee = _number(json, ".fullStepFee").toUint128();
        given.jobs.beaconDelay = _number(json, ".jobs.beaconDelay").toUint16();
        given.jobs.minCommitWindow = _number(json, ".jobs.minCommitWindow").toUint32();
        given.jobs.maxCommitWindow = _number(json, ".jobs.maxCommitWindow").toUint32();
        given.jobs.minRevealWindow = _number(json, ".jobs.minRevealWindow").toUint32();
        given.jobs.maxRevealWindow = _number(json, ".jobs.maxRevealWindow").toUint32();
        given.jobs.revealGrace = _number(json, ".jobs.revealGrace").toUint32();
        given.jobs.drawBountyDelay = _number(json, ".jobs.drawBountyDelay").toUint32();
        given.jobs.minSeatFee = _number(json, ".jobs.minSeatFee").toUint128();
        given.jobs.minDispatchFee = _number(json, ".jobs.minDispatchFee").toUint128();
        given.jobs.minAdvanceReserve = _number(json, ".jobs.minAdvanceReserve").toUint128();
        given.jobs.callbackGasPrice = _number(json, ".jobs.callbackGasPrice").toUint64();
        given.jobs.maxCallbackGas = _number(json, ".jobs.maxCallbackGas").toUint32();
        given.jobs.maxInputBytes = _number(json, ".jobs.maxInputBytes").toUint32();
        given.jobs.maxResultBytes = _number(json, ".jobs.maxResultBytes").toUint32();
        given.jobs.lockMultiplierBps = _number(json, ".jobs.lockMultiplierBps").toUint32();
        given.jobs.protocolFeeBps = _number(json, ".jobs.protocolFeeBps").toUint16();
        given.jobs.noAgreementShareBps = _number(json, ".jobs.noAgreementShareBps").toUint16();
        given.single = _single(json);
    }

    function _single(string memory json) private pure returns (ISingleJobRegistry.Parameters memory given) {
        given.optimisticAllowed = _number(json, ".single.optimisticAllowed") != 0;
        given.beaconDelay = _number(json, ".single.beaconDelay").toUint16();
        given.minWindow = _number(json, ".single.minWindow").toUint32();
        given.maxWindow = _number(json, ".single.maxWindow").toUint32();
        given.minChallengeWindow = _number(json, ".single.minChallengeWindow").toUint32();
        given.maxChallengeWindow = _number(json, ".single.maxChallengeWindow").toUint32();
        given.drawBountyDelay = _number(json, ".single.drawBountyDelay").toUint32();
        given.minFee = _number(json, ".single.minFee").toUint128();
        given.minDispatchFee = _number(json, ".single.minDispatchFee").toUint128();
        given.minAdvanceReserve = _number(json, ".single.minAdvanceReserve").toUint128();
        given.callbackGasPrice = _number(json, ".single.callbackGasPrice").toUint64();
        given.maxCallbackGas = _number(json, ".single.maxCallbackGas").toUint32();
        given.maxInputBytes = _number(json, ".single.maxInputBytes").toUint32();
        given.maxResultBytes = _number(json, ".single.maxResultBytes").toUint32();
        given.lockMultiplierBps = _number(json, ".single.lockMultiplierBps").toUint32();
        given.protocolFeeBps = _number(json, ".single.protocolFeeBps").toUint16();
    }

    function _number(string memory json, string memory key) private pure returns (uint256) {
        return VM.parseJsonUint(json, key);
    }
}
