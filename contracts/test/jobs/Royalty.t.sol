// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DeploymentParameters} from "../../script/DeploymentParameters.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Answer, Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {JobFixture} from "./JobFixture.sol";

contract RoyaltyTest is JobFixture {
    uint64 private constant DELAY = 1 hours;
    address private immutable receiver = makeAddr("royalty receiver");

    function _adjust(DeploymentParameters memory given) internal pure override {
        given.modelChangeDelay = DELAY;
    }

    function _announce(uint16 bps) private {
        vm.prank(publisher);
        all.models.announceRoyalty(modelId, receiver, bps);
    }

    function test_the_publisher_gets_its_part_of_each_agreeing_seats_fee() public {
        _announce(333);
        skip(DELAY);
        Terms memory terms = _terms(0);
        uint256 escrow = jobs.quote(terms);
        (bytes32 jobId, uint32[] memory committee, Answer[] memory answers) = _requestRevealed(terms, _cheat());
        uint256 royalty = SEAT_FEE * 333 / 10_000;
        vm.expectEmit(address(jobs));
        emit IJobRegistry.Credited(receiver, jobId, 2 * royalty);
        _resolve(terms, answers);

        assertEq(jobs.creditOf(receiver), 2 * royalty, "of the two that agree");
        (uint256 payment,) = _split(SEAT_FEE);
        assertEq(staking.accountOf(committee[0]).earnings, payment - royalty);
        assertEq(staking.accountOf(committee[2]).earnings, 0);
        assertEq(jobs.creditOf(refundee), escrow - 2 * SEAT_FEE - terms.dispatchFee, "the requester pays no more");
        jobs.withdrawFor(receiver);
        assertEq(receiver.balance, 2 * royalty);
    }

    function test_what_is_announced_acts_after_the_delay_on_what_is_settled_from_then_on() public {
        _announce(1000);
        (, uint32[] memory committee, Answer[] memory answers) = _requestRevealed(_terms(0), _honest());
        _resolve(_terms(0), answers);
        assertEq(jobs.creditOf(receiver), 0);
        (, committee, answers) = _requestRevealed(_terms(1), _honest());
        skip(DELAY);
        _resolve(_terms(1), answers);
        assertEq(jobs.creditOf(receiver), 3 * SEAT_FEE / 10);
    }

    function test_a_job_without_a_result_pays_no_royalty() public {
        _announce(1000);
        skip(DELAY);
        Terms memory terms = _terms(0);
        (terms.committeeSize, terms.quorum) = (2, 2);
        (bytes32 jobId,, Answer[] memory answers) = _requestRevealed(terms, _cheat());
        _resolve(terms, answers);
        _assertPhase(jobId, Phase.Refunded);
        assertEq(jobs.creditOf(receiver), 0);
    }

    /// Rounding never costs anybody else: payment, fee and royalty are the seat's fee.
    function testFuzz_the_seats_fee_is_divided_whole(uint16 bps, uint96 price) public {
        bps = uint16(bound(bps, 0, all.models.MAX_ROYALTY_BPS()));
        price = uint96(bound(price, PRICE / 10, 2 * PRICE));
        for (uint32 id = 1; id <= 5; ++id) {
            _offer(id, price, CAPACITY);
        }
        _announce(bps);
        skip(DELAY);
        _nextEpoch();
        Terms memory terms = _terms(0);
        uint256 escrow = jobs.quote(terms);
        (, uint32[] memory committee, Answer[] memory answers) = _requestRevealed(terms, _honest());
        uint256 before = address(jobs).balance;
        _resolve(terms, answers);
        uint256 fee = jobs.jobState(jobs.jobIdOf(terms)).seatFee;
        (, uint256 burned) = _split(fee);
        uint256 earned = staking.accountOf(committee[0]).earnings;
        assertEq(earned + burned + fee * bps / 10_000, fee);
        assertEq(address(jobs).balance, before - 3 * earned);
        assertEq(
            jobs.creditOf(refundee) + jobs.creditOf(stranger) + jobs.creditOf(receiver) + 3 * (burned + earned), escrow
        );
    }
}
