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

/// @notice What costs stake. Each has its own strikes.
enum Offence {
    /// A commitment that was not opened within the reveal window and its grace.
    NoReveal,
    /// Two final receipts of one job with different results.
    Equivocation,
    /// A VIF proof that does not hold.
    InvalidVif,
    /// An opening that is not what was committed to.
    InvalidOpening,
    /// A court found the answer wrong.
    Conviction
}

/// @title Custody of executors' stake, delegations and earnings; locks per job in flight; the reputation word; strikes.
/// @notice Amounts in wei, epochs counted from the Unix epoch. Ids are those of the executor registry. Everything is counted
/// here; coins forced upon the contract change nothing.
///
/// An executor's pool is its own stake and what others delegated to it. Both are slashed alike, whatever their number, and
/// both back its seats. A stake that leaves goes into the bucket of the current *exit period* (`unbondingEpochs` epochs),
/// which matures at the end of the next period: the two buckets that have not matured are slashed with the rest, so leaving
/// takes between one and two periods and escapes nothing.
interface IStaking {
    /// @notice An executor's hot word, one storage slot.
    struct Account {
        /// Earnings that are not divided between the owner and its delegators yet.
        uint256 earnings;
        /// Stake locked by seats in flight.
        uint256 locked;
        /// Score in [0, 1e6].
        uint256 reputation;
        /// Fees earned in units of 1e12 wei, saturating.
        uint256 volume;
        /// Seats in flight.
        uint256 inFlight;
        /// Latched when the reputation falls below the ejection line or the stake is slashed whole; cleared by `reinstate`.
        bool ejected;
        /// Successes whose protocol fee was at least `cleanJobFee`, since strikes were last forgiven; stays at 1,023.
        uint256 cleanJobs;
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

    /// @notice What an offence costs: percent for the first, the second and every later time.
    struct Penalty {
        Offence offence;
        uint8 first;
        uint8 second;
        uint8 third;
        bool halvesReputation;
    }

    /// @notice An executor's pool.
    struct PoolView {
        /// Active own and delegated stake.
        uint256 own;
        uint256 delegated;
        uint256 delegatedShares;
        /// Counts the times that delegation started over.
        uint32 generation;
        /// Of the earnings on delegated stake, in basis points.
        uint16 commissionBps;
        /// Acts from `nextCommissionEpoch` on, 0 when none is announced.
        uint16 nextCommissionBps;
        uint64 nextCommissionEpoch;
        /// What `withdrawEarnings` would pay the owner.
        uint256 ownerEarnings;
    }

    /// @param stake The executor's active own stake afterwards.
    event Staked(uint32 indexed executorId, address indexed from, uint256 amount, uint256 stake);
    event ExitRequested(uint32 indexed executorId, uint256 amount, uint64 maturesAtEpoch);
    event ExitCompleted(uint32 indexed executorId, uint256 amount, uint64 maturesAtEpoch);
    event Delegated(uint32 indexed executorId, address indexed delegator, uint256 amount, uint256 shares);
    event UndelegationRequested(
        uint32 indexed executorId, address indexed delegator, uint256 amount, uint256 shares, uint64 maturesAtEpoch
    );
    event UndelegationCompleted(
        uint32 indexed executorId, address indexed delegator, uint256 amount, uint64 maturesAtEpoch
    );
    event DelegatorPaid(uint32 indexed executorId, address indexed delegator, uint256 amount);
    event CommissionAnnounced(uint32 indexed executorId, uint16 bps, uint64 fromEpoch);
    /// @notice What was earned since the last time is divided; the rest, less dust, is the owner's.
    event EarningsDivided(uint32 indexed executorId, uint256 toOwner, uint256 toDelegators);
    /// @notice Delegation starts over; `left` is what the old generation's shares can still redeem.
    event GenerationStarted(uint32 indexed executorId, uint32 generation, uint256 left);
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
    /// @param amount Own, delegated and exiting stake together.
    /// @param reward What of it the prover gets; the rest is burned.
    event Slashed(
        uint32 indexed executorId,
        bytes32 indexed jobId,
        address indexed prover,
        Offence offence,
        uint8 strike,
        uint8 percent,
        uint256 amount,
        uint256 reward
    );
    event ReputationHalved(uint32 indexed executorId, uint256 reputation);
    event StrikesForgiven(uint32 indexed executorId);
    event Ejected(uint32 indexed executorId);
    /// @notice The latch is cleared after a full exit; the reputation starts anew, strikes stay.
    event Reinstated(uint32 indexed executorId);
    event EarningsWithdrawn(uint32 indexed executorId, address indexed owner, uint256 amount);
    event ProverRewardWithdrawn(address indexed prover, uint256 amount);
    event SlashedStakeBurned(address indexed prover, uint256 amount);

