// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IExecutorRegistry} from "../executors/IExecutorRegistry.sol";
import {AccountWord, AccountWordLibrary, INITIAL_REPUTATION} from "./AccountWord.sol";
import {IReputation} from "./IReputation.sol";
import {IStaking, SeatOutcome} from "./IStaking.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Custody of executors' stake and earnings; locks per job in flight; the reputation word.
/// @notice Money comes in by `stake` and `settle` alone. Coins forced upon the contract belong to nobody: every amount is
/// counted here, none is derived from the balance.
contract Staking is IStaking {
    using Math for uint256;
    using SafeCast for uint256;

    /// @dev Stake of one executor, one storage slot. There is no exit when `exiting` is 0.
    struct Pool {
        uint96 active;
        uint96 exiting;
        uint64 maturesAtEpoch;
    }

    /// @dev The last epoch in which a requester's jobs lowered an executor's score, plus one; 0 is never.
    struct BadOutcomes {
        uint64 missed;
        uint64 outlier;
    }

    /// @notice Where slashed stake goes. Nobody has its key, so the native coin, which can't be destroyed, is out of reach.
    address public constant BURN_ADDRESS = 0x000000000000000000000000000000000000dEaD;

    uint256 private constant WEIGHT_UNIT = 1e15;
    uint256 private constant VOLUME_UNIT = 1e12;
    uint256 private constant FULL_SCORE = 1e6;
    uint256 private constant HUNDRED_PERCENT = 100;
    /// @dev The prover gets at most a tenth.
    uint256 private constant PROVER_DIVISOR = 10;

    IExecutorRegistry public immutable executors;
    address public immutable jobRegistry;
    address public immutable slashing;
    IReputation public immutable reputation;
    /// @inheritdoc IStaking
    uint256 public immutable minimumStake;
    /// @inheritdoc IStaking
    uint64 public immutable epochLength;
    /// @inheritdoc IStaking
    uint64 public immutable unbondingEpochs;

    /// @inheritdoc IStaking
    uint256 public liabilities;
    /// @inheritdoc IStaking
    mapping(address prover => uint256) public proverRewardOf;
    mapping(uint32 executorId => AccountWord) private _accounts;
    mapping(uint32 executorId => Pool) private _pools;
    mapping(address requester => mapping(uint32 executorId => BadOutcomes)) private _badOutcomes;

    modifier onlyJobRegistry() {
        if (msg.sender != jobRegistry) revert NotJobRegistry(msg.sender);
        _;
    }

    constructor(
        IExecutorRegistry executors_,
        address jobRegistry_,
        address slashing_,
        IReputation reputation_,
        uint256 minimumStake_,
        uint64 epochLength_,
        uint64 unbondingEpochs_
    ) {
        if (minimumStake_ == 0) revert InvalidParameter("minimumStake");
        if (epochLength_ == 0) revert InvalidParameter("epochLength");
        if (unbondingEpochs_ == 0) revert InvalidParameter("unbondingEpochs");
        executors = executors_;
        jobRegistry = jobRegistry_;
        slashing = slashing_;
        reputation = reputation_;
        minimumStake = minimumStake_;
        epochLength = epochLength_;
        unbondingEpochs = unbondingEpochs_;
    }

    // ---------------------------------------------------------------- stake

    /// @inheritdoc IStaking
    function stake(uint32 executorId) external payable {
        if (msg.value == 0) revert ZeroAmount();
        if (executors.ownerOf(executorId) == address(0)) revert UnknownExecutor(executorId);
        if (_accounts[executorId].ejected()) revert EjectedExecutor(executorId);
        Pool storage pool = _pools[executorId];
        uint256 active = pool.active + msg.value;
        if (active < minimumStake) revert BelowMinimumStake(active, minimumStake);

        pool.active = active.toUint96();
        liabilities += msg.value;
        emit Staked(executorId, msg.sender, msg.value, active);
    }

    /// @inheritdoc IStaking
    function requestExit(uint256 amount) external {
        uint32 executorId = executors.idOfOwner(msg.sender);
        if (executorId == 0) revert NotOwner(msg.sender, executorId);
        if (amount == 0) revert ZeroAmount();
        Pool memory pool = _pools[executorId];
        if (pool.exiting != 0) revert ExitPending(executorId);
        if (amount == type(uint256).max) amount = pool.active;
        if (amount > pool.active) revert InsufficientStake(pool.active, amount);
        uint256 remaining = pool.active - amount;
        if (remaining != 0 && remaining < minimumStake) revert BelowMinimumStake(remaining, minimumStake);
        // Exiting stake is slashable until it matures, but a seat's lock must be covered for as long as the seat lasts.
        uint256 locked = _accounts[executorId].locked();
        if (remaining < locked) revert StakeLocked(locked);

        uint64 maturesAtEpoch = currentEpoch() + unbondingEpochs;
        _pools[executorId] = Pool(remaining.toUint96(), amount.toUint96(), maturesAtEpoch);
        emit ExitRequested(executorId, amount, maturesAtEpoch);
    }

    /// @inheritdoc IStaking
    function completeExit(uint32 executorId) external {
        Pool memory pool = _pools[executorId];
        uint256 amount = pool.exiting;
        if (amount == 0) revert NoExit(executorId);
        uint64 epoch = currentEpoch();
        if (epoch < pool.maturesAtEpoch) revert ExitNotMature(epoch, pool.maturesAtEpoch);

        _pools[executorId] = Pool(pool.active, 0, 0);
        liabilities -= amount;
        emit ExitCompleted(executorId, amount);

        AccountWord word = _accounts[executorId];
        if (word.ejected() && pool.active == 0 && word.inFlight() == 0) {
            _accounts[executorId] = word.withEjected(false).withReputation(INITIAL_REPUTATION, epoch);
            emit Reinstated(executorId);
        }
        _pay(executors.ownerOf(executorId), amount);
    }

    /// @inheritdoc IStaking
    function withdrawEarnings(uint32 executorId) external {
        AccountWord word = _accounts[executorId];
        uint256 amount = word.earnings();
        if (amount == 0) revert NothingToWithdraw(executorId);

        _accounts[executorId] = word.withEarnings(0);
        liabilities -= amount;
        address owner = executors.ownerOf(executorId);
        emit EarningsWithdrawn(executorId, owner, amount);
        _pay(owner, amount);
    }

    /// @inheritdoc IStaking
    function withdrawProverReward(address prover) external {
        uint256 amount = proverRewardOf[prover];
        if (amount == 0) revert NoProverReward(prover);

        delete proverRewardOf[prover];
        liabilities -= amount;
        emit ProverRewardWithdrawn(prover, amount);
        _pay(prover, amount);
    }

    // ---------------------------------------------------------------- job registry and slashing

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
        liabilities += total;
    }

    /// @inheritdoc IStaking
    function slash(uint32 executorId, bytes32 jobId, uint8 percent, address prover, uint256 rewardCap)
        external
        returns (uint256 amount)
    {
        if (msg.sender != slashing) revert NotSlashing(msg.sender);
        Pool memory pool = _pools[executorId];
        uint256 fromActive = _percentOf(pool.active, percent);
        // A matured exit belongs to its owner, paid out or not.
        uint256 fromExiting = currentEpoch() < pool.maturesAtEpoch ? _percentOf(pool.exiting, percent) : 0;
        amount = fromActive + fromExiting;
        uint256 reward = prover == address(0) ? 0 : (amount / PROVER_DIVISOR).min(rewardCap);
        uint256 burned = amount - reward;

        _pools[executorId] =
            Pool((pool.active - fromActive).toUint96(), (pool.exiting - fromExiting).toUint96(), pool.maturesAtEpoch);
        if (reward != 0) proverRewardOf[prover] += reward;
        liabilities -= burned;
        emit Slashed(executorId, jobId, amount, burned, prover, reward);
        if (percent >= HUNDRED_PERCENT) _accounts[executorId] = _eject(_accounts[executorId], executorId);
        if (burned != 0) _pay(BURN_ADDRESS, burned);
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
            ejected: word.ejected()
        });
    }

    /// @inheritdoc IStaking
    function stakeOf(uint32 executorId) external view returns (uint256) {
        return _pools[executorId].active;
    }

    /// @inheritdoc IStaking
    function exitOf(uint32 executorId) external view returns (uint256 amount, uint64 maturesAtEpoch) {
        Pool memory pool = _pools[executorId];
        return pool.exiting == 0 ? (0, 0) : (pool.exiting, pool.maturesAtEpoch);
    }

    /// @inheritdoc IStaking
    function freeStakeOf(uint32 executorId) external view returns (uint256) {
        // A slash may leave less than the seats in flight have locked.
        return uint256(_pools[executorId].active).saturatingSub(_accounts[executorId].locked());
    }

    /// @inheritdoc IStaking
    function weightOf(uint32 executorId) external view returns (uint64) {
        AccountWord word = _accounts[executorId];
        uint256 active = _pools[executorId].active;
        if (word.ejected() || active < minimumStake) return 0;
        // Below 2^47, for the stake is below 2^96 wei: the cast is safe, and a draw's 56-bit total holds 7e13 INFER.
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

    /// @inheritdoc IStaking
    function currentEpoch() public view returns (uint64) {
        return uint64(block.timestamp / epochLength);
    }

    // ---------------------------------------------------------------- internals

    /// @dev What does not fit in the word is refused like any other seat: a pick that reverts would stop the whole draw.
    function _canLockSeat(AccountWord word, uint32 executorId, uint128 amount, uint16 capacity)
        private
        view
        returns (bool)
    {
        if (word.ejected()) return false;
        if (word.inFlight() >= uint256(capacity).min(AccountWordLibrary.MAX_IN_FLIGHT)) return false;
        uint256 active = _pools[executorId].active;
        uint256 locked = word.locked() + amount;
        return active >= minimumStake && locked <= active && locked <= AccountWordLibrary.MAX_LOCKED;
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
        if (settlement.payment != 0) {
            word = word.withEarnings(word.earnings() + settlement.payment);
            word = word.addVolume(settlement.payment / VOLUME_UNIT);
        }

        uint256 scoreBefore = _scoreAt(word, epoch);
        uint256 scoreAfter = scoreBefore;
        if (_countsForReputation(settlement.outcome, requester, executorId, epoch)) {
            scoreAfter = reputation.step(scoreBefore, settlement.outcome, settlement.protocolFee);
            word = word.withReputation(scoreAfter, epoch);
        }
        emit SeatSettled(executorId, jobId, settlement.outcome, settlement.payment, scoreBefore, scoreAfter);
        if (scoreAfter < scoreBefore && scoreAfter < reputation.ejectionLine()) word = _eject(word, executorId);
        _accounts[executorId] = word;
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

    function _percentOf(uint256 amount, uint256 percent) private pure returns (uint256) {
        return (amount * percent.min(HUNDRED_PERCENT)).ceilDiv(HUNDRED_PERCENT);
    }

    /// @dev All state is written before; the recipient may do as it likes.
    function _pay(address to, uint256 amount) private {
        if (!LowLevelCall.callNoReturn(to, amount, "")) revert TransferFailed(to, amount);
    }
}
