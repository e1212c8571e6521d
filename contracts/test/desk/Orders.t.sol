// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INonces} from "../../src/accounts/INonces.sol";
import {Order} from "../../src/desk/DeskTypes.sol";
import {IJobDesk} from "../../src/desk/IJobDesk.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {DeskFixture} from "./DeskFixture.sol";

/// @notice A wallet that takes one digest's signature, or burns all the gas it gets.
contract Wallet {
    bytes32 public taken;
    bool public burns;

    function take(bytes32 digest) external {
        taken = digest;
    }

    function burn() external {
        burns = true;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        while (burns) {}
        return digest == taken ? this.isValidSignature.selector : bytes4(0);
    }
}

contract OrdersTest is DeskFixture {
    Order private order;
    uint256 private cost;

    function setUp() public override {
        super.setUp();
        order = _order(_askerTerms(1));
        cost = jobs.quote(order.terms) + FEE;
        _deposit(asker, 2 * cost);
    }

    function test_anyone_brings_a_signed_order() public {
        bytes32 expected = jobs.jobIdOf(order.terms);
        vm.expectEmit(address(desk));
        emit IJobDesk.Charged(asker, expected, cost - FEE, relay, FEE);
        assertEq(_bring(order, _sign(order, askerKey)), expected);
        _assertPhase(expected, Phase.Requested);
        assertEq(desk.accountOf(asker).balance, cost);
        assertEq(address(jobs).balance, cost - FEE);
        assertEq(address(desk).balance, desk.liabilities());
    }

    function test_the_requester_can_cancel_the_job_itself() public {
        bytes32 jobId = _bring(order, _sign(order, askerKey));
        vm.prank(asker);
        jobs.cancel(order.terms);
        _assertPhase(jobId, Phase.Refunded);
    }

    function test_an_order_counts_once() public {
        bytes memory signature = _sign(order, askerKey);
        _bring(order, signature);
        vm.expectRevert(abi.encodeWithSelector(INonces.NonceUsed.selector, asker, 1));
        _bring(order, signature);
    }

    function test_a_requester_revokes_an_order_by_its_nonce() public {
        bytes memory signature = _sign(order, askerKey);
        vm.expectEmit(address(jobs));
        emit IJobRegistry.NonceRevoked(asker, 1);
        vm.prank(asker);
        jobs.revokeNonce(1);
        vm.expectRevert(abi.encodeWithSelector(INonces.NonceUsed.selector, asker, 1));
        _bring(order, signature);
        vm.expectRevert(abi.encodeWithSelector(INonces.NonceUsed.selector, asker, 1));
        vm.prank(asker);
        jobs.revokeNonce(1);
    }

    function test_nobody_revokes_anothers_order() public {
        vm.prank(relay);
        jobs.revokeNonce(1);
        assertTrue(jobs.nonceUsed(relay, 1));
        _assertPhase(_bring(order, _sign(order, askerKey)), Phase.Requested);
    }

    function test_nothing_in_an_order_can_be_changed() public {
        bytes memory signature = _sign(order, askerKey);
        bytes memory encoded = abi.encode(order);
        // Requester apart, which has a test of its own, every word of terms and order.
        for (uint256 word = 1; word < 25; ++word) {
            bytes memory changed = bytes.concat(encoded);
            uint256 offset = 32 * (word + 1);
            assembly ("memory-safe") {
                let place := add(changed, offset)
                mstore(place, xor(mload(place), 1))
            }
            // The tier has one value; the URI's hash is checked before the signature.
            if (word == 6 || word == 24) continue;
            Order memory other = abi.decode(changed, (Order));
            vm.expectRevert(abi.encodeWithSelector(IJobDesk.InvalidSignature.selector, asker));
            _bring(other, signature);
        }
    }

    function test_nobody_orders_for_another() public {
        Order memory other = order;
        other.terms.requester = stranger;
        bytes memory signature = _sign(other, askerKey);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.InvalidSignature.selector, stranger));
        _bring(other, signature);
        other.terms.requester = address(0);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.InvalidSignature.selector, address(0)));
        _bring(other, new bytes(65));
    }

    function test_a_signature_is_of_one_chain_and_one_desk() public {
        bytes memory signature = _sign(order, askerKey);
        vm.chainId(block.chainid + 1);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.InvalidSignature.selector, asker));
        _bring(order, signature);
    }

    function test_an_order_has_a_deadline() public {
        vm.warp(order.deadline);
        Order memory late = order;
        bytes memory signature = _sign(late, askerKey);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.OrderExpired.selector, order.deadline));
        _bring(late, signature);
        late.deadline = 0;
        signature = _sign(late, askerKey);
        vm.expectRevert(IJobDesk.OrderWithoutDeadline.selector);
        _bring(late, signature);
    }

    /// A relay that named a dead URI would earn its fee and cost the requester the dispatch fee.
    function test_the_relay_cannot_choose_where_the_input_is_fetched() public {
        bytes memory signature = _sign(order, askerKey);
        vm.prank(relay);
        vm.expectRevert(
            abi.encodeWithSelector(IJobDesk.InputUriMismatch.selector, keccak256(""), keccak256("ipfs://dead"))
        );
        desk.requestSigned(order, signature, "", labels, "ipfs://dead");
    }

    function test_an_account_that_does_not_reach_pays_nothing() public {
        vm.prank(asker);
        desk.startThaw(uint128(cost + 1));
        skip(desk.thawPeriod());
        desk.withdrawThawed(asker);
        bytes memory signature = _sign(order, askerKey);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.InsufficientBalance.selector, asker, cost, cost - 1));
        _bring(order, signature);
    }

    function test_a_refund_to_the_desk_is_refused() public {
        order.terms.refundTo = address(desk);
        bytes memory signature = _sign(order, askerKey);
        vm.expectRevert(IJobDesk.RefundToDesk.selector);
        _bring(order, signature);
    }

    function test_a_contract_orders_by_what_it_takes_as_its_signature() public {
        Wallet wallet = new Wallet();
        _deposit(address(wallet), cost);
        order.terms.requester = address(wallet);
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.InvalidSignature.selector, address(wallet)));
        _bring(order, "");
        wallet.take(desk.orderDigest(order));
        bytes32 jobId = _bring(order, "");
        _assertPhase(jobId, Phase.Requested);
    }

    /// What a wallet burns is bounded, and too little gas for it is not taken for a refusal.
    function test_a_wallet_gets_its_gas_and_no_more() public {
        Wallet wallet = new Wallet();
        wallet.burn();
        order.terms.requester = address(wallet);
        uint256 before = gasleft();
        vm.expectRevert(abi.encodeWithSelector(IJobDesk.InvalidSignature.selector, address(wallet)));
        _bring(order, "");
        assertLt(before - gasleft(), 250_000);
        vm.prank(relay);
        (bool done, bytes memory reason) =
            address(desk).call{gas: 90_000}(abi.encodeCall(desk.requestSigned, (order, "", input, labels, "")));
        assertFalse(done);
        assertEq(bytes4(reason), IJobDesk.InsufficientGasForSignature.selector);
    }

    /// An account that has both code and a key (EIP-7702) signs with its key.
    function test_an_account_with_code_still_has_its_key() public {
        vm.etch(asker, hex"600160005260206000f3");
        _bring(order, _sign(order, askerKey));
    }
}
