// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {JobFixture, Reply} from "./JobFixture.sol";

contract BatchTest is JobFixture {
    /// @dev Of one seat: its executor is the whole committee.
    function _single(uint256 nonce) private view returns (Terms memory terms) {
        terms = _terms(nonce);
        (terms.committeeSize, terms.quorum) = (1, 1);
    }

    function test_commitments_and_openings_of_many_jobs_go_in_one_transaction_each() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        _commit(terms, committee[0], _honest());
        _commit(terms, committee[1], _honest());

        // The third seat commits in two jobs at once, and opens both.
        Terms memory second;
        bytes32 secondId;
        for (uint256 nonce = 1; secondId == 0; ++nonce) {
            (bytes32 id, uint32[] memory drawn) = _requestDrawable(_single(nonce));
            if (drawn[0] == committee[2]) (second, secondId) = (_single(nonce), id);
        }
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IJobRegistry.commit, (jobId, _commitment(terms, committee[2], _honest())));
        calls[1] = abi.encodeCall(IJobRegistry.drawAndCommit, (second, _commitment(second, committee[2], _honest())));
        vm.startPrank(_signer(committee[2]));
        _assertAll(jobs.batch(calls));
        _assertPhase(jobId, Phase.Revealing);
        _assertPhase(secondId, Phase.Revealing);

        Reply memory reply = _honest();
        bytes32 salt = _salt(committee[2]);
        calls[0] = abi.encodeCall(IJobRegistry.reveal, (jobId, 2, reply.result, reply.vector, salt));
        calls[1] = abi.encodeCall(IJobRegistry.reveal, (secondId, 0, reply.result, reply.vector, salt));
        _assertAll(jobs.batch(calls));
        assertEq(jobs.jobState(jobId).revealed, 4);
        assertEq(jobs.jobState(secondId).revealed, 1);
    }

    function test_a_call_that_reverts_keeps_none_of_the_others_from_being_made() public {
        Terms memory first = _terms(0);
        Terms memory third = _terms(1);
        _request(first);
        _request(third);
        bytes[] memory calls = new bytes[](4);
        calls[0] = abi.encodeCall(IJobRegistry.cancel, (first));
        calls[1] = abi.encodeCall(IJobRegistry.cancel, (first));
        calls[2] = hex"deadbeef";
        calls[3] = abi.encodeCall(IJobRegistry.cancel, (third));
        vm.prank(requester);
        bool[] memory succeeded = jobs.batch(calls);
        assertTrue(succeeded[0] && !succeeded[1] && !succeeded[2] && succeeded[3]);
        _assertPhase(jobs.jobIdOf(first), Phase.Refunded);
        _assertPhase(jobs.jobIdOf(third), Phase.Refunded);
    }

    function test_a_batch_is_its_callers_and_nobody_elses() public {
        Terms memory terms = _terms(0);
        bytes32 jobId = _request(terms);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(IJobRegistry.cancel, (terms));
        vm.prank(stranger);
        assertFalse(jobs.batch(calls)[0]);
        _assertPhase(jobId, Phase.Requested);
    }

    /// Else one value would pay for many jobs.
    function test_a_batch_takes_no_value_and_requests_nothing() public {
        Terms memory terms = _terms(0);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(IJobRegistry.request, (terms, input, labels, ""));
        uint256 escrow = jobs.quote(terms);
        vm.deal(requester, escrow);
        vm.startPrank(requester);
        (bool taken,) = address(jobs).call{value: escrow}(abi.encodeCall(IJobRegistry.batch, (calls)));
        assertFalse(taken);
        assertFalse(jobs.batch(calls)[0]);
    }

    function _assertAll(bool[] memory succeeded) private pure {
        for (uint256 i; i < succeeded.length; ++i) {
            assertTrue(succeeded[i]);
        }
    }
}
