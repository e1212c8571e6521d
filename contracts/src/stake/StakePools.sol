// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IExecutorRegistry} from "../executors/IExecutorRegistry.sol";
import {AccountWord} from "./AccountWord.sol";
import {IStaking} from "./IStaking.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @title What is stored of executors' pools: stake, exit buckets, the division of earnings, votes.
abstract contract StakePools is IStaking {
    using Checkpoints for Checkpoints.Trace208;
    using Math for uint256;
    using SafeCast for uint256;

    struct Parameters {
        uint256 minimumStake;
        uint64 epochLength;
        uint64 unbondingEpochs;
        uint128 cleanJobFee;
    }

    /// @dev All that a draw and a slash need of a pool, one storage slot.
    struct Pool {
        uint88 own;
        uint88 delegated;
        /// When the newest exit matures; no older than the one before it can be unmatured too.
        uint32 lastMaturity;
        /// Eight bits per `Offence`.
        uint40 strikes;
    }

    /// @dev Shares of the two active sums. The own ones, which all are the owner's, say what a vote of before is worth now.
    struct PoolShares {
        uint128 own;
        uint128 delegated;
    }

    /// @dev What the owner may take, and how earnings are divided.
    struct Standing {
        uint128 ownerEarnings;
        uint32 generation;
        uint16 commissionBps;
        uint16 nextCommissionBps;
        uint64 nextCommissionEpoch;
    }

    /// @dev What leaves a pool at one maturity.
    struct Bucket {
        uint128 own;
        uint128 delegated;
    }

    /// @notice The most an owner can take of what delegated stake earns.
    uint16 public constant MAX_COMMISSION_BPS = 5_000;
    uint256 internal constant BASIS_POINTS = 10_000;
    /// @dev Fixed point of earnings per share.
    uint256 internal constant INDEX_ONE = 1 << 96;

    IExecutorRegistry public immutable executors;
    /// @inheritdoc IStaking
    uint256 public immutable minimumStake;
    /// @inheritdoc IStaking
    uint128 public immutable cleanJobFee;
    /// @inheritdoc IStaking
    uint64 public immutable epochLength;
    /// @inheritdoc IStaking
    uint64 public immutable unbondingEpochs;

    mapping(uint32 executorId => AccountWord) internal _accounts;
    mapping(uint32 executorId => Pool) internal _pools;
    mapping(uint32 executorId => PoolShares) internal _shares;
    mapping(uint32 executorId => Standing) internal _standings;
    mapping(uint32 executorId => mapping(uint64 maturesAtEpoch => Bucket)) internal _buckets;
    /// Earnings of one delegated share since the generation began, times `INDEX_ONE`, rounded down.
    mapping(uint32 executorId => mapping(uint32 generation => uint256)) internal _earningsIndex;
    mapping(uint32 executorId => mapping(uint32 generation => mapping(address account => Checkpoints.Trace208))) private
        _votes;

    constructor(IExecutorRegistry executors_, Parameters memory given) {
        if (given.minimumStake == 0) revert InvalidParameter("minimumStake");
        if (given.epochLength == 0) revert InvalidParameter("epochLength");
        if (given.unbondingEpochs == 0) revert InvalidParameter("unbondingEpochs");
        if (given.cleanJobFee == 0) revert InvalidParameter("cleanJobFee");
        executors = executors_;
        minimumStake = given.minimumStake;
        epochLength = given.epochLength;
        unbondingEpochs = given.unbondingEpochs;
        cleanJobFee = given.cleanJobFee;
    }

    // ---------------------------------------------------------------- epochs and exits

    /// @inheritdoc IStaking
    function currentEpoch() public view returns (uint64) {
        return uint64(block.timestamp / epochLength);
    }

    /// @inheritdoc IStaking
    function exitMaturity() public view returns (uint64) {
        return (currentEpoch() / unbondingEpochs + 2) * unbondingEpochs;
    }

    function _requireMature(uint64 maturesAtEpoch) internal view {
        uint64 epoch = currentEpoch();
        if (epoch < maturesAtEpoch) revert ExitNotMature(epoch, maturesAtEpoch);
    }

    function _requireExecutor(uint32 executorId) internal view returns (address owner) {
        owner = executors.ownerOf(executorId);
        if (owner == address(0)) revert UnknownExecutor(executorId);
    }

    // ---------------------------------------------------------------- earnings

    /// @dev Must come before every change of stake and of the commission: what was earned until now is divided by what stood
    /// until now. A slash lowers own and delegated stake alike, so it needs none.
    function _divideEarnings(uint32 executorId) internal {
        AccountWord word = _accounts[executorId];
        uint256 earned = word.earnings();
        if (earned != 0) _accounts[executorId] = word.withEarnings(0);
        _divide(executorId, earned);
    }

    /// @dev Divides `earned`, which is not in the executor's word any more.
    function _divide(uint32 executorId, uint256 earned) internal {
        Standing memory standing = _standings[executorId];
        bool changes = standing.nextCommissionEpoch != 0 && currentEpoch() >= standing.nextCommissionEpoch;
        if (earned == 0 && !changes) return;

        uint256 toDelegators = _delegatorsPart(_pools[executorId], standing, earned);
        if (toDelegators != 0) {
            uint256 perShare = (toDelegators * INDEX_ONE) / _shares[executorId].delegated;
            _earningsIndex[executorId][standing.generation] += perShare;
        }
        if (changes) {
            standing.commissionBps = standing.nextCommissionBps;
            standing.nextCommissionEpoch = 0;
        }
        uint256 toOwner = earned - toDelegators;
        standing.ownerEarnings += toOwner.toUint128();
        _standings[executorId] = standing;
        if (earned != 0) emit EarningsDivided(executorId, toOwner, toDelegators);
    }

    /// @dev Rounded down, so in favour of the owner.
    function _delegatorsPart(Pool memory pool, Standing memory standing, uint256 earned)
        internal
        view
        returns (uint256)
    {
        if (pool.delegated == 0 || earned == 0) return 0;
        uint256 commission = standing.commissionBps;
        // Nobody can tell which earnings came before the change, so delegators pay the lower commission on all of them.
        if (standing.nextCommissionEpoch != 0 && currentEpoch() >= standing.nextCommissionEpoch) {
            commission = commission.min(standing.nextCommissionBps);
        }
        uint256 active = uint256(pool.own) + pool.delegated;
        return earned.mulDiv(pool.delegated * (BASIS_POINTS - commission), active * BASIS_POINTS);
    }

    // ---------------------------------------------------------------- votes

    /// @dev Remembers an account's shares from now on.
    function _recordVotes(uint32 executorId, address account, uint256 shares) internal {
        Checkpoints.Trace208 storage votes = _votes[executorId][_standings[executorId].generation][account];
        votes.push(uint256(currentEpoch()).toUint48(), shares.toUint208());
    }

    /// @dev An account's shares when `epoch` began, of the present generation.
    function _sharesBefore(uint32 executorId, address account, uint64 epoch) internal view returns (uint256) {
        if (epoch == 0) return 0;
        return _votes[executorId][_standings[executorId].generation][account].upperLookup(uint48(epoch - 1));
    }

    // ---------------------------------------------------------------- payment

    /// @dev All state is written before; the recipient may do as it likes.
    function _pay(address to, uint256 amount) internal {
        if (!LowLevelCall.callNoReturn(to, amount, "")) revert TransferFailed(to, amount);
    }
}
