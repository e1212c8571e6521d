// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RefundReason} from "../../src/jobs/JobTypes.sol";
import {ISingleJobRegistry} from "../../src/single/ISingleJobRegistry.sol";
import {Record, Scheduler, SinglePhase, SingleTerms} from "../../src/single/SingleTypes.sol";
import {Reply} from "../jobs/JobFixture.sol";
import {SingleFixture} from "./SingleFixture.sol";

contract RoundRobinTest is SingleFixture {
    function _turns(uint256 nonce) private view returns (SingleTerms memory terms) {
        terms = _single(nonce);
        terms.scheduler = Scheduler.RoundRobin;
    }

    function test_equals_are_drawn_equally_often_without_chance() public {
        uint256[6] memory drawn;
        uint256 repeats;
        uint32 last;
        for (uint256 nonce = 0; nonce < 50; ++nonce) {
            (, uint32 id) = _askDrawable(_turns(nonce));
            ++drawn[id];
            if (id == last) ++repeats;
            last = id;
        }
        for (uint256 id = 1; id <= 5; ++id) {
            assertApproxEqAbs(drawn[id], 10, 1, "one turn more or less");
        }
        assertEq(repeats, 0, "nobody twice in a row");
        assertEq(single.turnsOf(executors.offeringKeyOf(modelId, VERSION, RUNTIME_CLASS, 0)), 50);
    }

    function test_who_has_more_at_stake_has_more_turns() public {
        vm.deal(address(this), 5 * STAKE);
        staking.stake{value: 5 * STAKE}(3);
        executors.refreshWeights(3);
        _nextEpoch();
        uint256 turns;
        for (uint256 nonce = 0; nonce < 40; ++nonce) {
            (, uint32 id) = _askDrawable(_turns(nonce));
            if (id == 3) ++turns;
        }
        // Six of ten parts.
        assertApproxEqAbs(turns, 24, 1);
    }

    function test_the_drawn_answers_and_who_can_not_is_skipped() public {
        SingleTerms memory terms = _turns(0);
        (bytes32 jobId, uint32 id) = _askDrawable(terms);
        _leave(id);
        (uint32 next,) = single.drawnOf(terms);
        assertTrue(next != 0 && next != id);
        Record memory record = _submit(terms, next, _honest());
        _afterWindow(record);
        _finalize(jobId, record, _honest());
        _assertAt(jobId, SinglePhase.Final);
    }

    /// Weights that change after the request, in its own epoch, would else decide whom the turn falls on in the next.
    function test_stake_that_comes_after_the_request_moves_no_turn() public {
        _ask(_turns(0));
        SingleTerms memory terms = _turns(1);
        (, uint32 id) = _askDrawable(terms);
        vm.deal(address(this), 2 * STAKE);
        staking.stake{value: 2 * STAKE}(1);
        executors.refreshWeights(1);
        _nextEpoch();
        (uint32 drawn,) = single.drawnOf(terms);
        assertEq(drawn, id);
    }

    function test_no_turn_is_taken_by_other_schedulers() public {
        _ask(_single(0));
        assertEq(single.turnsOf(executors.offeringKeyOf(modelId, VERSION, RUNTIME_CLASS, 0)), 0);
    }
}

