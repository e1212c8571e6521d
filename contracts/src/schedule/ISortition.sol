// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Weighted draws without replacement over one sum tree per offering.
/// @notice A leaf is an executor id. Weights are frozen per epoch: a change acts from the next one. Draws see the weights of
/// the epoch of a given time, which may be the present one or the one before.
interface ISortition {
    event WeightChanged(bytes32 indexed key, uint32 indexed executorId, uint64 weight);

    error NotExecutorRegistry(address caller);
    error LeafOutOfRange(uint32 executorId);
    error WeightTooLarge(uint64 weight, uint64 maximum);
    error NothingToPick(bytes32 key);
    /// @notice The epoch of this time has not begun, or ended more than an epoch ago.
    error WeightsUnknown(uint256 time);

    /// @notice Sets a leaf. Executor registry only.
    function setWeight(bytes32 key, uint32 executorId, uint64 weight) external;

    /// @notice Picks one leaf with probability weight / (total - excluded weights), by the weights frozen for the epoch of
    /// `time`: the lowest id such that it and all lower ids, without the excluded, weigh more than random mod (total - excluded
    /// weights).
    /// @param time In seconds, in this epoch or the one before.
    /// @param random Uniform 256-bit number.
    /// @param excluded Distinct leaves that can't be picked (already drawn or skipped).
    function pick(bytes32 key, uint256 time, uint256 random, uint32[] calldata excluded)
        external
        view
        returns (uint32 executorId);

    /// @notice The candidates `first` to `first + count - 1` of a sequence without replacement: candidate i is the `pick` by
    /// random = keccak256(abi.encode(seed, i)) of a leaf that is neither excluded nor an earlier candidate.
    /// @param excluded Distinct leaves that can't be picked, the sequence's candidates before `first` among them.
    /// @return candidates Fewer than `count` when nothing is left to pick.
    function draw(bytes32 key, uint256 time, bytes32 seed, uint256 first, uint256 count, uint32[] calldata excluded)
        external
        view
        returns (uint32[] memory candidates);

    /// @notice Total weight of a tree, frozen for the epoch of `time`.
    /// @param time In seconds, in this epoch or the one before.
    function totalWeight(bytes32 key, uint256 time) external view returns (uint256);
    /// @notice Frozen weight of a leaf in this epoch, and the one that acts from the next.
    function weightOf(bytes32 key, uint32 executorId) external view returns (uint64 frozen, uint64 next);
}
