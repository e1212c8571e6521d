// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStaking, SeatOutcome} from "../../src/stake/IStaking.sol";
import {NetworkFixture} from "./NetworkFixture.sol";
import {ReenteringOwner, RejectingOwner} from "./Recipients.sol";

contract StakingSlashTest is NetworkFixture {
    uint256 private constant STAKE = 1000 ether;

    address private immutable alice = makeAddr("alice");
    address private immutable prover = makeAddr("prover");
    address private burnAddress;
    uint32 private id;

    function setUp() public override {
        super.setUp();
        burnAddress = staking.BURN_ADDRESS();
        id = _registerWithStake(alice, "alice", STAKE);
    }

    function test_aTenthGoesToTheProverAndTheRestIsBurned() public {
        vm.expectEmit(address(staking));
        emit IStaking.Slashed(id, JOB, 50 ether, 45 ether, prover, 5 ether);
        assertEq(_slash(id, 5, prover, 100 ether), 50 ether);
        assertEq(staking.stakeOf(id), 950 ether);
        assertEq(staking.proverRewardOf(prover), 5 ether);
        assertEq(burnAddress.balance, 45 ether);
        assertEq(staking.liabilities(), 955 ether);
        assertEq(address(staking).balance, 955 ether);
        assertFalse(staking.accountOf(id).ejected);
    }

    function test_theRewardIsCapped() public {
        _slash(id, 5, prover, 1 ether);
        assertEq(staking.proverRewardOf(prover), 1 ether);
        assertEq(burnAddress.balance, 49 ether);
    }

    function test_withoutProverAllIsBurned() public {
        _slash(id, 5, address(0), type(uint256).max);
        assertEq(burnAddress.balance, 50 ether);
        assertEq(staking.proverRewardOf(address(0)), 0);
    }

    function testFuzz_onlySlashingSlashes(address caller) public {
        vm.assume(caller != address(slashing));
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotSlashing.selector, caller));
        vm.prank(caller);
        staking.slash(id, JOB, 5, prover, 0);
    }

    function testFuzz_slashRoundsUpOnBothBucketsAndConserves(
        uint256 extra,
        uint256 exit,
        uint8 percent,
        uint256 rewardCap
    ) public {
        extra = bound(extra, 1, 1e28);
        _stake(id, extra);
        uint256 active = STAKE + extra;
        exit = bound(exit, 1, active - MINIMUM_STAKE);
        _requestExit(alice, exit);
        active -= exit;
        percent = uint8(bound(percent, 0, 100));

        uint256 amount = _slash(id, percent, prover, rewardCap);
        uint256 fromActive = active - staking.stakeOf(id);
        (uint256 left,) = staking.exitOf(id);
        uint256 fromExit = exit - left;
        assertEq(amount, fromActive + fromExit);
        _assertRoundedUp(fromActive, active * percent);
        _assertRoundedUp(fromExit, exit * percent);

        uint256 reward = staking.proverRewardOf(prover);
        assertLe(reward, rewardCap);
        assertLe(reward * 10, amount);
        assertEq(burnAddress.balance, amount - reward);
        assertEq(staking.liabilities(), address(staking).balance);
        assertEq(staking.liabilities(), active - fromActive + left + reward);
    }

    function testFuzz_moreThanAHundredPercentIsAll(uint8 percent) public {
        percent = uint8(bound(percent, 100, 255));
        assertEq(_slash(id, percent, prover, 0), STAKE);
        assertEq(staking.stakeOf(id), 0);
        assertTrue(staking.accountOf(id).ejected);
    }

    // ---------------------------------------------------------------- exits

    function test_anExitIsSlashedUntilItMatures() public {
        _requestExit(alice, 400 ether);
        _skipEpochs(UNBONDING_EPOCHS - 1);
        assertEq(_slash(id, 20, prover, 0), 200 ether);
        (uint256 amount,) = staking.exitOf(id);
        assertEq(amount, 320 ether);

        _skipEpochs(1);
        assertEq(_slash(id, 20, prover, 0), 96 ether, "of the active 480 only");
        staking.completeExit(id);
        assertEq(alice.balance, 320 ether);
    }

    function test_anExitSlashedWholeIsGone() public {
        _requestExit(alice, 400 ether);
        _slash(id, 100, prover, 0);
        (uint256 amount, uint64 maturesAt) = staking.exitOf(id);
        assertEq(amount + maturesAt, 0);
        _skipEpochs(UNBONDING_EPOCHS);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NoExit.selector, id));
        staking.completeExit(id);
    }

    // ---------------------------------------------------------------- ejection and locks

    function test_slashedWholeWithNothingToExitStaysEjected() public {
        vm.expectEmit(address(staking));
        emit IStaking.Ejected(id);
        _slash(id, 100, prover, 0);
        vm.expectRevert(abi.encodeWithSelector(IStaking.EjectedExecutor.selector, id));
        staking.stake{value: STAKE}(id);
        vm.expectRevert(abi.encodeWithSelector(IStaking.InsufficientStake.selector, 0, 1));
        _requestExit(alice, 1);
    }

    function test_aSlashMayLeaveLessThanIsLockedAndLocksStillRelease() public {
        assertTrue(_lock(id, 900 ether));
        _slash(id, 20, prover, 0);
        assertEq(staking.stakeOf(id), 800 ether);
        assertEq(staking.accountOf(id).locked, 900 ether);
        assertEq(staking.freeStakeOf(id), 0);
        assertFalse(_lock(id, 1));
        vm.expectRevert(abi.encodeWithSelector(IStaking.StakeLocked.selector, 900 ether));
        _requestExit(alice, 1);

        _settle(id, 900 ether, SeatOutcome.Neutral, 0);
        assertEq(staking.freeStakeOf(id), 800 ether);
        _requestExit(alice, 800 ether);
    }

    function test_anExecutorWithoutStakeLosesNothing() public {
        uint32 bob = _register(makeAddr("bob"), "bob");
        assertEq(_slash(bob, 5, prover, 1 ether), 0);
        assertEq(staking.proverRewardOf(prover), 0);
        assertEq(staking.liabilities(), STAKE);
    }

    function test_earningsAreNotSlashed() public {
        assertTrue(_lock(id, 1 ether));
        _settle(id, 1 ether, SeatOutcome.Success, 3 ether);
        _slash(id, 100, prover, 0);
        staking.withdrawEarnings(id);
        assertEq(alice.balance, 3 ether);
    }

    // ---------------------------------------------------------------- prover rewards

    function test_proverRewardsArePaidToTheProver() public {
        _slash(id, 5, prover, 100 ether);
        vm.expectEmit(address(staking));
        emit IStaking.ProverRewardWithdrawn(prover, 5 ether);
        vm.prank(makeAddr("anyone"));
        staking.withdrawProverReward(prover);
        assertEq(prover.balance, 5 ether);
        assertEq(staking.liabilities(), 950 ether);

        vm.expectRevert(abi.encodeWithSelector(IStaking.NoProverReward.selector, prover));
        staking.withdrawProverReward(prover);
    }

    function test_aProverThatRejectsItsRewardKeepsIt() public {
        address rejecting = address(new RejectingOwner());
        _slash(id, 5, rejecting, 100 ether);
        vm.expectRevert(abi.encodeWithSelector(IStaking.TransferFailed.selector, rejecting, 5 ether));
        staking.withdrawProverReward(rejecting);
        assertEq(staking.proverRewardOf(rejecting), 5 ether);
    }

    function test_aRewardIsPaidOnceToAProverThatReenters() public {
        ReenteringOwner reentering = new ReenteringOwner(address(staking));
        reentering.prepare(abi.encodeCall(IStaking.withdrawProverReward, (address(reentering))));
        _slash(id, 5, address(reentering), 100 ether);
        staking.withdrawProverReward(address(reentering));
        assertTrue(reentering.reentered());
        assertFalse(reentering.succeeded());
        assertEq(address(reentering).balance, 5 ether);
    }

    /// @dev amount = ceil(hundredfold / 100).
    function _assertRoundedUp(uint256 amount, uint256 hundredfold) private pure {
        assertGe(amount * 100, hundredfold);
        assertLt(amount * 100, hundredfold + 100);
    }
}