    error NotJobRegistry(address caller);
    error NotSlashing(address caller);
    error NotOwner(address caller, uint32 executorId);
    error UnknownExecutor(uint32 executorId);
    error OwnerCannotDelegate(uint32 executorId);
    error ZeroAmount();
    error BelowMinimumStake(uint256 stake, uint256 minimum);
    error InsufficientStake(uint256 stake, uint256 requested);
    error StakeLocked(uint256 locked);
    error NoExit(uint32 executorId);
    error ExitNotMature(uint64 epoch, uint64 maturesAtEpoch);
    error WrongValue(uint256 expected, uint256 given);
    error NothingToWithdraw(uint32 executorId);
    error TransferFailed(address to, uint256 amount);
    error EjectedExecutor(uint32 executorId);
    error NotEjected(uint32 executorId);
    /// @notice Own stake, or a seat in flight, that stands in the way of coming back.
    error NotExited(uint256 stake, uint256 inFlight);
    /// @notice The pool's shares are worth less than 1e-11 wei each: it takes no delegations.
    error InsolventPool(uint256 tokens, uint256 shares);
    error SolventPool(uint256 tokens, uint256 shares);
    error CommissionTooHigh(uint16 bps, uint16 maximum);
    error TooFewCleanJobs(uint256 cleanJobs, uint256 needed);
    error SeatNotLockable(uint32 executorId);
    error NoProverReward(address prover);
    error NothingToBurn(address prover);
    error EpochNotStarted(uint64 epoch, uint64 current);
    error InvalidParameter(string name);

    // ------------------------------------------------- own stake

    /// @notice Adds own stake. Anyone may fund an executor; what is staked is its owner's from then on. Counts in draws from
    /// the epoch after the next `IExecutorRegistry.refreshWeights`, in votes from the next epoch.
    function stake(uint32 executorId) external payable;
    /// @notice Starts the exit of `amount` of own stake: capacity and votes fall at once, the amount stays slashable until it
    /// matures. What stays must be 0 or at least the minimum stake, and own and delegated stake must cover the seats in
    /// flight. The largest number asks for all there is: anyone may add stake, so a number that was all when it was signed may
    /// leave a rest.
    function requestExit(uint256 amount) external;
    /// @notice Pays a matured bucket's own stake to the owner. Anyone may call.
    /// @param maturesAtEpoch As `ExitRequested` told it.
    function completeExit(uint32 executorId, uint64 maturesAtEpoch) external;
    /// @notice Pays the owner its part of the earnings: all on own stake, and the commission on the rest. Anyone may call.
    function withdrawEarnings(uint32 executorId) external;
    /// @notice Announces the calling owner's commission on delegators' earnings, at most `MAX_COMMISSION_BPS`. Acts from the
    /// next epoch; earnings that straddle the change pay the lower of both.
    function announceCommission(uint16 bps) external;
    /// @notice Takes an ejected executor back: it has no own stake and no seat in flight, and the buckets of its last exit, or
    /// of the slash that took all, have matured. Reputation and delegation start anew, strikes stay. Anyone may call.
    function reinstate(uint32 executorId) external;
    /// @notice Lowers every strike counter by one for `CLEAN_JOBS_PER_STRIKE` clean jobs. Anyone may call.
    function forgiveStrikes(uint32 executorId) external;

    // ------------------------------------------------- delegated stake

    /// @notice Adds the caller's stake to an executor's pool, for shares (rounded down). It backs the executor's seats, is
    /// slashed with it, and earns in proportion less the commission, from the next settlement on. Not for the executor's owner.
    function delegate(uint32 executorId) external payable;
    /// @notice Starts the exit of `amount` of the caller's delegation, for shares (rounded up). Nothing can hold it up; it stays
    /// slashable until it matures. The largest number asks for all there is.
    function undelegate(uint32 executorId, uint256 amount) external;
    /// @notice Pays a matured exit to its delegator. Anyone may call.
    /// @param maturesAtEpoch As `UndelegationRequested` told it.
    function completeUndelegation(uint32 executorId, address delegator, uint64 maturesAtEpoch) external;
    /// @notice Pays a delegator its earnings, and what an earlier generation of the pool left it. Anyone may call.
    function withdrawDelegation(uint32 executorId, address delegator) external;
    /// @notice Starts delegation over in an insolvent pool. What is left of the old generation is redeemed by its shares
    /// through `withdrawDelegation`. Anyone may call.
    function startGeneration(uint32 executorId) external;

