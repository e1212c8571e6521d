// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICourt} from "../courts/ICourt.sol";
import {IExecutorRegistry} from "../executors/IExecutorRegistry.sol";
import {IPolicyRegistry} from "../governance/IPolicyRegistry.sol";
import {IModelRegistry} from "../models/IModelRegistry.sol";
import {IBeacon} from "../schedule/IBeacon.sol";
import {ISortition} from "../schedule/ISortition.sol";
import {ISlashing} from "../stake/ISlashing.sol";
import {IStaking} from "../stake/IStaking.sol";
import {ISingleJobRegistry} from "./ISingleJobRegistry.sol";
import {IVifs} from "./IVifs.sol";
import {SingleWords} from "./SingleWord.sol";

/// @title The registry's parameters and the contracts it works with, all fixed at deployment.
abstract contract SingleConfiguration is ISingleJobRegistry {
    /// @notice Contracts that the registry trusts to do what their interfaces say.
    struct Addresses {
        IModelRegistry models;
        IExecutorRegistry executors;
        IStaking staking;
        ISlashing slashing;
        ISortition sortition;
        IBeacon beacon;
        /// Names the list of proof verifiers, and pauses new jobs.
        IPolicyRegistry governance;
        IVifs vifs;
        /// Zero where there is none: then answers can't be challenged, but for their VIF.
        ICourt court;
    }

    uint256 internal constant BASIS_POINTS = 10_000;
    /// A vector has at most 1024 elements of two bytes.
    uint256 internal constant MAX_VECTOR_BYTES = 2048;
    /// A compressed point, a challenge and a scalar: RFC 9381's proof.
    uint256 internal constant VIF_BYTES = 81;
    uint256 internal constant RESULT_BYTES_LIMIT = 16_384;
    uint256 internal constant CALLBACK_GAS_LIMIT = 10_000_000;

    IModelRegistry internal immutable models;
    IExecutorRegistry internal immutable executors;
    IStaking internal immutable staking;
    ISlashing internal immutable slashing;
    ISortition internal immutable sortition;
    IBeacon internal immutable beacon;
    IPolicyRegistry internal immutable governance;
    IVifs internal immutable vifs;
    ICourt internal immutable court;

    bool internal immutable _optimisticAllowed;
    uint16 internal immutable _beaconDelay;
    uint32 internal immutable _minWindow;
    uint32 internal immutable _maxWindow;
    uint32 internal immutable _minChallengeWindow;
    uint32 internal immutable _maxChallengeWindow;
    uint32 internal immutable _drawBountyDelay;
    uint128 internal immutable _minFee;
    uint128 internal immutable _minDispatchFee;
    uint128 internal immutable _minAdvanceReserve;
    uint64 internal immutable _callbackGasPrice;
    uint32 internal immutable _maxCallbackGas;
    uint32 internal immutable _maxInputBytes;
    uint32 internal immutable _maxResultBytes;
    uint32 internal immutable _lockMultiplierBps;
    uint16 internal immutable _protocolFeeBps;
    /// Seconds; the stake's, in which the draw's weights are frozen.
    uint64 internal immutable _epochLength;

    constructor(Parameters memory given, Addresses memory contracts) {
        _require(given.beaconDelay != 0, "beaconDelay");
        _require(given.minWindow != 0, "minWindow");
        _require(given.minWindow <= given.maxWindow, "maxWindow");
        _require(given.minChallengeWindow != 0, "minChallengeWindow");
        _require(given.minChallengeWindow <= given.maxChallengeWindow, "maxChallengeWindow");
        // Without a fee nothing would be locked for a seat, and nothing burned.
        _require(given.minFee != 0 && given.minFee <= SingleWords.MAX_FEE, "minFee");
        _require(given.maxCallbackGas <= CALLBACK_GAS_LIMIT, "maxCallbackGas");
        _require(given.maxInputBytes != 0, "maxInputBytes");
        _require(given.maxResultBytes != 0 && given.maxResultBytes <= RESULT_BYTES_LIMIT, "maxResultBytes");
        // A seat puts at least its fee at risk.
        _require(given.lockMultiplierBps >= BASIS_POINTS, "lockMultiplierBps");

        _require(address(contracts.models) != address(0), "models");
        _require(uint256(given.protocolFeeBps) + contracts.models.MAX_ROYALTY_BPS() < BASIS_POINTS, "protocolFeeBps");
        _require(address(contracts.executors) != address(0), "executors");
        _require(address(contracts.staking) != address(0), "staking");
        _require(address(contracts.slashing) != address(0), "slashing");
        _require(address(contracts.sortition) != address(0), "sortition");
        _require(address(contracts.beacon) != address(0), "beacon");
        _require(address(contracts.governance) != address(0), "governance");
        _require(address(contracts.vifs) != address(0), "vifs");

        models = contracts.models;
        executors = contracts.executors;
        staking = contracts.staking;
        slashing = contracts.slashing;
        sortition = contracts.sortition;
        beacon = contracts.beacon;
        governance = contracts.governance;
        vifs = contracts.vifs;
        court = contracts.court;

        _optimisticAllowed = given.optimisticAllowed;
        _beaconDelay = given.beaconDelay;
        _minWindow = given.minWindow;
        _maxWindow = given.maxWindow;
        _minChallengeWindow = given.minChallengeWindow;
        _maxChallengeWindow = given.maxChallengeWindow;
        _drawBountyDelay = given.drawBountyDelay;
        _minFee = given.minFee;
        _minDispatchFee = given.minDispatchFee;
        _minAdvanceReserve = given.minAdvanceReserve;
        _callbackGasPrice = given.callbackGasPrice;
        _maxCallbackGas = given.maxCallbackGas;
        _maxInputBytes = given.maxInputBytes;
        _maxResultBytes = given.maxResultBytes;
        _lockMultiplierBps = given.lockMultiplierBps;
        _protocolFeeBps = given.protocolFeeBps;
        _epochLength = contracts.staking.epochLength();
        // An executor whose stake leaves when it takes a seat can be slashed until the job is final. A bid, a submit and a
        // takeover window may come before the challenge.
        uint256 longest = 3 * uint256(given.maxWindow) + given.maxChallengeWindow;
        _require(longest < contracts.staking.unbondingEpochs() * uint256(_epochLength), "maxChallengeWindow");
    }

    /// @inheritdoc ISingleJobRegistry
    function parameters() external view returns (Parameters memory) {
        return Parameters({
            optimisticAllowed: _optimisticAllowed,
            beaconDelay: _beaconDelay,
            minWindow: _minWindow,
            maxWindow: _maxWindow,
            minChallengeWindow: _minChallengeWindow,
            maxChallengeWindow: _maxChallengeWindow,
            drawBountyDelay: _drawBountyDelay,
            minFee: _minFee,
            minDispatchFee: _minDispatchFee,
            minAdvanceReserve: _minAdvanceReserve,
            callbackGasPrice: _callbackGasPrice,
            maxCallbackGas: _maxCallbackGas,
            maxInputBytes: _maxInputBytes,
            maxResultBytes: _maxResultBytes,
            lockMultiplierBps: _lockMultiplierBps,
            protocolFeeBps: _protocolFeeBps
        });
    }

    function _require(bool holds, string memory name) private pure {
        if (!holds) revert InvalidParameter(name);
    }
}
