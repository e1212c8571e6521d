// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredits} from "../../src/accounts/ICredits.sol";
import {Verdict} from "../../src/courts/ICourt.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {CallbackStatus, RefundReason} from "../../src/jobs/JobTypes.sol";
import {ISingleJobRegistry} from "../../src/single/ISingleJobRegistry.sol";
import {Record, SinglePhase, SingleTerms} from "../../src/single/SingleTypes.sol";
import {Target} from "../jobs/Callback.t.sol";
import {Reply} from "../jobs/JobFixture.sol";
import {RejectingOwner} from "../stake/Recipients.sol";
import {SingleFixture} from "./SingleFixture.sol";

contract SingleFinalizeTest is SingleFixture {
    uint32 private constant GAS = 200_000;
    Target private target;

    function setUp() public override {
        super.setUp();
        target = new Target(IJobRegistry(address(single)));
    }

    function _assertStatus(bytes32 jobId, CallbackStatus status) private view {
        assertEq(uint256(single.stateOf(jobId).callbackStatus), uint256(status), "callback");
    }

    function _due(SingleTerms memory terms) private returns (bytes32 jobId, Record memory record) {
        (jobId, record) = _provisional(terms, _honest());
        _afterWindow(record);
    }

    // ---------------------------------------------------------------- the end

    function test_final_after_the_window_and_everyone_is_paid() public {
        SingleTerms memory terms = _single(0);
        (bytes32 jobId, Record memory record) = _provisional(terms, _honest());
        vm.warp(record.windowEnd);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.NotBefore.selector, jobId, record.windowEnd));
        single.finalize(jobId, record, "", 0);
        skip(1);
        uint256 before = staking.accountOf(record.executorId).reputation;
        (uint256 payment, uint256 burned) = _split(SEAT_FEE);
        uint256 refund = single.quote(terms) - SEAT_FEE - terms.dispatchFee;
        vm.expectEmit(address(single));
        emit ISingleJobRegistry.JobFinalised(jobId, stranger, terms.dispatchFee, refund);
        // Without a callback the result isn't needed.
        vm.prank(stranger);
        single.finalize(jobId, record, "", 0);
        assertEq(staking.accountOf(record.executorId).earnings, payment);
        assertEq(staking.accountOf(record.executorId).inFlight, 0);
        assertEq(staking.accountOf(record.executorId).locked, 0);
        assertGt(staking.accountOf(record.executorId).reputation, before);
        assertEq(single.creditOf(stranger), terms.dispatchFee);
        assertEq(single.creditOf(refundee), refund);
        assertEq(address(single).balance, refund + terms.dispatchFee + burned);
        _assertStatus(jobId, CallbackStatus.None);
    }

    function test_a_job_ends_once() public {
        (bytes32 jobId, Record memory record) = _due(_single(0));
        _finalize(jobId, record, _honest());
        bytes memory reason = abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Final);
        vm.expectRevert(reason);
        single.finalize(jobId, record, "", 0);
        vm.expectRevert(reason);
        single.overturn(jobId, record);
        vm.expectRevert(reason);
        single.reopen(jobId, record);
        vm.expectRevert(reason);
        single.advanceJob(_single(0));
        vm.expectRevert(reason);
        _challenge(_single(0), record);
    }

    function test_no_field_of_the_record_can_be_changed() public {
        (bytes32 jobId, Record memory record) = _due(_single(0));
        for (uint256 field = 0; field < 14; ++field) {
            Record memory changed = abi.decode(abi.encode(record), (Record));
            assembly ("memory-safe") {
                let place := add(changed, mul(32, field))
                // Flags stay flags.
                mstore(place, xor(mload(place), 1))
            }
            vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.RecordMismatch.selector, jobId));
            single.finalize(jobId, changed, "", 0);
        }
    }

    function test_the_inbox_knows_the_final_result_only() public {
        (bytes32 jobId, Record memory record) = _provisional(_single(0), _honest());
        Reply memory reply = _honest();
        bytes32 vectorHash = keccak256(reply.vector);
        assertFalse(single.verifyResult(jobId, record, reply.result, vectorHash), "provisional");
        _afterWindow(record);
        _finalize(jobId, record, reply);
        assertTrue(single.verifyResult(jobId, record, reply.result, vectorHash));
        assertFalse(single.verifyResult(jobId, record, _cheat().result, vectorHash));
        assertFalse(single.verifyResult(jobId, record, reply.result, 0));
        record.balance += 1;
        assertFalse(single.verifyResult(jobId, record, reply.result, vectorHash));
    }

    function test_a_batch_finalises_what_is_due_and_leaves_the_rest() public {
        SingleTerms memory early = _single(0);
        (bytes32 earlyJob, Record memory earlyRecord) = _provisional(early, _honest());
        SingleTerms memory late = _single(1);
        late.challengeWindow = 600;
        (bytes32 lateJob, Record memory lateRecord) = _provisional(late, _honest());
        _afterWindow(earlyRecord);
        Record memory forged = abi.decode(abi.encode(earlyRecord), (Record));
        forged.refundTo = stranger;
        bytes[] memory calls = new bytes[](4);
        calls[0] = abi.encodeCall(ISingleJobRegistry.finalize, (lateJob, lateRecord, "", 0));
        calls[1] = abi.encodeCall(ISingleJobRegistry.finalize, (earlyJob, forged, "", 0));
        calls[2] = abi.encodeCall(ISingleJobRegistry.finalize, (earlyJob, earlyRecord, "", 0));
        calls[3] = calls[2];
        vm.prank(stranger);
        single.tryEach(calls);
        _assertAt(earlyJob, SinglePhase.Final);
        _assertAt(lateJob, SinglePhase.Provisional);
        assertEq(single.creditOf(stranger), early.dispatchFee);
    }

    function test_an_account_that_refuses_money_stops_nobody_else() public {
        SingleTerms memory terms = _single(0);
        terms.refundTo = address(new RejectingOwner());
        (bytes32 jobId, Record memory record) = _due(terms);
        _finalize(jobId, record, _honest());
        _assertAt(jobId, SinglePhase.Final);
        uint256 credit = single.creditOf(terms.refundTo);
        vm.expectRevert(abi.encodeWithSelector(ICredits.TransferFailed.selector, terms.refundTo, credit));
        single.withdrawFor(terms.refundTo);
        single.withdrawFor(stranger);
    }

    function testFuzz_what_is_paid_is_the_escrow(uint96 price, uint128 dispatch, uint128 reserve, bool provisional)
        public
    {
        SingleTerms memory terms = _calling(_single(0), address(target), GAS);
        terms.maxPricePerUnit = uint128(bound(price, PRICE, 1e5 ether));
        terms.dispatchFee += dispatch % 1e27;
        terms.advanceReserve += reserve % 1e27;
        terms.provisionalCallback = provisional;
        (bytes32 jobId, Record memory record) = _due(terms);
        _finalize(jobId, record, _honest());
        (uint256 payment, uint256 burned) = _split(record.fee);
        address signer = _hot(record.executorId);
        uint256 credits = single.creditOf(stranger) + single.creditOf(refundee) + single.creditOf(signer);
        assertEq(credits + payment + burned, single.quote(terms));
        assertEq(address(single).balance, credits + burned);
    }

    // ---------------------------------------------------------------- callbacks

    function test_delivers_the_final_result_with_the_agreed_gas_and_pays_the_caller() public {
        SingleTerms memory terms = _calling(_single(0), address(target), GAS);
        (bytes32 jobId, Record memory record) = _due(terms);
        assertEq(target.results(), 0, "not before it is final");
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.ResultMismatch.selector, jobId));
        single.finalize(jobId, record, _cheat().result, keccak256(_honest().vector));
        _finalize(jobId, record, _honest());
        assertEq(target.lastResult(), _honest().result);
        assertGt(target.gasGiven(), GAS - 2000);
        _assertStatus(jobId, CallbackStatus.Delivered);
        assertEq(single.creditOf(stranger), terms.dispatchFee + terms.callbackFee);
        assertEq(single.creditOf(refundee), single.quote(terms) - SEAT_FEE - terms.dispatchFee - terms.callbackFee);
    }

    function test_a_contract_asks_pays_and_is_called_back() public {
        SingleTerms memory terms = _calling(_single(0), address(target), GAS);
        (terms.requester, terms.refundTo) = (address(target), address(target));
        (bytes32 jobId, Record memory record) = _due(terms);
        _finalize(jobId, record, _honest());
        assertEq(target.results(), 1);
        assertGt(single.creditOf(address(target)), 0);
    }

    function test_no_conduct_of_the_target_changes_a_payment() public {
        SingleTerms memory terms = _calling(_single(0), address(target), GAS);
        (bytes32 jobId, Record memory record) = _due(terms);
        Target.Manner[4] memory manners =
            [Target.Manner.Revert, Target.Manner.BurnGas, Target.Manner.RevertBomb, Target.Manner.ReturnBomb];
        (uint256 payment,) = _split(SEAT_FEE);
        for (uint256 i = 0; i < manners.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            target.behave(manners[i]);
            uint256 before = gasleft();
            _finalize(jobId, record, _honest());
            // Neither memory nor gas of the caller is spent on what the target returns.
            assertLt(before - gasleft(), 700_000);
            _assertAt(jobId, SinglePhase.Final);
            bool returns_ = manners[i] == Target.Manner.ReturnBomb;
            _assertStatus(jobId, returns_ ? CallbackStatus.Delivered : CallbackStatus.Failed);
            assertEq(staking.accountOf(record.executorId).earnings, payment);
            assertEq(single.creditOf(stranger), terms.dispatchFee + terms.callbackFee);
            vm.revertToState(snapshot);
        }
    }

    function test_no_caller_can_starve_a_callback() public {
        SingleTerms memory terms = _calling(_single(0), address(target), GAS);
        (bytes32 jobId, Record memory record) = _due(terms);
        Reply memory reply = _honest();
        bytes memory call =
            abi.encodeCall(ISingleJobRegistry.finalize, (jobId, record, reply.result, keccak256(reply.vector)));
        bytes[] memory calls = new bytes[](1);
        calls[0] = call;
        for (uint256 gas_ = 60_000; gas_ < 400_000; gas_ += 4111) {
            uint256 snapshot = vm.snapshotState();
            (bool done,) = address(single).call{gas: gas_}(call);
            if (done) assertGt(target.gasGiven(), GAS - 2000);
            else _assertAt(jobId, SinglePhase.Provisional);
            vm.revertToState(snapshot);
            // In a batch neither.
            (done,) = address(single).call{gas: gas_}(abi.encodeCall(ISingleJobRegistry.tryEach, (calls)));
            if (_at(jobId) == SinglePhase.Final) assertGt(target.gasGiven(), GAS - 2000);
            else _assertAt(jobId, SinglePhase.Provisional);
            vm.revertToState(snapshot);
        }
    }

    function test_reentering_finds_the_job_final() public {
        SingleTerms memory terms = _calling(_single(0), address(target), GAS);
        (bytes32 jobId, Record memory record) = _due(terms);
        Reply memory reply = _honest();
        bytes32 vectorHash = keccak256(reply.vector);
        bytes[] memory calls = new bytes[](4);
        calls[0] = abi.encodeCall(ISingleJobRegistry.finalize, (jobId, record, reply.result, vectorHash));
        calls[1] = abi.encodeCall(ISingleJobRegistry.retryCallback, (jobId, record, reply.result, vectorHash));
        calls[2] = abi.encodeCall(ISingleJobRegistry.advanceJob, (terms));
        calls[3] = abi.encodeCall(ISingleJobRegistry.overturn, (jobId, record));
        for (uint256 i = 0; i < calls.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            target.reenterWith(calls[i]);
            _finalize(jobId, record, reply);
            assertFalse(target.reentered(), vm.toString(i));
            _assertStatus(jobId, CallbackStatus.Delivered);
            vm.revertToState(snapshot);
        }
    }

    function test_a_failed_callback_can_be_retried_by_anyone_with_the_result() public {
        SingleTerms memory terms = _calling(_single(0), address(target), GAS);
        (bytes32 jobId, Record memory record) = _due(terms);
        Reply memory reply = _honest();
        bytes32 vectorHash = keccak256(reply.vector);
        target.behave(Target.Manner.Revert);
        _finalize(jobId, record, reply);
        uint256 credit = single.creditOf(stranger);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.ResultMismatch.selector, jobId));
        single.retryCallback(jobId, record, _cheat().result, vectorHash);
        vm.prank(stranger);
        single.retryCallback(jobId, record, reply.result, vectorHash);
        _assertStatus(jobId, CallbackStatus.Failed);
        target.behave(Target.Manner.Accept);
        single.retryCallback(jobId, record, reply.result, vectorHash);
        assertEq(target.results(), 1);
        assertEq(single.creditOf(stranger), credit, "unpaid");
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.CallbackNotFailed.selector, jobId));
        single.retryCallback(jobId, record, reply.result, vectorHash);
    }

    function test_a_target_without_code_took_nothing() public {
        (bytes32 jobId, Record memory record) = _due(_calling(_single(0), makeAddr("nobody"), GAS));
        _finalize(jobId, record, _honest());
        _assertStatus(jobId, CallbackStatus.Failed);
    }

    function test_a_provisional_callback_comes_with_the_answer_and_not_again() public {
        SingleTerms memory terms = _calling(_single(0), address(target), GAS);
        terms.provisionalCallback = true;
        (bytes32 jobId, Record memory record) = _provisional(terms, _honest());
        assertEq(target.results(), 1);
        assertEq(single.creditOf(_hot(record.executorId)), terms.callbackFee);
        _afterWindow(record);
        vm.prank(stranger);
        single.finalize(jobId, record, "", 0);
        assertEq(target.results(), 1);
        assertEq(single.creditOf(stranger), terms.dispatchFee);
        assertEq(single.creditOf(refundee), single.quote(terms) - SEAT_FEE - terms.dispatchFee - terms.callbackFee);
        _assertStatus(jobId, CallbackStatus.Delivered);
    }

    function test_a_failed_provisional_callback_can_be_retried_before_and_after_the_end() public {
        SingleTerms memory terms = _calling(_single(0), address(target), GAS);
        terms.provisionalCallback = true;
        target.behave(Target.Manner.Revert);
        (bytes32 jobId, Record memory record) = _provisional(terms, _honest());
        _assertStatus(jobId, CallbackStatus.Failed);
        target.behave(Target.Manner.Accept);
        Reply memory reply = _honest();
        uint256 snapshot = vm.snapshotState();
        single.retryCallback(jobId, record, reply.result, keccak256(reply.vector));
        assertEq(target.results(), 1);
        _assertAt(jobId, SinglePhase.Provisional);
        vm.revertToState(snapshot);
        _afterWindow(record);
        _finalize(jobId, record, reply);
        single.retryCallback(jobId, record, reply.result, keccak256(reply.vector));
        assertEq(target.results(), 1);
        _assertAt(jobId, SinglePhase.Final);
    }

    /// Else a result that is being looked at, or that was found wrong, could be handed out as one that isn't.
    function test_a_failed_provisional_callback_is_not_retried_while_a_court_looks_at_the_answer() public {
        SingleTerms memory terms = _calling(_single(0), address(target), GAS);
        terms.provisionalCallback = true;
        target.behave(Target.Manner.Revert);
        (bytes32 jobId, Record memory record) = _provisional(terms, _cheat());
        target.behave(Target.Manner.Accept);
        _challenge(terms, record);
        Reply memory reply = _cheat();
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Challenged));
        single.retryCallback(jobId, record, reply.result, keccak256(reply.vector));
        _decide(jobId, Verdict.Convicted);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Convicted));
        single.retryCallback(jobId, record, reply.result, keccak256(reply.vector));
        single.overturn(jobId, record);
        assertEq(target.results(), 0);
        assertEq(target.failures(), 1);
    }

    function test_a_provisional_callback_finds_the_job_answered() public {
        SingleTerms memory terms = _calling(_single(0), address(target), 600_000);
        terms.provisionalCallback = true;
        (bytes32 jobId, uint32 id) = _askDrawable(terms);
        target.reenterWith(abi.encodeCall(ISingleJobRegistry.advanceJob, (terms)));
        _submit(terms, id, _honest());
        assertFalse(target.reentered());
        _assertAt(jobId, SinglePhase.Provisional);
    }

    function test_an_error_callback_tells_of_a_refund_and_is_paid() public {
        SingleTerms memory terms = _calling(_single(0), address(target), GAS);
        (bytes32 jobId,) = _askDrawn(terms);
        vm.warp(single.stateOf(jobId).deadline + terms.takeoverWindow + 1);
        uint256 before = single.creditOf(stranger);
        uint256 bounty = (terms.advanceReserve - terms.advanceReserve / 4) / 4;
        target.behave(Target.Manner.Revert);
        _advance(terms);
        assertEq(single.creditOf(stranger) - before, bounty + terms.callbackFee);
        assertEq(
            single.creditOf(refundee), single.quote(terms) - single.creditOf(stranger), "the rest is the requester's"
        );
        _assertStatus(jobId, CallbackStatus.Failed);
        target.behave(Target.Manner.Accept);
        single.retryErrorCallback(terms);
        assertEq(uint256(target.lastReason()), uint256(RefundReason.TooFewReveals));
        assertEq(target.failures(), 1);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.CallbackNotFailed.selector, jobId));
        single.retryErrorCallback(terms);
    }

    function test_an_overturned_job_tells_its_target_again() public {
        SingleTerms memory terms = _calling(_single(0), address(target), GAS);
        terms.provisionalCallback = true;
        terms.errorCallback = false;
        (bytes32 jobId, Record memory record) = _provisional(terms, _cheat());
        assertEq(target.results(), 1);
        _challenge(terms, record);
        _decide(jobId, Verdict.Convicted);
        target.behave(Target.Manner.Revert);
        vm.prank(stranger);
        single.overturn(jobId, record);
        _assertStatus(jobId, CallbackStatus.Failed);
        assertEq(single.creditOf(stranger), terms.dispatchFee + terms.callbackFee);
        target.behave(Target.Manner.Accept);
        single.retryCallback(jobId, record, "", 0);
        assertEq(target.failures(), 1);
        assertEq(uint256(target.lastReason()), uint256(RefundReason.NoAgreement));
    }
}
