// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredits} from "../../src/accounts/ICredits.sol";
import {IInferaConsumer} from "../../src/consumer/IInferaConsumer.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Answer, CallbackStatus, Phase, RefundReason, Terms} from "../../src/jobs/JobTypes.sol";
import {JobFixture, Reply} from "./JobFixture.sol";

/// @notice A consumer that does what a test tells it to.
contract Target is IInferaConsumer {
    enum Manner {
        Accept,
        Revert,
        BurnGas,
        ReturnBomb,
        RevertBomb,
        Reenter
    }

    Manner public manner;
    bytes public reentry;
    IJobRegistry public registry;

    uint256 public results;
    uint256 public failures;
    bytes public lastResult;
    RefundReason public lastReason;
    uint256 public gasGiven;
    bool public reentered;

    constructor(IJobRegistry registry_) {
        registry = registry_;
    }

    function behave(Manner manner_) external {
        manner = manner_;
    }

    function reenterWith(bytes calldata call_) external {
        (manner, reentry) = (Manner.Reenter, call_);
    }

    function onInferenceResult(bytes32, bytes calldata result) external {
        gasGiven = gasleft();
        _behave();
        ++results;
        lastResult = result;
    }

    function onInferenceFailed(bytes32, RefundReason reason) external {
        gasGiven = gasleft();
        _behave();
        ++failures;
        lastReason = reason;
    }

    function _behave() private {
        if (manner == Manner.Revert) revert("no");
        if (manner == Manner.BurnGas) {
            while (true) {}
        }
        if (manner == Manner.ReturnBomb) {
            assembly {
                return(0, 200000)
            }
        }
        if (manner == Manner.RevertBomb) {
            assembly {
                revert(0, 200000)
            }
        }
        if (manner == Manner.Reenter) (reentered,) = address(registry).call(reentry);
    }
}

