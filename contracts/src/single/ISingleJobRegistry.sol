// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredits} from "../accounts/ICredits.sol";
import {INonces} from "../accounts/INonces.sol";
import {CourtTerms} from "../courts/ICourt.sol";
import {CallbackStatus, RefundReason} from "../jobs/JobTypes.sol";
import {Record, SinglePhase, SingleTerms} from "./SingleTypes.sol";

/// @title The life of a job that a single executor answers: with a VIF and a challenge window, or with a proof.
/// @notice Holds the requesters' escrow. What needs a job's `SingleTerms`, or once it is answered its `Record`, is sent them
/// again: the job id binds the terms, the job's slot the record.
///
///   share of the escrow           final                     overturned           refunded
///   fee                           executor, less the        requester            requester
///                                 protocol fee (rounded
///                                 up), which is burned,
///                                 and the royalty (rounded
///                                 down), the publisher's
///   dispatch fee                  who makes it final        who overturns it     requester
///   callback fee, per callback    who runs it               who runs it          who runs it
///   advance reserve               a quarter of what is left per step of `advanceJob`, rounded down; the rest requester
interface ISingleJobRegistry is ICredits, INonces {
    /// @notice Parameters, fixed at deployment. Amounts in wei, times in seconds.
    struct Parameters {
        /// Whether optimistic jobs are taken.
        bool optimisticAllowed;
        /// Blocks after the request whose hash is the beacon.
        uint16 beaconDelay;
        /// Bounds of the submit and the takeover window, and of the bid window of an auction.
        uint32 minWindow;
        uint32 maxWindow;
        uint32 minChallengeWindow;
        uint32 maxChallengeWindow;
        /// Time after the request from which on `advanceJob` pays for the draw.
        uint32 drawBountyDelay;
        uint128 minFee;
        uint128 minDispatchFee;
        uint128 minAdvanceReserve;
        /// Callback fee per unit of callback gas.
        uint64 callbackGasPrice;
        uint32 maxCallbackGas;
        uint32 maxInputBytes;
        uint32 maxResultBytes;
        /// Stake locked by a seat, in basis points of its fee.
        uint32 lockMultiplierBps;
        /// Part of the fee that is burned.
        uint16 protocolFeeBps;
    }

    /// @notice What a job's slot says.
    struct State {
        SinglePhase phase;
        CallbackStatus callbackStatus;
        /// Only when refunded.
        RefundReason refundReason;
        /// Until the answer, and when refunded: paid steps of `advanceJob`.
        uint8 advances;
        uint64 requestBlock;
        uint64 requestTime;
        /// Only when drawn: until when the seat's holder has priority.
        uint64 deadline;
        /// Only when drawn: the seat's holder, 0 when it declined.
        uint32 executorId;
        /// Only when drawn, in wei.
        uint128 fee;
        /// From the answer on: the record's hash with its lowest byte cleared.
        bytes32 recordHash;
    }

    // ---------------------------------------------------------------- events

    event JobRequested(
        bytes32 indexed jobId,
        address indexed requester,
        bytes32 indexed modelId,
        SingleTerms terms,
        bytes input,
        bytes parameters,
        string inputUri
    );
    /// @notice The executor holds the seat: by a draw, or by the lowest bid so far.
    event SeatTaken(bytes32 indexed jobId, uint32 indexed executorId, uint128 fee, uint64 deadline);
    event SeatDeclined(bytes32 indexed jobId, uint32 indexed executorId);
    /// @notice An optimistic job's answer. With the terms it gives the record: see `Record`.
    event Submitted(
        bytes32 indexed jobId,
        uint32 indexed executorId,
        uint128 fee,
        uint256 balance,
        uint64 windowEnd,
        bytes32 vrfKeyHash,
        bytes32 beacon,
        bytes result,
        bytes vector,
        bytes vif
    );
    /// @notice A proven job's answer. The job is final.
    event Proven(
        bytes32 indexed jobId,
        uint32 indexed executorId,
        uint128 fee,
        uint256 balance,
        bytes result,
        bytes vector,
        bytes proof
    );
    /// @param reward Wei credited to the caller. @param refund Wei credited to `refundTo`.
    event JobFinalised(bytes32 indexed jobId, address indexed caller, uint256 reward, uint256 refund);
    event JobOverturned(bytes32 indexed jobId, address indexed caller, uint256 reward, uint256 refund);
    event JobRefunded(
        bytes32 indexed jobId, address indexed caller, RefundReason reason, uint256 reward, uint256 refund
    );
    event Challenged(bytes32 indexed jobId, address indexed challenger, bytes32 courtJobId);
    /// @notice A lapsed job has another challenge window, and its record another end of it.
    event WindowReopened(bytes32 indexed jobId, uint64 windowEnd);
    event CallbackExecuted(bytes32 indexed jobId, address indexed target, bool success);
    /// @notice `advanceJob` moved the job on and paid `bounty` to `caller`.
    event JobAdvanced(bytes32 indexed jobId, address indexed caller, SinglePhase phase, uint256 bounty);
    /// @notice A call of `tryEach` failed; the others stand.
    event CallFailed(uint256 index);
    event Credited(address indexed account, bytes32 indexed jobId, uint256 amount);

