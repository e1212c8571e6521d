// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice How a seat ended, for reputation.
enum SeatOutcome {
    /// In the winning cluster.
    Success,
    /// Drawn, but did not commit.
    Miss,
    /// Revealed an answer outside the cluster.
    Outlier,
    /// Committed, but did not reveal: punished by `Slashing`, no reputation step here.
    Silent,
    /// Nothing to reward or blame (no cluster, cancelled, declined).
    Neutral
}

/// @title Custody of executors' stake and earnings; locks per job in flight; the reputation word.
/// @notice Amounts in wei. Ids are those of the executor registry.
interface IStaking {
    /// @notice An executor's hot word, one storage slot.
    struct Account {
        /// Withdrawable earnings.
        uint256 earnings;
        /// Stake locked by seats in flight.
        uint256 locked;
        /// Score in [0, 1e6].
        uint256 reputation;
        /// Fees earned in units of 1e12 wei, saturating.
        uint256 volume;
        /// Seats in flight.
        uint256 inFlight;
        /// Latched when the reputation falls below the ejection line or the stake is slashed whole; cleared by a full exit.
        bool ejected;
    }

    /// @notice One seat's part of a job's settlement.
    struct Settlement {
        uint32 executorId;
        SeatOutcome outcome;
        /// Added to the earnings.
        uint128 payment;
        /// Protocol fee that the seat's job burned; weighs the reputation step of a success.
        uint128 protocolFee;
    }

    event Staked(uint32 indexed executorId, address indexed from, uint256 amount, uint256 stake);
    event ExitRequested(uint32 indexed executorId, uint256 amount, uint64 maturesAtEpoch);
    event ExitCompleted(uint32 indexed executorId, uint256 amount);
    event SeatLocked(uint32 indexed executorId, bytes32 indexed jobId, uint256 amount);
    event SeatUnlocked(uint32 indexed executorId, bytes32 indexed jobId, uint256 amount);
    event SeatSettled(
        uint32 indexed executorId,
        bytes32 indexed jobId,
        SeatOutcome outcome,
        uint256 payment,
        uint256 reputationBefore,
        uint256 reputationAfter
    );
    event Slashed(
        uint32 indexed executorId, bytes32 indexed jobId, uint256 amount, uint256 burned, address prover, uint256 reward
    );
    event Ejected(uint32 indexed executorId);
    /// @notice A full exit cleared the latch; the reputation starts anew.
    event Reinstated(uint32 indexed executorId);
    event EarningsWithdrawn(uint32 indexed executorId, address indexed owner, uint256 amount);
    event ProverRewardWithdrawn(address indexed prover, uint256 amount);

    error NotJobRegistry(address caller);
    error NotSlashing(address caller);
    error NotOwner(address caller, uint32 executorId);
    error UnknownExecutor(uint32 executorId);
    error ZeroAmount();
    error BelowMinimumStake(uint256 stake, uint256 minimum);
    error InsufficientStake(uint256 stake, uint256 requested);
    error StakeLocked(uint256 locked);
    error ExitPending(uint32 executorId);
    error NoExit(uint32 executorId);
    error ExitNotMature(uint64 epoch, uint64 maturesAtEpoch);
    error WrongValue(uint256 expected, uint256 given);
    error NothingToWithdraw(uint32 executorId);
    error TransferFailed(address to, uint256 amount);
    error EjectedExecutor(uint32 executorId);
    error SeatNotLockable(uint32 executorId);
    error NoProverReward(address prover);
    error InvalidParameter(string name);

