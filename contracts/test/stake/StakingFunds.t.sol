// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IExecutorRegistry} from "../../src/executors/IExecutorRegistry.sol";
import {IActivityLog} from "../../src/rewards/IActivityLog.sol";
import {IReputation} from "../../src/stake/IReputation.sol";
import {IStaking} from "../../src/stake/IStaking.sol";
import {StakePools} from "../../src/stake/StakePools.sol";
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
        uint256 amount = uint256(type(uint88).max) + 1;
        vm.deal(address(this), amount);
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 88, amount));
        staking.stake{value: amount}(id);
    }

    // ---------------------------------------------------------------- exit

    function test_anExitLowersCapacityAtOnceAndPaysTheOwnerOnceMature() public {
        _stake(id, STAKE);
        uint64 maturesAt = staking.exitMaturity();
        vm.expectEmit(address(staking));
        emit IStaking.ExitRequested(id, 400 ether, maturesAt);
        _requestExit(alice, 400 ether);
        assertEq(staking.stakeOf(id), 600 ether);
        assertEq(staking.freeStakeOf(id), 600 ether);
        assertEq(staking.weightOf(id), 300_000);
        assertEq(staking.exitOf(id, maturesAt), 400 ether);
        assertEq(staking.exitingOf(id), 400 ether);
        assertEq(address(staking).balance, STAKE, "still owed");

        _skipToEpoch(maturesAt);
        rewind(1);
        vm.expectRevert(abi.encodeWithSelector(IStaking.ExitNotMature.selector, maturesAt - 1, maturesAt));
        staking.completeExit(id, maturesAt);

        skip(1);
        assertEq(staking.exitingOf(id), 0);
        vm.expectEmit(address(staking));
        emit IStaking.ExitCompleted(id, 400 ether, maturesAt);
        vm.prank(makeAddr("anyone"));
        staking.completeExit(id, maturesAt);
        assertEq(alice.balance, 400 ether);
        assertEq(staking.exitOf(id, maturesAt), 0);
        assertEq(address(staking).balance, 600 ether);
    }

    function testFuzz_leavingTakesBetweenOneAndTwoPeriods(uint64 time) public {
        vm.warp(bound(time, FIRST_EPOCH * EPOCH_LENGTH, type(uint32).max));
        uint64 wait = staking.exitMaturity() - staking.currentEpoch();
        assertGt(wait, UNBONDING_EPOCHS);
        assertLe(wait, 2 * UNBONDING_EPOCHS);
        assertEq(staking.exitMaturity() % UNBONDING_EPOCHS, 0);
    }

    function test_exitsOfAPeriodAddUpAndPeriodsMatureByThemselves() public {
        _stake(id, STAKE);
        uint64 first = _requestExit(alice, 100 ether);
        assertEq(_requestExit(alice, 50 ether), first);
        _skipToEpoch(first - UNBONDING_EPOCHS);
        uint64 second = _requestExit(alice, 30 ether);
        assertEq(second, first + UNBONDING_EPOCHS);
        assertEq(staking.exitingOf(id), 180 ether);
        _skipToEpoch(first);
        staking.completeExit(id, first);
        assertEq(alice.balance, 150 ether);
        _skipToEpoch(second + 100);
        staking.completeExit(id, second);
        assertEq(alice.balance, 180 ether);
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
        assertEq(staking.exitingOf(id), STAKE + 1);
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

    function test_completeExitNeedsAnExit() public {
        _stake(id, STAKE);
        uint64 maturesAt = _requestExit(alice, 100 ether);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NoExit.selector, id));
        staking.completeExit(id, maturesAt - UNBONDING_EPOCHS);
        _skipToEpoch(maturesAt);
        staking.completeExit(id, maturesAt);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NoExit.selector, id));
        staking.completeExit(id, maturesAt);
    }

    function test_anOwnerThatRejectsItsExitKeepsIt() public {
        address owner = address(new RejectingOwner());
        uint32 other = _registerWithStake(owner, "rejecting", STAKE);
        uint64 maturesAt = _requestExit(owner, STAKE);
        _skipToEpoch(maturesAt);
        vm.expectRevert(abi.encodeWithSelector(IStaking.TransferFailed.selector, owner, STAKE));
        staking.completeExit(other, maturesAt);
        assertEq(staking.exitOf(other, maturesAt), STAKE);
    }

    /// A contract wallet as owner: registers, stakes, leaves and is paid without being called by anyone it doesn't expect.
    function test_regression_anExitIsPaidOnceToAContractThatReenters() public {
        ReenteringOwner owner = new ReenteringOwner(address(staking));
        uint32 other = _registerWithStake(address(owner), "reentering", STAKE);
        _stake(id, STAKE);
        uint64 maturesAt = _requestExit(address(owner), STAKE);
        owner.prepare(abi.encodeCall(IStaking.completeExit, (other, maturesAt)));
        _skipToEpoch(maturesAt);
        staking.completeExit(other, maturesAt);
        assertTrue(owner.reentered());
        assertFalse(owner.succeeded());
        assertEq(address(owner).balance, STAKE);
    }

    // ---------------------------------------------------------------- ejection and return

    function test_afterAFullExitAnEjectedExecutorComesBackAndStartsAnew() public {
        _stake(id, STAKE);
        _ejectByOutliers(id);
        uint64 maturesAt = _requestExit(alice, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IStaking.ExitNotMature.selector, staking.currentEpoch(), maturesAt));
        staking.reinstate(id);
        _skipToEpoch(maturesAt);

        vm.expectEmit(address(staking));
        emit IStaking.GenerationStarted(id, 1, 0);
        vm.expectEmit(address(staking));
        emit IStaking.Reinstated(id);
        vm.prank(makeAddr("anyone"));
        staking.reinstate(id);
        assertFalse(staking.accountOf(id).ejected);
        assertEq(staking.accountOf(id).reputation, reputation.initialScore());
        _stake(id, STAKE);
        assertTrue(_lock(id, 1 ether));
        staking.completeExit(id, maturesAt);
        assertEq(alice.balance, STAKE, "the exit is paid whenever anyone asks");
    }

    function test_comingBackNeedsAFullExitAndNoSeatInFlight() public {
        _stake(id, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotEjected.selector, id));
        staking.reinstate(id);
        assertTrue(_lock(id, 0));
        _ejectByOutliers(id);
        uint64 maturesAt = _requestExit(alice, STAKE / 2);
        _skipToEpoch(maturesAt);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotExited.selector, STAKE / 2, 1));
        staking.reinstate(id);
        maturesAt = _requestExit(alice, STAKE / 2);
        _skipToEpoch(maturesAt);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotExited.selector, 0, 1));
        staking.reinstate(id);
        vm.prank(jobRegistry);
        staking.unlockSeat(JOB, id, 0);
        staking.reinstate(id);
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
        _skipToEpoch(_requestExit(alice, STAKE));
        assertEq(staking.accountOf(id).reputation, reputation.drift(score, staking.currentEpoch() - FIRST_EPOCH));
    }

    // ---------------------------------------------------------------- earnings

    function test_earningsArePaidToTheOwner() public {
        _stakeAndEarn(id, 3 ether);
        vm.expectEmit(address(staking));
        emit IStaking.EarningsWithdrawn(id, alice, 3 ether);
        vm.prank(makeAddr("anyone"));
        staking.withdrawEarnings(id);
        assertEq(alice.balance, 3 ether);
        assertEq(staking.accountOf(id).earnings, 0);

        vm.expectRevert(abi.encodeWithSelector(IStaking.NothingToWithdraw.selector, id));
        staking.withdrawEarnings(id);
    }

    function test_anEjectedExecutorKeepsItsEarnings() public {
        _stakeAndEarn(id, 3 ether);
        _ejectByOutliers(id);
        staking.withdrawEarnings(id);
        assertEq(alice.balance, 3 ether);
    }

    function test_anOwnerThatRejectsItsEarningsKeepsThem() public {
        address owner = address(new RejectingOwner());
        uint32 other = _register(owner, "rejecting");
        _stakeAndEarn(other, 3 ether);
        vm.expectRevert(abi.encodeWithSelector(IStaking.TransferFailed.selector, owner, 3 ether));
        staking.withdrawEarnings(other);
        assertEq(staking.accountOf(other).earnings, 3 ether);
    }

    function test_earningsArePaidOnceToAnOwnerThatReenters() public {
        ReenteringOwner owner = new ReenteringOwner(address(staking));
        uint32 other = _register(address(owner), "reentering");
        _stakeAndEarn(other, 3 ether);
        _stakeAndEarn(id, 3 ether);
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
        _expectInvalid("minimumStake", StakePools.Parameters(0, 1, 1, 1));
        _expectInvalid("epochLength", StakePools.Parameters(1, 0, 1, 1));
        _expectInvalid("unbondingEpochs", StakePools.Parameters(1, 1, 0, 1));
        _expectInvalid("cleanJobFee", StakePools.Parameters(1, 1, 1, 0));
    }

    function test_parametersReadBack() public view {
        assertEq(staking.minimumStake(), MINIMUM_STAKE);
        assertEq(staking.epochLength(), EPOCH_LENGTH);
        assertEq(staking.unbondingEpochs(), UNBONDING_EPOCHS);
        assertEq(staking.currentEpoch(), FIRST_EPOCH);
        assertEq(staking.cleanJobFee(), FULL_STEP_FEE);
        assertTrue(staking.isJobRegistry(jobRegistry));
        assertFalse(staking.isJobRegistry(address(0)));
    }

    function testFuzz_weightIsStakeTimesReputation(uint256 amount, uint8 outliers) public {
        amount = bound(amount, MINIMUM_STAKE, type(uint88).max);
        _stake(id, amount);
        for (uint256 i; i < outliers % 6; ++i) {
            _outlier(id, i);
        }
        uint256 score = staking.accountOf(id).reputation;
        assertEq(staking.weightOf(id), amount / 1e15 * score / 1e6);
        assertLt(staking.weightOf(id), 1 << 40);
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

    function _stakeAndEarn(uint32 executorId, uint128 amount) private {
        _stake(executorId, STAKE);
        _earn(executorId, amount);
    }

    function _state() private view returns (bytes memory) {
        return abi.encode(staking.poolOf(id), staking.stakeOf(id), staking.accountOf(id), staking.weightOf(id));
    }

    function _expectInvalid(string memory name, StakePools.Parameters memory given) private {
        address[3] memory registries = [address(1), address(0), address(0)];
        vm.expectRevert(abi.encodeWithSelector(IStaking.InvalidParameter.selector, name));
        new Staking(
            IExecutorRegistry(address(1)),
            registries,
            address(1),
            IReputation(address(1)),
            IActivityLog(address(1)),
            given
        );
    }
}