contract CallbackTest is JobFixture {
    uint32 private constant GAS = 200_000;
    Target private target;

    function setUp() public override {
        super.setUp();
        target = new Target(jobs);
    }

    function _revealed() private returns (Terms memory terms, bytes32 jobId, Answer[] memory answers) {
        terms = _withCallback(_terms(0), address(target), GAS);
        (jobId,, answers) = _requestRevealed(terms, _honest());
    }

    function _assertStatus(bytes32 jobId, CallbackStatus status) private view {
        assertEq(uint256(jobs.jobState(jobId).callbackStatus), uint256(status));
    }

    // ---------------------------------------------------------------- results

    function test_delivers_the_result_with_the_agreed_gas_and_pays_the_caller() public {
        (Terms memory terms, bytes32 jobId, Answer[] memory answers) = _revealed();
        vm.expectEmit(address(jobs));
        emit IJobRegistry.CallbackExecuted(jobId, address(target), true);
        _resolve(terms, answers);
        _assertStatus(jobId, CallbackStatus.Delivered);
        assertEq(target.results(), 1);
        assertEq(target.lastResult(), _honest().result);
        assertGt(target.gasGiven(), GAS - 2000);
        assertEq(jobs.creditOf(stranger), terms.dispatchFee + terms.callbackFee);
        assertEq(jobs.creditOf(refundee), jobs.quote(terms) - 3 * SEAT_FEE - terms.dispatchFee - terms.callbackFee);
    }

    function test_no_conduct_of_the_target_changes_a_payment() public {
        (Terms memory terms, bytes32 jobId, Answer[] memory answers) = _revealed();
        Target.Manner[4] memory manners =
            [Target.Manner.Revert, Target.Manner.BurnGas, Target.Manner.RevertBomb, Target.Manner.ReturnBomb];
        for (uint256 i = 0; i < manners.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            target.behave(manners[i]);
            uint256 before = gasleft();
            _resolve(terms, answers);
            // Neither memory nor gas of the caller is spent on what the target returns.
            assertLt(before - gasleft(), 1_500_000);
            _assertPhase(jobId, Phase.Resolved);
            bool returns_ = manners[i] == Target.Manner.ReturnBomb;
            _assertStatus(jobId, returns_ ? CallbackStatus.Delivered : CallbackStatus.Failed);
            _assertPaid(terms, jobId);
            vm.revertToState(snapshot);
        }
    }

    function _assertPaid(Terms memory terms, bytes32 jobId) private view {
        (uint256 payment, uint256 burned) = _split(SEAT_FEE);
        for (uint256 seat = 0; seat < 3; ++seat) {
            assertEq(staking.accountOf(jobs.jobState(jobId).committee[seat]).earnings, payment);
        }
        assertEq(jobs.creditOf(stranger), terms.dispatchFee + terms.callbackFee);
        assertEq(jobs.creditOf(refundee), jobs.quote(terms) - 3 * SEAT_FEE - terms.dispatchFee - terms.callbackFee);
        assertEq(address(jobs).balance, jobs.creditOf(stranger) + jobs.creditOf(refundee) + 3 * burned);
    }

    function test_reentering_finds_the_job_final() public {
        (Terms memory terms, bytes32 jobId, Answer[] memory answers) = _revealed();
        Reply memory reply = _honest();
        bytes[] memory calls = new bytes[](5);
        calls[0] = abi.encodeCall(IJobRegistry.resolve, (terms, _distinct(answers)));
        calls[1] = abi.encodeCall(IJobRegistry.advanceJob, (terms));
        calls[2] = abi.encodeCall(IJobRegistry.retryCallback, (terms, reply.result, keccak256(reply.vector)));
        calls[3] = abi.encodeCall(IJobRegistry.cancel, (terms));
        calls[4] = abi.encodeCall(ICredits.withdrawFor, (address(target)));
        for (uint256 i = 0; i < calls.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            target.reenterWith(calls[i]);
            _resolve(terms, answers);
            assertFalse(target.reentered(), vm.toString(i));
            assertEq(target.results(), 1);
            _assertPaid(terms, jobId);
            vm.revertToState(snapshot);
        }
    }

    function test_withdrawing_from_within_a_callback_pays_once() public {
        Terms memory terms = _withCallback(_terms(0), address(target), 2 * GAS);
        (,, Answer[] memory answers) = _requestRevealed(terms, _honest());
        target.reenterWith(abi.encodeCall(ICredits.withdrawFor, (refundee)));
        uint256 refund = jobs.quote(terms) - 3 * SEAT_FEE - terms.dispatchFee - terms.callbackFee;
        _resolve(terms, answers);
        assertTrue(target.reentered());
        assertEq(refundee.balance, refund);
        assertEq(jobs.creditOf(refundee), 0);
        (, uint256 burned) = _split(SEAT_FEE);
        assertEq(address(jobs).balance, jobs.creditOf(stranger) + 3 * burned);
    }

    function test_a_target_without_code_is_told_nothing() public {
        Terms memory terms = _withCallback(_terms(0), makeAddr("not deployed yet"), GAS);
        (bytes32 jobId,, Answer[] memory answers) = _requestRevealed(terms, _honest());
        vm.expectEmit(address(jobs));
        emit IJobRegistry.CallbackExecuted(jobId, terms.callbackTarget, false);
        _resolve(terms, answers);
        _assertStatus(jobId, CallbackStatus.Failed);
    }

    function test_too_little_gas_reverts_and_never_starves_the_target() public {
        (Terms memory terms, bytes32 jobId, Answer[] memory answers) = _revealed();
        target.behave(Target.Manner.Accept);
        bytes memory call = abi.encodeCall(IJobRegistry.resolve, (terms, _distinct(answers)));
        bool refusedForGas;
        for (uint256 gasGiven = 200_000; gasGiven < 1_200_000; gasGiven += 5000) {
            uint256 snapshot = vm.snapshotState();
            (bool done, bytes memory reason) = address(jobs).call{gas: gasGiven}(call);
            if (done) {
                _assertStatus(jobId, CallbackStatus.Delivered);
                assertGt(target.gasGiven(), GAS - 2000);
            } else {
                _assertPhase(jobId, Phase.Revealing);
                refusedForGas = refusedForGas || bytes4(reason) == IJobRegistry.InsufficientGasForCallback.selector;
            }
            vm.revertToState(snapshot);
        }
        assertTrue(refusedForGas);
    }

    // ---------------------------------------------------------------- retry

    function test_anyone_retries_a_failed_callback_until_it_is_delivered() public {
        (Terms memory terms, bytes32 jobId, Answer[] memory answers) = _revealed();
        target.behave(Target.Manner.Revert);
        _resolve(terms, answers);
        Reply memory reply = _honest();
        bytes32 vectorHash = keccak256(reply.vector);
        uint256 credit = jobs.creditOf(stranger);

        vm.startPrank(stranger);
        jobs.retryCallback(terms, reply.result, vectorHash);
        _assertStatus(jobId, CallbackStatus.Failed);

        target.behave(Target.Manner.Accept);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.ResultMismatch.selector, jobId));
        jobs.retryCallback(terms, _cheat().result, vectorHash);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.ResultMismatch.selector, jobId));
        jobs.retryCallback(terms, reply.result, keccak256("another vector"));

        jobs.retryCallback(terms, reply.result, vectorHash);
        _assertStatus(jobId, CallbackStatus.Delivered);
        assertEq(target.lastResult(), reply.result);
        assertEq(target.results(), 1);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.CallbackNotFailed.selector, jobId));
        jobs.retryCallback(terms, reply.result, vectorHash);
        vm.stopPrank();
        assertEq(jobs.creditOf(stranger), credit);
    }

    function test_a_retry_reentered_delivers_once() public {
        (Terms memory terms, bytes32 jobId, Answer[] memory answers) = _revealed();
        target.behave(Target.Manner.Revert);
        _resolve(terms, answers);
        Reply memory reply = _honest();
        bytes32 vectorHash = keccak256(reply.vector);
        target.reenterWith(abi.encodeCall(IJobRegistry.retryCallback, (terms, reply.result, vectorHash)));
        jobs.retryCallback(terms, reply.result, vectorHash);
        assertFalse(target.reentered());
        assertEq(target.results(), 1);
        _assertStatus(jobId, CallbackStatus.Delivered);
    }

    // ---------------------------------------------------------------- failures

    function test_a_refund_after_the_draw_calls_back_when_asked_and_can_be_retried() public {
        Terms memory terms = _withCallback(_terms(0), address(target), GAS);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commitAll(terms, committee, _honest());
        _afterGrace(jobId);
        target.behave(Target.Manner.Revert);
        _advance(terms);
        _assertPhase(jobId, Phase.Refunded);
        _assertStatus(jobId, CallbackStatus.Failed);
        assertEq(jobs.creditOf(stranger), terms.callbackFee + terms.advanceReserve / 4);

        target.behave(Target.Manner.Accept);
        jobs.retryCallback(terms, "", 0);
        _assertStatus(jobId, CallbackStatus.Delivered);
        assertEq(target.failures(), 1);
        assertEq(uint256(target.lastReason()), uint256(RefundReason.TooFewReveals));
    }

    function test_no_agreement_calls_back_with_its_reason() public {
        Terms memory terms = _withCallback(_terms(0), address(target), GAS);
        (terms.committeeSize, terms.quorum) = (2, 2);
        (,, Answer[] memory answers) = _requestRevealed(terms, _cheat());
        _resolve(terms, answers);
        assertEq(uint256(target.lastReason()), uint256(RefundReason.NoAgreement));
        assertEq(target.failures(), 1);
        assertEq(jobs.creditOf(stranger), terms.dispatchFee + terms.callbackFee);
    }

    function test_without_error_callback_or_draw_the_fee_is_refunded() public {
        Terms memory terms = _withCallback(_terms(0), address(target), GAS);
        terms.errorCallback = false;
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commitAll(terms, committee, _honest());
        _afterGrace(jobId);
        _advance(terms);
        _assertStatus(jobId, CallbackStatus.None);
        _assertRefunded(jobId, jobs.quote(terms) - terms.advanceReserve / 4);

        terms = _withCallback(_terms(1), address(target), GAS);
        jobId = _request(terms);
        vm.prank(requester);
        jobs.cancel(terms);
        _assertStatus(jobId, CallbackStatus.None);
        assertEq(target.failures() + target.results(), 0);
    }
}
