// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

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
    uint8 private constant EARNINGS_BITS = 80;
    uint8 private constant LOCKED_BITS = 80;
    uint8 private constant REPUTATION_BITS = 20;
    uint8 private constant DRIFT_EPOCH_BITS = 22;
    uint8 private constant VOLUME_BITS = 32;
    uint8 private constant IN_FLIGHT_BITS = 11;
    uint8 private constant CLEAN_JOBS_BITS = 10;

    uint8 private constant LOCKED_AT = EARNINGS_BITS;
    uint8 private constant REPUTATION_AT = LOCKED_AT + LOCKED_BITS;
    uint8 private constant DRIFT_EPOCH_AT = REPUTATION_AT + REPUTATION_BITS;
    uint8 private constant VOLUME_AT = DRIFT_EPOCH_AT + DRIFT_EPOCH_BITS;
    uint8 private constant IN_FLIGHT_AT = VOLUME_AT + VOLUME_BITS;
    uint8 private constant EJECTED_AT = IN_FLIGHT_AT + IN_FLIGHT_BITS;
    uint8 private constant CLEAN_JOBS_AT = EJECTED_AT + 1;

    uint256 private constant DRIFT_EPOCHS = 1 << DRIFT_EPOCH_BITS;
    uint256 private constant MAX_VOLUME = (1 << VOLUME_BITS) - 1;
    uint256 private constant MAX_CLEAN_JOBS = (1 << CLEAN_JOBS_BITS) - 1;
    uint256 internal constant MAX_EARNINGS = (1 << EARNINGS_BITS) - 1;
    uint256 internal constant MAX_LOCKED = (1 << LOCKED_BITS) - 1;
    uint256 internal constant MAX_IN_FLIGHT = (1 << IN_FLIGHT_BITS) - 1;

    function earnings(AccountWord word) internal pure returns (uint256) {
        return _get(word, 0, EARNINGS_BITS);
    }

    function withEarnings(AccountWord word, uint256 value) internal pure returns (AccountWord) {
        return _set(word, 0, EARNINGS_BITS, value);
    }

    function locked(AccountWord word) internal pure returns (uint256) {
        return _get(word, LOCKED_AT, LOCKED_BITS);
    }

    function withLocked(AccountWord word, uint256 value) internal pure returns (AccountWord) {
        return _set(word, LOCKED_AT, LOCKED_BITS, value);
    }

    /// @notice The score as of the last step, without the drift since then.
    function reputation(AccountWord word) internal pure returns (uint256) {
        return _get(word, REPUTATION_AT, REPUTATION_BITS) ^ INITIAL_REPUTATION;
    }

    /// @notice Writes the score and the epoch up to which it has drifted.
    function withReputation(AccountWord word, uint256 score, uint256 epoch) internal pure returns (AccountWord) {
        word = _set(word, REPUTATION_AT, REPUTATION_BITS, score ^ INITIAL_REPUTATION);
        return _set(word, DRIFT_EPOCH_AT, DRIFT_EPOCH_BITS, epoch % DRIFT_EPOCHS);
    }

    /// @notice Epochs of drift that the score has yet to take.
    /// @dev Counted modulo 2²²: an account untouched for longer misses some drift, which harms nobody and never reverts.
    function epochsSinceDrift(AccountWord word, uint256 epoch) internal pure returns (uint256) {
        uint256 last = _get(word, DRIFT_EPOCH_AT, DRIFT_EPOCH_BITS);
        return (epoch % DRIFT_EPOCHS + DRIFT_EPOCHS - last) % DRIFT_EPOCHS;
    }

    function volume(AccountWord word) internal pure returns (uint256) {
        return _get(word, VOLUME_AT, VOLUME_BITS);
    }

    /// @notice Adds to the volume, which stays at its largest value once there.
    function addVolume(AccountWord word, uint256 amount) internal pure returns (AccountWord) {
        uint256 room = MAX_VOLUME - volume(word);
        return _set(word, VOLUME_AT, VOLUME_BITS, amount < room ? volume(word) + amount : MAX_VOLUME);
    }

    function inFlight(AccountWord word) internal pure returns (uint256) {
        return _get(word, IN_FLIGHT_AT, IN_FLIGHT_BITS);
    }

    function withInFlight(AccountWord word, uint256 value) internal pure returns (AccountWord) {
        return _set(word, IN_FLIGHT_AT, IN_FLIGHT_BITS, value);
    }

    function ejected(AccountWord word) internal pure returns (bool) {
        return _get(word, EJECTED_AT, 1) == 1;
    }

    function withEjected(AccountWord word, bool value) internal pure returns (AccountWord) {
        return _set(word, EJECTED_AT, 1, value ? 1 : 0);
    }

    function cleanJobs(AccountWord word) internal pure returns (uint256) {
        return _get(word, CLEAN_JOBS_AT, CLEAN_JOBS_BITS);
    }

    /// @notice Counts one more clean job; the count stays at its largest value once there.
    function addCleanJob(AccountWord word) internal pure returns (AccountWord) {
        uint256 count = cleanJobs(word);
        return count == MAX_CLEAN_JOBS ? word : withCleanJobs(word, count + 1);
    }

    function withCleanJobs(AccountWord word, uint256 value) internal pure returns (AccountWord) {
        return _set(word, CLEAN_JOBS_AT, CLEAN_JOBS_BITS, value);
    }

    function _get(AccountWord word, uint8 offset, uint8 bits) private pure returns (uint256) {
        return (AccountWord.unwrap(word) >> offset) & ((1 << bits) - 1);
    }

    function _set(AccountWord word, uint8 offset, uint8 bits, uint256 value) private pure returns (AccountWord) {
        uint256 mask = (1 << bits) - 1;
        if (value > mask) revert SafeCast.SafeCastOverflowedUintDowncast(bits, value);
        return AccountWord.wrap((AccountWord.unwrap(word) & ~(mask << offset)) | (value << offset));
    }
}
