// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DeploymentParameters} from "../../script/DeploymentParameters.sol";
import {ICredits} from "../../src/accounts/ICredits.sol";
import {INonces} from "../../src/accounts/INonces.sol";
import {RefundReason} from "../../src/jobs/JobTypes.sol";
import {ISingleJobRegistry} from "../../src/single/ISingleJobRegistry.sol";
import {Record, Scheduler, SinglePhase, SingleTerms, SingleTier} from "../../src/single/SingleTypes.sol";
import {SingleFixture} from "./SingleFixture.sol";

contract SingleRequestTest is SingleFixture {
    function _expectRefusal(SingleTerms memory terms, bytes memory reason) private {
        uint256 escrow = single.quote(terms);
        vm.deal(requester, escrow);
        vm.expectRevert(reason);
        vm.prank(requester);
        single.request{value: escrow}(terms, input, labels, "");
    }

    function test_locks_the_escrow_and_credits_what_is_beyond_it() public {
        SingleTerms memory terms = _calling(_single(0), address(1), 1000);
        uint256 escrow = single.quote(terms);
        assertEq(
            escrow,
            uint256(terms.maxPricePerUnit) * UNITS + terms.dispatchFee + terms.advanceReserve + terms.callbackFee
        );
        vm.deal(requester, escrow + 7);
        vm.expectEmit(address(single));
        emit ISingleJobRegistry.JobRequested(single.jobIdOf(terms), requester, modelId, terms, input, labels, "");
        vm.prank(requester);
        bytes32 jobId = single.request{value: escrow + 7}(terms, input, labels, "");
        assertEq(single.creditOf(refundee), 7);
        ISingleJobRegistry.State memory state = single.stateOf(jobId);
        assertEq(uint256(state.phase), uint256(SinglePhase.Requested));
        assertEq(state.requestBlock, vm.getBlockNumber());
        assertEq(state.requestTime, vm.getBlockTimestamp());
        assertEq(state.executorId, 0);
        assertTrue(single.nonceUsed(requester, 0));
    }

    function test_a_provisional_result_is_paid_a_second_callback() public {
        SingleTerms memory terms = _calling(_single(0), address(1), 1000);
        uint256 once = single.quote(terms);
        terms.provisionalCallback = true;
        assertEq(single.quote(terms), once + terms.callbackFee);
    }

    function test_the_id_binds_chain_registry_requester_nonce_and_every_term() public {
        SingleTerms memory terms = _single(5);
        bytes32 jobId = single.jobIdOf(terms);
        assertEq(
            jobId, keccak256(abi.encode(block.chainid, address(single), requester, uint256(5), single.termsHash(terms)))
        );
        vm.chainId(block.chainid + 1);
        assertTrue(single.jobIdOf(terms) != jobId, "chain");
        vm.chainId(block.chainid - 1);
        terms.challengeWindow += 1;
        assertTrue(single.jobIdOf(terms) != jobId, "terms");
    }

    /// What is asked here can't be answered, advanced or cancelled with other terms, and the redundant registry knows
    /// nothing of it.
    function test_other_terms_name_no_job() public {
        SingleTerms memory terms = _single(0);
        bytes32 jobId = _ask(terms);
        assertEq(uint256(all.jobs.jobState(jobId).phase), 0);
        _toBeacon();
        terms.maxPricePerUnit += 1;
        bytes memory reason =
            abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, single.jobIdOf(terms), SinglePhase.None);
        vm.expectRevert(reason);
        single.advanceJob(terms);
        vm.expectRevert(reason);
        vm.prank(requester);
        single.cancel(terms);
    }

    function test_the_terms_hash_is_that_of_the_typed_struct() public view {
        SingleTerms memory terms = _auction(3);
        bytes32 typeHash = keccak256(
            "SingleTerms(address requester,uint256 nonce,bytes32 modelId,uint32 version,bytes32 runtimeClass,uint8 tier,address verifier,uint8 scheduler,bytes32 inputHash,bytes32 parametersHash,uint128 maxPricePerUnit,uint32 maxUnits,uint32 bidWindow,uint32 submitWindow,uint32 takeoverWindow,uint32 challengeWindow,uint128 dispatchFee,uint128 advanceReserve,address callbackTarget,uint32 callbackGas,uint128 callbackFee,bool provisionalCallback,bool errorCallback,address refundTo)"
        );
        assertEq(single.termsHash(terms), keccak256(abi.encodePacked(typeHash, abi.encode(terms))));
    }

    function test_a_nonce_is_used_once() public {
        _ask(_single(9));
        SingleTerms memory again = _single(9);
        again.maxUnits += 1;
        _expectRefusal(again, abi.encodeWithSelector(INonces.NonceUsed.selector, requester, 9));
    }

    function test_refuses_terms_out_of_bounds() public {
        SingleTerms memory terms = _single(0);
        terms.refundTo = address(0);
        _expectRefusal(terms, abi.encodeWithSelector(ISingleJobRegistry.ZeroRefundAddress.selector));

        terms = _single(0);
        terms.version = 2;
        _expectRefusal(
            terms, abi.encodeWithSelector(ISingleJobRegistry.UnknownModelVersion.selector, modelId, 2, RUNTIME_CLASS)
        );

        terms = _single(0);
        terms.submitWindow = bounds.minWindow - 1;
        _expectRefusal(terms, _window(terms.submitWindow, bounds.minWindow, bounds.maxWindow));
        terms = _single(0);
        terms.takeoverWindow = bounds.maxWindow + 1;
        _expectRefusal(terms, _window(terms.takeoverWindow, bounds.minWindow, bounds.maxWindow));
        terms = _single(0);
        terms.challengeWindow = bounds.minChallengeWindow - 1;
        _expectRefusal(terms, _window(terms.challengeWindow, bounds.minChallengeWindow, bounds.maxChallengeWindow));
        terms = _single(0);
        terms.bidWindow = 1;
        _expectRefusal(terms, _window(1, 0, 0));
        terms = _auction(0);
        terms.bidWindow = 0;
        _expectRefusal(terms, _window(0, bounds.minWindow, bounds.maxWindow));
        terms = _proven(0);
        terms.challengeWindow = 300;
        _expectRefusal(terms, _window(300, 0, 0));

        terms = _single(0);
        (terms.maxPricePerUnit, terms.maxUnits) = (bounds.minFee - 1, 1);
        _expectRefusal(terms, _feeTooLow(bounds.minFee - 1, bounds.minFee));
        terms = _single(0);
        (terms.maxPricePerUnit, terms.maxUnits) = (1 << 80, 1);
        _expectRefusal(
            terms, abi.encodeWithSelector(ISingleJobRegistry.FeeTooHigh.selector, uint256(1 << 80), type(uint80).max)
        );
        terms = _single(0);
        terms.dispatchFee -= 1;
        _expectRefusal(terms, _feeTooLow(terms.dispatchFee, bounds.minDispatchFee));
        terms = _single(0);
        terms.advanceReserve -= 1;
        _expectRefusal(terms, _feeTooLow(terms.advanceReserve, bounds.minAdvanceReserve));
        terms = _calling(_single(0), address(1), 1000);
        terms.callbackFee -= 1;
        _expectRefusal(terms, _feeTooLow(terms.callbackFee, terms.callbackFee + 1));
        terms = _calling(_single(0), address(1), bounds.maxCallbackGas + 1);
        _expectRefusal(
            terms,
            abi.encodeWithSelector(
                ISingleJobRegistry.CallbackGasTooHigh.selector, terms.callbackGas, bounds.maxCallbackGas
            )
        );
        for (uint256 i = 0; i < 4; ++i) {
            terms = _single(0);
            if (i == 0) terms.callbackFee = 1;
            if (i == 1) terms.provisionalCallback = true;
            if (i == 2) terms.errorCallback = true;
            if (i == 3) (terms.callbackGas, terms.callbackFee) = (1, uint128(bounds.callbackGasPrice));
            _expectRefusal(terms, abi.encodeWithSelector(ISingleJobRegistry.CallbackWithoutTarget.selector));
        }
    }

    function test_refuses_inputs_that_are_not_the_terms() public {
        SingleTerms memory terms = _single(0);
        terms.inputHash = 0;
        _expectRefusal(
            terms, abi.encodeWithSelector(ISingleJobRegistry.InputHashMismatch.selector, 0, keccak256(input))
        );
        terms = _single(0);
        terms.parametersHash = 0;
        _expectRefusal(
            terms, abi.encodeWithSelector(ISingleJobRegistry.ParametersHashMismatch.selector, 0, keccak256(labels))
        );

        terms = _single(0);
        uint256 escrow = single.quote(terms);
        vm.deal(requester, 3 * escrow);
        vm.startPrank(requester);
        vm.expectRevert(ISingleJobRegistry.InputAndUri.selector);
        single.request{value: escrow}(terms, input, labels, "ipfs://input");
        bytes memory large = new bytes(bounds.maxInputBytes + 1);
        vm.expectRevert(
            abi.encodeWithSelector(ISingleJobRegistry.InputTooLarge.selector, large.length, bounds.maxInputBytes)
        );
        single.request{value: escrow}(terms, large, labels, "");
        // Without inline bytes the hash is all there is.
        single.request{value: escrow}(terms, "", labels, "ipfs://input");
        vm.stopPrank();
    }

    function test_refuses_too_little_money_and_other_callers() public {
        SingleTerms memory terms = _single(0);
        uint256 escrow = single.quote(terms);
        vm.deal(requester, escrow);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.InsufficientPayment.selector, escrow, escrow - 1));
        vm.prank(requester);
        single.request{value: escrow - 1}(terms, input, labels, "");
        vm.deal(stranger, escrow);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.NotRequester.selector, stranger, requester));
        vm.prank(stranger);
        single.request{value: escrow}(terms, input, labels, "");
    }

    function test_verifiers_belong_to_proven_jobs_and_must_be_active() public {
        SingleTerms memory terms = _proven(0);
        terms.verifier = address(this);
        _expectRefusal(terms, _notAllowed(address(this)));
        terms = _single(0);
        terms.verifier = address(quorum);
        _expectRefusal(terms, _notAllowed(address(quorum)));
        verifiers.remove(address(quorum));
        _expectRefusal(_proven(0), _notAllowed(address(quorum)));
    }

    function test_cancelling_refunds_all_of_it_until_the_beacon_block() public {
        SingleTerms memory terms = _calling(_single(0), address(1), 1000);
        bytes32 jobId = _ask(terms);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.NotRequester.selector, stranger, requester));
        vm.prank(stranger);
        single.cancel(terms);

        vm.roll(vm.getBlockNumber() + bounds.beaconDelay);
        uint256 escrow = single.quote(terms);
        vm.expectEmit(address(single));
        emit ISingleJobRegistry.JobRefunded(jobId, requester, RefundReason.Cancelled, 0, escrow);
        vm.prank(requester);
        single.cancel(terms);
        assertEq(single.creditOf(refundee), escrow);
        _assertAt(jobId, SinglePhase.Refunded);
        assertEq(uint256(single.stateOf(jobId).refundReason), uint256(RefundReason.Cancelled));

        terms = _single(1);
        jobId = _ask(terms);
        uint256 last = vm.getBlockNumber() + bounds.beaconDelay;
        vm.roll(last + 1);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.TooLate.selector, jobId, last));
        vm.prank(requester);
        single.cancel(terms);
    }

    function test_credit_is_paid_to_its_owner_by_anyone() public {
        SingleTerms memory terms = _single(0);
        _ask(terms);
        vm.prank(requester);
        single.cancel(terms);
        uint256 escrow = single.quote(terms);
        vm.prank(stranger);
        single.withdrawFor(refundee);
        assertEq(refundee.balance, escrow);
        vm.expectRevert(abi.encodeWithSelector(ICredits.NothingToWithdraw.selector, refundee));
        single.withdrawFor(refundee);
    }

    function _window(uint32 window, uint32 minimum, uint32 maximum) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISingleJobRegistry.WindowOutOfRange.selector, window, minimum, maximum);
    }

    function _feeTooLow(uint256 fee, uint256 minimum) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISingleJobRegistry.FeeTooLow.selector, fee, minimum);
    }

    function _notAllowed(address verifier) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISingleJobRegistry.VerifierNotAllowed.selector, verifier);
    }
}

/// @notice As a network is deployed that nobody watches yet.
contract ProvenOnlyTest is SingleFixture {
    function _adjust(DeploymentParameters memory given) internal pure override {
        given.single.optimisticAllowed = false;
    }

    function test_optimistic_jobs_are_refused_and_proven_ones_taken() public {
        SingleTerms memory terms = _single(0);
        uint256 escrow = single.quote(terms);
        vm.deal(requester, escrow);
        vm.expectRevert(ISingleJobRegistry.OptimisticNotAllowed.selector);
        vm.prank(requester);
        single.request{value: escrow}(terms, input, labels, "");
        _assertAt(_ask(_proven(0)), SinglePhase.Requested);
    }
}