    // ---------------------------------------------------------------- errors

    error NotRequester(address caller, address requester);
    error OptimisticNotAllowed();
    /// @notice The guardian has paused new jobs.
    error NewJobsPaused();
    /// @notice Not active in the governed list, or one that an optimistic job must not name.
    error VerifierNotAllowed(address verifier);
    error UnknownModelVersion(bytes32 modelId, uint32 version, bytes32 runtimeClass);
    error InputHashMismatch(bytes32 expected, bytes32 actual);
    error ParametersHashMismatch(bytes32 expected, bytes32 actual);
    error InputTooLarge(uint256 size, uint256 cap);
    error ResultTooLarge(uint256 size, uint256 cap);
    error InputAndUri();
    error WindowOutOfRange(uint32 window, uint32 minimum, uint32 maximum);
    error FeeTooLow(uint256 fee, uint256 minimum);
    error FeeTooHigh(uint256 fee, uint256 maximum);
    error CallbackGasTooHigh(uint32 gas, uint32 maximum);
    error CallbackWithoutTarget();
    error ZeroRefundAddress();
    error InsufficientPayment(uint256 required, uint256 given);
    error WrongPhase(bytes32 jobId, SinglePhase phase);
    error WrongTier(bytes32 jobId);
    error WrongScheduler(bytes32 jobId);
    error NotBefore(bytes32 jobId, uint256 time);
    /// @param deadline The last second; for `cancel` the last block.
    error TooLate(bytes32 jobId, uint256 deadline);
    error BeaconNotReady(bytes32 jobId, uint256 availableAtBlock);
    error BeaconOutOfReach(bytes32 jobId);
    /// @notice The caller acts for no executor.
    error NotExecutor(address caller);
    /// @notice Nobody is eligible; `advanceJob` refunds the job.
    error NoExecutorFound(bytes32 jobId);
    /// @notice Somebody else has priority.
    error NotDrawn(bytes32 jobId, uint32 executorId);
    /// @notice Doesn't serve the version at the terms' price, or can't lock the stake.
    error NotEligible(bytes32 jobId, uint32 executorId);
    error BidTooHigh(bytes32 jobId, uint256 fee, uint256 best);
    error InvalidVifLength(uint256 length);
    /// @notice The executor has not called `IVifs.adoptKey` yet.
    error NoVrfKey(uint32 executorId);
    error ProofRefused(bytes32 jobId, address verifier);
    error RecordMismatch(bytes32 jobId);
    error ResultMismatch(bytes32 jobId);
    /// @notice Not `IVifs`.
    error NotVifs(address caller);
    error NoCourt();
    error NotCourt(address caller);
    error InsufficientGasForCallback(uint256 required, uint256 available);
    error CallbackNotFailed(bytes32 jobId);
    error InvalidParameter(string name);

    // ---------------------------------------------------------------- requester

    /// @notice Locks the escrow and opens the job. Overpayment is credited to `terms.refundTo`.
    /// @param input The input bytes, empty when `inputUri` is given.
    /// @param parameters The task's parameters.
    /// @param inputUri Where to fetch an input that hashes to `terms.inputHash`; empty for inline input.
    /// @return jobId keccak256(abi.encode(chainid, registry, requester, nonce, termsHash)).
    function request(
        SingleTerms calldata terms,
        bytes calldata input,
        bytes calldata parameters,
        string calldata inputUri
    ) external payable returns (bytes32 jobId);

    /// @notice The most a job on these terms can cost, and the escrow that `request` takes. In wei.
    function quote(SingleTerms calldata terms) external view returns (uint256 escrow);

    /// @notice Refunds a requested job in full. Only before the beacon block, and in an auction before the first bid.
    function cancel(SingleTerms calldata terms) external;

    // ---------------------------------------------------------------- executors (called by their signer)

    /// @notice Bids in an auction: the lowest bid when bidding ends has the seat. Locks the bidder's stake, releases that
    /// of the bid before. Requires a lower fee than that one's, an offering of the version, free stake.
    function bid(SingleTerms calldata terms, uint128 pricePerUnit) external;

    /// @notice Gives the seat back, free of charge: anyone eligible may answer at once. Only in the first half of the
    /// submit window, and not in an auction.
    function decline(SingleTerms calldata terms) external;

