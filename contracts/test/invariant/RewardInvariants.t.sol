// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRewardDistributor} from "../../src/rewards/IRewardDistributor.sol";
import {RewardHandlers} from "./RewardHandlers.sol";

/// @notice The invariants R1 to R9 and G1 to G3 of README.md. A step that fails is a failure, for steps assert, too.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: deep.invariant.fail-on-revert = true
contract RewardInvariants is RewardHandlers {
    function setUp() public override {
        super.setUp();
        bytes4[] memory steps = new bytes4[](27);
        steps[0] = this.record.selector;
        steps[1] = this.record.selector;
        steps[2] = this.record.selector;
        steps[3] = this.addStake.selector;
        steps[4] = this.leaveStake.selector;
        steps[5] = this.slashStake.selector;
        steps[6] = this.setStakedFrom.selector;
        steps[7] = this.checkpoint.selector;
        steps[8] = this.checkpoint.selector;
        steps[9] = this.checkpoint.selector;
        steps[10] = this.claimStaked.selector;
        steps[11] = this.postRoot.selector;
        steps[12] = this.postRoot.selector;
        steps[13] = this.cancelRoot.selector;
        steps[14] = this.claimTracked.selector;
        steps[15] = this.claimTracked.selector;
        steps[16] = this.pause.selector;
        steps[17] = this.change.selector;
        steps[18] = this.fund.selector;
        steps[19] = this.withdrawFor.selector;
        steps[20] = this.donate.selector;
        steps[21] = this.intrude.selector;
        steps[22] = this.pass.selector;
        steps[23] = this.pass.selector;
        steps[24] = this.workAnEpoch.selector;
        steps[25] = this.workAnEpoch.selector;
        steps[26] = this.workAnEpoch.selector;
        targetSelector(FuzzSelector({addr: address(this), selectors: steps}));
        targetContract(address(this));
    }

    /// R1
    function invariant_the_distributor_owes_reserve_promises_and_credits_and_holds_them() public view {
        IRewardDistributor.Root memory active = distributor.activeRoot();
        uint256 owed = distributor.reserve() + active.total - distributor.trackedClaimed();
        IRewardDistributor.Root memory pending = distributor.pendingRoot();
        if (pending.activatesAt != 0) owed += pending.total - active.total;
        for (uint256 i; i < epochs.length; ++i) {
            owed += distributor.epochState(epochs[i]).left;
        }
        for (uint256 i; i < 4; ++i) {
            IRewardDistributor.Received memory received = distributor.receivedBy(ids[i]);
            owed += received.staked - received.stakedClaimed + distributor.creditOf(owners[i]);
        }
        assertEq(distributor.liabilities(), owed);
        assertEq(address(distributor).balance, owed + donated);
        assertEq(funded, owed + paidOut);
    }

    /// R2
    function invariant_nobody_received_more_than_its_jobs_burned() public view {
        for (uint256 i; i < 4; ++i) {
            IRewardDistributor.Received memory received = distributor.receivedBy(ids[i]);
            assertLe(received.tracked + received.staked, activities.burnedBy(ids[i]));
        }
    }

    /// R3
    function invariant_claims_stay_within_the_roots_total() public view {
        uint256 sum;
        for (uint256 i; i < 4; ++i) {
            sum += distributor.receivedBy(ids[i]).tracked;
        }
        assertEq(distributor.trackedClaimed(), sum);
        assertLe(sum, distributor.activeRoot().total);
    }

    /// R4. That an executor gets no more than it burned in the epoch is asserted at every checkpoint.
    function invariant_an_epoch_gives_no_more_than_its_budget() public view {
        for (uint256 i; i < epochs.length; ++i) {
            IRewardDistributor.EpochState memory state = distributor.epochState(epochs[i]);
            assertLe(allottedIn[epochs[i]] + state.left, state.budget);
            if (state.budget != 0 && state.outstanding == 0) assertEq(state.left, 0);
        }
    }

    /// R6
    function invariant_staked_claims_stay_within_allotments() public view {
        for (uint256 i; i < 4; ++i) {
            IRewardDistributor.Received memory received = distributor.receivedBy(ids[i]);
            assertLe(received.stakedClaimed + distributor.claimableStaked(ids[i]), received.staked);
        }
    }

    /// R8
    function invariant_getters_never_revert() public view {
        _everything();
        distributor.receivedBy(0);
        distributor.claimableStaked(type(uint32).max);
        distributor.frozenWeightOf(0, type(uint64).max);
        distributor.epochState(type(uint64).max);
        distributor.budgetThrough(0);
        distributor.budgetThrough(type(uint64).max);
        activities.activityOf(0, 0);
        activities.burnedBy(0);
        governance.pending();
        governance.head();
        governance.pauseTimes();
    }

    /// G1. That a pause is bounded and a change waits more than two epochs is asserted at every step (G2, G3).
    function invariant_new_jobs_are_open_most_of_the_time() public view {
        // Whole rounds of a pause and its cool-down, and one that may just have begun.
        uint256 rounds = (vm.getBlockTimestamp() - start) / 7 days + 1;
        assertLe(pausedTime, rounds * 2 days);
    }

    /// R9. After each run anyone can bring out all that is promised, and nothing but reserve, an open root's rest, and the
    /// credit of an owner that refuses money stays.
    function afterInvariant() public {
        for (uint256 round; round < 4; ++round) {
            checkpoint(0, true);
            pass(0, true);
        }
        for (uint256 i; i < 4; ++i) {
            claimStaked(i);
            withdrawFor(i);
        }
        uint256 left = distributor.reserve() + distributor.activeRoot().total - distributor.trackedClaimed()
            + distributor.creditOf(owners[3]);
        for (uint256 i; i < epochs.length; ++i) {
            assertEq(distributor.epochState(epochs[i]).outstanding, 0, "an allotment is stuck");
        }
        assertEq(distributor.liabilities(), left, "money is stuck");
    }
}
