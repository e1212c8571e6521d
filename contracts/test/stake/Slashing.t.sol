// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ISlashing, Offence} from "../../src/stake/ISlashing.sol";
import {NetworkFixture} from "./NetworkFixture.sol";

contract SlashingTest is NetworkFixture {
    uint128 private constant SEAT_FEE = 0.1 ether;

    address private immutable alice = makeAddr("alice");
    address private immutable prover = makeAddr("prover");
    uint32 private id;

    function setUp() public override {
        super.setUp();
        id = _registerWithStake(alice, "alice", 1000 ether);
    }

    function test_theSecondStrikeCostsMoreAndTheThirdAll() public {
        _expectPunished(1, 5, 50 ether);
        assertEq(_punish(id, SEAT_FEE, prover), 50 ether);
        _expectPunished(2, 20, 190 ether);
        assertEq(_punish(id, SEAT_FEE, prover), 190 ether);
        assertFalse(staking.accountOf(id).ejected);
        _expectPunished(3, 100, 760 ether);
        assertEq(_punish(id, SEAT_FEE, prover), 760 ether);
        assertTrue(staking.accountOf(id).ejected);
        assertEq(staking.stakeOf(id), 0);
        assertEq(slashing.strikesOf(id, Offence.NoReveal), 3);
    }

    function test_theRewardIsCappedAtTenSeatFees() public {
        _punish(id, SEAT_FEE, prover);
        assertEq(staking.proverRewardOf(prover), 10 * SEAT_FEE);
    }

    function test_strikesStayAtTheirLargestValue() public {
        for (uint256 i; i < 300; ++i) {
            _punish(id, SEAT_FEE, prover);
        }
        assertEq(slashing.strikesOf(id, Offence.NoReveal), 255);
    }

    function test_strikesAreCountedPerExecutor() public {
        uint32 other = _registerWithStake(makeAddr("bob"), "bob", 1000 ether);
        _punish(id, SEAT_FEE, prover);
        assertEq(slashing.strikesOf(other, Offence.NoReveal), 0);
        assertEq(_punish(other, SEAT_FEE, prover), 50 ether);
    }

    function testFuzz_percentNeverFallsWithTheStrikes(uint8 a, uint8 b) public view {
        vm.assume(a <= b);
        assertLe(slashing.percentOf(Offence.NoReveal, a), slashing.percentOf(Offence.NoReveal, b));
        assertEq(slashing.percentOf(Offence.NoReveal, 0), 0);
    }

    function testFuzz_onlyTheJobRegistryPunishes(address caller) public {
        vm.assume(caller != jobRegistry);
        vm.expectRevert(abi.encodeWithSelector(ISlashing.NotJobRegistry.selector, caller));
        vm.prank(caller);
        slashing.punishNoReveal(id, JOB, SEAT_FEE, prover);
    }

    function _expectPunished(uint8 strike, uint8 percent, uint256 amount) private {
        vm.expectEmit(address(slashing));
        emit ISlashing.OffencePunished(id, JOB, Offence.NoReveal, strike, percent, amount);
    }
}
