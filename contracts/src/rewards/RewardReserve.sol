// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Liabilities} from "../accounts/Liabilities.sol";
import {Governed} from "../governance/Governed.sol";
import {ProtocolParameters} from "../governance/ProtocolParameters.sol";
import {IActivityLog} from "./IActivityLog.sol";
import {IRewardDistributor} from "./IRewardDistributor.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice Who owns an executor; the zero address for an unknown one. The executor registry.
interface IExecutorOwners {
    function ownerOf(uint32 executorId) external view returns (address);
}

/// @title The reserve, its budgets, and everybody's credits and caps.
/// @notice Money comes in by `fund` alone and leaves by `withdrawFor` alone.
abstract contract RewardReserve is IRewardDistributor, Liabilities, Governed {
    using SafeCast for uint256;

    /// @dev Two storage slots for an executor.
    struct Ledger {
        uint128 tracked;
        uint128 staked;
        uint96 stakedClaimed;
        /// The last allotment, which streams over one epoch; those before have streamed out.
        uint96 stream;
        uint64 streamEpoch;
    }

    uint256 internal constant BASIS_POINTS = 10_000;

    IActivityLog public immutable activity;
    IExecutorOwners public immutable executors;
    uint64 internal immutable _epochLength;

    /// @inheritdoc IRewardDistributor
    uint256 public reserve;
    mapping(uint32 executorId => Ledger) internal _ledgers;
    /// @inheritdoc IRewardDistributor
    uint64 public stakedFrom;

    constructor(IActivityLog activity_, IExecutorOwners executors_) {
        if (address(executors_) == address(0)) revert InvalidParameter("executors");
        activity = activity_;
        executors = executors_;
        _epochLength = activity_.epochLength();
        if (_epochLength != _parameters().epochLength) revert InvalidParameter("epochLength");
    }

    /// @inheritdoc IRewardDistributor
    function fund() external payable {
        if (msg.value == 0) revert ZeroAmount();
        reserve += msg.value;
        liabilities += msg.value;
        emit Funded(msg.sender, msg.value, reserve);
    }

    /// @inheritdoc IRewardDistributor
    function budget() external view returns (uint256) {
        return _budgetOf(reserve, _parameters());
    }

    /// @inheritdoc IRewardDistributor
    function receivedBy(uint32 executorId) external view returns (Received memory) {
        Ledger memory ledger = _ledgers[executorId];
        return Received({tracked: ledger.tracked, staked: ledger.staked, stakedClaimed: ledger.stakedClaimed});
    }

    function _parameters() internal view returns (ProtocolParameters memory) {
        return governance.current().parameters();
    }

    function _currentEpoch() internal view returns (uint64) {
        return uint64(block.timestamp / _epochLength);
    }

    /// @dev Rounded down.
    function _budgetOf(uint256 reserve_, ProtocolParameters memory given) internal pure returns (uint256) {
        return Math.min(given.epochEmissionCap, reserve_ * given.emissionShareBps / BASIS_POINTS);
    }

    /// @dev Wei that the executor may still receive under its lifetime cap.
    function _roomOf(uint32 executorId, Ledger memory ledger) internal view returns (uint256) {
        return Math.saturatingSub(activity.burnedBy(executorId), uint256(ledger.tracked) + ledger.staked);
    }
}
