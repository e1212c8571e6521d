// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredits} from "../accounts/ICredits.sol";
import {INonces} from "../accounts/INonces.sol";
import {IJobAdmission} from "./IJobAdmission.sol";
import {Answer, JobState, Phase, RefundReason, Terms} from "./JobTypes.sol";

/// @title The life of a job: request, draw, commit, reveal, resolve, refund, call back.
/// @notice Holds the requesters' escrow. What needs a job's `Terms` is sent them again; the job id binds them.
interface IJobRegistry is ICredits, INonces {
    /// @notice Parameters, fixed at deployment. Amounts in wei, times in seconds.
    struct Parameters {
        /// Blocks after the request whose hash is the beacon.
        uint16 beaconDelay;
        uint32 minCommitWindow;
        uint32 maxCommitWindow;
        uint32 minRevealWindow;
        uint32 maxRevealWindow;
        /// Late reveals are accepted this long after the reveal deadline; a censored node is cured, a silent one is
        /// slashed after it.
        uint32 revealGrace;
        /// Time after the request from which on `advanceJob` pays for the draw. Longer than the beacon and an
        /// executor's first commit take, so that nobody is paid for what executors do unpaid.
        uint32 drawBountyDelay;
        uint128 minSeatFee;
        uint128 minDispatchFee;
        uint128 minAdvanceReserve;
        /// Callback fee per unit of callback gas.
        uint64 callbackGasPrice;
        uint32 maxCallbackGas;
        uint32 maxInputBytes;
        uint32 maxResultBytes;
        /// Stake locked per seat, in basis points of the seat's fee.
        uint32 lockMultiplierBps;
        /// Part of an agreeing seat's fee that is burned.
        uint16 protocolFeeBps;
        /// Part of its fee that each valid revealer keeps when no cluster forms.
        uint16 noAgreementShareBps;
    }

    // ---------------------------------------------------------------- events

    event JobRequested(
        bytes32 indexed jobId,
        address indexed requester,
        bytes32 indexed modelId,
        Terms terms,
        bytes input,
        bytes parameters,
        string inputUri
    );
    /// @notice The committee is known: executor ids by seat (0: none found). Also emitted when freed seats are drawn
    /// again.
    event CommitteeDrawn(
        bytes32 indexed jobId, bytes32 beacon, uint32[] committee, uint128 seatFee, uint64 commitDeadline
    );
    event SeatDeclined(bytes32 indexed jobId, uint32 indexed executorId, uint8 seat);
    event Committed(bytes32 indexed jobId, uint32 indexed executorId, uint8 seat, bytes32 commitment);
    event RevealPhaseOpened(bytes32 indexed jobId, uint64 revealDeadline);
    /// @notice A commitment was opened, before the job's end or, within the grace, after it.
    event Revealed(bytes32 indexed jobId, uint32 indexed executorId, uint8 seat, bytes result, bytes vector);
    /// @notice A commitment was opened to an answer that the seat `sameAs` has revealed before.
    event RevealedSame(bytes32 indexed jobId, uint32 indexed executorId, uint8 seat, uint8 sameAs);
    /// @param centre The lowest seat that gave the result.
    /// @param agreeing Bitmap of the seats in the cluster.
    event JobResolved(
        bytes32 indexed jobId, uint8 centre, uint8 agreeing, bytes32 resultHash, bytes32 vectorHash, uint256 refund
    );
    event JobRefunded(bytes32 indexed jobId, RefundReason reason, uint256 refund);
    event CallbackExecuted(bytes32 indexed jobId, address indexed target, bool success);
    /// @notice `advanceJob` moved the job on and paid `bounty` to `caller`.
    event JobAdvanced(bytes32 indexed jobId, address indexed caller, Phase phase, uint256 bounty);
    event NonceRevoked(address indexed requester, uint256 indexed nonce);
    event Credited(address indexed account, bytes32 indexed jobId, uint256 amount);

    // ---------------------------------------------------------------- errors

