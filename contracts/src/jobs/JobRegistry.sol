// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Committee, Committees, MAX_SEATS} from "./Committee.sol";
import {Configuration} from "./Configuration.sol";
import {IJobRegistry} from "./IJobRegistry.sol";
import {Answer, CallbackStatus, Phase, RefundReason, Terms} from "./JobTypes.sol";
import {JobWord, JobWords} from "./JobWord.sol";
import {Settlement} from "./Settlement.sol";
import {TermsHash} from "./TermsHash.sol";

/// @title The life of a redundant job, and the custody of its escrow. Immutable: no owner, no upgrade, no pause.
/// @notice
///              first commit or advanceJob        all seats committed, or deadline
///   Requested ---------------------------> Committing ---------------------------> Revealing -----> Resolved
///       |                                   |  |   ^                                   |
///       | cancel, advanceJob                |  +---+ decline, one re-draw              | resolve, advanceJob
///       +-----------------------------------+------------------------------------------+----------> Refunded
///
/// Assumptions, for safety: the contracts in `Addresses` do what their interfaces say; the beacon can't be predicted
/// before its block. For liveness: somebody calls `advanceJob` or `resolve` when a deadline has passed, and the
/// agreement verifier reverts for no answers of the sizes accepted here.
contract JobRegistry is Settlement {
    constructor(Parameters memory given, Addresses memory addresses) Configuration(given, addresses) {}

    // ---------------------------------------------------------------- requester

    /// @inheritdoc IJobRegistry
    function request(
        Terms calldata terms,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external payable returns (bytes32 jobId) {
        _checkTerms(terms);
        _checkInput(terms, input, parameterBytes, inputUri);
        uint256 escrow = _escrowOf(terms);
        if (msg.value < escrow) revert InsufficientPayment(escrow, msg.value);

        _useNonce(msg.sender, terms.nonce);
        jobId = TermsHash.jobId(terms);
        _jobs[jobId].word = JobWords.requested();
        _owe(msg.value);
        // Decodes every field, and so refuses unclean ones (see `TermsHash.hash`).
        emit JobRequested(jobId, msg.sender, terms.modelId, terms, input, parameterBytes, inputUri);
        _credit(terms.refundTo, jobId, msg.value - escrow);
    }

    /// @inheritdoc IJobRegistry
    function cancel(Terms calldata terms) external {
        if (msg.sender != terms.requester) revert NotRequester(msg.sender, terms.requester);
        (bytes32 jobId, JobWord word) = _load(terms);
        _requirePhase(jobId, word, Phase.Requested);
        // Up to its own block nobody can know the beacon; later a requester could shop for a committee.
        if (block.number > _beaconBlock(word)) revert TooLate(jobId, _beaconBlock(word));
        _refund(terms, jobId, word, RefundReason.Cancelled, false);
    }

    // ---------------------------------------------------------------- executors

    /// @inheritdoc IJobRegistry
    function commit(Terms calldata terms, bytes32 commitment) external {
        if (commitment == 0) revert ZeroCommitment();
        (bytes32 jobId, JobWord word) = _load(terms);
        uint32 executorId = executors.idOfSigner(msg.sender);
        if (word.phase() == Phase.Requested) {
            bool drawn;
            (word, drawn) = _draw(terms, jobId, word);
            // Reverts the call: the refund of a job without a committee is `advanceJob`'s.
            if (!drawn) revert NotSeated(jobId, executorId);
        }
        _requirePhase(jobId, word, Phase.Committing);
        if (block.timestamp > word.deadline()) revert TooLate(jobId, word.deadline());

        Committee committee = _jobs[jobId].committee;
        uint256 seat = _seatOf(jobId, committee, executorId);
        if (word.committed() & (1 << seat) != 0) revert AlreadyCommitted(jobId, uint8(seat));
        _jobs[jobId].seats[seat] = commitment;
        emit Committed(jobId, executorId, uint8(seat), commitment);
        _storeCommitting(terms, jobId, word.withCommitted(seat), committee);
    }

    /// @inheritdoc IJobRegistry
    function decline(Terms calldata terms) external {
        (bytes32 jobId, JobWord word) = _load(terms);
        _requirePhase(jobId, word, Phase.Committing);
        if (block.timestamp > word.deadline()) revert TooLate(jobId, word.deadline());

        uint32 executorId = executors.idOfSigner(msg.sender);
        Committee committee = _jobs[jobId].committee;
        uint256 seat = _seatOf(jobId, committee, executorId);
        if (word.committed() & (1 << seat) != 0) revert AlreadyCommitted(jobId, uint8(seat));
        emit SeatDeclined(jobId, executorId, uint8(seat));
        staking.unlockSeat(jobId, executorId, _lockFor(word.seatFee()));

        bytes32 randomness;
        if (word.round() < JobWords.MAX_DECLINE_ROUNDS) {
            word = word.withNextRound();
            randomness = _randomness(jobId, word);
        }
        Draw memory draw = _drawFreed(terms, randomness, word, committee, 1 << seat);
        _seatDrawn(jobId, word, randomness, draw);
        _storeCommitting(terms, jobId, word, draw.committee);
    }

    /// @inheritdoc IJobRegistry
    function reveal(Terms calldata terms, bytes calldata result, bytes calldata vector, bytes32 salt) external {
        (bytes32 jobId, JobWord word) = _load(terms);
        (word,) = _reveal(terms, jobId, word, result, vector, salt);
        _jobs[jobId].word = word;
    }

    /// @inheritdoc IJobRegistry
    function revealAndResolve(
        Terms calldata terms,
        bytes calldata result,
        bytes calldata vector,
        bytes32 salt,
        Answer[] calldata others
    ) external {
        (bytes32 jobId, JobWord word) = _load(terms);
        uint256 seat;
        (word, seat) = _reveal(terms, jobId, word, result, vector, salt);

        // The caller's answer takes its place in the order of seats.
        Answer[] memory rest = others;
        Answer[] memory answers = new Answer[](rest.length + 1);
        uint256 position;
        while (position < rest.length && rest[position].seat < seat) {
            answers[position] = rest[position];
            ++position;
        }
        answers[position] = Answer({seat: uint8(seat), result: result, vector: vector});
        for (; position < rest.length; ++position) {
            answers[position + 1] = rest[position];
        }
        _resolve(terms, jobId, word, answers);
    }

    // ---------------------------------------------------------------- anyone

    /// @inheritdoc IJobRegistry
    function resolve(Terms calldata terms, Answer[] calldata answers) external {
        (bytes32 jobId, JobWord word) = _load(terms);
        _resolve(terms, jobId, word, answers);
    }

    /// @inheritdoc IJobRegistry
    function advanceJob(Terms calldata terms) external {
        (bytes32 jobId, JobWord word) = _load(terms);
        uint256 bounty = _bounty(terms, word);
        _credit(msg.sender, jobId, bounty);
        word = word.withNextAdvance();

        Phase phase = word.phase();
        if (phase == Phase.Requested) phase = _advanceRequested(terms, jobId, word);
        else if (phase == Phase.Committing) phase = _advanceCommitting(terms, jobId, word);
        else if (phase == Phase.Revealing) phase = _advanceRevealing(terms, jobId, word);
        else revert WrongPhase(jobId, phase);
        emit JobAdvanced(jobId, msg.sender, phase, bounty);
    }

    /// @inheritdoc IJobRegistry
    function retryCallback(Terms calldata terms, bytes calldata result, bytes32 vectorHash) external {
        (bytes32 jobId, JobWord word) = _load(terms);
        if (word.callbackStatus() != CallbackStatus.Failed) revert CallbackNotFailed(jobId);
        word = word.withCallbackStatus(CallbackStatus.Delivered);
        _jobs[jobId].word = word;
        if (word.phase() == Phase.Refunded) {
            _callBackFailure(terms, jobId, word);
        } else {
            if (!_isResult(jobId, keccak256(result), vectorHash)) revert ResultMismatch(jobId);
            _callBackResult(terms, jobId, word, result);
        }
    }

    // ---------------------------------------------------------------- request

    function _checkTerms(Terms calldata terms) private view {
        if (msg.sender != terms.requester) revert NotRequester(msg.sender, terms.requester);
        if (terms.refundTo == address(0)) revert ZeroRefundAddress();
        (uint256 n, uint256 k) = (terms.committeeSize, terms.quorum);
        // A majority, so that two results can't both win; and from three seats on, one that may fail.
        if (n == 0 || n > MAX_SEATS || k > n || 2 * k <= n || (n >= 3 && k == n)) {
            revert InvalidCommittee(terms.committeeSize, terms.quorum);
        }
        if (terms.pool != 0) revert PoolNotSupported(terms.pool);
        if (!models.isServable(terms.modelId, terms.version, terms.runtimeClass)) {
            revert UnknownModelVersion(terms.modelId, terms.version, terms.runtimeClass);
        }
        _checkWindow(terms.commitWindow, _minCommitWindow, _maxCommitWindow);
        _checkWindow(terms.revealWindow, _minRevealWindow, _maxRevealWindow);
        uint256 seatFee = _maxSeatFee(terms);
        _checkFee(seatFee, _minSeatFee);
        if (seatFee > JobWords.MAX_SEAT_FEE) revert FeeTooHigh(seatFee, JobWords.MAX_SEAT_FEE);
        _checkFee(terms.dispatchFee, _minDispatchFee);
        _checkFee(terms.advanceReserve, _minAdvanceReserve);
        _checkFee(terms.callbackFee, uint256(terms.callbackGas) * _callbackGasPrice);
        if (terms.callbackGas > _maxCallbackGas) revert CallbackGasTooHigh(terms.callbackGas, _maxCallbackGas);
        if (terms.callbackTarget == address(0)) {
            if (terms.callbackGas != 0 || terms.callbackFee != 0 || terms.errorCallback) {
                revert CallbackWithoutTarget();
            }
        }
    }

    function _checkInput(
        Terms calldata terms,
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

    // ---------------------------------------------------------------- draw and commit

    /// @dev Draws the committee. Writes the committee, not the word. `drawn` is false, and nothing changes, when too
    /// few executors are eligible.
    function _draw(Terms calldata terms, bytes32 jobId, JobWord word) private returns (JobWord, bool drawn) {
        bytes32 randomness = _randomness(jobId, word);
        if (randomness == 0) {
            if (_beaconExpired(word)) revert BeaconOutOfReach(jobId);
            revert BeaconNotReady(jobId, _beaconBlock(word) + 1);
        }
        (Draw memory draw, uint256 seatFee, bool complete) = _drawAll(terms, randomness, word);
        if (!complete) return (word, false);
        word = word.toCommitting(seatFee, block.timestamp + terms.commitWindow);
        _seatDrawn(jobId, word, randomness, draw);
        return (word, true);
    }

    /// @dev Records a draw and locks the stake of those whom it seated.
    function _seatDrawn(bytes32 jobId, JobWord word, bytes32 randomness, Draw memory draw) private {
        _jobs[jobId].committee = draw.committee;
        _lockSeats(jobId, draw, word.seatFee());
        emit CommitteeDrawn(jobId, randomness, draw.committee.toArray(), word.seatFee(), uint64(word.deadline()));
    }

    /// @dev Stores the word; opens the reveal phase if no more commitments can come and there are enough of them.
    function _storeCommitting(Terms calldata terms, bytes32 jobId, JobWord word, Committee committee) private {
        uint256 committed = word.committed();
        if (committed == committee.occupied() && JobWords.count(committed) >= terms.quorum) {
            word = _openReveal(terms, jobId, word);
        }
        _jobs[jobId].word = word;
    }

    function _openReveal(Terms calldata terms, bytes32 jobId, JobWord word) private returns (JobWord) {
        word = word.toRevealing(block.timestamp + terms.revealWindow);
        emit RevealPhaseOpened(jobId, uint64(word.deadline()));
        return word;
    }

    // ---------------------------------------------------------------- reveal and resolve

    /// @dev Checks and records the caller's answer, opening the reveal phase if its time has come. Doesn't store the
    /// word.
    function _reveal(
        Terms calldata terms,
        bytes32 jobId,
        JobWord word,
        bytes calldata result,
        bytes calldata vector,
        bytes32 salt
    ) private returns (JobWord, uint256 seat) {
        if (result.length > _maxResultBytes) {
            revert ResultTooLarge(result.length, _maxResultBytes);
        }
        if (vector.length > MAX_VECTOR_BYTES) revert ResultTooLarge(vector.length, MAX_VECTOR_BYTES);
        if (
            word.phase() == Phase.Committing && block.timestamp > word.deadline()
                && JobWords.count(word.committed()) >= terms.quorum
        ) word = _openReveal(terms, jobId, word);
        _requirePhase(jobId, word, Phase.Revealing);
        uint256 end = word.deadline() + _revealGrace;
        if (block.timestamp > end) revert TooLate(jobId, end);

        uint32 executorId = executors.idOfSigner(msg.sender);
        seat = _seatOf(jobId, _jobs[jobId].committee, executorId);
        if (word.committed() & (1 << seat) == 0) revert NotCommitted(jobId, uint8(seat));
        if (word.revealed() & (1 << seat) != 0) revert AlreadyRevealed(jobId, uint8(seat));
        bytes32 resultHash = keccak256(result);
        bytes32 vectorHash = keccak256(vector);
        bytes32 commitment = TermsHash.commitment(jobId, executors.ownerOf(executorId), resultHash, vectorHash, salt);
        if (_jobs[jobId].seats[seat] != commitment) revert CommitmentMismatch(jobId, uint8(seat));
        _jobs[jobId].seats[seat] = TermsHash.answer(resultHash, vectorHash);
        emit Revealed(jobId, executorId, uint8(seat), result, vector);
        return (word.withRevealed(seat), seat);
    }

    function _resolve(Terms calldata terms, bytes32 jobId, JobWord word, Answer[] memory answers) private {
        _requirePhase(jobId, word, Phase.Revealing);
        uint256 revealed = word.revealed();
        if (revealed != word.committed()) {
            uint256 end = word.deadline() + _revealGrace;
            if (block.timestamp <= end) revert NotBefore(jobId, end);
        }
        _checkAnswers(terms, jobId, revealed, answers);

        (uint8 size, uint8 centre, uint8 members) =
            agreement.cluster(models.profileOf(terms.modelId, terms.version, terms.runtimeClass), answers);
        if (size < terms.quorum) {
            _refund(terms, jobId, word, RefundReason.NoAgreement, true);
            return;
        }

        uint256 agreeing;
        for (uint256 i; i < answers.length; ++i) {
            if (members & (1 << i) != 0) agreeing |= 1 << answers[i].seat;
        }
        Answer memory winner = answers[centre];
        word = word.toResolved(winner.seat, agreeing);
        bool callsBack = terms.callbackTarget != address(0);
        if (callsBack) word = word.withCallbackStatus(CallbackStatus.Delivered);
        uint256 refund = _close(terms, jobId, word, true);
        emit JobResolved(
            jobId, winner.seat, uint8(agreeing), keccak256(winner.result), keccak256(winner.vector), refund
        );
        if (callsBack) _callBackResult(terms, jobId, word, winner.result);
    }

    /// @dev All revealed answers, each once, in ascending seat order, as they were revealed, and enough of them.
    function _checkAnswers(Terms calldata terms, bytes32 jobId, uint256 revealed, Answer[] memory answers)
        private
        view
    {
        uint256 number = JobWords.count(revealed);
        if (answers.length != number || number < terms.quorum) {
            revert MissingAnswers(jobId, uint8(number), answers.length);
        }
        uint256 left = revealed;
        for (uint256 i; i < number; ++i) {
            uint8 seat = answers[i].seat;
            // The lowest seat left must be this one: that makes the order ascending and the answers complete.
            if (seat >= MAX_SEATS || left & ((2 << seat) - 1) != (1 << seat)) {
                revert AnswerMismatch(jobId, seat);
            }
            left ^= 1 << seat;
            bytes32 answer = TermsHash.answer(keccak256(answers[i].result), keccak256(answers[i].vector));
            if (_jobs[jobId].seats[seat] != answer) revert AnswerMismatch(jobId, seat);
        }
    }

    // ---------------------------------------------------------------- advance

    function _advanceRequested(Terms calldata terms, bytes32 jobId, JobWord word) private returns (Phase) {
        if (_beaconExpired(word)) {
            _refund(terms, jobId, word, RefundReason.BeaconExpired, false);
            return Phase.Refunded;
        }
        bool drawn;
        (word, drawn) = _draw(terms, jobId, word);
        if (!drawn) {
            _refund(terms, jobId, word, RefundReason.NoCommittee, false);
            return Phase.Refunded;
        }
        _jobs[jobId].word = word;
        return Phase.Committing;
    }

    function _advanceCommitting(Terms calldata terms, bytes32 jobId, JobWord word) private returns (Phase) {
        if (block.timestamp <= word.deadline()) revert NotBefore(jobId, word.deadline());
        uint256 committed = word.committed();
        if (JobWords.count(committed) >= terms.quorum) {
            _jobs[jobId].word = _openReveal(terms, jobId, word);
            return Phase.Revealing;
        }
        if (!word.redrawn()) {
            Committee committee = _jobs[jobId].committee;
            uint256 missing = ((1 << terms.committeeSize) - 1) & ~committed;
            word = word.withRedrawn().withNextRound().toCommitting(word.seatFee(), block.timestamp + terms.commitWindow);
            // Their locks are free again before the draw looks at what others can lock.
            _settleMisses(terms, jobId, word, committee, missing);
            bytes32 randomness = _randomness(jobId, word);
            Draw memory draw = _drawFreed(terms, randomness, word, committee, missing);
            if (JobWords.count(draw.committee.occupied()) >= terms.quorum) {
                _jobs[jobId].word = word;
                _seatDrawn(jobId, word, randomness, draw);
                return Phase.Committing;
            }
            // Those who missed are settled; nobody else takes their seats.
            _jobs[jobId].committee = committee.without(missing);
        }
        _refund(terms, jobId, word, RefundReason.TooFewCommitments, false);
        return Phase.Refunded;
    }

    function _advanceRevealing(Terms calldata terms, bytes32 jobId, JobWord word) private returns (Phase) {
        uint256 revealed = word.revealed();
        if (revealed == word.committed() || JobWords.count(revealed) >= terms.quorum) revert NothingToAdvance(jobId);
        uint256 end = word.deadline() + _revealGrace;
        if (block.timestamp <= end) revert NotBefore(jobId, end);
        _refund(terms, jobId, word, RefundReason.TooFewReveals, false);
        return Phase.Refunded;
    }

    // ---------------------------------------------------------------- common

    function _load(Terms calldata terms) private view returns (bytes32 jobId, JobWord word) {
        jobId = TermsHash.jobId(terms);
        word = _jobs[jobId].word;
    }

    function _requirePhase(bytes32 jobId, JobWord word, Phase phase) private pure {
        if (word.phase() != phase) revert WrongPhase(jobId, word.phase());
    }

    function _seatOf(bytes32 jobId, Committee committee, uint32 executorId) private pure returns (uint256 seat) {
        seat = committee.seatOf(executorId);
        if (seat == Committees.NO_SEAT) revert NotSeated(jobId, executorId);
    }
}
