// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPaymentChannels} from "../src/channels/IPaymentChannels.sol";
import {ICourt} from "../src/courts/ICourt.sol";
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
    /// From the announcement of a withdrawal from the job desk until it can be made.
    uint32 deskThawPeriod;
    GovernanceParameters governance;
    IPaymentChannels.Parameters channels;
    IJobRegistry.Parameters jobs;
    ICourt.Parameters court;
    ISingleJobRegistry.Parameters single;
}

/// @notice Who governs, and what the inequalities among the parameters need beside the other contracts' parameters.
struct GovernanceParameters {
    /// Replaces policies; a timelock on a network of strangers. Zero is the deployer.
    address owner;
    /// May pause new jobs. Zero is the deployer.
    address guardian;
    uint32 changeDelay;
    uint32 changeWindow;
    uint32 maximumPause;
    uint32 pauseCoolDown;
    /// Time that stake outlasts the longest job by; no later change makes it shorter.
    uint32 epochMargin;
    /// The job registry's beacon delay, in seconds.
    uint32 beaconSeconds;
    /// From the beacon to the last moment at which it can be read.
    uint32 drawWindow;
    uint32 rootActivationDelay;
    uint16 emissionShareBps;
    uint96 epochEmissionCap;
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
    /// @dev The longest job, to the verdict on it: an hour until a receipt is anchored, a draw within the beacon's reach of
    /// 8,191 blocks of two seconds, two commit windows of an hour, a reveal window of an hour, a grace of half a day, two days
    /// to challenge, and 20 hours for the court's own job: 3.7 days. With a day to spare, an epoch of five holds it. A beacon
    /// four blocks away outlasts a short reorganisation; keys change slower than a job, so that a thief of an owner key can't
    /// take over seats that are filled.
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
        given.deskThawPeriod = _number(json, ".deskThawPeriod").toUint32();
        given.governance = _governance(json);
        given.channels.thawPeriod = _number(json, ".channels.thawPeriod").toUint32();
        given.channels.withdrawalPeriod = _number(json, ".channels.withdrawalPeriod").toUint32();
        given.channels.anchoringDelay = _number(json, ".channels.anchoringDelay").toUint32();
        given.channels.maximumBatch = _number(json, ".channels.maximumBatch").toUint32();
        given.channels.walletGas = _number(json, ".channels.walletGas").toUint32();
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
        given.court.committeeSize = _number(json, ".court.committeeSize").toUint8();
        given.court.quorum = _number(json, ".court.quorum").toUint8();
        given.court.challengeWindow = _number(json, ".court.challengeWindow").toUint32();
        given.court.commitWindow = _number(json, ".court.commitWindow").toUint32();
        given.court.revealWindow = _number(json, ".court.revealWindow").toUint32();
        given.court.bond = _number(json, ".court.bond").toUint128();
        given.single = _single(json);
    }

    function _governance(string memory json) private pure returns (GovernanceParameters memory given) {
        given.owner = VM.parseJsonAddress(json, ".governance.owner");
        given.guardian = VM.parseJsonAddress(json, ".governance.guardian");
        given.changeDelay = _number(json, ".governance.changeDelay").toUint32();
        given.changeWindow = _number(json, ".governance.changeWindow").toUint32();
        given.maximumPause = _number(json, ".governance.maximumPause").toUint32();
        given.pauseCoolDown = _number(json, ".governance.pauseCoolDown").toUint32();
        given.epochMargin = _number(json, ".governance.epochMargin").toUint32();
        given.beaconSeconds = _number(json, ".governance.beaconSeconds").toUint32();
        given.drawWindow = _number(json, ".governance.drawWindow").toUint32();
        given.rootActivationDelay = _number(json, ".governance.rootActivationDelay").toUint32();
        given.emissionShareBps = _number(json, ".governance.emissionShareBps").toUint16();
        given.epochEmissionCap = _number(json, ".governance.epochEmissionCap").toUint96();
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