    error NotRequester(address caller, address requester);
    error InvalidCommittee(uint8 committeeSize, uint8 quorum);
    error UnknownModelVersion(bytes32 modelId, uint32 version, bytes32 runtimeClass);
    /// @notice The pool is unknown, or lists requesters and not this one.
    error NotAdmittedToPool(uint64 pool, address requester);
    /// @notice The guardian has paused new jobs; `IPolicyRegistry.pauseTimes` tells until when.
    error NewJobsPaused();
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
    error WrongPhase(bytes32 jobId, Phase phase);
    error NotBefore(bytes32 jobId, uint256 time);
    /// @param deadline The last second; for `cancel` the last block.
    error TooLate(bytes32 jobId, uint256 deadline);
    error BeaconNotReady(bytes32 jobId, uint256 availableAtBlock);
    error BeaconOutOfReach(bytes32 jobId);
    /// @notice Too few executors are eligible; `advanceJob` refunds the job.
    error NoCommitteeFound(bytes32 jobId);
    error NotSeated(bytes32 jobId, uint32 executorId);
    error AlreadyCommitted(bytes32 jobId, uint8 seat);
    error NotCommitted(bytes32 jobId, uint8 seat);
    error AlreadyRevealed(bytes32 jobId, uint8 seat);
    error NotPending(bytes32 jobId, uint8 seat);
    error ZeroCommitment();
    error CommitmentMismatch(bytes32 jobId, uint8 seat);
    error AnswerMismatch(bytes32 jobId, uint8 seat);
    /// @param seats Bitmap: the revealed seats whose answers aren't given, or all that have revealed when these are fewer
    /// than the quorum.
    error MissingAnswers(bytes32 jobId, uint8 seats);
    error InsufficientGasForCallback(uint256 required, uint256 available);
    error CallbackNotFailed(bytes32 jobId);
    error ResultMismatch(bytes32 jobId);
    error NothingToAdvance(bytes32 jobId);
    error InvalidParameter(string name);

    // ---------------------------------------------------------------- requester

    /// @notice Locks the escrow and opens the job. The requester's call, or the job desk's on its behalf. Overpayment is
    /// credited to `terms.refundTo`.
    /// @param input The input bytes, empty when `inputUri` is given.
    /// @param parameters The task's parameters (for zero-shot: abi.encode(string[] labels)).
    /// @param inputUri Where to fetch an input that hashes to `terms.inputHash`; empty for inline input.
    /// @return jobId keccak256(abi.encode(chainid, registry, requester, nonce, termsHash)).
    function request(Terms calldata terms, bytes calldata input, bytes calldata parameters, string calldata inputUri)
        external
        payable
        returns (bytes32 jobId);

    /// @notice The most a job on these terms can cost, and the escrow that `request` takes. In wei.
    function quote(Terms calldata terms) external view returns (uint256 escrow);

    /// @notice Refunds a job in full. Only before the beacon block, so that nobody can shop for a committee.
    function cancel(Terms calldata terms) external;

    /// @notice Uses up a number of the caller's, so that an order signed with it, or a subscription's interval, can't become
    /// a job any more.
    function revokeNonce(uint256 nonce) external;

    // ---------------------------------------------------------------- executors (called by their signer)

    /// @notice Commits to an answer, in a job whose committee is drawn. The last seat's commitment opens the reveal phase.
    /// @param commitment keccak256(abi.encode(DOMAIN, chainid, registry, jobId, executor, resultHash, vectorHash,
    /// salt)), `executor` being the owner's address.
    function commit(bytes32 jobId, bytes32 commitment) external;

    /// @notice Draws the committee, unless it is drawn already, and commits. Reverts, and draws nothing, for who isn't
    /// seated: `committeeOf` tells before.
    function drawAndCommit(Terms calldata terms, bytes32 commitment) external;

    /// @notice Gives the caller's seat back, free of charge, before it has committed; the seat is drawn again.
    /// @dev Only in the first half of the commit window: whoever is seated instead has at least the other half. A bound,
    /// rather than a deadline that moves with each decline, keeps the job's longest life what the terms say.
    function decline(Terms calldata terms) external;

    // ---------------------------------------------------------------- anyone

