// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStaking, SeatOutcome} from "../../src/stake/IStaking.sol";
import {NetworkFixture} from "./NetworkFixture.sol";

/// @notice Gas of what jobs call, from cold storage, without the 21k base of a transaction.
contract StakingGasTest is NetworkFixture {
    uint256 private constant STAKE = 1000 ether;
    uint128 private constant LOCK = 10 ether;

    address private immutable alice = makeAddr("alice");
    address private immutable prover = makeAddr("prover");
    uint32 private id;

    function setUp() public override {
        super.setUp();
        id = _registerWithStake(alice, "alice", STAKE);
        // Slots that a network in use has written before.
        assertTrue(_lock(id, LOCK));
        _settle(id, LOCK, SeatOutcome.Success, 1 ether);
        _slash(id, 1, prover, 1 ether);
    }

    function test_gasOfASlash() public {
        _requestExit(alice, STAKE / 2);
        _cool();
        _slash(id, 5, prover, 1 ether);
        vm.snapshotGasLastCall("Staking", "slash");
        assertLe(vm.lastCallGas().gasTotalUsed, 60_000 - 21_000, "60k for the transaction");
    }

    function test_gasOfALock() public {
        _cool();
        assertTrue(_lock(id, LOCK));
        vm.snapshotGasLastCall("Staking", "tryLockSeat");
    }

    function test_gasOfASettlementOfThreeSeats() public {
        IStaking.Settlement[] memory settlements = new IStaking.Settlement[](3);
        settlements[0] = IStaking.Settlement(id, SeatOutcome.Success, 1 ether, FULL_STEP_FEE);
        for (uint256 i = 1; i < 3; ++i) {
            string memory name = vm.toString(i);
            uint32 other = _registerWithStake(makeAddr(name), name, STAKE);
            settlements[i] = IStaking.Settlement(other, SeatOutcome.Success, 1 ether, FULL_STEP_FEE);
        }
        for (uint256 i; i < 3; ++i) {
            assertTrue(_lock(settlements[i].executorId, LOCK));
        }
        _cool();
        hoax(jobRegistry, 3 ether);
        staking.settle{value: 3 ether}(JOB, requester, LOCK, settlements);
        vm.snapshotGasLastCall("Staking", "settle, three seats");
    }

    function _cool() private {
        vm.cool(address(staking));
        vm.cool(address(reputation));
    }
}
