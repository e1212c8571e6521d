// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CallbackStatus, Phase, RefundReason} from "../../src/jobs/JobTypes.sol";
import {JobWord, JobWords} from "../../src/jobs/JobWord.sol";
import {Test} from "forge-std/Test.sol";

contract JobWordTest is Test {
    /// All fields but those named stay as they were.
    function _assertOthersKept(JobWord before, JobWord afterwards, uint256 changed) private pure {
        assertEq(JobWord.unwrap(before) & ~changed, JobWord.unwrap(afterwards) & ~changed);
    }

    function test_requested_records_block_and_time_and_nothing_else() public {
        vm.roll(123_456);
        vm.warp(1_800_000_000);
        JobWord word = JobWords.requested();
        assertEq(uint256(word.phase()), uint256(Phase.Requested));
        assertEq(word.requestBlock(), 123_456);
        assertEq(word.requestTime(), 1_800_000_000);
        assertEq(word.deadline() + word.seatFee() + word.committed() + word.revealed() + word.agreeing(), 0);
        assertEq(word.advances() + word.round() + word.centre(), 0);
        assertFalse(word.redrawn());
        assertEq(uint256(word.callbackStatus()), uint256(CallbackStatus.None));
    }

    function testFuzz_a_transition_changes_its_fields_only(uint256 raw, uint80 fee, uint40 deadline) public pure {
        JobWord word = JobWord.wrap(raw);
        JobWord committing = word.toCommitting(fee, deadline);
        assertEq(uint256(committing.phase()), uint256(Phase.Committing));
        assertEq(committing.seatFee(), fee);
        assertEq(committing.deadline(), deadline);
        _assertOthersKept(word, committing, 0xf | (((1 << 120) - 1) << 120));

        JobWord revealing = word.toRevealing(deadline);
        assertEq(uint256(revealing.phase()), uint256(Phase.Revealing));
        assertEq(revealing.deadline(), deadline);
        _assertOthersKept(word, revealing, 0xf | (((1 << 40) - 1) << 120));
    }

    function testFuzz_the_end_keeps_the_rest_and_a_deadline_for_pending_seats_only(
        uint256 raw,
        uint8 centre,
        uint8 agreeing,
        uint8 reason
    ) public pure {
        centre = uint8(bound(centre, 0, 6));
        reason = uint8(bound(reason, 0, uint8(type(RefundReason).max)));
        // Revealing, none pending yet.
        JobWord word = JobWord.wrap((raw & ~uint256(0xf) & ~(uint256(0xff) << 240)) | uint256(Phase.Revealing));
        uint256 silent = word.committed() & ~word.revealed();
        uint256 changed = 0xf | (0xff << 24) | (0xf << 32) | (((1 << 40) - 1) << 120) | (0xff << 240);

        JobWord resolved = word.toResolved(centre, agreeing);
        assertEq(uint256(resolved.phase()), uint256(Phase.Resolved));
        assertEq(resolved.centre(), centre);
        assertEq(resolved.agreeing(), agreeing);
        assertEq(resolved.pending(), silent);
        assertEq(resolved.deadline(), silent == 0 ? 0 : word.deadline());
        _assertOthersKept(word, resolved, changed);

        JobWord refunded = word.toRefunded(RefundReason(reason));
        assertEq(uint256(refunded.phase()), uint256(Phase.Refunded));
        assertEq(uint256(refunded.refundReason()), reason);
        assertEq(refunded.pending(), silent);
        _assertOthersKept(word, refunded, changed);

        for (uint256 seat = 0; seat < 8; ++seat) {
            refunded = refunded.withoutPending(seat);
            silent &= ~(1 << seat);
            assertEq(refunded.pending(), silent);
            assertEq(refunded.deadline(), silent == 0 ? 0 : word.deadline());
        }
    }

    function testFuzz_nobody_is_pending_who_could_not_reveal(uint256 raw) public pure {
        JobWord word = JobWord.wrap((raw & ~uint256(0xf) & ~(uint256(0xff) << 240)) | uint256(Phase.Committing));
        JobWord refunded = word.toRefunded(RefundReason.TooFewCommitments);
        assertEq(refunded.pending(), 0);
        assertEq(refunded.deadline(), 0);
    }

    function test_the_lowest_seat() public pure {
        assertEq(JobWords.lowest(1), 0);
        assertEq(JobWords.lowest(0x54), 2);
        assertEq(JobWords.lowest(0x40), 6);
    }

    function testFuzz_single_fields(uint256 raw, uint8 seat) public pure {
        seat = uint8(bound(seat, 0, 6));
        JobWord word = JobWord.wrap(raw);
        assertEq(word.withCommitted(seat).committed(), word.committed() | (1 << seat));
        _assertOthersKept(word, word.withCommitted(seat), 0xff << 8);
        assertEq(word.withRevealed(seat).revealed(), word.revealed() | (1 << seat));
        _assertOthersKept(word, word.withRevealed(seat), 0xff << 16);
        assertTrue(word.withRedrawn().redrawn());
        _assertOthersKept(word, word.withRedrawn(), 1 << 255);
        assertEq(uint256(word.withCallbackStatus(CallbackStatus.Failed).callbackStatus()), 2);
        _assertOthersKept(word, word.withCallbackStatus(CallbackStatus.Failed), 0xf << 4);
    }

    function testFuzz_counters_count(uint256 raw) public pure {
        // Below the fields' ends, which a job can't reach.
        JobWord word = JobWord.wrap(raw & ~(uint256(1) << 39) & ~(uint256(1) << 254));
        assertEq(word.withNextAdvance().advances(), word.advances() + 1);
        _assertOthersKept(word, word.withNextAdvance(), 0xf << 36);
        assertEq(word.withNextRound().round(), word.round() + 1);
        _assertOthersKept(word, word.withNextRound(), 0x7f << 248);
    }

    function test_count_counts_bits() public pure {
        assertEq(JobWords.count(0), 0);
        assertEq(JobWords.count(1), 1);
        assertEq(JobWords.count(0x55), 4);
        assertEq(JobWords.count(0x7f), 7);
    }
}