    /// @notice Opens a seat's commitment. Whoever knows what was committed may open it: a signer that was revoked or
    /// changed since leaves no seat unopened. After the job's end, and until the grace's, it frees the stake of a seat
    /// that is pending, unpaid.
    function reveal(bytes32 jobId, uint8 seat, bytes calldata result, bytes calldata vector, bytes32 salt) external;

    /// @notice `reveal` of an answer that another seat has revealed already, without sending it again: an answer that
    /// several executors gave, as those of one runtime class mostly do, is paid for once.
    /// @param sameAs The seat that has revealed this answer. @param resultHash keccak256 of the result.
    /// @param vectorHash keccak256 of the vector.
    function revealSame(bytes32 jobId, uint8 seat, uint8 sameAs, bytes32 resultHash, bytes32 vectorHash, bytes32 salt)
        external;

    /// @notice Opens the last commitment and resolves in one transaction.
    /// @param answers All answers as for `resolve`, that of `seat` among them. @param position Its position there.
    function revealAndResolve(
        Terms calldata terms,
        uint8 seat,
        bytes32 salt,
        uint256 position,
        Answer[] calldata answers
    ) external;

    /// @notice Compares the revealed answers, settles with everyone and calls back. Allowed once every committed seat
    /// has revealed, or after the reveal deadline with at least `quorum` reveals. As long as a late reveal could still
    /// make a cluster, within the grace, a job whose answers don't agree isn't refunded (`NotBefore`). Seats that have
    /// not revealed are pending from then on.
    /// @param answers All revealed answers, each once, under any of the seats that gave it, in ascending order of the
    /// lowest of these.
    function resolve(Terms calldata terms, Answer[] calldata answers) external;

    /// @notice Slashes a pending seat that stayed silent until the grace ended, releases its lock, and credits the caller
    /// with the prover's reward.
    function punishSilent(bytes32 jobId, uint8 seat) external;

    /// @notice Moves a stuck job on: draws, re-draws missing seats, opens the reveal phase, or refunds. Pays a bounty
    /// from the advance reserve that shrinks with each step; works unpaid when the reserve is empty, and for a draw before
    /// `drawBountyDelay`.
    function advanceJob(Terms calldata terms) external;

    /// @notice Repeats a failed callback with at least the agreed gas. Unpaid.
    /// @param result The job's result, checked; ignored when the job was refunded.
    /// @param vectorHash keccak256 of the centre's vector.
    function retryCallback(Terms calldata terms, bytes calldata result, bytes32 vectorHash) external;

    /// @notice Makes several calls to this contract in one transaction, each as the caller would: commitments, openings,
    /// withdrawals of many jobs. One that reverts changes nothing and keeps none of the others from being made.
    /// @param calls Selector and arguments of each.
    /// @return succeeded Which of them did not revert.
    function batch(bytes[] calldata calls) external returns (bool[] memory succeeded);

    // ---------------------------------------------------------------- views

    /// @notice What decides which jobs are taken.
    function admission() external view returns (IJobAdmission);

    /// @notice `admission().parameters()`.
    function parameters() external view returns (Parameters memory);

    function termsHash(Terms calldata terms) external pure returns (bytes32);

    function jobIdOf(Terms calldata terms) external view returns (bytes32);

    /// @notice State of a job; `Phase.None` for an unknown id. Never reverts.
    function jobState(bytes32 jobId) external view returns (JobState memory);

    /// @notice The committee that is drawn, or would be drawn if the next block were now; empty before the beacon is
    /// known.
    /// @return committee Executor ids by seat. @return seatFee Fee of each seat in wei.
    function committeeOf(Terms calldata terms) external view returns (uint32[] memory committee, uint128 seatFee);

    /// @notice A seat's commitment, or after its reveal keccak256(abi.encode(resultHash, vectorHash)).
    function seatHash(bytes32 jobId, uint8 seat) external view returns (bytes32);

    /// @notice The inbox: whether `result` is the job's final result.
    function verifyResult(bytes32 jobId, bytes calldata result, bytes32 vectorHash) external view returns (bool);
}
