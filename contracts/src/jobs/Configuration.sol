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
import {IJobAdmission} from "./IJobAdmission.sol";
import {IJobRegistry} from "./IJobRegistry.sol";

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
        /// Names the agreement verifier.
        IPolicyRegistry governance;
        /// Has the parameters.
        IJobAdmission admission;
        /// May request on behalf of others; the zero address when there is none.
        address desk;
        /// Its jobs don't seat those that it judges; the zero address when there is none.
        ICourt court;
    }

    uint256 internal constant BASIS_POINTS = 10_000;
    /// A vector has at most 1024 elements of two bytes.
    uint256 internal constant MAX_VECTOR_BYTES = 2048;

    IModelRegistry internal immutable models;
    IExecutorRegistry internal immutable executors;
    IStaking internal immutable staking;
    ISlashing internal immutable slashing;
    ISortition internal immutable sortition;
    IBeacon internal immutable beacon;
    IPolicyRegistry internal immutable governance;
    /// @inheritdoc IJobRegistry
    IJobAdmission public immutable admission;
    address internal immutable desk;
    ICourt internal immutable court;

    uint16 internal immutable _beaconDelay;
    uint32 internal immutable _revealGrace;
    uint32 internal immutable _drawBountyDelay;
    uint128 internal immutable _minSeatFee;
    uint32 internal immutable _maxResultBytes;
    uint32 internal immutable _lockMultiplierBps;
    uint16 internal immutable _protocolFeeBps;
    uint16 internal immutable _noAgreementShareBps;
    /// Seconds; the stake's, in which the draw's weights are frozen.
    uint64 internal immutable _epochLength;

    constructor(Addresses memory contracts) {
        _require(address(contracts.models) != address(0), "models");
        _require(address(contracts.executors) != address(0), "executors");
        _require(address(contracts.staking) != address(0), "staking");
        _require(address(contracts.slashing) != address(0), "slashing");
        _require(address(contracts.sortition) != address(0), "sortition");
        _require(address(contracts.beacon) != address(0), "beacon");
        _require(address(contracts.governance) != address(0), "governance");
        _require(address(contracts.admission) != address(0), "admission");

        models = contracts.models;
        executors = contracts.executors;
        staking = contracts.staking;
        slashing = contracts.slashing;
        sortition = contracts.sortition;
        beacon = contracts.beacon;
        governance = contracts.governance;
        admission = contracts.admission;
        (desk, court) = (contracts.desk, contracts.court);

        Parameters memory given = contracts.admission.parameters();
        _beaconDelay = given.beaconDelay;
        _revealGrace = given.revealGrace;
        _drawBountyDelay = given.drawBountyDelay;
        _minSeatFee = given.minSeatFee;
        _maxResultBytes = given.maxResultBytes;
        _lockMultiplierBps = given.lockMultiplierBps;
        _protocolFeeBps = given.protocolFeeBps;
        _noAgreementShareBps = given.noAgreementShareBps;
        _epochLength = contracts.staking.epochLength();
    }

    /// @inheritdoc IJobRegistry
    function parameters() external view returns (Parameters memory) {
        return admission.parameters();
    }

    function _require(bool holds, string memory name) private pure {
        if (!holds) revert InvalidParameter(name);
    }
}
