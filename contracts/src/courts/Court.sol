// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IExecutorRegistry} from "../executors/IExecutorRegistry.sol";
import {MAX_SEATS} from "../jobs/Committee.sol";
import {IJobRegistry} from "../jobs/IJobRegistry.sol";
import {Answer, JobState, Phase, Terms, Tier} from "../jobs/JobTypes.sol";
import {TermsHash} from "../jobs/TermsHash.sol";
import {IModelRegistry} from "../models/IModelRegistry.sol";
import {ISlashing} from "../stake/ISlashing.sol";
import {Offence} from "../stake/IStaking.sol";
import {IAgreementVerifier} from "../verify/IAgreementVerifier.sol";
import {ICalibrationList} from "./ICalibrationList.sol";
import {Case, CourtTerms, ICourt, Verdict} from "./ICourt.sol";

/// @title Courts, as requesters of ordinary redundant jobs. Immutable: no owner, no upgrade, no pause.
/// @notice Holds the bonds of pending cases and the credits that come of them; internal accounts only. The escrow of a
/// court's job is the job registry's.
contract Court is ICourt {
    /// @notice The contracts that a court relies on.
    struct Addresses {
        IJobRegistry jobs;
        IModelRegistry models;
        IExecutorRegistry executors;
        ISlashing slashing;
        IAgreementVerifier agreement;
        ICalibrationList calibration;
    }

    address private constant BURN = 0x000000000000000000000000000000000000dEaD;

    IJobRegistry public immutable jobs;
    IModelRegistry public immutable models;
    IExecutorRegistry public immutable executors;
    ISlashing public immutable slashing;
    IAgreementVerifier public immutable agreement;
    ICalibrationList public immutable calibration;

    uint8 private immutable _committeeSize;
    uint8 private immutable _quorum;
    uint32 private immutable _challengeWindow;
    uint32 private immutable _commitWindow;
    uint32 private immutable _revealWindow;
    uint128 private immutable _bond;

    /// @inheritdoc ICourt
    uint256 public liabilities;
    /// @inheritdoc ICourt
    mapping(address account => uint256) public creditOf;
    /// @inheritdoc ICourt
    mapping(bytes32 jobId => mapping(uint8 seat => bytes32)) public caseAbout;
    mapping(bytes32 courtJobId => Case) private _cases;
    /// @dev Until when a seat can be challenged again, in Unix seconds; set when a case about it lapsed.
    mapping(bytes32 jobId => mapping(uint8 seat => uint256)) private _openAgainUntil;

    constructor(Parameters memory given, Addresses memory addresses) {
        _require(given.committeeSize != 0 && given.committeeSize <= MAX_SEATS, "committeeSize");
        // Two thirds to convict, and from three seats on one that may fail, as the job registry demands.
        _require(3 * uint256(given.quorum) >= 2 * uint256(given.committeeSize), "quorum");
        _require(
            given.committeeSize < 3 ? given.quorum <= given.committeeSize : given.quorum < given.committeeSize, "quorum"
        );
        _require(given.challengeWindow != 0, "challengeWindow");
        _require(given.bond != 0, "bond");
        jobs = addresses.jobs;
        models = addresses.models;
        executors = addresses.executors;
        slashing = addresses.slashing;
        agreement = addresses.agreement;
        calibration = addresses.calibration;
        _committeeSize = given.committeeSize;
        _quorum = given.quorum;
        _challengeWindow = given.challengeWindow;
        _commitWindow = given.commitWindow;
        _revealWindow = given.revealWindow;
        _bond = given.bond;
    }

    // ---------------------------------------------------------------- anyone

    /// @inheritdoc ICourt
    function challenge(
        Terms calldata terms,
        uint8 seat,
        CourtTerms calldata court,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external payable returns (bytes32 courtJobId) {
        Case memory opened = _accuse(terms, seat);
        Terms memory courtTerms = _courtTerms(terms, court, msg.sender);
        uint256 escrow = jobs.quote(courtTerms);
        uint256 required = escrow + _bond;
        if (msg.value < required) revert InsufficientPayment(required, msg.value);

        courtJobId = jobs.jobIdOf(courtTerms);
        _cases[courtJobId] = opened;
        caseAbout[opened.jobId][seat] = courtJobId;
        liabilities += msg.value - escrow;
        emit Challenged(courtJobId, opened.jobId, opened.executorId, seat, msg.sender, _bond);
        _credit(msg.sender, courtJobId, msg.value - required);
        jobs.request{value: escrow}(courtTerms, input, parameterBytes, inputUri);
    }

    /// @inheritdoc ICourt
    function decide(bytes32 courtJobId, Terms calldata terms, Answer calldata accused, Answer calldata courts)
        external
        returns (Verdict verdict)
    {
        Case memory pending = _pending(courtJobId);
        if (
            jobs.jobIdOf(terms) != pending.jobId
                || jobs.seatHash(pending.jobId, pending.seat) != _answerHash(accused)
        ) revert NotTheAccusedAnswer(pending.jobId, pending.seat);
        // False as well while the court's job has no result.
        if (!jobs.verifyResult(courtJobId, courts.result, keccak256(courts.vector))) {
            revert NotTheCourtsAnswer(courtJobId);
        }

        bool agrees =
            agreement.agree(models.profileOf(terms.modelId, terms.version, terms.runtimeClass), accused, courts);
        verdict = agrees ? Verdict.Acquitted : Verdict.Convicted;
        _close(courtJobId, pending, verdict);
        if (agrees) {
            _forfeitBond(courtJobId, pending);
        } else {
            _credit(pending.challenger, courtJobId, _bond);
            slashing.punish(
                Offence.Conviction, pending.executorId, pending.jobId, pending.seatFee, pending.challenger
            );
        }
    }

    /// @inheritdoc ICourt
    function lapse(bytes32 courtJobId) external {
        Case memory pending = _pending(courtJobId);
        if (jobs.jobState(courtJobId).phase != Phase.Refunded) revert NotDecided(courtJobId);
        _close(courtJobId, pending, Verdict.Lapsed);
        _openAgainUntil[pending.jobId][pending.seat] = block.timestamp + _challengeWindow;
        // Otherwise an accused could shield an answer for nothing, by challenging it first with a court that can't form.
        uint256 burned = _bond / 4;
        _credit(pending.challenger, courtJobId, _bond - burned);
        _burn(burned);
    }

    /// @inheritdoc ICourt
    function withdrawFor(address account) external {
        uint256 amount = creditOf[account];
        if (amount == 0) revert NothingToWithdraw(account);
        creditOf[account] = 0;
        liabilities -= amount;
        emit Withdrawn(account, amount);
        _send(account, amount);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc ICourt
    function quote(Terms calldata terms, CourtTerms calldata court) external view returns (uint256) {
        return jobs.quote(_courtTerms(terms, court, msg.sender)) + _bond;
    }

    /// @inheritdoc ICourt
    function caseOf(bytes32 courtJobId) external view returns (Case memory) {
        return _cases[courtJobId];
    }

    /// @inheritdoc ICourt
    function excludedFrom(bytes32 courtJobId) external view returns (uint32[] memory executorIds) {
        bytes32 jobId = _cases[courtJobId].jobId;
        return jobId == 0 ? executorIds : jobs.jobState(jobId).committee;
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

    // ---------------------------------------------------------------- internals

    /// @dev The case that a challenge would open.
    function _accuse(Terms calldata terms, uint8 seat) private view returns (Case memory opened) {
        if (!calibration.isCalibrated(terms.modelId, terms.version, terms.runtimeClass)) {
            revert NotCalibrated(terms.modelId, terms.version, terms.runtimeClass);
        }
        bytes32 jobId = jobs.jobIdOf(terms);
        JobState memory state = jobs.jobState(jobId);
        if (state.phase != Phase.Resolved && state.phase != Phase.Refunded) revert JobNotFinal(jobId);
        if (seat >= state.committee.length || state.revealed & (1 << seat) == 0) revert SeatNotRevealed(jobId, seat);

        uint256 deadline = uint256(state.requestTime) + _challengeWindow;
        bytes32 previous = caseAbout[jobId][seat];
        if (previous != 0) {
            // One case at a time; and a verdict is final.
            if (_cases[previous].verdict != Verdict.Lapsed) revert AlreadyChallenged(jobId, seat, previous);
            deadline = _openAgainUntil[jobId][seat];
        }
        if (block.timestamp > deadline) revert TooLate(jobId, deadline);
        return Case({
            challenger: msg.sender,
            executorId: state.committee[seat],
            seat: seat,
            verdict: Verdict.Pending,
            jobId: jobId,
            seatFee: state.seatFee
        });
    }

    /// @dev The same question to a larger committee of the public pool. What it leaves is the challenger's.
    function _courtTerms(Terms calldata terms, CourtTerms calldata court, address challenger)
        private
        view
        returns (Terms memory)
    {
        return Terms({
            requester: address(this),
            // Of the challenger's number alone, so that nobody else can use it up.
            nonce: uint256(keccak256(abi.encode(challenger, court.nonce))),
            modelId: terms.modelId,
            version: terms.version,
            runtimeClass: terms.runtimeClass,
            pool: 0,
            tier: Tier.Redundant,
            committeeSize: _committeeSize,
            quorum: _quorum,
            inputHash: terms.inputHash,
            parametersHash: terms.parametersHash,
            maxPricePerUnit: court.maxPricePerUnit,
            maxUnits: terms.maxUnits,
            commitWindow: _commitWindow,
            revealWindow: _revealWindow,
            dispatchFee: court.dispatchFee,
            advanceReserve: court.advanceReserve,
            callbackTarget: address(0),
            callbackGas: 0,
            callbackFee: 0,
            errorCallback: false,
            refundTo: challenger
        });
    }

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
        uint256 seats;
        for (uint256 seat; seat < state.committee.length; ++seat) {
            seats += (state.agreeing >> seat) & 1;
        }
        uint256 share = quarter / seats;
        for (uint256 seat; seat < state.committee.length; ++seat) {
            if ((state.agreeing >> seat) & 1 == 0) continue;
            _credit(executors.ownerOf(state.committee[seat]), courtJobId, share);
        }

        _burn(_bond - quarter - share * seats);
    }

    function _burn(uint256 amount) private {
        liabilities -= amount;
        _send(BURN, amount);
    }

    /// @dev Moves wei that are already owed to an account.
    function _credit(address account, bytes32 courtJobId, uint256 amount) private {
        if (amount == 0) return;
        creditOf[account] += amount;
        emit Credited(account, courtJobId, amount);
    }

    /// @dev Sends wei without copying what the receiver returns.
    function _send(address account, uint256 amount) private {
        bool sent;
        assembly ("memory-safe") {
            sent := call(gas(), account, amount, 0, 0, 0, 0)
        }
        if (!sent) revert TransferFailed(account, amount);
    }

    function _answerHash(Answer calldata answer) private pure returns (bytes32) {
        return TermsHash.answer(keccak256(answer.result), keccak256(answer.vector));
    }

    function _require(bool holds, string memory name) private pure {
        if (!holds) revert InvalidParameter(name);
    }
}
