// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStaking, Offence, SeatOutcome} from "../../src/stake/IStaking.sol";
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
        emit IStaking.Slashed(id, JOB, prover, Offence.NoReveal, 1, 5, 50 ether, 5 ether);
        assertEq(_slash(id, 5, prover, 100 ether), 50 ether);
        assertEq(staking.stakeOf(id), 950 ether);
        assertEq(staking.proverRewardOf(prover), 5 ether);
        assertEq(staking.unburnedOf(prover), 45 ether);
        assertFalse(staking.accountOf(id).ejected);

        vm.expectEmit(address(staking));
        emit IStaking.SlashedStakeBurned(prover, 45 ether);
        vm.prank(makeAddr("anyone"));
        staking.burnSlashed(prover);
        assertEq(burnAddress.balance, 45 ether);
        assertEq(address(staking).balance, 955 ether);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NothingToBurn.selector, prover));
        staking.burnSlashed(prover);
    }

    function test_theRewardIsCapped() public {
        _slash(id, 5, prover, 1 ether);
        assertEq(staking.proverRewardOf(prover), 1 ether);
        assertEq(staking.unburnedOf(prover), 49 ether);
    }

    function test_theRewardComesOfTheOwnPartAlone() public {
        _delegate(makeAddr("dora"), id, 9 * STAKE);
        assertEq(_slash(id, 10, prover, type(uint256).max), STAKE);
        assertEq(staking.proverRewardOf(prover), 10 ether, "a tenth of the hundred that the owner lost");
    }

    function test_withoutProverAllIsBurned() public {
        _slash(id, 5, address(0), type(uint256).max);
        assertEq(staking.unburnedOf(address(0)), 50 ether);
        assertEq(staking.proverRewardOf(address(0)), 0);
    }

    function testFuzz_onlySlashingSlashes(address caller) public {
        vm.assume(caller != address(slashing));
        IStaking.Penalty memory penalty = IStaking.Penalty(Offence.NoReveal, 5, 20, 100, false);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotSlashing.selector, caller));
        vm.prank(caller);
        staking.slash(id, JOB, penalty, prover, 0);
    }

    function testFuzz_slashRoundsUpOnEveryPartAndConserves(
        uint256 own,
        uint256 delegated,
        uint256 ownExit,
        uint256 delegatedExit,
        uint8 percent,
        uint256 rewardCap
    ) public {
        address dora = makeAddr("dora");
        own = STAKE + bound(own, 1, 1e26);
        delegated = bound(delegated, 2, 1e26);
        ownExit = bound(ownExit, 1, own - MINIMUM_STAKE);
        delegatedExit = bound(delegatedExit, 1, delegated - 1);
        percent = uint8(bound(percent, 0, 100));
        _stake(id, own - STAKE);
        _delegate(dora, id, delegated);
        uint64 maturesAt = _requestExit(alice, ownExit);
        _undelegate(dora, id, delegatedExit);

        uint256 amount = _slash(id, percent, prover, rewardCap);
        IStaking.PoolView memory pool = staking.poolOf(id);
        uint256 fromOwn = own - ownExit - pool.own;
        uint256 fromDelegated = delegated - delegatedExit - pool.delegated;
        uint256 fromOwnExit = ownExit - staking.exitOf(id, maturesAt);
        uint256 fromDelegatedExit = delegatedExit - staking.undelegationOf(id, dora, maturesAt);
        assertEq(amount, fromOwn + fromDelegated + fromOwnExit + fromDelegatedExit);
        _assertRoundedUp(fromOwn, (own - ownExit) * percent);
        _assertRoundedUp(fromDelegated, (delegated - delegatedExit) * percent);
        _assertRoundedUp(fromOwnExit, ownExit * percent);
        _assertRoundedUp(fromDelegatedExit, delegatedExit * percent);

        uint256 reward = staking.proverRewardOf(prover);
        assertLe(reward, rewardCap);
        assertLe(reward * 10, fromOwn);
        assertEq(staking.unburnedOf(prover), amount - reward);
    }

    function testFuzz_moreThanAHundredPercentIsAll(uint8 percent) public {
        percent = uint8(bound(percent, 100, 255));
        assertEq(_slash(id, percent, prover, 0), STAKE);
        assertEq(staking.stakeOf(id), 0);
        assertTrue(staking.accountOf(id).ejected);
    }

    // ---------------------------------------------------------------- exits

    function test_regression_noSlashIsEscapedThroughAnExit() public {
        uint64 first = _requestExit(alice, 400 ether);
        _skipToEpoch(first - UNBONDING_EPOCHS);
        uint64 second = _requestExit(alice, 100 ether);
        _skipToEpoch(first);
        rewind(1);
        assertEq(_slash(id, 20, prover, 0), 200 ether, "both buckets and what stays");
        assertEq(staking.exitOf(id, first), 320 ether);
        assertEq(staking.exitOf(id, second), 80 ether);

        skip(1);
        assertEq(_slash(id, 20, prover, 0), 80 ether + 16 ether, "the first has matured");
        assertEq(staking.exitOf(id, first), 320 ether);
        _skipToEpoch(second);
        assertEq(_slash(id, 20, prover, 0), 64 ether);
        staking.completeExit(id, first);
        staking.completeExit(id, second);
        assertEq(alice.balance, 384 ether);
    }

    function test_anExitSlashedWholeIsGone() public {
        uint64 maturesAt = _requestExit(alice, 400 ether);
        _slash(id, 100, prover, 0);
        assertEq(staking.exitOf(id, maturesAt), 0);
        _skipToEpoch(maturesAt);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NoExit.selector, id));
        staking.completeExit(id, maturesAt);
    }

    // ---------------------------------------------------------------- ejection and locks

    /// Nobody is barred for ever, and nobody is back at once: the wait is that of a full exit.
    function test_regression_slashedWholeTheWayBackTakesAsLongAsAFullExit() public {
        address dora = makeAddr("dora");
        _delegate(dora, id, STAKE);
        vm.expectEmit(address(staking));
        emit IStaking.Ejected(id);
        _slash(id, 100, prover, 0);
        vm.expectRevert(abi.encodeWithSelector(IStaking.EjectedExecutor.selector, id));
        staking.stake{value: STAKE}(id);
        vm.expectRevert(abi.encodeWithSelector(IStaking.EjectedExecutor.selector, id));
        staking.delegate{value: STAKE}(id);
        vm.expectRevert(abi.encodeWithSelector(IStaking.InsufficientStake.selector, 0, 1));
        _requestExit(alice, 1);

        uint64 maturesAt = staking.exitMaturity();
        _skipToEpoch(maturesAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IStaking.ExitNotMature.selector, maturesAt - 1, maturesAt));
        staking.reinstate(id);
        _skipToEpoch(maturesAt);
        staking.reinstate(id);
        assertEq(staking.strikesOf(id, Offence.NoReveal), 1, "strikes stay");
        _stake(id, STAKE);
        _delegate(dora, id, 5 ether);
        assertEq(_worthOf(id, dora), 5 ether, "the old shares have no part in the new generation");
        assertEq(staking.poolOf(id).delegatedShares, 5 ether);
        assertTrue(_lock(id, 1 ether));
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