contract ReverseAuctionTest is SingleFixture {
    function _bid(SingleTerms memory terms, uint32 id, uint128 price) private {
        vm.prank(_hot(id));
        single.bid(terms, price);
    }

    function test_the_lowest_bid_has_the_seat_and_is_paid_what_it_asked() public {
        SingleTerms memory terms = _auction(0);
        bytes32 jobId = _ask(terms);
        _bid(terms, 1, PRICE);
        _bid(terms, 2, PRICE - 1);
        assertEq(staking.accountOf(1).inFlight, 0, "outbid, released");
        assertEq(staking.accountOf(2).inFlight, 1);
        (uint32 id, uint128 fee) = single.drawnOf(terms);
        assertEq(id, 2);
        assertEq(fee, uint256(PRICE - 1) * UNITS);

        _toBeacon();
        uint256 end = single.stateOf(jobId).requestTime + terms.bidWindow;
        Reply memory reply = _honest();
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.NotBefore.selector, jobId, end));
        vm.prank(_hot(2));
        single.submit(terms, reply.result, reply.vector, _anyVif(2));

        vm.warp(end + 1);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.TooLate.selector, jobId, end));
        _bid(terms, 3, 1);
        Record memory record = _submit(terms, 2, reply);
        assertEq(record.fee, fee);
        _afterWindow(record);
        _finalize(jobId, record, reply);
        (uint256 payment,) = _split(fee);
        assertEq(staking.accountOf(2).earnings, payment);
    }

    function test_bids_must_be_lower_within_bounds_and_of_who_serves() public {
        SingleTerms memory terms = _auction(0);
        bytes32 jobId = _ask(terms);
        uint256 maximum = uint256(terms.maxPricePerUnit) * UNITS;
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.BidTooHigh.selector, jobId, maximum + UNITS, maximum));
        _bid(terms, 1, terms.maxPricePerUnit + 1);
        _bid(terms, 1, terms.maxPricePerUnit);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.BidTooHigh.selector, jobId, maximum, maximum));
        _bid(terms, 2, terms.maxPricePerUnit);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.FeeTooLow.selector, UNITS, bounds.minFee));
        _bid(terms, 2, 1);
        uint32 idle = _addExecutor(STAKE, PRICE, CAPACITY);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.NotEligible.selector, jobId, idle));
        _bid(terms, idle, PRICE);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.NotExecutor.selector, stranger));
        vm.prank(stranger);
        single.bid(terms, PRICE);
        _leave(2);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.NotEligible.selector, jobId, uint32(2)));
        _bid(terms, 2, PRICE);
    }

    function test_a_bidder_can_lower_its_own_bid() public {
        SingleTerms memory terms = _auction(0);
        _ask(terms);
        _bid(terms, 1, PRICE);
        _bid(terms, 1, PRICE / 2);
        assertEq(staking.accountOf(1).inFlight, 1);
        assertEq(staking.accountOf(1).locked, uint256(PRICE / 2) * UNITS * bounds.lockMultiplierBps / 10_000);
    }

    function test_bids_belong_to_auctions_and_can_not_be_taken_back() public {
        SingleTerms memory terms = _single(0);
        bytes32 jobId = _ask(terms);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongScheduler.selector, jobId));
        _bid(terms, 1, PRICE);
        terms = _auction(1);
        jobId = _ask(terms);
        _bid(terms, 1, PRICE);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongScheduler.selector, jobId));
        vm.prank(_hot(1));
        single.decline(terms);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Drawn));
        vm.prank(requester);
        single.cancel(terms);
    }

    function test_without_a_bid_the_requester_is_refunded() public {
        SingleTerms memory terms = _auction(0);
        bytes32 jobId = _ask(terms);
        _toBeacon();
        Reply memory reply = _honest();
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Requested));
        vm.prank(_hot(1));
        single.submit(terms, reply.result, reply.vector, _anyVif(1));
        uint256 end = single.stateOf(jobId).requestTime + terms.bidWindow;
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.NotBefore.selector, jobId, end));
        single.advanceJob(terms);
        vm.warp(end + 1);
        _advance(terms);
        assertEq(uint256(single.stateOf(jobId).refundReason), uint256(RefundReason.NoCommittee));
    }

    function test_a_winner_that_fails_is_taken_over_and_has_missed() public {
        SingleTerms memory terms = _auction(0);
        bytes32 jobId = _ask(terms);
        _toBeacon();
        _bid(terms, 1, PRICE / 2);
        vm.warp(single.stateOf(jobId).deadline + 1);
        uint256 before = staking.accountOf(1).reputation;
        Record memory record = _submit(terms, 2, _honest());
        assertEq(record.fee, SEAT_FEE, "at its own price");
        assertLt(staking.accountOf(1).reputation, before);
    }
}
