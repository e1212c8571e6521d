// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Answer, Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {IStaking} from "../../src/stake/IStaking.sol";
import {JobFixture} from "./JobFixture.sol";

contract PrivatePoolsTest is JobFixture {
    address private immutable admin = makeAddr("pool admin");
    uint64 private pool;

    function _executorCount() internal pure override returns (uint256) {
        return 6;
    }

    /// @dev The first three executors are the pool's.
    function setUp() public override {
        super.setUp();
        vm.startPrank(admin);
        pool = executors.createPool(true);
        for (uint32 id = 1; id <= 3; ++id) {
            executors.listExecutor(pool, id, true);
        }
        vm.stopPrank();
        for (uint32 id = 1; id <= 3; ++id) {
            vm.prank(executors.ownerOf(id));
            executors.setOffering(modelId, VERSION, RUNTIME_CLASS, pool, PRICE, CAPACITY);
        }
        _nextEpoch();
    }

    function _privateTerms(uint256 nonce) private view returns (Terms memory terms) {
        terms = _terms(nonce);
        terms.pool = pool;
    }

    function _admit() private {
        vm.prank(admin);
        executors.listRequester(pool, requester, true);
    }

    function test_only_admitted_requesters_ask_in_a_pool_that_lists_them() public {
        Terms memory terms = _privateTerms(0);
        uint256 escrow = jobs.quote(terms);
        vm.deal(requester, escrow);
        vm.prank(requester);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotAdmittedToPool.selector, pool, requester));
        jobs.request{value: escrow}(terms, input, labels, "");
        _admit();
        _request(terms);
    }

    function test_a_private_job_never_leaves_its_pool() public {
        _admit();
        for (uint256 nonce; nonce < 8; ++nonce) {
            (, uint32[] memory committee) = _requestDrawable(_privateTerms(nonce));
            for (uint256 seat; seat < 3; ++seat) {
                assertLe(committee[seat], 3);
            }
        }
    }

    function test_a_private_job_pays_but_earns_no_reputation_and_no_emission() public {
        _admit();
        Terms memory terms = _privateTerms(0);
        (bytes32 jobId, uint32[] memory committee, Answer[] memory answers) = _requestRevealed(terms, _cheat());
        _resolve(terms, answers);
        _assertPhase(jobId, Phase.Resolved);
        (uint256 payment,) = _split(SEAT_FEE);
        for (uint256 seat; seat < 3; ++seat) {
            IStaking.Account memory account = staking.accountOf(committee[seat]);
            assertEq(account.earnings, seat < 2 ? payment : 0);
            assertEq(account.reputation, 500_000, "neither gained nor lost");
            assertEq(account.cleanJobs, 0);
            assertEq(account.inFlight, 0);
            assertEq(all.activity.activityOf(committee[seat], all.activity.currentEpoch()).drawn, 0);
        }
    }

    function test_a_public_job_is_recorded_for_emission() public {
        Terms memory terms = _terms(0);
        (, uint32[] memory committee, Answer[] memory answers) = _requestRevealed(terms, _cheat());
        _resolve(terms, answers);
        (, uint256 burned) = _split(SEAT_FEE);
        uint64 epoch = all.activity.currentEpoch();
        assertEq(all.activity.activityOf(committee[0], epoch).agreed, 1);
        assertEq(all.activity.activityOf(committee[0], epoch).burned, burned);
        assertEq(all.activity.activityOf(committee[2], epoch).drawn, 1);
        assertEq(all.activity.activityOf(committee[2], epoch).agreed, 0);
    }
}
