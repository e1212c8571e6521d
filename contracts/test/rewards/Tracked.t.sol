// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRewardDistributor, RewardSkip} from "../../src/rewards/IRewardDistributor.sol";
import {RewardFixture} from "./RewardFixture.sol";

contract TrackedRewardsTest is RewardFixture {
    function setUp() public override {
        super.setUp();
        // Every executor burned more than any epoch's budget.
        _burn(aliceId, 100 ether);
        _burn(bobId, 100 ether);
        _burn(carolId, 100 ether);
        _nextEpoch();
    }

    // ---------------------------------------------------------------- roots

    function test_a_root_takes_its_increase_out_of_the_reserve_and_pays_after_a_delay() public {
        uint256 activatesAt = vm.getBlockTimestamp() + 12 hours;
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.RootPosted(_leaf(aliceId, 0, 4 ether), 4 ether, _epoch() - 1, activatesAt);
        _post(_leaf(aliceId, 0, 4 ether), 4 ether);
        assertEq(distributor.reserve(), RESERVE - 4 ether);
        assertEq(distributor.pendingRoot().activatesAt, activatesAt);

        vm.warp(activatesAt - 1);
        _assertSkipped(_claim(aliceId, 0, 4 ether), RewardSkip.InvalidLeaf);
        vm.warp(activatesAt);
        assertEq(distributor.activeRoot().total, 4 ether);
        assertEq(distributor.pendingRoot().activatesAt, 0);
        skip(EPOCH_LENGTH);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.RootActivated(_leaf(aliceId, 0, 4 ether));
        assertEq(distributor.claimTracked(_batch(_claim(aliceId, 0, 4 ether))), 4 ether);
        assertEq(distributor.creditOf(alice), 4 ether);
    }

    /// A root that promises more than the budget: the increase is refused, whatever the leaves say.
    function test_a_root_gets_no_more_than_the_budget() public {
        assertEq(distributor.budget(), BUDGET);
        assertEq(distributor.budgetThrough(_epoch() - 1), BUDGET);
        bytes32 root = _leaf(aliceId, 0, uint96(BUDGET + 1));
        vm.startPrank(poster);
        uint64 through = _epoch() - 1;
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.OverBudget.selector, BUDGET + 1, BUDGET));
        distributor.postRoot(root, uint96(BUDGET + 1), through);
        distributor.postRoot(root, uint96(BUDGET), through);
    }

    /// And when the leaves promise more than their total, claims stop at the total.
    function test_leaves_get_no_more_than_their_root_together() public {
        (bytes32 root, IRewardDistributor.TrackedClaim[] memory claims) =
            _tree(_claim(aliceId, 0, 6 ether), _claim(bobId, 0, 6 ether));
        _post(root, 10 ether);
        vm.warp(distributor.pendingRoot().activatesAt + EPOCH_LENGTH);
        assertEq(distributor.claimTracked(claims), 10 ether);
        assertEq(distributor.creditOf(alice), 6 ether);
        assertEq(distributor.creditOf(bob), 4 ether);
        _assertSkipped(claims[1], RewardSkip.RootExhausted);
    }

    function test_a_budget_is_the_smaller_of_the_cap_and_the_share() public {
        _fund(99_000 ether);
        assertEq(distributor.budget(), 500 ether);
        _setParameters(50, 600 ether);
        assertEq(distributor.budget(), 500 ether);
        _setParameters(50, 400 ether);
        assertEq(distributor.budget(), 400 ether);
        _setParameters(0, 400 ether);
        assertEq(distributor.budget(), 0);
    }

    function test_epochs_without_a_root_add_their_budgets_each_of_what_was_left() public {
        _nextEpoch();
        _nextEpoch();
        uint256 expected = BUDGET + (RESERVE - BUDGET) / 100;
        expected += (RESERVE - expected) / 100;
        assertEq(distributor.budgetThrough(_epoch() - 1), expected);
    }

    function test_budgets_of_long_ago_lapse() public {
        _nextEpoch();
        vm.warp(vm.getBlockTimestamp() + 14 * EPOCH_LENGTH);
        uint256 sixteen = distributor.budgetThrough(_epoch() - 1);
        vm.warp(vm.getBlockTimestamp() + 1000 * EPOCH_LENGTH);
        assertEq(distributor.budgetThrough(_epoch() - 1), sixteen);
        uint256 left = RESERVE;
        for (uint256 i; i < 16; ++i) {
            left -= left / 100;
        }
        assertEq(sixteen, RESERVE - left);
        _post("root", uint96(sixteen));
    }

    function test_a_root_covers_epochs_that_have_ended_and_none_twice() public {
        uint64 epoch = _epoch();
        uint64 covered = epoch - 2;
        vm.startPrank(poster);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.EpochNotCovered.selector, epoch, covered, epoch - 1));
        distributor.postRoot("root", 1, epoch);
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.EpochNotCovered.selector, covered - 1, covered, epoch - 1)
        );
        distributor.postRoot("root", 1, covered - 1);
        assertEq(distributor.budgetThrough(epoch), 0);

        distributor.postRoot("root", uint96(BUDGET), epoch - 1);
        vm.warp(distributor.pendingRoot().activatesAt);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.OverBudget.selector, 1, 0));
        distributor.postRoot("root", uint96(BUDGET + 1), epoch - 1);
    }

    function test_one_root_is_pending_at_a_time() public {
        _post("first", 1 ether);
        uint256 activatesAt = distributor.pendingRoot().activatesAt;
        vm.prank(poster);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RootPending.selector, bytes32("first"), activatesAt));
        distributor.postRoot("second", 1 ether, uint64(FIRST_EPOCH));
        assertEq(distributor.budgetThrough(_epoch() - 1), 0);
    }

    function test_roots_follow_each_other_by_an_epoch_at_least() public {
        _post("first", 1 ether);
        uint256 activatesAt = distributor.pendingRoot().activatesAt;
        vm.warp(activatesAt + 1 hours);
        _post("second", 1 ether);
        assertEq(distributor.pendingRoot().activatesAt, activatesAt + EPOCH_LENGTH);
    }

    function test_a_total_never_falls() public {
        _post("first", 2 ether);
        _nextEpoch();
        uint64 through = _epoch() - 1;
        vm.prank(poster);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.TotalFell.selector, 1 ether, 2 ether));
        distributor.postRoot("second", 1 ether, through);
    }

    function test_the_guardian_cancels_a_root_before_it_pays() public {
        _post("wrong", 5 ether);
        vm.warp(distributor.pendingRoot().activatesAt - 1);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.RootCancelled("wrong");
        vm.prank(guardian);
        distributor.cancelRoot();
        assertEq(distributor.reserve(), RESERVE);
        skip(1 days);
        assertEq(distributor.activeRoot().hash, 0);
        _post(_leaf(aliceId, 0, 5 ether), 5 ether);
    }

    function test_an_active_root_is_not_cancelled() public {
        _post("right", 5 ether);
        vm.warp(distributor.pendingRoot().activatesAt);
        vm.startPrank(guardian);
        vm.expectRevert(IRewardDistributor.NoRootPending.selector);
        distributor.cancelRoot();
        vm.expectRevert(IRewardDistributor.NoRootPending.selector);
        distributor.cancelRoot();
        assertEq(distributor.reserve(), RESERVE - 5 ether);
    }

    function test_the_owner_cancels_too_and_nobody_else() public {
        _post("wrong", 5 ether);
        vm.prank(poster);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.NotGuardian.selector, poster));
        distributor.cancelRoot();
        vm.prank(owner);
        distributor.cancelRoot();
    }

    function test_only_the_poster_posts_and_only_the_owner_names_it() public {
        uint64 through = _epoch() - 1;
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.NotPoster.selector, address(this)));
        distributor.postRoot("root", 1, through);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSignature("NotOwner(address)", guardian));
        distributor.setPoster(guardian);
        vm.expectEmit(address(distributor));
        emit IRewardDistributor.PosterSet(address(0));
        vm.prank(owner);
        distributor.setPoster(address(0));
        vm.prank(poster);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.NotPoster.selector, poster));
        distributor.postRoot("root", 1, through);
    }

    /// What a wrong root left unclaimed is not lost: a correction shares it out anew, without more money.
    function test_a_correction_shares_out_what_is_unclaimed() public {
        _post(keccak256("unclaimable"), 5 ether);
        uint64 covered = _epoch() - 1;
        vm.warp(distributor.pendingRoot().activatesAt);
        vm.prank(poster);
        distributor.postRoot(_leaf(bobId, 0, 5 ether), 5 ether, covered);
        vm.warp(distributor.pendingRoot().activatesAt + EPOCH_LENGTH);
        assertEq(distributor.claimTracked(_batch(_claim(bobId, 0, 5 ether))), 5 ether);
        assertEq(distributor.reserve(), RESERVE - 5 ether);
    }

    // ---------------------------------------------------------------- claims

    function test_a_root_streams_over_an_epoch() public {
        _post(_leaf(aliceId, 2 ether, 6 ether), 6 ether);
        vm.warp(distributor.pendingRoot().activatesAt);
        assertEq(distributor.claimTracked(_batch(_claim(aliceId, 2 ether, 6 ether))), 2 ether, "settled at once");
        skip(EPOCH_LENGTH / 4);
        assertEq(distributor.claimTracked(_batch(_claim(aliceId, 2 ether, 6 ether))), 1 ether);
        _assertSkipped(_claim(aliceId, 2 ether, 6 ether), RewardSkip.NothingNew);
        skip(EPOCH_LENGTH);
        assertEq(distributor.claimTracked(_batch(_claim(aliceId, 2 ether, 6 ether))), 3 ether);
        assertEq(distributor.receivedBy(aliceId).tracked, 6 ether);
    }

    function testFuzz_claims_in_any_rhythm_add_up(uint96 cumulative, uint96 settled, uint32[6] calldata steps) public {
        cumulative = uint96(bound(cumulative, 1, BUDGET));
        settled = uint96(bound(settled, 0, cumulative));
        _post(_leaf(aliceId, settled, cumulative), cumulative);
        uint256 activatesAt = distributor.pendingRoot().activatesAt;
        vm.warp(activatesAt);
        for (uint256 i; i < steps.length; ++i) {
            skip(bound(steps[i], 0, EPOCH_LENGTH / 3));
            distributor.claimTracked(_batch(_claim(aliceId, settled, cumulative)));
            uint256 elapsed = vm.getBlockTimestamp() - activatesAt;
            if (elapsed > EPOCH_LENGTH) elapsed = EPOCH_LENGTH;
            uint256 expected = settled + uint256(cumulative - settled) * elapsed / EPOCH_LENGTH;
            assertEq(distributor.creditOf(alice), expected);
        }
        skip(EPOCH_LENGTH);
        distributor.claimTracked(_batch(_claim(aliceId, settled, cumulative)));
        assertEq(distributor.creditOf(alice), cumulative);
    }

    function test_the_next_root_goes_on_from_the_last() public {
        _postAlone(aliceId, 5 ether);
        distributor.claimTracked(_batch(_claim(aliceId, 0, 5 ether)));
        (bytes32 root, IRewardDistributor.TrackedClaim[] memory claims) =
            _tree(_claim(aliceId, 5 ether, 8 ether), _claim(bobId, 0, 2 ether));
        _post(root, 10 ether);
        vm.warp(distributor.pendingRoot().activatesAt + EPOCH_LENGTH / 2);
        assertEq(distributor.claimTracked(claims), 1.5 ether + 1 ether);
        assertEq(distributor.trackedClaimed(), 7.5 ether);
    }

    /// Wash trading: whoever buys jobs from itself gets back at most the protocol fees it burned, whatever the root says.
    function test_nobody_receives_more_than_its_jobs_burned() public {
        uint32 washer = _register(stranger, "washer");
        _burn(washer, 1 ether);
        _nextEpoch();
        _postAlone(washer, 9 ether);
        assertEq(distributor.claimTracked(_batch(_claim(washer, 0, 9 ether))), 1 ether);
        _assertSkipped(_claim(washer, 0, 9 ether), RewardSkip.BurnCap);
        _burn(washer, 0.5 ether);
        assertEq(distributor.claimTracked(_batch(_claim(washer, 0, 9 ether))), 0.5 ether);
    }

    /// Front-run claims: whoever claims, the money is the owner's, and a second claim takes nothing from it.
    function test_a_front_run_claim_pays_the_owner() public {
        _postAlone(aliceId, 5 ether);
        vm.prank(stranger);
        assertEq(distributor.claimTracked(_batch(_claim(aliceId, 0, 5 ether))), 5 ether);
        vm.prank(alice);
        _assertSkipped(_claim(aliceId, 0, 5 ether), RewardSkip.NothingNew);
        assertEq(distributor.creditOf(alice), 5 ether);
        assertEq(distributor.creditOf(stranger), 0);
        vm.prank(stranger);
        distributor.withdrawFor(alice);
        assertEq(alice.balance, 5 ether);
    }

    function test_a_bad_item_spoils_no_other() public {
        (bytes32 root, IRewardDistributor.TrackedClaim[] memory good) =
            _tree(_claim(aliceId, 0, 4 ether), _claim(bobId, 0, 2 ether));
        _post(root, 6 ether);
        vm.warp(distributor.pendingRoot().activatesAt + EPOCH_LENGTH);
        IRewardDistributor.TrackedClaim[] memory claims = new IRewardDistributor.TrackedClaim[](7);
        claims[0] = _claim(99, 0, 4 ether); // unknown
        claims[1] = good[0];
        claims[2] = good[0]; // twice
        claims[3] = good[1];
        claims[3].proof = good[0].proof; // another's proof
        claims[4] = _claim(bobId, 3 ether, 2 ether); // settles more than it promises
        claims[5] = _claim(carolId, 0, 1 ether); // not in the tree
        (, good) = _tree(_claim(aliceId, 0, 4 ether), _claim(bobId, 0, 2 ether));
        claims[6] = good[1];
        _expectSkip(99, 0, RewardSkip.UnknownExecutor);
        _expectSkip(aliceId, 2, RewardSkip.NothingNew);
        _expectSkip(bobId, 3, RewardSkip.InvalidLeaf);
        _expectSkip(bobId, 4, RewardSkip.InvalidLeaf);
        _expectSkip(carolId, 5, RewardSkip.InvalidLeaf);
        assertEq(distributor.claimTracked(claims), 6 ether);
    }

    /// A leaf is of one chain and one contract, and an inner node is no leaf.
    function test_a_leaf_is_not_replayed_elsewhere() public {
        _postAlone(aliceId, 5 ether);
        uint256 here = 31_337;
        assertEq(block.chainid, here);
        vm.chainId(here + 1);
        _assertSkipped(_claim(aliceId, 0, 5 ether), RewardSkip.InvalidLeaf);
        vm.chainId(here);
        assertEq(distributor.claimTracked(_batch(_claim(aliceId, 0, 5 ether))), 5 ether);

        bytes32 elsewhere = keccak256(
            bytes.concat(keccak256(abi.encode(here, address(activities), aliceId, uint96(0), uint96(6 ether))))
        );
        _post(elsewhere, 6 ether);
        vm.warp(distributor.pendingRoot().activatesAt + EPOCH_LENGTH);
        _assertSkipped(_claim(aliceId, 0, 6 ether), RewardSkip.InvalidLeaf);
    }

    /// The golden vector of the protocol crate and the book; `_leaf` has the same formula.
    function test_the_leaf_is_the_golden_one() public pure {
        address golden = address(bytes20(hex"a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"));
        bytes32 inner = keccak256(abi.encode(uint256(412_346), golden, uint32(7), uint96(1e18), uint96(2.5e18)));
        assertEq(keccak256(bytes.concat(inner)), 0x1c8fa053590dbb6694ebfbbf36e51704a97643690210cba4beb69d0a5737cec5);
    }

    function test_a_lower_leaf_takes_nothing_back() public {
        _postAlone(aliceId, 5 ether);
        distributor.claimTracked(_batch(_claim(aliceId, 0, 5 ether)));
        _post(_leaf(aliceId, 3 ether, 3 ether), 5 ether);
        vm.warp(distributor.pendingRoot().activatesAt + EPOCH_LENGTH);
        _assertSkipped(_claim(aliceId, 3 ether, 3 ether), RewardSkip.NothingNew);
        assertEq(distributor.creditOf(alice), 5 ether);
    }

    function test_claims_go_on_in_a_pause_and_without_poster_or_guardian() public {
        _post(_leaf(aliceId, 0, 5 ether), 5 ether);
        vm.prank(guardian);
        governance.pauseNewJobs(2 days);
        vm.startPrank(owner);
        distributor.setPoster(address(0));
        governance.setGuardian(address(0));
        vm.stopPrank();
        vm.warp(distributor.pendingRoot().activatesAt + EPOCH_LENGTH);
        assertTrue(governance.isPaused());
        assertEq(distributor.claimTracked(_batch(_claim(aliceId, 0, 5 ether))), 5 ether);
        distributor.withdrawFor(alice);
        assertEq(alice.balance, 5 ether);
    }
}
