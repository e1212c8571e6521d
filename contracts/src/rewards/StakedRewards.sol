// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IActivityLog} from "./IActivityLog.sol";
import {IRewardDistributor, RewardSkip} from "./IRewardDistributor.sol";
import {TrackedRewards} from "./TrackedRewards.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice An executor's draw weight: stake × reputation, 0 when it is ejected or below the minimum stake. Staking.
interface IStakeWeights {
    function weightOf(uint32 executorId) external view returns (uint64);
}

/// @title The staked stage: rewards computed from the activity log and from stake that was there before.
abstract contract StakedRewards is TrackedRewards {
    using SafeCast for uint256;

    /// @dev One storage slot: the frozen weights of three epochs in a ring, each with its epoch.
    struct Frozen {
        uint48[3] weights;
        uint32[3] epochs;
    }

    /// @dev One storage slot. What is counted and waits for its allotment; none when `weight` is 0.
    struct Counted {
        uint128 weight;
        uint96 burned;
        uint32 epoch;
    }

    struct StakedEpoch {
        uint128 totalWeight;
        uint32 outstanding;
        bool closed;
        uint96 budget;
        uint96 left;
    }

    IStakeWeights public immutable stakeWeights;

    mapping(uint32 executorId => Frozen) private _frozen;
    mapping(uint32 executorId => Counted) private _counted;
    mapping(uint64 epoch => StakedEpoch) private _epochs;

    constructor(IStakeWeights stakeWeights_) {
        if (address(stakeWeights_) == address(0)) revert InvalidParameter("stakeWeights");
        stakeWeights = stakeWeights_;
    }

    /// @inheritdoc IRewardDistributor
    function setStakedFrom(uint64 fromEpoch) external onlyOwner {
        // Weights for the first epoch are frozen in the one before it.
        uint64 earliest = _currentEpoch() + 2;
        if (stakedFrom != 0 && stakedFrom < earliest) revert StakedStageBegun(stakedFrom);
        if (fromEpoch != 0 && fromEpoch < earliest) revert InvalidStakedStage(fromEpoch, earliest);
        stakedFrom = fromEpoch;
        emit StakedStageSet(fromEpoch);
    }

    /// @inheritdoc IRewardDistributor
    function checkpoint(uint32[] calldata executorIds) external {
        uint64 epoch = _currentEpoch();
        for (uint256 i; i < executorIds.length; ++i) {
            uint32 executorId = executorIds[i];
            _allot(executorId, epoch);
            uint256 weight = Math.min(stakeWeights.weightOf(executorId), type(uint48).max);
            if (stakedFrom != 0 && stakedFrom < epoch) _count(executorId, epoch - 1, weight);
            if (stakedFrom != 0 && stakedFrom <= epoch + 1) _freeze(executorId, epoch + 1, weight);
        }
    }

    /// @inheritdoc IRewardDistributor
    function claimStaked(uint32[] calldata executorIds) external returns (uint256 amount) {
        for (uint256 i; i < executorIds.length; ++i) {
            uint32 executorId = executorIds[i];
            uint256 claimable = claimableStaked(executorId);
            if (claimable == 0) {
                _skip(executorId, i, RewardSkip.NothingNew);
                continue;
            }
            address owner = executors.ownerOf(executorId);
            _ledgers[executorId].stakedClaimed += claimable.toUint96();
            _addCredit(owner, claimable);
            amount += claimable;
            emit StakedClaimed(executorId, owner, claimable);
        }
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IRewardDistributor
    function claimableStaked(uint32 executorId) public view returns (uint256) {
        Ledger memory ledger = _ledgers[executorId];
        uint256 start = uint256(ledger.streamEpoch) * _epochLength;
        uint256 elapsed = Math.min(Math.saturatingSub(block.timestamp, start), _epochLength);
        uint256 coming = ledger.stream - uint256(ledger.stream) * elapsed / _epochLength;
        return ledger.staked - coming - ledger.stakedClaimed;
    }

    /// @inheritdoc IRewardDistributor
    function frozenWeightOf(uint32 executorId, uint64 epoch) public view returns (uint256) {
        Frozen memory frozen = _frozen[executorId];
        uint256 place = epoch % 3;
        return frozen.epochs[place] == epoch ? frozen.weights[place] : 0;
    }

    /// @inheritdoc IRewardDistributor
    function epochState(uint64 epoch) external view returns (EpochState memory) {
        StakedEpoch memory state = _epochs[epoch];
        return EpochState({
            totalWeight: state.totalWeight, outstanding: state.outstanding, budget: state.budget, left: state.left
        });
    }

    // ---------------------------------------------------------------- internals

    /// @dev An epoch's weights are counted in the next one, so its total stands in the one after that.
    function _allot(uint32 executorId, uint64 epoch) private {
        Counted memory counted = _counted[executorId];
        if (counted.weight == 0 || counted.epoch + 1 >= epoch) return;
        StakedEpoch storage state = _epochs[counted.epoch];
        if (!state.closed) {
            uint256 given = _budgetOf(reserve, _parameters());
            reserve -= given;
            (state.closed, state.budget, state.left) = (true, given.toUint96(), given.toUint96());
            emit EpochClosed(counted.epoch, given, state.totalWeight);
        }
        Ledger storage ledger = _ledgers[executorId];
        uint256 amount = Math.mulDiv(state.budget, counted.weight, state.totalWeight);
        amount = Math.min(Math.min(amount, counted.burned), _roomOf(executorId, ledger));

        state.left -= amount.toUint96();
        if (--state.outstanding == 0) {
            reserve += state.left;
            state.left = 0;
        }
        delete _counted[executorId];
        ledger.staked += amount.toUint128();
        (ledger.stream, ledger.streamEpoch) = (amount.toUint96(), counted.epoch + 2);
        emit RewardAllotted(executorId, counted.epoch, amount);
    }

    /// @param weight Now: what has left since it was frozen doesn't count.
    function _count(uint32 executorId, uint64 epoch, uint256 weight) private {
        // What is left of an allotment under way is of this very epoch: it is counted already.
        if (_counted[executorId].weight != 0) return;
        weight = Math.min(weight, frozenWeightOf(executorId, epoch));
        if (weight == 0) return;
        IActivityLog.Activity memory done = activity.activityOf(executorId, epoch);
        if (done.drawn == 0) return;
        weight = weight * done.burned * done.agreed / done.drawn;
        if (weight == 0) return;

        StakedEpoch storage state = _epochs[epoch];
        // Both bounds are far beyond all money there is; they keep an allotment from ever reverting.
        weight = Math.min(weight, type(uint128).max - state.totalWeight);
        if (weight == 0) return;
        state.totalWeight += uint128(weight);
        ++state.outstanding;
        _counted[executorId] = Counted({
            weight: uint128(weight), burned: uint96(Math.min(done.burned, type(uint96).max)), epoch: uint32(epoch)
        });
        emit WeightCounted(executorId, epoch, weight);
    }

    function _freeze(uint32 executorId, uint64 epoch, uint256 weight) private {
        if (frozenWeightOf(executorId, epoch) == weight) return;
        Frozen storage frozen = _frozen[executorId];
        uint256 place = epoch % 3;
        (frozen.weights[place], frozen.epochs[place]) = (uint48(weight), uint32(epoch));
        emit WeightFrozen(executorId, epoch, uint64(weight));
    }
}
