// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRewardDistributor, RewardSkip} from "../../src/rewards/IRewardDistributor.sol";
import {RewardFixture} from "./RewardFixture.sol";

contract StakedRewardsTest is RewardFixture {
    uint64 private first;

    function setUp() public override {
        super.setUp();
        first = _enterStakedStage();
    }

    // ---------------------------------------------------------------- an epoch's round

    /// Two executors of equal stake; one did three times the work.
    function test_rewards_go_by_weight_and_stream_over_an_epoch() public {
        distributor.checkpoint(_all());
        _nextEpoch();
        assertEq(_epoch(), first);
        _burn(aliceId, 60 ether);
        _burn(bobId, 20 ether);
        _nextEpoch();
        distributor.checkpoint(_all());
        IRewardDistributor.EpochState memory state = distributor.epochState(first);
        assertEq(state.totalWeight, _weight(aliceId) * 80 ether);
        assertEq(state.outstanding, 2);
        _nextEpoch();
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.EpochClosed(first, BUDGET, state.totalWeight);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.RewardAllotted(aliceId, first, 7.5 ether);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.RewardAllotted(bobId, first, 2.5 ether);
        distributor.checkpoint(_all());
        assertEq(distributor.reserve(), RESERVE - BUDGET);
        assertEq(distributor.receivedBy(aliceId).staked, 7.5 ether);

        assertEq(distributor.claimStaked(_all()), 0, "it has only begun to stream");
        skip(EPOCH_LENGTH / 2);
        assertEq(distributor.claimableStaked(aliceId), 3.75 ether);
        assertEq(distributor.claimStaked(_ids(aliceId)), 3.75 ether);
        skip(EPOCH_LENGTH);
        assertEq(distributor.claimStaked(_all()), 3.75 ether + 2.5 ether);
        assertEq(distributor.creditOf(alice), 7.5 ether);
        assertEq(distributor.creditOf(bob), 2.5 ether);
        _expectSkip(aliceId, 0, RewardSkip.NothingNew);
        assertEq(distributor.claimStaked(_ids(aliceId)), 0);
    }

    function test_rounds_overlap_epoch_after_epoch() public {
        distributor.checkpoint(_all());
        uint256 expected;
        for (uint256 i; i < 6; ++i) {
            _nextEpoch();
            _burn(aliceId, 1 ether);
            distributor.checkpoint(_all());
        }
        // Four of the six epochs are allotted; each reward is capped by what was burned.
        expected = 4 ether;
        assertEq(distributor.receivedBy(aliceId).staked, expected);
        skip(EPOCH_LENGTH - 1);
        distributor.claimStaked(_ids(aliceId));
        assertApproxEqAbs(distributor.creditOf(alice), expected, 1e14);
    }

    /// Nobody receives more than its public jobs burned in the epoch: the rest returns to the reserve.
    function test_wash_trading_does_not_pay() public {
        // What she burned before the epoch leaves room under the lifetime's cap, and pays nothing in it.
        _burn(aliceId, 50 ether);
        distributor.checkpoint(_all());
        _nextEpoch();
        // Alone in the network, and so with all of the weight.
        _burn(aliceId, 2 ether);
        _nextEpoch();
        distributor.checkpoint(_all());
        _nextEpoch();
        distributor.checkpoint(_all());
        assertEq(distributor.receivedBy(aliceId).staked, 2 ether);
        assertEq(distributor.reserve(), RESERVE - 2 ether);
        assertEq(distributor.epochState(first).left, 0);
    }

    function test_the_cap_is_of_each_epoch_and_of_the_whole_life() public {
        // Tracked before: alice burned 3 and received 3.
        _burn(aliceId, 3 ether);
        vm.prank(poster);
        distributor.postRoot(_leaf(aliceId, 0, 5 ether), 5 ether, _epoch() - 1);
        distributor.checkpoint(_all());
        vm.warp(distributor.pendingRoot().activatesAt + EPOCH_LENGTH);
        assertEq(distributor.claimTracked(_batch(_claim(aliceId, 0, 5 ether))), 3 ether);
        assertEq(_epoch(), first);
        distributor.checkpoint(_all());
        // What she burns now pays once: to the root's open promise, or by the epoch.
        _burn(aliceId, 1 ether);
        assertEq(distributor.claimTracked(_batch(_claim(aliceId, 0, 5 ether))), 1 ether);
        _nextEpoch();
        distributor.checkpoint(_all());
        _nextEpoch();
        distributor.checkpoint(_all());
        assertEq(distributor.receivedBy(aliceId).staked, 0);
    }

    // ---------------------------------------------------------------- stake

    function test_stake_counts_from_the_next_epoch() public {
        uint32 late = _register(stranger, "late");
        distributor.checkpoint(_all());
        _nextEpoch();
        _stake(late, 100 * STAKE);
        distributor.checkpoint(_ids(late));
        _burn(late, 50 ether);
        _burn(aliceId, 50 ether);
        _nextEpoch();
        _burn(late, 50 ether);
        distributor.checkpoint(_ids(late));
        distributor.checkpoint(_all());
        assertEq(distributor.epochState(first).totalWeight, _weight(aliceId) * 50 ether, "not in the epoch it came in");
        _nextEpoch();
        distributor.checkpoint(_ids(late));
        assertEq(distributor.epochState(first + 1).totalWeight, _weight(late) * 50 ether, "but in the next");
    }

    /// Staking for one block: what is frozen and gone again doesn't count, nor does what comes back when it is counted.
    function test_stake_of_one_block_earns_nothing() public {
        uint32 flash = _register(stranger, "flash");
        _stake(flash, 1000 * STAKE);
        distributor.checkpoint(_ids(flash));
        _requestExit(stranger, type(uint256).max);
        distributor.checkpoint(_all());
        _nextEpoch();
        _burn(flash, 50 ether);
        _burn(aliceId, 50 ether);
        distributor.checkpoint(_ids(flash));
        _nextEpoch();
        distributor.checkpoint(_ids(flash));
        distributor.checkpoint(_all());
        assertEq(distributor.epochState(first).totalWeight, _weight(aliceId) * 50 ether);

        // The other way round: nothing when it was frozen, much when it is counted.
        _burn(flash, 50 ether);
        _stake(flash, 1000 * STAKE);
        _nextEpoch();
        distributor.checkpoint(_ids(flash));
        assertEq(distributor.epochState(first + 1).totalWeight, 0);
    }

    function test_slashed_stake_does_not_count() public {
        distributor.checkpoint(_all());
        uint256 before = _weight(aliceId);
        _nextEpoch();
        _burn(aliceId, 50 ether);
        _slash(aliceId, 50, address(0), 0);
        _nextEpoch();
        distributor.checkpoint(_all());
        assertEq(distributor.epochState(first).totalWeight, before / 2 * 50 ether);
    }

    function test_an_ejected_executor_earns_nothing_more() public {
        distributor.checkpoint(_all());
        _nextEpoch();
        _burn(aliceId, 50 ether);
        _ejectByOutliers(aliceId);
        _nextEpoch();
        distributor.checkpoint(_all());
        assertEq(distributor.epochState(first).totalWeight, 0);
        assertEq(distributor.epochState(first).outstanding, 0);
    }

    function test_reputation_and_agreement_weigh() public {
        _spoilReputation(bobId, 2);
        distributor.checkpoint(_all());
        uint256 bobs = _weight(bobId);
        assertLt(bobs, _weight(aliceId));
        _nextEpoch();
        _burn(bobId, 40 ether);
        _record(bobId, false, 0);
        _record(bobId, false, 0);
        _record(bobId, false, 0);
        _nextEpoch();
        uint256 now_ = _weight(bobId);
        distributor.checkpoint(_all());
        uint256 least = now_ < bobs ? now_ : bobs;
        assertEq(distributor.epochState(first).totalWeight, least * 40 ether / 4, "one seat of four agreed");
    }

    // ---------------------------------------------------------------- calls in any order

    function test_checkpoints_are_idempotent_within_an_epoch() public {
        distributor.checkpoint(_all());
        distributor.checkpoint(_all());
        _nextEpoch();
        _burn(aliceId, 5 ether);
        distributor.checkpoint(_all());
        _nextEpoch();
        for (uint256 i; i < 3; ++i) {
            distributor.checkpoint(_all());
            assertEq(distributor.epochState(first).outstanding, 1);
            assertEq(distributor.epochState(first).totalWeight, _weight(aliceId) * 5 ether);
        }
        _nextEpoch();
        for (uint256 i; i < 3; ++i) {
            distributor.checkpoint(_all());
            assertEq(distributor.receivedBy(aliceId).staked, 5 ether);
            assertEq(distributor.reserve(), RESERVE - 5 ether);
        }
    }

    function test_a_later_freeze_in_the_same_epoch_replaces_the_earlier() public {
        distributor.checkpoint(_ids(aliceId));
        uint256 frozen = distributor.frozenWeightOf(aliceId, first);
        assertEq(frozen, _weight(aliceId));
        _stake(aliceId, STAKE);
        distributor.checkpoint(_ids(aliceId));
        assertEq(distributor.frozenWeightOf(aliceId, first), 2 * frozen);
        assertEq(distributor.frozenWeightOf(aliceId, first - 1), 0);
        assertEq(distributor.frozenWeightOf(aliceId, first + 3), 0, "the ring tells its epochs apart");
    }

    function test_an_allotment_waits_for_whoever_comes_and_pays_at_once_when_late() public {
        distributor.checkpoint(_all());
        _nextEpoch();
        _burn(aliceId, 5 ether);
        _burn(bobId, 5 ether);
        _nextEpoch();
        distributor.checkpoint(_all());
        _nextEpoch();
        distributor.checkpoint(_ids(bobId));
        assertEq(distributor.epochState(first).outstanding, 1);
        assertEq(distributor.epochState(first).left, BUDGET - 5 ether);
        vm.warp(vm.getBlockTimestamp() + 100 * EPOCH_LENGTH);
        distributor.checkpoint(_ids(aliceId));
        assertEq(distributor.claimStaked(_ids(aliceId)), 5 ether, "its stream is long over");
        assertEq(distributor.reserve(), RESERVE - BUDGET);
    }

    function test_what_nobody_counts_in_time_earns_nothing() public {
        distributor.checkpoint(_all());
        _nextEpoch();
        _burn(aliceId, 5 ether);
        _nextEpoch();
        _nextEpoch();
        distributor.checkpoint(_all());
        assertEq(distributor.epochState(first).totalWeight, 0);
        _nextEpoch();
        distributor.checkpoint(_all());
        assertEq(distributor.receivedBy(aliceId).staked, 0);
        assertEq(distributor.reserve(), RESERVE);
    }

    function test_unknown_executors_are_nothing() public {
        uint32[] memory ids = _ids(77);
        distributor.checkpoint(ids);
        _nextEpoch();
        distributor.checkpoint(ids);
        _expectSkip(77, 0, RewardSkip.NothingNew);
        assertEq(distributor.claimStaked(ids), 0);
    }

    function test_a_claim_for_another_pays_the_owner() public {
        distributor.checkpoint(_all());
        _nextEpoch();
        _burn(aliceId, 5 ether);
        _nextEpoch();
        distributor.checkpoint(_all());
        _nextEpoch();
        vm.startPrank(stranger);
        distributor.checkpoint(_all());
        skip(EPOCH_LENGTH);
        distributor.claimStaked(_ids(aliceId));
        distributor.withdrawFor(alice);
        assertEq(alice.balance, 5 ether);
        assertEq(distributor.creditOf(stranger), 0);
    }

    /// Whatever was burned by whom: an epoch gives at most its budget, each executor at most what it burned.
    function testFuzz_an_epoch_stays_within_budget_and_burns(uint64[3] calldata burned, uint8[3] calldata misses)
        public
    {
        distributor.checkpoint(_all());
        _nextEpoch();
        uint32[] memory ids = _all();
        for (uint256 i; i < 3; ++i) {
            _burn(ids[i], uint256(burned[i]) * 10);
            for (uint256 j; j < misses[i] % 8; ++j) {
                _record(ids[i], false, 0);
            }
        }
        _nextEpoch();
        distributor.checkpoint(ids);
        _nextEpoch();
        distributor.checkpoint(ids);
        uint256 sum;
        for (uint256 i; i < 3; ++i) {
            uint256 amount = distributor.receivedBy(ids[i]).staked;
            assertLe(amount, uint256(burned[i]) * 10);
            sum += amount;
        }
        assertLe(sum, BUDGET);
        assertEq(distributor.reserve(), RESERVE - sum);
        assertEq(distributor.epochState(first).left, 0);
    }

    // ---------------------------------------------------------------- the switch

    function test_an_epoch_is_tracked_or_staked() public {
        // `first` is the next epoch: tracked roots reach to the one before it.
        _nextEpoch();
        _nextEpoch();
        uint64 covered = uint64(FIRST_EPOCH) - 1;
        vm.startPrank(poster);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.EpochNotCovered.selector, first, covered, first - 1));
        distributor.postRoot("root", 1, first);
        distributor.postRoot("root", 1, first - 1);
    }

    function test_the_switch_is_two_epochs_ahead_and_final_from_the_epoch_before() public {
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.StakedStageBegun.selector, first));
        distributor.setStakedFrom(0);
    }

    function test_a_switch_that_has_not_begun_is_moved_or_taken_back() public {
        setUpAgain();
        uint64 epoch = _epoch();
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.InvalidStakedStage.selector, epoch + 1, epoch + 2));
        distributor.setStakedFrom(epoch + 1);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.StakedStageSet(epoch + 9);
        distributor.setStakedFrom(epoch + 9);
        distributor.setStakedFrom(epoch + 2);
        distributor.setStakedFrom(0);
        assertEq(distributor.stakedFrom(), 0);
        distributor.checkpoint(_all());
        assertEq(distributor.frozenWeightOf(aliceId, epoch + 1), 0, "nothing is frozen in the tracked stage");
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSignature("NotOwner(address)", address(this)));
        distributor.setStakedFrom(epoch + 2);
    }

    /// @dev A distributor whose staked stage isn't set.
    function setUpAgain() private {
        super.setUp();
    }
}
