// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Channel, ChannelStatus, Claim} from "../../src/channels/ChannelTypes.sol";
import {ChannelHandlers} from "./ChannelHandlers.sol";

/// @notice The invariants C1 to C9 of README.md. A step that fails is a failure, for steps assert, too.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: deep.invariant.fail-on-revert = true
contract ChannelInvariants is ChannelHandlers {
    function setUp() public override {
        super.setUp();
        bytes4[] memory steps = new bytes4[](19);
        steps[0] = this.deposit.selector;
        steps[1] = this.accept.selector;
        steps[2] = this.accept.selector;
        steps[3] = this.accept.selector;
        steps[4] = this.claim.selector;
        steps[5] = this.claim.selector;
        steps[6] = this.thaw.selector;
        steps[7] = this.thaw.selector;
        steps[8] = this.cancelThaw.selector;
        steps[9] = this.withdrawThawed.selector;
        steps[10] = this.closeAsPayer.selector;
        steps[11] = this.closeAsPayee.selector;
        steps[12] = this.withdrawFor.selector;
        steps[13] = this.donate.selector;
        steps[14] = this.pass.selector;
        steps[15] = this.passToEdge.selector;
        steps[16] = this.disturb.selector;
        steps[17] = this.setSessionKey.selector;
        steps[18] = this.claimUnbacked.selector;
        targetSelector(FuzzSelector({addr: address(this), selectors: steps}));
        targetContract(address(this));
    }

    /// C1
    function invariant_the_contract_owes_balances_and_credits_and_holds_them() public view {
        uint256 owed;
        for (uint256 i = 0; i < lanes.length; ++i) {
            owed += lanes[i].last.deposited - lanes[i].last.claimed;
        }
        for (uint256 i = 0; i < accounts.length; ++i) {
            owed += channels.creditOf(accounts[i]);
        }
        assertEq(channels.liabilities(), owed);
        assertEq(address(channels).balance, owed + donated);
        assertEq(paidIn, owed + paidOut);
    }

    /// C2
    function invariant_everyone_was_credited_what_is_theirs() public view {
        for (uint256 i = 0; i < accounts.length; ++i) {
            address account = accounts[i];
            assertEq(channels.creditOf(account) + received[account], earned[account] + returned[account]);
            assertEq(account.balance, received[account]);
            uint256 claimed;
            for (uint256 lane = 0; lane < lanes.length; ++lane) {
                if (lanes[lane].payee == account) claimed += lanes[lane].last.claimed;
            }
            assertEq(earned[account], claimed);
        }
    }

    /// C3. That totals never fall is asserted at every step.
    function invariant_no_more_is_claimed_than_deposited_and_promised() public view {
        for (uint256 i = 0; i < lanes.length; ++i) {
            assertLe(lanes[i].last.claimed, lanes[i].last.deposited);
            assertLe(lanes[i].last.claimed, lanes[i].accepted);
        }
    }

    /// C4. Claims them for real, in a state that is thrown away.
    function invariant_what_a_payee_has_accepted_it_can_claim() public {
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < lanes.length; ++i) {
            uint256 claimed = lanes[i].last.claimed;
            if (lanes[i].accepted <= claimed) continue;
            Claim[] memory claims = _batch(_acceptedVoucher(lanes[i]));
            vm.prank(lanes[i].payee);
            assertEq(channels.claim(lanes[i].payee, claims), lanes[i].accepted - claimed);
        }
        assertTrue(vm.revertToStateAndDelete(snapshot));
    }

    /// C5
    function invariant_backing_lies_between_what_is_claimed_and_what_was_deposited() public view {
        for (uint256 i = 0; i < lanes.length; ++i) {
            Channel memory channel = lanes[i].last;
            uint256 backing = channels.backingOf(lanes[i].id);
            assertGe(backing, channel.claimed);
            assertLe(backing, channel.deposited);
            if (channel.thawEndsAt == 0) assertEq(backing, channel.deposited);
        }
    }

    /// C6. That a channel only moves forward, and a closed one not at all, is asserted at every step.
    function invariant_a_closed_channel_is_empty() public view {
        for (uint256 i = 0; i < lanes.length; ++i) {
            Channel memory channel = lanes[i].last;
            if (channel.status != ChannelStatus.Closed) continue;
            assertEq(channel.deposited, channel.claimed);
            assertEq(uint256(channel.thawEndsAt) + channel.thawing, 0);
        }
    }

    /// C8
    function invariant_getters_never_revert() public view {
        _everything();
        channels.channelOf("unknown");
        channels.backingOf("unknown");
        channels.creditOf(address(0));
        channels.claimerOf(address(0));
        channels.channelIdOf(address(0), address(0), 0);
        channels.voucherDigest("unknown", type(uint128).max, 0);
        channels.verifyReceipt(0, 0, new bytes32[](0));
        channels.parameters();
        channels.eip712Domain();
    }

    /// C9. After each run, payers alone get out what their payees have not claimed, and nothing but donations stays.
    function afterInvariant() public {
        for (uint256 i = 0; i < lanes.length; ++i) {
            if (lanes[i].last.status != ChannelStatus.Open) continue;
            vm.prank(lanes[i].payer);
            channels.thaw(lanes[i].payee, lanes[i].nonce, type(uint96).max);
        }
        _observe();
        vm.warp(vm.getBlockTimestamp() + parameters.thawPeriod);
        for (uint256 i = 0; i < lanes.length; ++i) {
            closeAsPayer(i);
            assertTrue(lanes[i].last.status == ChannelStatus.Closed, "a channel is stuck");
        }
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (channels.creditOf(accounts[i]) != 0) channels.withdrawFor(accounts[i]);
        }
        assertEq(channels.liabilities(), 0);
        assertEq(address(channels).balance, donated);
    }
}
