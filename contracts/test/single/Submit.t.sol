// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RefundReason} from "../../src/jobs/JobTypes.sol";
import {ISingleJobRegistry} from "../../src/single/ISingleJobRegistry.sol";
import {Record, SinglePhase, SingleTerms} from "../../src/single/SingleTypes.sol";
import {IStaking, SeatOutcome} from "../../src/stake/IStaking.sol";
import {Reply} from "../jobs/JobFixture.sol";
import {SingleFixture} from "./SingleFixture.sol";

contract SingleSubmitTest is SingleFixture {
    function _expectSubmitRevert(SingleTerms memory terms, uint32 id, bytes memory reason) private {
        Reply memory reply = _honest();
        vm.expectRevert(reason);
        vm.prank(_hot(id));
        single.submit(terms, reply.result, reply.vector, _anyVif(id));
    }

    function _notDrawn(bytes32 jobId, uint32 id) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISingleJobRegistry.NotDrawn.selector, jobId, id);
    }

    // ---------------------------------------------------------------- priority

    function test_the_drawn_executor_draws_and_answers_in_one_call() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 id) = _askDrawable(terms);
        Record memory record = _submit(terms, id, _honest());
        assertEq(record.executorId, id);
        assertEq(record.fee, SEAT_FEE);
        assertEq(record.balance, single.quote(terms));
        assertEq(record.windowEnd, vm.getBlockTimestamp() + terms.challengeWindow);
        ISingleJobRegistry.State memory state = single.stateOf(jobId);
        assertEq(uint256(state.phase), uint256(SinglePhase.Provisional));
        // The record that anyone makes of terms and event is the one whose hash is stored.
        assertEq(state.recordHash, bytes32((uint256(single.recordHash(record)) >> 8) << 8));
        assertEq(single.recordHash(record), keccak256(abi.encode(record)));
        IStaking.Account memory account = staking.accountOf(id);
        assertEq(account.inFlight, 1);
        assertEq(account.locked, SEAT_FEE * bounds.lockMultiplierBps / 10_000);
    }

    function test_nobody_else_answers_while_the_drawn_has_priority() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 id) = _askDrawable(terms);
        _expectSubmitRevert(terms, _other(id), _notDrawn(jobId, _other(id)));
        skip(bounds.drawBountyDelay);
        _advance(terms);
        _expectSubmitRevert(terms, _other(id), _notDrawn(jobId, _other(id)));
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.NotExecutor.selector, stranger));
        vm.prank(stranger);
        single.submit(terms, "", "", _anyVif(1));
    }

    function test_an_answer_is_given_once_and_can_not_be_replayed() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 id) = _askDrawable(terms);
        _submit(terms, id, _honest());
        _expectSubmitRevert(
            terms, id, abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Provisional)
        );
        // Nor its record in another job.
        (bytes32 other, Record memory record) = _provisional(_single(1), _honest());
        _afterWindow(record);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.RecordMismatch.selector, jobId));
        single.finalize(jobId, record, "", 0);
        assertTrue(other != jobId);
    }

    function test_waits_for_the_beacon_and_not_longer_than_it_is_known() public {
        SingleTerms memory terms = _single(0);
        bytes32 jobId = _ask(terms);
        uint256 available = vm.getBlockNumber() + bounds.beaconDelay + 1;
        _expectSubmitRevert(
            terms, 1, abi.encodeWithSelector(ISingleJobRegistry.BeaconNotReady.selector, jobId, available)
        );
        (uint32 none,) = single.drawnOf(terms);
        assertEq(none, 0);
        vm.roll(available + 256);
        _expectSubmitRevert(terms, 1, abi.encodeWithSelector(ISingleJobRegistry.BeaconOutOfReach.selector, jobId));
        skip(bounds.drawBountyDelay);
        _advance(terms);
        assertEq(uint256(single.stateOf(jobId).refundReason), uint256(RefundReason.BeaconExpired));
    }

    function test_weights_of_two_epochs_ago_draw_nobody() public {
        SingleTerms memory terms = _single(0);
        bytes32 jobId = _ask(terms);
        _toBeacon();
        _nextEpoch();
        (uint32 id,) = single.drawnOf(terms);
        assertTrue(id != 0, "those of the last epoch do");
        _nextEpoch();
        _advance(terms);
        assertEq(uint256(single.stateOf(jobId).refundReason), uint256(RefundReason.BeaconExpired));
    }

    function test_refuses_answers_without_a_key_a_vif_or_within_size() public {
        SingleTerms memory terms = _single(0);
        bytes32 jobId = _ask(terms);
        _toBeacon();
        (uint32 id,) = single.drawnOf(terms);
        Reply memory reply = _honest();
        vm.startPrank(_hot(id));
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.InvalidVifLength.selector, 80));
        single.submit(terms, reply.result, reply.vector, new bytes(80));
        bytes memory large = new bytes(bounds.maxResultBytes + 1);
        vm.expectRevert(
            abi.encodeWithSelector(ISingleJobRegistry.ResultTooLarge.selector, large.length, bounds.maxResultBytes)
        );
        single.submit(terms, large, reply.vector, _anyVif(id));
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.ResultTooLarge.selector, 2050, 2048));
        single.submit(terms, reply.result, new bytes(2050), _anyVif(id));
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongTier.selector, jobId));
        single.submitProven(terms, reply.result, reply.vector, "");
        vm.stopPrank();

        uint32 newcomer = _addExecutor(STAKE, PRICE, CAPACITY);
        _expectSubmitRevert(terms, newcomer, abi.encodeWithSelector(ISingleJobRegistry.NoVrfKey.selector, newcomer));
    }

    function test_skips_the_too_dear_and_the_unbacked_and_refunds_when_nobody_is_left() public {
        for (uint32 id = 2; id <= 5; ++id) {
            if (id < 4) _offer(id, 3 * PRICE, CAPACITY);
            else _leave(id);
        }
        _nextEpoch();
        uint256 found;
        for (uint256 nonce = 0; nonce < 6; ++nonce) {
            SingleTerms memory terms = _single(nonce);
            bytes32 jobId = _ask(terms);
            _toBeacon();
            (uint32 id,) = single.drawnOf(terms);
            if (id != 0) {
                assertEq(id, 1);
                _submit(terms, 1, _honest());
                ++found;
                continue;
            }
            // Three picks, and none of them is number one.
            _expectSubmitRevert(terms, 1, abi.encodeWithSelector(ISingleJobRegistry.NoExecutorFound.selector, jobId));
            skip(bounds.drawBountyDelay);
            _advance(terms);
            assertEq(uint256(single.stateOf(jobId).refundReason), uint256(RefundReason.NoCommittee));
        }
        assertTrue(found != 0 && found != 6, "both happen");
    }

    // ---------------------------------------------------------------- on record: misses, takeover, decline

    function test_a_recorded_draw_locks_pays_a_bounty_and_gives_time() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 id) = _askDrawn(terms);
        ISingleJobRegistry.State memory state = single.stateOf(jobId);
        assertEq(state.executorId, id);
        assertEq(state.fee, SEAT_FEE);
        assertEq(state.deadline, vm.getBlockTimestamp() + terms.submitWindow);
        assertEq(single.creditOf(stranger), terms.advanceReserve / 4);
        assertEq(staking.accountOf(id).inFlight, 1);
        vm.warp(state.deadline + terms.takeoverWindow);
        Record memory record = _submit(terms, id, _honest());
        assertEq(record.balance, single.quote(terms) - terms.advanceReserve / 4);
        assertEq(staking.accountOf(id).inFlight, 1);
    }

    function test_an_early_draw_is_unpaid() public {
        SingleTerms memory terms = _single(0);
        _askDrawable(terms);
        _advance(terms);
        assertEq(single.creditOf(stranger), 0);
        assertEq(single.stateOf(single.jobIdOf(terms)).advances, 0);
    }

    function test_after_the_deadline_anyone_eligible_takes_over_and_the_drawn_has_missed() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 id) = _askDrawn(terms);
        uint32 taker = _other(id);
        vm.warp(single.stateOf(jobId).deadline);
        _expectSubmitRevert(terms, taker, _notDrawn(jobId, taker));
        skip(1);
        uint256 before = staking.accountOf(id).reputation;
        Record memory record = _submit(terms, taker, _honest());
        assertEq(record.executorId, taker);
        assertEq(staking.accountOf(id).reputation, before - (before + 63) / 64);
        assertEq(staking.accountOf(id).inFlight, 0);
        assertEq(staking.stakeOf(id), STAKE, "no stake is lost");
        assertEq(staking.accountOf(taker).inFlight, 1);
        // The race is lost for everybody else, the drawn too.
        _expectSubmitRevert(
            terms, id, abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Provisional)
        );
    }

    function test_who_does_not_serve_or_is_too_dear_takes_nothing_over() public {
        uint32 dear = _addExecutor(STAKE, 3 * PRICE, CAPACITY);
        uint32 idle = _addExecutor(STAKE, PRICE, CAPACITY);
        _adopt(dear);
        _adopt(idle);
        vm.prank(executors.ownerOf(idle));
        executors.setOffering(modelId, VERSION, RUNTIME_CLASS, 0, 0, 0);
        uint32 poor = _addExecutor(staking.minimumStake(), PRICE, CAPACITY);
        _adopt(poor);
        _nextEpoch();
        SingleTerms memory terms = _single(0);
        // Five times this fee is more than the poor one's stake.
        (terms.maxPricePerUnit, terms.maxUnits) = (2 * PRICE, 2100);
        (bytes32 jobId, uint32 id) = _askDrawn(terms);
        assertTrue(id <= 5);
        vm.warp(single.stateOf(jobId).deadline + 1);
        uint32[3] memory ineligible = [dear, idle, poor];
        for (uint256 i = 0; i < 3; ++i) {
            _expectSubmitRevert(
                terms,
                ineligible[i],
                abi.encodeWithSelector(ISingleJobRegistry.NotEligible.selector, jobId, ineligible[i])
            );
        }
        assertEq(staking.accountOf(id).inFlight, 1, "a refused takeover settles nobody");
    }

    function test_declining_is_free_and_opens_the_job_to_all() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 id) = _askDrawn(terms);
        uint256 before = staking.accountOf(id).reputation;
        vm.expectRevert(_notDrawn(jobId, _other(id)));
        vm.prank(_hot(_other(id)));
        single.decline(terms);
        vm.expectEmit(address(single));
        emit ISingleJobRegistry.SeatDeclined(jobId, id);
        vm.prank(_hot(id));
        single.decline(terms);
        assertEq(staking.accountOf(id).inFlight, 0);
        assertEq(staking.accountOf(id).reputation, before);
        Record memory record = _submit(terms, _other(id), _honest());
        assertEq(record.executorId, _other(id));
        assertEq(staking.accountOf(id).reputation, before);
    }

    function test_declining_ends_with_half_of_the_window() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 id) = _askDrawn(terms);
        uint256 end = single.stateOf(jobId).deadline - terms.submitWindow / 2;
        vm.warp(end + 1);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.TooLate.selector, jobId, end));
        vm.prank(_hot(id));
        single.decline(terms);
    }

    function test_a_job_that_nobody_answers_is_refunded_and_its_holder_has_missed() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 id) = _askDrawn(terms);
        uint256 end = single.stateOf(jobId).deadline + terms.takeoverWindow;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.NotBefore.selector, jobId, end));
        single.advanceJob(terms);
        skip(1);
        _expectSubmitRevert(terms, id, abi.encodeWithSelector(ISingleJobRegistry.TooLate.selector, jobId, end));
        uint256 before = staking.accountOf(id).reputation;
        _advance(terms);
        assertEq(uint256(single.stateOf(jobId).refundReason), uint256(RefundReason.TooFewReveals));
        assertLt(staking.accountOf(id).reputation, before);
        assertEq(staking.accountOf(id).inFlight, 0);
        // Two steps are paid, each a quarter of what is left; all else comes back.
        uint256 first = terms.advanceReserve / 4;
        uint256 second = (terms.advanceReserve - first) / 4;
        assertEq(single.creditOf(stranger), first + second);
        assertEq(single.creditOf(refundee), single.quote(terms) - first - second);
        assertEq(address(single).balance, single.creditOf(stranger) + single.creditOf(refundee));
    }

    function test_without_the_beacon_no_vif_and_no_blame() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 id) = _askDrawn(terms);
        vm.roll(vm.getBlockNumber() + 300);
        _expectSubmitRevert(terms, id, abi.encodeWithSelector(ISingleJobRegistry.BeaconOutOfReach.selector, jobId));
        vm.warp(single.stateOf(jobId).deadline + terms.takeoverWindow + 1);
        uint256 before = staking.accountOf(id).reputation;
        _advance(terms);
        _assertAt(jobId, SinglePhase.Refunded);
        assertEq(staking.accountOf(id).reputation, before);
    }

    function test_a_declined_job_that_nobody_takes_is_refunded_too() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, uint32 id) = _askDrawn(terms);
        vm.prank(_hot(id));
        single.decline(terms);
        vm.warp(single.stateOf(jobId).deadline + terms.takeoverWindow + 1);
        _advance(terms);
        _assertAt(jobId, SinglePhase.Refunded);
    }

    function test_bait_jobs_lower_a_reputation_once_an_epoch() public {
        uint64 epoch = staking.currentEpoch();
        uint256[6] memory scores;
        uint256 repeated;
        for (uint256 nonce = 0; nonce < 14; ++nonce) {
            SingleTerms memory terms = _single(nonce);
            (bytes32 jobId, uint32 id) = _askDrawn(terms);
            vm.warp(single.stateOf(jobId).deadline + terms.takeoverWindow + 1);
            _advance(terms);
            uint256 score = staking.accountOf(id).reputation;
            if (scores[id] == 0) {
                scores[id] = score;
                assertLt(score, 500_000);
            } else {
                assertEq(score, scores[id]);
                ++repeated;
            }
        }
        assertEq(staking.currentEpoch(), epoch);
        assertGt(repeated, 0);
    }

    // ---------------------------------------------------------------- batches

    function test_a_bad_item_of_a_batch_leaves_the_others() public {
        SingleTerms[3] memory terms = [_single(0), _single(1), _single(2)];
        uint32 id;
        // Jobs of one executor.
        uint256 nonce;
        for (uint256 found = 0; found < 3; ++nonce) {
            SingleTerms memory one = _single(nonce);
            (, uint32 drawn) = _askDrawable(one);
            if (id == 0) id = drawn;
            if (drawn == id) terms[found++] = one;
        }
        Reply memory reply = _honest();
        bytes[] memory calls = new bytes[](3);
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory vif = i == 1 ? bytes("short") : _anyVif(id);
            calls[i] = abi.encodeCall(ISingleJobRegistry.submit, (terms[i], reply.result, reply.vector, vif));
        }
        vm.expectEmit(address(single));
        emit ISingleJobRegistry.CallFailed(1);
        vm.prank(_hot(id));
        single.tryEach(calls);
        _assertAt(single.jobIdOf(terms[0]), SinglePhase.Provisional);
        _assertAt(single.jobIdOf(terms[1]), SinglePhase.Requested);
        _assertAt(single.jobIdOf(terms[2]), SinglePhase.Provisional);
        assertEq(staking.accountOf(id).inFlight, 2);
    }

    function test_a_batch_brings_no_money() public {
        SingleTerms memory terms = _single(0);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(ISingleJobRegistry.request, (terms, input, labels, ""));
        // What others have locked is not the caller's to spend.
        _ask(_single(1));
        vm.prank(requester);
        single.tryEach(calls);
        _assertAt(single.jobIdOf(terms), SinglePhase.None);
        vm.deal(requester, 1 ether);
        vm.prank(requester);
        (bool done,) = address(single).call{value: 1 ether}(abi.encodeCall(ISingleJobRegistry.tryEach, (calls)));
        assertFalse(done);
    }
}
