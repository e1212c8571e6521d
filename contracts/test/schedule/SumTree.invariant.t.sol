// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SumTree} from "../../src/schedule/SumTree.sol";
import {WeightModel} from "./WeightModel.sol";
import {Test} from "forge-std/Test.sol";

/// @notice Changes a tree at random, and the model with it; shows the tree's nodes.
contract SumTreeHandler is Test {
    using SumTree for SumTree.Tree;

    WeightModel public immutable model = new WeightModel();
    uint256 public epoch = 1;

    SumTree.Tree private _tree;

    constructor() {
        model.setEpoch(epoch);
    }

    function setWeight(uint32 leaf, uint8 magnitude, uint56 weight) external {
        // All magnitudes of leaves and weights are as likely: small trees, growth, and totals near the maximum.
        leaf = uint32(1 + leaf % (uint256(4) << (magnitude % 31)));
        weight = uint56(bound(weight, 0, _tree.room(leaf)) >> (magnitude % 57));
        _tree.set(leaf, weight, epoch);
        model.set(leaf, weight);
    }

    function removeWeight(uint256 index) external {
        if (model.count() == 0) return;
        uint32 leaf = model.leaves(index % model.count());
        _tree.set(leaf, 0, epoch);
        model.set(leaf, 0);
    }

    function passEpochs(uint8 number) external {
        epoch += number % 3;
        model.setEpoch(epoch);
    }

    function height() external view returns (uint256) {
        return _tree.height;
    }

    function current(uint256 leaf) external view returns (uint256) {
        return _tree.current(leaf);
    }

    function frozen(uint256 leaf) external view returns (uint256) {
        return _tree.frozen(leaf, epoch);
    }

    function frozenLast(uint256 leaf) external view returns (uint256) {
        return _tree.frozen(leaf, epoch - 1);
    }

    function frozenTotal() external view returns (uint256) {
        return _tree.frozenTotal(epoch);
    }

    /// The layout that `SumTree` documents.
    function lanes(uint256 level, uint256 index)
        external
        view
        returns (uint256 currentLanes, uint256 frozenLanes, uint256 frozenLastLanes)
    {
        SumTree.Node storage node = _tree.nodes[level << 32 | index];
        uint256[3] memory words = [node.current, node.previous, node.older];
        (uint256 first, uint256 second) = (words[0] >> 224, words[1] >> 224);
        currentLanes = uint224(words[0]);
        frozenLanes = uint224(words[first == epoch ? 1 : 0]);
        frozenLastLanes = uint224(words[first < epoch - 1 ? 0 : second < epoch - 1 ? 1 : 2]);
    }
}

contract SumTreeInvariantTest is Test {
    SumTreeHandler private handler = new SumTreeHandler();

    function setUp() public {
        bytes4[] memory selectors = new bytes4[](3);
        selectors[0] = SumTreeHandler.setWeight.selector;
        selectors[1] = SumTreeHandler.removeWeight.selector;
        selectors[2] = SumTreeHandler.passEpochs.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_EveryLaneIsTheSumOfItsChildsLanes() public view {
        uint256 height = handler.height();
        uint256 count = handler.model().count();
        for (uint256 i = 0; i < count; ++i) {
            uint256 leaf = handler.model().leaves(i);
            assertEq(leaf >> (2 * height), 0, "the leaf lies below the root");
            for (uint256 level = 2; level <= height; ++level) {
                (uint256 current, uint256 frozen, uint256 last) = handler.lanes(level, leaf >> (2 * level));
                (uint256 childCurrent, uint256 childFrozen, uint256 childLast) =
                    handler.lanes(level - 1, leaf >> (2 * level - 2));
                uint256 lane = (leaf >> (2 * level - 2)) & 3;
                assertEq(_lane(current, lane), _sum(childCurrent), "current");
                assertEq(_lane(frozen, lane), _sum(childFrozen), "frozen");
                assertEq(_lane(last, lane), _sum(childLast), "frozen for the last epoch");
            }
        }
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_LeavesAndTotalsAreTheModels() public view {
        WeightModel model = handler.model();
        for (uint256 i = 0; i < model.count(); ++i) {
            uint32 leaf = model.leaves(i);
            assertEq(handler.current(leaf), model.current(leaf), "current");
            assertEq(handler.frozen(leaf), model.frozen(leaf), "frozen");
            assertEq(handler.frozenLast(leaf), model.frozenLast(leaf), "frozen for the last epoch");
        }
        (uint256 total, uint256 frozenTotal) = model.total();
        (uint256 root,,) = handler.lanes(handler.height(), 0);
        assertEq(_sum(root), total, "current total");
        assertEq(handler.frozenTotal(), frozenTotal, "frozen total");
        assertLe(total, SumTree.MAX_TOTAL, "room");
    }

    function _lane(uint256 word, uint256 lane) private pure returns (uint256) {
        return uint56(word >> (56 * lane));
    }

    function _sum(uint256 word) private pure returns (uint256) {
        return _lane(word, 0) + _lane(word, 1) + _lane(word, 2) + _lane(word, 3);
    }
}
