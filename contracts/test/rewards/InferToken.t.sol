// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {InferToken} from "../../src/rewards/InferToken.sol";
import {Test} from "forge-std/Test.sol";

contract InferTokenTest is Test {
    uint256 private constant SUPPLY = 1e27;

    address private immutable holder = makeAddr("holder");
    address private immutable delegate = makeAddr("delegate");
    InferToken private token;

    function setUp() public {
        vm.warp(1_800_000_000);
        token = new InferToken(holder, SUPPLY);
    }

    function test_the_whole_supply_is_the_holders() public view {
        assertEq(token.totalSupply(), SUPPLY);
        assertEq(token.balanceOf(holder), SUPPLY);
        assertEq(token.decimals(), 18);
        assertEq(token.symbol(), "INFER");
    }

    function test_there_is_a_supply() public {
        vm.expectRevert(InferToken.ZeroSupply.selector);
        new InferToken(holder, 0);
    }

    function testFuzz_transfers_neither_make_nor_burn(address to, uint256 amount) public {
        vm.assume(to != address(0));
        amount = bound(amount, 0, SUPPLY);
        vm.prank(holder);
        token.transfer(to, amount);
        assertEq(token.totalSupply(), SUPPLY);
        if (to != holder) assertEq(token.balanceOf(holder) + token.balanceOf(to), SUPPLY);
    }

    function test_votes_follow_delegated_balances_by_time() public {
        assertEq(token.CLOCK_MODE(), "mode=timestamp");
        assertEq(token.clock(), vm.getBlockTimestamp());
        vm.prank(holder);
        token.delegate(delegate);
        skip(10);
        vm.prank(holder);
        token.transfer(address(this), SUPPLY / 4);
        skip(10);
        assertEq(token.getPastVotes(delegate, vm.getBlockTimestamp() - 11), SUPPLY);
        assertEq(token.getPastVotes(delegate, vm.getBlockTimestamp() - 1), SUPPLY - SUPPLY / 4);
    }

    function test_a_permit_allows_once() public {
        (address signer, uint256 key) = makeAddrAndKey("signer");
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typehash, signer, delegate, 5, 0, type(uint256).max));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        token.permit(signer, delegate, 5, type(uint256).max, v, r, s);
        assertEq(token.allowance(signer, delegate), 5);
        assertEq(token.nonces(signer), 1);
        vm.expectPartialRevert(bytes4(keccak256("ERC2612InvalidSigner(address,address)")));
        token.permit(signer, delegate, 5, type(uint256).max, v, r, s);
    }
}
