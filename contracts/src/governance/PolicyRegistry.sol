// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPolicyRegistry} from "./IPolicyRegistry.sol";
import {IPolicySet, Policies} from "./IPolicySet.sol";
import {PolicySet} from "./PolicySet.sol";
import {ProtocolParameters, ProtocolParametersLibrary} from "./ProtocolParameters.sol";
import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @title Which policy contracts and parameters are in force, and whether new jobs are paused.
/// @notice The owner is meant to be a timelock, but the delay is kept here, whoever the owner is.
contract PolicyRegistry is IPolicyRegistry, Ownable2Step {
    /// @dev One storage slot, read at every request.
    struct Head {
        IPolicySet set;
        uint40 pausedUntil;
        uint40 nextPauseFrom;
    }

    /// @dev One storage slot; no change is pending when `set` is zero.
    struct Change {
        IPolicySet set;
        uint40 executableFrom;
    }

    uint32 private immutable _epochLength;
    uint32 private immutable _changeDelay;
    uint32 private immutable _changeWindow;
    uint32 private immutable _minimumEpochMargin;
    uint32 private immutable _maximumPause;
    uint32 private immutable _pauseCoolDown;
    bytes32 private immutable _fixedPart;

    Head private _head;
    Change private _change;
    /// @inheritdoc IPolicyRegistry
    address public guardian;

    constructor(
        Terms memory given,
        address owner_,
        address guardian_,
        Policies memory policies_,
        ProtocolParameters memory parameters_
    ) Ownable(owner_) {
        if (given.changeDelay <= 2 * uint256(given.epochLength)) {
            revert InvalidTerms("changeDelay");
        }
        if (given.changeWindow == 0) revert InvalidTerms("changeWindow");
        if (given.minimumEpochMargin == 0) revert InvalidTerms("minimumEpochMargin");
        if (given.maximumPause == 0) revert InvalidTerms("maximumPause");
        if (given.pauseCoolDown < given.maximumPause) revert InvalidTerms("pauseCoolDown");
        _epochLength = given.epochLength;
        _changeDelay = given.changeDelay;
        _changeWindow = given.changeWindow;
        _minimumEpochMargin = given.minimumEpochMargin;
        _maximumPause = given.maximumPause;
        _pauseCoolDown = given.pauseCoolDown;
        if (parameters_.epochLength != given.epochLength) revert InvalidTerms("epochLength");
        _fixedPart = ProtocolParametersLibrary.fixedPart(parameters_);

        guardian = guardian_;
        emit GuardianSet(guardian_);
        IPolicySet set = _create(given.minimumEpochMargin, policies_, parameters_);
        _head.set = set;
        emit ChangeExecuted(set, IPolicySet(address(0)));
    }

    // ---------------------------------------------------------------- owner

    /// @inheritdoc IPolicyRegistry
    function announce(Policies calldata policies_, ProtocolParameters calldata parameters_)
        external
        onlyOwner
        returns (IPolicySet set)
    {
        Change memory change = _change;
        if (address(change.set) != address(0) && block.timestamp < _executableUntil(change)) {
            revert ChangePending(change.set);
        }
        if (ProtocolParametersLibrary.fixedPart(parameters_) != _fixedPart) revert FixedParameterChanged();
        set = _create(_minimumEpochMargin, policies_, parameters_);
        change = Change(set, uint40(block.timestamp + _changeDelay));
        _change = change;
        emit ChangeAnnounced(set, change.executableFrom, _executableUntil(change));
    }

    /// @inheritdoc IPolicyRegistry
    function cancel() external onlyOwner {
        IPolicySet set = _change.set;
        if (address(set) == address(0)) revert NoChange();
        delete _change;
        emit ChangeCancelled(set);
    }

    /// @inheritdoc IPolicyRegistry
    function setGuardian(address guardian_) external onlyOwner {
        guardian = guardian_;
        emit GuardianSet(guardian_);
    }

    // ---------------------------------------------------------------- guardian

    /// @inheritdoc IPolicyRegistry
    function pauseNewJobs(uint32 duration) external {
        if (msg.sender != guardian) revert NotGuardian(msg.sender);
        if (duration == 0 || duration > _maximumPause) revert PauseTooLong(duration, _maximumPause);
        Head memory head_ = _head;
        if (block.timestamp < head_.nextPauseFrom) revert PauseCoolingDown(head_.nextPauseFrom);
        head_.pausedUntil = uint40(block.timestamp + duration);
        head_.nextPauseFrom = head_.pausedUntil + _pauseCoolDown;
        _head = head_;
        emit NewJobsPaused(msg.sender, head_.pausedUntil, head_.nextPauseFrom);
    }

    /// @inheritdoc IPolicyRegistry
    function resumeNewJobs() external {
        if (msg.sender != guardian && msg.sender != owner()) revert NotGuardian(msg.sender);
        if (!isPaused()) revert NotPaused();
        _head.pausedUntil = uint40(block.timestamp);
        emit NewJobsResumed(msg.sender);
    }

    // ---------------------------------------------------------------- anyone

    /// @inheritdoc IPolicyRegistry
    function execute() external {
        Change memory change = _change;
        if (address(change.set) == address(0)) revert NoChange();
        if (block.timestamp < change.executableFrom) revert ChangeNotReady(change.executableFrom);
        uint256 until = _executableUntil(change);
        if (block.timestamp >= until) revert ChangeExpired(until);
        IPolicySet previous = _head.set;
        _head.set = change.set;
        delete _change;
        emit ChangeExecuted(change.set, previous);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IPolicyRegistry
    function head() external view returns (IPolicySet, bool) {
        Head memory head_ = _head;
        return (head_.set, block.timestamp < head_.pausedUntil);
    }

    /// @inheritdoc IPolicyRegistry
    function current() external view returns (IPolicySet) {
        return _head.set;
    }

    /// @inheritdoc IPolicyRegistry
    function isPaused() public view returns (bool) {
        return block.timestamp < _head.pausedUntil;
    }

    /// @inheritdoc IPolicyRegistry
    function pauseTimes() external view returns (uint256, uint256) {
        return (_head.pausedUntil, _head.nextPauseFrom);
    }

    /// @inheritdoc IPolicyRegistry
    function pending() external view returns (IPolicySet, uint256, uint256) {
        Change memory change = _change;
        if (address(change.set) == address(0)) return (change.set, 0, 0);
        return (change.set, change.executableFrom, _executableUntil(change));
    }

    /// @inheritdoc IPolicyRegistry
    function terms() external view returns (Terms memory) {
        return Terms({
            epochLength: _epochLength,
            changeDelay: _changeDelay,
            changeWindow: _changeWindow,
            minimumEpochMargin: _minimumEpochMargin,
            maximumPause: _maximumPause,
            pauseCoolDown: _pauseCoolDown
        });
    }

    /// @inheritdoc IPolicyRegistry
    function changeDelay() external view returns (uint256) {
        return _changeDelay;
    }

    /// @inheritdoc IPolicyRegistry
    function owner() public view override(IPolicyRegistry, Ownable) returns (address) {
        return super.owner();
    }

    // ---------------------------------------------------------------- internals

    function _executableUntil(Change memory change) private view returns (uint256) {
        return uint256(change.executableFrom) + _changeWindow;
    }

    /// @dev Takes what is immutable as an argument, for the constructor calls it, too.
    function _create(uint256 minimumEpochMargin, Policies memory policies_, ProtocolParameters memory parameters_)
        private
        returns (IPolicySet)
    {
        if (parameters_.epochMargin < minimumEpochMargin) {
            revert EpochMarginTooShort(parameters_.epochMargin, minimumEpochMargin);
        }
        return new PolicySet(policies_, parameters_);
    }
}
