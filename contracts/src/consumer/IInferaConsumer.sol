// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RefundReason} from "../jobs/JobTypes.sol";

/// @title What the job registry calls on a consumer.
interface IInferaConsumer {
    /// @notice The job is resolved. Called with the gas that the terms name; its outcome changes no payment.
    /// @param result The task's canonical result bytes.
    function onInferenceResult(bytes32 jobId, bytes calldata result) external;

    /// @notice The job was refunded; called only if the terms ask for an error callback.
    function onInferenceFailed(bytes32 jobId, RefundReason reason) external;
}
