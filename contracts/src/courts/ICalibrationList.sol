// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Which verification profiles are good enough to cost stake.
/// @notice The owner, a timelock, names (version, runtime class) pairs for which the rates of false acceptance and false
/// rejection were measured and published. Courts hear cases about these alone.
interface ICalibrationList {
    event CalibrationSet(
        bytes32 indexed modelId, uint32 indexed version, bytes32 indexed runtimeClass, bool calibrated
    );

    /// @notice Names a pair, or takes it off the list; pending cases go on. Owner only.
    function setCalibrated(bytes32 modelId, uint32 version, bytes32 runtimeClass, bool calibrated) external;

    function isCalibrated(bytes32 modelId, uint32 version, bytes32 runtimeClass) external view returns (bool);
}
