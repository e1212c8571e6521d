// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {JobState, Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {JobFixture} from "./JobFixture.sol";

contract CommitTest is JobFixture {
    // ---------------------------------------------------------------- the draw

    function test_the_first_commitment_draws_the_foreseen_committee() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        (, uint128 seatFee) = jobs.committeeOf(terms);
        assertEq(seatFee, SEAT_FEE);
        bytes32 randomness = all.beacon.randomness(jobs.jobState(jobId).requestBlock + parameters.beaconDelay, jobId);
        uint64 deadline = uint64(vm.getBlockTimestamp() + terms.commitWindow);
        bytes32 commitment = _commitment(terms, committee[1], _honest());

        vm.expectEmit(address(jobs));
        emit IJobRegistry.CommitteeDrawn(jobId, randomness, committee, seatFee, deadline);
        vm.expectEmit(address(jobs));
        emit IJobRegistry.Committed(jobId, committee[1], 1, commitment);
        _commit(terms, committee[1], _honest());

        JobState memory state = jobs.jobState(jobId);
        assertEq(uint256(state.phase), uint256(Phase.Committing));
        assertEq(state.deadline, deadline);
        assertEq(state.seatFee, SEAT_FEE);
        assertEq(state.committed, 2);
        assertEq(abi.encode(state.committee), abi.encode(committee));
        assertEq(jobs.seatHash(jobId, 1), commitment);
        for (uint256 seat = 0; seat < 3; ++seat) {
            assertEq(staking.accountOf(committee[seat]).locked, _lock(SEAT_FEE));
            assertEq(staking.accountOf(committee[seat]).inFlight, 1);
        }
    }

    function test_the_committee_is_distinct_and_does_not_change_while_it_waits() public {
        for (uint256 nonce = 0; nonce < 16; ++nonce) {
            (, uint32[] memory committee) = _requestDrawable(_terms(nonce));
            assertTrue(committee[0] != committee[1] && committee[1] != committee[2] && committee[0] != committee[2]);
            vm.roll(vm.getBlockNumber() + 10);
            (uint32[] memory later,) = jobs.committeeOf(_terms(nonce));
            assertEq(abi.encode(later), abi.encode(committee));
        }
    }

    function test_everyone_is_drawn_sometimes() public {
        uint256 seen;
        for (uint256 nonce = 0; nonce < 24; ++nonce) {
            (, uint32[] memory committee) = _requestDrawable(_terms(nonce));
            for (uint256 seat = 0; seat < 3; ++seat) {
                seen |= 1 << committee[seat];
            }
        }
        assertEq(seen, 0x3e, "executors 1 to 5");
    }

    function test_all_seats_get_what_the_dearest_member_asks() public {
        Terms memory terms = _terms(0);
        uint32[] memory committee = _foretell(terms);
        _offer(committee[2], PRICE + 7, CAPACITY);
        _nextEpoch();
        _requestDrawable(terms);
        _commit(terms, committee[0], _honest());
        assertEq(jobs.jobState(jobs.jobIdOf(terms)).seatFee, uint256(PRICE + 7) * UNITS);
    }

    function test_a_fee_below_the_least_is_raised_to_it() public {
        for (uint32 id = 1; id <= 5; ++id) {
            _offer(id, 1, CAPACITY);
        }
        _nextEpoch();
        (bytes32 jobId,) = _requestDrawn(_terms(0));
        assertEq(jobs.jobState(jobId).seatFee, parameters.minSeatFee);
    }

    function test_the_dear_the_full_and_the_withdrawn_are_skipped() public {
        Terms memory terms = _terms(0);
        uint32[] memory committee = _foretell(terms);
        _offer(committee[0], 2 * PRICE + 1, CAPACITY);
        _offer(committee[1], PRICE, 0);
        _nextEpoch();
        (, uint32[] memory without) = _requestDrawable(terms);
        assertEq(without.length, 3);
        assertFalse(_contains(without, committee[0]) || _contains(without, committee[1]));
    }

    function test_regression_no_price_is_raised_once_the_beacon_is_known() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _offer(committee[2], PRICE + 7, CAPACITY);
        _nextEpoch();
        _offer(committee[1], PRICE + 9, CAPACITY);
        _commit(terms, committee[0], _honest());
        assertEq(jobs.jobState(jobId).seatFee, uint256(PRICE) * UNITS);
    }

    function test_who_cannot_lock_the_dearest_fee_is_skipped() public {
        Terms memory terms = _terms(0);
        // A lock is five times the fee; the stake of 100 covers a fee of 20.
        terms.maxPricePerUnit = 2 ether + 1;
        _request(terms);
        _toBeacon();
        (uint32[] memory committee, uint128 seatFee) = jobs.committeeOf(terms);
        assertEq(committee.length + seatFee, 0);

        terms = _terms(1);
        terms.maxPricePerUnit = 2 ether;
        _requestDrawn(terms);
        assertEq(jobs.jobState(jobs.jobIdOf(terms)).seatFee, SEAT_FEE);
    }

    // ---------------------------------------------------------------- what is refused

    function test_refuses_before_the_beacon() public {
        Terms memory terms = _terms(0);
        bytes32 jobId = _request(terms);
        uint256 known = vm.getBlockNumber() + parameters.beaconDelay + 1;
        (uint32[] memory committee,) = jobs.committeeOf(terms);
        assertEq(committee.length, 0);
        vm.roll(known - 1);
        vm.prank(_signer(1));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.BeaconNotReady.selector, jobId, known));
        jobs.drawAndCommit(terms, keccak256("c"));
    }

    function test_refuses_who_is_not_drawn_and_draws_nothing_then() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        uint32 outsider = 1;
        while (_contains(committee, outsider)) ++outsider;
        vm.prank(_signer(outsider));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotSeated.selector, jobId, outsider));
        jobs.drawAndCommit(terms, keccak256("c"));
        _assertPhase(jobId, Phase.Requested);

        // Not an executor at all.
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotSeated.selector, jobId, 0));
        jobs.drawAndCommit(terms, keccak256("c"));
    }

    function test_refuses_a_zero_and_a_second_commitment() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        vm.startPrank(_signer(committee[0]));
        vm.expectRevert(IJobRegistry.ZeroCommitment.selector);
        jobs.drawAndCommit(terms, 0);
        jobs.drawAndCommit(terms, keccak256("c"));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.AlreadyCommitted.selector, jobId, 0));
        jobs.drawAndCommit(terms, keccak256("d"));
        vm.stopPrank();
        assertEq(jobs.seatHash(jobId, 0), keccak256("c"));
    }

    function test_takes_commitments_up_to_the_deadline() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawn(terms);
        uint64 deadline = jobs.jobState(jobId).deadline;
        vm.warp(deadline);
        _commit(terms, committee[0], _honest());
        vm.warp(deadline + 1);
        bytes32 commitment = _commitment(terms, committee[1], _honest());
        vm.prank(_signer(committee[1]));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.TooLate.selector, jobId, deadline));
        jobs.drawAndCommit(terms, commitment);
    }

    function test_refuses_other_terms_than_the_jobs() public {
        Terms memory terms = _terms(0);
        (, uint32[] memory committee) = _requestDrawable(terms);
        terms.maxUnits += 1;
        vm.prank(_signer(committee[0]));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.WrongPhase.selector, jobs.jobIdOf(terms), Phase.None));
        jobs.drawAndCommit(terms, keccak256("c"));
    }

    function test_the_last_commitment_opens_the_reveal_phase() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _honest());
        _commit(terms, committee[2], _honest());
        _assertPhase(jobId, Phase.Committing);
        uint64 deadline = uint64(vm.getBlockTimestamp() + terms.revealWindow);
        vm.expectEmit(address(jobs));
        emit IJobRegistry.RevealPhaseOpened(jobId, deadline);
        _commit(terms, committee[1], _honest());
        _assertPhase(jobId, Phase.Revealing);
        assertEq(jobs.jobState(jobId).deadline, deadline);
    }
}

