// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ISlashing} from "../../src/stake/ISlashing.sol";
import {IStaking, Offence} from "../../src/stake/IStaking.sol";
import {NetworkFixture} from "./NetworkFixture.sol";

/// @notice What offences cost, and who may report them. Equivocation has its own tests.
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
        assertEq(staking.strikesOf(id, Offence.NoReveal), 3);
    }

    function test_theTableOfThePenalties() public view {
        _assertPercents(Offence.NoReveal, 5, 20, 100);
        _assertPercents(Offence.Conviction, 5, 20, 100);
        _assertPercents(Offence.InvalidVif, 20, 50, 100);
        _assertPercents(Offence.InvalidOpening, 20, 50, 100);
        _assertPercents(Offence.Equivocation, 100, 100, 100);
    }

    function testFuzz_percentNeverFallsWithTheStrikes(uint8 kind, uint8 a, uint8 b) public view {
        Offence offence = Offence(kind % 5);
        vm.assume(a <= b);
        assertLe(slashing.percentOf(offence, a), slashing.percentOf(offence, b));
        assertEq(slashing.percentOf(offence, 0), 0);
    }

    function test_theRewardIsCappedAtTenSeatFees() public {
        _punish(id, SEAT_FEE, prover);
        assertEq(staking.proverRewardOf(prover), 10 * SEAT_FEE);
    }

    /// A cornered cheat that convicts itself loses nine tenths at least, a thief of its key gains ten fees at most.
    function testFuzz_regression_noProofPaysWhoIsPunished(uint128 fee) public {
        uint256 taken = _punish(id, fee, alice);
        assertLe(staking.proverRewardOf(alice) * 10, taken);
        assertLe(staking.proverRewardOf(alice), 10 * uint256(fee));
    }

    function test_strikesStayAtTheirLargestValue() public {
        for (uint256 i; i < 300; ++i) {
            _punish(id, SEAT_FEE, prover);
        }
        assertEq(staking.strikesOf(id, Offence.NoReveal), 255);
        assertEq(staking.strikesOf(id, Offence.Equivocation), 0);
    }

    function test_strikesAreCountedPerExecutorAndOffence() public {
        uint32 other = _registerWithStake(makeAddr("bob"), "bob", 1000 ether);
        _punish(id, SEAT_FEE, prover);
        assertEq(staking.strikesOf(other, Offence.NoReveal), 0);
        assertEq(_punish(other, SEAT_FEE, prover), 50 ether);
        vm.prank(jobRegistry);
        assertEq(slashing.punish(Offence.InvalidVif, other, JOB, SEAT_FEE, prover), 190 ether, "the first of its kind");
        vm.prank(jobRegistry);
        assertEq(slashing.punish(Offence.InvalidOpening, other, JOB, SEAT_FEE, prover), 152 ether);
    }

    function test_aConvictionHalvesTheReputationToo() public {
        vm.expectEmit(address(staking));
        emit IStaking.ReputationHalved(id, 250_000);
        _convict();
        assertEq(staking.accountOf(id).reputation, 250_000);
        assertFalse(staking.accountOf(id).ejected);
        _convict();
        assertEq(staking.accountOf(id).reputation, 125_000);
        assertTrue(staking.accountOf(id).ejected, "below the line");
    }

    function testFuzz_eachOffenceHasItsReporter(address caller, uint8 kind) public {
        Offence offence = Offence(kind % 5);
        vm.assume(caller != court && caller != jobRegistry);
        _expectRefused(caller, offence);
        _expectRefused(offence == Offence.Conviction ? jobRegistry : court, offence);
        _expectRefused(jobRegistry, Offence.Equivocation);
        vm.expectRevert(abi.encodeWithSelector(ISlashing.NotAuthorised.selector, caller, Offence.NoReveal));
        vm.prank(caller);
        slashing.punishNoReveal(id, JOB, SEAT_FEE, prover);
    }

    function _expectRefused(address caller, Offence offence) private {
        vm.expectRevert(abi.encodeWithSelector(ISlashing.NotAuthorised.selector, caller, offence));
        vm.prank(caller);
        slashing.punish(offence, id, JOB, SEAT_FEE, prover);
    }

    function _convict() private {
        vm.prank(court);
        slashing.punish(Offence.Conviction, id, JOB, SEAT_FEE, prover);
    }

    function _assertPercents(Offence offence, uint8 first, uint8 second, uint8 third) private view {
        assertEq(slashing.percentOf(offence, 1), first);
        assertEq(slashing.percentOf(offence, 2), second);
        assertEq(slashing.percentOf(offence, 3), third);
        assertEq(slashing.percentOf(offence, 255), third);
    }

    function _expectPunished(uint8 strike, uint8 percent, uint256 amount) private {
        vm.expectEmit(address(staking));
        emit IStaking.Slashed(id, JOB, prover, Offence.NoReveal, strike, percent, amount, 10 * SEAT_FEE);
    }
}
