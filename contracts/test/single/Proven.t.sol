// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {CallbackStatus} from "../../src/jobs/JobTypes.sol";
import {ISingleJobRegistry} from "../../src/single/ISingleJobRegistry.sol";
import {Record, SinglePhase, SingleTerms} from "../../src/single/SingleTypes.sol";
import {Target} from "../jobs/Callback.t.sol";
import {Reply} from "../jobs/JobFixture.sol";
import {SingleFixture} from "./SingleFixture.sol";

contract ProvenTest is SingleFixture {
    function _expectRefused(SingleTerms memory terms, uint32 id, Reply memory reply, bytes memory proof) private {
        bytes32 jobId = single.jobIdOf(terms);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.ProofRefused.selector, jobId, address(quorum)));
        vm.prank(_hot(id));
        single.submitProven(terms, reply.result, reply.vector, proof);
    }

    function test_a_proven_answer_is_final_at_once_and_everyone_is_paid() public {
        Target target = new Target(IJobRegistry(address(single)));
        SingleTerms memory terms = _calling(_proven(0), address(target), 300_000);
        (bytes32 jobId, uint32 id) = _askDrawable(terms);
        Record memory record = _prove(terms, id, _honest());
        _assertAt(jobId, SinglePhase.Final);
        (uint256 payment, uint256 burned) = _split(SEAT_FEE);
        assertEq(staking.accountOf(id).earnings, payment);
        assertEq(staking.accountOf(id).inFlight, 0);
        assertEq(single.creditOf(_hot(id)), terms.dispatchFee + terms.callbackFee);
        assertEq(target.lastResult(), _honest().result);
        assertEq(uint256(single.stateOf(jobId).callbackStatus), uint256(CallbackStatus.Delivered));
        assertTrue(single.verifyResult(jobId, record, _honest().result, keccak256(_honest().vector)));
        assertEq(address(single).balance, single.creditOf(_hot(id)) + single.creditOf(refundee) + burned);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Final));
        _challenge(terms, record);
    }

    function test_a_failed_callback_is_retried_with_the_record() public {
        Target target = new Target(IJobRegistry(address(single)));
        target.behave(Target.Manner.Revert);
        SingleTerms memory terms = _calling(_proven(0), address(target), 300_000);
        (bytes32 jobId, uint32 id) = _askDrawable(terms);
        Record memory record = _prove(terms, id, _honest());
        target.behave(Target.Manner.Accept);
        single.retryCallback(jobId, record, _honest().result, keccak256(_honest().vector));
        assertEq(target.results(), 1);
    }

    function test_a_proof_is_for_one_job_executor_and_answer() public {
        SingleTerms memory terms = _proven(0);
        (bytes32 jobId, uint32 id) = _askDrawn(terms);
        bytes memory proof = _proof(terms, id, _honest());
        _expectRefused(terms, id, _cheat(), proof);
        _expectRefused(terms, id, _honest(), "");
        _expectRefused(terms, id, _honest(), _proof(_proven(1), id, _honest()));
        vm.warp(single.stateOf(jobId).deadline + 1);
        // Copied in the open phase: the proof names the other.
        _expectRefused(terms, _other(id), _honest(), proof);
        vm.prank(_hot(id));
        single.submitProven(terms, _honest().result, _honest().vector, proof);
        _assertAt(jobId, SinglePhase.Final);
    }

    function test_the_registry_of_another_deployment_takes_no_such_proof() public {
        SingleTerms memory terms = _proven(0);
        (, uint32 id) = _askDrawable(terms);
        vm.chainId(block.chainid + 1);
        bytes memory proof = _proof(terms, id, _honest());
        vm.chainId(block.chainid - 1);
        _expectRefused(terms, id, _honest(), proof);
    }

    function test_a_verifier_that_is_removed_pays_nobody_and_the_job_is_refunded() public {
        SingleTerms memory terms = _proven(0);
        (bytes32 jobId, uint32 id) = _askDrawn(terms);
        bytes memory proof = _proof(terms, id, _honest());
        verifiers.remove(address(quorum));
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.VerifierNotAllowed.selector, address(quorum)));
        vm.prank(_hot(id));
        single.submitProven(terms, _honest().result, _honest().vector, proof);
        vm.warp(single.stateOf(jobId).deadline + terms.takeoverWindow + 1);
        _advance(terms);
        _assertAt(jobId, SinglePhase.Refunded);
    }

    function test_needs_no_vrf_key_and_no_beacon_once_drawn() public {
        uint32 newcomer = _addExecutor(STAKE, PRICE, CAPACITY);
        _nextEpoch();
        SingleTerms memory terms = _proven(0);
        (bytes32 jobId,) = _askDrawn(terms);
        vm.roll(vm.getBlockNumber() + 300);
        vm.warp(single.stateOf(jobId).deadline + 1);
        if (single.stateOf(jobId).executorId == newcomer) newcomer = 1;
        _prove(terms, newcomer, _honest());
        _assertAt(jobId, SinglePhase.Final);
    }

    function test_tiers_are_not_mixed_up() public {
        SingleTerms memory terms = _proven(0);
        (bytes32 jobId, uint32 id) = _askDrawable(terms);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongTier.selector, jobId));
        vm.prank(_hot(id));
        single.submit(terms, "", "", _anyVif(id));
    }
}
