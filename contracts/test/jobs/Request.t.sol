// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INonces} from "../../src/accounts/INonces.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {JobState, Phase, RefundReason, Terms} from "../../src/jobs/JobTypes.sol";
import {VersionStatus} from "../../src/models/IModelRegistry.sol";
import {JobFixture} from "./JobFixture.sol";

contract RequestTest is JobFixture {
    function _expectRefusal(Terms memory terms, bytes memory refusal) private {
        uint256 escrow = jobs.quote(terms);
        vm.deal(requester, escrow);
        vm.prank(requester);
        vm.expectRevert(refusal);
        jobs.request{value: escrow}(terms, input, labels, "");
    }

    function _expectRefusal(Terms memory terms, bytes memory given, string memory uri, bytes memory refusal) private {
        uint256 escrow = jobs.quote(terms);
        vm.deal(requester, escrow);
        vm.prank(requester);
        vm.expectRevert(refusal);
        jobs.request{value: escrow}(terms, given, labels, uri);
    }

    // ---------------------------------------------------------------- what a request does

    function test_a_request_locks_the_escrow_and_opens_the_job() public {
        Terms memory terms = _withCallback(_terms(7), stranger, 100_000);
        uint256 escrow =
            3 * uint256(terms.maxPricePerUnit) * UNITS + terms.dispatchFee + terms.advanceReserve + terms.callbackFee;
        assertEq(jobs.quote(terms), escrow);
        vm.expectEmit(address(jobs));
        emit IJobRegistry.JobRequested(jobs.jobIdOf(terms), requester, modelId, terms, input, labels, "");
        bytes32 jobId = _request(terms);

        assertEq(jobId, jobs.jobIdOf(terms));
        assertEq(address(jobs).balance, escrow);
        assertEq(address(jobs).balance, escrow);
        assertTrue(jobs.nonceUsed(requester, 7));
        JobState memory state = jobs.jobState(jobId);
        assertEq(uint256(state.phase), uint256(Phase.Requested));
        assertEq(state.requestBlock, vm.getBlockNumber());
        assertEq(state.requestTime, vm.getBlockTimestamp());
        assertEq(state.committee.length, 0);
    }

    function test_overpayment_is_credited_to_refundTo() public {
        Terms memory terms = _terms(0);
        uint256 escrow = jobs.quote(terms);
        vm.deal(requester, escrow + 5);
        vm.prank(requester);
        jobs.request{value: escrow + 5}(terms, input, labels, "");
        assertEq(jobs.creditOf(refundee), 5);
        assertEq(address(jobs).balance, escrow + 5);
    }

    function test_an_input_by_uri_needs_no_bytes() public {
        Terms memory terms = _terms(0);
        uint256 escrow = jobs.quote(terms);
        vm.deal(requester, escrow);
        vm.prank(requester);
        bytes32 jobId = jobs.request{value: escrow}(terms, "", labels, "ipfs://input");
        _assertPhase(jobId, Phase.Requested);
    }

    function test_nonces_may_come_in_any_order() public {
        uint256[4] memory nonces = [uint256(255), 0, 256, type(uint256).max];
        for (uint256 i = 0; i < nonces.length; ++i) {
            _request(_terms(nonces[i]));
            assertTrue(jobs.nonceUsed(requester, nonces[i]));
        }
        assertFalse(jobs.nonceUsed(requester, 1));
        assertFalse(jobs.nonceUsed(stranger, 0));
    }

    // ---------------------------------------------------------------- what is refused

    function test_refuses_another_requesters_terms() public {
        Terms memory terms = _terms(0);
        uint256 escrow = jobs.quote(terms);
        hoax(stranger, escrow);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotRequester.selector, stranger, requester));
        jobs.request{value: escrow}(terms, input, labels, "");
    }

    function test_refuses_a_used_nonce_also_for_other_terms() public {
        Terms memory terms = _terms(3);
        _request(terms);
        bytes memory refusal = abi.encodeWithSelector(INonces.NonceUsed.selector, requester, 3);
        _expectRefusal(terms, refusal);
        terms.maxUnits += 1;
        _expectRefusal(terms, refusal);
    }

    function test_refuses_too_little_payment() public {
        Terms memory terms = _terms(0);
        uint256 escrow = jobs.quote(terms);
        hoax(requester, escrow);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.InsufficientPayment.selector, escrow, escrow - 1));
        jobs.request{value: escrow - 1}(terms, input, labels, "");
    }

    function test_refuses_committees_without_a_majority_or_without_slack() public {
        // (n, k)
        uint8[2][8] memory bad = [[0, 0], [8, 5], [1, 2], [2, 1], [3, 3], [4, 2], [7, 7], [7, 3]];
        for (uint256 i = 0; i < bad.length; ++i) {
            Terms memory terms = _terms(0);
            (terms.committeeSize, terms.quorum) = (bad[i][0], bad[i][1]);
            _expectRefusal(terms, abi.encodeWithSelector(IJobRegistry.InvalidCommittee.selector, bad[i][0], bad[i][1]));
        }
        uint8[2][5] memory good = [[1, 1], [2, 2], [3, 2], [7, 4], [7, 6]];
        for (uint256 i = 0; i < good.length; ++i) {
            Terms memory terms = _terms(i);
            (terms.committeeSize, terms.quorum) = (good[i][0], good[i][1]);
            _assertPhase(_request(terms), Phase.Requested);
        }
    }

    function test_refuses_unknown_and_deprecated_models() public {
        Terms memory terms = _terms(0);
        terms.version = 2;
        bytes memory refusal =
            abi.encodeWithSelector(IJobRegistry.UnknownModelVersion.selector, modelId, 2, RUNTIME_CLASS);
        _expectRefusal(terms, refusal);

        vm.prank(publisher);
        all.models.setStatus(modelId, 1, VersionStatus.Deprecated);
        refusal = abi.encodeWithSelector(IJobRegistry.UnknownModelVersion.selector, modelId, 1, RUNTIME_CLASS);
        _expectRefusal(_terms(0), refusal);
    }

    function test_refuses_unknown_pools() public {
        Terms memory terms = _terms(0);
        terms.pool = 1;
        _expectRefusal(terms, abi.encodeWithSelector(IJobRegistry.NotAdmittedToPool.selector, 1, requester));
    }

    function test_refuses_inputs_and_parameters_that_do_not_hash_to_the_terms() public {
        Terms memory terms = _terms(0);
        _expectRefusal(
            terms,
            "other",
            "",
            abi.encodeWithSelector(IJobRegistry.InputHashMismatch.selector, keccak256(input), keccak256(bytes("other")))
        );
        terms.parametersHash = keccak256("other");
        _expectRefusal(
            terms,
            abi.encodeWithSelector(IJobRegistry.ParametersHashMismatch.selector, keccak256("other"), keccak256(labels))
        );
    }

    function test_refuses_input_and_uri_together() public {
        _expectRefusal(_terms(0), input, "ipfs://x", abi.encodeWithSelector(IJobRegistry.InputAndUri.selector));
    }

    function test_refuses_too_large_inputs_and_takes_the_largest() public {
        Terms memory terms = _terms(0);
        bytes memory large = new bytes(parameters.maxInputBytes + 1);
        bytes memory refusal =
            abi.encodeWithSelector(IJobRegistry.InputTooLarge.selector, large.length, parameters.maxInputBytes);
        terms.inputHash = keccak256(large);
        _expectRefusal(terms, large, "", refusal);
        _expectRefusal(terms, "", string(large), refusal);

        input = new bytes(parameters.maxInputBytes);
        _assertPhase(_request(_terms(0)), Phase.Requested);
        labels = large;
        _expectRefusal(_terms(1), refusal);
    }

    function test_refuses_windows_out_of_range() public {
        Terms memory terms = _terms(0);
        terms.commitWindow = parameters.minCommitWindow - 1;
        _expectRefusal(terms, _windowError(terms.commitWindow, parameters.minCommitWindow, parameters.maxCommitWindow));
        terms.commitWindow = parameters.maxCommitWindow + 1;
        _expectRefusal(terms, _windowError(terms.commitWindow, parameters.minCommitWindow, parameters.maxCommitWindow));
        terms.commitWindow = parameters.maxCommitWindow;
        terms.revealWindow = parameters.minRevealWindow - 1;
        _expectRefusal(terms, _windowError(terms.revealWindow, parameters.minRevealWindow, parameters.maxRevealWindow));
        terms.revealWindow = parameters.maxRevealWindow + 1;
        _expectRefusal(terms, _windowError(terms.revealWindow, parameters.minRevealWindow, parameters.maxRevealWindow));
    }

    function _windowError(uint32 window, uint32 minimum, uint32 maximum) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IJobRegistry.WindowOutOfRange.selector, window, minimum, maximum);
    }

    function test_refuses_fees_below_the_minimum() public {
        Terms memory terms = _terms(0);
        terms.maxPricePerUnit = parameters.minSeatFee / UNITS - 1;
        _expectRefusal(terms, _lowFee(uint256(terms.maxPricePerUnit) * UNITS, parameters.minSeatFee));

        terms = _terms(0);
        terms.dispatchFee -= 1;
        _expectRefusal(terms, _lowFee(terms.dispatchFee, parameters.minDispatchFee));

        terms = _terms(0);
        terms.advanceReserve -= 1;
        _expectRefusal(terms, _lowFee(terms.advanceReserve, parameters.minAdvanceReserve));

        terms = _withCallback(_terms(0), stranger, 1000);
        terms.callbackFee -= 1;
        _expectRefusal(terms, _lowFee(terms.callbackFee, terms.callbackFee + 1));
    }

    function _lowFee(uint256 fee, uint256 minimum) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IJobRegistry.FeeTooLow.selector, fee, minimum);
    }

    function testFuzz_refuses_seat_fees_that_do_not_fit(uint128 price, uint32 units) public {
        vm.assume(uint256(price) * units > type(uint80).max);
        Terms memory terms = _terms(0);
        (terms.maxPricePerUnit, terms.maxUnits) = (price, units);
        _expectRefusal(
            terms, abi.encodeWithSelector(IJobRegistry.FeeTooHigh.selector, uint256(price) * units, type(uint80).max)
        );
    }

    function test_the_largest_fees_are_quoted_and_taken() public {
        Terms memory terms = _terms(0);
        (terms.committeeSize, terms.quorum) = (7, 4);
        (terms.maxPricePerUnit, terms.maxUnits) = (type(uint80).max, 1);
        terms.dispatchFee = type(uint128).max;
        terms.advanceReserve = type(uint128).max;
        _request(terms);
        vm.prank(requester);
        jobs.cancel(terms);
        assertEq(jobs.creditOf(refundee), jobs.quote(terms));
    }

    function test_refuses_callbacks_that_cannot_be() public {
        Terms memory terms = _withCallback(_terms(0), stranger, parameters.maxCallbackGas + 1);
        _expectRefusal(
            terms,
            abi.encodeWithSelector(
                IJobRegistry.CallbackGasTooHigh.selector, terms.callbackGas, parameters.maxCallbackGas
            )
        );
        bytes memory refusal = abi.encodeWithSelector(IJobRegistry.CallbackWithoutTarget.selector);
        terms = _withCallback(_terms(0), address(0), 1000);
        terms.errorCallback = false;
        _expectRefusal(terms, refusal);
        terms = _terms(0);
        terms.callbackFee = 1;
        _expectRefusal(terms, refusal);
        terms = _terms(0);
        terms.errorCallback = true;
        _expectRefusal(terms, refusal);
    }

    function test_refuses_the_zero_refund_address() public {
        Terms memory terms = _terms(0);
        terms.refundTo = address(0);
        _expectRefusal(terms, abi.encodeWithSelector(IJobRegistry.ZeroRefundAddress.selector));
    }

    // ---------------------------------------------------------------- cancel

    function test_cancel_refunds_in_full() public {
        Terms memory terms = _terms(0);
        bytes32 jobId = _request(terms);
        uint256 escrow = jobs.quote(terms);
        vm.roll(vm.getBlockNumber() + parameters.beaconDelay);
        _expectRefund(jobId, RefundReason.Cancelled, escrow);
        vm.prank(requester);
        jobs.cancel(terms);
        _assertRefunded(jobId, escrow);
        assertEq(address(jobs).balance, escrow);

        vm.prank(requester);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.WrongPhase.selector, jobId, Phase.Refunded));
        jobs.cancel(terms);
        _expectRefusal(terms, abi.encodeWithSelector(INonces.NonceUsed.selector, requester, 0));
    }

    function test_cancel_is_too_late_once_the_beacon_can_be_known() public {
        Terms memory terms = _terms(0);
        bytes32 jobId = _request(terms);
        uint256 last = vm.getBlockNumber() + parameters.beaconDelay;
        vm.roll(last + 1);
        vm.prank(requester);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.TooLate.selector, jobId, last));
        jobs.cancel(terms);
    }

    function test_only_the_requester_cancels() public {
        Terms memory terms = _terms(0);
        _request(terms);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotRequester.selector, stranger, requester));
        jobs.cancel(terms);
    }

    function test_an_unknown_job_has_no_state_and_takes_no_call() public {
        Terms memory terms = _terms(0);
        bytes32 jobId = jobs.jobIdOf(terms);
        _assertPhase(jobId, Phase.None);
        (uint32[] memory committee, uint128 seatFee) = jobs.committeeOf(terms);
        assertEq(committee.length + seatFee, 0);
        assertEq(jobs.seatHash(jobId, 0), 0);
        assertEq(jobs.seatHash(jobId, 255), 0);
        assertFalse(jobs.verifyResult(jobId, "", 0));

        bytes memory refusal = abi.encodeWithSelector(IJobRegistry.WrongPhase.selector, jobId, Phase.None);
        vm.prank(requester);
        vm.expectRevert(refusal);
        jobs.cancel(terms);
        vm.expectRevert(refusal);
        jobs.advanceJob(terms);
        vm.expectRevert(refusal);
        jobs.drawAndCommit(terms, keccak256("c"));
        vm.expectRevert(refusal);
        jobs.commit(jobId, keccak256("c"));
        vm.expectRevert(refusal);
        jobs.decline(terms);
        vm.expectRevert(refusal);
        jobs.reveal(jobId, 0, "", "", 0);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotPending.selector, jobId, 0));
        jobs.punishSilent(jobId, 0);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.CallbackNotFailed.selector, jobId));
        jobs.retryCallback(terms, "", 0);
    }
}
