// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredits} from "../../src/accounts/ICredits.sol";
import {DeskAccount, Order} from "../../src/desk/DeskTypes.sol";
import {IJobDesk} from "../../src/desk/IJobDesk.sol";
import {JobDesk} from "../../src/desk/JobDesk.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {DeskFixture} from "./DeskFixture.sol";

contract DeskAccountsTest is DeskFixture {
    function test_anyone_pays_into_any_account() public {
        _deposit(asker, 3 ether);
        _deposit(asker, 2 ether);
        assertEq(desk.accountOf(asker).balance, 5 ether);
        assertEq(desk.liabilities(), 5 ether);
        vm.expectRevert(IJobDesk.ZeroAmount.selector);
        desk.deposit(asker);
    }

    function test_a_withdrawal_thaws_first() public {
        _deposit(asker, 3 ether);
        vm.startPrank(asker);
        vm.expectRevert(IJobDesk.ZeroAmount.selector);
        desk.startThaw(0);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.InsufficientBalance.selector, asker, 4 ether, 3 ether));
        desk.startThaw(4 ether);
        desk.startThaw(2 ether);
        vm.stopPrank();
        uint256 thawedAt = vm.getBlockTimestamp() + desk.thawPeriod();
        vm.warp(thawedAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.NotThawed.selector, asker, thawedAt));
        desk.withdrawThawed(asker);
        vm.warp(thawedAt);
        desk.withdrawThawed(asker);
        assertEq(asker.balance, 2 ether);
        assertEq(desk.accountOf(asker).balance, 1 ether);
        assertEq(desk.liabilities(), 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.NothingThawing.selector, asker));
        desk.withdrawThawed(asker);
    }

    /// A requester can't sign orders and take the money away before they are brought.
    function test_orders_draw_on_what_is_thawing() public {
        Order memory order = _order(_askerTerms(0));
        uint256 cost = jobs.quote(order.terms) + FEE;
        _deposit(asker, cost + 1);
        vm.prank(asker);
        desk.startThaw(uint128(cost + 1));
        _bring(order, _sign(order, askerKey));
        skip(desk.thawPeriod());
        desk.withdrawThawed(asker);
        assertEq(asker.balance, 1, "what is left of it");
        assertEq(desk.accountOf(asker).balance, 0);
    }

    function test_a_thaw_can_be_taken_back_and_starts_anew() public {
        _deposit(asker, 3 ether);
        vm.startPrank(asker);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.NothingThawing.selector, asker));
        desk.cancelThaw();
        desk.startThaw(1 ether);
        skip(desk.thawPeriod());
        desk.startThaw(2 ether);
        vm.expectRevert(
            abi.encodeWithSelector(IJobDesk.NotThawed.selector, asker, vm.getBlockTimestamp() + desk.thawPeriod())
        );
        desk.withdrawThawed(asker);
        desk.cancelThaw();
        DeskAccount memory account = desk.accountOf(asker);
        assertEq(account.thawing + account.thawedAt, 0);
    }

    function test_fees_go_to_who_earned_them_and_nobody_can_block_it() public {
        Order memory order = _order(_askerTerms(0));
        _deposit(asker, jobs.quote(order.terms) + FEE);
        _bring(order, _sign(order, askerKey));
        assertEq(desk.creditOf(relay), FEE);
        vm.prank(stranger);
        desk.withdrawFor(relay);
        assertEq(relay.balance, FEE);
        assertEq(desk.liabilities(), 0);
        vm.expectRevert(abi.encodeWithSelector(ICredits.NothingToWithdraw.selector, relay));
        desk.withdrawFor(relay);
    }

    function test_a_donation_changes_nothing() public {
        _deposit(asker, 1 ether);
        vm.deal(address(desk), 100 ether);
        assertEq(desk.accountOf(asker).balance, 1 ether);
        assertEq(desk.liabilities(), 1 ether);
        vm.deal(stranger, 1 ether);
        vm.prank(stranger);
        (bool taken,) = address(desk).call{value: 1 ether}("");
        assertFalse(taken, "only deposits bring money");
    }

    function test_needs_a_registry_and_a_thaw_period() public {
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.InvalidParameter.selector, "jobs"));
        new JobDesk(IJobRegistry(address(0)), 1);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.InvalidParameter.selector, "thawPeriod"));
        new JobDesk(jobs, 0);
    }
}
