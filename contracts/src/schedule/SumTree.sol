// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title A tree of sums over weighted leaves that remembers how it stood when this epoch began, and the one before.
/// @notice Every node has four children. A node of level 1 holds the weights of four leaves, a node of level h the sums of
/// four nodes of level h - 1. Leaf i lies below node i / 4 of level 1, node i / 16 of level 2, and so on; the root is node 0
/// of the highest level. The tree grows by new roots whose first child is the old one: 1,000 leaves are 5 levels.
///
/// @dev A node is three words, each from the most significant bit:
///
///     epoch of the last change (32)   lane 3 (56)   lane 2 (56)   lane 1 (56)   lane 0 (56)
///
/// `current` is the node as it is; `previous` is what `current` was before the epoch of its last change; `older` is what
/// `previous` was before its own. The lanes *frozen* for an epoch are those from before it: of the first of these words
/// that changed before the epoch. That holds for the epoch of now and for the one before; older ones are forgotten.
/// A leaf's change writes every node above it, so frozen lanes are the sums of frozen lanes, like current ones of current
/// ones. No lane overflows, because none is more than the total.
library SumTree {
    struct Node {
        uint256 current;
        uint256 previous;
        uint256 older;
    }

    struct Tree {
        /// Level of the root; 0 is a tree without nodes.
        uint256 height;
        /// By level and index (`_label`).
        mapping(uint256 label => Node) nodes;
    }

    /// @notice The most that all weights together can be.
    uint256 internal constant MAX_TOTAL = LANE;

    uint256 private constant LANE = type(uint56).max;
    uint256 private constant LANE_BITS = 56;
    uint256 private constant EPOCH_OFFSET = 4 * LANE_BITS;
    uint256 private constant LANES = (1 << EPOCH_OFFSET) - 1;

    /// @notice Sets a leaf's weight. The caller keeps the total at `MAX_TOTAL` or below (`room`).
    /// @param leaf Below 2^32.
    /// @param epoch Never less than in an earlier call, below 2^32.
    function set(Tree storage tree, uint256 leaf, uint256 weight, uint256 epoch) internal {
        uint256 height = _grow(tree, leaf, epoch);
        uint256 old = current(tree, leaf);
        unchecked {
            // Modulo 2^256: subtracts where the weight falls.
            uint256 change = weight - old;
            for (uint256 level = 1; level <= height; ++level) {
                Node storage node = _node(tree, level, leaf >> (2 * level));
                uint256 word = node.current;
                uint256 lanes = word & LANES;
                if (word >> EPOCH_OFFSET != epoch) {
                    // A node that did not change in the epoch before needs no third word: its second answers for both.
                    if ((word >> EPOCH_OFFSET) + 1 == epoch) node.older = node.previous;
                    node.previous = word;
                }
                // The lane stays within 0 and the total, so no neighbour is touched.
                lanes += change << _laneOffset(leaf, level);
                node.current = lanes | (epoch << EPOCH_OFFSET);
            }
        }
    }

    /// @notice The most that a leaf's weight can be, given the others'.
    function room(Tree storage tree, uint256 leaf) internal view returns (uint256) {
        uint256 total = _sum(_node(tree, tree.height, 0).current);
        return MAX_TOTAL - (total - current(tree, leaf));
    }

    /// @notice A leaf's weight now.
    function current(Tree storage tree, uint256 leaf) internal view returns (uint256) {
        return _lane(_node(tree, 1, leaf >> 2).current, leaf & 3);
    }

    /// @notice A leaf's weight before the epoch, which is that of the last `set` or later, or the one before.
    function frozen(Tree storage tree, uint256 leaf, uint256 epoch) internal view returns (uint256) {
        return _lane(_frozenLanes(tree, 1, leaf >> 2, epoch), leaf & 3);
    }

    /// @notice All leaves' weight before the epoch, as `frozen`.
    function frozenTotal(Tree storage tree, uint256 epoch) internal view returns (uint256) {
        return _sum(_frozenLanes(tree, tree.height, 0, epoch));
    }

    /// @notice Picks a leaf by frozen weights: with the excluded leaves' weights taken as 0, the lowest leaf such that it and
    /// all lower ones weigh more than `random` modulo the total.
    /// @param excluded `weighed` leaves, distinct, of which the first `count` count.
    /// @param epoch As for `frozen`.
    /// @return leaf The picked leaf.
    /// @return weight Its frozen weight; 0 when nothing is left to pick.
    function pick(Tree storage tree, uint256 random, uint256[] memory excluded, uint256 count, uint256 epoch)
        internal
        view
        returns (uint256 leaf, uint256 weight)
    {
        uint256 level = tree.height;
        uint256 lanes = _remainingLanes(tree, level, 0, excluded, count, epoch);
        uint256 total = _sum(lanes);
        if (total == 0) return (0, 0);

        uint256 rest = random % total;
        unchecked {
            // Nothing wraps: `rest` is below the sum of the lanes, so the inner loop ends within them, at one that is not 0;
            // and levels end at 1.
            while (true) {
                leaf *= 4;
                weight = lanes & LANE;
                while (rest >= weight) {
                    rest -= weight;
                    lanes >>= LANE_BITS;
                    weight = lanes & LANE;
                    ++leaf;
                }
                if (--level == 0) return (leaf, weight);
                lanes = _remainingLanes(tree, level, leaf, excluded, count, epoch);
            }
        }
    }

    /// @notice A leaf and its frozen weight, as `pick` takes those to exclude.
    function weighed(uint256 leaf, uint256 weight) internal pure returns (uint256) {
        return (leaf << LANE_BITS) | weight;
    }

    /// @dev Puts new roots on top until the leaf lies below the root. A new root has the old one's totals, current and
    /// frozen, in its first lane: draws by this epoch's weights, and the last one's, don't see that the tree has grown.
    function _grow(Tree storage tree, uint256 leaf, uint256 epoch) private returns (uint256 height) {
        uint256 oldHeight = tree.height;
        height = oldHeight == 0 ? 1 : oldHeight;
        while (leaf >> (2 * height) != 0) ++height;
        if (height == oldHeight) return height;

        uint256 lastEpoch = epoch == 0 ? 0 : epoch - 1;
        uint256 total = _sum(_node(tree, oldHeight, 0).current);
        uint256 totalBefore = frozenTotal(tree, epoch);
        uint256 totalEarlier = frozenTotal(tree, lastEpoch);
        tree.height = height;
        if (total | totalBefore | totalEarlier == 0) return height;
        for (uint256 level = oldHeight + 1; level <= height; ++level) {
            Node storage root = _node(tree, level, 0);
            root.current = total | (epoch << EPOCH_OFFSET);
            root.previous = totalBefore | (lastEpoch << EPOCH_OFFSET);
            root.older = totalEarlier;
        }
    }

    /// @dev Frozen lanes of a node less the weights of the excluded leaves below it.
    function _remainingLanes(
        Tree storage tree,
        uint256 level,
        uint256 index,
        uint256[] memory excluded,
        uint256 count,
        uint256 epoch
    ) private view returns (uint256 lanes) {
        lanes = _frozenLanes(tree, level, index, epoch);
        unchecked {
            // A lane is the sum of all leaves below it, so it is not less than that of the distinct ones among them.
            for (uint256 i = 0; i < count; ++i) {
                uint256 one = excluded[i];
                uint256 leaf = one >> LANE_BITS;
                if (leaf >> (2 * level) == index) lanes -= (one & LANE) << _laneOffset(leaf, level);
            }
        }
    }

    function _frozenLanes(Tree storage tree, uint256 level, uint256 index, uint256 epoch)
        private
        view
        returns (uint256)
    {
        Node storage node = _node(tree, level, index);
        uint256 word = node.current;
        if (word >> EPOCH_OFFSET >= epoch) word = node.previous;
        if (word >> EPOCH_OFFSET >= epoch) word = node.older;
        return word & LANES;
    }

    function _node(Tree storage tree, uint256 level, uint256 index) private view returns (Node storage) {
        return tree.nodes[_label(level, index)];
    }

    function _label(uint256 level, uint256 index) private pure returns (uint256) {
        return (level << 32) | index;
    }

    /// @dev Bits below the lane of a node of this level that the leaf lies in.
    function _laneOffset(uint256 leaf, uint256 level) private pure returns (uint256) {
        unchecked {
            // A level is at least 1.
            return LANE_BITS * ((leaf >> (2 * (level - 1))) & 3);
        }
    }

    function _lane(uint256 lanes, uint256 lane) private pure returns (uint256) {
        return (lanes >> (LANE_BITS * lane)) & LANE;
    }

    function _sum(uint256 lanes) private pure returns (uint256) {
        unchecked {
            return _lane(lanes, 0) + _lane(lanes, 1) + _lane(lanes, 2) + _lane(lanes, 3);
        }
    }
}
