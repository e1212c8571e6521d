// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ISortition} from "./ISortition.sol";
import {SumTree} from "./SumTree.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Weighted draws without replacement, one sum tree per offering.
/// @notice Draws see the weights from before the epoch in which the job was requested, so that nobody can move a weight once
/// the beacon is known, also when the job is drawn in the next epoch.
contract Sortition is ISortition {
    using SumTree for SumTree.Tree;

    error ZeroEpochLength();

    /// @notice Who sets weights.
    address public immutable executorRegistry;
    /// @notice In seconds; epochs are counted from the Unix epoch.
    uint64 public immutable epochLength;

    mapping(bytes32 key => SumTree.Tree) private _trees;

    constructor(address executorRegistry_, uint64 epochLength_) {
        if (epochLength_ == 0) revert ZeroEpochLength();
        executorRegistry = executorRegistry_;
        epochLength = epochLength_;
    }

    /// @inheritdoc ISortition
    function setWeight(bytes32 key, uint32 executorId, uint64 weight) external {
        if (msg.sender != executorRegistry) revert NotExecutorRegistry(msg.sender);
        if (executorId == 0) revert LeafOutOfRange(executorId);

        SumTree.Tree storage tree = _trees[key];
        if (tree.current(executorId) == weight) return;
        uint256 room = tree.room(executorId);
        if (weight > room) revert WeightTooLarge(weight, uint64(room));
        tree.set(executorId, weight, _epoch());
        emit WeightChanged(key, executorId, weight);
    }

    /// @inheritdoc ISortition
    function pick(bytes32 key, uint256 time, uint256 random, uint32[] calldata excluded)
        external
        view
        returns (uint32 executorId)
    {
        uint256 epoch = _knownEpoch(time);
        SumTree.Tree storage tree = _trees[key];
        uint256[] memory taken = _weighed(tree, excluded, 0, epoch);
        (uint256 leaf, uint256 weight) = tree.pick(random, taken, taken.length, epoch);
        if (weight == 0) revert NothingToPick(key);
        // Only leaves that were set have a weight, and these are ids.
        return uint32(leaf);
    }

    /// @inheritdoc ISortition
    function draw(bytes32 key, uint256 time, bytes32 seed, uint256 first, uint256 count, uint32[] calldata excluded)
        external
        view
        returns (uint32[] memory candidates)
    {
        uint256 epoch = _knownEpoch(time);
        SumTree.Tree storage tree = _trees[key];
        // Each candidate joins the excluded, with the weight that its pick found.
        uint256[] memory taken = _weighed(tree, excluded, count, epoch);
        candidates = new uint32[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, first + i)));
            (uint256 leaf, uint256 weight) = tree.pick(random, taken, excluded.length + i, epoch);
            if (weight == 0) {
                assembly ("memory-safe") {
                    mstore(candidates, i)
                }
                break;
            }
            candidates[i] = uint32(leaf);
            taken[excluded.length + i] = SumTree.weighed(leaf, weight);
        }
    }

    /// @inheritdoc ISortition
    function totalWeight(bytes32 key, uint256 time) external view returns (uint256) {
        return _trees[key].frozenTotal(_knownEpoch(time));
    }

    /// @inheritdoc ISortition
    function weightOf(bytes32 key, uint32 executorId) external view returns (uint64 frozen, uint64 next) {
        SumTree.Tree storage tree = _trees[key];
        // Lanes of 56 bits.
        return (uint64(tree.frozen(executorId, _epoch())), uint64(tree.current(executorId)));
    }

    /// @dev The epoch of a time whose weights the trees remember.
    function _knownEpoch(uint256 time) private view returns (uint256 epoch) {
        epoch = time / epochLength;
        uint256 present = _epoch();
        if (epoch != present && epoch + 1 != present) revert WeightsUnknown(time);
    }

    /// @dev Leaves with their frozen weights, and room for more.
    function _weighed(SumTree.Tree storage tree, uint32[] calldata leaves, uint256 room, uint256 epoch)
        private
        view
        returns (uint256[] memory taken)
    {
        taken = new uint256[](leaves.length + room);
        for (uint256 i = 0; i < leaves.length; ++i) {
            taken[i] = SumTree.weighed(leaves[i], tree.frozen(leaves[i], epoch));
        }
    }

    function _epoch() private view returns (uint256) {
        return SafeCast.toUint32(block.timestamp / epochLength);
    }
}
