// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPaymentChannels} from "../../src/channels/IPaymentChannels.sol";
import {ChannelFixture} from "./ChannelFixture.sol";

contract ChannelReceiptsTest is ChannelFixture {
    /// @dev As the contract's documentation says, without its code: a pair's smaller hash goes first.
    function _parent(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
    }

    function _leaf(uint256 index) private pure returns (bytes32) {
        return keccak256(abi.encode("receipt", index));
    }

    /// @dev Root and the leaf's proof; the last node of an odd level moves up as it is.
    function _tree(uint256 size, uint256 index) private pure returns (bytes32 root, bytes32[] memory proof) {
        bytes32[] memory level = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) {
            level[i] = _leaf(i);
        }
        proof = new bytes32[](256);
        uint256 length;
        for (; size > 1; size = (size + 1) / 2) {
            if (index ^ 1 < size) proof[length++] = level[index ^ 1];
            for (uint256 i = 0; i < size; i += 2) {
                level[i / 2] = i + 1 < size ? _parent(level[i], level[i + 1]) : level[i];
            }
            index /= 2;
        }
        assembly {
            mstore(proof, length)
        }
        root = level[0];
    }

    function testFuzz_a_receipt_under_the_root_is_found_and_no_other(uint256 size, uint256 index) public view {
        size = bound(size, 1, 200);
        index = bound(index, 0, size - 1);
        (bytes32 root, bytes32[] memory proof) = _tree(size, index);
        assertTrue(channels.verifyReceipt(root, _leaf(index), proof));
        assertFalse(channels.verifyReceipt(root, _leaf(size), proof));
        assertFalse(channels.verifyReceipt(_leaf(size), _leaf(index), proof));
        if (proof.length == 0) return;
        proof[proof.length - 1] ^= bytes32(uint256(1));
        assertFalse(channels.verifyReceipt(root, _leaf(index), proof));
    }

    function test_the_payee_and_its_claimer_anchor_without_a_claim() public {
        _deposit(1 ether);
        vm.prank(payee);
        channels.setClaimer(stranger);
        address[2] memory callers = [payee, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectEmit(address(channels));
            emit IPaymentChannels.ReceiptsAnchored(id, payee, ROOT);
            vm.prank(callers[i]);
            channels.anchorReceipts(payee, payer, NONCE, ROOT);
        }
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NotClaimer.selector, payer, payee));
        vm.prank(payer);
        channels.anchorReceipts(payee, payer, NONCE, ROOT);

        _closeAsPayee();
        _expectRevert(IPaymentChannels.ChannelNotOpen.selector);
        vm.prank(payee);
        channels.anchorReceipts(payee, payer, NONCE, ROOT);
    }

    function test_a_single_receipt_is_its_own_root() public view {
        assertTrue(channels.verifyReceipt(_leaf(0), _leaf(0), new bytes32[](0)));
    }

    /// @dev Golden: two receipts, computed apart (keccak256 of the two hashes in order).
    function test_a_root_of_two_is_the_hash_of_both_in_order() public view {
        (bytes32 small, bytes32 large) = (bytes32(uint256(1)), bytes32(uint256(2)));
        bytes32 root = 0xe90b7bceb6e7df5418fb78d8ee546e97c83a08bbccc01a0644d599ccd2a7c2e0;
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = large;
        assertTrue(channels.verifyReceipt(root, small, proof));
        proof[0] = small;
        assertTrue(channels.verifyReceipt(root, large, proof));
    }
}
