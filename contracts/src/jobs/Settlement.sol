// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IModelRegistry} from "../models/IModelRegistry.sol";
import {IStaking, SeatOutcome} from "../stake/IStaking.sol";
import {Callbacks} from "./Callbacks.sol";
import {Committee} from "./Committee.sol";
import {CallbackStatus, Phase, RefundReason, Terms} from "./JobTypes.sol";
import {JobWord, JobWords} from "./JobWord.sol";

/// @title How a job ends: who is paid what out of its escrow.
/// @notice The one place where escrow leaves. What each seat gets, `fee` being the fee of every seat:
///
///   seat                     resolved                       no agreement, too few reveals   too few commitments
///   in the cluster           fee - deductions, Success      -                               -
///   revealed                 0, Outlier                     share of fee, Neutral           -
///   committed, not revealed  0, pending                     0, pending                      0, Neutral
///   not committed            0, Miss                        0, Miss                         0, Miss
///
/// The deductions are the protocol fee, rounded up and burned, and the publisher's royalty, rounded down. The share is
/// rounded down; the requester gets all that is left. Jobs of private pools are settled as Neutral throughout: they pay the
/// same, but earn no reputation and no emission.
/// A pending seat's stake stays locked; it is settled alone: Neutral when it opens its commitment within the grace,
/// Silent and slashed after it.
abstract contract Settlement is Callbacks {
    /// @dev Ends a job: stores its final word, pays everybody, in this order: effects, then trusted contracts.
    /// @param word The final word.
    /// @param royalty The publisher's, of a resolved job.
    /// @param dispatched Whether the caller earned the dispatch fee by bringing a resolution.
    /// @return refund Wei credited to `refundTo`.
    function _close(
        Terms calldata terms,
        bytes32 jobId,
        JobWord word,
        IModelRegistry.Royalty memory royalty,
        bool dispatched
    ) internal returns (uint256 refund) {
        Job storage job = _jobs[jobId];
        Committee committee = job.committee;
        job.word = word;
        (IStaking.Settlement[] memory settlements, uint256 paid) =
            _settlements(committee, word, committee.occupied() & ~word.pending(), royalty.bps, terms.pool == 0);

        uint256 reward = dispatched ? terms.dispatchFee : 0;
        if (word.callbackStatus() != CallbackStatus.None) reward += terms.callbackFee;
        uint256 agreeing = JobWords.count(word.agreeing());
        uint256 royalties = _basisPoints(word.seatFee(), royalty.bps) * agreeing;
        // What is burned stays here: it is owed to nobody from now on, and nothing pays it out.
        refund = _escrowLeft(terms, word) - paid - _protocolFee(word.seatFee()) * agreeing - royalties - reward;
        _credit(msg.sender, jobId, reward);
        _credit(royalty.receiver, jobId, royalties);
        _credit(terms.refundTo, jobId, refund);

        _settle(terms.requester, jobId, word, settlements, paid);
    }

    /// @dev Ends a job without a result and tells its target if the terms ask for it and a committee was drawn.
    function _refund(Terms calldata terms, bytes32 jobId, JobWord word, RefundReason reason, bool dispatched) internal {
        bool callsBack = terms.errorCallback && word.phase() != Phase.Requested;
        word = word.toRefunded(reason);
        if (callsBack) word = word.withCallbackStatus(CallbackStatus.Delivered);
        IModelRegistry.Royalty memory none;
        uint256 refund = _close(terms, jobId, word, none, dispatched);
        emit JobRefunded(jobId, reason, refund);
        if (callsBack) _callBackFailure(terms, jobId, word);
    }

    /// @dev Settles the seats of a bitmap that did not commit, before they are drawn again.
    function _settleMisses(Terms calldata terms, bytes32 jobId, JobWord word, Committee committee, uint256 seats)
        internal
    {
        (IStaking.Settlement[] memory settlements,) =
            _settlements(committee, word, seats & committee.occupied(), 0, terms.pool == 0);
        _settle(terms.requester, jobId, word, settlements, 0);
    }

    /// @dev Settles a pending seat. Stores, and returns, the word without it.
    function _settlePending(bytes32 jobId, JobWord word, uint256 seat, uint32 executorId, SeatOutcome outcome)
        internal
        returns (JobWord)
    {
        word = word.withoutPending(seat);
        _jobs[jobId].word = word;
        IStaking.Settlement[] memory settlements = new IStaking.Settlement[](1);
        settlements[0] = IStaking.Settlement(executorId, outcome, 0, 0);
        // The requester matters for misses and outliers only.
        _settle(address(0), jobId, word, settlements, 0);
        return word;
    }

    function _settle(
        address requester,
        bytes32 jobId,
        JobWord word,
        IStaking.Settlement[] memory settlements,
        uint256 paid
    ) private {
        if (settlements.length == 0) return;
        staking.settle{value: paid}(jobId, requester, _lockFor(word.seatFee()), settlements);
    }

    /// @dev What the occupied seats of a bitmap get.
    function _settlements(Committee committee, JobWord word, uint256 seats, uint256 royaltyBps, bool isPublic)
        private
        view
        returns (IStaking.Settlement[] memory settlements, uint256 paid)
    {
        settlements = new IStaking.Settlement[](JobWords.count(seats));
        bool resolved = word.phase() == Phase.Resolved;
        uint256 fee = word.seatFee();
        uint256 protocolFee = _protocolFee(fee);
        uint256 payment = fee - protocolFee - _basisPoints(fee, royaltyBps);

        uint256 i;
        for (uint256 seat; seat < committee.size(); ++seat) {
            uint256 bit = 1 << seat;
            if (seats & bit == 0) continue;
            IStaking.Settlement memory settlement = settlements[i++];
            settlement.executorId = committee.member(seat);
            SeatOutcome outcome = SeatOutcome.Neutral;
            if (word.committed() & bit == 0) {
                outcome = SeatOutcome.Miss;
            } else if (word.revealed() & bit != 0) {
                if (!resolved) {
                    settlement.payment = uint128(_basisPoints(fee, _noAgreementShareBps));
                } else if (word.agreeing() & bit == 0) {
                    outcome = SeatOutcome.Outlier;
                } else {
                    outcome = SeatOutcome.Success;
                    settlement.payment = uint128(payment);
                    settlement.protocolFee = uint128(protocolFee);
                }
                paid += settlement.payment;
            }
            // Else it is Neutral and not pending: the reveal phase never opened, so nobody could reveal.
            settlement.outcome = isPublic ? outcome : SeatOutcome.Neutral;
        }
    }
}
