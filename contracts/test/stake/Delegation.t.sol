// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStaking} from "../../src/stake/IStaking.sol";
import {NetworkFixture} from "./NetworkFixture.sol";
import {ReenteringOwner} from "./Recipients.sol";

/// @notice Delegated stake: in, out, its earnings, and pools that start over.
contract DelegationTest is NetworkFixture {
    uint256 private constant STAKE = 1000 ether;

    address private immutable alice = makeAddr("alice");
    address private immutable dora = makeAddr("dora");
    address private immutable eve = makeAddr("eve");
    uint32 private id;

    function setUp() public override {
        super.setUp();
        id = _registerWithStake(alice, "alice", STAKE);
    }

    // ---------------------------------------------------------------- in and out

    function test_delegatedStakeBacksTheExecutorsSeats() public {
        vm.expectEmit(address(staking));
        emit IStaking.Delegated(id, dora, 500 ether, 500 ether);
        _delegate(dora, id, 500 ether);
        assertEq(staking.stakeOf(id), STAKE + 500 ether);
        assertEq(staking.poolOf(id).own, STAKE);
        assertEq(staking.poolOf(id).delegated, 500 ether);
        assertEq(staking.weightOf(id), 750_000);
        assertTrue(_lock(id, uint128(STAKE + 500 ether)));
        assertFalse(staking.canLockSeat(id, 1, 2));
    }

    function test_theMinimumIsOfOwnStake() public {
        _delegate(dora, id, 500 ether);
        _slash(id, 91, address(0), 0);
        assertEq(staking.poolOf(id).own, 90 ether);
        assertGt(staking.stakeOf(id), MINIMUM_STAKE);
        assertEq(staking.weightOf(id), 0);
        assertFalse(staking.canLockSeat(id, 0, 1));
        vm.expectRevert(abi.encodeWithSelector(IStaking.BelowMinimumStake.selector, 90 ether, MINIMUM_STAKE));
        _delegate(dora, id, 1 ether);
    }

    function test_delegateRefusesNothingTheOwnerAndTheUnknown() public {
        vm.expectRevert(IStaking.ZeroAmount.selector);
        _delegate(dora, id, 0);
        vm.expectRevert(abi.encodeWithSelector(IStaking.OwnerCannotDelegate.selector, id));
        _delegate(alice, id, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IStaking.UnknownExecutor.selector, id + 1));
        _delegate(dora, id + 1, 1 ether);
    }

    function test_anUndelegationIsPulledByAnyoneOnceMature() public {
        _delegate(dora, id, 500 ether);
        uint64 maturesAt = staking.exitMaturity();
        vm.expectEmit(address(staking));
        emit IStaking.UndelegationRequested(id, dora, 200 ether, 200 ether, maturesAt);
        _undelegate(dora, id, 200 ether);
        assertEq(staking.poolOf(id).delegated, 300 ether);
        assertEq(_worthOf(id, dora), 300 ether);
        assertEq(staking.undelegationOf(id, dora, maturesAt), 200 ether);

        vm.expectRevert(abi.encodeWithSelector(IStaking.ExitNotMature.selector, staking.currentEpoch(), maturesAt));
        staking.completeUndelegation(id, dora, maturesAt);
        _skipToEpoch(maturesAt);
        vm.expectEmit(address(staking));
        emit IStaking.UndelegationCompleted(id, dora, 200 ether, maturesAt);
        vm.prank(makeAddr("anyone"));
        staking.completeUndelegation(id, dora, maturesAt);
        assertEq(dora.balance, 200 ether);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NoExit.selector, id));
        staking.completeUndelegation(id, dora, maturesAt);
    }

    function test_undelegateRefusesMoreThanThereIs() public {
        _delegate(dora, id, 5 ether);
        vm.expectRevert(abi.encodeWithSelector(IStaking.InsufficientStake.selector, 5 ether, 5 ether + 1));
        _undelegate(dora, id, 5 ether + 1);
        vm.expectRevert(IStaking.ZeroAmount.selector);
        _undelegate(dora, id, 0);
        vm.expectRevert(abi.encodeWithSelector(IStaking.InsufficientStake.selector, 0, 0));
        _undelegate(eve, id, type(uint256).max);
        _undelegate(dora, id, type(uint256).max);
        assertEq(staking.poolOf(id).delegatedShares, 0);
    }

    /// An executor that is always busy can't keep its delegators: what leaves stays slashable, so the seats lose no backing.
    function test_noLockHoldsADelegatorUp() public {
        _delegate(dora, id, 500 ether);
        assertTrue(_lock(id, uint128(STAKE + 500 ether)));
        uint64 maturesAt = _undelegate(dora, id, type(uint256).max);
        assertEq(staking.freeStakeOf(id), 0);
        assertFalse(staking.canLockSeat(id, 0, 2));
        assertEq(_slash(id, 10, address(0), 0), 150 ether);
        assertEq(staking.undelegationOf(id, dora, maturesAt), 450 ether);
    }

    function test_anEjectedExecutorsDelegatorsLeaveFreely() public {
        _delegate(dora, id, 500 ether);
        _ejectByOutliers(id);
        vm.expectRevert(abi.encodeWithSelector(IStaking.EjectedExecutor.selector, id));
        _delegate(eve, id, 1 ether);
        uint64 maturesAt = _undelegate(dora, id, type(uint256).max);
        _skipToEpoch(maturesAt);
        staking.completeUndelegation(id, dora, maturesAt);
        assertEq(dora.balance, 500 ether);
    }

    function test_anExitIsPaidOnceToADelegatorThatReenters() public {
        ReenteringOwner wallet = new ReenteringOwner(address(staking));
        _delegate(address(wallet), id, 5 ether);
        uint64 maturesAt = _undelegate(address(wallet), id, 5 ether);
        wallet.prepare(abi.encodeCall(IStaking.completeUndelegation, (id, address(wallet), maturesAt)));
        _skipToEpoch(maturesAt);
        staking.completeUndelegation(id, address(wallet), maturesAt);
        assertTrue(wallet.reentered());
        assertFalse(wallet.succeeded());
        assertEq(address(wallet).balance, 5 ether);
    }

    // ---------------------------------------------------------------- shares

    /// The first depositor stakes a wei, forces money upon the contract, and waits for a victim to be rounded down to nothing.
    function testFuzz_regression_neitherTheFirstDepositorNorADonorTakesFromTheNext(uint256 donation, uint256 amount)
        public
    {
        donation = bound(donation, 1, 1e26);
        amount = bound(amount, 1, 1e26);
        _delegate(eve, id, 1);
        vm.deal(address(staking), address(staking).balance + donation);
        _earn(id, uint128(donation));
        _delegate(dora, id, amount);
        assertEq(_worthOf(id, dora), amount);
        assertEq(_worthOf(id, eve), 1);
    }

    /// forge-config: default.fuzz.runs = 128
    function testFuzz_regression_afterDeepSlashesRoundingNeverFavoursWhoLeaves(uint256 seed) public {
        address[3] memory delegators = [dora, eve, makeAddr("frank")];
        uint256[3] memory fair;
        for (uint256 step; step < 24; ++step) {
            uint256 random = uint256(keccak256(abi.encode(seed, step)));
            uint256 who = random % 3;
            uint256 before = staking.poolOf(id).delegated;
            uint256 worth = _worthOf(id, delegators[who]);
            if (random >> 8 & 3 == 0) {
                _slash(id, uint8(1 + (random >> 16) % 70), address(0), 0);
                _stake(id, STAKE);
            } else if (random >> 8 & 3 == 1 && worth != 0) {
                uint256 amount = 1 + (random >> 16) % worth;
                _undelegate(delegators[who], id, amount == worth ? type(uint256).max : amount);
                assertEq(before - staking.poolOf(id).delegated, amount);
                assertLe(_worthOf(id, delegators[who]), worth - amount, "leaving leaves no more behind");
            } else {
                uint256 amount = 1 + (random >> 16) % 1e6;
                _delegate(delegators[who], id, amount);
                assertLe(_worthOf(id, delegators[who]), worth + amount, "staking is no gain");
            }
            uint256 sum;
            for (uint256 i; i < 3; ++i) {
                uint256 now_ = _worthOf(id, delegators[i]);
                if (i != who && random >> 8 & 3 != 0) assertGe(now_ + 1, fair[i], "nor a loss to the others");
                fair[i] = now_;
                sum += now_;
            }
            assertLe(sum, staking.poolOf(id).delegated);
            assertLe(staking.poolOf(id).delegated, staking.poolOf(id).delegatedShares);
        }
    }

    function test_aBucketSlashedToNothingStillTakesExits() public {
        _delegate(eve, id, 1);
        _delegate(dora, id, 5 ether);
        uint64 maturesAt = _undelegate(eve, id, 1);
        _slash(id, 1, address(0), 0);
        assertEq(staking.undelegationOf(id, eve, maturesAt), 0, "rounded up to the whole");
        uint256 worth = _worthOf(id, dora);
        _undelegate(dora, id, type(uint256).max);
        assertEq(staking.undelegationOf(id, dora, maturesAt), worth - 1, "rounded down");
        _skipToEpoch(maturesAt);
        staking.completeUndelegation(id, eve, maturesAt);
        staking.completeUndelegation(id, dora, maturesAt);
        assertEq(dora.balance, worth, "the worthless share had the dust, and has left");
    }

    // ---------------------------------------------------------------- earnings

    function test_earningsAreDividedByStakeLessTheCommission() public {
        _delegate(dora, id, 750 ether);
        _delegate(eve, id, 250 ether);
        _commission(1_000);
        _earn(id, 10 ether);
        _assertOwed(dora, 3.375 ether);
        _assertOwed(eve, 1.125 ether);
        assertEq(staking.poolOf(id).ownerEarnings, 5.5 ether);
        uint256 dorasPart = _owedTo(id, dora);

        vm.expectEmit(address(staking));
        emit IStaking.EarningsDivided(id, 5.5 ether, 4.5 ether);
        vm.expectEmit(address(staking));
        emit IStaking.DelegatorPaid(id, dora, dorasPart);
        vm.prank(makeAddr("anyone"));
        staking.withdrawDelegation(id, dora);
        staking.withdrawEarnings(id);
        assertEq(dora.balance, dorasPart);
        assertEq(alice.balance, 5.5 ether);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NothingToWithdraw.selector, id));
        staking.withdrawDelegation(id, dora);
    }

    /// Earnings accumulate over settlements and payouts; each delegator gets its part of what was earned while it stood in.
    function test_regression_earningsAccumulateAndLateComersHaveNoPartInThem() public {
        _delegate(dora, id, STAKE);
        _earn(id, 2 ether);
        _earn(id, 4 ether);
        _assertOwed(dora, 3 ether);
        _delegate(eve, id, 2 * STAKE);
        _assertOwed(eve, 0);
        _assertOwed(dora, 3 ether);
        _earn(id, 8 ether);
        _assertOwed(dora, 5 ether);
        _assertOwed(eve, 4 ether);
        _delegate(dora, id, STAKE);
        _assertOwed(dora, 5 ether);
        _undelegate(dora, id, type(uint256).max);
        _assertOwed(dora, 5 ether);
        staking.withdrawDelegation(id, dora);
        assertApproxEqAbs(dora.balance, 5 ether, 3);
    }

    function testFuzz_earningsAreConserved(uint256 first, uint256 second, uint128 earned, uint16 bps) public {
        first = bound(first, 1, 1e25);
        second = bound(second, 1, 1e25);
        earned = uint128(bound(earned, 1, 1e26));
        _commission(uint16(bound(bps, 0, 5_000)));
        _delegate(dora, id, first);
        _delegate(eve, id, second);
        _earn(id, earned);
        uint256 sum = _owedTo(id, dora) + _owedTo(id, eve) + staking.poolOf(id).ownerEarnings;
        assertLe(sum, earned);
        // Dust: less than a wei for each who is paid, and for the index.
        assertLe(earned - sum, 3);
    }

    function test_aSlashChangesNoEarnings() public {
        _delegate(dora, id, STAKE);
        _earn(id, 2 ether);
        _slash(id, 50, address(0), 0);
        _assertOwed(dora, 1 ether);
        _earn(id, 2 ether);
        _assertOwed(dora, 2 ether);
    }

    // ---------------------------------------------------------------- commission

    function test_aCommissionActsFromTheNextEpochAndIsBounded() public {
        _delegate(dora, id, STAKE);
        uint16 maximum = staking.MAX_COMMISSION_BPS();
        vm.expectRevert(abi.encodeWithSelector(IStaking.CommissionTooHigh.selector, maximum + 1, maximum));
        vm.prank(alice);
        staking.announceCommission(maximum + 1);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotOwner.selector, address(this), 0));
        staking.announceCommission(0);

        vm.expectEmit(address(staking));
        emit IStaking.CommissionAnnounced(id, maximum, staking.currentEpoch() + 1);
        vm.prank(alice);
        staking.announceCommission(maximum);
        _earn(id, 2 ether);
        _assertOwed(dora, 1 ether);
        assertEq(staking.poolOf(id).nextCommissionBps, maximum);
        _skipEpochs(1);
        staking.withdrawEarnings(id);
        _assertOwed(dora, 1 ether);
        _earn(id, 2 ether);
        _assertOwed(dora, 1.5 ether);
    }

    function test_regression_noCommissionActsOnWhatWasEarnedBeforeIt() public {
        _delegate(dora, id, STAKE);
        _earn(id, 2 ether);
        vm.prank(alice);
        staking.announceCommission(5_000);
        _earn(id, 2 ether);
        _skipEpochs(3);
        // Nobody divided in time: delegators pay the lower commission on all of it.
        _earn(id, 2 ether);
        _assertOwed(dora, 3 ether);
        staking.withdrawDelegation(id, dora);
        _earn(id, 2 ether);
        _assertOwed(dora, 0.5 ether);
    }

    // ---------------------------------------------------------------- generations

    function test_anInsolventPoolTakesNoStakeAndStartsOver() public {
        // Slashed 96 percent eight times over: less than 1e-11 is left.
        _delegate(dora, id, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IStaking.SolventPool.selector, 1 ether, 1 ether));
        staking.startGeneration(id);
        _earn(id, 1 ether);
        uint256 earned = _owedTo(id, dora);
        for (uint256 i; i < 8; ++i) {
            _slash(id, 96, address(0), 0);
            _stake(id, STAKE);
        }
        uint256 left = staking.poolOf(id).delegated;
        assertGt(left, 0);
        vm.expectRevert(abi.encodeWithSelector(IStaking.InsolventPool.selector, left, 1 ether));
        _delegate(eve, id, 1 ether);

        vm.expectEmit(address(staking));
        emit IStaking.GenerationStarted(id, 1, left);
        vm.prank(makeAddr("anyone"));
        staking.startGeneration(id);
        _delegate(eve, id, 1 ether);
        assertEq(_worthOf(id, eve), 1 ether);
        assertEq(_worthOf(id, dora), 0);
        _assertOwed(dora, earned + left);
        staking.withdrawDelegation(id, dora);
        assertEq(dora.balance, earned + left);
        _delegate(dora, id, 2 ether);
        assertEq(_worthOf(id, dora), 2 ether);
        _earn(id, 1 ether);
        assertGt(_owedTo(id, dora), 0);
    }

    function test_whenAnEjectedOwnerComesBackItsDelegatorsTakeTheirStakeOut() public {
        _delegate(dora, id, 500 ether);
        _ejectByOutliers(id);
        _skipToEpoch(_requestExit(alice, STAKE));
        staking.reinstate(id);
        assertEq(staking.poolOf(id).delegated, 0);
        _assertOwed(dora, 500 ether);
        staking.withdrawDelegation(id, dora);
        assertEq(dora.balance, 500 ether);
    }

    /// @dev Rounded down at every division, so a few wei less.
    function _assertOwed(address delegator, uint256 amount) private view {
        uint256 owed = _owedTo(id, delegator);
        assertLe(owed, amount);
        assertApproxEqAbs(owed, amount, 3);
    }

    function _commission(uint16 bps) private {
        vm.prank(alice);
        staking.announceCommission(bps);
        _skipEpochs(1);
        _earn(id, 1);
        staking.withdrawEarnings(id);
        vm.deal(alice, 0);
    }
}