    /// @notice Answers an optimistic job. Draws the executor if nobody has; calls back if the terms want provisional
    /// results. The VIF is not checked: a false one costs stake (`IVifs.challenge`).
    /// @param vif RFC 9381's proof: Gamma compressed, c, s; 81 bytes.
    function submit(SingleTerms calldata terms, bytes calldata result, bytes calldata vector, bytes calldata vif)
        external;

    /// @notice Answers a proven job, makes it final and calls back. The caller gets dispatch and callback fee.
    function submitProven(
        SingleTerms calldata terms,
        bytes calldata result,
        bytes calldata vector,
        bytes calldata proof
    ) external;

    // ---------------------------------------------------------------- anyone

    /// @notice Makes an answer final whose window is over, or which a court found right; pays everyone; calls back. The
    /// caller gets the dispatch fee, and the callback fee for a callback.
    /// @param result The result, checked if there is a callback to run; else it may be empty.
    /// @param vectorHash keccak256 of the vector, for the same.
    function finalize(bytes32 jobId, Record calldata record, bytes calldata result, bytes32 vectorHash) external;

    /// @notice Makes several calls to this contract as the caller's own, each alone: one that fails is undone
    /// (`CallFailed`), the others stand. No coins can come along, so it is not for `request` and `challenge`.
    /// @param calls As for a transaction: selector and arguments.
    function tryEach(bytes[] calldata calls) external;

    /// @notice Draws for a job that nobody has drawn, or refunds one that nobody answered. Pays a bounty from the advance
    /// reserve that shrinks with each step; nothing for a draw before `drawBountyDelay`.
    function advanceJob(SingleTerms calldata terms) external;

    /// @notice Opens a case about a provisional answer, with all the coins sent, in the court: see `ICourt.open` for what
    /// it requires and costs. The answer is not final before the verdict.
    /// @return courtJobId The court's job.
    function challenge(
        SingleTerms calldata terms,
        Record calldata record,
        CourtTerms calldata courtTerms,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external payable returns (bytes32 courtJobId);

    /// @notice Ends a job whose answer the court found wrong: the requester is refunded, the executor gets nothing.
    function overturn(bytes32 jobId, Record calldata record) external;

    /// @notice Gives an answer that a court could not judge another challenge window.
    function reopen(bytes32 jobId, Record calldata record) external;

    /// @notice Slashes an executor whose VIF was shown to be false (`Offence.InvalidVif`; `prover` gets the prover's reward
    /// and what overturning pays), and overturns the job. As long as it isn't final; while a court looks at it too, whose
    /// verdict then changes nothing here: else an executor could shield a false VIF by challenging itself.
    /// `IVifs` only: anyone goes there.
    function overturnFalseVif(bytes32 jobId, Record calldata record, address prover) external;

    /// @notice Sets the key that an executor's VIFs are checked against from now on. `IVifs` only: the executor goes there.
    function setVrfKey(uint32 executorId, bytes32 keyHash) external;

    /// @notice Repeats a failed callback about a result, or about its being overturned, with at least the agreed gas. Not while
    /// a court looks at the result, nor once it found it wrong.
    /// @param result The result, checked; ignored when the job was overturned.
    function retryCallback(bytes32 jobId, Record calldata record, bytes calldata result, bytes32 vectorHash) external;

    /// @notice Repeats a failed callback about a refund.
    function retryErrorCallback(SingleTerms calldata terms) external;

    // ---------------------------------------------------------------- views

    function parameters() external view returns (Parameters memory);

    function termsHash(SingleTerms calldata terms) external pure returns (bytes32);

    function jobIdOf(SingleTerms calldata terms) external view returns (bytes32);

    /// @notice keccak256(abi.encode(record)): what an answered job's slot holds the upper 248 bits of.
    function recordHash(Record calldata record) external pure returns (bytes32);

    /// @notice State of a job; `SinglePhase.None` for an unknown id. Never reverts.
    function stateOf(bytes32 jobId) external view returns (State memory);

    /// @notice Who has the seat, or would be drawn if the next block were now; 0 when nobody, before the beacon is known,
    /// and once the job is answered.
    function drawnOf(SingleTerms calldata terms) external view returns (uint32 executorId, uint128 fee);

    /// @notice The inbox: whether `result` is the job's final result.
    function verifyResult(bytes32 jobId, Record calldata record, bytes calldata result, bytes32 vectorHash)
        external
        view
        returns (bool);

    /// @notice Hash of the key that an executor's VIFs are checked against; 0 when it has adopted none.
    function vrfKeyHashOf(uint32 executorId) external view returns (bytes32);

    /// @notice Turns that a version's round-robin jobs have taken. @param offeringKey In the public pool.
    function turnsOf(bytes32 offeringKey) external view returns (uint256);
}
