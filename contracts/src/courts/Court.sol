// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Liabilities} from "../accounts/Liabilities.sol";
import {IExecutorRegistry} from "../executors/IExecutorRegistry.sol";
import {IPolicyRegistry} from "../governance/IPolicyRegistry.sol";
import {MAX_SEATS} from "../jobs/Committee.sol";
import {IJobRegistry} from "../jobs/IJobRegistry.sol";
import {Answer, JobState, Phase, Terms, Tier} from "../jobs/JobTypes.sol";
import {JobWords} from "../jobs/JobWord.sol";
import {TermsHash} from "../jobs/TermsHash.sol";
import {IModelRegistry} from "../models/IModelRegistry.sol";
import {ISlashing} from "../stake/ISlashing.sol";
import {IStaking, Offence} from "../stake/IStaking.sol";
import {JobCallers, MAX_JOB_REGISTRIES} from "../stake/JobCallers.sol";
import {IAgreementVerifier} from "../verify/IAgreementVerifier.sol";
import {ICalibrationList} from "./ICalibrationList.sol";
import {Accusation, Case, CourtTerms, ICourt, ICourtClient, Verdict} from "./ICourt.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Courts, as requesters of ordinary redundant jobs. Immutable: no owner, no upgrade, no pause.
/// @notice Holds the bonds of pending cases and the credits that come of them; internal accounts only. The escrow of a
/// court's job is the job registry's.
///
/// Every case ends: the job registry ends every job, `decide` takes a resolved one and `lapse` a refunded one; both are
/// anyone's, and depend on no party's consent. The contracts in `Addresses` are trusted to do what their interfaces say; a
/// client is trusted with its accusations, but not to take a verdict.
contract Court is ICourt, Liabilities, JobCallers {
    /// @notice The contracts that a court relies on.
    struct Addresses {
        IJobRegistry jobs;
        IModelRegistry models;
        IExecutorRegistry executors;
        IStaking staking;
        ISlashing slashing;
        IPolicyRegistry governance;
        ICalibrationList calibration;
    }

    address private constant BURN = 0x000000000000000000000000000000000000dEaD;
    /// @notice Gas with which a client is told a verdict.
    uint256 public constant VERDICT_GAS = 200_000;
    /// A court that doesn't form at 1,024 times the fee isn't kept from forming by its price.
    uint256 private constant MAX_DOUBLINGS = 10;
    /// Gas kept for the call itself and for recording that it failed.
    uint256 private constant VERDICT_OVERHEAD = 40_000;

    IJobRegistry public immutable jobs;
    IModelRegistry public immutable models;
    IExecutorRegistry public immutable executors;
    ISlashing public immutable slashing;
    /// @notice Names the agreement verifier.
    IPolicyRegistry public immutable governance;
    ICalibrationList public immutable calibration;

    uint8 private immutable _committeeSize;
    uint8 private immutable _quorum;
    uint32 private immutable _challengeWindow;
    uint32 private immutable _commitWindow;
    uint32 private immutable _revealWindow;
    uint128 private immutable _bond;

    /// @inheritdoc ICourt
    mapping(bytes32 jobId => mapping(uint8 seat => bytes32)) public caseAbout;
    /// @inheritdoc ICourt
    mapping(bytes32 jobId => mapping(uint8 seat => uint256)) public openAgainUntil;
    mapping(bytes32 courtJobId => Case) private _cases;

    /// @param clients Registries that bring cases about their jobs; empty places hold the zero address.
    constructor(Parameters memory given, Addresses memory addresses, address[MAX_JOB_REGISTRIES] memory clients)
        JobCallers(clients)
    {
        _checkParameters(given, addresses.jobs.parameters(), addresses.staking);
        jobs = addresses.jobs;
        models = addresses.models;
        executors = addresses.executors;
        slashing = addresses.slashing;
        governance = addresses.governance;
        calibration = addresses.calibration;
        _committeeSize = given.committeeSize;
        _quorum = given.quorum;
        _challengeWindow = given.challengeWindow;
        _commitWindow = given.commitWindow;
        _revealWindow = given.revealWindow;
        _bond = given.bond;
    }

    // ---------------------------------------------------------------- opening a case

    /// @inheritdoc ICourt
    function challenge(
        Terms calldata terms,
        uint8 seat,
        CourtTerms calldata court,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external payable returns (bytes32 courtJobId) {
        Accusation memory accusation = _accuse(terms, seat);
        return _open(accusation, address(jobs), court, input, parameterBytes, inputUri);
    }

    /// @inheritdoc ICourt
    function open(
        Accusation calldata accusation,
        CourtTerms calldata court,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external payable returns (bytes32 courtJobId) {
        if (!isJobRegistry(msg.sender)) revert NotClient(msg.sender);
        return _open(accusation, msg.sender, court, input, parameterBytes, inputUri);
    }

    // ---------------------------------------------------------------- closing it

    /// @inheritdoc ICourt
    function decide(bytes32 courtJobId, Answer calldata accused, Answer calldata courts)
        external
        returns (Verdict verdict)
    {
        Case memory pending = _pending(courtJobId);
        if (TermsHash.answer(keccak256(accused.result), keccak256(accused.vector)) != pending.answerHash) {
            revert NotTheAccusedAnswer(pending.jobId, pending.seat);
        }
        // False as well while the court's job has no result.
        if (!jobs.verifyResult(courtJobId, courts.result, keccak256(courts.vector))) {
            revert NotTheCourtsAnswer(courtJobId);
        }

        bool agrees = IAgreementVerifier(governance.current().agreement())
            .agree(models.profileOf(pending.modelId, pending.version, pending.runtimeClass), accused, courts);
        verdict = agrees ? Verdict.Acquitted : Verdict.Convicted;
        _close(courtJobId, pending, verdict);
        if (agrees) {
            _forfeitBond(courtJobId, pending);
        } else {
            _credit(pending.challenger, courtJobId, _bond);
            slashing.punish(Offence.Conviction, pending.executorId, pending.jobId, pending.seatFee, pending.challenger);
        }
        _tell(courtJobId, pending, verdict);
    }

    /// @inheritdoc ICourt
    function lapse(bytes32 courtJobId) external {
        Case memory pending = _pending(courtJobId);
        if (jobs.jobState(courtJobId).phase != Phase.Refunded) revert NotDecided(courtJobId);
        _close(courtJobId, pending, Verdict.Lapsed);
        openAgainUntil[pending.jobId][pending.seat] = block.timestamp + _challengeWindow;
        // Otherwise an accused could shield an answer for nothing, by challenging it first with a court that can't form.
        uint256 burned = _bond / 4;
        _credit(pending.challenger, courtJobId, _bond - burned);
        _burn(burned);
        _tell(courtJobId, pending, Verdict.Lapsed);
    }

    /// @inheritdoc ICourt
    function retryVerdict(bytes32 courtJobId) external {
        Case storage closed = _cases[courtJobId];
        if (!closed.undelivered) revert NothingToDeliver(courtJobId);
        closed.undelivered = false;
        emit VerdictDelivered(courtJobId, closed.registry);
        ICourtClient(closed.registry).onVerdict(closed.jobId, closed.seat, closed.verdict);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc ICourt
    function quote(uint32 maxUnits, CourtTerms calldata court) external view returns (uint256) {
        Accusation memory any;
        any.maxUnits = maxUnits;
        return jobs.quote(_courtTerms(any, court)) + _bond;
    }

    /// @inheritdoc ICourt
    function caseOf(bytes32 courtJobId) external view returns (Case memory) {
        return _cases[courtJobId];
    }

    /// @inheritdoc ICourt
    function lowestSeatFee(bytes32 jobId, uint8 seat, uint128 seatFee) external view returns (uint256) {
        return _lowest(seatFee, _lapses(caseAbout[jobId][seat]));
    }

    /// @inheritdoc ICourt
    function excludedFrom(bytes32 courtJobId) external view returns (uint32[] memory executorIds) {
        Case storage about = _cases[courtJobId];
        if (about.registry != address(jobs)) {
            executorIds = new uint32[](about.executorId == 0 ? 0 : 1);
            if (about.executorId != 0) executorIds[0] = about.executorId;
            return executorIds;
        }
        executorIds = jobs.jobState(about.jobId).committee;
        uint256 seated;
        for (uint256 seat; seat < executorIds.length; ++seat) {
            // An empty seat is nobody's.
            if (executorIds[seat] != 0) executorIds[seated++] = executorIds[seat];
        }
        assembly ("memory-safe") {
            mstore(executorIds, seated)
        }
    }

    /// @inheritdoc ICourt
    function parameters() external view returns (Parameters memory) {
        return Parameters({
            committeeSize: _committeeSize,
            quorum: _quorum,
            challengeWindow: _challengeWindow,
            commitWindow: _commitWindow,
            revealWindow: _revealWindow,
            bond: _bond
        });
    }

    // ---------------------------------------------------------------- accusing

    /// @dev What a challenge of a redundant job's seat accuses it of.
    function _accuse(Terms calldata terms, uint8 seat) private view returns (Accusation memory) {
        bytes32 jobId = jobs.jobIdOf(terms);
        if (terms.pool != 0) revert NotPublic(jobId, terms.pool);
        JobState memory state = jobs.jobState(jobId);
        if (state.phase != Phase.Resolved && state.phase != Phase.Refunded) revert JobNotFinal(jobId);
        if (seat >= state.committee.length || state.revealed & (1 << seat) == 0) revert SeatNotRevealed(jobId, seat);

        uint256 deadline = openAgainUntil[jobId][seat];
        if (deadline == 0) deadline = uint256(state.requestTime) + _challengeWindow;
        if (block.timestamp > deadline) revert TooLate(jobId, deadline);

        bytes32 answerHash = jobs.seatHash(jobId, seat);
        // A resolution clears records only where all who revealed gave one answer, and keeps the lowest seat's.
        if (answerHash == 0) answerHash = jobs.seatHash(jobId, uint8(JobWords.lowest(state.revealed)));
        return Accusation({
            jobId: jobId,
            executorId: state.committee[seat],
            seat: seat,
            seatFee: state.seatFee,
            answerHash: answerHash,
            modelId: terms.modelId,
            version: terms.version,
            runtimeClass: terms.runtimeClass,
            inputHash: terms.inputHash,
            parametersHash: terms.parametersHash,
            maxUnits: terms.maxUnits,
            challenger: msg.sender
        });
    }

    /// @dev Records the case, holds the bond and requests the court's job.
    function _open(
        Accusation memory accusation,
        address registry,
        CourtTerms calldata court,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) private returns (bytes32 courtJobId) {
        uint256 lapses = _checkAccusation(accusation, court);
        Terms memory terms = _courtTerms(accusation, court);
        uint256 escrow = jobs.quote(terms);
        uint256 required = escrow + _bond;
        if (msg.value < required) revert InsufficientPayment(required, msg.value);

        courtJobId = jobs.jobIdOf(terms);
        _cases[courtJobId] = Case({
            challenger: accusation.challenger,
            executorId: accusation.executorId,
            seat: accusation.seat,
            verdict: Verdict.Pending,
            version: accusation.version,
            registry: registry,
            undelivered: false,
            jobId: accusation.jobId,
            answerHash: accusation.answerHash,
            modelId: accusation.modelId,
            runtimeClass: accusation.runtimeClass,
            seatFee: accusation.seatFee,
            lapses: uint8(lapses)
        });
        caseAbout[accusation.jobId][accusation.seat] = courtJobId;
        liabilities += msg.value - escrow;
        emit Challenged(
            courtJobId, accusation.jobId, accusation.executorId, accusation.seat, registry, accusation.challenger, _bond
        );
        _credit(accusation.challenger, courtJobId, msg.value - required);
        // Reverts for a number that was used before, so no case is ever written over.
        jobs.request{value: escrow}(terms, input, parameterBytes, inputUri);
    }

    /// @return lapses How many cases about the answer lapsed before.
    function _checkAccusation(Accusation memory accusation, CourtTerms calldata court)
        private
        view
        returns (uint256 lapses)
    {
        if (!calibration.isCalibrated(accusation.modelId, accusation.version, accusation.runtimeClass)) {
            revert NotCalibrated(accusation.modelId, accusation.version, accusation.runtimeClass);
        }
        bytes32 previous = caseAbout[accusation.jobId][accusation.seat];
        // One case at a time; and a verdict is final.
        if (previous != 0 && _cases[previous].verdict != Verdict.Lapsed) {
            revert AlreadyChallenged(accusation.jobId, accusation.seat, previous);
        }
        // For less than the accused asked, a court might not form, and the accused might wish for just that.
        lapses = _lapses(previous);
        uint256 offered = uint256(court.maxPricePerUnit) * accusation.maxUnits;
        uint256 lowest = _lowest(accusation.seatFee, lapses);
        if (offered < lowest) revert PriceTooLow(offered, lowest);
    }

    /// @dev How many cases about an answer have lapsed. Stops counting where it stops to matter.
    function _lapses(bytes32 previous) private view returns (uint256) {
        if (_cases[previous].verdict != Verdict.Lapsed) return 0;
        return Math.min(uint256(_cases[previous].lapses) + 1, MAX_DOUBLINGS);
    }

    /// @dev Can't overflow: fees have at most 128 bits.
    function _lowest(uint128 seatFee, uint256 lapses) private pure returns (uint256) {
        return uint256(seatFee) << lapses;
    }

    /// @dev The same question to a committee of the public pool. What it leaves is the challenger's.
    function _courtTerms(Accusation memory accusation, CourtTerms calldata court) private view returns (Terms memory) {
        return Terms({
            requester: address(this),
            // Of the challenger's own, so that nobody else can use a number up.
            nonce: uint256(keccak256(abi.encode(accusation.challenger, court.nonce))),
            modelId: accusation.modelId,
            version: accusation.version,
            runtimeClass: accusation.runtimeClass,
            pool: 0,
            tier: Tier.Redundant,
            committeeSize: _committeeSize,
            quorum: _quorum,
            inputHash: accusation.inputHash,
            parametersHash: accusation.parametersHash,
            maxPricePerUnit: court.maxPricePerUnit,
            maxUnits: accusation.maxUnits,
            commitWindow: _commitWindow,
            revealWindow: _revealWindow,
            dispatchFee: court.dispatchFee,
            advanceReserve: court.advanceReserve,
            callbackTarget: address(0),
            callbackGas: 0,
            callbackFee: 0,
            errorCallback: false,
            refundTo: accusation.challenger
        });
    }

    // ---------------------------------------------------------------- settling

    function _pending(bytes32 courtJobId) private view returns (Case memory pending) {
        pending = _cases[courtJobId];
        if (pending.verdict != Verdict.Pending) revert NotPending(courtJobId);
    }

    function _close(bytes32 courtJobId, Case memory pending, Verdict verdict) private {
        _cases[courtJobId].verdict = verdict;
        emit Decided(courtJobId, pending.jobId, pending.executorId, pending.seat, verdict);
    }

    /// @dev A quarter to the accused and a quarter to the court's agreeing seats, rounded down; the rest is burned.
    function _forfeitBond(bytes32 courtJobId, Case memory pending) private {
        uint256 quarter = _bond / 4;
        _credit(executors.ownerOf(pending.executorId), courtJobId, quarter);

        JobState memory state = jobs.jobState(courtJobId);
        // A resolved job has a quorum of them.
        uint256 seats = JobWords.count(state.agreeing);
        uint256 share = quarter / seats;
        for (uint256 seat; seat < state.committee.length; ++seat) {
            if (state.agreeing & (1 << seat) == 0) continue;
            _credit(executors.ownerOf(state.committee[seat]), courtJobId, share);
        }

        _burn(_bond - quarter - share * seats);
    }

    /// @dev Tells a client the verdict. Nothing that it does can keep the case from closing.
    function _tell(bytes32 courtJobId, Case memory closed, Verdict verdict) private {
        address client = closed.registry;
        if (client == address(jobs)) return;
        // EIP-150 gives a call at most 63/64 of the gas that is left: a caller can't make a client fail by giving less.
        uint256 required = (VERDICT_GAS * 64 + 62) / 63 + VERDICT_OVERHEAD;
        if (gasleft() < required) revert InsufficientGasForVerdict(required, gasleft());
        bytes memory message = abi.encodeCall(ICourtClient.onVerdict, (closed.jobId, closed.seat, verdict));
        bool delivered;
        // No return data is copied: a client can't make the caller pay for its size.
        assembly ("memory-safe") {
            delivered := call(VERDICT_GAS, client, 0, add(message, 0x20), mload(message), 0, 0)
        }
        if (delivered) {
            emit VerdictDelivered(courtJobId, client);
        } else {
            _cases[courtJobId].undelivered = true;
            emit VerdictUndelivered(courtJobId, client);
        }
    }

    // ---------------------------------------------------------------- money

    function _burn(uint256 amount) private {
        liabilities -= amount;
        _send(BURN, amount);
    }

    /// @dev Moves wei that are already owed to an account.
    function _credit(address account, bytes32 courtJobId, uint256 amount) private {
        if (amount == 0) return;
        _addCredit(account, amount);
        emit Credited(account, courtJobId, amount);
    }

    // ---------------------------------------------------------------- parameters

    function _checkParameters(Parameters memory given, IJobRegistry.Parameters memory limits, IStaking staking)
        private
        view
    {
        (uint256 seats, uint256 quorum) = (given.committeeSize, given.quorum);
        _require(seats != 0 && seats <= MAX_SEATS, "committeeSize");
        // Two thirds to convict; and from three seats on one that may fail, as the job registry demands.
        _require(3 * quorum >= 2 * seats && (seats < 3 ? quorum <= seats : quorum < seats), "quorum");
        _require(
            given.commitWindow >= limits.minCommitWindow && given.commitWindow <= limits.maxCommitWindow, "commitWindow"
        );
        _require(
            given.revealWindow >= limits.minRevealWindow && given.revealWindow <= limits.maxRevealWindow, "revealWindow"
        );
        _require(given.bond != 0, "bond");
        // The draws, which take as long as nobody pays attention, come on top of both sums.
        uint256 longestJob = 2 * uint256(limits.maxCommitWindow) + limits.maxRevealWindow + limits.revealGrace;
        uint256 longestCourt = 2 * uint256(given.commitWindow) + given.revealWindow + limits.revealGrace;
        _require(given.challengeWindow > longestJob, "challengeWindow");
        // Stake leaves one period of so many epochs after the end of the one in which its exit began.
        uint256 shortestExit = uint256(staking.unbondingEpochs()) * staking.epochLength();
        _require(given.challengeWindow + longestCourt < shortestExit, "challengeWindow");
    }

    function _require(bool holds, string memory name) private pure {
        if (!holds) revert InvalidParameter(name);
    }
}
