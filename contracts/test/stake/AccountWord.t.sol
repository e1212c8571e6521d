// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccountWord, INITIAL_REPUTATION} from "../../src/stake/AccountWord.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Test} from "forge-std/Test.sol";

/// @notice Calls by which a revert inside the library can be seen.
contract AccountWordCaller {
    function withEarnings(AccountWord word, uint256 value) external pure returns (AccountWord) {
        return word.withEarnings(value);
    }

    function withLocked(AccountWord word, uint256 value) external pure returns (AccountWord) {
        return word.withLocked(value);
    }

    function withReputation(AccountWord word, uint256 value) external pure returns (AccountWord) {
        return word.withReputation(value, 0);
    }

    function withInFlight(AccountWord word, uint256 value) external pure returns (AccountWord) {
        return word.withInFlight(value);
    }
}

contract AccountWordTest is Test {
    struct Fields {
        uint80 earnings;
        uint80 locked;
        uint256 score;
        uint32 epoch;
        uint32 volume;
        uint256 inFlight;
        bool ejected;
        uint256 cleanJobs;
    }

    AccountWordCaller private caller;

    function setUp() public {
        caller = new AccountWordCaller();
    }

    function test_aFreshWordIsEmptyAtTheInitialReputation() public pure {
        AccountWord word;
        assertEq(word.reputation(), INITIAL_REPUTATION);
        assertEq(word.earnings() + word.locked() + word.volume() + word.inFlight(), 0);
        assertFalse(word.ejected());
    }

    function test_aScoreOfZeroIsNotFresh() public pure {
        assertEq(AccountWord.wrap(0).withReputation(0, 0).reputation(), 0);
    }

    function test_theFieldsLieWhereTheDrawingSays() public pure {
        AccountWord zero;
        assertEq(AccountWord.unwrap(zero.withEarnings(1)), 1);
        assertEq(AccountWord.unwrap(zero.withLocked(1)), 1 << 80);
        assertEq(AccountWord.unwrap(zero.withReputation(INITIAL_REPUTATION ^ 1, 0)), 1 << 160);
        assertEq(AccountWord.unwrap(zero.withReputation(INITIAL_REPUTATION, 1)), 1 << 180);
        assertEq(AccountWord.unwrap(zero.addVolume(1)), 1 << 202);
        assertEq(AccountWord.unwrap(zero.withInFlight(1)), 1 << 234);
        assertEq(AccountWord.unwrap(zero.withEjected(true)), 1 << 245);
        assertEq(AccountWord.unwrap(zero.addCleanJob()), 1 << 246);
    }

    function testFuzz_fieldsAreIndependent(Fields memory first, Fields memory second) public pure {
        AccountWord word = _write(first);
        _assertFields(word, first);
        _assertFields(_write(second), second);
        // Written over field by field, each leaves its neighbours as they were.
        word = word.withEarnings(second.earnings).withEjected(second.ejected);
        (first.earnings, first.ejected) = (second.earnings, second.ejected);
        _assertFields(word, first);
        word = word.withReputation(second.score, second.epoch);
        (first.score, first.epoch) = (second.score, second.epoch);
        _assertFields(word, first);
        word = word.withInFlight(second.inFlight).withLocked(second.locked);
        (first.inFlight, first.locked) = (second.inFlight, second.locked);
        _assertFields(word, first);
        word = word.withCleanJobs(second.cleanJobs);
        first.cleanJobs = second.cleanJobs;
        _assertFields(word, first);
    }

    function testFuzz_valuesThatDoNotFitRevert(AccountWord word, uint256 value) public {
        _expectOverflow(80, value = bound(value, 1 << 80, type(uint256).max));
        caller.withEarnings(word, value);
        _expectOverflow(80, value);
        caller.withLocked(word, value);
        _expectOverflow(20, value ^ INITIAL_REPUTATION);
        caller.withReputation(word, value);
        _expectOverflow(11, value);
        caller.withInFlight(word, value);
    }

    function test_theLargestValuesFit() public {
        AccountWord word;
        assertEq(word.withEarnings(type(uint80).max).earnings(), type(uint80).max);
        assertEq(word.withLocked(type(uint80).max).locked(), type(uint80).max);
        assertEq(word.withReputation(1e6, 0).reputation(), 1e6);
        assertEq(word.withInFlight(2047).inFlight(), 2047);
        _expectOverflow(11, 2048);
        caller.withInFlight(word, 2048);
    }

    function testFuzz_volumeSaturates(uint32 start, uint256 amount) public pure {
        AccountWord word = AccountWord.wrap(0).addVolume(start);
        assertEq(word.volume(), start);
        uint256 room = type(uint32).max - start;
        assertEq(word.addVolume(amount).volume(), amount < room ? start + amount : type(uint32).max);
    }

    function test_cleanJobsSaturate() public pure {
        AccountWord word = AccountWord.wrap(0).withCleanJobs(1022).addCleanJob();
        assertEq(word.cleanJobs(), 1023);
        assertEq(word.addCleanJob().cleanJobs(), 1023);
    }

    function testFuzz_driftIsCountedFromTheLastWrite(uint256 epoch, uint256 elapsed) public pure {
        elapsed = bound(elapsed, 0, (1 << 22) - 1);
        epoch = bound(epoch, 0, type(uint64).max);
        AccountWord word = AccountWord.wrap(0).withReputation(1, epoch);
        assertEq(word.epochsSinceDrift(epoch + elapsed), elapsed);
    }

    function _write(Fields memory fields) private pure returns (AccountWord word) {
        fields.score = bound(fields.score, 0, 1e6);
        fields.inFlight = bound(fields.inFlight, 0, 2047);
        fields.cleanJobs = bound(fields.cleanJobs, 0, 1023);
        word = word.withEarnings(fields.earnings).withLocked(fields.locked).withReputation(fields.score, fields.epoch);
        word = word.addVolume(fields.volume).withInFlight(fields.inFlight).withEjected(fields.ejected);
        return word.withCleanJobs(fields.cleanJobs);
    }

    function _assertFields(AccountWord word, Fields memory fields) private pure {
        assertEq(word.earnings(), fields.earnings);
        assertEq(word.locked(), fields.locked);
        assertEq(word.reputation(), fields.score);
        assertEq(word.epochsSinceDrift(fields.epoch), 0);
        assertEq(word.volume(), fields.volume);
        assertEq(word.inFlight(), fields.inFlight);
        assertEq(word.ejected(), fields.ejected);
        assertEq(word.cleanJobs(), fields.cleanJobs);
    }

    function _expectOverflow(uint8 bits, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, bits, value));
    }
}
