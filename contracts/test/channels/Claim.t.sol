// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ChannelStatus, Claim, SkipReason} from "../../src/channels/ChannelTypes.sol";
import {IPaymentChannels} from "../../src/channels/IPaymentChannels.sol";
import {ChannelFixture} from "./ChannelFixture.sol";
import {OwnedWallet} from "./Wallets.sol";

contract ChannelClaimTest is ChannelFixture {
    function test_a_voucher_pays_what_it_promises_beyond_the_last() public {
        _deposit(10 ether);
        _expectClaimed(3 ether, 3 ether);
        assertEq(_claim(_voucher(3 ether)), 3 ether);
        _expectClaimed(4 ether, 7 ether);
        assertEq(_claim(_voucher(7 ether)), 4 ether);
        _assertChannel(10 ether, 7 ether, ChannelStatus.Open);
        assertEq(channels.creditOf(payee), 7 ether);
        assertEq(channels.liabilities(), 10 ether);
        assertEq(address(channels).balance, 10 ether);
    }

    function test_the_same_voucher_pays_once_and_an_older_one_nothing() public {
        _deposit(10 ether);
        _claim(_voucher(3 ether));
        _assertSkipped(_voucher(3 ether), SkipReason.NothingNew);
        _assertSkipped(_voucher(2 ether), SkipReason.NothingNew);
    }

    function test_a_voucher_beyond_the_deposit_pays_what_is_there_and_the_rest_later() public {
        _deposit(2 ether);
        Claim memory voucher = _voucher(5 ether);
        _expectClaimed(2 ether, 5 ether);
        assertEq(_claim(voucher), 2 ether);
        _assertSkipped(voucher, SkipReason.Unfunded);
        _deposit(10 ether);
        _expectClaimed(3 ether, 5 ether);
        assertEq(_claim(voucher), 3 ether);
    }

    function test_vouchers_of_one_channel_in_one_batch_pay_their_total_once() public {
        _deposit(10 ether);
        Claim[] memory claims = new Claim[](3);
        (claims[0], claims[1], claims[2]) = (_voucher(2 ether), _voucher(5 ether), _voucher(4 ether));
        _expectClaimed(2 ether, 2 ether);
        _expectClaimed(3 ether, 5 ether);
        _expectSkipped(id, 2, SkipReason.NothingNew);
        assertEq(_claim(claims), 5 ether);
    }

    function test_a_bad_item_is_skipped_and_the_rest_stands() public {
        _deposit(10 ether);
        _deposit(payer, 1, 1 ether);
        vm.prank(payee);
        channels.closeAsPayee(payer, 1);
        _deposit(payer, 3, 1 ether);
        _claim(_voucher(payer, 3, 1 ether, payerKey));

        Claim[] memory claims = new Claim[](6);
        claims[0] = _voucher(payer, 1, 1 ether, payerKey);
        claims[1] = _voucher(payer, 2, 1 ether, payerKey);
        claims[2] = _voucher(payer, 3, 2 ether, payerKey);
        claims[3] = _voucher(payer, NONCE, 1 ether, payerKey + 1);
        claims[4] = _voucher(0);
        claims[5] = _voucher(4 ether);
        _expectSkipped(channels.channelIdOf(payer, payee, 1), 0, SkipReason.ChannelClosed);
        _expectSkipped(channels.channelIdOf(payer, payee, 2), 1, SkipReason.UnknownChannel);
        _expectSkipped(channels.channelIdOf(payer, payee, 3), 2, SkipReason.Unfunded);
        _expectSkipped(id, 3, SkipReason.InvalidSignature);
        _expectSkipped(id, 4, SkipReason.NothingNew);
        _expectClaimed(4 ether, 4 ether);
        assertEq(_claim(claims), 4 ether);
        assertEq(channels.creditOf(payee), 5 ether);
    }

    function test_a_batch_has_a_largest_size() public {
        _deposit(10 ether);
        Claim[] memory claims = new Claim[](parameters.maximumBatch + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.BatchTooLarge.selector, claims.length, uint256(parameters.maximumBatch)
            )
        );
        _claim(claims);

        claims = new Claim[](parameters.maximumBatch);
        for (uint256 i = 0; i < claims.length; ++i) {
            claims[i] = _voucher(uint128(i + 1));
        }
        assertEq(_claim(claims), claims.length);
        assertEq(_claim(new Claim[](0)), 0);
    }

    // ---------------------------------------------------------------- who claims

    function test_only_the_payee_and_its_claimer_claim() public {
        _deposit(10 ether);
        Claim[] memory claims = _batch(_voucher(1 ether));
        address[2] memory others = [payer, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NotClaimer.selector, others[i], payee));
            vm.prank(others[i]);
            channels.claim(payee, claims);
        }

        vm.expectEmit(address(channels));
        emit IPaymentChannels.ClaimerSet(payee, stranger);
        vm.prank(payee);
        channels.setClaimer(stranger);
        assertEq(channels.claimerOf(payee), stranger);
        vm.prank(stranger);
        channels.claim(payee, claims);
        assertEq(channels.creditOf(payee), 1 ether, "the credit is the payee's");
        assertEq(channels.creditOf(stranger), 0);

        vm.prank(payee);
        channels.setClaimer(address(0));
        claims = _batch(_voucher(2 ether));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NotClaimer.selector, stranger, payee));
        vm.prank(stranger);
        channels.claim(payee, claims);
    }

    function test_a_contract_can_be_a_payee() public {
        OwnedWallet wallet = new OwnedWallet(stranger);
        payee = address(wallet);
        _deposit(1 ether);
        Claim memory voucher = _voucher(1 ether);
        assertEq(wallet.claim(channels, _batch(voucher)), 1 ether);
        channels.withdrawFor(address(wallet));
        assertEq(address(wallet).balance, 1 ether);
    }

    // ---------------------------------------------------------------- any sequence

    function testFuzz_any_vouchers_pay_their_maximum_as_far_as_deposits_reach(
        uint96 deposited,
        uint128[8] memory cumulative
    ) public {
        deposited = uint96(bound(deposited, 1, type(uint96).max));
        _deposit(deposited);
        uint256 maximum;
        uint256 paid;
        for (uint256 i = 0; i < cumulative.length; ++i) {
            // Half of them around the deposit.
            if (i % 2 == 0) cumulative[i] = uint128(bound(cumulative[i], 0, uint256(deposited) * 2));
            if (cumulative[i] > maximum) maximum = cumulative[i];
            paid += _claim(_voucher(cumulative[i]));
            assertEq(paid, maximum < deposited ? maximum : deposited);
        }
        assertEq(channels.creditOf(payee), paid);
        assertEq(channels.liabilities(), deposited);
    }
}
