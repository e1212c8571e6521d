// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ChannelStatus} from "../../src/channels/ChannelTypes.sol";
import {IPaymentChannels} from "../../src/channels/IPaymentChannels.sol";
import {PaymentChannels} from "../../src/channels/PaymentChannels.sol";
import {ChannelFixture} from "./ChannelFixture.sol";

contract ChannelDepositTest is ChannelFixture {
    function test_the_first_deposit_opens_and_later_ones_add() public {
        vm.expectEmit(address(channels));
        emit IPaymentChannels.ChannelOpened(id, payer, payee, NONCE);
        vm.expectEmit(address(channels));
        emit IPaymentChannels.Deposited(id, stranger, 5 ether, 5 ether);
        vm.prank(stranger);
        assertEq(channels.deposit{value: 5 ether}(payer, payee, NONCE), id);
        _assertChannel(5 ether, 0, ChannelStatus.Open);

        vm.deal(payer, 1 ether);
        vm.expectEmit(address(channels));
        emit IPaymentChannels.Deposited(id, payer, 1 ether, 6 ether);
        vm.recordLogs();
        vm.prank(payer);
        channels.deposit{value: 1 ether}(payer, payee, NONCE);
        assertEq(vm.getRecordedLogs().length, 1, "opened once");
        _assertChannel(6 ether, 0, ChannelStatus.Open);
        assertEq(channels.liabilities(), 6 ether);
        assertEq(channels.backingOf(id), 6 ether);
    }

    function test_a_channel_is_a_payer_a_payee_and_a_nonce() public {
        bytes32 expected = keccak256(abi.encode(block.chainid, address(channels), payer, payee, uint256(NONCE)));
        assertEq(id, expected);
        assertTrue(id != channels.channelIdOf(payee, payer, NONCE));
        _deposit(payer, NONCE + 1, 1);
        _assertChannel(0, 0, ChannelStatus.None);
    }

    function test_takes_no_deposit_without_both_parties() public {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.ZeroParty.selector, address(0), payee));
        channels.deposit{value: 1}(address(0), payee, NONCE);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.ZeroParty.selector, payer, address(0)));
        channels.deposit{value: 1}(payer, address(0), NONCE);
    }

    function test_takes_no_deposit_of_nothing() public {
        vm.expectRevert(IPaymentChannels.ZeroAmount.selector);
        channels.deposit(payer, payee, NONCE);
    }

    function test_takes_no_more_than_its_field_holds() public {
        uint256 maximum = type(uint96).max;
        _deposit(maximum);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.DepositTooLarge.selector, maximum + 1, maximum));
        channels.deposit{value: 1}(payer, payee, NONCE);
        // All of it can be claimed.
        assertEq(_claim(_voucher(type(uint128).max)), maximum);
    }

    function test_a_closed_channel_takes_nothing() public {
        _deposit(1 ether);
        _closeAsPayee();
        _expectRevert(IPaymentChannels.ChannelNotOpen.selector);
        channels.deposit{value: 1}(payer, payee, NONCE);
    }

    function test_takes_no_plain_transfers() public {
        (bool sent,) = address(channels).call{value: 1}("");
        assertFalse(sent);
    }

    function test_refuses_senseless_parameters() public {
        string[6] memory names =
            ["thawPeriod", "withdrawalPeriod", "anchoringDelay", "anchoringDelay", "maximumBatch", "walletGas"];
        for (uint256 i = 0; i < names.length; ++i) {
            IPaymentChannels.Parameters memory bad = parameters;
            if (i == 0) bad.thawPeriod = 0;
            else if (i == 1) bad.withdrawalPeriod = 0;
            else if (i == 2) bad.anchoringDelay = 0;
            else if (i == 3) bad.anchoringDelay = bad.thawPeriod + 1;
            else if (i == 4) bad.maximumBatch = 0;
            else bad.walletGas = 0;
            // Through a call of its own: a revert of a creation in the test's own frame would end the test as passed.
            vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.InvalidParameter.selector, names[i]));
            this.deploy(bad);
        }
        parameters.anchoringDelay = parameters.thawPeriod;
        assertEq(abi.encode(this.deploy(parameters).parameters()), abi.encode(parameters));
    }

    function deploy(IPaymentChannels.Parameters calldata given) external returns (PaymentChannels) {
        return new PaymentChannels(given);
    }
}
