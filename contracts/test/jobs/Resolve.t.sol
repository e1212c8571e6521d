// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Answer, JobState, Phase, RefundReason, Terms} from "../../src/jobs/JobTypes.sol";
import {IStaking} from "../../src/stake/IStaking.sol";
import {JobFixture, Reply} from "./JobFixture.sol";

contract RevealTest is JobFixture {
    function test_a_reveal_replaces_the_commitment_by_the_answers_hash() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commitAll(terms, committee, _honest());
        Reply memory reply = _honest();
        vm.expectEmit(address(jobs));
        emit IJobRegistry.Revealed(jobId, committee[2], 2, reply.result, reply.vector);
        _reveal(terms, committee[2], reply);
        assertEq(jobs.jobState(jobId).revealed, 4);
        assertEq(jobs.seatHash(jobId, 2), keccak256(abi.encode(keccak256(reply.result), keccak256(reply.vector))));
    }

    /// Committing to a copy of another's commitment earns nothing: it can't be opened.
    function test_another_executors_commitment_cannot_be_opened() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        bytes32 copied = _commitment(terms, committee[0], _honest());
        _commit(terms, committee[0], _honest());
        vm.prank(_signer(committee[1]));
        jobs.commit(jobId, copied);
        _commit(terms, committee[2], _honest());
        _reveal(terms, committee[0], _honest());

        Reply memory reply = _honest();
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.CommitmentMismatch.selector, jobId, 1));
        jobs.reveal(jobId, 1, reply.result, reply.vector, _salt(committee[0]));
    }

    function test_refuses_an_answer_that_was_not_committed_to() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commitAll(terms, committee, _honest());
        Reply memory reply = _honest();
        bytes memory refusal = abi.encodeWithSelector(IJobRegistry.CommitmentMismatch.selector, jobId, 0);
        vm.startPrank(_signer(committee[0]));
        vm.expectRevert(refusal);
        jobs.reveal(jobId, 0, bytes.concat(reply.result, hex"00"), reply.vector, _salt(committee[0]));
        vm.expectRevert(refusal);
        jobs.reveal(jobId, 0, reply.result, bytes.concat(reply.vector, hex"00"), _salt(committee[0]));
        vm.expectRevert(refusal);
        jobs.reveal(jobId, 0, reply.result, reply.vector, keccak256("another salt"));
        vm.stopPrank();
    }

    function test_refuses_a_second_reveal_and_one_without_commitment() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _honest());
        _commit(terms, committee[1], _honest());
        Reply memory reply = _honest();
        vm.prank(_signer(committee[0]));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.WrongPhase.selector, jobId, Phase.Committing));
        jobs.reveal(jobId, 0, reply.result, reply.vector, _salt(committee[0]));

        _afterDeadline(jobId);
        _reveal(terms, committee[0], reply);
        vm.prank(_signer(committee[0]));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.AlreadyRevealed.selector, jobId, 0));
        jobs.reveal(jobId, 0, reply.result, reply.vector, _salt(committee[0]));
        vm.prank(_signer(committee[2]));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotCommitted.selector, jobId, 2));
        jobs.reveal(jobId, 2, reply.result, reply.vector, _salt(committee[2]));
        for (uint256 seat = 3; seat < 256; ++seat) {
            vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotCommitted.selector, jobId, seat));
            jobs.reveal(jobId, uint8(seat), reply.result, reply.vector, _salt(committee[2]));
        }
    }

    function test_the_first_reveal_after_the_commit_deadline_opens_the_phase() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _honest());
        _commit(terms, committee[1], _honest());
        _afterDeadline(jobId);
        skip(1000);
        uint64 deadline = uint64(vm.getBlockTimestamp() + terms.revealWindow);
        vm.expectEmit(address(jobs));
        emit IJobRegistry.RevealPhaseOpened(jobId, deadline);
        _reveal(terms, committee[1], _honest());
        assertEq(jobs.jobState(jobId).deadline, deadline);
    }

    function test_takes_late_reveals_within_the_grace() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commitAll(terms, committee, _honest());
        uint256 end = jobs.jobState(jobId).deadline + parameters.revealGrace;
        vm.warp(end);
        _reveal(terms, committee[0], _honest());
        vm.warp(end + 1);
        Reply memory reply = _honest();
        vm.prank(_signer(committee[1]));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.TooLate.selector, jobId, end));
        jobs.reveal(jobId, 1, reply.result, reply.vector, _salt(committee[1]));
    }

    function test_refuses_too_large_answers_and_takes_the_largest() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        Reply memory largest = Reply(new bytes(parameters.maxResultBytes), new bytes(2048));
        _commitAll(terms, committee, largest);
        vm.startPrank(_signer(committee[0]));
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobRegistry.ResultTooLarge.selector, parameters.maxResultBytes + 1, parameters.maxResultBytes
            )
        );
        jobs.reveal(jobId, 0, new bytes(parameters.maxResultBytes + 1), "", 0);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.ResultTooLarge.selector, 2049, 2048));
        jobs.reveal(jobId, 0, "", new bytes(2049), 0);
        vm.stopPrank();
        _reveal(terms, committee[0], largest);
    }
}

