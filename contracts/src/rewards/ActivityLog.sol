// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStaking, SeatOutcome} from "../stake/IStaking.sol";
import {IActivityLog} from "./IActivityLog.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title What executors did in public jobs, epoch by epoch.
/// @notice A seat changes one storage slot; an executor's first of an epoch, two. No owner, no money.
contract ActivityLog is IActivityLog {
    /// @dev One storage slot. Fees in units of 1e9 wei: 72 bits hold 4.7e12 INFER, 56 bits 7.2e7 INFER.
    struct Record {
        uint32 epoch;
        uint72 burnedTotal;
        uint56 burned;
        uint24 drawn;
        uint24 agreed;
    }

    uint256 private constant FEE_UNIT = 1e9;

    /// @inheritdoc IActivityLog
    address public immutable recorder;
    /// @inheritdoc IActivityLog
    uint64 public immutable epochLength;

    /// @dev The last epoch with activity, and the one with activity before it.
    mapping(uint32 executorId => Record) private _last;
    mapping(uint32 executorId => Record) private _before;

    constructor(address recorder_, uint64 epochLength_) {
        if (recorder_ == address(0)) revert InvalidParameter("recorder");
        if (epochLength_ == 0) revert InvalidParameter("epochLength");
        recorder = recorder_;
        epochLength = epochLength_;
    }

    /// @inheritdoc IActivityLog
    function record(IStaking.Settlement[] calldata seats) external {
        if (msg.sender != recorder) revert NotRecorder(msg.sender);
        uint32 epoch = uint32(currentEpoch());
        for (uint256 i; i < seats.length; ++i) {
            if (seats[i].outcome != SeatOutcome.Neutral) _record(seats[i], epoch);
        }
    }

    /// @inheritdoc IActivityLog
    function activityOf(uint32 executorId, uint64 epoch) external view returns (Activity memory activity) {
        Record memory found = _last[executorId];
        if (found.epoch != epoch) found = _before[executorId];
        if (found.epoch == epoch) activity = Activity(found.drawn, found.agreed, found.burned * FEE_UNIT);
    }

    /// @inheritdoc IActivityLog
    function burnedBy(uint32 executorId) external view returns (uint256) {
        return _last[executorId].burnedTotal * FEE_UNIT;
    }

    /// @inheritdoc IActivityLog
    function currentEpoch() public view returns (uint64) {
        return uint64(block.timestamp / epochLength);
    }

    function _record(IStaking.Settlement calldata seat, uint32 epoch) private {
        Record memory last = _last[seat.executorId];
        if (last.epoch != epoch) {
            if (last.epoch != 0) _before[seat.executorId] = last;
            last = Record({epoch: epoch, burnedTotal: last.burnedTotal, burned: 0, drawn: 0, agreed: 0});
        }
        bool agreed = seat.outcome == SeatOutcome.Success;
        uint256 fee = seat.protocolFee / FEE_UNIT;
        last.burnedTotal = uint72(Math.min(last.burnedTotal + fee, type(uint72).max));
        last.burned = uint56(Math.min(last.burned + fee, type(uint56).max));
        // At the end of the counter neither grows, so that their ratio stays.
        if (last.drawn != type(uint24).max) {
            ++last.drawn;
            if (agreed) ++last.agreed;
        }
        _last[seat.executorId] = last;
    }
}
