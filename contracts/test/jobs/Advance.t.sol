// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Answer, JobState, Phase, RefundReason, Terms} from "../../src/jobs/JobTypes.sol";
import {JobFixture} from "./JobFixture.sol";

contract AdvanceTest is JobFixture {
    // ---------------------------------------------------------------- requested

    function test_draws_once_the_beacon_is_known() public {
        Terms memory terms = _terms(0);
        bytes32 jobId = _request(terms);
        uint256 known = vm.getBlockNumber() + parameters.beaconDelay + 1;
        vm.roll(known - 1);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.BeaconNotReady.selector, jobId, known));
        jobs.advanceJob(terms);

        vm.roll(known);
        uint256 paidFrom = jobs.jobState(jobId).requestTime + parameters.drawBountyDelay;
        vm.warp(paidFrom - 1);
        uint256 snapshot = vm.snapshotState();
        vm.expectEmit(address(jobs));
        emit IJobRegistry.JobAdvanced(jobId, stranger, Phase.Committing, 0);
        _advance(terms);
        assertEq(jobs.jobState(jobId).advances, 0);
        assertEq(jobs.creditOf(stranger), 0, "executors draw unpaid, and soon");
        vm.revertToState(snapshot);

        vm.warp(paidFrom);
        uint256 bounty = terms.advanceReserve / 4;
        vm.expectEmit(address(jobs));
        emit IJobRegistry.JobAdvanced(jobId, stranger, Phase.Committing, bounty);
        _advance(terms);
        JobState memory state = jobs.jobState(jobId);
        assertEq(uint256(state.phase), uint256(Phase.Committing));
        assertEq(state.advances, 1);
        assertEq(state.committee.length, 3);
        assertEq(state.deadline, vm.getBlockTimestamp() + terms.commitWindow);
        assertEq(jobs.creditOf(stranger), bounty);
    }

    /// Whoever knows the beacon before the epoch ends could move the next epoch's weights until the committee suits him.
    function test_is_drawn_by_the_weights_of_the_requests_epoch_in_the_next_one_too() public {
        _nextEpoch();
        skip(staking.epochLength() - 2);
        Terms memory terms = _terms(0);
        bytes32 jobId = _request(terms);
        vm.roll(vm.getBlockNumber() + parameters.beaconDelay + 1);
        (uint32[] memory committee,) = jobs.committeeOf(terms);
        for (uint256 i; i < 40; ++i) {
            _addExecutor(STAKE, PRICE, CAPACITY);
        }

        skip(2);
        Terms memory next = _terms(1);
        _request(next);
        vm.roll(vm.getBlockNumber() + parameters.beaconDelay + 1);
        (uint32[] memory drawn,) = jobs.committeeOf(terms);
        assertEq(abi.encode(drawn), abi.encode(committee));
        _advance(terms);
        assertEq(abi.encode(jobs.jobState(jobId).committee), abi.encode(committee));
        (drawn,) = jobs.committeeOf(next);
        assertTrue(drawn[0] > 5 || drawn[1] > 5 || drawn[2] > 5, "newcomers count for later requests");
    }

    function test_refunds_when_the_weights_of_the_requests_epoch_are_forgotten() public {
        Terms memory terms = _terms(0);
        bytes32 jobId = _request(terms);
        vm.roll(vm.getBlockNumber() + parameters.beaconDelay + 1);
        (uint32[] memory before,) = jobs.committeeOf(terms);
        assertEq(before.length, terms.committeeSize);

        skip(2 * staking.epochLength());
        (uint32[] memory drawn,) = jobs.committeeOf(terms);
        assertEq(drawn.length, 0);
        vm.prank(_signer(1));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.BeaconOutOfReach.selector, jobId));
        jobs.drawAndCommit(terms, keccak256("c"));
        uint256 refund = jobs.quote(terms) - terms.advanceReserve / 4;
        _expectRefund(jobId, RefundReason.BeaconExpired, refund);
        _advance(terms);
        _assertRefunded(jobId, refund);
    }

    function test_refunds_when_the_beacon_is_out_of_reach() public {
        Terms memory terms = _terms(0);
        bytes32 jobId = _request(terms);
        vm.roll(vm.getBlockNumber() + 10_000);
        vm.prank(_signer(1));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.BeaconOutOfReach.selector, jobId));
        jobs.drawAndCommit(terms, keccak256("c"));

        skip(parameters.drawBountyDelay);
        uint256 refund = jobs.quote(terms) - terms.advanceReserve / 4;
        _expectRefund(jobId, RefundReason.BeaconExpired, refund);
        _advance(terms);
        _assertRefunded(jobId, refund);
        assertEq(jobs.creditOf(stranger), terms.advanceReserve / 4);
    }

    function test_refunds_when_too_few_are_eligible() public {
        Terms memory terms = _terms(0);
        (terms.committeeSize, terms.quorum) = (6, 4);
        bytes32 jobId = _request(terms);
        _toBeacon();
        vm.prank(_signer(1));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NoCommitteeFound.selector, jobId));
        jobs.drawAndCommit(terms, keccak256("c"));

        skip(parameters.drawBountyDelay);
        uint256 refund = jobs.quote(terms) - terms.advanceReserve / 4;
        _expectRefund(jobId, RefundReason.NoCommittee, refund);
        _advance(terms);
        _assertRefunded(jobId, refund);
        for (uint32 id = 1; id <= 5; ++id) {
            assertEq(staking.accountOf(id).inFlight, 0);
        }
    }

    function test_refunds_when_nobody_serves_the_version() public {
        for (uint32 id = 1; id <= 5; ++id) {
            _offer(id, PRICE, 0);
        }
        _nextEpoch();
        Terms memory terms = _terms(0);
        bytes32 jobId = _request(terms);
        _toBeacon();
        _advance(terms);
        _assertPhase(jobId, Phase.Refunded);
    }

    /// A caller must not be able to end a job by giving the draw too little gas.
    function test_too_little_gas_never_refunds() public {
        Terms memory terms = _terms(0);
        bytes32 jobId = _request(terms);
        _toBeacon();
        bytes memory call = abi.encodeCall(IJobRegistry.advanceJob, (terms));
        for (uint256 gasGiven = 30_000; gasGiven < 1_000_000; gasGiven += 2500) {
            uint256 snapshot = vm.snapshotState();
            (bool done,) = address(jobs).call{gas: gasGiven}(call);
            assertEq(uint256(_phase(jobId)), uint256(done ? Phase.Committing : Phase.Requested));
            vm.revertToState(snapshot);
        }
        _advance(terms);
        _assertPhase(jobId, Phase.Committing);
    }

    // ---------------------------------------------------------------- committing

    function test_waits_for_the_commit_deadline() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId,) = _requestDrawn(terms);
        uint64 deadline = jobs.jobState(jobId).deadline;
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotBefore.selector, jobId, deadline));
        jobs.advanceJob(terms);
    }

    function test_opens_the_reveal_phase_with_enough_commitments() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _honest());
        _commit(terms, committee[1], _honest());
        _afterDeadline(jobId);
        vm.expectEmit(address(jobs));
        emit IJobRegistry.RevealPhaseOpened(jobId, uint64(vm.getBlockTimestamp() + terms.revealWindow));
        _advance(terms);
        _assertPhase(jobId, Phase.Revealing);
    }

    function test_draws_missing_seats_again_once_and_marks_the_missing() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _honest());
        _afterDeadline(jobId);
        _advance(terms);

        JobState memory state = jobs.jobState(jobId);
        assertEq(uint256(state.phase), uint256(Phase.Committing));
        assertEq(state.deadline, vm.getBlockTimestamp() + terms.commitWindow);
        assertEq(state.committee[0], committee[0]);
        for (uint256 seat = 1; seat < 3; ++seat) {
            assertTrue(state.committee[seat] != 0 && !_contains(committee, state.committee[seat]));
            assertEq(staking.accountOf(state.committee[seat]).inFlight, 1);
            assertEq(staking.accountOf(committee[seat]).inFlight, 0);
            assertEq(staking.accountOf(committee[seat]).reputation, 500_000 - 7813);
        }
        _commit(terms, state.committee[1], _honest());
        _commit(terms, state.committee[2], _honest());
        _revealAll(terms, state.committee, _honest());
        Answer[] memory answers = new Answer[](3);
        for (uint256 seat = 0; seat < 3; ++seat) {
            answers[seat] = _answer(seat, _honest());
        }
        _resolve(terms, answers);
        assertEq(jobs.jobState(jobId).agreeing, 7);
    }

    function test_refunds_after_the_redraw_missed_too() public {
        Terms memory terms = _terms(0);
        uint256 escrow = jobs.quote(terms);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _honest());
        _afterDeadline(jobId);
        _advance(terms);
        uint32[] memory second = jobs.jobState(jobId).committee;
        _afterDeadline(jobId);
        uint256 bounties = _bounties(terms, 2);
        _expectRefund(jobId, RefundReason.TooFewCommitments, escrow - bounties);
        _advance(terms);
        _assertRefunded(jobId, escrow - bounties);
        assertEq(jobs.creditOf(stranger), bounties);
        // Who committed could do no more.
        assertEq(staking.accountOf(committee[0]).reputation, 500_000);
        assertEq(staking.stakeOf(committee[0]), STAKE);
        for (uint256 seat = 0; seat < 3; ++seat) {
            assertEq(staking.accountOf(second[seat]).inFlight, 0);
            if (seat != 0) assertEq(staking.accountOf(second[seat]).reputation, 500_000 - 7813);
        }
    }

    function test_refunds_at_once_when_the_redraw_finds_too_few() public {
        Terms memory terms = _terms(0);
        uint256 escrow = jobs.quote(terms);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _honest());
        for (uint32 id = 1; id <= 5; ++id) {
            if (!_contains(committee, id)) _leave(id);
        }
        _afterDeadline(jobId);
        _expectRefund(jobId, RefundReason.TooFewCommitments, escrow - _bounties(terms, 1));
        _advance(terms);
        _assertPhase(jobId, Phase.Refunded);
        for (uint256 seat = 0; seat < 3; ++seat) {
            assertEq(staking.accountOf(committee[seat]).inFlight, 0);
            assertEq(staking.accountOf(committee[seat]).reputation, seat == 0 ? 500_000 : 500_000 - 7813);
        }
    }

    function test_a_redraw_without_beacon_refunds() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId,) = _requestDrawn(terms);
        _afterDeadline(jobId);
        vm.roll(vm.getBlockNumber() + 10_000);
        _advance(terms);
        _assertPhase(jobId, Phase.Refunded);
    }

    // ---------------------------------------------------------------- revealing

    function test_waits_for_the_grace_and_refunds_with_too_few_reveals() public {
        Terms memory terms = _terms(0);
        uint256 escrow = jobs.quote(terms);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commitAll(terms, committee, _honest());
        _reveal(terms, committee[1], _honest());
        uint256 end = jobs.jobState(jobId).deadline + parameters.revealGrace;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotBefore.selector, jobId, end));
        jobs.advanceJob(terms);

        vm.warp(end + 1);
        uint256 refund = escrow - SEAT_FEE / 4 - _bounties(terms, 1);
        _expectRefund(jobId, RefundReason.TooFewReveals, refund);
        _advance(terms);
        _assertRefunded(jobId, refund);
        assertEq(staking.accountOf(committee[1]).earnings, SEAT_FEE / 4);
    }

    function test_leaves_enough_reveals_to_resolve() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commitAll(terms, committee, _honest());
        _reveal(terms, committee[0], _honest());
        _reveal(terms, committee[1], _honest());
        bytes memory refusal = abi.encodeWithSelector(IJobRegistry.NothingToAdvance.selector, jobId);
        vm.expectRevert(refusal);
        jobs.advanceJob(terms);
        _afterGrace(jobId);
        vm.expectRevert(refusal);
        jobs.advanceJob(terms);
        _resolve(terms, _answers(_answer(0, _honest()), _answer(1, _honest())));
        _assertPhase(jobId, Phase.Resolved);
    }

    /// Each is slashed for each job, whatever is left of its stake.
    function test_strikes_of_5_20_and_100_percent_block_nothing() public {
        uint256[5] memory left = [STAKE * 95 / 100, STAKE * 76 / 100, 0, 0, 0];
        Terms[] memory terms = new Terms[](5);
        bytes32[] memory jobIds = new bytes32[](5);
        for (uint256 i = 0; i < 5; ++i) {
            terms[i] = _terms(i);
            (terms[i].committeeSize, terms[i].quorum) = (5, 3);
            uint32[] memory committee;
            (jobIds[i], committee) = _requestDrawable(terms[i]);
            _commitAll(terms[i], committee, _honest());
        }
        for (uint256 i = 0; i < 5; ++i) {
            if (i == 0) _afterGrace(jobIds[4]);
            _advance(terms[i]);
            _assertPhase(jobIds[i], Phase.Refunded);
            for (uint8 seat = 0; seat < 5; ++seat) {
                jobs.punishSilent(jobIds[i], seat);
            }
            assertEq(staking.stakeOf(1), left[i]);
        }
        assertTrue(staking.accountOf(1).ejected);
        assertEq(staking.accountOf(1).inFlight, 0);
        uint256 owed;
        for (uint32 id = 1; id <= executors.executorCount(); ++id) {
            owed += staking.stakeOf(id) + staking.poolOf(id).ownerEarnings;
        }
        assertLe(owed, address(staking).balance);
    }

    // ---------------------------------------------------------------- bounty

    function test_the_bounty_shrinks_and_an_empty_reserve_pays_nothing() public {
        Terms memory terms = _terms(0);
        terms.advanceReserve = 0.001 ether + 3;
        (bytes32 jobId, uint32[] memory committee) = _requestDrawn(terms);
        uint256 reserve = terms.advanceReserve;
        uint256 paid = reserve / 4;
        assertEq(jobs.creditOf(stranger), paid);
        reserve -= reserve / 4;
        _commit(terms, committee[0], _honest());
        for (uint256 step = 0; step < 2; ++step) {
            _afterDeadline(jobId);
            _advance(terms);
            paid += reserve / 4;
            reserve -= reserve / 4;
            assertEq(jobs.creditOf(stranger), paid);
        }
        _assertPhase(jobId, Phase.Refunded);
        assertEq(jobs.creditOf(refundee) + paid, jobs.quote(terms));
        assertEq(jobs.jobState(jobId).advances, 3);
    }

    function _bounties(Terms memory terms, uint256 steps) private pure returns (uint256 paid) {
        uint256 reserve = terms.advanceReserve;
        for (uint256 i = 0; i < steps; ++i) {
            paid += reserve / 4;
            reserve -= reserve / 4;
        }
    }
}
