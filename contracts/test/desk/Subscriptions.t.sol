// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INonces} from "../../src/accounts/INonces.sol";
import {Subscription} from "../../src/desk/DeskTypes.sol";
import {IJobDesk} from "../../src/desk/IJobDesk.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {DeskFixture} from "./DeskFixture.sol";

contract SubscriptionsTest is DeskFixture {
    Subscription private subscription;
    bytes32 private id;
    uint256 private cost;

    function setUp() public override {
        super.setUp();
        subscription = _subscription();
        cost = jobs.quote(subscription.terms) + FEE;
        id = _subscribe(subscription);
    }

    function _expectNotServable(uint256 interval) private {
        uint256 from = subscription.start + interval * PERIOD;
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.NotServable.selector, id, interval, from, from + PERIOD));
        _serve(subscription, interval);
    }

    function test_each_interval_is_served_within_it_and_once() public {
        _deposit(asker, 10 * cost);
        vm.warp(subscription.start - 1);
        _expectNotServable(0);
        vm.warp(subscription.start);
        bytes32 jobId = _serve(subscription, 0);
        _assertPhase(jobId, Phase.Requested);
        Terms memory terms = subscription.terms;
        terms.nonce = desk.nonceOf(id, 0);
        assertEq(jobId, jobs.jobIdOf(terms), "anyone can compute it");
        vm.expectRevert(abi.encodeWithSelector(INonces.NonceUsed.selector, asker, terms.nonce));
        _serve(subscription, 0);
        _expectNotServable(1);

        vm.warp(subscription.start + 2 * PERIOD - 1);
        _serve(subscription, 1);
        vm.warp(subscription.start + 3 * PERIOD);
        _expectNotServable(2);
        assertEq(desk.accountOf(asker).balance, 8 * cost, "what passes is neither served nor charged");
        assertEq(desk.creditOf(relay), 2 * FEE);
        vm.warp(subscription.start + 10 * PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.IntervalEnded.selector, id, 10, 10));
        _serve(subscription, 10);
    }

    function test_cancelling_acts_from_the_next_interval() public {
        _deposit(asker, 10 * cost);
        vm.warp(subscription.start + PERIOD);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.NotRequester.selector, stranger, asker));
        desk.cancelSubscription(subscription);
        vm.prank(asker);
        desk.cancelSubscription(subscription);
        assertEq(desk.endIntervalOf(id), 2);
        _serve(subscription, 1);
        skip(PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.IntervalEnded.selector, id, 2, 2));
        _serve(subscription, 2);
        vm.prank(asker);
        desk.cancelSubscription(subscription);
        assertEq(desk.endIntervalOf(id), 2, "a second time changes nothing");
        vm.prank(asker);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.InvalidSubscription.selector, "start"));
        desk.subscribe(subscription, input, labels, "");
    }

    function test_cancelled_before_its_start_nothing_is_served_and_it_never_comes_back() public {
        _deposit(asker, 10 * cost);
        vm.prank(asker);
        desk.cancelSubscription(subscription);
        vm.prank(asker);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.AlreadySubscribed.selector, id));
        desk.subscribe(subscription, input, labels, "");
        vm.warp(subscription.start);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.IntervalEnded.selector, id, 0, 0));
        _serve(subscription, 0);
    }

    function test_an_account_that_does_not_reach_is_not_charged() public {
        _deposit(asker, cost - 1);
        vm.warp(subscription.start);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.InsufficientBalance.selector, asker, cost, cost - 1));
        _serve(subscription, 0);
        _deposit(asker, 1);
        _serve(subscription, 0);
    }

    function test_what_is_served_is_what_was_subscribed() public {
        _deposit(asker, 10 * cost);
        vm.warp(subscription.start);
        Subscription memory other = subscription;
        other.serveFee += 1;
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.UnknownSubscription.selector, desk.subscriptionIdOf(other)));
        _serve(other, 0);
        vm.prank(relay);
        vm.expectRevert(
            abi.encodeWithSelector(IJobDesk.InputUriMismatch.selector, keccak256(""), keccak256("ipfs://dead"))
        );
        desk.serve(subscription, 0, "", labels, "ipfs://dead");
    }

    function test_refuses_what_could_never_be_served() public {
        Subscription memory other = subscription;
        other.period = 0;
        _expectInvalid(other, "period");
        other = _subscription();
        other.count = 0;
        _expectInvalid(other, "count");
        other = _subscription();
        other.start = uint64(vm.getBlockTimestamp() - 1);
        _expectInvalid(other, "start");
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.NotRequester.selector, stranger, asker));
        desk.subscribe(subscription, input, labels, "");
    }

    function _expectInvalid(Subscription memory given, string memory field) private {
        vm.prank(asker);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.InvalidSubscription.selector, field));
        desk.subscribe(given, input, labels, "");
    }
}
