// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IInferaConsumer} from "../consumer/IInferaConsumer.sol";
import {JobStore} from "./JobStore.sol";
import {CallbackStatus, RefundReason, Terms} from "./JobTypes.sol";
import {JobWord} from "./JobWord.sol";

/// @title Telling a job's target how it ended.
/// @notice Runs last, when every payment is made and the job is final: nothing the target does, or burns, changes a
/// payment.
abstract contract Callbacks is JobStore {
    /// Gas kept for the call itself (2,600 for a cold account) and the instructions around it.
    uint256 private constant CALL_OVERHEAD = 5000;

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
        uint256 gasForTarget = terms.callbackGas;
        // EIP-150 gives a call at most 63/64 of the gas that is left. So that the target gets all that the terms name:
        //   (gasleft - CALL_OVERHEAD) * 63 / 64 >= callbackGas.
        // What is left for this contract afterwards need not be checked: running out reverts everything.
        uint256 required = (gasForTarget * 64 + 62) / 63 + CALL_OVERHEAD;
        if (gasleft() < required) revert InsufficientGasForCallback(required, gasleft());

        bool delivered;
        // No return data is copied: a target can't make the caller pay for its size.
        assembly ("memory-safe") {
            delivered := call(gasForTarget, target, 0, add(message, 0x20), mload(message), 0, 0)
        }
        // An account without code takes any call; nothing was delivered.
        delivered = delivered && target.code.length != 0;
        if (!delivered) _jobs[jobId].word = word.withCallbackStatus(CallbackStatus.Failed);
        emit CallbackExecuted(jobId, target, delivered);
    }
}
