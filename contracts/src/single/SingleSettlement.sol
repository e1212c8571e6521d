// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IInferaConsumer} from "../consumer/IInferaConsumer.sol";
import {CallbackStatus, RefundReason} from "../jobs/JobTypes.sol";
import {IModelRegistry} from "../models/IModelRegistry.sol";
import {IStaking, SeatOutcome} from "../stake/IStaking.sol";
import {SingleHash} from "./SingleHash.sol";
import {SingleStore} from "./SingleStore.sol";
import {Record, SinglePhase, SingleTerms} from "./SingleTypes.sol";
import {SingleWord, SingleWords} from "./SingleWord.sol";
import {TargetCall} from "./TargetCall.sol";

/// @title How a job ends: who is paid what out of its escrow, and how its target is told.
/// @notice The one place where escrow leaves, but for bounties and the fee of a provisional callback. In this order:
/// effects, trusted contracts, the target. Nothing that the target does, or burns, changes a payment.
abstract contract SingleSettlement is SingleStore {
    // ---------------------------------------------------------------- endings

    /// @dev Pays everyone for a right answer. The record must be the job's. Calls back if that is still due.
    function _finalise(bytes32 jobId, SingleWord word, Record memory record, bytes calldata result) internal {
        bool callsBack = _callsBackAtEnd(record);
        word = word.withPhase(SinglePhase.Final);
        if (callsBack) word = word.withCallbackStatus(CallbackStatus.Delivered);
        _jobs[jobId] = word;

        IModelRegistry.Royalty memory royalty = models.royaltyOf(record.modelId);
        (uint256 payment, uint256 protocolFee, uint256 royalties) = _split(record.fee, royalty.bps);
        uint256 reward = record.dispatchFee;
        if (callsBack) reward += record.callbackFee;
        // What is burned stays here: it is owed to nobody from now on, and nothing pays it out.
        uint256 refund = record.balance - record.fee - reward;
        _creditAndTell(royalty.receiver, jobId, royalties);
        _addCredit(msg.sender, reward);
        _addCredit(record.refundTo, refund);
        // Fees have at most 80 bits.
        _settle(
            jobId,
            msg.sender,
            record.fee,
            IStaking.Settlement(record.executorId, SeatOutcome.Success, uint128(payment), uint128(protocolFee))
        );
        emit JobFinalised(jobId, msg.sender, reward, refund);
        if (callsBack) _callBackResult(jobId, word, record.callbackTarget, record.callbackGas, result);
    }

    /// @dev Refunds a job whose answer is false. The record must be the job's. `caller` is paid.
    function _overturn(bytes32 jobId, SingleWord word, Record calldata record, address caller) internal {
        bool callsBack = record.callbackTarget != address(0) && (record.errorCallback || record.provisionalCallback);
        word = word.withPhase(SinglePhase.Overturned).withCallbackStatus(_statusFor(callsBack));
        _jobs[jobId] = word;

        uint256 reward = record.dispatchFee;
        if (callsBack) reward += record.callbackFee;
        uint256 refund = record.balance - reward;
        _addCredit(caller, reward);
        _addCredit(record.refundTo, refund);
        // What a false answer costs is the slashing's; there is no outcome to add.
        _settle(jobId, caller, record.fee, IStaking.Settlement(record.executorId, SeatOutcome.Neutral, 0, 0));
        emit JobOverturned(jobId, caller, reward, refund);
        if (callsBack) {
            _callBackFailure(jobId, word, record.callbackTarget, record.callbackGas, RefundReason.NoAgreement);
        }
    }

    /// @dev Ends a job without an answer.
    function _refund(SingleTerms calldata terms, bytes32 jobId, SingleWord word, RefundReason reason) internal {
        bool callsBack = terms.errorCallback && reason != RefundReason.Cancelled;
        word = word.toRefunded(reason).withCallbackStatus(_statusFor(callsBack));
        _jobs[jobId] = word;

        uint256 reward = callsBack ? terms.callbackFee : 0;
        uint256 refund = _escrowLeft(terms, word) - reward;
        _addCredit(msg.sender, reward);
        _addCredit(terms.refundTo, refund);
        emit JobRefunded(jobId, msg.sender, reason, reward, refund);
        if (callsBack) _callBackFailure(jobId, word, terms.callbackTarget, terms.callbackGas, reason);
    }

    /// @dev Releases an executor's lock, pays it and steps its reputation.
    /// @param requester Matters for misses only: no other outcome here lowers a reputation.
    /// @param fee What the lock was for.
    function _settle(bytes32 jobId, address requester, uint256 fee, IStaking.Settlement memory settlement) internal {
        IStaking.Settlement[] memory settlements = new IStaking.Settlement[](1);
        settlements[0] = settlement;
        staking.settle{value: settlement.payment}(jobId, requester, _lockFor(fee), settlements);
    }

    // ---------------------------------------------------------------- callbacks

    /// @dev Whether the result is still to be told when the job becomes final.
    function _callsBackAtEnd(Record memory record) internal pure returns (bool) {
        return record.callbackTarget != address(0) && !record.provisionalCallback;
    }

    /// @dev Hands the result over. The word must say `Delivered` already, in storage too.
    function _callBackResult(
        bytes32 jobId,
        SingleWord word,
        address target,
        uint256 gasForTarget,
        bytes calldata result
    ) internal {
        _callBack(jobId, word, target, gasForTarget, abi.encodeCall(IInferaConsumer.onInferenceResult, (jobId, result)));
    }

    /// @dev Tells of a refund. The word must say `Delivered` already, in storage too.
    function _callBackFailure(bytes32 jobId, SingleWord word, address target, uint256 gasForTarget, RefundReason reason)
        internal
    {
        _callBack(jobId, word, target, gasForTarget, abi.encodeCall(IInferaConsumer.onInferenceFailed, (jobId, reason)));
    }

    /// @dev The word of a job whose callback failed and is repeated now; stored.
    function _retried(bytes32 jobId, SingleWord word) internal returns (SingleWord) {
        if (word.callbackStatus() != CallbackStatus.Failed) revert CallbackNotFailed(jobId);
        word = word.withCallbackStatus(CallbackStatus.Delivered);
        _jobs[jobId] = word;
        return word;
    }

    /// @dev A target that calls back into a retry is refused, because `Delivered` stands. A call that fails has changed
    /// nothing, so the word is still the job's afterwards.
    function _callBack(bytes32 jobId, SingleWord word, address target, uint256 gasForTarget, bytes memory message)
        private
    {
        uint256 required = TargetCall.requiredGas(gasForTarget);
        if (gasleft() < required) revert InsufficientGasForCallback(required, gasleft());
        bool delivered = TargetCall.deliver(target, gasForTarget, message);
        if (!delivered) _jobs[jobId] = word.withCallbackStatus(CallbackStatus.Failed);
        emit CallbackExecuted(jobId, target, delivered);
    }

    // ---------------------------------------------------------------- answers

    /// @dev Writes an answer down. Returns the word, which is stored.
    function _answer(bytes32 jobId, SinglePhase phase, CallbackStatus status, Record memory record)
        internal
        returns (SingleWord word)
    {
        word = SingleWords.answered(phase, status, SingleHash.record(record));
        _jobs[jobId] = word;
    }
}
