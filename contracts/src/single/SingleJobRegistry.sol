// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CallbackStatus, RefundReason} from "../jobs/JobTypes.sol";
import {TermsHash} from "../jobs/TermsHash.sol";
import {IProofVerifier, ProofStatement} from "../proofs/IProofVerifier.sol";
import {IProofVerifierList} from "../proofs/IProofVerifierList.sol";
import {IStaking, SeatOutcome} from "../stake/IStaking.sol";
import {ISingleJobRegistry} from "./ISingleJobRegistry.sol";
import {SingleConfiguration} from "./SingleConfiguration.sol";
import {SingleDisputes} from "./SingleDisputes.sol";
import {SingleDraw} from "./SingleDraw.sol";
import {SingleHash} from "./SingleHash.sol";
import {Record, Scheduler, SinglePhase, SingleTerms, SingleTier} from "./SingleTypes.sol";
import {SingleWord, SingleWords} from "./SingleWord.sol";

/// @title The life of a job of a single executor, and the custody of its escrow. Immutable: no owner, no upgrade, no pause.
/// @notice
///               submitProven
///      +-------------------------------------------------------------------> Final
///      |                                                                       ^
///      |       submit                 finalize, after the window               |
///   Requested ----------> Provisional -----------------------------------------+
///      |  |                ^ ^    | |                                          |
///      |  | advanceJob,    | |    | | challenge            onVerdict           | finalize
///      |  | bid            | |    | +----------> Challenged ----------> Acquitted
///      |  v       submit   | |    |                 |    |
///      | Drawn ------------+ |    |       onVerdict |    +----------> Convicted
///      |  |                  |    |                 v                  |
///      |  |                  +----|------------- Lapsed                | overturn
///      |  |              reopen   |                                    v
///      |  |                       +------------------------------> Overturned
///      |  | advanceJob               overturnFalseVif (Acquitted, Lapsed and Challenged too)
///      +--+----------> Refunded
///      cancel, advanceJob
///
/// Assumptions, for safety: the contracts in `Addresses` do what their interfaces say; the beacon can't be predicted before
/// its block; somebody who can run the model looks at provisional answers. For liveness: somebody calls what pays the
/// dispatch fee or the bounty; the court delivers its verdicts.
contract SingleJobRegistry is SingleDraw, SingleDisputes {
    constructor(Parameters memory given, Addresses memory contracts) SingleConfiguration(given, contracts) {}

    // ---------------------------------------------------------------- requester

    /// @inheritdoc ISingleJobRegistry
    function request(
        SingleTerms calldata terms,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external payable returns (bytes32 jobId) {
        _checkTerms(terms);
        _checkInput(terms, input, parameterBytes, inputUri);
        uint256 escrow = _escrowOf(terms);
        if (msg.value < escrow) revert InsufficientPayment(escrow, msg.value);

        _useNonce(msg.sender, terms.nonce);
        jobId = SingleHash.jobId(terms);
        uint256 turn;
        if (terms.scheduler == Scheduler.RoundRobin) turn = turnsOf[SingleHash.offeringKey(terms)]++;
        _jobs[jobId] = SingleWords.requested(turn);
        // Decodes every field, and so refuses unclean ones (see `SingleHash.terms`).
        emit JobRequested(jobId, msg.sender, terms.modelId, terms, input, parameterBytes, inputUri);
        _creditAndTell(terms.refundTo, jobId, msg.value - escrow);
    }

    /// @inheritdoc ISingleJobRegistry
    function cancel(SingleTerms calldata terms) external {
        if (msg.sender != terms.requester) revert NotRequester(msg.sender, terms.requester);
        (bytes32 jobId, SingleWord word) = _load(terms);
        _requirePhase(jobId, word, SinglePhase.Requested);
        // Up to its own block nobody can know the beacon; later a requester could shop for an executor.
        uint256 last = _beaconBlock(word);
        if (block.number > last) revert TooLate(jobId, last);
        _refund(terms, jobId, word, RefundReason.Cancelled);
    }

    // ---------------------------------------------------------------- executors

    /// @inheritdoc ISingleJobRegistry
    function bid(SingleTerms calldata terms, uint128 pricePerUnit) external {
        (bytes32 jobId, SingleWord word) = _load(terms);
        if (terms.scheduler != Scheduler.ReverseAuction) revert WrongScheduler(jobId);
        SinglePhase phase = word.phase();
        if (phase != SinglePhase.Drawn) _requirePhase(jobId, word, SinglePhase.Requested);
        uint256 end = word.requestTime() + terms.bidWindow;
        _requireNotAfter(jobId, end);
        uint32 executorId = _caller();
        if (_offeredFee(terms, word, executorId) == 0) revert NotEligible(jobId, executorId);
        uint256 fee = uint256(pricePerUnit) * terms.maxUnits;
        if (fee < _minFee) revert FeeTooLow(fee, _minFee);

        if (phase == SinglePhase.Drawn) {
            if (fee >= word.fee()) revert BidTooHigh(jobId, fee, word.fee());
            staking.unlockSeat(jobId, word.executorId(), _lockFor(word.fee()));
        } else if (fee > _maxFee(terms)) {
            revert BidTooHigh(jobId, fee, _maxFee(terms));
        }
        _lock(jobId, executorId, fee);
        _seat(jobId, word, executorId, fee, end + terms.submitWindow);
    }

    /// @inheritdoc ISingleJobRegistry
    function decline(SingleTerms calldata terms) external {
        (bytes32 jobId, SingleWord word) = _load(terms);
        _requirePhase(jobId, word, SinglePhase.Drawn);
        // Bids would be free otherwise.
        if (terms.scheduler == Scheduler.ReverseAuction) revert WrongScheduler(jobId);
        uint32 executorId = _caller();
        if (executorId != word.executorId()) revert NotDrawn(jobId, executorId);
        uint256 end = word.deadline() - terms.submitWindow / 2;
        _requireNotAfter(jobId, end);

        staking.unlockSeat(jobId, executorId, _lockFor(word.fee()));
        // The deadline stays, so that a job's longest life does.
        _jobs[jobId] = word.toDrawn(0, 0, word.deadline());
        emit SeatDeclined(jobId, executorId);
    }

    /// @inheritdoc ISingleJobRegistry
    function submit(SingleTerms calldata terms, bytes calldata result, bytes calldata vector, bytes calldata vif)
        external
    {
        (bytes32 jobId, SingleWord word) = _load(terms);
        if (terms.tier != SingleTier.Optimistic) revert WrongTier(jobId);
        if (vif.length != VIF_BYTES) revert InvalidVifLength(vif.length);
        uint32 executorId = _caller();
        bytes32 keyHash = vrfKeyHashOf[executorId];
        if (keyHash == 0) revert NoVrfKey(executorId);

        bytes32 randomness = _randomness(jobId, word);
        Record memory record = _record(terms, jobId, word, executorId, randomness, result, vector);
        // Of a seat that was drawn before, or won by a bid.
        if (randomness == 0) _refuseWithoutBeacon(jobId, word);
        record.vifHash = SingleHash.vif(keyHash, randomness, vif);
        bool callsBack = record.provisionalCallback;
        if (callsBack) {
            record.balance -= record.callbackFee;
            _creditAndTell(msg.sender, jobId, record.callbackFee);
        }
        word = _answer(jobId, SinglePhase.Provisional, _statusFor(callsBack), record);
        emit Submitted(
            jobId, executorId, record.fee, record.balance, record.windowEnd, keyHash, randomness, result, vector, vif
        );
        if (callsBack) _callBackResult(jobId, word, record.callbackTarget, record.callbackGas, result);
    }

    /// @inheritdoc ISingleJobRegistry
    function submitProven(
        SingleTerms calldata terms,
        bytes calldata result,
        bytes calldata vector,
        bytes calldata proof
    ) external {
        (bytes32 jobId, SingleWord word) = _load(terms);
        if (terms.tier != SingleTier.Proven) revert WrongTier(jobId);
        uint32 executorId = _caller();
        bytes32 randomness = _randomness(jobId, word);
        Record memory record = _record(terms, jobId, word, executorId, randomness, result, vector);
        if (!_proves(terms, jobId, executorId, result, vector, proof)) revert ProofRefused(jobId, terms.verifier);
        word = SingleWords.answered(SinglePhase.Final, CallbackStatus.None, SingleHash.record(record));
        emit Proven(jobId, executorId, record.fee, record.balance, result, vector, proof);
        _finalise(jobId, word, record, result);
    }

    // ---------------------------------------------------------------- anyone

    /// @inheritdoc ISingleJobRegistry
    function finalize(bytes32 jobId, Record calldata record, bytes calldata result, bytes32 vectorHash) external {
        SingleWord word = _loadAnswered(jobId, record);
        if (word.phase() != SinglePhase.Acquitted) {
            _requirePhase(jobId, word, SinglePhase.Provisional);
            _requireAfter(jobId, record.windowEnd);
        }
        if (_callsBackAtEnd(record) && !_isResult(record, result, vectorHash)) revert ResultMismatch(jobId);
        _finalise(jobId, word, _loaded(record), result);
    }

    /// @inheritdoc ISingleJobRegistry
    function tryEach(bytes[] calldata calls) external {
        for (uint256 i; i < calls.length; ++i) {
            // A call to the own code keeps the caller, and undoes what fails. It brings no coins: this function takes none.
            (bool done,) = address(this).delegatecall(calls[i]);
            if (!done) emit CallFailed(i);
        }
    }

    /// @inheritdoc ISingleJobRegistry
    function advanceJob(SingleTerms calldata terms) external {
        (bytes32 jobId, SingleWord word) = _load(terms);
        SinglePhase phase = word.phase();
        uint256 bounty;
        // Executors draw without a bounty, by answering: it pays only for a draw that they leave undone.
        if (phase != SinglePhase.Requested || block.timestamp >= word.requestTime() + _drawBountyDelay) {
            bounty = _bounty(terms, word);
            _creditAndTell(msg.sender, jobId, bounty);
            word = word.withNextAdvance();
        }

        if (phase == SinglePhase.Requested) phase = _advanceRequested(terms, jobId, word);
        else if (phase == SinglePhase.Drawn) phase = _advanceDrawn(terms, jobId, word);
        else revert WrongPhase(jobId, phase);
        emit JobAdvanced(jobId, msg.sender, phase, bounty);
    }

    /// @inheritdoc ISingleJobRegistry
    function retryCallback(bytes32 jobId, Record calldata record, bytes calldata result, bytes32 vectorHash) external {
        SingleWord word = _retried(jobId, _loadAnswered(jobId, record));
        SinglePhase phase = word.phase();
        // A result that a court looks at, or that it found wrong, is not for handing out.
        if (phase == SinglePhase.Challenged || phase == SinglePhase.Convicted) revert WrongPhase(jobId, phase);
        if (phase == SinglePhase.Overturned) {
            _callBackFailure(jobId, word, record.callbackTarget, record.callbackGas, RefundReason.NoAgreement);
        } else {
            if (!_isResult(record, result, vectorHash)) revert ResultMismatch(jobId);
            _callBackResult(jobId, word, record.callbackTarget, record.callbackGas, result);
        }
    }

    /// @inheritdoc ISingleJobRegistry
    function retryErrorCallback(SingleTerms calldata terms) external {
        (bytes32 jobId, SingleWord word) = _load(terms);
        _requirePhase(jobId, word, SinglePhase.Refunded);
        word = _retried(jobId, word);
        _callBackFailure(jobId, word, terms.callbackTarget, terms.callbackGas, word.refundReason());
    }

    /// @inheritdoc ISingleJobRegistry
    function drawnOf(SingleTerms calldata terms) external view returns (uint32 executorId, uint128 fee) {
        (bytes32 jobId, SingleWord word) = _load(terms);
        if (word.phase() == SinglePhase.Drawn) return (word.executorId(), uint128(word.fee()));
        if (word.phase() != SinglePhase.Requested || terms.scheduler == Scheduler.ReverseAuction) return (0, 0);
        bytes32 randomness = _randomness(jobId, word);
        if (randomness == 0) return (0, 0);
        uint256 drawnFee;
        (executorId, drawnFee) = _draw(terms, jobId, word, randomness, word.executorId());
        fee = uint128(drawnFee);
    }

    // ---------------------------------------------------------------- request

    function _checkTerms(SingleTerms calldata terms) private view {
        if (msg.sender != terms.requester) revert NotRequester(msg.sender, terms.requester);
        if (governance.isPaused()) revert NewJobsPaused();
        if (terms.refundTo == address(0)) revert ZeroRefundAddress();
        bool proven = terms.tier == SingleTier.Proven;
        if (!proven && !_optimisticAllowed) revert OptimisticNotAllowed();
        if (proven) _requireActive(terms.verifier);
        else if (terms.verifier != address(0)) revert VerifierNotAllowed(terms.verifier);
        if (!models.isServable(terms.modelId, terms.version, terms.runtimeClass)) {
            revert UnknownModelVersion(terms.modelId, terms.version, terms.runtimeClass);
        }
        bool auction = terms.scheduler == Scheduler.ReverseAuction;
        _checkWindow(terms.bidWindow, auction ? _minWindow : 0, auction ? _maxWindow : 0);
        _checkWindow(terms.submitWindow, _minWindow, _maxWindow);
        _checkWindow(terms.takeoverWindow, _minWindow, _maxWindow);
        _checkWindow(terms.challengeWindow, proven ? 0 : _minChallengeWindow, proven ? 0 : _maxChallengeWindow);
        uint256 fee = _maxFee(terms);
        _checkFee(fee, _minFee);
        if (fee > SingleWords.MAX_FEE) revert FeeTooHigh(fee, SingleWords.MAX_FEE);
        _checkFee(terms.dispatchFee, _minDispatchFee);
        _checkFee(terms.advanceReserve, _minAdvanceReserve);
        _checkFee(terms.callbackFee, uint256(terms.callbackGas) * _callbackGasPrice);
        if (terms.callbackGas > _maxCallbackGas) revert CallbackGasTooHigh(terms.callbackGas, _maxCallbackGas);
        if (terms.callbackTarget == address(0)) {
            if (terms.callbackGas != 0 || terms.callbackFee != 0 || terms.provisionalCallback || terms.errorCallback) {
                revert CallbackWithoutTarget();
            }
        }
    }

    function _requireActive(address verifier) private view {
        if (!IProofVerifierList(governance.current().proofVerifiers()).isActive(verifier)) {
            revert VerifierNotAllowed(verifier);
        }
    }

    function _checkInput(
        SingleTerms calldata terms,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) private view {
        _checkSize(input.length);
        _checkSize(parameterBytes.length);
        _checkSize(bytes(inputUri).length);
        if (bytes(inputUri).length != 0) {
            if (input.length != 0) revert InputAndUri();
        } else if (keccak256(input) != terms.inputHash) {
            revert InputHashMismatch(terms.inputHash, keccak256(input));
        }
        bytes32 actual = keccak256(parameterBytes);
        if (actual != terms.parametersHash) revert ParametersHashMismatch(terms.parametersHash, actual);
    }

    function _checkSize(uint256 size) private view {
        if (size > _maxInputBytes) revert InputTooLarge(size, _maxInputBytes);
    }

    function _checkWindow(uint32 window, uint32 minimum, uint32 maximum) private pure {
        if (window < minimum || window > maximum) revert WindowOutOfRange(window, minimum, maximum);
    }

    function _checkFee(uint256 fee, uint256 minimum) private pure {
        if (fee < minimum) revert FeeTooLow(fee, minimum);
    }

    // ---------------------------------------------------------------- answers

    /// @dev The executor that the caller is the signer of.
    function _caller() private view returns (uint32 executorId) {
        executorId = executors.idOfSigner(msg.sender);
        if (executorId == 0) revert NotExecutor(msg.sender);
    }

    /// @dev Takes the seat for an answer, and writes its record as far as both tiers agree on it.
    function _record(
        SingleTerms calldata terms,
        bytes32 jobId,
        SingleWord word,
        uint32 executorId,
        bytes32 randomness,
        bytes calldata result,
        bytes calldata vector
    ) private returns (Record memory record) {
        if (result.length > _maxResultBytes) revert ResultTooLarge(result.length, _maxResultBytes);
        if (vector.length > MAX_VECTOR_BYTES) revert ResultTooLarge(vector.length, MAX_VECTOR_BYTES);
        record.modelId = terms.modelId;
        record.executorId = executorId;
        record.fee = uint128(_takeSeat(terms, jobId, word, executorId, randomness));
        record.balance = _escrowLeft(terms, word);
        record.windowEnd = uint64(block.timestamp + terms.challengeWindow);
        record.challengeWindow = terms.challengeWindow;
        record.dispatchFee = terms.dispatchFee;
        record.callbackFee = terms.callbackFee;
        record.refundTo = terms.refundTo;
        record.callbackTarget = terms.callbackTarget;
        record.callbackGas = terms.callbackGas;
        record.provisionalCallback = terms.provisionalCallback;
        record.errorCallback = terms.errorCallback;
        record.answerHash = TermsHash.answer(keccak256(result), keccak256(vector));
    }

    function _proves(
        SingleTerms calldata terms,
        bytes32 jobId,
        uint32 executorId,
        bytes calldata result,
        bytes calldata vector,
        bytes calldata proof
    ) private view returns (bool) {
        _requireActive(terms.verifier);
        ProofStatement memory statement = ProofStatement({
            jobId: jobId,
            executor: executors.ownerOf(executorId),
            modelId: terms.modelId,
            version: terms.version,
            runtimeClass: terms.runtimeClass,
            inputHash: terms.inputHash,
            parametersHash: terms.parametersHash,
            resultHash: keccak256(result),
            vectorHash: keccak256(vector)
        });
        return IProofVerifier(terms.verifier).verify(statement, proof);
    }

    // ---------------------------------------------------------------- advance

    function _advanceRequested(SingleTerms calldata terms, bytes32 jobId, SingleWord word)
        private
        returns (SinglePhase)
    {
        RefundReason reason = RefundReason.NoCommittee;
        if (terms.scheduler == Scheduler.ReverseAuction) {
            uint256 end = word.requestTime() + terms.bidWindow;
            _requireAfter(jobId, end);
        } else if (_beaconExpired(word)) {
            reason = RefundReason.BeaconExpired;
        } else {
            // Nobody holds the seat yet, so the word's executor is nobody.
            (uint32 executorId, uint256 fee) = _draw(terms, jobId, word, _randomness(jobId, word), word.executorId());
            if (executorId != 0) {
                _lock(jobId, executorId, fee);
                _seat(jobId, word, executorId, fee, block.timestamp + terms.submitWindow);
                return SinglePhase.Drawn;
            }
        }
        _refund(terms, jobId, word, reason);
        return SinglePhase.Refunded;
    }

    function _advanceDrawn(SingleTerms calldata terms, bytes32 jobId, SingleWord word) private returns (SinglePhase) {
        uint256 end = word.deadline() + terms.takeoverWindow;
        _requireAfter(jobId, end);
        uint32 holder = word.executorId();
        if (holder != 0) {
            // Without the beacon there is no VIF: perhaps that is why.
            bool excused = terms.tier == SingleTier.Optimistic && _beaconExpired(word);
            SeatOutcome outcome = excused ? SeatOutcome.Neutral : SeatOutcome.Miss;
            _settle(jobId, terms.requester, word.fee(), IStaking.Settlement(holder, outcome, 0, 0));
        }
        _refund(terms, jobId, word, RefundReason.TooFewReveals);
        return SinglePhase.Refunded;
    }

    /// @dev Puts an executor on the seat, on record.
    function _seat(bytes32 jobId, SingleWord word, uint32 executorId, uint256 fee, uint256 deadline) private {
        _jobs[jobId] = word.toDrawn(executorId, fee, deadline);
        emit SeatTaken(jobId, executorId, uint128(fee), uint64(deadline));
    }
}
