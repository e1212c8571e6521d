// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DeploymentParameters} from "../../script/DeploymentParameters.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Answer, Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {JobFixture, Reply} from "./JobFixture.sol";

/// @notice Seven different answers of the most bytes that any deployment may allow must fit into a transaction, or
/// executors could make a job unresolvable.
contract LargestAnswersTest is JobFixture {
    uint256 private constant TRANSACTION_GAS_LIMIT = 16_777_216;
    uint256 private constant SCORES = (16_384 - 96) / 32;

    function _adjust(DeploymentParameters memory given) internal pure override {
        given.jobs.maxResultBytes = 16_384;
    }

    function _dimension() internal pure override returns (uint16) {
        return 1024;
    }

    function _executorCount() internal pure override returns (uint256) {
        return 7;
    }

    /// @dev Answers that agree though no byte of them need be the same: each pair is compared in full.
    function _largest(uint256 seat) private pure returns (Reply memory reply) {
        int32[] memory scores = new int32[](SCORES);
        for (uint256 i = 0; i < SCORES; ++i) {
            // No byte of a negative score is zero.
            scores[i] = -int32(uint32(0x11111111 + i)) - int32(uint32(seat));
        }
        reply.result = abi.encode(uint16(0), scores);
        reply.vector = new bytes(2048);
        for (uint256 i = 0; i < reply.vector.length; ++i) {
            reply.vector[i] = 0x41;
        }
        reply.vector[2 * seat + 1] = 0x42;
    }

    /// forge-config: default.isolate = true
    function test_seven_different_answers_of_the_most_bytes_resolve() public {
        Terms memory terms = _terms(0);
        (terms.committeeSize, terms.quorum) = (7, 6);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        Answer[] memory answers = new Answer[](7);
        for (uint256 seat = 0; seat < 7; ++seat) {
            Reply memory reply = _largest(seat);
            assertEq(reply.result.length, 16_384);
            _commit(terms, committee[seat], reply);
            answers[seat] = _answer(seat, reply);
        }
        for (uint256 seat = 0; seat < 6; ++seat) {
            _reveal(terms, committee[seat], _largest(seat));
        }
        bytes memory call = abi.encodeCall(IJobRegistry.revealAndResolve, (terms, 6, _salt(committee[6]), 6, answers));
        vm.prank(_signer(committee[6]));
        (bool done,) = address(jobs).call(call);
        assertTrue(done);
        uint256 used = vm.lastCallGas().gasTotalUsed;
        vm.snapshotValue("jobs", "resolve_7_largest_answers", used);
        assertLe(used, TRANSACTION_GAS_LIMIT);
        _assertPhase(jobId, Phase.Resolved);
        assertEq(jobs.jobState(jobId).agreeing, 0x7f);
    }
}
