// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStaking, Offence, SeatOutcome} from "../../src/stake/IStaking.sol";
import {NetworkFixture} from "./NetworkFixture.sol";
import {stdError} from "forge-std/Test.sol";

/// @notice What the job registry does: locks, settlements, reputation.
contract StakingSeatsTest is NetworkFixture {
    uint256 private constant STAKE = 1000 ether;
    uint128 private constant LOCK = 10 ether;
    uint16 private constant CAPACITY = 4;

    address private immutable alice = makeAddr("alice");
    uint32 private id;

    function setUp() public override {
        super.setUp();
        id = _registerWithStake(alice, "alice", STAKE);
    }

    // ---------------------------------------------------------------- lock

    function test_aSeatLocksStake() public {
        vm.expectEmit(address(staking));
        emit IStaking.SeatLocked(id, JOB, LOCK);
        assertTrue(_lock(id, LOCK));
        assertEq(staking.accountOf(id).locked, LOCK);
        assertEq(staking.accountOf(id).inFlight, 1);
        assertEq(staking.freeStakeOf(id), STAKE - LOCK);
        assertEq(staking.stakeOf(id), STAKE);
    }

    function test_seatsInFlightStayWithinTheCapacity() public {
        for (uint256 i; i < CAPACITY; ++i) {
            assertTrue(_tryLock(LOCK, CAPACITY));
        }
        _assertRefused(LOCK, CAPACITY);
        assertTrue(_tryLock(LOCK, CAPACITY + 1), "another offering may have more room");
    }

    function test_locksStayWithinTheStake() public {
        assertTrue(_tryLock(uint128(STAKE) - LOCK, CAPACITY));
        _assertRefused(LOCK + 1, CAPACITY);
        assertTrue(_tryLock(LOCK, CAPACITY));
        assertEq(staking.freeStakeOf(id), 0);
        _assertRefused(1, CAPACITY);
    }

    function test_severalSeatsLockAllOrNone() public {
        uint32[] memory ids = new uint32[](3);
        uint16[] memory capacities = new uint16[](3);
        for (uint256 i; i < 3; ++i) {
            string memory name = vm.toString(i);
            // The second has no more than one lock's stake.
            uint256 stake = i == 1 ? MINIMUM_STAKE : STAKE;
            ids[i] = _registerWithStake(makeAddr(name), name, stake);
            capacities[i] = i == 2 ? 0 : CAPACITY;
        }
        uint128 amount = uint128(MINIMUM_STAKE);
        assertEq(staking.canLockSeats(ids, amount, capacities), 3, "the third takes no jobs");
        assertEq(staking.canLockSeats(ids, amount + 1, capacities), 1);

        vm.expectRevert(abi.encodeWithSelector(IStaking.NotJobRegistry.selector, address(this)));
        staking.lockSeats(JOB, ids, amount);
        vm.startPrank(jobRegistry);
        vm.expectRevert(abi.encodeWithSelector(IStaking.SeatNotLockable.selector, ids[1]));
        staking.lockSeats(JOB, ids, amount + 1);
        assertEq(staking.accountOf(ids[0]).locked, 0);

        for (uint256 i; i < 3; ++i) {
            vm.expectEmit(address(staking));
            emit IStaking.SeatLocked(ids[i], JOB, amount);
        }
        staking.lockSeats(JOB, ids, amount);
        vm.stopPrank();
        for (uint256 i; i < 3; ++i) {
            assertEq(staking.accountOf(ids[i]).locked, amount);
            assertEq(staking.accountOf(ids[i]).inFlight, 1);
        }
        assertEq(staking.canLockSeats(ids, 1, capacities), 1);
    }

    function test_exitingStakeLocksNothing() public {
        _requestExit(alice, STAKE - MINIMUM_STAKE);
        _assertRefused(uint128(MINIMUM_STAKE) + 1, CAPACITY);
        assertTrue(_tryLock(uint128(MINIMUM_STAKE), CAPACITY));
    }

    function test_anEjectedExecutorGetsNoSeat() public {
        _ejectByOutliers(id);
        _assertRefused(LOCK, CAPACITY);
    }

    function test_stakeBelowTheMinimumGetsNoSeat() public {
        _slash(id, 91, address(0), 0);
        assertEq(staking.stakeOf(id), 90 ether);
        _assertRefused(LOCK, CAPACITY);
        _assertRefused(0, CAPACITY);
    }

    function testFuzz_unknownExecutorsGetNoSeat(uint32 executorId, uint128 amount, uint16 capacity) public {
        vm.assume(executorId != id);
        vm.prank(jobRegistry);
        assertFalse(staking.tryLockSeat(JOB, executorId, amount, capacity));
    }

    function test_whatDoesNotFitInTheWordIsRefusedWithoutRevert() public {
        _stake(id, 1 << 82);
        _assertRefused(1 << 80, CAPACITY);
        assertTrue(_tryLock(type(uint80).max, CAPACITY));
        _assertRefused(1, CAPACITY);
    }

    function test_seatsBeyondTheWordsCounterAreRefusedWithoutRevert() public {
        for (uint256 i; i < 2047; ++i) {
            assertTrue(_tryLock(0, type(uint16).max));
        }
        _assertRefused(0, type(uint16).max);
    }

    function testFuzz_canLockSeatForetellsTryLockSeat(uint128 amount, uint16 capacity, uint128 before) public {
        before = uint128(bound(before, 0, STAKE));
        amount = uint128(bound(amount, 0, 2 * STAKE));
        capacity = uint16(bound(capacity, 0, 3));
        assertTrue(_tryLock(before, CAPACITY));
        bool foretold = staking.canLockSeat(id, amount, capacity);
        assertEq(foretold, capacity > 1 && amount <= STAKE - before);
        assertEq(_tryLock(amount, capacity), foretold);
    }

    function testFuzz_onlyTheJobRegistryLocksAndSettles(address caller) public {
        vm.assume(caller != jobRegistry);
        bytes memory refusal = abi.encodeWithSelector(IStaking.NotJobRegistry.selector, caller);
        vm.startPrank(caller);
        vm.expectRevert(refusal);
        staking.tryLockSeat(JOB, id, LOCK, CAPACITY);
        vm.expectRevert(refusal);
        staking.unlockSeat(JOB, id, LOCK);
        vm.expectRevert(refusal);
        staking.settle(JOB, requester, LOCK, new IStaking.Settlement[](0));
    }

    // ---------------------------------------------------------------- unlock

    function test_unlockGivesTheSeatBackWithoutOutcome() public {
        assertTrue(_lock(id, LOCK));
        assertTrue(_lock(id, LOCK));
        vm.expectEmit(address(staking));
        emit IStaking.SeatUnlocked(id, JOB, LOCK);
        vm.prank(jobRegistry);
        staking.unlockSeat(JOB, id, LOCK);
        IStaking.Account memory account = staking.accountOf(id);
        assertEq(account.locked, LOCK);
        assertEq(account.inFlight, 1);
        assertEq(account.reputation, reputation.initialScore());
    }

    function test_whatWasNotLockedCannotBeReleased() public {
        vm.prank(jobRegistry);
        vm.expectRevert(stdError.arithmeticError);
        staking.unlockSeat(JOB, id, 0);

        assertTrue(_lock(id, LOCK));
        vm.prank(jobRegistry);
        vm.expectRevert(stdError.arithmeticError);
        staking.unlockSeat(JOB, id, LOCK + 1);
    }

    // ---------------------------------------------------------------- settle

    function test_settleReleasesPaysAndSteps() public {
        assertTrue(_lock(id, LOCK));
        vm.expectEmit(address(staking));
        emit IStaking.SeatSettled(id, JOB, SeatOutcome.Success, 2 ether, 500_000, 507_812);
        _settle(id, LOCK, SeatOutcome.Success, 2 ether);

        IStaking.Account memory account = staking.accountOf(id);
        assertEq(account.earnings, 2 ether);
        assertEq(account.locked, 0);
        assertEq(account.inFlight, 0);
        assertEq(account.reputation, 507_812);
        assertEq(account.volume, 2 ether / 1e12);
        assertEq(address(staking).balance, STAKE + 2 ether);
    }

    function test_aJobsSeatsSettleTogether() public {
        uint32 bob = _registerWithStake(makeAddr("bob"), "bob", STAKE);
        uint32 carol = _registerWithStake(makeAddr("carol"), "carol", STAKE);
        IStaking.Settlement[] memory settlements = new IStaking.Settlement[](3);
        settlements[0] = IStaking.Settlement(carol, SeatOutcome.Success, 1 ether, FULL_STEP_FEE);
        settlements[1] = IStaking.Settlement(id, SeatOutcome.Outlier, 0, 0);
        settlements[2] = IStaking.Settlement(bob, SeatOutcome.Success, 1 ether, FULL_STEP_FEE);
        for (uint256 i; i < 3; ++i) {
            assertTrue(_lock(settlements[i].executorId, LOCK));
        }
        hoax(jobRegistry, 2 ether);
        vm.record();
        staking.settle{value: 2 ether}(JOB, requester, LOCK, settlements);
        (, bytes32[] memory writes) = vm.accesses(address(staking));
        assertEq(writes.length, 3 + 1, "a word per seat, the outlier's mark");

        assertEq(staking.accountOf(carol).earnings, 1 ether);
        assertEq(staking.accountOf(bob).earnings, 1 ether);
        assertEq(staking.accountOf(id).earnings, 0);
        assertEq(staking.accountOf(id).reputation, 437_500);
        for (uint256 i; i < 3; ++i) {
            assertEq(staking.accountOf(settlements[i].executorId).locked, 0);
        }
    }

    function testFuzz_settleTakesExactlyTheSum(uint64 first, uint64 second, uint128 given) public {
        uint256 sum = uint256(first) + second;
        vm.assume(given != sum);
        assertTrue(_lock(id, LOCK));
        assertTrue(_lock(id, LOCK));
        IStaking.Settlement[] memory settlements = new IStaking.Settlement[](2);
        settlements[0] = IStaking.Settlement(id, SeatOutcome.Success, first, 0);
        settlements[1] = IStaking.Settlement(id, SeatOutcome.Success, second, 0);
        hoax(jobRegistry, given);
        vm.expectRevert(abi.encodeWithSelector(IStaking.WrongValue.selector, sum, given));
        staking.settle{value: given}(JOB, requester, LOCK, settlements);
        hoax(jobRegistry, sum);
        staking.settle{value: sum}(JOB, requester, LOCK, settlements);
        assertEq(staking.accountOf(id).earnings, sum);
    }

    function test_whatWasNotLockedCannotBeSettled() public {
        IStaking.Settlement[] memory settlements = new IStaking.Settlement[](1);
        settlements[0] = IStaking.Settlement(id, SeatOutcome.Neutral, 0, 0);
        vm.prank(jobRegistry);
        vm.expectRevert(stdError.arithmeticError);
        staking.settle(JOB, requester, 0, settlements);
    }

    /// Assigning instead of adding up would pay the last seat only.
    function testFuzz_regression_earningsAddUpAlsoWhenTheyDontFitTheWord(uint128[4] memory payments) public {
        uint256 sum;
        for (uint256 i; i < payments.length; ++i) {
            payments[i] = uint128(bound(payments[i], 0, 1 << 81));
            assertTrue(_lock(id, LOCK));
            _settle(id, LOCK, SeatOutcome.Success, payments[i]);
            sum += payments[i];
            assertEq(staking.poolOf(id).ownerEarnings, sum);
        }
        if (sum == 0) return;
        staking.withdrawEarnings(id);
        assertEq(alice.balance, sum);
    }

    // ---------------------------------------------------------------- clean jobs

    function test_aThousandCleanJobsTakeOneStrikeOfEachKindBack() public {
        _slash(id, 1, address(0), 0);
        _slash(id, 1, address(0), 0);
        vm.prank(court);
        slashing.punish(Offence.Conviction, id, JOB, 1 ether, address(0));
        for (uint256 i; i < 999; ++i) {
            _outcome(requester, SeatOutcome.Success);
        }
        vm.expectRevert(abi.encodeWithSelector(IStaking.TooFewCleanJobs.selector, 999, 1000));
        staking.forgiveStrikes(id);
        _outcome(requester, SeatOutcome.Success);
        vm.expectEmit(address(staking));
        emit IStaking.StrikesForgiven(id);
        vm.prank(makeAddr("anyone"));
        staking.forgiveStrikes(id);
        assertEq(staking.strikesOf(id, Offence.NoReveal), 1);
        assertEq(staking.strikesOf(id, Offence.Conviction), 0);
        assertEq(staking.strikesOf(id, Offence.InvalidVif), 0);
        assertEq(staking.accountOf(id).cleanJobs, 0);
    }

    function test_onlySuccessesThatBurnAFullFeeAreCleanJobs() public {
        assertTrue(_lock(id, LOCK));
        IStaking.Settlement[] memory settlements = new IStaking.Settlement[](1);
        settlements[0] = IStaking.Settlement(id, SeatOutcome.Success, 0, FULL_STEP_FEE - 1);
        vm.prank(jobRegistry);
        staking.settle(JOB, requester, LOCK, settlements);
        _outcome(requester, SeatOutcome.Outlier);
        _outcome(requester, SeatOutcome.Neutral);
        assertEq(staking.accountOf(id).cleanJobs, 0);
        _outcome(requester, SeatOutcome.Success);
        assertEq(staking.accountOf(id).cleanJobs, 1);
    }

    function test_strikesDontFallWithTime() public {
        _slash(id, 1, address(0), 0);
        _skipEpochs(10_000);
        assertEq(staking.strikesOf(id, Offence.NoReveal), 1);
    }

    // ---------------------------------------------------------------- reputation

    function test_silentAndNeutralSeatsKeepTheReputation() public {
        assertEq(_outcome(requester, SeatOutcome.Silent), 500_000);
        assertEq(_outcome(requester, SeatOutcome.Neutral), 500_000);
    }

    function test_aSuccessWithoutProtocolFeeBuysNothing() public {
        assertTrue(_lock(id, LOCK));
        IStaking.Settlement[] memory settlements = new IStaking.Settlement[](1);
        settlements[0] = IStaking.Settlement(id, SeatOutcome.Success, 0, 0);
        vm.prank(jobRegistry);
        staking.settle(JOB, requester, LOCK, settlements);
        assertEq(staking.accountOf(id).reputation, 500_000);
    }

    function test_aRequesterLowersAScoreOnceAnEpochByEachKind() public {
        assertEq(_outcome(requester, SeatOutcome.Miss), 492_187);
        assertEq(_outcome(requester, SeatOutcome.Miss), 492_187);
        assertEq(_outcome(requester, SeatOutcome.Outlier), 430_663);
        assertEq(_outcome(requester, SeatOutcome.Outlier), 430_663);
        assertEq(_outcome(requester, SeatOutcome.Miss), 430_663);
        assertEq(_outcome(makeAddr("another requester"), SeatOutcome.Miss), 423_933);
        assertEq(_outcome(requester, SeatOutcome.Success), 432_934, "successes always count");

        _skipEpochs(1);
        uint256 drifted = reputation.drift(432_934, 1);
        assertEq(_outcome(requester, SeatOutcome.Miss), reputation.step(drifted, SeatOutcome.Miss, 0));
    }

    function test_theOncePerEpochRuleHoldsInEpochZero() public {
        vm.warp(1);
        assertEq(staking.currentEpoch(), 0);
        assertEq(_outcome(requester, SeatOutcome.Outlier), 437_500);
        assertEq(_outcome(requester, SeatOutcome.Outlier), 437_500);
    }

    function test_theOncePerEpochRuleIsPerExecutor() public {
        uint32 bob = _registerWithStake(makeAddr("bob"), "bob", STAKE);
        _outcome(requester, SeatOutcome.Outlier);
        assertTrue(_lock(bob, LOCK));
        _settle(bob, LOCK, SeatOutcome.Outlier, 0);
        assertEq(staking.accountOf(bob).reputation, 437_500);
    }

    /// forge-config: default.fuzz.runs = 64
    /// forge-config: deep.fuzz.runs = 2000
    function testFuzz_driftIsTheSameHoweverOftenAnAccountIsTouched(uint8 epochs) public {
        epochs = uint8(bound(epochs, 0, 64));
        uint256 score = _outcome(requester, SeatOutcome.Outlier);
        for (uint256 i; i < epochs; ++i) {
            _skipEpochs(1);
            _outcome(requester, SeatOutcome.Neutral);
        }
        assertEq(staking.accountOf(id).reputation, reputation.drift(score, epochs));
    }

    function test_belowTheLineAnExecutorIsEjectedOnce() public {
        for (uint256 salt; salt < 6; ++salt) {
            _outlier(id, salt);
        }
        assertFalse(staking.accountOf(id).ejected);
        assertTrue(_lock(id, LOCK));
        assertTrue(_lock(id, LOCK));

        vm.expectEmit(address(staking));
        emit IStaking.Ejected(id);
        _settleFor(makeAddr("seventh"), id, LOCK, SeatOutcome.Outlier, 0);
        assertTrue(staking.accountOf(id).ejected);

        // A seat that was in flight still settles, and is paid if it was right.
        _settle(id, LOCK, SeatOutcome.Success, 1 ether);
        assertTrue(staking.accountOf(id).ejected);
        assertEq(staking.accountOf(id).earnings, 1 ether);
        assertEq(staking.accountOf(id).inFlight, 0);
    }

    /// forge-config: default.fuzz.runs = 64
    /// forge-config: deep.fuzz.runs = 2000
    function testFuzz_scoresStayInRange(uint8[40] calldata outcomes) public {
        for (uint256 i; i < outcomes.length; ++i) {
            if (!staking.canLockSeat(id, LOCK, CAPACITY)) break;
            SeatOutcome outcome = SeatOutcome(outcomes[i] % 5);
            uint256 score = _outcome(vm.addr(i + 1), outcome);
            assertLe(score, 1e6);
            assertEq(staking.accountOf(id).ejected, score < reputation.ejectionLine());
        }
    }

    // ---------------------------------------------------------------- helpers

    function _tryLock(uint128 amount, uint16 capacity) private returns (bool) {
        vm.prank(jobRegistry);
        return staking.tryLockSeat(JOB, id, amount, capacity);
    }

    function _assertRefused(uint128 amount, uint16 capacity) private {
        bytes memory before = abi.encode(staking.accountOf(id));
        assertFalse(staking.canLockSeat(id, amount, capacity));
        assertFalse(_tryLock(amount, capacity));
        assertEq(abi.encode(staking.accountOf(id)), before, "a refusal changes nothing");
    }

    function _outcome(address from, SeatOutcome outcome) private returns (uint256) {
        assertTrue(_lock(id, LOCK));
        _settleFor(from, id, LOCK, outcome, 0);
        return staking.accountOf(id).reputation;
    }
}