contract ResolveTest is JobFixture {
    function test_the_happy_path_pays_everyone_once() public {
        Terms memory terms = _terms(0);
        uint256 escrow = jobs.quote(terms);
        (bytes32 jobId, uint32[] memory committee, Answer[] memory answers) = _requestRevealed(terms, _honest());
        (uint256 payment, uint256 burned) = _split(SEAT_FEE);
        uint256 refund = escrow - 3 * SEAT_FEE - terms.dispatchFee;
        Reply memory reply = _honest();

        vm.expectEmit(address(jobs));
        emit IJobRegistry.JobResolved(jobId, 0, 7, keccak256(reply.result), keccak256(reply.vector), refund);
        _resolve(terms, answers);

        _assertPhase(jobId, Phase.Resolved);
        for (uint256 seat = 0; seat < 3; ++seat) {
            IStaking.Account memory account = staking.accountOf(committee[seat]);
            assertEq(account.earnings, payment);
            assertEq(account.locked + account.inFlight, 0);
            assertGt(account.reputation, 500_000);
        }
        assertEq(jobs.creditOf(stranger), terms.dispatchFee);
        assertEq(jobs.creditOf(refundee), refund);
        assertEq(address(jobs).balance, terms.dispatchFee + refund + 3 * burned);
        assertTrue(jobs.verifyResult(jobId, reply.result, keccak256(reply.vector)));
        assertFalse(jobs.verifyResult(jobId, _cheat().result, keccak256(reply.vector)));
        assertFalse(jobs.verifyResult(jobId, reply.result, keccak256("another vector")));

        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.WrongPhase.selector, jobId, Phase.Resolved));
        jobs.resolve(terms, answers);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.WrongPhase.selector, jobId, Phase.Resolved));
        jobs.advanceJob(terms);
        jobs.withdrawFor(stranger);
        jobs.withdrawFor(refundee);
        assertEq(address(jobs).balance, 3 * burned, "what is burned stays");
    }

    function test_a_cheat_is_outvoted_unpaid_and_loses_reputation_but_no_stake() public {
        Terms memory terms = _terms(0);
        uint256 escrow = jobs.quote(terms);
        (bytes32 jobId, uint32[] memory committee, Answer[] memory answers) = _requestRevealed(terms, _cheat());
        _resolve(terms, answers);

        JobState memory state = jobs.jobState(jobId);
        assertEq(uint256(state.phase), uint256(Phase.Resolved));
        assertEq(state.agreeing, 3);
        assertEq(state.centre, 0);
        assertTrue(jobs.verifyResult(jobId, _honest().result, keccak256(_honest().vector)));
        IStaking.Account memory cheat = staking.accountOf(committee[2]);
        assertEq(cheat.earnings, 0);
        assertEq(cheat.locked, 0);
        assertEq(cheat.reputation, 437_500);
        assertEq(staking.stakeOf(committee[2]), STAKE);
        assertEq(jobs.creditOf(refundee), escrow - 2 * SEAT_FEE - terms.dispatchFee);
    }

    function test_the_result_may_stand_in_a_later_seat() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _cheat());
        _commit(terms, committee[1], _honest());
        _commit(terms, committee[2], _honest());
        _reveal(terms, committee[0], _cheat());
        _reveal(terms, committee[1], _honest());
        _reveal(terms, committee[2], _honest());
        Answer[] memory answers = new Answer[](3);
        (answers[0], answers[1], answers[2]) = (_answer(0, _cheat()), _answer(1, _honest()), _answer(2, _honest()));
        _resolve(terms, answers);
        JobState memory state = jobs.jobState(jobId);
        assertEq(state.centre, 1);
        assertEq(state.agreeing, 6);
        assertTrue(jobs.verifyResult(jobId, _honest().result, keccak256(_honest().vector)));
    }

    function test_the_last_reveal_may_resolve_whatever_its_seat() public {
        for (uint256 nonce = 0; nonce < 6; ++nonce) {
            uint256 last = nonce % 3;
            Terms memory terms = _terms(nonce);
            (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
            _commitAll(terms, committee, _honest());
            for (uint256 seat = 0; seat < 3; ++seat) {
                if (seat != last) _reveal(terms, committee[seat], _honest());
            }
            // The answer may stand under the caller's own seat or under another.
            Answer[] memory answers = new Answer[](1);
            answers[0] = _answer((last + nonce / 3) % 3, _honest());
            address signer = _signer(committee[last]);
            uint256 before = jobs.creditOf(signer);
            vm.prank(signer);
            jobs.revealAndResolve(terms, uint8(last), _salt(committee[last]), 0, answers);
            _assertPhase(jobId, Phase.Resolved);
            assertEq(jobs.jobState(jobId).agreeing, 7);
            assertEq(jobs.jobState(jobId).centre, 0);
            assertTrue(jobs.verifyResult(jobId, _honest().result, keccak256(_honest().vector)));
            assertEq(jobs.creditOf(signer) - before, terms.dispatchFee);
        }
    }

    function test_revealAndResolve_before_the_others_reverts_whole() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commitAll(terms, committee, _honest());
        Reply memory reply = _honest();
        uint256 end = jobs.jobState(jobId).deadline;
        Answer[] memory answers = new Answer[](1);
        answers[0] = _answer(0, reply);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotBefore.selector, jobId, end));
        jobs.revealAndResolve(terms, 0, _salt(committee[0]), 0, answers);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.AnswerMismatch.selector, jobId, 0));
        jobs.revealAndResolve(terms, 0, _salt(committee[0]), 1, answers);
        assertEq(jobs.jobState(jobId).revealed, 0);
    }

    function test_who_did_not_commit_misses() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _honest());
        _commit(terms, committee[1], _honest());
        _afterDeadline(jobId);
        _reveal(terms, committee[0], _honest());
        _reveal(terms, committee[1], _honest());
        _resolve(terms, _answers(_answer(0, _honest()), _answer(1, _honest())));
        _assertPhase(jobId, Phase.Resolved);
        IStaking.Account memory missing = staking.accountOf(committee[2]);
        assertEq(missing.reputation, 500_000 - 7813);
        assertEq(missing.locked + missing.inFlight + missing.earnings, 0);
        assertEq(staking.stakeOf(committee[2]), STAKE);
    }

    function test_without_agreement_revealers_keep_a_share_and_the_resolver_the_dispatch_fee() public {
        Terms memory terms = _terms(0);
        uint256 escrow = jobs.quote(terms);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _honest());
        _commit(terms, committee[1], _cheat());
        _afterDeadline(jobId);
        _reveal(terms, committee[0], _honest());
        _reveal(terms, committee[1], _cheat());
        uint256 share = SEAT_FEE / 4;
        uint256 refund = escrow - 2 * share - terms.dispatchFee;
        _expectRefund(jobId, RefundReason.NoAgreement, refund);
        _resolve(terms, _answers(_answer(0, _honest()), _answer(1, _cheat())));

        _assertRefunded(jobId, refund);
        assertEq(jobs.creditOf(stranger), terms.dispatchFee);
        for (uint256 seat = 0; seat < 2; ++seat) {
            assertEq(staking.accountOf(committee[seat]).earnings, share);
            assertEq(staking.accountOf(committee[seat]).reputation, 500_000);
        }
        assertEq(staking.accountOf(committee[2]).reputation, 500_000 - 7813, "missed");
        assertEq(address(jobs).balance, jobs.creditOf(stranger) + jobs.creditOf(refundee), "nothing burned");
        assertFalse(jobs.verifyResult(jobId, _honest().result, keccak256(_honest().vector)));
    }

    function test_malformed_answers_agree_with_nobody_and_block_nothing() public {
        Terms memory terms = _terms(0);
        Reply memory malformed = Reply(hex"ff", hex"");
        (bytes32 jobId,, Answer[] memory answers) = _requestRevealed(terms, malformed);
        _resolve(terms, answers);
        assertEq(jobs.jobState(jobId).agreeing, 3);

        terms = _terms(1);
        uint32[] memory committee;
        (jobId, committee) = _requestDrawable(terms);
        _commitAll(terms, committee, malformed);
        _revealAll(terms, committee, malformed);
        answers[0] = _answer(0, malformed);
        answers[1] = _answer(1, malformed);
        answers[2] = _answer(2, malformed);
        _resolve(terms, answers);
        _assertPhase(jobId, Phase.Refunded);
    }

    function testFuzz_no_answer_blocks_a_resolution(bytes memory result, bytes memory vector) public {
        vm.assume(result.length <= parameters.maxResultBytes && vector.length <= 2048);
        Terms memory terms = _terms(0);
        (bytes32 jobId,, Answer[] memory answers) = _requestRevealed(terms, Reply(result, vector));
        _resolve(terms, answers);
        _assertPhase(jobId, Phase.Resolved);
    }

    function test_committees_of_every_size_resolve() public {
        _addExecutor(STAKE, PRICE, CAPACITY);
        _addExecutor(STAKE, PRICE, CAPACITY);
        _addExecutor(STAKE, PRICE, CAPACITY);
        _nextEpoch();
        uint8[2][7] memory sizes = [[1, 1], [2, 2], [3, 2], [4, 3], [5, 4], [6, 4], [7, 6]];
        for (uint256 i = 0; i < sizes.length; ++i) {
            Terms memory terms = _terms(i);
            (terms.committeeSize, terms.quorum) = (sizes[i][0], sizes[i][1]);
            (bytes32 jobId,, Answer[] memory answers) = _requestRevealed(terms, _honest());
            _resolve(terms, answers);
            assertEq(jobs.jobState(jobId).agreeing, (1 << sizes[i][0]) - 1);
        }
    }

    function test_refuses_answers_that_are_missing_doubled_unordered_or_changed() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _cheat());
        _commit(terms, committee[1], _honest());
        _commit(terms, committee[2], _honest());
        _reveal(terms, committee[0], _cheat());
        _reveal(terms, committee[1], _honest());
        _reveal(terms, committee[2], _honest());

        // Seats 1 and 2 gave the answer that is missing.
        Answer[] memory answers = new Answer[](1);
        answers[0] = _answer(0, _cheat());
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.MissingAnswers.selector, jobId, 6));
        jobs.resolve(terms, answers);

        _expectMismatch(jobId, 0, terms, _answers(answers[0], answers[0]));
        _expectMismatch(jobId, 1, terms, _answers(_answer(1, _honest()), answers[0]));
        _expectMismatch(jobId, 1, terms, _answers(answers[0], _answer(1, _cheat())));
        _expectMismatch(jobId, 200, terms, _answers(answers[0], _answer(200, _honest())));
        Answer[] memory doubled = new Answer[](3);
        (doubled[0], doubled[1], doubled[2]) = (answers[0], _answer(1, _honest()), _answer(2, _honest()));
        _expectMismatch(jobId, 2, terms, doubled);

        // Either seat may stand for both.
        jobs.resolve(terms, _answers(answers[0], _answer(2, _honest())));
        assertEq(jobs.jobState(jobId).agreeing, 6);
        assertEq(jobs.jobState(jobId).centre, 1);
        assertTrue(jobs.verifyResult(jobId, _honest().result, keccak256(_honest().vector)));
    }

    function _expectMismatch(bytes32 jobId, uint8 seat, Terms memory terms, Answer[] memory answers) private {
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.AnswerMismatch.selector, jobId, seat));
        jobs.resolve(terms, answers);
    }

    function test_refuses_fewer_reveals_than_the_quorum() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commitAll(terms, committee, _honest());
        _reveal(terms, committee[0], _honest());
        _afterGrace(jobId);
        Answer[] memory answers = new Answer[](1);
        answers[0] = _answer(0, _honest());
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.MissingAnswers.selector, jobId, 1));
        jobs.resolve(terms, answers);
    }

    function test_a_donation_changes_nothing() public {
        Terms memory terms = _terms(0);
        vm.deal(address(jobs), 3 ether);
        (bytes32 jobId,, Answer[] memory answers) = _requestRevealed(terms, _honest());
        _resolve(terms, answers);
        _assertPhase(jobId, Phase.Resolved);
        jobs.withdrawFor(stranger);
        jobs.withdrawFor(refundee);
        (, uint256 burned) = _split(SEAT_FEE);
        assertEq(address(jobs).balance, 3 ether + 3 * burned);
    }
}
