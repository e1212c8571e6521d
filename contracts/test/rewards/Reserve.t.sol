// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredits} from "../../src/accounts/ICredits.sol";
import {ActivityLog} from "../../src/rewards/ActivityLog.sol";
import {IRewardDistributor} from "../../src/rewards/IRewardDistributor.sol";
import {ReenteringOwner, RejectingOwner} from "../stake/Recipients.sol";
import {RewardFixture} from "./RewardFixture.sol";

contract RewardReserveTest is RewardFixture {
    function test_anyone_adds_to_the_reserve() public {
        hoax(stranger, 3 ether);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.Funded(stranger, 3 ether, RESERVE + 3 ether);
        distributor.fund{value: 3 ether}();
        assertEq(distributor.reserve(), RESERVE + 3 ether);
        assertEq(distributor.liabilities(), RESERVE + 3 ether);
        vm.expectRevert(IRewardDistributor.ZeroAmount.selector);
        distributor.fund();
    }

    function test_a_donation_changes_nothing() public {
        uint256 budget = distributor.budget();
        vm.deal(address(distributor), address(distributor).balance + 1e6 ether);
        assertEq(distributor.reserve(), RESERVE);
        assertEq(distributor.budget(), budget);
        assertEq(distributor.liabilities(), RESERVE);
        (bool taken,) = address(distributor).call{value: 1}("");
        assertFalse(taken, "it takes no plain transfers");
    }

    function test_there_is_nothing_to_withdraw_without_a_credit() public {
        vm.expectRevert(abi.encodeWithSelector(ICredits.NothingToWithdraw.selector, alice));
        distributor.withdrawFor(alice);
    }

    function test_an_owner_that_refuses_money_stops_nobody_else_and_keeps_its_credit() public {
        address rejecting = address(new RejectingOwner());
        _credit(rejecting, "rejecting", 3 ether);
        vm.expectRevert(abi.encodeWithSelector(ICredits.TransferFailed.selector, rejecting, 3 ether));
        distributor.withdrawFor(rejecting);
        assertEq(distributor.creditOf(rejecting), 3 ether);
        assertEq(distributor.liabilities(), address(distributor).balance);
    }

    function test_an_owner_that_comes_back_is_paid_once() public {
        ReenteringOwner reentering = new ReenteringOwner(address(distributor));
        reentering.prepare(abi.encodeCall(distributor.withdrawFor, (address(reentering))));
        _credit(address(reentering), "reentering", 3 ether);
        distributor.withdrawFor(address(reentering));
        assertTrue(reentering.reentered());
        assertFalse(reentering.succeeded());
        assertEq(address(reentering).balance, 3 ether);
        assertEq(distributor.liabilities(), address(distributor).balance);
    }

    function test_an_owner_that_claims_while_it_is_paid_gets_nothing_twice() public {
        ReenteringOwner reentering = new ReenteringOwner(address(distributor));
        uint32 id = _credit(address(reentering), "reentering", 3 ether);
        reentering.prepare(abi.encodeCall(distributor.claimTracked, (_batch(_claim(id, 0, 3 ether)))));
        distributor.withdrawFor(address(reentering));
        assertTrue(reentering.succeeded(), "a claim is skipped, not refused");
        assertEq(distributor.creditOf(address(reentering)), 0);
        assertEq(address(reentering).balance, 3 ether);
    }

    function test_its_parts_belong_together() public {
        ActivityLog other = new ActivityLog(jobRegistry, EPOCH_LENGTH + 1);
        _refused(abi.encode(governance, other, executors, staking), "epochLength");
        _refused(abi.encode(governance, activities, address(0), staking), "executors");
        _refused(abi.encode(governance, activities, executors, address(0)), "stakeWeights");
    }

    /// @dev Gives an executor of that owner a credit.
    function _credit(address account, string memory name, uint96 amount) private returns (uint32 id) {
        id = _register(account, name);
        _burn(id, amount);
        _nextEpoch();
        _postAlone(id, amount);
        assertEq(distributor.claimTracked(_batch(_claim(id, 0, amount))), amount);
    }

    function _refused(bytes memory arguments, string memory name) private {
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.InvalidParameter.selector, name));
        _create("RewardDistributor.sol:RewardDistributor", arguments);
    }
}
