// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILiabilities} from "../accounts/ILiabilities.sol";
import {Answer, Terms} from "../jobs/JobTypes.sol";

/// @notice Where a case stands.
enum Verdict {
    /// There is no such case.
    None,
    /// The court's job is not final, or nobody has brought its answer yet.
    Pending,
    /// The accused answer disagrees with the court's. Final.
    Convicted,
    /// It agrees. Final.
    Acquitted,
    /// The court's job ended without an answer. The seat can be challenged again.
    Lapsed
}

/// @notice What a case is about.
struct Accusation {
    /// The challenged job.
    bytes32 jobId;
    /// The accused.
    uint32 executorId;
    /// Its seat; 0 in single-executor tiers.
    uint8 seat;
    /// Fee of the accused seat in wei: the prover's reward is at most ten times that.
    uint128 seatFee;
    /// keccak256(abi.encode(resultHash, vectorHash)) of the accused answer.
    bytes32 answerHash;
    bytes32 modelId;
    uint32 version;
    bytes32 runtimeClass;
    bytes32 inputHash;
    bytes32 parametersHash;
    uint32 maxUnits;
    /// Who gets the bond back, and the prover's reward of a conviction.
    address challenger;
}

/// @notice What a challenger fixes about the court's job.
struct CourtTerms {
    /// Picked by the challenger, used once by each of them.
    uint256 nonce;
    /// Highest price per unit that may be drawn, in wei; times the units, at least `ICourt.lowestSeatFee`.
    uint128 maxPricePerUnit;
    /// Wei for whoever brings the resolution of the court's job.
    uint128 dispatchFee;
    /// Wei for those who advance it.
    uint128 advanceReserve;
}

/// @notice One challenge.
struct Case {
    address challenger;
    uint32 executorId;
    uint8 seat;
    Verdict verdict;
    uint32 version;
    /// The challenged job's registry: the redundant one, or a client of the court.
    address registry;
    /// Whether the client failed to take the verdict; `retryVerdict` is open to anyone.
    bool undelivered;
    bytes32 jobId;
    bytes32 answerHash;
    bytes32 modelId;
    bytes32 runtimeClass;
    uint128 seatFee;
    /// How many cases about the same answer lapsed before this one.
    uint8 lapses;
}

/// @notice A registry whose jobs wait for a verdict.
interface ICourtClient {
    /// @notice Called last, after all effects of the verdict, once for each case (again only if it reverted). Gets
    /// `Court.VERDICT_GAS`; what it does or burns changes nothing for the court.
    function onVerdict(bytes32 jobId, uint8 seat, Verdict verdict) external;
}

/// @title Courts: a fresh committee runs a job again and convicts whoever gave another answer.
/// @notice Anyone may challenge a revealed answer of a final redundant job, accepted or not, within `challengeWindow`
/// after its request. The challenger pays for a second job on the same model, class, input and parameters, with a larger
/// committee drawn from all who serve the version, without those of the challenged job; and posts a bond. If that
/// committee agrees on an answer with which the accused's does not agree, the accused is convicted: `Slashing` cuts its
/// stake. If it agrees, half the bond is burned, a quarter goes to the accused and the rest to the court's agreeing seats.
/// A court without an answer decides nothing: three quarters of the bond go back, the rest is burned, and the seat can be
/// challenged again for another window, by an offer of twice the least before, so that what an offer can keep from
/// forming forms in the end. Registries of other tiers, the court's clients, bring their jobs' cases themselves.
/// What a court owes (`liabilities`) is the bonds of pending cases and all credits.
///
/// Only versions and classes that the owner of the calibration list has named can cost stake: where honest machines
/// differ by more than the profile allows, or answers are sampled by the job's own randomness, a conviction would be chance.
interface ICourt is ILiabilities {
    /// @notice Parameters, fixed at deployment. Times in seconds, amounts in wei.
    struct Parameters {
        /// Seats of a court, at most 7.
        uint8 committeeSize;
        /// How many must agree: at least two thirds of the seats, rounded up.
        uint8 quorum;
        /// How long after a job's request its answers can be challenged: longer than the longest job, and short enough
        /// that a court is over before stake that backed the job can leave.
        uint32 challengeWindow;
        uint32 commitWindow;
        uint32 revealWindow;
        /// What a challenger loses if the accused is acquitted, and a quarter of it if the court has no answer.
        uint128 bond;
    }

    // ---------------------------------------------------------------- events

