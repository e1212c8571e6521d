// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Answer, JobState, Phase, RefundReason, Terms} from "../../src/jobs/JobTypes.sol";
import {IStaking, Offence, SeatOutcome} from "../../src/stake/IStaking.sol";
import {JobFixture, Reply} from "./JobFixture.sol";

/// @notice A seat that doesn't open its commitment delays no answer, and is dealt with alone.
contract SilentTest is JobFixture {
    Terms private terms;
    bytes32 private jobId;
    uint32[] private committee;
    uint256 private deadline;

    /// @dev Seats 0 and 2 have revealed, seat 1 has committed to the reply.
    function _twoOfThree(Reply memory silent, Reply memory second) private {
        terms = _terms(0);
        (jobId, committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _honest());
        _commit(terms, committee[1], silent);
        _commit(terms, committee[2], second);
        deadline = jobs.jobState(jobId).deadline;
        _reveal(terms, committee[0], _honest());
        _reveal(terms, committee[2], second);
    }

    function _resolvedWithoutSeatOne() private {
        _twoOfThree(_honest(), _honest());
        vm.warp(deadline + 1);
        _resolve(terms, _answers(_answer(0, _honest()), _answer(2, _honest())));
    }

    function test_from_the_deadline_on_the_answer_waits_for_nobody() public {
        _twoOfThree(_honest(), _honest());
        Answer[] memory answers = new Answer[](1);
        answers[0] = _answer(0, _honest());
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotBefore.selector, jobId, deadline));
        jobs.resolve(terms, answers);

        vm.warp(deadline + 1);
        _resolve(terms, answers);
        JobState memory state = jobs.jobState(jobId);
        assertEq(uint256(state.phase), uint256(Phase.Resolved));
        assertEq(state.agreeing, 5);
        assertEq(state.pending, 2);
        assertEq(state.deadline, deadline);
        (uint256 payment,) = _split(SEAT_FEE);
        assertEq(staking.accountOf(committee[0]).earnings, payment);
        assertEq(staking.accountOf(committee[0]).inFlight, 0);
        // Neither paid nor punished, and its stake still locked.
        IStaking.Account memory silent = staking.accountOf(committee[1]);
        assertEq(silent.earnings, 0);
        assertEq(silent.locked, _lock(SEAT_FEE));
        assertEq(silent.inFlight, 1);
        assertEq(staking.stakeOf(committee[1]), STAKE);
    }

    function test_a_late_reveal_within_the_grace_frees_the_lock_unpunished_and_unpaid() public {
        _resolvedWithoutSeatOne();
        uint256 end = deadline + parameters.revealGrace;
        vm.warp(end);
        Reply memory reply = _honest();
        vm.expectEmit(address(staking));
        emit IStaking.SeatSettled(committee[1], jobId, SeatOutcome.Neutral, 0, 500_000, 500_000);
        vm.expectEmit(address(jobs));
        emit IJobRegistry.Revealed(jobId, committee[1], 1, reply.result, reply.vector);
        _reveal(terms, committee[1], reply);

        JobState memory state = jobs.jobState(jobId);
        assertEq(state.pending, 0);
        assertEq(state.deadline, 0);
        assertEq(state.revealed, 5, "not in time");
        IStaking.Account memory late = staking.accountOf(committee[1]);
        assertEq(late.earnings + late.locked + late.inFlight, 0);
        assertEq(staking.stakeOf(committee[1]), STAKE);
        assertTrue(jobs.verifyResult(jobId, reply.result, keccak256(reply.vector)));

        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.WrongPhase.selector, jobId, Phase.Resolved));
        jobs.reveal(jobId, 1, reply.result, reply.vector, _salt(committee[1]));
        vm.warp(end + 1);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotPending.selector, jobId, 1));
        jobs.punishSilent(jobId, 1);
    }

    function test_a_late_reveal_must_open_the_commitment() public {
        _resolvedWithoutSeatOne();
        Reply memory reply = _cheat();
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.CommitmentMismatch.selector, jobId, 1));
        jobs.reveal(jobId, 1, reply.result, reply.vector, _salt(committee[1]));
        assertEq(jobs.jobState(jobId).pending, 2);
    }

    function test_a_late_reveal_of_the_winning_answer_need_not_send_it() public {
        _resolvedWithoutSeatOne();
        _revealSame(terms, committee[1], 0, _honest());
        assertEq(jobs.jobState(jobId).pending, 0);
        assertEq(staking.accountOf(committee[1]).inFlight, 0);
    }

    function test_after_the_grace_anyone_has_the_silent_slashed_once() public {
        _resolvedWithoutSeatOne();
        uint256 end = deadline + parameters.revealGrace;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotBefore.selector, jobId, end));
        jobs.punishSilent(jobId, 1);

        vm.warp(end + 1);
        Reply memory reply = _honest();
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.TooLate.selector, jobId, end));
        jobs.reveal(jobId, 1, reply.result, reply.vector, _salt(committee[1]));
        vm.expectEmit(address(staking));
        emit IStaking.SeatSettled(committee[1], jobId, SeatOutcome.Silent, 0, 500_000, 500_000);
        vm.expectEmit(address(staking));
        emit IStaking.Slashed(committee[1], jobId, stranger, Offence.NoReveal, 1, 5, STAKE / 20, 10 * SEAT_FEE);
        vm.prank(stranger);
        jobs.punishSilent(jobId, 1);
        assertEq(staking.stakeOf(committee[1]), STAKE - STAKE / 20);
        IStaking.Account memory silent = staking.accountOf(committee[1]);
        assertEq(silent.earnings + silent.locked + silent.inFlight, 0);
        // At most ten seat fees of what was slashed.
        assertEq(staking.proverRewardOf(stranger), 10 * SEAT_FEE);
        assertEq(jobs.jobState(jobId).pending, 0);

        for (uint256 seat = 0; seat < 256; ++seat) {
            vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotPending.selector, jobId, seat));
            jobs.punishSilent(jobId, uint8(seat));
        }
    }

    /// A cheat and a silent partner can't have a job refunded that an honest answer could still decide.
    function test_without_agreement_the_refund_waits_for_late_reveals() public {
        _twoOfThree(_honest(), _cheat());
        Answer[] memory answers = _answers(_answer(0, _honest()), _answer(2, _cheat()));
        uint256 end = deadline + parameters.revealGrace;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotBefore.selector, jobId, end));
        jobs.resolve(terms, answers);

        uint256 snapshot = vm.snapshotState();
        _reveal(terms, committee[1], _honest());
        Answer[] memory all_ = new Answer[](3);
        (all_[0], all_[1], all_[2]) = (answers[0], _answer(1, _honest()), answers[1]);
        _resolve(terms, all_);
        assertEq(jobs.jobState(jobId).agreeing, 3);
        vm.revertToState(snapshot);

        vm.warp(end + 1);
        _expectRefund(jobId, RefundReason.NoAgreement, jobs.quote(terms) - 2 * (SEAT_FEE / 4) - terms.dispatchFee);
        _resolve(terms, answers);
        assertEq(jobs.jobState(jobId).pending, 2);
        jobs.punishSilent(jobId, 1);
        assertEq(staking.accountOf(committee[1]).inFlight, 0);
    }

    function test_a_refund_for_too_few_reveals_leaves_the_silent_to_be_punished() public {
        terms = _terms(0);
        (jobId, committee) = _requestDrawable(terms);
        _commitAll(terms, committee, _honest());
        _reveal(terms, committee[1], _honest());
        _afterGrace(jobId);
        _advance(terms);
        _assertPhase(jobId, Phase.Refunded);
        assertEq(jobs.jobState(jobId).pending, 5);
        jobs.punishSilent(jobId, 2);
        assertEq(jobs.jobState(jobId).pending, 1);
        assertNotEq(jobs.jobState(jobId).deadline, 0);
        jobs.punishSilent(jobId, 0);
        assertEq(jobs.jobState(jobId).deadline, 0);
        for (uint256 seat = 0; seat < 3; ++seat) {
            assertEq(staking.stakeOf(committee[seat]), seat == 1 ? STAKE : STAKE - STAKE / 20);
            assertEq(staking.accountOf(committee[seat]).inFlight, 0);
        }
    }

    /// Nobody could reveal: the reveal phase never opened.
    function test_commitments_of_a_job_without_a_quorum_are_not_pending() public {
        terms = _terms(0);
        (jobId, committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _honest());
        _afterDeadline(jobId);
        _advance(terms);
        _afterDeadline(jobId);
        _advance(terms);
        _assertPhase(jobId, Phase.Refunded);
        assertEq(jobs.jobState(jobId).pending, 0);
        assertEq(staking.accountOf(committee[0]).inFlight, 0);
    }
}

