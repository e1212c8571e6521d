// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice A sortition without a tree: weights in a list by ascending leaf, and a copy of them from before the epoch.
contract WeightModel {
    uint256 public epoch;
    uint32[] public leaves;
    mapping(uint32 leaf => uint256) public current;
    mapping(uint32 leaf => uint256) public frozen;
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
        epoch = epoch_;
        for (uint256 i = 0; i < leaves.length; ++i) {
            frozen[leaves[i]] = current[leaves[i]];
        }
    }

    function total() external view returns (uint256 currentTotal, uint256 frozenTotal) {
        for (uint256 i = 0; i < leaves.length; ++i) {
            currentTotal += current[leaves[i]];
            frozenTotal += frozen[leaves[i]];
        }
    }

    function pick(uint256 random, uint32[] calldata excluded) external view returns (bool found, uint32 leaf) {
        uint256 left;
        for (uint256 i = 0; i < leaves.length; ++i) {
            if (!_contains(excluded, leaves[i])) left += frozen[leaves[i]];
        }
        if (left == 0) return (false, 0);
        uint256 rest = random % left;
        for (uint256 i = 0;; ++i) {
            if (_contains(excluded, leaves[i])) continue;
            if (rest < frozen[leaves[i]]) return (true, leaves[i]);
            rest -= frozen[leaves[i]];
        }
    }

    function _contains(uint32[] calldata list, uint32 leaf) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] == leaf) return true;
        }
        return false;
    }
}
