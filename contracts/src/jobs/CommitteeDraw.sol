// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Committee, Committees} from "./Committee.sol";
import {Escrow} from "./Escrow.sol";
import {Terms} from "./JobTypes.sol";
import {JobWord, JobWords} from "./JobWord.sol";
import {TermsHash} from "./TermsHash.sol";

/// @title Who sits on a job's committee.
/// @notice Seats are drawn without replacement from the tree of all who serve the version, so that a requester can't
/// choose the committee by narrowing the terms: who is too dear, full or short of free stake is skipped, and too many
/// skips end the job.
abstract contract CommitteeDraw is Escrow {
    /// @notice Outcome of a draw that is not recorded yet.
    struct Draw {
        Committee committee;
        /// Highest fee among the drawn, in wei.
        uint256 highestFee;
        /// Those whom this draw seated.
        uint32[] seated;
    }

    /// @dev The whole committee, as it would be drawn now. `complete` is false when too few are eligible.
    function _drawAll(Terms calldata terms, bytes32 randomness, JobWord word)
        internal
        view
        returns (Draw memory draw, uint256 seatFee, bool complete)
    {
        uint256 size = terms.committeeSize;
        Committee empty = Committees.empty(size, terms.quorum, terms.revealWindow);
        draw = _drawSeats(terms, randomness, word, empty, (1 << size) - 1, _maxSeatFee(terms));
        complete = draw.seated.length == size;
        // The clearing price: everyone gets what the dearest of them asks.
        seatFee = draw.highestFee < _minSeatFee ? _minSeatFee : draw.highestFee;
    }

    /// @dev Draws the seats of the bitmap `seats`: the eligible among the sortition's candidates take them in ascending
    /// order. Who sits on the committee already, in a seat that is drawn again too, is no candidate. Locks nothing.
    /// @param feeBound The most a seat may cost; candidates must be able to lock stake for it.
    function _drawSeats(
        Terms calldata terms,
        bytes32 randomness,
        JobWord word,
        Committee current,
        uint256 seats,
        uint256 feeBound
    ) internal view returns (Draw memory draw) {
        bytes32 key = TermsHash.offeringKey(terms);
        bytes32 seed = keccak256(abi.encode(randomness, word.round()));
        uint256 wanted = JobWords.count(seats);
        uint256 skipsLeft = 2 * current.size();
        uint32[] memory excluded = current.members();
        // Nobody judges its own job. The court names nobody whom this committee has, and nobody twice.
        if (terms.requester == address(court)) {
            excluded = _concat(excluded, court.excludedFrom(TermsHash.jobId(terms)));
        }
        draw.committee = current.without(seats);
        draw.seated = new uint32[](wanted);

        uint256 filled;
        uint256 first;
        bool ended;
        while (filled < wanted && !ended) {
            uint32[] memory candidates = sortition.draw(key, word.requestTime(), seed, first, wanted - filled, excluded);
            // Nobody is left after these.
            ended = candidates.length < wanted - filled;
            (uint96[] memory prices, uint16[] memory capacities) =
                executors.termsOf(candidates, key, word.requestTime());
            // Nobody can whose offering isn't active: its capacity is 0.
            uint256 lockable = staking.canLockSeats(candidates, _lockFor(feeBound), capacities);
            for (uint256 i; i < candidates.length; ++i) {
                uint256 fee = uint256(prices[i]) * terms.maxUnits;
                if (fee > feeBound || lockable & (1 << i) == 0) {
                    // One more skip than allowed ends the draw.
                    if (skipsLeft == 0) {
                        ended = true;
                        break;
                    }
                    --skipsLeft;
                    continue;
                }
                draw.committee = draw.committee.withSeat(JobWords.lowest(seats), candidates[i]);
                seats &= seats - 1;
                draw.seated[filled++] = candidates[i];
                if (fee > draw.highestFee) draw.highestFee = fee;
            }
            if (filled < wanted && !ended) {
                excluded = _concat(excluded, candidates);
                first += candidates.length;
            }
        }
        uint32[] memory seated = draw.seated;
        assembly ("memory-safe") {
            mstore(seated, filled)
        }
    }

    /// @dev Freed seats drawn again, at the fee that the first draw fixed. Seats for which nobody is eligible, and all
    /// of them when the beacon has expired by now, stay empty. Locks nothing.
    function _drawFreed(Terms calldata terms, bytes32 randomness, JobWord word, Committee current, uint256 seats)
        internal
        view
        returns (Draw memory draw)
    {
        if (randomness != 0) return _drawSeats(terms, randomness, word, current, seats, word.seatFee());
        draw.committee = current.without(seats);
    }

    /// @dev Locks stake for those whom a draw, just before, found able to lock this much or more.
    function _lockSeats(bytes32 jobId, Draw memory draw, uint256 seatFee) internal {
        if (draw.seated.length == 0) return;
        staking.lockSeats(jobId, draw.seated, _lockFor(seatFee));
    }

    /// @dev The job's randomness; 0 before its block and when it has expired.
    function _randomness(bytes32 jobId, JobWord word) internal view returns (bytes32) {
        return _weightsForgotten(word) ? bytes32(0) : beacon.randomness(_beaconBlock(word), jobId);
    }

    /// @dev Whether the job's committee can never be drawn any more.
    function _beaconExpired(JobWord word) internal view returns (bool) {
        return _weightsForgotten(word) || beacon.outOfReach(_beaconBlock(word));
    }

    /// @dev A job is drawn by the weights frozen for the epoch of its request: those of the next one can still be moved
    /// when the beacon is known. The sortition knows them until the end of the next epoch.
    function _weightsForgotten(JobWord word) private view returns (bool) {
        return block.timestamp / _epochLength > word.requestTime() / _epochLength + 1;
    }

    function _beaconBlock(JobWord word) internal view returns (uint256) {
        return word.requestBlock() + _beaconDelay;
    }

    function _concat(uint32[] memory a, uint32[] memory b) private pure returns (uint32[] memory both) {
        both = new uint32[](a.length + b.length);
        for (uint256 i; i < both.length; ++i) {
            both[i] = i < a.length ? a[i] : b[i - a.length];
        }
    }
}
