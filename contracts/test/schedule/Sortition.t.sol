// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ISortition} from "../../src/schedule/ISortition.sol";
import {Sortition} from "../../src/schedule/Sortition.sol";
import {GasMeter} from "../verify/GasMeter.sol";
import {WeightModel} from "./WeightModel.sol";
import {Test} from "forge-std/Test.sol";

contract SortitionTest is Test {
    bytes32 private constant KEY = keccak256("offering");
    uint64 private constant EPOCH = 100;
    uint64 private constant MAXIMUM = type(uint56).max;

    Sortition private sortition = new Sortition(address(this), EPOCH);

    function setUp() public {
        vm.warp(10 * EPOCH);
    }

    /// @dev Of this epoch.
    function _total(bytes32 key) private view returns (uint256) {
        return sortition.totalWeight(key, vm.getBlockTimestamp());
    }

    // ------------------------------------------------- setting weights

    function test_OnlyTheExecutorRegistrySetsWeights() public {
        vm.expectRevert(abi.encodeWithSelector(ISortition.NotExecutorRegistry.selector, address(0xbad)));
        vm.prank(address(0xbad));
        sortition.setWeight(KEY, 1, 5);
    }

    function test_LeafZeroIsNobody() public {
        vm.expectRevert(abi.encodeWithSelector(ISortition.LeafOutOfRange.selector, 0));
        sortition.setWeight(KEY, 0, 5);
    }

    function test_ZeroEpochLengthIsRefused() public {
        vm.expectRevert(Sortition.ZeroEpochLength.selector);
        new Sortition(address(this), 0);
    }

    function test_ChangesAreEmittedAndRepetitionsAreNot() public {
        vm.expectEmit(address(sortition));
        emit ISortition.WeightChanged(KEY, 7, 5);
        sortition.setWeight(KEY, 7, 5);
        vm.recordLogs();
        sortition.setWeight(KEY, 7, 5);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_TotalOfATreeFitsALane() public {
        sortition.setWeight(KEY, 1, MAXIMUM - 10);
        vm.expectRevert(abi.encodeWithSelector(ISortition.WeightTooLarge.selector, 11, 10));
        sortition.setWeight(KEY, 1000, 11);
        sortition.setWeight(KEY, 1000, 10);
        vm.expectRevert(abi.encodeWithSelector(ISortition.WeightTooLarge.selector, type(uint64).max, MAXIMUM - 10));
        sortition.setWeight(KEY, 1, type(uint64).max);
        sortition.setWeight(KEY, 1, 0);
        sortition.setWeight(KEY, 1000, MAXIMUM);

        _nextEpoch();
        assertEq(_total(KEY), MAXIMUM);
        assertEq(_pick(type(uint256).max, _none()), 1000);
    }

    function test_TheHighestIdIsALeaf() public {
        sortition.setWeight(KEY, type(uint32).max, 3);
        sortition.setWeight(KEY, 1, 4);
        _nextEpoch();
        assertEq(_pick(3, _none()), 1);
        assertEq(_pick(4, _none()), type(uint32).max);
        assertEq(_pick(7, _none()), 1);
    }

    // ------------------------------------------------- epochs

    function test_AChangeActsFromTheNextEpoch() public {
        sortition.setWeight(KEY, 1, 5);
        _assertWeights(1, 0, 5);
        assertEq(_total(KEY), 0);
        _expectNothingToPick();

        _nextEpoch();
        _assertWeights(1, 5, 5);
        assertEq(_total(KEY), 5);
        sortition.setWeight(KEY, 1, 8);
        sortition.setWeight(KEY, 1, 9);
        _assertWeights(1, 5, 9);
        assertEq(_total(KEY), 5);

        _nextEpoch();
        _assertWeights(1, 9, 9);
        assertEq(_total(KEY), 9);
    }

    function test_WeightsStandThroughEpochsWithoutChanges() public {
        sortition.setWeight(KEY, 1, 5);
        vm.warp(vm.getBlockTimestamp() + 1000 * EPOCH);
        _assertWeights(1, 5, 5);
        sortition.setWeight(KEY, 2, 1);
        _assertWeights(1, 5, 5);
        assertEq(_total(KEY), 5);
    }

    function test_TotalsOfTheEpochBeforeAreRemembered() public {
        sortition.setWeight(KEY, 1, 5);
        _nextEpoch();
        uint256 before = vm.getBlockTimestamp();
        sortition.setWeight(KEY, 2, 7);
        _nextEpoch();
        assertEq(_total(KEY), 12);
        assertEq(sortition.totalWeight(KEY, before), 5);
        _nextEpoch();
        vm.expectRevert(abi.encodeWithSelector(ISortition.WeightsUnknown.selector, before));
        sortition.totalWeight(KEY, before);
    }

    function test_AnEpochEndsAtAMultipleOfItsLength() public {
        vm.warp(20 * EPOCH - 1);
        sortition.setWeight(KEY, 1, 5);
        assertEq(_total(KEY), 0);
        vm.warp(20 * EPOCH);
        assertEq(_total(KEY), 5);
    }

    function test_WeightsOfTheVeryFirstEpochActFromTheSecond() public {
        vm.warp(1);
        sortition.setWeight(KEY, 1, 5);
        sortition.setWeight(KEY, 70, 6);
        _assertWeights(1, 0, 5);
        assertEq(_total(KEY), 0);
        vm.warp(EPOCH);
        assertEq(_total(KEY), 11);
    }

    function test_GrowthDoesNotChangeTheRunningEpochsDraws() public {
        sortition.setWeight(KEY, 1, 5);
        sortition.setWeight(KEY, 2, 5);
        _nextEpoch();
        sortition.setWeight(KEY, 2, 100);
        sortition.setWeight(KEY, 100_000, 1000);
        assertEq(_total(KEY), 10);
        for (uint256 random = 0; random < 20; ++random) {
            assertEq(_pick(random, _none()), random % 10 < 5 ? 1 : 2);
        }
        _nextEpoch();
        assertEq(_total(KEY), 1105);
        assertEq(_pick(105, _none()), 100_000);
        for (uint256 random = 0; random < 20; ++random) {
            uint32 last = sortition.pick(KEY, vm.getBlockTimestamp() - EPOCH, random, _none());
            assertEq(last, random % 10 < 5 ? 1 : 2, "by the last epoch's weights");
        }
    }

    function test_OnlyThisEpochsAndTheLastOnesWeightsAreKnown() public {
        sortition.setWeight(KEY, 1, 5);
        vm.warp(20 * EPOCH);
        assertEq(sortition.pick(KEY, 21 * EPOCH - 1, 0, _none()), 1);
        assertEq(sortition.pick(KEY, 19 * EPOCH, 0, _none()), 1);
        uint256[3] memory unknown = [uint256(21 * EPOCH), 19 * EPOCH - 1, type(uint256).max];
        for (uint256 i = 0; i < unknown.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ISortition.WeightsUnknown.selector, unknown[i]));
            sortition.pick(KEY, unknown[i], 0, _none());
        }
    }

    // ------------------------------------------------- picks

    function test_KeysHaveTreesOfTheirOwn() public {
        sortition.setWeight(KEY, 1, 5);
        sortition.setWeight(keccak256("another"), 2, 7);
        _nextEpoch();
        assertEq(_total(KEY), 5);
        assertEq(_total(keccak256("another")), 7);
        assertEq(_pick(6, _none()), 1);
    }

    function test_LeavesAreCountedOffInAscendingOrder() public {
        sortition.setWeight(KEY, 3, 2);
        sortition.setWeight(KEY, 1, 1);
        sortition.setWeight(KEY, 9, 3);
        _nextEpoch();
        uint32[6] memory expected = [uint32(1), 3, 3, 9, 9, 9];
        for (uint256 random = 0; random < 12; ++random) {
            assertEq(_pick(random, _none()), expected[random % 6]);
        }
    }

    function test_ExcludedLeavesAreNotPickedAndTheOthersKeepTheirWeights() public {
        sortition.setWeight(KEY, 3, 2);
        sortition.setWeight(KEY, 1, 1);
        sortition.setWeight(KEY, 9, 3);
        _nextEpoch();
        uint32[] memory excluded = new uint32[](1);
        excluded[0] = 3;
        uint32[4] memory expected = [uint32(1), 9, 9, 9];
        for (uint256 random = 0; random < 8; ++random) {
            assertEq(_pick(random, excluded), expected[random % 4]);
        }
    }

    function test_NothingToPickWhenAllAreExcludedOrWeightless() public {
        _expectNothingToPick();
        sortition.setWeight(KEY, 1, 1);
        sortition.setWeight(KEY, 2, 0);
        _nextEpoch();
        uint32[] memory excluded = new uint32[](1);
        excluded[0] = 1;
        vm.expectRevert(abi.encodeWithSelector(ISortition.NothingToPick.selector, KEY));
        sortition.pick(KEY, vm.getBlockTimestamp(), 0, excluded);

        sortition.setWeight(KEY, 1, 0);
        _nextEpoch();
        _expectNothingToPick();
    }

    function test_ExcludingStrangersChangesNothing() public {
        sortition.setWeight(KEY, 1, 5);
        _nextEpoch();
        uint32[] memory excluded = new uint32[](4);
        // Nobody, a sibling, a leaf below another node, and one beyond the root: all without weight.
        (excluded[0], excluded[1], excluded[2], excluded[3]) = (0, 2, 17, type(uint32).max);
        assertEq(_pick(4, excluded), 1);
    }

    /// Drawing all leaves one after another gives each of them once.
    function testFuzz_ADrawWithoutReplacementIsAPermutation(uint256 seed) public {
        uint256 leaves = 1 + seed % 24;
        for (uint32 id = 1; id <= leaves; ++id) {
            sortition.setWeight(KEY, id, 1 + uint64(uint256(keccak256(abi.encode(seed, id))) % 1000));
        }
        _nextEpoch();
        uint32[] memory drawn = new uint32[](0);
        uint256 seen = 0;
        for (uint256 i = 0; i < leaves; ++i) {
            uint32 id = _pick(uint256(keccak256(abi.encode(seed, "draw", i))), drawn);
            assertTrue(id >= 1 && id <= leaves);
            assertEq(seen & (1 << id), 0, "picked twice");
            seen |= 1 << id;
            drawn = _append(drawn, id);
        }
        vm.expectRevert(abi.encodeWithSelector(ISortition.NothingToPick.selector, KEY));
        sortition.pick(KEY, vm.getBlockTimestamp(), seed, drawn);
    }

    /// A draw is the picks one after another, whatever part of the sequence is asked for at a time.
    function testFuzz_ADrawIsPicksInSequence(bytes32 seed, uint8 split) public {
        uint256 leaves = 1 + uint256(seed) % 24;
        for (uint32 id = 1; id <= leaves; ++id) {
            sortition.setWeight(KEY, id, 1 + uint64(uint256(keccak256(abi.encode(seed, id))) % 1000));
        }
        _nextEpoch();
        uint256 time = vm.getBlockTimestamp();
        // The first leaf is excluded from the start, and one more is asked for than there are.
        uint32[] memory excluded = _append(_none(), 1);
        uint32[] memory all = sortition.draw(KEY, time, seed, 0, leaves, excluded);
        assertEq(all.length, leaves - 1);
        uint32[] memory drawn = excluded;
        for (uint256 i = 0; i < all.length; ++i) {
            assertEq(all[i], _pick(uint256(keccak256(abi.encode(seed, i))), drawn));
            drawn = _append(drawn, all[i]);
        }
        uint256 first = split % (all.length + 1);
        for (uint256 i = 0; i < first; ++i) {
            excluded = _append(excluded, all[i]);
        }
        uint32[] memory rest = sortition.draw(KEY, time, seed, first, leaves, excluded);
        assertEq(rest.length, all.length - first);
        for (uint256 i = 0; i < rest.length; ++i) {
            assertEq(rest[i], all[first + i]);
        }
        vm.expectRevert(abi.encodeWithSelector(ISortition.WeightsUnknown.selector, time + EPOCH));
        sortition.draw(KEY, time + EPOCH, seed, 0, 1, excluded);
    }

    /// Chi-squared with 7 degrees of freedom: above 24.3 with a chance of 1 in 1,000; the seed is fixed.
    function test_LeavesArePickedInProportionToTheirWeights() public {
        uint32[8] memory ids = [uint32(1), 2, 5, 17, 64, 65, 300, 1000];
        uint64[8] memory weights = [uint64(1000), 2000, 500, 1500, 3000, 100, 400, 1500];
        for (uint256 i = 0; i < 8; ++i) {
            sortition.setWeight(KEY, ids[i], weights[i]);
        }
        _nextEpoch();
        uint256 draws = 10_000;
        uint256[1001] memory picked;
        for (uint256 i = 0; i < draws; ++i) {
            ++picked[_pick(uint256(keccak256(abi.encode("chi-squared", i))), _none())];
        }
        uint256 chiSquaredMillionths = 0;
        for (uint256 i = 0; i < 8; ++i) {
            // The weights sum up to the number of draws: a weight is the expected number.
            uint256 difference = picked[ids[i]] > weights[i] ? picked[ids[i]] - weights[i] : weights[i] - picked[ids[i]];
            chiSquaredMillionths += difference * difference * 1e6 / weights[i];
        }
        assertLt(chiSquaredMillionths, 24.3e6);
        assertGt(chiSquaredMillionths, 0, "exact proportions are not random");
    }

    // ------------------------------------------------- against the model

    /// A random history of changes, growth and epochs; after each step, draws with and without exclusions.
    /// forge-config: default.fuzz.runs = 64
    /// forge-config: deep.fuzz.runs = 1000
    function testFuzz_EqualsTheModel(uint256 seed) public {
        WeightModel model = new WeightModel();
        model.setEpoch(vm.getBlockTimestamp() / EPOCH);
        for (uint256 step = 0; step < 40; ++step) {
            uint256 word = uint256(keccak256(abi.encode(seed, step)));
            if (word % 5 == 0) {
                vm.warp(vm.getBlockTimestamp() + (word >> 8) % (3 * EPOCH));
                model.setEpoch(vm.getBlockTimestamp() / EPOCH);
            } else {
                // Later steps reach further, so that the tree grows now and then.
                uint32 id = uint32(1 + (word >> 8) % (uint256(4) << ((step / 2) % 28)));
                uint64 weight = (word >> 64) % 4 == 0 ? 0 : uint64((word >> 72) % 1000);
                sortition.setWeight(KEY, id, weight);
                model.set(id, weight);
                (uint64 frozen, uint64 next) = sortition.weightOf(KEY, id);
                assertEq(frozen, model.frozen(id));
                assertEq(next, weight);
            }
            (, uint256 total) = model.total();
            assertEq(_total(KEY), total);
            _assertPicksLikeTheModel(model, _none(), word >> 100);
            _assertPicksLikeTheModel(model, _someLeaves(model, word >> 120), word >> 100);
        }
    }

    // ------------------------------------------------- gas

    function test_Gas_OfAThousandExecutors() public {
        for (uint32 id = 1; id <= 1000; ++id) {
            sortition.setWeight(KEY, id, 500_000);
        }
        _nextEpoch();
        GasMeter meter = new GasMeter();
        uint32[] memory excluded = new uint32[](2);
        (excluded[0], excluded[1]) = (10, 700);
        uint256 random = uint256(keccak256("gas"));

        vm.cool(address(sortition));
        uint256 cold = meter.execution(
            address(sortition), abi.encodeCall(sortition.pick, (KEY, vm.getBlockTimestamp(), random, _none()))
        );
        vm.snapshotValue("schedule", "pick_1000_cold", cold);
        uint256 third = meter.execution(
            address(sortition), abi.encodeCall(sortition.pick, (KEY, vm.getBlockTimestamp(), random, excluded))
        );
        vm.snapshotValue("schedule", "pick_1000_warm_2_excluded", third);

        vm.cool(address(sortition));
        uint256 three = meter.execution(
            address(sortition),
            abi.encodeCall(sortition.draw, (KEY, vm.getBlockTimestamp(), bytes32(random), 0, 3, _none()))
        );
        vm.snapshotValue("schedule", "draw_3_of_1000_cold", three);
        assertLe(three, 50_000);

        sortition.setWeight(KEY, 500, 400_000);
        sortition.setWeight(KEY, 501, 400_000);
        vm.cool(address(sortition));
        uint256 changed = meter.execution(
            address(sortition), abi.encodeCall(sortition.pick, (KEY, vm.getBlockTimestamp(), random, _none()))
        );
        vm.snapshotValue("schedule", "pick_1000_cold_changed_tree", changed);
        assertLe(cold, 20_000);
        assertLe(third, 25_000);
        assertLe(changed, 25_000);
    }

    // ------------------------------------------------- helpers

    function _nextEpoch() private {
        // Not `block.timestamp`: the optimizer takes it for a constant.
        vm.warp((vm.getBlockTimestamp() / EPOCH + 1) * EPOCH);
    }

    function _pick(uint256 random, uint32[] memory excluded) private view returns (uint32) {
        return sortition.pick(KEY, vm.getBlockTimestamp(), random, excluded);
    }

    function _assertWeights(uint32 id, uint64 expectedFrozen, uint64 expectedNext) private view {
        (uint64 frozen, uint64 next) = sortition.weightOf(KEY, id);
        assertEq(frozen, expectedFrozen, "frozen");
        assertEq(next, expectedNext, "next");
    }

    function _expectNothingToPick() private {
        vm.expectRevert(abi.encodeWithSelector(ISortition.NothingToPick.selector, KEY));
        sortition.pick(KEY, vm.getBlockTimestamp(), 0, _none());
    }

    /// By the weights of this epoch and by those of the last one.
    function _assertPicksLikeTheModel(WeightModel model, uint32[] memory excluded, uint256 random) private {
        for (uint256 epochsAgo = 0; epochsAgo < 2; ++epochsAgo) {
            uint256 time = vm.getBlockTimestamp() - epochsAgo * EPOCH;
            (bool found, uint32 expected) = model.pick(epochsAgo == 1, random, excluded);
            if (found) {
                assertEq(sortition.pick(KEY, time, random, excluded), expected);
            } else {
                vm.expectRevert(abi.encodeWithSelector(ISortition.NothingToPick.selector, KEY));
                sortition.pick(KEY, time, random, excluded);
            }
        }
    }

    /// Each leaf that was ever set with a chance of one in two.
    function _someLeaves(WeightModel model, uint256 choice) private view returns (uint32[] memory some) {
        some = new uint32[](0);
        for (uint256 i = 0; i < model.count(); ++i) {
            if ((choice >> (i % 128)) & 1 != 0) some = _append(some, model.leaves(i));
        }
    }

    function _none() private pure returns (uint32[] memory) {
        return new uint32[](0);
    }

    function _append(uint32[] memory list, uint32 last) private pure returns (uint32[] memory longer) {
        longer = new uint32[](list.length + 1);
        for (uint256 i = 0; i < list.length; ++i) {
            longer[i] = list[i];
        }
        longer[list.length] = last;
    }
}
