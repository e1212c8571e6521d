// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStaking} from "../stake/IStaking.sol";

/// @title What executors did in public jobs, epoch by epoch: the ground that emission stands on.
/// @notice Protocol fees are counted in whole units of 1e9 wei, rounded down for each seat. Counters stop at their largest
/// value. Nothing here reverts for what a settlement contains.
interface IActivityLog {
    /// @notice An executor's public jobs in one epoch.
    struct Activity {
        /// Seats recorded.
        uint256 drawn;
        /// Of them in the winning cluster.
        uint256 agreed;
        /// Wei of protocol fees burned.
        uint256 burned;
    }

    error NotRecorder(address caller);
    error InvalidParameter(string name);

    /// @notice Adds the seats of a settlement to the present epoch: a success to those that agreed, a miss, an outlier or a
    /// silent one to those that were drawn only. A seat without blame or merit (`SeatOutcome.Neutral`: every seat of a
    /// private pool's job is settled so) isn't recorded. Requires the recorder.
    function record(IStaking.Settlement[] calldata seats) external;

    /// @notice The executor's activity in `epoch`. Kept for the last two epochs in which it had any; zero for others.
    function activityOf(uint32 executorId, uint64 epoch) external view returns (Activity memory);
    /// @notice Wei of protocol fees that the executor's public jobs burned in all epochs.
    function burnedBy(uint32 executorId) external view returns (uint256);
    /// @notice block.timestamp / epochLength.
    function currentEpoch() external view returns (uint64);
    function epochLength() external view returns (uint64);
    /// @notice The one that records: the stake, where jobs are settled.
    function recorder() external view returns (address);
}
