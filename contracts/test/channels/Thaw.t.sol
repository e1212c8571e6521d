// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredits} from "../../src/accounts/ICredits.sol";
import {ChannelStatus, Claim, SkipReason} from "../../src/channels/ChannelTypes.sol";
import {IPaymentChannels} from "../../src/channels/IPaymentChannels.sol";
import {ChannelFixture} from "./ChannelFixture.sol";
import {Receiver} from "./Wallets.sol";

/// @notice How money comes back to the payer: thaws, closes, credits.
contract ChannelThawTest is ChannelFixture {
    uint256 private endsAt;
    uint256 private expiresAt;

    function setUp() public override {
        super.setUp();
        _deposit(10 ether);
        endsAt = block.timestamp + parameters.thawPeriod;
        expiresAt = endsAt + parameters.withdrawalPeriod;
    }

    // ---------------------------------------------------------------- thaw

    function test_thawed_wei_are_taken_after_the_period() public {
        vm.expectEmit(address(channels));
        emit IPaymentChannels.ThawStarted(id, 4 ether, endsAt);
        _thaw(4 ether);
        assertEq(channels.channelOf(id).thawing, 4 ether);
        assertEq(channels.channelOf(id).thawEndsAt, endsAt);

        vm.warp(endsAt - 1);
        _expectRevert(IPaymentChannels.ThawNotOver.selector, endsAt);
        _withdrawThawed();
        vm.warp(endsAt);
        vm.expectEmit(address(channels));
        emit IPaymentChannels.ThawWithdrawn(id, payer, 4 ether);
        _withdrawThawed();
        _assertChannel(6 ether, 0, ChannelStatus.Open);
        assertEq(channels.creditOf(payer), 4 ether);
        assertEq(channels.liabilities(), 10 ether);
        _expectRevert(IPaymentChannels.NoThaw.selector);
        _withdrawThawed();
    }

    function test_an_unclaimed_thaw_expires() public {
        _thaw(4 ether);
        vm.warp(expiresAt - 1);
        assertEq(channels.backingOf(id), 6 ether);
        vm.warp(expiresAt);
        assertEq(channels.backingOf(id), 10 ether);
        _expectRevert(IPaymentChannels.ThawExpired.selector, expiresAt);
        _withdrawThawed();
        _expectRevert(IPaymentChannels.ThawExpired.selector, expiresAt);
        _closeAsPayer();
        // The next one takes its whole time again.
        _thaw(4 ether);
        _expectRevert(IPaymentChannels.ThawNotOver.selector, block.timestamp + parameters.thawPeriod);
        _withdrawThawed();
    }

    function test_the_last_second_before_expiry_counts() public {
        _thaw(4 ether);
        vm.warp(expiresAt - 1);
        _withdrawThawed();
        assertEq(channels.creditOf(payer), 4 ether);
    }

    function test_until_the_end_vouchers_are_paid_from_thawing_wei_too() public {
        _thaw(4 ether);
        vm.warp(endsAt - 1);
        assertEq(_claim(_voucher(9 ether)), 9 ether);
        vm.warp(endsAt);
        _withdrawThawed();
        assertEq(channels.creditOf(payer), 1 ether, "what was left of it");
        _assertChannel(9 ether, 9 ether, ChannelStatus.Open);
    }

    function test_a_thaw_that_vouchers_used_up_pays_nothing() public {
        _thaw(4 ether);
        _claim(_voucher(10 ether));
        vm.warp(endsAt);
        _withdrawThawed();
        assertEq(channels.creditOf(payer), 0);
        _expectRevert(IPaymentChannels.NoThaw.selector);
        _withdrawThawed();
    }

    function test_thawing_wei_back_no_new_vouchers() public {
        _thaw(4 ether);
        assertEq(channels.backingOf(id), 6 ether);
        _claim(_voucher(8 ether));
        assertEq(channels.backingOf(id), 8 ether, "what is claimed has all the backing it needs");
        vm.prank(payer);
        channels.cancelThaw(payee, NONCE);
        assertEq(channels.backingOf(id), 10 ether);
    }

    function test_a_voucher_within_the_backing_is_paid_after_the_withdrawal() public {
        _thaw(4 ether);
        Claim memory voucher = _voucher(uint128(channels.backingOf(id)));
        vm.warp(endsAt);
        _withdrawThawed();
        assertEq(_claim(voucher), 6 ether);
    }

    function test_a_new_thaw_replaces_the_old_and_starts_anew() public {
        _thaw(4 ether);
        vm.warp(endsAt - 1);
        _thaw(5 ether);
        vm.warp(endsAt);
        _expectRevert(IPaymentChannels.ThawNotOver.selector, endsAt - 1 + parameters.thawPeriod);
        _withdrawThawed();
        vm.warp(endsAt - 1 + parameters.thawPeriod);
        _withdrawThawed();
        assertEq(channels.creditOf(payer), 5 ether);
    }

    function test_a_cancelled_thaw_pays_nothing() public {
        _thaw(4 ether);
        vm.expectEmit(address(channels));
        emit IPaymentChannels.ThawCancelled(id);
        vm.prank(payer);
        channels.cancelThaw(payee, NONCE);
        vm.warp(endsAt);
        _expectRevert(IPaymentChannels.NoThaw.selector);
        _withdrawThawed();
        _expectRevert(IPaymentChannels.NoThaw.selector);
        vm.prank(payer);
        channels.cancelThaw(payee, NONCE);
    }

    function test_a_thaw_of_nothing_is_refused() public {
        vm.expectRevert(IPaymentChannels.ZeroAmount.selector);
        _thaw(0);
    }

    function test_a_thaw_of_more_than_all_takes_later_deposits_along() public {
        _thaw(type(uint96).max);
        _deposit(1 ether);
        assertEq(channels.backingOf(id), 0);
        vm.warp(endsAt);
        _withdrawThawed();
        assertEq(channels.creditOf(payer), 11 ether);
        _assertChannel(0, 0, ChannelStatus.Open);
    }

    function test_only_the_payer_moves_its_thaw() public {
        _thaw(4 ether);
        vm.warp(endsAt);
        address[2] memory others = [payee, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            // A caller's channel is its own; there is none.
            bytes memory missing = abi.encodeWithSelector(
                IPaymentChannels.ChannelNotOpen.selector, channels.channelIdOf(others[i], payee, NONCE)
            );
            vm.startPrank(others[i]);
            vm.expectRevert(missing);
            channels.thaw(payee, NONCE, 1);
            vm.expectRevert(missing);
            channels.cancelThaw(payee, NONCE);
            vm.expectRevert(missing);
            channels.withdrawThawed(payee, NONCE);
            vm.expectRevert(missing);
            channels.closeAsPayer(payee, NONCE);
            vm.stopPrank();
        }
    }

    // ---------------------------------------------------------------- close

    function test_the_payee_closes_at_once_and_the_rest_is_the_payers() public {
        _claim(_voucher(3 ether));
        _thaw(1 ether);
        vm.expectEmit(address(channels));
        emit IPaymentChannels.ChannelClosed(id, payee, 7 ether);
        _closeAsPayee();
        _assertChannel(3 ether, 3 ether, ChannelStatus.Closed);
        assertEq(channels.channelOf(id).thawing + channels.channelOf(id).thawEndsAt, 0);
        assertEq(channels.creditOf(payer), 7 ether);
        assertEq(channels.backingOf(id), 3 ether);
    }

    function test_only_the_payee_closes_as_payee() public {
        address[2] memory others = [payer, stranger];
        vm.prank(payee);
        channels.setClaimer(stranger);
        for (uint256 i = 0; i < others.length; ++i) {
            bytes32 missing = channels.channelIdOf(payer, others[i], NONCE);
            vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.ChannelNotOpen.selector, missing));
            vm.prank(others[i]);
            channels.closeAsPayee(payer, NONCE);
        }
    }

    function test_the_payer_closes_after_a_thaw_of_everything() public {
        _expectRevert(IPaymentChannels.NoThaw.selector);
        _closeAsPayer();
        _thaw(type(uint96).max);
        _claim(_voucher(3 ether));
        // A stranger's deposit doesn't keep the channel open.
        _deposit(1);
        vm.warp(endsAt - 1);
        _expectRevert(IPaymentChannels.ThawNotOver.selector, endsAt);
        _closeAsPayer();
        vm.warp(endsAt);
        vm.expectEmit(address(channels));
        emit IPaymentChannels.ChannelClosed(id, payer, 7 ether + 1);
        _closeAsPayer();
        assertEq(channels.creditOf(payer), 7 ether + 1);
        _assertChannel(3 ether, 3 ether, ChannelStatus.Closed);
    }

    function test_the_payer_closes_with_no_less_than_the_balance_thawed() public {
        _thaw(4 ether);
        _claim(_voucher(5 ether));
        vm.warp(endsAt);
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.ThawTooSmall.selector, id, uint256(4 ether), uint256(5 ether))
        );
        _closeAsPayer();
        _claim(_voucher(6 ether));
        _closeAsPayer();
        assertEq(channels.creditOf(payer), 4 ether);
    }

    function test_a_closed_channel_does_nothing_any_more() public {
        _closeAsPayee();
        _assertSkipped(_voucher(1 ether), SkipReason.ChannelClosed);
        bytes memory closed = abi.encodeWithSelector(IPaymentChannels.ChannelNotOpen.selector, id);
        vm.startPrank(payer);
        vm.expectRevert(closed);
        channels.setSessionKey(payee, NONCE, stranger);
        vm.expectRevert(closed);
        channels.thaw(payee, NONCE, 1);
        vm.expectRevert(closed);
        channels.cancelThaw(payee, NONCE);
        vm.expectRevert(closed);
        channels.withdrawThawed(payee, NONCE);
        vm.expectRevert(closed);
        channels.closeAsPayer(payee, NONCE);
        vm.stopPrank();
        vm.expectRevert(closed);
        _closeAsPayee();
    }

    // ---------------------------------------------------------------- credits

    function test_anyone_withdraws_for_anyone() public {
        _claim(_voucher(3 ether));
        vm.expectEmit(address(channels));
        emit ICredits.Withdrawn(payee, 3 ether);
        vm.prank(stranger);
        channels.withdrawFor(payee);
        assertEq(payee.balance, 3 ether);
        assertEq(channels.creditOf(payee), 0);
        assertEq(channels.liabilities(), 7 ether);
        vm.expectRevert(abi.encodeWithSelector(ICredits.NothingToWithdraw.selector, payee));
        channels.withdrawFor(payee);
    }

    function test_a_refused_transfer_keeps_the_credit() public {
        Receiver receiver = _paidReceiver();
        vm.expectRevert(abi.encodeWithSelector(ICredits.TransferFailed.selector, address(receiver), uint256(1 ether)));
        channels.withdrawFor(address(receiver));
        assertEq(channels.creditOf(address(receiver)), 1 ether);
        receiver.set(true, false);
        channels.withdrawFor(address(receiver));
        assertEq(address(receiver).balance, 1 ether);
    }

    function test_a_reentering_receiver_is_paid_once() public {
        Receiver receiver = _paidReceiver();
        receiver.set(true, true);
        channels.withdrawFor(address(receiver));
        assertFalse(receiver.paidTwice());
        assertEq(address(receiver).balance, 1 ether);
        assertEq(address(channels).balance, channels.liabilities());
    }

    function _paidReceiver() private returns (Receiver receiver) {
        receiver = new Receiver(channels);
        payee = address(receiver);
        _deposit(5 ether);
        _claim(_voucher(1 ether));
    }
}
