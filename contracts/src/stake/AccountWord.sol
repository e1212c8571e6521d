// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @dev The score that a word of zero stands for. Part of the storage encoding: it can never change.
uint256 constant INITIAL_REPUTATION = 500_000;

/// @notice All that a job changes about an executor, in one storage slot. The earnings are those that are not divided
/// between the owner and its delegators yet.
///
///  255     246 245       244     234 233    202 201        180 179        160 159     80 79       0
/// ┌───────────┬───────────┬───────────┬──────────┬──────────────┬──────────────┬─────────┬──────────┐
/// │ cleanJobs │ ejected   │ inFlight  │ volume   │ driftEpoch   │ reputation   │ locked  │ earnings │
/// │ 10 bits   │ 1 bit     │ 11 bits   │ 32 bits  │ 22 bits      │ 20 bits      │ 80 bits │ 80 bits  │
/// │           │           │ seats     │ 1e12 wei │ mod 2²²      │ score ⊕ 5e5  │ wei     │ wei      │
/// └───────────┴───────────┴───────────┴──────────┴──────────────┴──────────────┴─────────┴──────────┘
///
/// The reputation is stored XOR its start, so that a fresh word of zero reads as the start and a score of 0 stays one.
type AccountWord is uint256;

using AccountWordLibrary for AccountWord global;

/// @title Reads and writes the fields of an `AccountWord`. Writes revert when a value does not fit.
library AccountWordLibrary {
    uint256 private constant LOCKED_AT = 80;
    uint256 private constant REPUTATION_AT = 160;
    uint256 private constant DRIFT_EPOCH_AT = 180;
    uint256 private constant VOLUME_AT = 202;
    uint256 private constant IN_FLIGHT_AT = 234;
    uint256 private constant EJECTED_AT = 245;
    uint256 private constant CLEAN_JOBS_AT = 246;

    uint256 internal constant MAX_EARNINGS = (1 << 80) - 1;
    uint256 internal constant MAX_LOCKED = (1 << 80) - 1;
    uint256 private constant MAX_REPUTATION = (1 << 20) - 1;
    uint256 private constant MAX_DRIFT_EPOCH = (1 << 22) - 1;
    uint256 private constant MAX_VOLUME = (1 << 32) - 1;
    uint256 internal constant MAX_IN_FLIGHT = (1 << 11) - 1;
    uint256 private constant MAX_CLEAN_JOBS = (1 << 10) - 1;

    function earnings(AccountWord word) internal pure returns (uint256) {
        return AccountWord.unwrap(word) & MAX_EARNINGS;
    }

    function withEarnings(AccountWord word, uint256 value) internal pure returns (AccountWord) {
        return _set(word, 0, MAX_EARNINGS, value);
    }

    function locked(AccountWord word) internal pure returns (uint256) {
        return (AccountWord.unwrap(word) >> LOCKED_AT) & MAX_LOCKED;
    }

    function withLocked(AccountWord word, uint256 value) internal pure returns (AccountWord) {
        return _set(word, LOCKED_AT, MAX_LOCKED, value);
    }

    /// @notice The score as of the last step, without the drift since then.
    function reputation(AccountWord word) internal pure returns (uint256) {
        return ((AccountWord.unwrap(word) >> REPUTATION_AT) & MAX_REPUTATION) ^ INITIAL_REPUTATION;
    }

    /// @notice Writes the score and the epoch up to which it has drifted.
    function withReputation(AccountWord word, uint256 score, uint256 epoch) internal pure returns (AccountWord) {
        word = _set(word, REPUTATION_AT, MAX_REPUTATION, score ^ INITIAL_REPUTATION);
        return _set(word, DRIFT_EPOCH_AT, MAX_DRIFT_EPOCH, epoch & MAX_DRIFT_EPOCH);
    }

    /// @notice Epochs of drift that the score has yet to take.
    /// @dev Counted modulo 2²²: an account untouched for longer misses some drift, which harms nobody and never reverts.
    function epochsSinceDrift(AccountWord word, uint256 epoch) internal pure returns (uint256) {
        unchecked {
            // Modulo 2^256, and so modulo every smaller power of two.
            return (epoch - (AccountWord.unwrap(word) >> DRIFT_EPOCH_AT)) & MAX_DRIFT_EPOCH;
        }
    }

    function volume(AccountWord word) internal pure returns (uint256) {
        return (AccountWord.unwrap(word) >> VOLUME_AT) & MAX_VOLUME;
    }

    /// @notice Adds to the volume, which stays at its largest value once there.
    function addVolume(AccountWord word, uint256 amount) internal pure returns (AccountWord) {
        uint256 room = MAX_VOLUME - volume(word);
        return _set(word, VOLUME_AT, MAX_VOLUME, amount < room ? volume(word) + amount : MAX_VOLUME);
    }

    function inFlight(AccountWord word) internal pure returns (uint256) {
        return (AccountWord.unwrap(word) >> IN_FLIGHT_AT) & MAX_IN_FLIGHT;
    }

    function withInFlight(AccountWord word, uint256 value) internal pure returns (AccountWord) {
        return _set(word, IN_FLIGHT_AT, MAX_IN_FLIGHT, value);
    }

    function ejected(AccountWord word) internal pure returns (bool) {
        return (AccountWord.unwrap(word) >> EJECTED_AT) & 1 == 1;
    }

    function withEjected(AccountWord word, bool value) internal pure returns (AccountWord) {
        return _set(word, EJECTED_AT, 1, value ? 1 : 0);
    }

    function cleanJobs(AccountWord word) internal pure returns (uint256) {
        return AccountWord.unwrap(word) >> CLEAN_JOBS_AT;
    }

    /// @notice Counts one more clean job; the count stays at its largest value once there.
    function addCleanJob(AccountWord word) internal pure returns (AccountWord) {
        uint256 count = cleanJobs(word);
        return count == MAX_CLEAN_JOBS ? word : withCleanJobs(word, count + 1);
    }

    function withCleanJobs(AccountWord word, uint256 value) internal pure returns (AccountWord) {
        return _set(word, CLEAN_JOBS_AT, MAX_CLEAN_JOBS, value);
    }

    function _set(AccountWord word, uint256 offset, uint256 maximum, uint256 value) private pure returns (AccountWord) {
        if (value > maximum) {
            revert SafeCast.SafeCastOverflowedUintDowncast(uint8(Math.log2(maximum) + 1), value);
        }
        return AccountWord.wrap((AccountWord.unwrap(word) & ~(maximum << offset)) | (value << offset));
    }
}
