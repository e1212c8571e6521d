// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILiabilities} from "../accounts/ILiabilities.sol";

/// @notice Why an item of a batch of claims paid nothing. It may be claimed again.
enum RewardSkip {
    /// Not skipped; never emitted.
    None,
    /// The registry knows no such executor.
    UnknownExecutor,
    /// The leaf isn't under the active root, or settles more than it promises.
    InvalidLeaf,
    /// All that has streamed out so far is claimed.
    NothingNew,
    /// The executor has received all the protocol fees that its public jobs burned.
    BurnCap,
    /// All that the active root was given is claimed: its leaves promise more than its total.
    RootExhausted
}

/// @title Emission: a reserve of the native coin, paid out to executors epoch by epoch.
/// @notice Amounts in wei; every division rounds down, and what it drops stays in the reserve or in the stream.
///
/// An epoch's budget is the smaller of `epochEmissionCap` and `emissionShareBps` of the reserve. Over its whole life an
/// executor receives at most the protocol fees that its public jobs burned (`IActivityLog.burnedBy`), so buying jobs from
/// oneself pays back less than it costs. There are two stages, and an epoch belongs to one of them:
///
/// - *Tracked*: a poster publishes Merkle roots of cumulative amounts. A root waits `rootActivationDelay`, in which the
///   guardian can cancel it, and takes its increase out of the reserve at once, at most the budgets of the epochs it covers.
///   A leaf is keccak256(bytes.concat(keccak256(abi.encode(chainid, this contract, uint32 executorId, uint96 settled,
///   uint96 cumulative)))), inner nodes hash the smaller child first. `settled` is claimable at once, the rest streams
///   linearly over an epoch from the root's activation.
/// - *Staked*, from epoch `stakedFrom` on: computed here. Weight in epoch e is draw weight (stake × reputation) × agreed / drawn
///   × protocol fees burned in e. `checkpoint` does in each epoch t what is due for an executor: it allots the reward of an
///   epoch before t-1, counts the weight in t-1, and freezes the draw weight for t+1. So stake counts from the next epoch, and
///   only as much as is still there when it is counted. The reward is the budget's share by weight, at most what was burned in
///   e, and streams linearly over epoch e+2.
///
/// Anyone may claim and checkpoint for anyone; money goes to the credit of the executor's owner.
interface IRewardDistributor is ILiabilities {
    /// @notice A leaf of the active root.
    struct TrackedClaim {
        uint32 executorId;
        uint96 settled;
        uint96 cumulative;
        bytes32[] proof;
    }

    struct Root {
        bytes32 hash;
        /// Wei for all leaves together, since the first root.
        uint96 total;
        /// The last epoch it covers.
        uint64 throughEpoch;
        /// Unix seconds from which it pays; 0 for none.
        uint64 activatesAt;
    }

    /// @notice What an executor received, in wei.
    struct Received {
        /// Claimed in the tracked stage.
        uint256 tracked;
        /// Allotted in the staked stage, streamed out or not.
        uint256 staked;
        /// Of it claimed.
        uint256 stakedClaimed;
    }

    /// @notice An epoch of the staked stage.
    struct EpochState {
        uint256 totalWeight;
        /// Executors that are counted and not allotted yet.
        uint256 outstanding;
        /// Wei; 0 until the first allotment.
        uint256 budget;
        /// Wei of it not allotted yet; returns to the reserve with the last allotment.
        uint256 left;
    }

    // ---------------------------------------------------------------- events

    event Funded(address indexed from, uint256 amount, uint256 reserve);
    event PosterSet(address indexed poster);
    event StakedStageSet(uint64 fromEpoch);
    event RootPosted(bytes32 indexed root, uint256 total, uint64 throughEpoch, uint256 activatesAt);
    event RootCancelled(bytes32 indexed root);
    event RootActivated(bytes32 indexed root);
    event TrackedClaimed(uint32 indexed executorId, address indexed owner, uint256 amount);
    event ClaimSkipped(uint32 indexed executorId, uint256 index, RewardSkip reason);
    event WeightFrozen(uint32 indexed executorId, uint64 indexed epoch, uint64 weight);
    event WeightCounted(uint32 indexed executorId, uint64 indexed epoch, uint256 weight);
    event EpochClosed(uint64 indexed epoch, uint256 budget, uint256 totalWeight);
    event RewardAllotted(uint32 indexed executorId, uint64 indexed epoch, uint256 amount);
    event StakedClaimed(uint32 indexed executorId, address indexed owner, uint256 amount);

