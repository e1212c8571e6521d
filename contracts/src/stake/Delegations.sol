// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStaking} from "./IStaking.sol";
import {Shares} from "./Shares.sol";
import {StakePools} from "./StakePools.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Stake that others put with an executor.
abstract contract Delegations is StakePools {
    using Math for uint256;
    using SafeCast for uint256;

    struct Delegation {
        uint128 shares;
        /// Earnings, and what an earlier generation left.
        uint96 owed;
        uint32 generation;
        /// The generation's earnings index up to which `owed` counts.
        uint256 indexPaid;
    }

    /// @dev What a generation had when delegation started over.
    struct Remainder {
        uint128 tokens;
        uint128 shares;
    }

    /// @dev Above this many shares a wei, a pool is insolvent.
    uint256 private constant MAX_SHARES_PER_WEI = 1e11;

    mapping(uint32 executorId => mapping(address delegator => Delegation)) private _delegations;
    mapping(uint32 executorId => mapping(uint32 generation => Remainder)) private _remainders;
    mapping(uint32 executorId => mapping(uint64 maturesAtEpoch => uint256)) private _bucketShares;
    mapping(uint32 executorId => mapping(uint64 maturesAtEpoch => mapping(address delegator => uint256))) private
        _exitShares;

    /// @inheritdoc IStaking
    function delegate(uint32 executorId) external payable {
        if (msg.value == 0) revert ZeroAmount();
        if (_requireExecutor(executorId) == msg.sender) revert OwnerCannotDelegate(executorId);
        if (_accounts[executorId].ejected()) revert EjectedExecutor(executorId);
        Pool memory pool = _pools[executorId];
        if (pool.own < minimumStake) revert BelowMinimumStake(pool.own, minimumStake);
        PoolShares memory all = _shares[executorId];
        if (_insolvent(pool.delegated, all.delegated)) revert InsolventPool(pool.delegated, all.delegated);

        _divideEarnings(executorId);
        Delegation memory delegation = _upToDate(executorId, msg.sender);
        uint256 minted = Shares.minted(msg.value, pool.delegated, all.delegated);
        delegation.shares += minted.toUint128();
        pool.delegated = (pool.delegated + msg.value).toUint88();
        all.delegated = (all.delegated + minted).toUint128();
        _pools[executorId] = pool;
        _store(executorId, all, delegation);
        emit Delegated(executorId, msg.sender, msg.value, minted);
    }

    /// @inheritdoc IStaking
    function undelegate(uint32 executorId, uint256 amount) external {
        if (amount == 0) revert ZeroAmount();
        _divideEarnings(executorId);
        Delegation memory delegation = _upToDate(executorId, msg.sender);
        Pool memory pool = _pools[executorId];
        PoolShares memory all = _shares[executorId];
        uint256 worth = Shares.worth(delegation.shares, pool.delegated, all.delegated);
        uint256 burned = delegation.shares;
        if (amount == type(uint256).max) {
            amount = worth;
        } else if (amount < worth) {
            // No more than all: fewer wei than the shares are worth.
            burned = Shares.burned(amount, pool.delegated, all.delegated);
        }
        if (amount == 0 || amount > worth) revert InsufficientStake(worth, amount);

        uint64 maturesAtEpoch = exitMaturity();
        Bucket storage bucket = _buckets[executorId][maturesAtEpoch];
        uint256 exitShares = Shares.minted(amount, bucket.delegated, _bucketShares[executorId][maturesAtEpoch]);
        bucket.delegated += amount.toUint128();
        _bucketShares[executorId][maturesAtEpoch] += exitShares;
        _exitShares[executorId][maturesAtEpoch][msg.sender] += exitShares;

        delegation.shares -= burned.toUint128();
        pool.delegated -= amount.toUint88();
        pool.lastMaturity = uint256(maturesAtEpoch).toUint32();
        all.delegated -= burned.toUint128();
        _pools[executorId] = pool;
        _store(executorId, all, delegation);
        emit UndelegationRequested(executorId, msg.sender, amount, burned, maturesAtEpoch);
    }

    /// @inheritdoc IStaking
    function completeUndelegation(uint32 executorId, address delegator, uint64 maturesAtEpoch) external {
        uint256 shares = _exitShares[executorId][maturesAtEpoch][delegator];
        if (shares == 0) revert NoExit(executorId);
        _requireMature(maturesAtEpoch);

        uint256 amount = undelegationOf(executorId, delegator, maturesAtEpoch);
        delete _exitShares[executorId][maturesAtEpoch][delegator];
        _bucketShares[executorId][maturesAtEpoch] -= shares;
        _buckets[executorId][maturesAtEpoch].delegated -= amount.toUint128();
        emit UndelegationCompleted(executorId, delegator, amount, maturesAtEpoch);
        _pay(delegator, amount);
    }

    /// @inheritdoc IStaking
    function withdrawDelegation(uint32 executorId, address delegator) external {
        _divideEarnings(executorId);
        Delegation memory delegation = _upToDate(executorId, delegator);
        uint256 amount = delegation.owed;
        if (amount == 0) revert NothingToWithdraw(executorId);

        delegation.owed = 0;
        _delegations[executorId][delegator] = delegation;
        emit DelegatorPaid(executorId, delegator, amount);
        _pay(delegator, amount);
    }

    /// @inheritdoc IStaking
    function startGeneration(uint32 executorId) external {
        Pool memory pool = _pools[executorId];
        uint128 shares = _shares[executorId].delegated;
        if (!_insolvent(pool.delegated, shares)) revert SolventPool(pool.delegated, shares);
        _startGeneration(executorId);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IStaking
    function undelegationOf(uint32 executorId, address delegator, uint64 maturesAtEpoch) public view returns (uint256) {
        return Shares.worth(
            _exitShares[executorId][maturesAtEpoch][delegator],
            _buckets[executorId][maturesAtEpoch].delegated,
            _bucketShares[executorId][maturesAtEpoch]
        );
    }

    /// @inheritdoc IStaking
    function undelegatingOf(uint32 executorId, uint64 maturesAtEpoch) external view returns (uint256) {
        return _buckets[executorId][maturesAtEpoch].delegated;
    }

    /// @inheritdoc IStaking
    function delegationOf(uint32 executorId, address delegator)
        external
        view
        returns (uint256 amount, uint256 shares, uint256 earnings)
    {
        Delegation memory delegation = _delegations[executorId][delegator];
        Standing memory standing = _standings[executorId];
        Pool memory pool = _pools[executorId];
        uint256 total = _shares[executorId].delegated;
        uint256 index = _earningsIndex[executorId][delegation.generation];
        if (delegation.generation == standing.generation) {
            shares = delegation.shares;
            amount = Shares.worth(shares, pool.delegated, total);
            uint256 undivided = _delegatorsPart(pool, standing, _accounts[executorId].earnings());
            if (undivided != 0) index += (undivided * INDEX_ONE) / total;
        }
        earnings =
            delegation.owed + _earned(delegation, index) + _redeemable(executorId, delegation, standing.generation);
    }

    // ---------------------------------------------------------------- internals

    /// @dev The delegator's votes: its shares of this generation.
    function _delegatedShares(uint32 executorId, address delegator) internal view returns (uint256) {
        Delegation storage delegation = _delegations[executorId][delegator];
        return delegation.generation == _standings[executorId].generation ? delegation.shares : 0;
    }

    /// @dev Leaves what there is to the old shares and starts with none.
    function _startGeneration(uint32 executorId) internal {
        _divideEarnings(executorId);
        Pool storage pool = _pools[executorId];
        PoolShares storage all = _shares[executorId];
        Standing storage standing = _standings[executorId];
        uint256 left = pool.delegated;
        _remainders[executorId][standing.generation] = Remainder(uint128(left), all.delegated);
        pool.delegated = 0;
        all.delegated = 0;
        ++standing.generation;
        // The owner's shares go on; votes are remembered by generation.
        _recordVotes(executorId, executors.ownerOf(executorId), all.own);
        emit GenerationStarted(executorId, standing.generation, left);
    }

    /// @dev A delegation with all that it is owed, and of the present generation. Earnings are divided already. What it takes
    /// of an old generation's remainder is written; the delegation itself is for the caller to store.
    function _upToDate(uint32 executorId, address delegator) private returns (Delegation memory delegation) {
        delegation = _delegations[executorId][delegator];
        uint32 generation = _standings[executorId].generation;
        uint256 owed = delegation.owed + _earned(delegation, _earningsIndex[executorId][delegation.generation]);
        if (delegation.generation != generation) {
            uint256 redeemed = _redeemable(executorId, delegation, generation);
            Remainder storage remainder = _remainders[executorId][delegation.generation];
            remainder.tokens -= redeemed.toUint128();
            remainder.shares -= delegation.shares;
            owed += redeemed;
            delegation.shares = 0;
            delegation.generation = generation;
        }
        delegation.owed = owed.toUint96();
        delegation.indexPaid = _earningsIndex[executorId][generation];
    }

    function _store(uint32 executorId, PoolShares memory all, Delegation memory delegation) private {
        _shares[executorId] = all;
        _delegations[executorId][msg.sender] = delegation;
        _recordVotes(executorId, msg.sender, delegation.shares);
    }

    function _earned(Delegation memory delegation, uint256 index) private pure returns (uint256) {
        return uint256(delegation.shares).mulDiv(index - delegation.indexPaid, INDEX_ONE);
    }

    /// @dev What shares of a generation before the present one are worth.
    function _redeemable(uint32 executorId, Delegation memory delegation, uint32 present)
        private
        view
        returns (uint256)
    {
        if (delegation.generation == present) return 0;
        Remainder memory remainder = _remainders[executorId][delegation.generation];
        return Shares.worth(delegation.shares, remainder.tokens, remainder.shares);
    }

    function _insolvent(uint256 tokens, uint256 shares) private pure returns (bool) {
        return shares > MAX_SHARES_PER_WEI * tokens;
    }
}