    /// @param courtJobId Names the case from now on.
    /// @param registry The challenged job's.
    event Challenged(
        bytes32 indexed courtJobId,
        bytes32 indexed jobId,
        uint32 indexed executorId,
        uint8 seat,
        address registry,
        address challenger,
        uint256 bond
    );
    event Decided(
        bytes32 indexed courtJobId, bytes32 indexed jobId, uint32 indexed executorId, uint8 seat, Verdict verdict
    );
    /// @notice The client reverted, or ran out of its gas.
    event VerdictUndelivered(bytes32 indexed courtJobId, address indexed registry);
    event VerdictDelivered(bytes32 indexed courtJobId, address indexed registry);
    event Credited(address indexed account, bytes32 indexed courtJobId, uint256 amount);

    // ---------------------------------------------------------------- errors

    error NotClient(address caller);
    error NotCalibrated(bytes32 modelId, uint32 version, bytes32 runtimeClass);
    /// @notice A private pool's jobs never leave it.
    error NotPublic(bytes32 jobId, uint64 pool);
    error JobNotFinal(bytes32 jobId);
    error SeatNotRevealed(bytes32 jobId, uint8 seat);
    /// @param deadline The last second.
    error TooLate(bytes32 jobId, uint256 deadline);
    error AlreadyChallenged(bytes32 jobId, uint8 seat, bytes32 courtJobId);
    /// @param offered The most that a seat of the court would be paid. @param lowest `lowestSeatFee`.
    error PriceTooLow(uint256 offered, uint256 lowest);
    error InsufficientPayment(uint256 required, uint256 given);
    error NotPending(bytes32 courtJobId);
    error NotDecided(bytes32 courtJobId);
    error NotTheAccusedAnswer(bytes32 jobId, uint8 seat);
    error NotTheCourtsAnswer(bytes32 courtJobId);
    error InsufficientGasForVerdict(uint256 required, uint256 available);
    error NothingToDeliver(bytes32 courtJobId);
    error InvalidParameter(string name);

    // ---------------------------------------------------------------- opening a case

    /// @notice Opens a case about an answer of the redundant registry and requests the court's job. Requires the bond and
    /// that job's escrow (`quote`); what was paid beyond is credited to the caller, and so is, by the job registry, what the
    /// court's job leaves of its escrow.
    /// @param terms The challenged job's.
    /// @param seat The accused answer's.
    /// @param input The challenged job's input, inline, or empty with `inputUri`.
    /// @param parameterBytes The challenged job's parameters.
    /// @return courtJobId The court's job, which names the case.
    function challenge(
        Terms calldata terms,
        uint8 seat,
        CourtTerms calldata court,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external payable returns (bytes32 courtJobId);

    /// @notice `challenge` of a client's job, by the client, which answers for the accusation and for its being in time.
    /// What was paid beyond `quote` is credited to the challenger.
    function open(
        Accusation calldata accusation,
        CourtTerms calldata court,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external payable returns (bytes32 courtJobId);

    // ---------------------------------------------------------------- closing it: anyone

    /// @notice Compares the accused's answer with the court's and settles the case. Requires the court's job resolved.
    /// @param accused The accused's answer, checked against its hash.
    /// @param courts The court's answer, likewise.
    function decide(bytes32 courtJobId, Answer calldata accused, Answer calldata courts) external returns (Verdict);

    /// @notice Closes a case whose job was refunded: the bond goes back to the challenger less a quarter, rounded down,
    /// which is burned.
    function lapse(bytes32 courtJobId) external;

    /// @notice Tells a client a verdict that it failed to take, with all the caller's gas. Reverts as the client does.
    function retryVerdict(bytes32 courtJobId) external;

    // ---------------------------------------------------------------- views

    /// @notice Escrow of the court's job plus the bond, in wei: what a challenge of a job of so many units takes.
    function quote(uint32 maxUnits, CourtTerms calldata court) external view returns (uint256);

    /// @notice The case of a court's job; all zero for other jobs.
    function caseOf(bytes32 courtJobId) external view returns (Case memory);

    /// @notice The case about a seat that is pending or was decided last; 0 without one.
    function caseAbout(bytes32 jobId, uint8 seat) external view returns (bytes32 courtJobId);

    /// @notice The least that a challenge must offer for a seat of the court, in wei: the accused seat's fee, twice that after
    /// a lapse, and so on; at most 1,024 times.
    /// @param seatFee Of the accused seat.
    function lowestSeatFee(bytes32 jobId, uint8 seat, uint128 seatFee) external view returns (uint256);

    /// @notice Until when a seat whose last case lapsed can be challenged again, in Unix seconds; 0 if none lapsed. Clients'
    /// jobs have times of their own.
    function openAgainUntil(bytes32 jobId, uint8 seat) external view returns (uint256);

    /// @notice Executors that can't sit on a court's job, each once: the challenged job's committee, or the accused alone in a
    /// client's. Asked by the job registry at each draw.
    function excludedFrom(bytes32 courtJobId) external view returns (uint32[] memory executorIds);

    function parameters() external view returns (Parameters memory);
}