/// @notice Opening by anyone who can, and answers that are sent once.
contract OpenTest is JobFixture {
    function test_a_revoked_signer_leaves_no_seat_unopened() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commitAll(terms, committee, _honest());
        vm.prank(executors.ownerOf(committee[1]));
        executors.revokeSigner();
        Reply memory reply = _honest();
        vm.prank(stranger);
        jobs.reveal(jobId, 1, reply.result, reply.vector, _salt(committee[1]));
        assertEq(jobs.jobState(jobId).revealed, 2);
    }

    function test_the_same_answer_is_revealed_by_its_hashes() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commitAll(terms, committee, _honest());
        _reveal(terms, committee[2], _honest());
        vm.expectEmit(address(jobs));
        emit IJobRegistry.RevealedSame(jobId, committee[0], 0, 2);
        _revealSame(terms, committee[0], 2, _honest());
        _revealSame(terms, committee[1], 0, _honest());
        assertEq(jobs.jobState(jobId).revealed, 7);
        Answer[] memory answers = new Answer[](1);
        answers[0] = _answer(2, _honest());
        _resolve(terms, answers);
        assertEq(jobs.jobState(jobId).agreeing, 7);
        assertEq(jobs.jobState(jobId).centre, 0);
        // One record of the answer is left.
        assertNotEq(jobs.seatHash(jobId, 0), 0);
        assertEq(jobs.seatHash(jobId, 1), 0);
        assertEq(jobs.seatHash(jobId, 2), 0);
    }

    /// What nobody sent can't be revealed by its hash.
    function test_the_same_answer_must_have_been_sent() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _honest());
        _commit(terms, committee[1], _cheat());
        _commit(terms, committee[2], _honest());
        bytes32 salt = _salt(committee[0]);
        (bytes32 result, bytes32 vector) = (keccak256(_honest().result), keccak256(_honest().vector));
        for (uint256 sameAs = 0; sameAs < 256; sameAs += 5) {
            vm.expectRevert(abi.encodeWithSelector(IJobRegistry.AnswerMismatch.selector, jobId, sameAs));
            jobs.revealSame(jobId, 0, uint8(sameAs), result, vector, salt);
        }
        _reveal(terms, committee[1], _cheat());
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.AnswerMismatch.selector, jobId, 1));
        jobs.revealSame(jobId, 0, 1, result, vector, salt);
        _reveal(terms, committee[2], _honest());
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.CommitmentMismatch.selector, jobId, 0));
        jobs.revealSame(jobId, 0, 2, result, vector, keccak256("another salt"));
        jobs.revealSame(jobId, 0, 2, result, vector, salt);
    }

    function test_a_commitment_by_id_needs_a_drawn_committee() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        vm.prank(_signer(committee[0]));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.WrongPhase.selector, jobId, Phase.Requested));
        jobs.commit(jobId, keccak256("c"));
        vm.prank(_signer(committee[0]));
        jobs.drawAndCommit(terms, keccak256("c"));
        // Who meant to draw, and came second, commits all the same.
        vm.prank(_signer(committee[1]));
        jobs.drawAndCommit(terms, keccak256("d"));
        vm.prank(_signer(committee[2]));
        jobs.commit(jobId, keccak256("e"));
        _assertPhase(jobId, Phase.Revealing);
    }
}
