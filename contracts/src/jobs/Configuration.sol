// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICourt} from "../courts/ICourt.sol";
import {IExecutorRegistry} from "../executors/IExecutorRegistry.sol";
import {IModelRegistry} from "../models/IModelRegistry.sol";
import {IBeacon} from "../schedule/IBeacon.sol";
import {ISortition} from "../schedule/ISortition.sol";
import {ISlashing} from "../stake/ISlashing.sol";
import {IStaking} from "../stake/IStaking.sol";
import {IAgreementVerifier} from "../verify/IAgreementVerifier.sol";
import {Committees} from "./Committee.sol";
import {IJobRegistry} from "./IJobRegistry.sol";
import {JobWords} from "./JobWord.sol";

/// @title The job registry's parameters and the contracts it works with, all fixed at deployment.
abstract contract Configuration is IJobRegistry {
    /// @notice Contracts that the registry trusts to do what their interfaces say.
    struct Addresses {
        IModelRegistry models;
        IExecutorRegistry executors;
        IStaking staking;
        ISlashing slashing;
        ISortition sortition;
        IBeacon beacon;
        IAgreementVerifier agreement;
    }

    uint256 internal constant BASIS_POINTS = 10_000;
    /// A vector has at most 1024 elements of two bytes.
    uint256 internal constant MAX_VECTOR_BYTES = 2048;
    /// Seven answers of this size are resolved within one transaction's gas limit of 16.7 million.
    uint256 internal constant RESULT_BYTES_LIMIT = 16_384;
    uint256 internal constant CALLBACK_GAS_LIMIT = 10_000_000;

    IModelRegistry internal immutable models;
    IExecutorRegistry internal immutable executors;
    IStaking internal immutable staking;
    ISlashing internal immutable slashing;
    ISortition internal immutable sortition;
    IBeacon internal immutable beacon;
    IAgreementVerifier internal immutable agreement;
    /// @dev Not among `addresses`, which the code has no room for; `Court.jobs` names this registry.
    ICourt internal immutable court;

    uint16 internal immutable _beaconDelay;
    uint32 internal immutable _minCommitWindow;
    uint32 internal immutable _maxCommitWindow;
    uint32 internal immutable _minRevealWindow;
    uint32 internal immutable _maxRevealWindow;
    uint32 internal immutable _revealGrace;
    uint32 internal immutable _drawBountyDelay;
    uint128 internal immutable _minSeatFee;
    uint128 internal immutable _minDispatchFee;
    uint128 internal immutable _minAdvanceReserve;
    uint64 internal immutable _callbackGasPrice;
    uint32 internal immutable _maxCallbackGas;
    uint32 internal immutable _maxInputBytes;
    uint32 internal immutable _maxResultBytes;
    uint32 internal immutable _lockMultiplierBps;
    uint16 internal immutable _protocolFeeBps;
    uint16 internal immutable _noAgreementShareBps;
    /// Seconds; the stake's, in which the draw's weights are frozen.
    uint64 internal immutable _epochLength;

    constructor(Parameters memory given, Addresses memory contracts, ICourt court_) {
        _require(given.beaconDelay != 0, "beaconDelay");
        _require(given.minCommitWindow != 0, "minCommitWindow");
        _require(given.minCommitWindow <= given.maxCommitWindow, "maxCommitWindow");
        _require(given.minRevealWindow != 0, "minRevealWindow");
        _require(given.minRevealWindow <= given.maxRevealWindow, "maxRevealWindow");
        _require(given.maxRevealWindow <= Committees.MAX_REVEAL_WINDOW, "maxRevealWindow");
        // Without a fee nothing would be locked for a seat, and nothing burned.
        _require(given.minSeatFee != 0 && given.minSeatFee <= JobWords.MAX_SEAT_FEE, "minSeatFee");
        _require(given.maxCallbackGas <= CALLBACK_GAS_LIMIT, "maxCallbackGas");
        _require(given.maxInputBytes != 0, "maxInputBytes");
        _require(given.maxResultBytes != 0 && given.maxResultBytes <= RESULT_BYTES_LIMIT, "maxResultBytes");
        // A seat puts at least its fee at risk.
        _require(given.lockMultiplierBps >= BASIS_POINTS, "lockMultiplierBps");
        _require(given.protocolFeeBps < BASIS_POINTS, "protocolFeeBps");
        // Disagreeing must not pay as well as agreeing.
        _require(given.noAgreementShareBps < BASIS_POINTS - given.protocolFeeBps, "noAgreementShareBps");

        _require(address(contracts.models) != address(0), "models");
        _require(address(contracts.executors) != address(0), "executors");
        _require(address(contracts.staking) != address(0), "staking");
        _require(address(contracts.slashing) != address(0), "slashing");
        _require(address(contracts.sortition) != address(0), "sortition");
        _require(address(contracts.beacon) != address(0), "beacon");
        _require(address(contracts.agreement) != address(0), "agreement");

        models = contracts.models;
        executors = contracts.executors;
        staking = contracts.staking;
        slashing = contracts.slashing;
        sortition = contracts.sortition;
        beacon = contracts.beacon;
        agreement = contracts.agreement;
        court = court_;

        _beaconDelay = given.beaconDelay;
        _minCommitWindow = given.minCommitWindow;
        _maxCommitWindow = given.maxCommitWindow;
        _minRevealWindow = given.minRevealWindow;
        _maxRevealWindow = given.maxRevealWindow;
        _revealGrace = given.revealGrace;
        _drawBountyDelay = given.drawBountyDelay;
        _minSeatFee = given.minSeatFee;
        _minDispatchFee = given.minDispatchFee;
        _minAdvanceReserve = given.minAdvanceReserve;
        _callbackGasPrice = given.callbackGasPrice;
        _maxCallbackGas = given.maxCallbackGas;
        _maxInputBytes = given.maxInputBytes;
        _maxResultBytes = given.maxResultBytes;
        _lockMultiplierBps = given.lockMultiplierBps;
        _protocolFeeBps = given.protocolFeeBps;
        _noAgreementShareBps = given.noAgreementShareBps;
        _epochLength = contracts.staking.epochLength();
    }

    /// @notice The contracts that the registry works with.
    function addresses() external view returns (Addresses memory) {
        return Addresses({
            models: models,
            executors: executors,
            staking: staking,
            slashing: slashing,
            sortition: sortition,
            beacon: beacon,
            agreement: agreement
        });
    }

    /// @inheritdoc IJobRegistry
    function parameters() external view returns (Parameters memory) {
        return Parameters({
            beaconDelay: _beaconDelay,
            minCommitWindow: _minCommitWindow,
            maxCommitWindow: _maxCommitWindow,
            minRevealWindow: _minRevealWindow,
            maxRevealWindow: _maxRevealWindow,
            revealGrace: _revealGrace,
            drawBountyDelay: _drawBountyDelay,
            minSeatFee: _minSeatFee,
            minDispatchFee: _minDispatchFee,
            minAdvanceReserve: _minAdvanceReserve,
            callbackGasPrice: _callbackGasPrice,
            maxCallbackGas: _maxCallbackGas,
            maxInputBytes: _maxInputBytes,
            maxResultBytes: _maxResultBytes,
            lockMultiplierBps: _lockMultiplierBps,
            protocolFeeBps: _protocolFeeBps,
            noAgreementShareBps: _noAgreementShareBps
        });
    }

    function _require(bool holds, string memory name) private pure {
        if (!holds) revert InvalidParameter(name);
    }
}
