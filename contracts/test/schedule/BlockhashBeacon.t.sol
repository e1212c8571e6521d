// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BlockhashBeacon} from "../../src/schedule/BlockhashBeacon.sol";
import {Test} from "forge-std/Test.sol";

contract BlockhashBeaconTest is Test {
    bytes32 private constant JOB = keccak256("job");

    /// The code that EIP-2935 puts at the history contract's address: a ring of 8,191 slots.
    bytes private constant HISTORY_CODE =
        hex"3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";

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

    function test_ReachIs256BlocksWithoutTheHistoryContract() public view {
        assertNotEq(beacon.randomness(999, JOB), 0);
        assertNotEq(beacon.randomness(744, JOB), 0);
        assertFalse(beacon.outOfReach(744));
        assertEq(beacon.randomness(743, JOB), 0);
        assertTrue(beacon.outOfReach(743));
        assertTrue(beacon.outOfReach(0));
    }

    function test_ReachIs8191BlocksWithTheHistoryContract() public {
        vm.etch(beacon.HISTORY(), HISTORY_CODE);
        vm.roll(20_000);
        uint256[3] memory known = [uint256(19_999 - 300), 20_000 - 8191, 19_000];
        for (uint256 i = 0; i < known.length; ++i) {
            _remember(known[i]);
            bytes32 expected = keccak256(abi.encode(keccak256(abi.encode(known[i])), JOB));
            assertEq(beacon.randomness(known[i], JOB), expected);
            assertFalse(beacon.outOfReach(known[i]));
        }
        assertEq(beacon.randomness(20_000 - 8192, JOB), 0);
        assertTrue(beacon.outOfReach(20_000 - 8192));
        assertEq(beacon.randomness(20_000, JOB), 0);
        assertEq(beacon.randomness(type(uint256).max, JOB), 0);
    }

    function test_ABlockThatTheHistoryDoesNotKnowHasNoRandomness() public {
        vm.etch(beacon.HISTORY(), HISTORY_CODE);
        vm.roll(20_000);
        assertEq(beacon.randomness(15_000, JOB), 0);
        assertFalse(beacon.outOfReach(15_000));
    }

    /// The system call at the start of the block after it.
    function _remember(uint256 number) private {
        uint256 present = vm.getBlockNumber();
        address history = beacon.HISTORY();
        vm.roll(number + 1);
        vm.prank(0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE);
        (bool stored,) = history.call(abi.encode(keccak256(abi.encode(number))));
        assertTrue(stored);
        vm.roll(present);
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
