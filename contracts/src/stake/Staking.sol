// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IExecutorRegistry} from "../executors/IExecutorRegistry.sol";
import {IActivityLog} from "../rewards/IActivityLog.sol";
import {AccountWord, AccountWordLibrary, INITIAL_REPUTATION} from "./AccountWord.sol";
import {Delegations} from "./Delegations.sol";
import {IReputation} from "./IReputation.sol";
import {IStaking, Offence, SeatOutcome} from "./IStaking.sol";
import {JobCallers, MAX_JOB_REGISTRIES} from "./JobCallers.sol";
import {Shares} from "./Shares.sol";
import {StakePools} from "./StakePools.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Custody of executors' stake, delegations and earnings; locks per job in flight; the reputation word; strikes.
/// @notice Money comes in by `stake`, `delegate` and `settle` alone. Coins forced upon the contract belong to nobody: every
/// amount is counted here, none is derived from the balance.
contract Staking is Delegations, JobCallers {
    using Math for uint256;
    using SafeCast for uint256;

    /// @dev The last epoch in which a requester's jobs lowered an executor's score, plus one; 0 is never.
    struct BadOutcomes {
        uint64 missed;
        uint64 outlier;
    }

    /// @dev What a prover's proofs took. One slot, so that a slash writes the reward and the rest at once.
    struct Taken {
        uint128 reward;
        uint128 unburned;
    }

    /// @notice Where slashed stake goes. Nobody has its key, so the native coin, which can't be destroyed, is out of reach.
    address public constant BURN_ADDRESS = 0x000000000000000000000000000000000000dEaD;
    /// @notice Clean jobs that take one strike back.
    uint256 public constant CLEAN_JOBS_PER_STRIKE = 1_000;

    uint256 private constant WEIGHT_UNIT = 1e15;
    uint256 private constant VOLUME_UNIT = 1e12;
    uint256 private constant FULL_SCORE = 1e6;
    uint256 private constant HUNDRED_PERCENT = 100;
    /// @dev The prover gets at most a tenth of what the executor's own stake loses.
    uint256 private constant PROVER_DIVISOR = 10;
    uint256 private constant STRIKE_BITS = 8;

    address public immutable slashing;
    IReputation public immutable reputation;
    /// @notice What emission stands on.
    IActivityLog public immutable activity;

    mapping(address prover => Taken) private _taken;
    mapping(address requester => mapping(uint32 executorId => BadOutcomes)) private _badOutcomes;

    modifier onlyJobRegistry() {
        if (!isJobRegistry(msg.sender)) revert NotJobRegistry(msg.sender);
        _;
    }

    constructor(
        IExecutorRegistry executors_,
        address[MAX_JOB_REGISTRIES] memory jobRegistries,
        address slashing_,
        IReputation reputation_,
        IActivityLog activity_,
        Parameters memory given
    ) StakePools(executors_, given) JobCallers(jobRegistries) {
        slashing = slashing_;
        reputation = reputation_;
        activity = activity_;
    }

    // ---------------------------------------------------------------- own stake

    /// @inheritdoc IStaking
    function stake(uint32 executorId) external payable {
        if (msg.value == 0) revert ZeroAmount();
        address owner = _requireExecutor(executorId);
        if (_accounts[executorId].ejected()) revert EjectedExecutor(executorId);
        _divideEarnings(executorId);
        Pool storage pool = _pools[executorId];
        PoolShares storage shares = _shares[executorId];
        uint256 own = pool.own + msg.value;
        if (own < minimumStake) revert BelowMinimumStake(own, minimumStake);

        shares.own += Shares.minted(msg.value, pool.own, shares.own).toUint128();
        pool.own = own.toUint88();
        _recordVotes(executorId, owner, shares.own);
        emit Staked(executorId, msg.sender, msg.value, own);
    }

    /// @inheritdoc IStaking
    function requestExit(uint256 amount) external {
        uint32 executorId = _ownExecutor();
        if (amount == 0) revert ZeroAmount();
        _divideEarnings(executorId);
        Pool memory pool = _pools[executorId];
        if (amount == type(uint256).max) amount = pool.own;
        if (amount == 0 || amount > pool.own) revert InsufficientStake(pool.own, amount);
        uint256 remaining = pool.own - amount;
        if (remaining != 0 && remaining < minimumStake) revert BelowMinimumStake(remaining, minimumStake);
        // Exiting stake is slashable until it matures, but a seat's lock must be covered for as long as the seat lasts.
        uint256 locked = _accounts[executorId].locked();
        if (remaining + pool.delegated < locked) revert StakeLocked(locked);

        PoolShares storage shares = _shares[executorId];
        shares.own -= Shares.burned(amount, pool.own, shares.own).toUint128();
        uint64 maturesAtEpoch = exitMaturity();
        _buckets[executorId][maturesAtEpoch].own += amount.toUint128();
        pool.own = remaining.toUint88();
        pool.lastMaturity = uint256(maturesAtEpoch).toUint32();
        _pools[executorId] = pool;
        _recordVotes(executorId, msg.sender, shares.own);
        emit ExitRequested(executorId, amount, maturesAtEpoch);
    }

    /// @inheritdoc IStaking
    function completeExit(uint32 executorId, uint64 maturesAtEpoch) external {
        uint256 amount = exitOf(executorId, maturesAtEpoch);
        if (amount == 0) revert NoExit(executorId);
        _requireMature(maturesAtEpoch);

        _buckets[executorId][maturesAtEpoch].own = 0;
        emit ExitCompleted(executorId, amount, maturesAtEpoch);
        _pay(executors.ownerOf(executorId), amount);
    }

    /// @inheritdoc IStaking
    function withdrawEarnings(uint32 executorId) external {
        _divideEarnings(executorId);
        uint256 amount = _standings[executorId].ownerEarnings;
        if (amount == 0) revert NothingToWithdraw(executorId);

        _standings[executorId].ownerEarnings = 0;
        address owner = executors.ownerOf(executorId);
        emit EarningsWithdrawn(executorId, owner, amount);
        _pay(owner, amount);
    }

    /// @inheritdoc IStaking
    function announceCommission(uint16 bps) external {
        uint32 executorId = _ownExecutor();
        if (bps > MAX_COMMISSION_BPS) revert CommissionTooHigh(bps, MAX_COMMISSION_BPS);
        _divideEarnings(executorId);
        Standing storage standing = _standings[executorId];
        standing.nextCommissionBps = bps;
        standing.nextCommissionEpoch = currentEpoch() + 1;
        emit CommissionAnnounced(executorId, bps, standing.nextCommissionEpoch);
    }

    /// @inheritdoc IStaking
    function reinstate(uint32 executorId) external {
        AccountWord word = _accounts[executorId];
        if (!word.ejected()) revert NotEjected(executorId);
        Pool memory pool = _pools[executorId];
        if (pool.own != 0 || word.inFlight() != 0) revert NotExited(pool.own, word.inFlight());
        _requireMature(pool.lastMaturity);

        // Delegators were backing nothing since the owner left: what is theirs is theirs.
        _shares[executorId].own = 0;
        _startGeneration(executorId);
        _accounts[executorId] =
            _accounts[executorId].withEjected(false).withReputation(INITIAL_REPUTATION, currentEpoch());
        emit Reinstated(executorId);
    }

    /// @inheritdoc IStaking
    function forgiveStrikes(uint32 executorId) external {
        AccountWord word = _accounts[executorId];
        uint256 cleanJobs = word.cleanJobs();
        if (cleanJobs < CLEAN_JOBS_PER_STRIKE) revert TooFewCleanJobs(cleanJobs, CLEAN_JOBS_PER_STRIKE);
        _accounts[executorId] = word.withCleanJobs(cleanJobs - CLEAN_JOBS_PER_STRIKE);
        uint256 strikes = _pools[executorId].strikes;
        uint256 forgiven;
        for (uint256 offence; offence <= uint256(type(Offence).max); ++offence) {
            uint256 count = (strikes >> (STRIKE_BITS * offence)) & type(uint8).max;
            forgiven |= count.saturatingSub(1) << (STRIKE_BITS * offence);
        }
        _pools[executorId].strikes = uint40(forgiven);
        emit StrikesForgiven(executorId);
    }

    // ---------------------------------------------------------------- slashed stake

    /// @inheritdoc IStaking
    function withdrawProverReward(address prover) external {
        uint256 amount = _taken[prover].reward;
        if (amount == 0) revert NoProverReward(prover);

        _taken[prover].reward = 0;
        emit ProverRewardWithdrawn(prover, amount);
        _pay(prover, amount);
    }

    /// @inheritdoc IStaking
    function burnSlashed(address prover) external {
        uint256 amount = _taken[prover].unburned;
        if (amount == 0) revert NothingToBurn(prover);

        _taken[prover].unburned = 0;
        emit SlashedStakeBurned(prover, amount);
        _pay(BURN_ADDRESS, amount);
    }

    // ---------------------------------------------------------------- job registries and slashing

    /// @inheritdoc IStaking
    function tryLockSeat(bytes32 jobId, uint32 executorId, uint128 amount, uint16 capacity)
        external
        onlyJobRegistry
        returns (bool)
    {
        return _tryLockSeat(jobId, executorId, amount, capacity);
    }

    /// @inheritdoc IStaking
    function lockSeats(bytes32 jobId, uint32[] calldata executorIds, uint128 amount) external onlyJobRegistry {
        for (uint256 i; i < executorIds.length; ++i) {
            if (!_tryLockSeat(jobId, executorIds[i], amount, type(uint16).max)) {
                revert SeatNotLockable(executorIds[i]);
            }
        }
    }

    /// @inheritdoc IStaking
    function unlockSeat(bytes32 jobId, uint32 executorId, uint128 amount) external onlyJobRegistry {
        _accounts[executorId] = _release(_accounts[executorId], amount);
        emit SeatUnlocked(executorId, jobId, amount);
    }

    /// @inheritdoc IStaking
    function settle(bytes32 jobId, address requester, uint128 amount, Settlement[] calldata settlements)
        external
        payable
        onlyJobRegistry
    {
        uint64 epoch = currentEpoch();
        uint256 total;
        for (uint256 i; i < settlements.length; ++i) {
            Settlement calldata settlement = settlements[i];
            total += settlement.payment;
            _settleSeat(jobId, requester, amount, settlement, epoch);
        }
        if (msg.value != total) revert WrongValue(total, msg.value);
        activity.record(settlements);
    }

    /// @inheritdoc IStaking
    function slash(uint32 executorId, bytes32 jobId, Penalty calldata penalty, address prover, uint256 rewardCap)
        external
        returns (uint256 amount)
    {
        if (msg.sender != slashing) revert NotSlashing(msg.sender);
        Pool memory pool = _pools[executorId];
        uint8 strike = _strike(pool, penalty.offence);
        uint256 percent = strike == 1 ? penalty.first : strike == 2 ? penalty.second : penalty.third;
        if (percent > HUNDRED_PERCENT) percent = HUNDRED_PERCENT;
        uint256 fromOwn = _percentOf(pool.own, percent);
        uint256 fromDelegated = _percentOf(pool.delegated, percent);
        amount = fromOwn + fromDelegated + _slashExits(executorId, pool.lastMaturity, percent);
        unchecked {
            // A part is at most the whole.
            pool.own -= uint88(fromOwn);
            pool.delegated -= uint88(fromDelegated);
        }
        if (percent == HUNDRED_PERCENT || penalty.halvesReputation) _discredit(executorId, pool, percent, penalty);
        _pools[executorId] = pool;

        uint256 reward = prover == address(0) ? 0 : (fromOwn / PROVER_DIVISOR).min(rewardCap);
        Taken memory taken = _taken[prover];
        _taken[prover] = Taken((taken.reward + reward).toUint128(), (taken.unburned + amount - reward).toUint128());
        emit Slashed(executorId, jobId, prover, penalty.offence, strike, uint8(percent), amount, reward);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IStaking
    function accountOf(uint32 executorId) external view returns (Account memory) {
        AccountWord word = _accounts[executorId];
        return Account({
            earnings: word.earnings(),
            locked: word.locked(),
            reputation: _scoreAt(word, currentEpoch()),
            volume: word.volume(),
            inFlight: word.inFlight(),
            ejected: word.ejected(),
            cleanJobs: word.cleanJobs()
        });
    }

    /// @inheritdoc IStaking
    function poolOf(uint32 executorId) external view returns (PoolView memory) {
        Pool memory pool = _pools[executorId];
        Standing memory standing = _standings[executorId];
        uint256 earned = _accounts[executorId].earnings();
        return PoolView({
            own: pool.own,
            delegated: pool.delegated,
            delegatedShares: _shares[executorId].delegated,
            generation: standing.generation,
            commissionBps: standing.commissionBps,
            nextCommissionBps: standing.nextCommissionEpoch == 0 ? 0 : standing.nextCommissionBps,
            nextCommissionEpoch: standing.nextCommissionEpoch,
            ownerEarnings: standing.ownerEarnings + earned - _delegatorsPart(pool, standing, earned)
        });
    }

    /// @inheritdoc IStaking
    function stakeOf(uint32 executorId) public view returns (uint256) {
        Pool memory pool = _pools[executorId];
        return uint256(pool.own) + pool.delegated;
    }

    /// @inheritdoc IStaking
    function exitOf(uint32 executorId, uint64 maturesAtEpoch) public view returns (uint256) {
        return _buckets[executorId][maturesAtEpoch].own;
    }

    /// @inheritdoc IStaking
    function exitingOf(uint32 executorId) external view returns (uint256) {
        uint64 newest = exitMaturity();
        return exitOf(executorId, newest) + exitOf(executorId, newest - unbondingEpochs);
    }

    /// @inheritdoc IStaking
    function freeStakeOf(uint32 executorId) external view returns (uint256) {
        // A slash, or delegators who leave, may leave less than the seats in flight have locked.
        return stakeOf(executorId).saturatingSub(_accounts[executorId].locked());
    }

    /// @inheritdoc IStaking
    function strikesOf(uint32 executorId, Offence offence) external view returns (uint8) {
        return uint8(_pools[executorId].strikes >> (STRIKE_BITS * uint256(offence)));
    }

    /// @inheritdoc IStaking
    function proverRewardOf(address prover) external view returns (uint256) {
        return _taken[prover].reward;
    }

    /// @inheritdoc IStaking
    function unburnedOf(address prover) external view returns (uint256) {
        return _taken[prover].unburned;
    }

    /// @inheritdoc IStaking
    function votesOf(uint32 executorId, address account, uint64 epoch) external view returns (uint256) {
        uint64 present = currentEpoch();
        if (epoch > present) revert EpochNotStarted(epoch, present);
        Pool memory pool = _pools[executorId];
        PoolShares memory all = _shares[executorId];
        uint256 before = _sharesBefore(executorId, account, epoch);
        // A share's worth never rises, so what is left now is no more than what stood then.
        if (account == executors.ownerOf(executorId)) return Shares.worth(before.min(all.own), pool.own, all.own);
        return Shares.worth(before.min(_delegatedShares(executorId, account)), pool.delegated, all.delegated);
    }

    /// @inheritdoc IStaking
    function weightOf(uint32 executorId) external view returns (uint64) {
        AccountWord word = _accounts[executorId];
        Pool memory pool = _pools[executorId];
        if (word.ejected() || pool.own < minimumStake) return 0;
        // Below 2^40, for the stake is below 2^89 wei: the cast is safe, and a draw's 56-bit total holds 7e13 INFER.
        uint256 active = uint256(pool.own) + pool.delegated;
        return uint64((active / WEIGHT_UNIT) * _scoreAt(word, currentEpoch()) / FULL_SCORE);
    }

    /// @inheritdoc IStaking
    function canLockSeat(uint32 executorId, uint128 amount, uint16 capacity) external view returns (bool) {
        return _canLockSeat(_accounts[executorId], executorId, amount, capacity);
    }

    /// @inheritdoc IStaking
    function canLockSeats(uint32[] calldata executorIds, uint128 amount, uint16[] calldata capacities)
        external
        view
        returns (uint256 lockable)
    {
        for (uint256 i; i < executorIds.length; ++i) {
            uint32 executorId = executorIds[i];
            if (_canLockSeat(_accounts[executorId], executorId, amount, capacities[i])) lockable |= 1 << i;
        }
    }

    // ---------------------------------------------------------------- internals: slashing

    /// @dev Counts a strike in `pool`.
    function _strike(Pool memory pool, Offence offence) private pure returns (uint8 strike) {
        uint256 offset = STRIKE_BITS * uint256(offence);
        strike = uint8(pool.strikes >> offset);
        if (strike == type(uint8).max) return strike;
        unchecked {
            // Below 255, so the count stays within its bits.
            pool.strikes += uint40(1 << offset);
            return strike + 1;
        }
    }

    /// @dev A matured bucket belongs to its owners, paid out or not.
    function _slashExits(uint32 executorId, uint64 lastMaturity, uint256 percent) private returns (uint256 amount) {
        uint64 epoch = currentEpoch();
        if (lastMaturity <= epoch) return 0;
        amount = _slashBucket(executorId, lastMaturity, percent);
        if (lastMaturity - unbondingEpochs > epoch) {
            amount += _slashBucket(executorId, lastMaturity - unbondingEpochs, percent);
        }
    }

    function _slashBucket(uint32 executorId, uint64 maturesAtEpoch, uint256 percent) private returns (uint256) {
        Bucket memory bucket = _buckets[executorId][maturesAtEpoch];
        uint256 fromOwn = _percentOf(bucket.own, percent);
        uint256 fromDelegated = _percentOf(bucket.delegated, percent);
        if (fromOwn + fromDelegated != 0) {
            _buckets[executorId][maturesAtEpoch] =
                Bucket(bucket.own - uint128(fromOwn), bucket.delegated - uint128(fromDelegated));
        }
        return fromOwn + fromDelegated;
    }

    /// @dev What an offence costs beside stake.
    function _discredit(uint32 executorId, Pool memory pool, uint256 percent, Penalty calldata penalty) private {
        AccountWord word = _accounts[executorId];
        uint64 epoch = currentEpoch();
        if (penalty.halvesReputation) {
            uint256 score = _scoreAt(word, epoch) / 2;
            word = word.withReputation(score, epoch);
            emit ReputationHalved(executorId, score);
            if (score < reputation.ejectionLine()) word = _eject(word, executorId);
        }
        if (percent == HUNDRED_PERCENT) {
            word = _eject(word, executorId);
            // Nothing is left to exit: coming back takes as long as an exit would.
            pool.lastMaturity = uint256(exitMaturity()).toUint32();
        }
        _accounts[executorId] = word;
    }

    function _percentOf(uint256 amount, uint256 percent) private pure returns (uint256) {
        unchecked {
            // Amounts are below 2^128, percentages at most 100.
            return (amount * percent + HUNDRED_PERCENT - 1) / HUNDRED_PERCENT;
        }
    }

    // ---------------------------------------------------------------- internals: seats

    function _ownExecutor() private view returns (uint32 executorId) {
        executorId = executors.idOfOwner(msg.sender);
        if (executorId == 0) revert NotOwner(msg.sender, executorId);
    }

    /// @dev What does not fit in the word is refused like any other seat: a pick that reverts would stop the whole draw.
    function _canLockSeat(AccountWord word, uint32 executorId, uint128 amount, uint16 capacity)
        private
        view
        returns (bool)
    {
        if (word.ejected()) return false;
        if (word.inFlight() >= uint256(capacity).min(AccountWordLibrary.MAX_IN_FLIGHT)) return false;
        Pool storage pool = _pools[executorId];
        uint256 own = pool.own;
        uint256 locked = word.locked() + amount;
        return own >= minimumStake && locked <= own + pool.delegated && locked <= AccountWordLibrary.MAX_LOCKED;
    }

    function _tryLockSeat(bytes32 jobId, uint32 executorId, uint128 amount, uint16 capacity) private returns (bool) {
        AccountWord word = _accounts[executorId];
        if (!_canLockSeat(word, executorId, amount, capacity)) return false;

        _accounts[executorId] = word.withLocked(word.locked() + amount).withInFlight(word.inFlight() + 1);
        emit SeatLocked(executorId, jobId, amount);
        return true;
    }

    /// @dev Underflows, and so reverts, for a seat that was never locked.
    function _release(AccountWord word, uint256 amount) private pure returns (AccountWord) {
        return word.withLocked(word.locked() - amount).withInFlight(word.inFlight() - 1);
    }

    function _settleSeat(bytes32 jobId, address requester, uint128 amount, Settlement calldata settlement, uint64 epoch)
        private
    {
        uint32 executorId = settlement.executorId;
        AccountWord word = _release(_accounts[executorId], amount);
        if (settlement.payment != 0) word = _credit(word, executorId, settlement.payment);

        uint256 scoreBefore = _scoreAt(word, epoch);
        uint256 scoreAfter = scoreBefore;
        if (_countsForReputation(settlement.outcome, requester, executorId, epoch)) {
            scoreAfter = reputation.step(scoreBefore, settlement.outcome, settlement.protocolFee);
            word = word.withReputation(scoreAfter, epoch);
        }
        if (settlement.outcome == SeatOutcome.Success && settlement.protocolFee >= cleanJobFee) {
            word = word.addCleanJob();
        }
        emit SeatSettled(executorId, jobId, settlement.outcome, settlement.payment, scoreBefore, scoreAfter);
        if (scoreAfter < scoreBefore && scoreAfter < reputation.ejectionLine()) word = _eject(word, executorId);
        _accounts[executorId] = word;
    }

    /// @dev Earnings gather in the word, one slot for a whole settlement, and are divided when stakes change or somebody
    /// withdraws; at once only when they don't fit.
    function _credit(AccountWord word, uint32 executorId, uint256 payment) private returns (AccountWord) {
        uint256 earned = word.earnings() + payment;
        if (earned > AccountWordLibrary.MAX_EARNINGS) {
            _divide(executorId, earned);
            earned = 0;
        }
        return word.withEarnings(earned).addVolume(payment / VOLUME_UNIT);
    }

    /// @dev A requester lowers an executor's score at most once an epoch by each kind of bad outcome, so that nobody can bait
    /// a competitor out of the network.
    function _countsForReputation(SeatOutcome outcome, address requester, uint32 executorId, uint64 epoch)
        private
        returns (bool)
    {
        if (outcome == SeatOutcome.Success) return true;
        BadOutcomes storage bad = _badOutcomes[requester][executorId];
        uint64 mark = epoch + 1;
        if (outcome == SeatOutcome.Miss && bad.missed != mark) {
            bad.missed = mark;
            return true;
        }
        if (outcome == SeatOutcome.Outlier && bad.outlier != mark) {
            bad.outlier = mark;
            return true;
        }
        return false;
    }

    function _eject(AccountWord word, uint32 executorId) private returns (AccountWord) {
        if (!word.ejected()) emit Ejected(executorId);
        return word.withEjected(true);
    }

    /// @dev The score with its drift. A score at the start has none, which spares the call for most accounts.
    function _scoreAt(AccountWord word, uint64 epoch) private view returns (uint256 score) {
        score = word.reputation();
        if (score == INITIAL_REPUTATION) return score;
        uint256 epochs = word.epochsSinceDrift(epoch);
        if (epochs != 0) score = reputation.drift(score, epochs);
    }
}
