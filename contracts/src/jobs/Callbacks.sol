// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IInferaConsumer} from "../consumer/IInferaConsumer.sol";
import {JobStore} from "./JobStore.sol";
import {CallbackStatus, RefundReason, Terms} from "./JobTypes.sol";
import {JobWord} from "./JobWord.sol";
import {TargetCall} from "./TargetCall.sol";

/// @title Telling a job's target how it ended.
/// @notice Runs last, when every payment is made and the job is final: nothing the target does, or burns, changes a
/// payment.
abstract contract Callbacks is JobStore {
    /// @dev Hands the result over. The word must say `Delivered` already, in storage too.
    function _callBackResult(Terms calldata terms, bytes32 jobId, JobWord word, bytes calldata result) internal {
        _callBack(terms, jobId, word, abi.encodeCall(IInferaConsumer.onInferenceResult, (jobId, result)));
    }

    /// @dev Tells of the refund. The word must say `Delivered` already, in storage too.
    function _callBackFailure(Terms calldata terms, bytes32 jobId, JobWord word) internal {
        RefundReason reason = word.refundReason();
        _callBack(terms, jobId, word, abi.encodeCall(IInferaConsumer.onInferenceFailed, (jobId, reason)));
    }

    /// @dev `Delivered` stands during the call, so a target that calls back into `retryCallback` is refused.
    function _callBack(Terms calldata terms, bytes32 jobId, JobWord word, bytes memory message) private {
        address target = terms.callbackTarget;
        uint256 required = TargetCall.requiredGas(terms.callbackGas);
        if (gasleft() < required) revert InsufficientGasForCallback(required, gasleft());
        bool delivered = TargetCall.deliver(target, terms.callbackGas, message);
        if (!delivered) _jobs[jobId].word = word.withCallbackStatus(CallbackStatus.Failed);
        emit CallbackExecuted(jobId, target, delivered);
    }
}
