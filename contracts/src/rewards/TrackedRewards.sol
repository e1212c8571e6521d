// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ProtocolParameters} from "../governance/ProtocolParameters.sol";
import {IRewardDistributor, RewardSkip} from "./IRewardDistributor.sol";
import {RewardReserve} from "./RewardReserve.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title The tracked stage: cumulative roots by a poster.
abstract contract TrackedRewards is RewardReserve {
    using SafeCast for uint256;

    /// @dev Epochs further back than this have no budget any more, which bounds the loop over them.
    uint256 private constant MAXIMUM_EPOCHS = 16;

    Root private _active;
    Root private _pending;
    /// @inheritdoc IRewardDistributor
    uint256 public trackedClaimed;
    /// @inheritdoc IRewardDistributor
    address public poster;

    constructor() {
        _active.throughEpoch = _currentEpoch() - 1;
    }

    // ---------------------------------------------------------------- roots

    /// @inheritdoc IRewardDistributor
    function postRoot(bytes32 root, uint96 total, uint64 throughEpoch) external {
        if (msg.sender != poster) revert NotPoster(msg.sender);
        _activateWhenDue();
        if (_pending.activatesAt != 0) revert RootPending(_pending.hash, _pending.activatesAt);
        Root memory active = _active;
        uint64 latest = _latestTracked();
        if (throughEpoch < active.throughEpoch || throughEpoch > latest) {
            revert EpochNotCovered(throughEpoch, active.throughEpoch, latest);
        }
        if (total < active.total) revert TotalFell(total, active.total);
        ProtocolParameters memory given = _parameters();
        uint256 increase = total - active.total;
        uint256 budget_ = _budgetFor(throughEpoch - active.throughEpoch, given);
        if (increase > budget_) revert OverBudget(increase, budget_);

        reserve -= increase;
        // The active root has streamed out before the next one begins to.
        uint256 activatesAt =
            Math.max(block.timestamp + given.rootActivationDelay, uint256(active.activatesAt) + _epochLength);
        _pending = Root({hash: root, total: total, throughEpoch: throughEpoch, activatesAt: uint64(activatesAt)});
        emit RootPosted(root, total, throughEpoch, activatesAt);
    }

    /// @inheritdoc IRewardDistributor
    function cancelRoot() external {
        if (msg.sender != governance.guardian() && msg.sender != governance.owner()) revert NotGuardian(msg.sender);
        _activateWhenDue();
        if (_pending.activatesAt == 0) revert NoRootPending();
        reserve += _pending.total - _active.total;
        emit RootCancelled(_pending.hash);
        delete _pending;
    }

    /// @inheritdoc IRewardDistributor
    function setPoster(address poster_) external onlyOwner {
        poster = poster_;
        emit PosterSet(poster_);
    }

    // ---------------------------------------------------------------- claims

    /// @inheritdoc IRewardDistributor
    function claimTracked(TrackedClaim[] calldata claims) external returns (uint256 amount) {
        _activateWhenDue();
        Root memory active = _active;
        uint256 claimedBefore = trackedClaimed;
        for (uint256 i; i < claims.length; ++i) {
            amount += _claim(active, claims[i], i, active.total - claimedBefore - amount);
        }
        if (amount != 0) trackedClaimed = claimedBefore + amount;
    }

    /// @param left Wei that the root has left.
    function _claim(Root memory active, TrackedClaim calldata item, uint256 index, uint256 left)
        private
        returns (uint256 amount)
    {
        uint32 executorId = item.executorId;
        address owner = executors.ownerOf(executorId);
        if (owner == address(0)) return _skip(executorId, index, RewardSkip.UnknownExecutor);
        if (!_isUnder(active, item)) return _skip(executorId, index, RewardSkip.InvalidLeaf);
        Ledger memory ledger = _ledgers[executorId];
        amount = Math.saturatingSub(_streamed(active, item), ledger.tracked);
        if (amount == 0) return _skip(executorId, index, RewardSkip.NothingNew);
        amount = Math.min(amount, _roomOf(executorId, ledger));
        if (amount == 0) return _skip(executorId, index, RewardSkip.BurnCap);
        amount = Math.min(amount, left);
        if (amount == 0) return _skip(executorId, index, RewardSkip.RootExhausted);

        _ledgers[executorId].tracked = (ledger.tracked + amount).toUint128();
        _addCredit(owner, amount);
        emit TrackedClaimed(executorId, owner, amount);
    }

    function _skip(uint32 executorId, uint256 index, RewardSkip reason) internal returns (uint256) {
        emit ClaimSkipped(executorId, index, reason);
        return 0;
    }

    /// @dev Hashed twice, so that no inner node passes as a leaf.
    function _isUnder(Root memory active, TrackedClaim calldata item) private view returns (bool) {
        if (active.activatesAt == 0 || item.settled > item.cumulative) return false;
        bytes32 leaf = keccak256(
            bytes.concat(
                keccak256(abi.encode(block.chainid, address(this), item.executorId, item.settled, item.cumulative))
            )
        );
        return MerkleProof.verifyCalldata(item.proof, active.hash, leaf);
    }

    /// @dev Rounded down.
    function _streamed(Root memory active, TrackedClaim calldata item) private view returns (uint256) {
        uint256 elapsed = Math.min(block.timestamp - active.activatesAt, _epochLength);
        return item.settled + uint256(item.cumulative - item.settled) * elapsed / _epochLength;
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IRewardDistributor
    function budgetThrough(uint64 throughEpoch) external view returns (uint256) {
        uint64 covered = activeRoot().throughEpoch;
        if (_pending.activatesAt > block.timestamp || throughEpoch < covered || throughEpoch > _latestTracked()) {
            return 0;
        }
        return _budgetFor(throughEpoch - covered, _parameters());
    }

    /// @inheritdoc IRewardDistributor
    function activeRoot() public view returns (Root memory) {
        return _isDue() ? _pending : _active;
    }

    /// @inheritdoc IRewardDistributor
    function pendingRoot() external view returns (Root memory none) {
        return _isDue() ? none : _pending;
    }

    // ---------------------------------------------------------------- internals

    function _isDue() private view returns (bool) {
        uint256 activatesAt = _pending.activatesAt;
        return activatesAt != 0 && block.timestamp >= activatesAt;
    }

    function _activateWhenDue() private {
        if (!_isDue()) return;
        _active = _pending;
        delete _pending;
        emit RootActivated(_active.hash);
    }

    /// @dev The last epoch that has ended and isn't of the staked stage.
    function _latestTracked() private view returns (uint64) {
        uint64 latest = _currentEpoch() - 1;
        return stakedFrom != 0 && stakedFrom <= latest ? stakedFrom - 1 : latest;
    }

    /// @dev As if each epoch had taken its budget in turn.
    function _budgetFor(uint256 epochs, ProtocolParameters memory given) private view returns (uint256 sum) {
        uint256 reserve_ = reserve;
        for (uint256 i = Math.min(epochs, MAXIMUM_EPOCHS); i != 0; --i) {
            sum += _budgetOf(reserve_ - sum, given);
        }
    }
}