contract DeclineTest is JobFixture {
    function test_a_declined_seat_is_free_of_charge_and_drawn_again() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawn(terms);
        vm.expectEmit(address(jobs));
        emit IJobRegistry.SeatDeclined(jobId, committee[1], 1);
        _decline(terms, committee[1]);

        JobState memory state = jobs.jobState(jobId);
        assertEq(state.committee[0], committee[0]);
        assertEq(state.committee[2], committee[2]);
        uint32 successor = state.committee[1];
        assertTrue(successor != 0 && !_contains(committee, successor));
        assertEq(staking.accountOf(successor).locked, _lock(SEAT_FEE));
        assertEq(staking.accountOf(committee[1]).locked, 0);
        assertEq(staking.accountOf(committee[1]).inFlight, 0);
        assertEq(staking.accountOf(committee[1]).reputation, 500_000);

        vm.prank(_signer(committee[1]));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotSeated.selector, jobId, committee[1]));
        jobs.drawAndCommit(terms, keccak256("c"));
        _commit(terms, successor, _honest());
    }

    function test_successors_ask_no_more_than_the_fee() public {
        Terms memory terms = _terms(0);
        uint32[] memory committee = _foretell(terms);
        for (uint32 id = 1; id <= 5; ++id) {
            if (!_contains(committee, id)) _offer(id, PRICE + 1, CAPACITY);
        }
        _nextEpoch();
        _requestDrawn(terms);
        _decline(terms, committee[0]);
        assertEq(jobs.jobState(jobs.jobIdOf(terms)).committee[0], 0);
    }

    function test_a_seat_nobody_takes_stays_empty_and_the_others_go_on() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawn(terms);
        for (uint32 id = 1; id <= 5; ++id) {
            if (!_contains(committee, id)) _leave(id);
        }
        _commit(terms, committee[0], _honest());
        _commit(terms, committee[2], _honest());
        // Nobody is left to wait for.
        _decline(terms, committee[1]);
        _assertPhase(jobId, Phase.Revealing);
        assertEq(jobs.jobState(jobId).committee[1], 0);

        _reveal(terms, committee[0], _honest());
        _reveal(terms, committee[2], _honest());
        _resolve(terms, _answers(_answer(0, _honest()), _answer(2, _honest())));
        _assertPhase(jobId, Phase.Resolved);
    }

    function test_a_seat_stays_empty_when_the_beacon_is_out_of_reach() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawn(terms);
        vm.roll(vm.getBlockNumber() + 10_000);
        assertTrue(all.beacon.outOfReach(jobs.jobState(jobId).requestBlock + parameters.beaconDelay));
        _decline(terms, committee[0]);
        assertEq(jobs.jobState(jobId).committee[0], 0);
    }

    function test_a_seat_stays_empty_when_the_weights_of_the_requests_epoch_are_forgotten() public {
        Terms memory terms = _terms(0);
        _nextEpoch();
        uint256 forgotten = vm.getBlockTimestamp() + 2 * staking.epochLength();
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        vm.warp(forgotten - 1);
        _advance(terms);
        assertEq(abi.encode(jobs.jobState(jobId).committee), abi.encode(committee));
        _decline(terms, committee[0]);
        assertNotEq(jobs.jobState(jobId).committee[0], 0, "the next epoch still knows them");
        skip(1);
        _decline(terms, committee[1]);
        assertEq(jobs.jobState(jobId).committee[1], 0);
    }

    function test_endless_declining_ends() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId,) = _requestDrawn(terms);
        uint256 declined;
        while (jobs.jobState(jobId).committee[0] != 0) {
            _decline(terms, jobs.jobState(jobId).committee[0]);
            ++declined;
        }
        assertEq(declined, 127, "the first holder and one for each of 126 draws");
        _afterDeadline(jobId);
        _advance(terms);
        _assertPhase(jobId, Phase.Committing);
    }

    function test_refuses_after_a_commitment_after_half_the_window_and_from_outsiders() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        vm.prank(_signer(committee[0]));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.WrongPhase.selector, jobId, Phase.Requested));
        jobs.decline(terms);

        _commit(terms, committee[0], _honest());
        vm.prank(_signer(committee[0]));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.AlreadyCommitted.selector, jobId, 0));
        jobs.decline(terms);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotSeated.selector, jobId, 0));
        jobs.decline(terms);

        // Whoever is seated instead must have time to answer.
        uint256 half = jobs.jobState(jobId).deadline - terms.commitWindow / 2;
        vm.warp(half + 1);
        vm.prank(_signer(committee[1]));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.TooLate.selector, jobId, half));
        jobs.decline(terms);
        vm.warp(half);
        _decline(terms, committee[1]);
    }

    function _decline(Terms memory terms, uint32 id) private {
        vm.prank(_signer(id));
        jobs.decline(terms);
    }
}
