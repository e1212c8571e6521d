// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ISortition} from "../schedule/ISortition.sol";
import {IStaking, SeatOutcome} from "../stake/IStaking.sol";
import {SingleHash} from "./SingleHash.sol";
import {SingleSettlement} from "./SingleSettlement.sol";
import {Scheduler, SinglePhase, SingleTerms} from "./SingleTypes.sol";
import {SingleWord} from "./SingleWord.sol";

/// @title Who answers a job.
/// @notice An executor is picked from the tree of all who serve the version, so that a requester can't choose it by
/// narrowing the terms; who is too dear or short of free stake is skipped, at most `MAX_SKIPS` times. The draw is on record
/// once the executor answers, or once `advanceJob` made it; only who was drawn on record is blamed for not answering.
///
/// An offering's capacity isn't asked for beyond being there: a seat here stays in flight until its challenge window ends,
/// long after its work. Who is busy declines.
abstract contract SingleDraw is SingleSettlement {
    uint256 private constant MAX_SKIPS = 2;
    /// The golden ratio's fraction: turns that far apart spread over the wheel as evenly as can be.
    uint256 private constant STRIDE = 618_033_988_749;
    uint256 private constant STRIDE_UNIT = 1e12;

    // ---------------------------------------------------------------- the seat

    /// @dev Gives the job's seat to the caller's executor, which answers now: drawn by this call, drawn before, or as a
    /// takeover. Its stake is locked.
    /// @param randomness The job's, 0 when it isn't known.
    /// @return fee Wei.
    function _takeSeat(
        SingleTerms calldata terms,
        bytes32 jobId,
        SingleWord word,
        uint32 executorId,
        bytes32 randomness
    ) internal returns (uint256 fee) {
        if (word.phase() == SinglePhase.Requested) {
            if (terms.scheduler == Scheduler.ReverseAuction) {
                revert WrongPhase(jobId, SinglePhase.Requested);
            }
            uint32 drawn;
            (drawn, fee) = _draw(terms, jobId, word, randomness, executorId);
            // Reverts the call: the refund of a job that nobody can answer is `advanceJob`'s.
            if (drawn == 0) revert NoExecutorFound(jobId);
            if (drawn != executorId) revert NotDrawn(jobId, executorId);
            _lock(jobId, executorId, fee);
            return fee;
        }
        _requirePhase(jobId, word, SinglePhase.Drawn);
        uint256 deadline = word.deadline();
        uint256 end = deadline + terms.takeoverWindow;
        _requireNotAfter(jobId, end);
        uint32 holder = word.executorId();
        if (holder == executorId) {
            // Until then somebody may bid less.
            if (terms.scheduler == Scheduler.ReverseAuction && block.timestamp <= deadline - terms.submitWindow) {
                revert NotBefore(jobId, deadline - terms.submitWindow);
            }
            return word.fee();
        }
        // Open to all at once when the holder has declined.
        if (holder != 0 && block.timestamp <= deadline) revert NotDrawn(jobId, executorId);
        fee = _offeredFee(terms, word, executorId);
        if (fee == 0) revert NotEligible(jobId, executorId);
        if (holder != 0) {
            _settle(jobId, terms.requester, word.fee(), IStaking.Settlement(holder, SeatOutcome.Miss, 0, 0));
        }
        _lock(jobId, executorId, fee);
    }

    /// @dev Locks stake for a seat.
    function _lock(bytes32 jobId, uint32 executorId, uint256 fee) internal {
        if (!staking.tryLockSeat(jobId, executorId, _lockFor(fee), type(uint16).max)) {
            revert NotEligible(jobId, executorId);
        }
    }

    // ---------------------------------------------------------------- the draw

    /// @dev Whom the scheduler picks now; 0 when too few are eligible. Locks nothing.
    /// @param caller Taken for able to lock the stake, because it locks it next; 0 for nobody.
    function _draw(SingleTerms calldata terms, bytes32 jobId, SingleWord word, bytes32 randomness, uint32 caller)
        internal
        view
        returns (uint32 executorId, uint256 fee)
    {
        if (randomness == 0) _refuseWithoutBeacon(jobId, word);
        bytes32 key = SingleHash.offeringKey(terms);
        uint256 random;
        if (terms.scheduler == Scheduler.RoundRobin) {
            random = word.turn() * (sortition.totalWeight(key, word.requestTime()) * STRIDE / STRIDE_UNIT);
        }
        uint32[] memory skipped = new uint32[](MAX_SKIPS);
        for (uint256 skips; true; ++skips) {
            assembly ("memory-safe") {
                mstore(skipped, skips)
            }
            if (terms.scheduler == Scheduler.Sortition) {
                random = uint256(keccak256(abi.encode(randomness, skips)));
            }
            executorId = _pick(key, word.requestTime(), random, skipped);
            if (executorId == 0) return (0, 0);
            fee = _offeredFee(terms, word, executorId);
            if (fee != 0 && (executorId == caller || _canLock(executorId, fee))) return (executorId, fee);
            if (skips == MAX_SKIPS) return (0, 0);
            assembly ("memory-safe") {
                mstore(add(skipped, mul(0x20, add(skips, 1))), executorId)
            }
        }
    }

    /// @dev What an executor gets for the job by its offering as of the request, at least `_minFee`; 0 when it doesn't
    /// serve the version or is too dear.
    function _offeredFee(SingleTerms calldata terms, SingleWord word, uint32 executorId)
        internal
        view
        returns (uint256)
    {
        return _feeOf(executorId, SingleHash.offeringKey(terms), word.requestTime(), terms.maxUnits, _maxFee(terms));
    }

    function _feeOf(uint32 executorId, bytes32 key, uint256 time, uint256 units, uint256 maximum)
        private
        view
        returns (uint256 fee)
    {
        uint32[] memory ids = new uint32[](1);
        ids[0] = executorId;
        (uint96[] memory prices, uint16[] memory capacities) = executors.termsOf(ids, key, time);
        fee = prices[0] * units;
        if (capacities[0] == 0 || fee > maximum) return 0;
        if (fee < _minFee) fee = _minFee;
    }

    /// @dev Reverts about a beacon that isn't there.
    function _refuseWithoutBeacon(bytes32 jobId, SingleWord word) internal view {
        if (_beaconExpired(word)) revert BeaconOutOfReach(jobId);
        revert BeaconNotReady(jobId, _beaconBlock(word) + 1);
    }

    /// @dev The job's randomness; 0 before its block and when it has expired.
    function _randomness(bytes32 jobId, SingleWord word) internal view returns (bytes32) {
        return _weightsForgotten(word) ? bytes32(0) : beacon.randomness(_beaconBlock(word), jobId);
    }

    /// @dev Whether nobody can be drawn any more, nor a VIF made.
    function _beaconExpired(SingleWord word) internal view returns (bool) {
        return _weightsForgotten(word) || beacon.outOfReach(_beaconBlock(word));
    }

    function _beaconBlock(SingleWord word) internal view returns (uint256) {
        return word.requestBlock() + _beaconDelay;
    }

    /// @dev A job is drawn by the weights and prices frozen for the epoch of its request: those of the next one can still be
    /// moved when the beacon is known. They are known until the end of the next epoch.
    function _weightsForgotten(SingleWord word) private view returns (bool) {
        return block.timestamp / _epochLength > word.requestTime() / _epochLength + 1;
    }

    function _canLock(uint32 executorId, uint256 fee) private view returns (bool) {
        return staking.canLockSeat(executorId, _lockFor(fee), type(uint16).max);
    }

    /// @dev 0 when nobody is left.
    function _pick(bytes32 key, uint256 time, uint256 random, uint32[] memory skipped) private view returns (uint32) {
        try sortition.pick(key, time, random, skipped) returns (uint32 executorId) {
            return executorId;
        } catch (bytes memory reason) {
            // Anything else, running out of gas too, must not look like an empty tree.
            if (bytes4(reason) == ISortition.NothingToPick.selector) return 0;
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }
}
