// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice A sortition without a tree: weights in a list by ascending leaf, and copies of them from before the epoch and
/// from before the last one.
contract WeightModel {
    uint256 public epoch;
    uint32[] public leaves;
    mapping(uint32 leaf => uint256) public current;
    mapping(uint32 leaf => uint256) public frozen;
    mapping(uint32 leaf => uint256) public frozenLast;
    mapping(uint32 leaf => bool) private _known;

    function count() external view returns (uint256) {
        return leaves.length;
    }

    function set(uint32 leaf, uint256 weight) external {
        if (!_known[leaf]) {
            _known[leaf] = true;
            leaves.push(leaf);
            for (uint256 i = leaves.length - 1; i != 0 && leaves[i - 1] > leaf; --i) {
                (leaves[i - 1], leaves[i]) = (leaves[i], leaves[i - 1]);
            }
        }
        current[leaf] = weight;
    }

    function setEpoch(uint256 epoch_) external {
        if (epoch_ == epoch) return;
        bool next = epoch_ == epoch + 1;
        epoch = epoch_;
        for (uint256 i = 0; i < leaves.length; ++i) {
            uint32 leaf = leaves[i];
            frozenLast[leaf] = next ? frozen[leaf] : current[leaf];
            frozen[leaf] = current[leaf];
        }
    }

    function total() external view returns (uint256 currentTotal, uint256 frozenTotal) {
        for (uint256 i = 0; i < leaves.length; ++i) {
            currentTotal += current[leaves[i]];
            frozenTotal += frozen[leaves[i]];
        }
    }

    /// @param last By the weights of the last epoch instead of this one's.
    function pick(bool last, uint256 random, uint32[] calldata excluded)
        external
        view
        returns (bool found, uint32 leaf)
    {
        mapping(uint32 leaf => uint256) storage weights = last ? frozenLast : frozen;
        uint256 left;
        for (uint256 i = 0; i < leaves.length; ++i) {
            if (!_contains(excluded, leaves[i])) left += weights[leaves[i]];
        }
        if (left == 0) return (false, 0);
        uint256 rest = random % left;
        for (uint256 i = 0;; ++i) {
            if (_contains(excluded, leaves[i])) continue;
            if (rest < weights[leaves[i]]) return (true, leaves[i]);
            rest -= weights[leaves[i]];
        }
    }

    function _contains(uint32[] calldata list, uint32 leaf) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] == leaf) return true;
        }
        return false;
    }
}
