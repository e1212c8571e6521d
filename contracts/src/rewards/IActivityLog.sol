// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title What executors did in public jobs, epoch by epoch: the ground that emission stands on.
/// @notice Protocol fees are counted in whole units of 1e9 wei, rounded down for each seat. Counters stop at their largest
/// value. Nothing here reverts for what a job contains.
interface IActivityLog {
    /// @notice One settled seat of a job of the public pool. Seats without blame or merit (`SeatOutcome.Neutral`) aren't
    /// recorded.
    struct Seat {
        uint32 executorId;
        /// In the winning cluster; otherwise the executor missed, disagreed, or kept silent.
        bool agreed;
        /// Wei that the seat burned.
        uint128 protocolFee;
    }

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

    /// @notice Adds seats to the present epoch. Requires the recorder.
    function record(Seat[] calldata seats) external;

    /// @notice The executor's activity in `epoch`. Kept for the last two epochs in which it had any; zero for others.
    function activityOf(uint32 executorId, uint64 epoch) external view returns (Activity memory);
    /// @notice Wei of protocol fees that the executor's public jobs burned in all epochs.
    function burnedBy(uint32 executorId) external view returns (uint256);
    /// @notice block.timestamp / epochLength.
    function currentEpoch() external view returns (uint64);
    function epochLength() external view returns (uint64);
    /// @notice The one that records: who settles jobs.
    function recorder() external view returns (address);
}