    // ---------------------------------------------------------------- errors

    error ZeroAmount();
    error NotPoster(address caller);
    error NotGuardian(address caller);
    error RootPending(bytes32 root, uint256 activatesAt);
    error NoRootPending();
    /// @param latest The last epoch that a root may cover now.
    error EpochNotCovered(uint64 throughEpoch, uint64 covered, uint64 latest);
    error TotalFell(uint256 total, uint256 previous);
    error OverBudget(uint256 increase, uint256 budget);
    error InvalidStakedStage(uint64 fromEpoch, uint64 earliest);
    error StakedStageBegun(uint64 fromEpoch);
    error InvalidParameter(string name);

    // ---------------------------------------------------------------- anyone

    /// @notice Adds `msg.value` to the reserve. Nobody can take it out again but by emission.
    function fund() external payable;

    /// @notice Pays what the active root owes. Items that pay nothing are skipped with an event.
    /// @return amount Wei credited.
    function claimTracked(TrackedClaim[] calldata claims) external returns (uint256 amount);

    /// @notice Pays what has streamed out of the allotments of the staked stage. Skips as `claimTracked`.
    /// @return amount Wei credited.
    function claimStaked(uint32[] calldata executorIds) external returns (uint256 amount);

    /// @notice Allots, counts and freezes what is due for each executor; does nothing for one with nothing due. An executor
    /// that nobody counts in the epoch after e earns nothing for e.
    function checkpoint(uint32[] calldata executorIds) external;

    // ---------------------------------------------------------------- poster, guardian, owner

    /// @notice Publishes the next cumulative root. Requires the poster; no root pending; a last epoch that is no earlier than the
    /// active root's, has ended, and belongs to the tracked stage; and an increase of the total by at most the budgets of the
    /// epochs in between, of which 16 count at most. With the same last epoch it corrects the active root: what nobody has
    /// claimed is shared out anew.
    function postRoot(bytes32 root, uint96 total, uint64 throughEpoch) external;

    /// @notice Takes back a root before its activation: its increase returns to the reserve, its epochs can be covered anew.
    /// Requires the registry's guardian or owner.
    function cancelRoot() external;

    /// @notice Names who posts roots, at once; the zero address is nobody. A pending root stays. Requires the owner.
    function setPoster(address poster) external;

    /// @notice Begins the staked stage with an epoch at least two after the present one; 0 takes that back. Requires the owner,
    /// and that an epoch set before is still at least two away.
    function setStakedFrom(uint64 fromEpoch) external;

    // ---------------------------------------------------------------- views; none reverts

    /// @notice Wei not given to any root or epoch yet.
    function reserve() external view returns (uint256);
    /// @notice What an epoch would get now.
    function budget() external view returns (uint256);
    /// @notice The most by which a root through this epoch may increase the total now.
    function budgetThrough(uint64 throughEpoch) external view returns (uint256);
    function activeRoot() external view returns (Root memory);
    /// @notice Not active yet; empty without one.
    function pendingRoot() external view returns (Root memory);
    /// @notice Wei claimed in the tracked stage, all executors together.
    function trackedClaimed() external view returns (uint256);
    function receivedBy(uint32 executorId) external view returns (Received memory);
    /// @notice Wei that `claimStaked` would credit.
    function claimableStaked(uint32 executorId) external view returns (uint256);
    /// @notice Draw weight frozen for an epoch; kept for the present epoch and its neighbours.
    function frozenWeightOf(uint32 executorId, uint64 epoch) external view returns (uint256);
    function epochState(uint64 epoch) external view returns (EpochState memory);
    /// @notice First epoch of the staked stage; 0 without one.
    function stakedFrom() external view returns (uint64);
    function poster() external view returns (address);
}
