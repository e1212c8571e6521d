// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPools} from "../executors/IPools.sol";
import {IPolicyRegistry} from "../governance/IPolicyRegistry.sol";
import {IModelRegistry} from "../models/IModelRegistry.sol";
import {Committees, MAX_SEATS} from "./Committee.sol";
import {IJobAdmission} from "./IJobAdmission.sol";
import {IJobRegistry} from "./IJobRegistry.sol";
import {Terms} from "./JobTypes.sol";
import {JobWords} from "./JobWord.sol";

/// @title Which jobs the job registry takes, and its parameters. Immutable; holds nothing and writes nothing.
/// @notice A contract of its own for the job registry's size. That trusts it for the bounds that its packed words need:
/// the number of seats, the seat fee, the reveal window.
contract JobAdmission is IJobAdmission {
    uint256 private constant BASIS_POINTS = 10_000;
    /// Seven answers of this size are resolved within one transaction's gas limit of 16.7 million.
    uint256 private constant RESULT_BYTES_LIMIT = 16_384;
    uint256 private constant CALLBACK_GAS_LIMIT = 10_000_000;

    IModelRegistry private immutable _models;
    IPools private immutable _pools;
    IPolicyRegistry private immutable _governance;
    address private immutable _court;

    uint16 private immutable _beaconDelay;
    uint32 private immutable _minCommitWindow;
    uint32 private immutable _maxCommitWindow;
    uint32 private immutable _minRevealWindow;
    uint32 private immutable _maxRevealWindow;
    uint32 private immutable _revealGrace;
    uint32 private immutable _drawBountyDelay;
    uint128 private immutable _minSeatFee;
    uint128 private immutable _minDispatchFee;
    uint128 private immutable _minAdvanceReserve;
    uint64 private immutable _callbackGasPrice;
    uint32 private immutable _maxCallbackGas;
    uint32 private immutable _maxInputBytes;
    uint32 private immutable _maxResultBytes;
    uint32 private immutable _lockMultiplierBps;
    uint16 private immutable _protocolFeeBps;
    uint16 private immutable _noAgreementShareBps;

    /// @param court Whose jobs judge answers that were given already; the zero address when there is none.
    constructor(
        IJobRegistry.Parameters memory given,
        IModelRegistry models,
        IPools pools,
        IPolicyRegistry governance,
        address court
    ) {
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
        _require(uint256(given.protocolFeeBps) + models.MAX_ROYALTY_BPS() < BASIS_POINTS, "protocolFeeBps");
        // Disagreeing must not pay as well as agreeing, whatever the publisher takes.
        _require(
            uint256(given.noAgreementShareBps) + given.protocolFeeBps + models.MAX_ROYALTY_BPS() < BASIS_POINTS,
            "noAgreementShareBps"
        );
        _require(address(pools) != address(0), "pools");
        _require(address(governance) != address(0), "governance");

        _models = models;
        _pools = pools;
        _governance = governance;
        _court = court;
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
    }

    /// @inheritdoc IJobAdmission
    function check(Terms calldata terms, uint256 largest) external view {
        if (terms.refundTo == address(0)) revert IJobRegistry.ZeroRefundAddress();
        (uint256 n, uint256 k) = (terms.committeeSize, terms.quorum);
        // A majority, so that two results can't both win; and from three seats on, one that may fail.
        if (n == 0 || n > MAX_SEATS || k > n || 2 * k <= n || (n >= 3 && k == n)) {
            revert IJobRegistry.InvalidCommittee(terms.committeeSize, terms.quorum);
        }
        // Neither a pause nor the end of a version keeps answers that were given before from their court.
        if (terms.requester != _court) {
            if (_governance.isPaused()) revert IJobRegistry.NewJobsPaused();
            if (!_models.isServable(terms.modelId, terms.version, terms.runtimeClass)) {
                revert IJobRegistry.UnknownModelVersion(terms.modelId, terms.version, terms.runtimeClass);
            }
        }
        // Pool 0 is the public one.
        if (terms.pool != 0 && !_pools.admitsRequester(terms.pool, terms.requester)) {
            revert IJobRegistry.NotAdmittedToPool(terms.pool, terms.requester);
        }
        _checkWindow(terms.commitWindow, _minCommitWindow, _maxCommitWindow);
        _checkWindow(terms.revealWindow, _minRevealWindow, _maxRevealWindow);
        _checkFees(terms);
        if (terms.callbackGas > _maxCallbackGas) {
            revert IJobRegistry.CallbackGasTooHigh(terms.callbackGas, _maxCallbackGas);
        }
        if (terms.callbackTarget == address(0)) {
            if (terms.callbackGas != 0 || terms.callbackFee != 0 || terms.errorCallback) {
                revert IJobRegistry.CallbackWithoutTarget();
            }
        }
        if (largest > _maxInputBytes) revert IJobRegistry.InputTooLarge(largest, _maxInputBytes);
    }

    /// @inheritdoc IJobAdmission
    function parameters() external view returns (IJobRegistry.Parameters memory) {
        return IJobRegistry.Parameters({
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

    function _checkFees(Terms calldata terms) private view {
        uint256 seatFee = uint256(terms.maxPricePerUnit) * terms.maxUnits;
        _checkFee(seatFee, _minSeatFee);
        if (seatFee > JobWords.MAX_SEAT_FEE) revert IJobRegistry.FeeTooHigh(seatFee, JobWords.MAX_SEAT_FEE);
        _checkFee(terms.dispatchFee, _minDispatchFee);
        _checkFee(terms.advanceReserve, _minAdvanceReserve);
        _checkFee(terms.callbackFee, uint256(terms.callbackGas) * _callbackGasPrice);
    }

    function _checkFee(uint256 fee, uint256 minimum) private pure {
        if (fee < minimum) revert IJobRegistry.FeeTooLow(fee, minimum);
    }

    function _checkWindow(uint32 window, uint32 minimum, uint32 maximum) private pure {
        if (window < minimum || window > maximum) revert IJobRegistry.WindowOutOfRange(window, minimum, maximum);
    }

    function _require(bool holds, string memory name) private pure {
        if (!holds) revert IJobRegistry.InvalidParameter(name);
    }
}
