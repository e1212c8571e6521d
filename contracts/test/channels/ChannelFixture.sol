// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ChannelStatus, Claim, SkipReason} from "../../src/channels/ChannelTypes.sol";
import {IPaymentChannels} from "../../src/channels/IPaymentChannels.sol";
import {PaymentChannels} from "../../src/channels/PaymentChannels.sol";
import {Test} from "forge-std/Test.sol";

/// @notice A payer and a payee with one channel between them, which most tests use.
abstract contract ChannelFixture is Test {
    uint64 internal constant NONCE = 7;
    bytes32 internal constant ROOT = keccak256("receipts");

    PaymentChannels internal channels;
    IPaymentChannels.Parameters internal parameters;
    address internal payer;
    uint256 internal payerKey;
    address internal payee = makeAddr("payee");
    address internal stranger = makeAddr("stranger");
    bytes32 internal id;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        (payer, payerKey) = makeAddrAndKey("payer");
        parameters = IPaymentChannels.Parameters({
            thawPeriod: 3 days, withdrawalPeriod: 1 days, anchoringDelay: 1 days, maximumBatch: 32, walletGas: 50_000
        });
        channels = new PaymentChannels(parameters);
        id = channels.channelIdOf(payer, payee, NONCE);
        vm.deal(stranger, 1 << 128);
    }

    // ---------------------------------------------------------------- steps

    function _deposit(uint256 amount) internal {
        _deposit(payer, NONCE, amount);
    }

    function _deposit(address payer_, uint64 openNonce, uint256 amount) internal {
        vm.prank(stranger);
        channels.deposit{value: amount}(payer_, payee, openNonce);
    }

    function _thaw(uint96 amount) internal {
        vm.prank(payer);
        channels.thaw(payee, NONCE, amount);
    }

    function _withdrawThawed() internal {
        vm.prank(payer);
        channels.withdrawThawed(payee, NONCE);
    }

    function _closeAsPayer() internal {
        vm.prank(payer);
        channels.closeAsPayer(payee, NONCE);
    }

    function _closeAsPayee() internal {
        vm.prank(payee);
        channels.closeAsPayee(payer, NONCE);
    }

    function _claim(Claim[] memory claims) internal returns (uint256) {
        vm.prank(payee);
        return channels.claim(payee, claims);
    }

    function _claim(Claim memory item) internal returns (uint256) {
        return _claim(_batch(item));
    }

    // ---------------------------------------------------------------- vouchers

    /// @dev The payer's voucher for the usual channel.
    function _voucher(uint128 cumulative) internal view returns (Claim memory) {
        return _voucher(payer, NONCE, cumulative, payerKey);
    }

    function _voucher(address payer_, uint64 openNonce, uint128 cumulative, uint256 key)
        internal
        view
        returns (Claim memory)
    {
        bytes32 channelId = channels.channelIdOf(payer_, payee, openNonce);
        bytes memory signature = _sign(key, channels.voucherDigest(channelId, cumulative, ROOT));
        return Claim(payer_, openNonce, cumulative, ROOT, signature);
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _batch(Claim memory item) internal pure returns (Claim[] memory claims) {
        claims = new Claim[](1);
        claims[0] = item;
    }

    // ---------------------------------------------------------------- expectations

    function _expectClaimed(uint256 amount, uint256 cumulative) internal {
        vm.expectEmit(address(channels));
        emit IPaymentChannels.VoucherClaimed(id, payee, amount, cumulative, ROOT);
    }

    function _expectSkipped(bytes32 channelId, uint256 index, SkipReason reason) internal {
        vm.expectEmit(address(channels));
        emit IPaymentChannels.VoucherSkipped(channelId, payee, index, reason);
    }

    /// @dev The item is skipped, and nothing changes.
    function _assertSkipped(Claim memory item, SkipReason reason) internal {
        bytes32 channelId = channels.channelIdOf(item.payer, payee, item.openNonce);
        bytes memory before = abi.encode(channels.channelOf(channelId), channels.creditOf(payee));
        _expectSkipped(channelId, 0, reason);
        assertEq(_claim(item), 0);
        assertEq(abi.encode(channels.channelOf(channelId), channels.creditOf(payee)), before);
    }

    function _assertChannel(uint256 deposited, uint256 claimed, ChannelStatus status) internal view {
        assertEq(channels.channelOf(id).deposited, deposited, "deposited");
        assertEq(channels.channelOf(id).claimed, claimed, "claimed");
        assertEq(uint8(channels.channelOf(id).status), uint8(status), "status");
    }

    function _expectRevert(bytes4 selector) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, id));
    }

    function _expectRevert(bytes4 selector, uint256 value) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, id, value));
    }
}
