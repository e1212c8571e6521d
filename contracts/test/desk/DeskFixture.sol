// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Item, Order, Subscription} from "../../src/desk/DeskTypes.sol";
import {JobDesk} from "../../src/desk/JobDesk.sol";
import {Terms} from "../../src/jobs/JobTypes.sol";
import {JobFixture} from "../jobs/JobFixture.sol";

/// @notice A requester with a key and an account at the desk.
abstract contract DeskFixture is JobFixture {
    uint128 internal constant FEE = 0.01 ether;
    uint32 internal constant PERIOD = 1 hours;

    JobDesk internal desk;
    address internal asker;
    uint256 internal askerKey;
    address internal immutable relay = makeAddr("relay");

    function setUp() public virtual override {
        super.setUp();
        desk = all.desk;
        (asker, askerKey) = makeAddrAndKey("asker");
    }

    function _deposit(address account, uint256 amount) internal {
        hoax(stranger, amount);
        desk.deposit{value: amount}(account);
    }

    function _askerTerms(uint256 nonce) internal view returns (Terms memory terms) {
        terms = _terms(nonce);
        terms.requester = asker;
    }

    function _item(Terms memory terms) internal view returns (Item memory) {
        return Item(terms, input, labels, "");
    }

    function _order(Terms memory terms) internal view returns (Order memory) {
        return Order(terms, vm.getBlockTimestamp() + 1 hours, FEE, keccak256(""));
    }

    function _sign(Order memory order, uint256 key) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, desk.orderDigest(order));
        return abi.encodePacked(r, s, v);
    }

    function _bring(Order memory order, bytes memory signature) internal returns (bytes32) {
        vm.prank(relay);
        return desk.requestSigned(order, signature, input, labels, "");
    }

    /// @dev Ten intervals, the first of which begins in an hour.
    function _subscription() internal view returns (Subscription memory) {
        return Subscription(_askerTerms(0), uint64(vm.getBlockTimestamp() + 1 hours), PERIOD, 10, FEE, keccak256(""));
    }

    function _subscribe(Subscription memory subscription) internal returns (bytes32) {
        vm.prank(subscription.terms.requester);
        return desk.subscribe(subscription, input, labels, "");
    }

    function _serve(Subscription memory subscription, uint256 interval) internal returns (bytes32) {
        vm.prank(relay);
        return desk.serve(subscription, interval, input, labels, "");
    }
}
