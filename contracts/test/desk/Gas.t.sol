// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Item, Order, Subscription} from "../../src/desk/DeskTypes.sol";
import {IJobDesk} from "../../src/desk/IJobDesk.sol";
import {DeskFixture} from "./DeskFixture.sol";

/// @notice What a request through the desk costs: whole transactions, a 256-byte inline input, accounts used before.
contract DeskGasTest is DeskFixture {
    function setUp() public override {
        input = new bytes(256);
        for (uint256 i = 0; i < input.length; ++i) {
            input[i] = bytes1(uint8(0x61 + i % 26));
        }
        super.setUp();
        _deposit(asker, 100 ether);
        // The nonces' word, the relay's fees.
        Order memory order = _order(_askerTerms(100));
        _bring(order, _sign(order, askerKey));
    }

    /// forge-config: default.isolate = true
    function test_a_signed_order() public {
        Order memory order = _order(_askerTerms(0));
        bytes memory signature = _sign(order, askerKey);
        vm.prank(relay);
        desk.requestSigned(order, signature, input, labels, "");
        vm.snapshotValue("desk", "signed_order_request", vm.lastCallGas().gasTotalUsed);
    }

    /// forge-config: default.isolate = true
    function test_sixteen_requests() public {
        Item[] memory items = new Item[](16);
        for (uint256 i; i < 16; ++i) {
            items[i] = _item(_askerTerms(i));
        }
        vm.prank(asker);
        desk.requestMany(items);
        vm.snapshotValue("gas", "request_many_16_per_job", vm.lastCallGas().gasTotalUsed / 16);
    }

    /// forge-config: default.isolate = true
    function test_an_interval_of_a_subscription() public {
        Subscription memory subscription = _subscription();
        _subscribe(subscription);
        vm.snapshotValue("desk", "subscribe", vm.lastCallGas().gasTotalUsed);
        vm.warp(subscription.start);
        _serve(subscription, 0);
        vm.snapshotValue("desk", "first_subscription_interval", vm.lastCallGas().gasTotalUsed);
        skip(PERIOD);
        _serve(subscription, 1);
        vm.snapshotValue("gas", "subscription_interval", vm.lastCallGas().gasTotalUsed);
    }
}
