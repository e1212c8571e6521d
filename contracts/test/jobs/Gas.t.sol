// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Order} from "../../src/desk/DeskTypes.sol";
import {IJobDesk} from "../../src/desk/IJobDesk.sol";
import {Terms} from "../../src/jobs/JobTypes.sol";
import {JobGasFixture} from "./JobGasFixture.sol";

/// @notice Jobs whose requester asks itself.
contract JobGasTest is JobGasFixture {
    /// forge-config: default.isolate = true
    function test_redundant_job_3_total() public {
        _job(1, "redundant_job_3_", false);
        vm.snapshotValue("gas", "redundant_job_3_total", total);
        vm.snapshotValue("jobs", "redundant_job_3_calldata", calldataTotal);
        assertLe(total, 770_000);
    }

    /// Vectors that agree without being equal: every pair is compared.
    /// forge-config: default.isolate = true
    function test_redundant_job_3_distinct_total() public {
        _job(1, "redundant_job_3_distinct_", true);
        vm.snapshotValue("jobs", "redundant_job_3_distinct_total", total);
        assertLe(total, 890_000);
    }
}

/// @notice A job whose requester signs an order, which a relay brings; its account at the desk pays.
contract SignedOrderGasTest is JobGasFixture {
    address private asker;
    uint256 private askerKey;
    address private immutable relay = makeAddr("relay");

    function setUp() public override {
        (asker, askerKey) = makeAddrAndKey("asker");
        super.setUp();
    }

    /// forge-config: default.isolate = true
    function test_signed_order_job_total() public {
        _job(1, "signed_order_", false);
        vm.snapshotValue("gas", "signed_order_job_total", total);
        assertLe(total, 820_000);
    }

    function _sendRequest(Terms memory terms, string memory prefix) internal override {
        terms.requester = asker;
        Order memory order = Order(terms, vm.getBlockTimestamp() + 1 hours, 0.01 ether, keccak256(""));
        vm.deal(stranger, 1 ether);
        vm.prank(stranger);
        all.desk.deposit{value: 1 ether}(asker);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(askerKey, all.desk.orderDigest(order));
        bytes memory call =
            abi.encodeCall(IJobDesk.requestSigned, (order, abi.encodePacked(r, s, v), input, labels, ""));
        _send(address(all.desk), relay, 0, call, prefix, "request");
    }
}