    /// @notice Adds stake. Anyone may fund an executor; what is staked is its owner's from then on. Counts in draws from the
    /// epoch after the next `IExecutorRegistry.refreshWeights`.
    function stake(uint32 executorId) external payable;
    /// @notice Starts the exit of `amount`: capacity falls at once, the amount stays slashable until it matures.
    /// What stays must be 0 or at least the minimum stake. The largest number asks for all there is: anyone may add stake,
    /// so a number that was all when it was signed may leave a rest.
    function requestExit(uint256 amount) external;
    /// @notice Pays a matured exit to the owner. Anyone may call. A full exit clears an ejected executor's latch; one that was
    /// slashed whole and has nothing to exit stays ejected.
    function completeExit(uint32 executorId) external;
    /// @notice Pays the executor's earnings to its owner. Anyone may call.
    function withdrawEarnings(uint32 executorId) external;
    /// @notice Pays a prover's share of slashed stake out to it. Anyone may call.
    function withdrawProverReward(address prover) external;

    // ------------------------------------------------- job registry and slashing only

    /// @notice Locks `amount` for a seat if the executor is eligible: not ejected, seats in flight below `capacity`, stake at
    /// least the minimum, and enough of it free.
    /// @return locked False when it is not; nothing changes then.
    function tryLockSeat(bytes32 jobId, uint32 executorId, uint128 amount, uint16 capacity)
        external
        returns (bool locked);
    /// @notice Locks `amount` for a seat of each of several distinct executors, all or none: reverts `SeatNotLockable` about
    /// the first that isn't eligible. Capacities are the caller's to check, by `canLockSeats`.
    function lockSeats(bytes32 jobId, uint32[] calldata executorIds, uint128 amount) external;
    /// @notice Releases one seat's lock of `amount` without an outcome.
    function unlockSeat(bytes32 jobId, uint32 executorId, uint128 amount) external;
    /// @notice Releases the locks of a job's seats (`amount` each), pays them from `msg.value`, which must be the exact sum,
    /// and steps their reputation. A requester's misses and outliers each step an executor at most once an epoch.
    function settle(bytes32 jobId, address requester, uint128 amount, Settlement[] calldata settlements)
        external
        payable;
    /// @notice Takes `percent` of the active stake and of an exit that has not matured, each rounded up. Credits the prover with
    /// a tenth, at most `rewardCap`, and burns the rest by sending it to 0x...dEaD. 100 percent ejects.
    /// @param prover The zero address for nobody.
    function slash(uint32 executorId, bytes32 jobId, uint8 percent, address prover, uint256 rewardCap)
        external
        returns (uint256 amount);

    // ------------------------------------------------- views

    function accountOf(uint32 executorId) external view returns (Account memory);
    /// @notice Active stake in wei.
    function stakeOf(uint32 executorId) external view returns (uint256);
    /// @notice Wei that `completeExit` will pay, 0 without an exit.
    function exitOf(uint32 executorId) external view returns (uint256 amount, uint64 maturesAtEpoch);
    /// @notice Active stake not locked by seats in flight.
    function freeStakeOf(uint32 executorId) external view returns (uint256);
    /// @notice Wei that `withdrawProverReward` would pay.
    function proverRewardOf(address prover) external view returns (uint256);
    /// @notice Weight in draws: stake x reputation / 1e6 in units of 1e15 wei; 0 when ejected or below the minimum stake.
    function weightOf(uint32 executorId) external view returns (uint64);
    /// @notice Whether `tryLockSeat` would succeed.
    function canLockSeat(uint32 executorId, uint128 amount, uint16 capacity) external view returns (bool);
    /// @notice `canLockSeat` for each of at most 256 executors.
    /// @return lockable Bit i set: `executorIds[i]` can.
    function canLockSeats(uint32[] calldata executorIds, uint128 amount, uint16[] calldata capacities)
        external
        view
        returns (uint256 lockable);
    function minimumStake() external view returns (uint256);
    function epochLength() external view returns (uint64);
    /// @notice block.timestamp / epochLength.
    function currentEpoch() external view returns (uint64);
    /// @notice An exit matures at the start of the epoch this many after the one of its request.
    function unbondingEpochs() external view returns (uint64);
    /// @notice Stakes, exits, earnings and provers' rewards together, in wei; never more than the balance.
    function liabilities() external view returns (uint256);
}
