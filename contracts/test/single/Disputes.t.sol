// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Accusation, CourtTerms, Verdict} from "../../src/courts/ICourt.sol";
import {ISingleJobRegistry} from "../../src/single/ISingleJobRegistry.sol";
import {Record, SinglePhase, SingleTerms} from "../../src/single/SingleTypes.sol";
import {Offence} from "../../src/stake/IStaking.sol";
import {SingleFixture} from "./SingleFixture.sol";
import {TestCourt} from "./TestCourt.sol";

contract SingleDisputesTest is SingleFixture {
    function _challenged() private returns (SingleTerms memory terms, bytes32 jobId, Record memory record) {
        terms = _single(0);
        (jobId, record) = _provisional(terms, _cheat());
        _challenge(terms, record);
        _assertAt(jobId, SinglePhase.Challenged);
    }

    function test_a_challenge_hands_the_accusation_and_all_coins_to_the_court() public {
        (SingleTerms memory terms, bytes32 jobId, Record memory record) = _challenged();
        Accusation memory accusation = court.last();
        assertEq(accusation.jobId, jobId);
        assertEq(accusation.executorId, record.executorId);
        assertEq(accusation.seat, 0);
        assertEq(accusation.seatFee, record.fee);
        assertEq(accusation.answerHash, record.answerHash);
        assertEq(accusation.modelId, terms.modelId);
        assertEq(accusation.version, terms.version);
        assertEq(accusation.runtimeClass, terms.runtimeClass);
        assertEq(accusation.inputHash, terms.inputHash);
        assertEq(accusation.parametersHash, terms.parametersHash);
        assertEq(accusation.maxUnits, terms.maxUnits);
        assertEq(accusation.challenger, challenger);
        assertEq(address(court).balance, 5 ether);
        assertEq(court.lastInput(), input);
    }

    function test_challenges_come_within_the_window_about_provisional_answers() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, Record memory record) = _provisional(terms, _honest());
        vm.warp(record.windowEnd);
        uint256 snapshot = vm.snapshotState();
        _challenge(terms, record);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Challenged));
        _challenge(terms, record);
        vm.revertToState(snapshot);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.TooLate.selector, jobId, record.windowEnd));
        _challenge(terms, record);
    }

    function test_a_court_that_refuses_leaves_the_job_as_it_was() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, Record memory record) = _provisional(terms, _honest());
        court.refuse(true);
        vm.expectRevert(TestCourt.Refused.selector);
        _challenge(terms, record);
        _assertAt(jobId, SinglePhase.Provisional);
    }

    function test_a_challenged_answer_is_not_final_before_the_verdict() public {
        (, bytes32 jobId, Record memory record) = _challenged();
        skip(10 days);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Challenged));
        single.finalize(jobId, record, "", 0);
        assertEq(staking.accountOf(record.executorId).inFlight, 1);
    }

    function test_the_acquitted_is_paid_at_once() public {
        (SingleTerms memory terms, bytes32 jobId, Record memory record) = _challenged();
        _decide(jobId, Verdict.Acquitted);
        _assertAt(jobId, SinglePhase.Acquitted);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Acquitted));
        single.overturn(jobId, record);
        _finalize(jobId, record, _cheat());
        (uint256 payment,) = _split(record.fee);
        assertEq(staking.accountOf(record.executorId).earnings, payment);
        assertEq(single.creditOf(stranger), terms.dispatchFee);
    }

    function test_the_convicted_is_slashed_by_the_court_and_the_requester_refunded() public {
        (SingleTerms memory terms, bytes32 jobId, Record memory record) = _challenged();
        _decide(jobId, Verdict.Convicted);
        assertEq(staking.strikesOf(record.executorId, Offence.Conviction), 1);
        assertEq(staking.stakeOf(record.executorId), STAKE - STAKE / 20);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Convicted));
        single.finalize(jobId, record, "", 0);
        uint256 refund = single.quote(terms) - terms.dispatchFee;
        vm.expectEmit(address(single));
        emit ISingleJobRegistry.JobOverturned(jobId, stranger, terms.dispatchFee, refund);
        vm.prank(stranger);
        single.overturn(jobId, record);
        _assertAt(jobId, SinglePhase.Overturned);
        assertEq(single.creditOf(refundee), refund);
        assertEq(single.creditOf(stranger), terms.dispatchFee);
        assertEq(staking.accountOf(record.executorId).earnings, 0);
        assertEq(staking.accountOf(record.executorId).inFlight, 0);
        assertEq(address(single).balance, refund + terms.dispatchFee);
    }

    function test_a_lapse_gives_another_window_in_which_it_can_be_challenged_again() public {
        (SingleTerms memory terms, bytes32 jobId, Record memory record) = _challenged();
        skip(1 days);
        _decide(jobId, Verdict.Lapsed);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Lapsed));
        single.finalize(jobId, record, "", 0);
        uint64 end = uint64(vm.getBlockTimestamp() + terms.challengeWindow);
        vm.expectEmit(address(single));
        emit ISingleJobRegistry.WindowReopened(jobId, end);
        single.reopen(jobId, record);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.RecordMismatch.selector, jobId));
        single.finalize(jobId, record, "", 0);
        record.windowEnd = end;
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.NotBefore.selector, jobId, end));
        single.finalize(jobId, record, "", 0);
        _challenge(terms, record);
        _decide(jobId, Verdict.Lapsed);
        single.reopen(jobId, record);
        record.windowEnd = uint64(vm.getBlockTimestamp() + terms.challengeWindow);
        _afterWindow(record);
        _finalize(jobId, record, _cheat());
        _assertAt(jobId, SinglePhase.Final);
    }

    function test_verdicts_are_the_courts_and_about_challenged_jobs() public {
        (, bytes32 jobId,) = _challenged();
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.NotCourt.selector, stranger));
        vm.prank(stranger);
        single.onVerdict(jobId, 0, Verdict.Acquitted);
        _decide(jobId, Verdict.Acquitted);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Acquitted));
        vm.prank(address(court));
        single.onVerdict(jobId, 0, Verdict.Convicted);
    }

    /// The court gives its clients 200,000 gas.
    function test_a_verdict_is_cheap_to_take() public {
        (, bytes32 jobId,) = _challenged();
        vm.prank(address(court));
        single.onVerdict{gas: 30_000}(jobId, 0, Verdict.Convicted);
        _assertAt(jobId, SinglePhase.Convicted);
    }
}
