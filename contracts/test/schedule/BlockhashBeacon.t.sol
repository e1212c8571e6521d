// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BlockhashBeacon} from "../../src/schedule/BlockhashBeacon.sol";
import {Test} from "forge-std/Test.sol";

contract BlockhashBeaconTest is Test {
    bytes32 private constant JOB = keccak256("job");

    BlockhashBeacon private beacon = new BlockhashBeacon();

    function setUp() public {
        vm.roll(1000);
    }

    function test_RandomnessMixesTheBlocksHashWithTheJob() public {
        vm.setBlockhash(990, keccak256("block 990"));
        assertEq(beacon.randomness(990, JOB), keccak256(abi.encode(keccak256("block 990"), JOB)));
        assertNotEq(beacon.randomness(990, JOB), beacon.randomness(990, keccak256("another job")));
        assertNotEq(beacon.randomness(990, JOB), beacon.randomness(991, JOB));
    }

    function test_NoRandomnessBeforeTheBlockIsThere() public view {
        assertEq(beacon.randomness(1000, JOB), 0);
        assertEq(beacon.randomness(1001, JOB), 0);
        assertEq(beacon.randomness(type(uint256).max, JOB), 0);
        assertFalse(beacon.outOfReach(1000));
        assertFalse(beacon.outOfReach(type(uint256).max));
    }

    function test_ReachIs256Blocks() public view {
        assertNotEq(beacon.randomness(999, JOB), 0);
        assertNotEq(beacon.randomness(744, JOB), 0);
        assertFalse(beacon.outOfReach(744));
        assertEq(beacon.randomness(743, JOB), 0);
        assertTrue(beacon.outOfReach(743));
        assertTrue(beacon.outOfReach(0));
    }

    function test_NothingIsOutOfReachInTheFirstBlocks() public {
        vm.roll(256);
        assertFalse(beacon.outOfReach(0));
        assertNotEq(beacon.randomness(0, JOB), 0);
        vm.roll(257);
        assertTrue(beacon.outOfReach(0));
        assertEq(beacon.randomness(0, JOB), 0);
    }

    function testFuzz_PastBlocksHaveRandomnessOrAreOutOfReach(uint256 number, uint256 blockNumber) public {
        number = bound(number, 1, type(uint64).max);
        vm.roll(number);
        blockNumber = bound(blockNumber, 0, number - 1);
        assertEq(beacon.randomness(blockNumber, JOB) == 0, beacon.outOfReach(blockNumber));
    }
}
