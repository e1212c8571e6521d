// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "./IJobRegistry.sol";
import {Terms} from "./JobTypes.sol";

/// @title Which jobs the job registry takes. Asked once, at the request; jobs in flight never depend on it again.
interface IJobAdmission {
    /// @notice Returns if a job may be requested now, and otherwise reverts with an error of `IJobRegistry` that says why not:
    /// new jobs are not paused, the model's version is servable, the pool admits the requester, and committee, windows, fees
    /// and callback are within the parameters. A court's job is taken in a pause, and on a version that isn't servable any more.
    /// @param largest Bytes of the largest of input, parameters and URI.
    function check(Terms calldata terms, uint256 largest) external view;

    /// @notice The job registry's parameters, fixed at deployment.
    function parameters() external view returns (IJobRegistry.Parameters memory);
}
