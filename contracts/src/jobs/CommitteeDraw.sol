// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IExecutorRegistry} from "../executors/IExecutorRegistry.sol";
import {ISortition} from "../schedule/ISortition.sol";
import {Committee, Committees, MAX_SEATS} from "./Committee.sol";
import {Escrow} from "./Escrow.sol";
import {Terms} from "./JobTypes.sol";
import {JobWord} from "./JobWord.sol";
import {TermsHash} from "./TermsHash.sol";

/// @title Who sits on a job's committee.
/// @notice Seats are drawn without replacement from the tree of all who serve the version, so that a requester can't
/// choose the committee by narrowing the terms: who is too dear, full or short of free stake is skipped, and too many
/// skips end the job.
abstract contract CommitteeDraw is Escrow {
    /// @notice Outcome of a draw that is not recorded yet.
    struct Draw {
        Committee committee;
        /// Bitmap of the seats that this draw filled.
        uint256 filled;
        /// Highest fee among the drawn, in wei.
        uint256 highestFee;
        /// How many more picks may be ineligible.
        uint256 skipsLeft;
        uint16[MAX_SEATS] capacities;
    }

    /// @dev The whole committee, as it would be drawn now. `complete` is false when too few are eligible.
    function _drawAll(Terms calldata terms, bytes32 randomness, JobWord word)
        internal
        view
        returns (Draw memory draw, uint256 seatFee, bool complete)
    {
        uint256 seats = (1 << terms.committeeSize) - 1;
        draw = _drawSeats(terms, randomness, word, Committees.empty(terms.committeeSize), seats, _maxSeatFee(terms));
        complete = draw.filled == seats;
        // The clearing price: everyone gets what the dearest of them asks.
        seatFee = draw.highestFee < _minSeatFee ? _minSeatFee : draw.highestFee;
    }

    /// @dev Draws the seats of the bitmap `seats`. Who sits on the committee already, in a seat that is drawn again
    /// too, can't be picked. Locks nothing.
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
        uint128 lock = _lockFor(feeBound);
        uint256 size = current.size();
        draw.skipsLeft = 2 * size;
        // Room for everyone who sits, is drawn or is skipped; one more skip than allowed ends the draw.
        uint32[] memory excluded = new uint32[](4 * size + 1);
        uint256 length;
        for (uint256 seat; seat < size; ++seat) {
            if (current.member(seat) != 0) excluded[length++] = current.member(seat);
        }
        draw.committee = current.without(seats);

        for (uint256 seat; seat < size; ++seat) {
            if (seats & (1 << seat) == 0) continue;
            for (uint256 attempt;; ++attempt) {
                _setLength(excluded, length);
                uint32 executorId = _pick(
                    key,
                    word.requestTime(),
                    uint256(keccak256(abi.encode(randomness, seat, word.round(), attempt))),
                    excluded
                );
                if (executorId == 0) return draw;
                _setLength(excluded, ++length);
                excluded[length - 1] = executorId;

                IExecutorRegistry.Offering memory offering = executors.offeringAt(executorId, key, word.requestTime());
                uint256 fee = uint256(offering.pricePerUnit) * terms.maxUnits;
                if (offering.active && fee <= feeBound && staking.canLockSeat(executorId, lock, offering.capacity)) {
                    draw.committee = draw.committee.withSeat(seat, executorId);
                    draw.filled |= 1 << seat;
                    draw.capacities[seat] = offering.capacity;
                    if (fee > draw.highestFee) draw.highestFee = fee;
                    break;
                }
                if (draw.skipsLeft == 0) return draw;
                --draw.skipsLeft;
            }
        }
    }

    /// @dev Locks stake for the seats that a draw filled.
    function _lockSeats(bytes32 jobId, Draw memory draw, uint256 seatFee) internal {
        uint128 lock = _lockFor(seatFee);
        uint256 size = draw.committee.size();
        for (uint256 seat; seat < size; ++seat) {
            if (draw.filled & (1 << seat) == 0) continue;
            // Invariant: the draw, just before, saw that each of these distinct executors can lock this much or more.
            assert(staking.tryLockSeat(jobId, draw.committee.member(seat), lock, draw.capacities[seat]));
        }
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

    function _pick(bytes32 key, uint256 time, uint256 random, uint32[] memory excluded) private view returns (uint32) {
        try sortition.pick(key, time, random, excluded) returns (uint32 executorId) {
            return executorId;
        } catch (bytes memory reason) {
            // Only an empty tree ends a draw. Anything else, such as a caller who gives too little gas, must not.
            if (bytes4(reason) != ISortition.NothingToPick.selector) {
                assembly ("memory-safe") {
                    revert(add(reason, 0x20), mload(reason))
                }
            }
            return 0;
        }
    }

    /// @dev Sets an array's length within the room it was allocated with.
    function _setLength(uint32[] memory array, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(array, length)
        }
    }
}
