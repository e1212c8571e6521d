// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredits} from "../../src/accounts/ICredits.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Terms} from "../../src/jobs/JobTypes.sol";
import {JobFixture} from "./JobFixture.sol";

/// @notice An account that takes money only when it wants to, and may try to be paid twice.
contract Receiver {
    IJobRegistry private immutable registry;
    bool public accepts;
    bool public greedy;
    bool public paidTwice;

    constructor(IJobRegistry registry_) {
        registry = registry_;
    }

    function set(bool accepts_, bool greedy_) external {
        (accepts, greedy) = (accepts_, greedy_);
    }

    receive() external payable {
        require(accepts, "no");
        if (greedy) (paidTwice,) = address(registry).call(abi.encodeCall(ICredits.withdrawFor, (address(this))));
    }
}

contract EscrowTest is JobFixture {
    function _credit(address account) private returns (uint256 amount) {
        Terms memory terms = _terms(uint256(uint160(account)));
        terms.refundTo = account;
        amount = jobs.quote(terms);
        _request(terms);
        vm.prank(requester);
        jobs.cancel(terms);
    }

    function test_anyone_withdraws_for_anyone() public {
        uint256 amount = _credit(refundee);
        vm.expectEmit(address(jobs));
        emit ICredits.Withdrawn(refundee, amount);
        vm.prank(stranger);
        jobs.withdrawFor(refundee);
        assertEq(refundee.balance, amount);
        assertEq(jobs.creditOf(refundee) + address(jobs).balance, 0);
        vm.expectRevert(abi.encodeWithSelector(ICredits.NothingToWithdraw.selector, refundee));
        jobs.withdrawFor(refundee);
    }

    function test_a_refused_transfer_keeps_the_credit() public {
        Receiver receiver = new Receiver(jobs);
        uint256 amount = _credit(address(receiver));
        vm.expectRevert(abi.encodeWithSelector(ICredits.TransferFailed.selector, address(receiver), amount));
        jobs.withdrawFor(address(receiver));
        assertEq(jobs.creditOf(address(receiver)), amount);

        receiver.set(true, false);
        jobs.withdrawFor(address(receiver));
        assertEq(address(receiver).balance, amount);
    }

    function test_a_reentering_receiver_is_paid_once() public {
        _credit(refundee);
        Receiver receiver = new Receiver(jobs);
        uint256 amount = _credit(address(receiver));
        receiver.set(true, true);
        jobs.withdrawFor(address(receiver));
        assertFalse(receiver.paidTwice());
        assertEq(address(receiver).balance, amount);
        assertEq(address(jobs).balance, jobs.creditOf(refundee));
    }

    function test_takes_no_plain_transfers() public {
        vm.deal(address(this), 1);
        (bool sent,) = address(jobs).call{value: 1}("");
        assertFalse(sent);
    }
}