    // ------------------------------------------------- slashed stake

    /// @notice Pays a prover's share of slashed stake out to it. Anyone may call.
    function withdrawProverReward(address prover) external;
    /// @notice Burns what a prover's proofs took, less its rewards, by sending it to 0x...dEaD. Anyone may call.
    /// @param prover The zero address for what nobody proved.
    function burnSlashed(address prover) external;

    // ------------------------------------------------- job registries and slashing only

    /// @notice Locks `amount` for a seat if the executor is eligible: not ejected, seats in flight below `capacity`, own stake
    /// at least the minimum, and enough own and delegated stake free.
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
    /// @notice Counts a strike and takes its percentage of own, delegated and exiting stake that has not matured, each rounded
    /// up. Credits the prover with a tenth of the own active part, at most `rewardCap`; the rest is to be burned. 100 percent
    /// ejects. Costs the same for any number of delegators.
    /// @param prover The zero address for nobody.
    function slash(uint32 executorId, bytes32 jobId, Penalty calldata penalty, address prover, uint256 rewardCap)
        external
        returns (uint256 amount);

    // ------------------------------------------------- views

    function accountOf(uint32 executorId) external view returns (Account memory);
    function poolOf(uint32 executorId) external view returns (PoolView memory);
    /// @notice Active stake, own and delegated, in wei.
    function stakeOf(uint32 executorId) external view returns (uint256);
    /// @notice Wei that `completeExit` will pay, unless slashed before.
    function exitOf(uint32 executorId, uint64 maturesAtEpoch) external view returns (uint256 amount);
    /// @notice All own stake that has not matured.
    function exitingOf(uint32 executorId) external view returns (uint256 amount);
    /// @notice Wei that `completeUndelegation` will pay, unless slashed before.
    function undelegationOf(uint32 executorId, address delegator, uint64 maturesAtEpoch)
        external
        view
        returns (uint256 amount);
    /// @notice Delegated stake in a bucket, of all delegators together, that was not paid out.
    function undelegatingOf(uint32 executorId, uint64 maturesAtEpoch) external view returns (uint256 amount);
    /// @notice A delegator's active stake, and what `withdrawDelegation` would pay.
    function delegationOf(uint32 executorId, address delegator)
        external
        view
        returns (uint256 amount, uint256 shares, uint256 earnings);
    /// @notice Active stake not locked by seats in flight.
    function freeStakeOf(uint32 executorId) external view returns (uint256);
    /// @notice Offences of a kind so far, less the forgiven ones; stays at 255.
    function strikesOf(uint32 executorId, Offence offence) external view returns (uint8);
    /// @notice Wei that `withdrawProverReward` would pay.
    function proverRewardOf(address prover) external view returns (uint256);
    /// @notice Wei that `burnSlashed` would burn.
    function unburnedOf(address prover) external view returns (uint256);
    /// @notice Votes of an account's stake with one executor, in wei: the lesser of its shares when `epoch` began and its shares
    /// now, at what they are worth now. Stake that came in `epoch` or later, was slashed, or is leaving has none. Rounds down.
    /// @param account The executor's owner, for own stake, or a delegator.
    function votesOf(uint32 executorId, address account, uint64 epoch) external view returns (uint256);
    /// @notice Weight in draws: stake x reputation / 1e6 in units of 1e15 wei; 0 when ejected or below the minimum own stake.
    function weightOf(uint32 executorId) external view returns (uint64);
    /// @notice Whether `tryLockSeat` would succeed.
    function canLockSeat(uint32 executorId, uint128 amount, uint16 capacity) external view returns (bool);
    /// @notice `canLockSeat` for each of at most 256 executors.
    /// @return lockable Bit i set: `executorIds[i]` can.
    function canLockSeats(uint32[] calldata executorIds, uint128 amount, uint16[] calldata capacities)
        external
        view
        returns (uint256 lockable);
    /// @notice Least own stake.
    function minimumStake() external view returns (uint256);
    /// @notice Least protocol fee of a clean job.
    function cleanJobFee() external view returns (uint128);
    function epochLength() external view returns (uint64);
    /// @notice block.timestamp / epochLength.
    function currentEpoch() external view returns (uint64);
    /// @notice Length of an exit period.
    function unbondingEpochs() external view returns (uint64);
    /// @notice When an exit that is requested now matures: the start of the period after the next.
    function exitMaturity() external view returns (uint64 epoch);
}
