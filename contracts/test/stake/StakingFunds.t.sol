// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IExecutorRegistry} from "../../src/executors/IExecutorRegistry.sol";
import {IReputation} from "../../src/stake/IReputation.sol";
import {IStaking, SeatOutcome} from "../../src/stake/IStaking.sol";
import {Staking} from "../../src/stake/Staking.sol";
import {NetworkFixture} from "./NetworkFixture.sol";
import {ReenteringOwner, RejectingOwner} from "./Recipients.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice Stake in, exits, earnings out.
contract StakingFundsTest is NetworkFixture {
    uint256 private constant STAKE = 1000 ether;

    address private immutable alice = makeAddr("alice");
    uint32 private id;

    function setUp() public override {
        super.setUp();
        id = _register(alice, "alice");
    }

    // ---------------------------------------------------------------- stake

    function test_anyoneMayFundAnExecutor() public {
        address funder = makeAddr("funder");
        vm.expectEmit(address(staking));
        emit IStaking.Staked(id, funder, STAKE, STAKE);
        _stake(id, STAKE);
        vm.expectEmit(address(staking));
        emit IStaking.Staked(id, alice, 1, STAKE + 1);
        hoax(alice);
        staking.stake{value: 1}(id);

        assertEq(staking.stakeOf(id), STAKE + 1);
        assertEq(staking.freeStakeOf(id), STAKE + 1);
        assertEq(staking.liabilities(), STAKE + 1);
        assertEq(address(staking).balance, STAKE + 1);
    }

    function test_stakeRefusesNothing() public {
        vm.expectRevert(IStaking.ZeroAmount.selector);
        staking.stake(id);
    }

    function testFuzz_stakeRefusesUnknownExecutors(uint32 executorId) public {
        vm.assume(executorId != id);
        vm.expectRevert(abi.encodeWithSelector(IStaking.UnknownExecutor.selector, executorId));
        staking.stake{value: STAKE}(executorId);
    }

    function test_stakeMustReachTheMinimum() public {
        vm.expectRevert(abi.encodeWithSelector(IStaking.BelowMinimumStake.selector, MINIMUM_STAKE - 1, MINIMUM_STAKE));
        staking.stake{value: MINIMUM_STAKE - 1}(id);
        staking.stake{value: MINIMUM_STAKE}(id);
        staking.stake{value: 1}(id);
    }

    function test_anEjectedExecutorTakesNoStake() public {
        _stake(id, STAKE);
        _ejectByOutliers(id);
        vm.expectRevert(abi.encodeWithSelector(IStaking.EjectedExecutor.selector, id));
        staking.stake{value: STAKE}(id);
    }

    function test_stakeThatDoesNotFitIsRefused() public {
        uint256 amount = uint256(type(uint96).max) + 1;
        vm.deal(address(this), amount);
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 96, amount));
        staking.stake{value: amount}(id);
    }

    // ---------------------------------------------------------------- exit

    function test_anExitLowersCapacityAtOnceAndPaysTheOwnerOnceMature() public {
        _stake(id, STAKE);
        uint64 maturesAt = staking.currentEpoch() + UNBONDING_EPOCHS;
        vm.expectEmit(address(staking));
        emit IStaking.ExitRequested(id, 400 ether, maturesAt);
        _requestExit(alice, 400 ether);
        assertEq(staking.stakeOf(id), 600 ether);
        assertEq(staking.freeStakeOf(id), 600 ether);
        assertEq(staking.weightOf(id), 300_000);
        _assertExit(400 ether, maturesAt);
        assertEq(staking.liabilities(), STAKE, "still owed");

        _skipEpochs(UNBONDING_EPOCHS);
        rewind(1);
        vm.expectRevert(abi.encodeWithSelector(IStaking.ExitNotMature.selector, maturesAt - 1, maturesAt));
        staking.completeExit(id);

        skip(1);
        vm.expectEmit(address(staking));
        emit IStaking.ExitCompleted(id, 400 ether);
        vm.prank(makeAddr("anyone"));
        staking.completeExit(id);
        assertEq(alice.balance, 400 ether);
        _assertExit(0, 0);
        assertEq(staking.liabilities(), 600 ether);
        assertEq(address(staking).balance, 600 ether);
    }

    function test_requestExitIsTheOwnersAlone() public {
        _stake(id, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotOwner.selector, address(this), 0));
        staking.requestExit(STAKE);
    }

    function test_requestExitRefusesNothing() public {
        _stake(id, STAKE);
        vm.expectRevert(IStaking.ZeroAmount.selector);
        _requestExit(alice, 0);
    }

    function test_theLargestNumberExitsWithAllThereIs() public {
        _stake(id, STAKE);
        vm.deal(address(0xbad), 1);
        vm.prank(address(0xbad));
        staking.stake{value: 1}(id);
        _requestExit(alice, type(uint256).max);
        assertEq(staking.stakeOf(id), 0);
        (uint256 amount,) = staking.exitOf(id);
        assertEq(amount, STAKE + 1);
    }

    function test_requestExitRefusesMoreThanTheStake() public {
        _stake(id, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IStaking.InsufficientStake.selector, STAKE, STAKE + 1));
        _requestExit(alice, STAKE + 1);
    }

    function test_whatStaysIsNothingOrTheMinimum() public {
        _stake(id, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IStaking.BelowMinimumStake.selector, MINIMUM_STAKE - 1, MINIMUM_STAKE));
        _requestExit(alice, STAKE - MINIMUM_STAKE + 1);
        _requestExit(alice, STAKE - MINIMUM_STAKE);
    }

    function test_lockedStakeStays() public {
        _stake(id, STAKE);
        assertTrue(_lock(id, 700 ether));
        vm.expectRevert(abi.encodeWithSelector(IStaking.StakeLocked.selector, 700 ether));
        _requestExit(alice, 300 ether + 1);
        _requestExit(alice, 300 ether);
    }

    function test_oneExitAtATimeAndAMatureOneIsCompletedFirst() public {
        _stake(id, STAKE);
        _requestExit(alice, 100 ether);
        vm.expectRevert(abi.encodeWithSelector(IStaking.ExitPending.selector, id));
        _requestExit(alice, 100 ether);
        _skipEpochs(UNBONDING_EPOCHS);
        vm.expectRevert(abi.encodeWithSelector(IStaking.ExitPending.selector, id));
        _requestExit(alice, 100 ether);
        staking.completeExit(id);
        _requestExit(alice, 100 ether);
    }

    function test_completeExitNeedsAnExit() public {
        _stake(id, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NoExit.selector, id));
        staking.completeExit(id);
    }

    function test_anOwnerThatRejectsItsExitKeepsIt() public {
        address owner = address(new RejectingOwner());
        uint32 other = _registerWithStake(owner, "rejecting", STAKE);
        _requestExit(owner, STAKE);
        _skipEpochs(UNBONDING_EPOCHS);
        vm.expectRevert(abi.encodeWithSelector(IStaking.TransferFailed.selector, owner, STAKE));
        staking.completeExit(other);
        (uint256 amount,) = staking.exitOf(other);
        assertEq(amount, STAKE);
    }

    function test_anExitIsPaidOnceToAnOwnerThatReenters() public {
        ReenteringOwner owner = new ReenteringOwner(address(staking));
        uint32 other = _registerWithStake(address(owner), "reentering", STAKE);
        _stake(id, STAKE);
        owner.prepare(abi.encodeCall(IStaking.completeExit, (other)));
        _requestExit(address(owner), STAKE);
        _skipEpochs(UNBONDING_EPOCHS);
        staking.completeExit(other);
        assertTrue(owner.reentered());
        assertFalse(owner.succeeded());
        assertEq(address(owner).balance, STAKE);
    }

    // ---------------------------------------------------------------- ejection and return

    function test_aFullExitClearsTheLatchAndTheReputationStartsAnew() public {
        _stake(id, STAKE);
        _ejectByOutliers(id);
        _requestExit(alice, STAKE);
        _skipEpochs(UNBONDING_EPOCHS);
        assertTrue(staking.accountOf(id).ejected);

        vm.expectEmit(address(staking));
        emit IStaking.Reinstated(id);
        staking.completeExit(id);
        assertFalse(staking.accountOf(id).ejected);
        assertEq(staking.accountOf(id).reputation, reputation.initialScore());
        _stake(id, STAKE);
        assertTrue(_lock(id, 1 ether));
    }

    function test_aPartExitDoesNotClearTheLatch() public {
        _stake(id, STAKE);
        _ejectByOutliers(id);
        _requestExit(alice, STAKE / 2);
        _skipEpochs(UNBONDING_EPOCHS);
        staking.completeExit(id);
        assertTrue(staking.accountOf(id).ejected);
    }

    function test_driftDoesNotClearTheLatch() public {
        _stake(id, STAKE);
        _ejectByOutliers(id);
        _skipEpochs(64);
        assertGt(staking.accountOf(id).reputation, reputation.ejectionLine());
        assertTrue(staking.accountOf(id).ejected);
        assertEq(staking.weightOf(id), 0);
        assertFalse(_lock(id, 1));
    }

    function test_aFullExitInGoodStandingKeepsTheReputation() public {
        _stake(id, STAKE);
        _outlier(id, 1);
        uint256 score = staking.accountOf(id).reputation;
        _requestExit(alice, STAKE);
        _skipEpochs(UNBONDING_EPOCHS);
        staking.completeExit(id);
        assertEq(staking.accountOf(id).reputation, reputation.drift(score, UNBONDING_EPOCHS));
    }

    // ---------------------------------------------------------------- earnings

    function test_earningsArePaidToTheOwner() public {
        _earn(id, 3 ether);
        vm.expectEmit(address(staking));
        emit IStaking.EarningsWithdrawn(id, alice, 3 ether);
        vm.prank(makeAddr("anyone"));
        staking.withdrawEarnings(id);
        assertEq(alice.balance, 3 ether);
        assertEq(staking.accountOf(id).earnings, 0);
        assertEq(staking.liabilities(), STAKE);

        vm.expectRevert(abi.encodeWithSelector(IStaking.NothingToWithdraw.selector, id));
        staking.withdrawEarnings(id);
    }

    function test_anEjectedExecutorKeepsItsEarnings() public {
        _earn(id, 3 ether);
        _ejectByOutliers(id);
        staking.withdrawEarnings(id);
        assertEq(alice.balance, 3 ether);
    }

    function test_anOwnerThatRejectsItsEarningsKeepsThem() public {
        address owner = address(new RejectingOwner());
        uint32 other = _register(owner, "rejecting");
        _earn(other, 3 ether);
        vm.expectRevert(abi.encodeWithSelector(IStaking.TransferFailed.selector, owner, 3 ether));
        staking.withdrawEarnings(other);
        assertEq(staking.accountOf(other).earnings, 3 ether);
    }

    function test_earningsArePaidOnceToAnOwnerThatReenters() public {
        ReenteringOwner owner = new ReenteringOwner(address(staking));
        uint32 other = _register(address(owner), "reentering");
        _earn(other, 3 ether);
        _earn(id, 3 ether);
        owner.prepare(abi.encodeCall(IStaking.withdrawEarnings, (other)));
        staking.withdrawEarnings(other);
        assertTrue(owner.reentered());
        assertFalse(owner.succeeded());
        assertEq(address(owner).balance, 3 ether);
    }

    // ---------------------------------------------------------------- the contract itself

    function test_coinsSentOrForcedCountForNothing() public {
        _stake(id, STAKE);
        bytes memory before = _state();
        (bool accepted,) = address(staking).call{value: 1 ether}("");
        assertFalse(accepted);
        vm.deal(address(staking), address(staking).balance + 1 ether);
        assertEq(_state(), before);
    }

    function test_parametersOfZeroAreRefused() public {
        _expectInvalid("minimumStake");
        new Staking(IExecutorRegistry(address(1)), address(1), address(1), IReputation(address(1)), 0, 1, 1);
        _expectInvalid("epochLength");
        new Staking(IExecutorRegistry(address(1)), address(1), address(1), IReputation(address(1)), 1, 0, 1);
        _expectInvalid("unbondingEpochs");
        new Staking(IExecutorRegistry(address(1)), address(1), address(1), IReputation(address(1)), 1, 1, 0);
    }

    function test_parametersReadBack() public view {
        assertEq(staking.minimumStake(), MINIMUM_STAKE);
        assertEq(staking.epochLength(), EPOCH_LENGTH);
        assertEq(staking.unbondingEpochs(), UNBONDING_EPOCHS);
        assertEq(staking.currentEpoch(), FIRST_EPOCH);
    }

    function testFuzz_weightIsStakeTimesReputation(uint256 amount, uint8 outliers) public {
        amount = bound(amount, MINIMUM_STAKE, type(uint96).max);
        _stake(id, amount);
        for (uint256 i; i < outliers % 6; ++i) {
            _outlier(id, i);
        }
        uint256 score = staking.accountOf(id).reputation;
        assertEq(staking.weightOf(id), amount / 1e15 * score / 1e6);
        assertLt(staking.weightOf(id), 1 << 47);
    }

    function test_stakeBelowTheMinimumHasNoWeight() public {
        _stake(id, MINIMUM_STAKE);
        assertGt(staking.weightOf(id), 0);
        _slash(id, 1, address(0), 0);
        assertEq(staking.weightOf(id), 0);
        _stake(id, MINIMUM_STAKE);
        assertGt(staking.weightOf(id), 0);
    }

    // ---------------------------------------------------------------- helpers

    function _earn(uint32 executorId, uint128 amount) private {
        _stake(executorId, STAKE);
        assertTrue(_lock(executorId, 1 ether));
        _settle(executorId, 1 ether, SeatOutcome.Success, amount);
    }

    function _state() private view returns (bytes memory) {
        return abi.encode(staking.liabilities(), staking.stakeOf(id), staking.accountOf(id), staking.weightOf(id));
    }

    function _assertExit(uint256 amount, uint64 maturesAt) private view {
        (uint256 actualAmount, uint64 actualMaturesAt) = staking.exitOf(id);
        assertEq(actualAmount, amount);
        assertEq(actualMaturesAt, maturesAt);
    }

    function _expectInvalid(string memory name) private {
        vm.expectRevert(abi.encodeWithSelector(IStaking.InvalidParameter.selector, name));
    }
}
