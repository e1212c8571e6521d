// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IModelRegistry, VerificationProfile} from "../models/IModelRegistry.sol";
import {SeatOutcome} from "../stake/IStaking.sol";
import {IAgreementVerifier} from "../verify/IAgreementVerifier.sol";
import {Committee, Committees, MAX_SEATS} from "./Committee.sol";
import {Configuration} from "./Configuration.sol";
import {IJobRegistry} from "./IJobRegistry.sol";
import {Answer, CallbackStatus, Phase, RefundReason, Terms} from "./JobTypes.sol";
import {JobWord, JobWords} from "./JobWord.sol";
import {Settlement} from "./Settlement.sol";
import {TermsHash} from "./TermsHash.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The life of a redundant job, and the custody of its escrow. Immutable: no owner, no upgrade, no pause.
/// @notice
///              first commit or advanceJob        all seats committed, or deadline
///   Requested ---------------------------> Committing ---------------------------> Revealing -----> Resolved
///       |                                   |  |   ^                                   |
///       | cancel, advanceJob                |  +---+ decline, one re-draw              | resolve, advanceJob
///       +-----------------------------------+------------------------------------------+----------> Refunded
///
/// A job that ends before every commitment is opened leaves those seats pending: `reveal` within the grace or
/// `punishSilent` after it settles them, one by one, without touching the job's end.
///
/// Assumptions, for safety: the contracts in `Addresses` do what their interfaces say; the beacon can't be predicted
/// before its block. For liveness: somebody calls `advanceJob` or `resolve` when a deadline has passed, and the
/// agreement verifier reverts for no answers of the sizes accepted here.
contract JobRegistry is Settlement {
    constructor(Addresses memory contracts) Configuration(contracts) {}

    // ---------------------------------------------------------------- requester

    /// @inheritdoc IJobRegistry
    function request(
        Terms calldata terms,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external payable returns (bytes32 jobId) {
        if (msg.sender != terms.requester && msg.sender != desk) {
            revert NotRequester(msg.sender, terms.requester);
        }
        admission.check(terms, Math.max(Math.max(input.length, parameterBytes.length), bytes(inputUri).length));
        _checkInput(terms, input, parameterBytes, bytes(inputUri).length != 0);
        uint256 escrow = _escrowOf(terms);
        if (msg.value < escrow) revert InsufficientPayment(escrow, msg.value);

        _useNonce(terms.requester, terms.nonce);
        jobId = TermsHash.jobId(terms);
        _jobs[jobId].word = JobWords.requested();
        // Decodes every field, and so refuses unclean ones (see `TermsHash.hash`).
        emit JobRequested(jobId, terms.requester, terms.modelId, terms, input, parameterBytes, inputUri);
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

    /// @inheritdoc IJobRegistry
    function revokeNonce(uint256 nonce) external {
        _useNonce(msg.sender, nonce);
        emit NonceRevoked(msg.sender, nonce);
    }

    // ---------------------------------------------------------------- executors

    /// @inheritdoc IJobRegistry
    function commit(bytes32 jobId, bytes32 commitment) external {
        _commit(jobId, _jobs[jobId].word, commitment);
    }

    /// @inheritdoc IJobRegistry
    function drawAndCommit(Terms calldata terms, bytes32 commitment) external {
        (bytes32 jobId, JobWord word) = _load(terms);
        // Another seat's draw may have come first.
        if (word.phase() == Phase.Requested) {
            bool drawn;
            (word, drawn) = _draw(terms, jobId, word);
            // Reverts the call: the refund of a job without a committee is `advanceJob`'s.
            if (!drawn) revert NoCommitteeFound(jobId);
        }
        _commit(jobId, word, commitment);
    }

    /// @inheritdoc IJobRegistry
    function decline(Terms calldata terms) external {
        (bytes32 jobId, JobWord word) = _load(terms);
        _requirePhase(jobId, word, Phase.Committing);
        uint256 end = word.deadline() - terms.commitWindow / 2;
        if (block.timestamp > end) revert TooLate(jobId, end);

        Committee committee = _jobs[jobId].committee;
        (uint256 seat, uint32 executorId) = _ownUncommittedSeat(jobId, word, committee);
        emit SeatDeclined(jobId, executorId, uint8(seat));
        staking.unlockSeat(jobId, executorId, _lockFor(word.seatFee()));

        bytes32 randomness;
        if (word.round() < JobWords.MAX_DECLINE_ROUNDS) {
            word = word.withNextRound();
            randomness = _randomness(jobId, word);
        }
        Draw memory draw = _drawFreed(terms, randomness, word, committee, 1 << seat);
        _seatDrawn(jobId, word, randomness, draw);
        _storeCommitting(jobId, word, draw.committee);
    }

    // ---------------------------------------------------------------- anyone

    /// @inheritdoc IJobRegistry
    function reveal(bytes32 jobId, uint8 seat, bytes calldata result, bytes calldata vector, bytes32 salt) external {
        (bytes32 resultHash, bytes32 vectorHash) = _hashesOf(result, vector);
        (JobWord word, uint32 executorId) = _open(jobId, _jobs[jobId].word, seat, resultHash, vectorHash, salt);
        _jobs[jobId].word = word;
        emit Revealed(jobId, executorId, seat, result, vector);
    }

    /// @inheritdoc IJobRegistry
    function revealSame(bytes32 jobId, uint8 seat, uint8 sameAs, bytes32 resultHash, bytes32 vectorHash, bytes32 salt)
        external
    {
        JobWord word = _jobs[jobId].word;
        // So that the answer has been sent.
        if (
            word.revealed() & (1 << sameAs) == 0
                || _jobs[jobId].seats[sameAs] != TermsHash.answer(resultHash, vectorHash)
        ) revert AnswerMismatch(jobId, sameAs);
        uint32 executorId;
        (word, executorId) = _open(jobId, word, seat, resultHash, vectorHash, salt);
        _jobs[jobId].word = word;
        emit RevealedSame(jobId, executorId, seat, sameAs);
    }

    /// @inheritdoc IJobRegistry
    function revealAndResolve(
        Terms calldata terms,
        uint8 seat,
        bytes32 salt,
        uint256 position,
        Answer[] calldata answers
    ) external {
        (bytes32 jobId, JobWord word) = _load(terms);
        if (position >= answers.length) revert AnswerMismatch(jobId, seat);
        Answer calldata own = answers[position];
        (bytes32 resultHash, bytes32 vectorHash) = _hashesOf(own.result, own.vector);
        uint32 executorId;
        (word, executorId) = _open(jobId, word, seat, resultHash, vectorHash, salt);
        if (own.seat == seat) emit Revealed(jobId, executorId, seat, own.result, own.vector);
        // The resolution sees to it that the other seat has revealed this answer.
        else emit RevealedSame(jobId, executorId, seat, own.seat);
        _resolve(terms, jobId, word, answers);
    }

    /// @inheritdoc IJobRegistry
    function resolve(Terms calldata terms, Answer[] calldata answers) external {
        (bytes32 jobId, JobWord word) = _load(terms);
        _resolve(terms, jobId, word, answers);
    }

    /// @inheritdoc IJobRegistry
    function punishSilent(bytes32 jobId, uint8 seat) external {
        JobWord word = _jobs[jobId].word;
        if (word.pending() & (1 << seat) == 0) revert NotPending(jobId, seat);
        uint256 end = word.deadline() + _revealGrace;
        if (block.timestamp <= end) revert NotBefore(jobId, end);
        uint32 executorId = _jobs[jobId].committee.member(seat);
        _settlePending(jobId, word, seat, executorId, SeatOutcome.Silent);
        slashing.punishNoReveal(executorId, jobId, word.seatFee(), msg.sender);
    }

    /// @inheritdoc IJobRegistry
    function advanceJob(Terms calldata terms) external {
        (bytes32 jobId, JobWord word) = _load(terms);
        Phase phase = word.phase();
        uint256 bounty;
        // Executors draw without a bounty, by their first commit: it pays only for a draw that they leave undone.
        if (phase != Phase.Requested || block.timestamp >= word.requestTime() + _drawBountyDelay) {
            bounty = _bounty(terms, word);
            _credit(msg.sender, jobId, bounty);
            word = word.withNextAdvance();
        }

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

    /// @inheritdoc IJobRegistry
    /// @dev Not payable, so that no call can count a value that another has counted.
    function batch(bytes[] calldata calls) external returns (bool[] memory succeeded) {
        succeeded = new bool[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            // slither-disable-next-line delegatecall-loop,controlled-delegatecall: its own code, without value
            (succeeded[i],) = address(this).delegatecall(calls[i]);
        }
    }

    // ---------------------------------------------------------------- request

    function _checkInput(Terms calldata terms, bytes calldata input, bytes calldata parameterBytes, bool byUri)
        private
        pure
    {
        if (byUri) {
            if (input.length != 0) revert InputAndUri();
        } else if (keccak256(input) != terms.inputHash) {
            revert InputHashMismatch(terms.inputHash, keccak256(input));
        }
        bytes32 actual = keccak256(parameterBytes);
        if (actual != terms.parametersHash) revert ParametersHashMismatch(terms.parametersHash, actual);
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

    function _commit(bytes32 jobId, JobWord word, bytes32 commitment) private {
        if (commitment == 0) revert ZeroCommitment();
        _requirePhase(jobId, word, Phase.Committing);
        if (block.timestamp > word.deadline()) revert TooLate(jobId, word.deadline());

        Committee committee = _jobs[jobId].committee;
        (uint256 seat, uint32 executorId) = _ownUncommittedSeat(jobId, word, committee);
        _jobs[jobId].seats[seat] = commitment;
        emit Committed(jobId, executorId, uint8(seat), commitment);
        _storeCommitting(jobId, word.withCommitted(seat), committee);
    }

    /// @dev The caller's seat.
    function _ownUncommittedSeat(bytes32 jobId, JobWord word, Committee committee)
        private
        view
        returns (uint256 seat, uint32 executorId)
    {
        executorId = executors.idOfSigner(msg.sender);
        seat = committee.seatOf(executorId);
        if (seat == Committees.NO_SEAT) revert NotSeated(jobId, executorId);
        if (word.committed() & (1 << seat) != 0) revert AlreadyCommitted(jobId, uint8(seat));
    }

    /// @dev Stores the word; opens the reveal phase if no more commitments can come and there are enough of them.
    function _storeCommitting(bytes32 jobId, JobWord word, Committee committee) private {
        if (word.committed() == committee.occupied() && _hasQuorum(word, committee)) {
            word = _openReveal(jobId, word, committee);
        }
        _jobs[jobId].word = word;
    }

    /// @dev Whether enough seats have committed.
    function _hasQuorum(JobWord word, Committee committee) private pure returns (bool) {
        return JobWords.count(word.committed()) >= committee.quorum();
    }

    function _openReveal(bytes32 jobId, JobWord word, Committee committee) private returns (JobWord) {
        word = word.toRevealing(block.timestamp + committee.revealWindow());
        emit RevealPhaseOpened(jobId, uint64(word.deadline()));
        return word;
    }

    // ---------------------------------------------------------------- reveal and resolve

    /// @dev Opens a seat's commitment: on time, opening the reveal phase if its time has come; or, of a pending seat, late:
    /// that frees its stake and earns nothing. Returns the word to store.
    function _open(bytes32 jobId, JobWord word, uint8 seat, bytes32 resultHash, bytes32 vectorHash, bytes32 salt)
        private
        returns (JobWord, uint32 executorId)
    {
        Job storage job = _jobs[jobId];
        Committee committee = job.committee;
        uint256 bit = 1 << seat;
        bool late = word.pending() & bit != 0;
        if (!late) {
            if (word.phase() == Phase.Committing && block.timestamp > word.deadline() && _hasQuorum(word, committee)) {
                word = _openReveal(jobId, word, committee);
            }
            _requirePhase(jobId, word, Phase.Revealing);
            if (word.committed() & bit == 0) revert NotCommitted(jobId, seat);
            if (word.revealed() & bit != 0) revert AlreadyRevealed(jobId, seat);
        }
        uint256 end = word.deadline() + _revealGrace;
        if (block.timestamp > end) revert TooLate(jobId, end);

        executorId = committee.member(seat);
        address owner = executors.ownerOf(executorId);
        if (job.seats[seat] != TermsHash.commitment(jobId, owner, resultHash, vectorHash, salt)) {
            revert CommitmentMismatch(jobId, seat);
        }
        job.seats[seat] = TermsHash.answer(resultHash, vectorHash);
        if (!late) return (word.withRevealed(seat), executorId);
        return (_settlePending(jobId, word, seat, executorId, SeatOutcome.Neutral), executorId);
    }

    /// @dev Of an answer that isn't too large.
    function _hashesOf(bytes calldata result, bytes calldata vector)
        private
        view
        returns (bytes32 resultHash, bytes32 vectorHash)
    {
        if (result.length > _maxResultBytes) revert ResultTooLarge(result.length, _maxResultBytes);
        if (vector.length > MAX_VECTOR_BYTES) revert ResultTooLarge(vector.length, MAX_VECTOR_BYTES);
        return (keccak256(result), keccak256(vector));
    }

    function _resolve(Terms calldata terms, bytes32 jobId, JobWord word, Answer[] calldata answers) private {
        _requirePhase(jobId, word, Phase.Revealing);
        uint256 revealed = word.revealed();
        bool complete = revealed == word.committed();
        if (!complete && block.timestamp <= word.deadline()) revert NotBefore(jobId, word.deadline());
        if (JobWords.count(revealed) < terms.quorum) revert MissingAnswers(jobId, uint8(revealed));

        uint256 givers = _giversOf(jobId, revealed, answers);
        (VerificationProfile memory profile, IModelRegistry.Royalty memory royalty) =
            models.settlementTermsOf(terms.modelId, terms.version, terms.runtimeClass);
        (uint8 size, uint8 centre, uint8 agreeing) =
            IAgreementVerifier(governance.current().agreement()).clusterOfSeats(profile, answers, givers);
        if (size < terms.quorum) {
            // An answer that comes late could still make a cluster.
            uint256 end = word.deadline() + _revealGrace;
            if (!complete && block.timestamp <= end) revert NotBefore(jobId, end);
            _refund(terms, jobId, word, RefundReason.NoAgreement, true);
            return;
        }

        Answer calldata winner = answers[centre];
        uint256 centreSeat = JobWords.lowest((givers >> (8 * centre)) & 0xff);
        word = word.toResolved(centreSeat, agreeing);
        bool callsBack = terms.callbackTarget != address(0);
        if (callsBack) word = word.withCallbackStatus(CallbackStatus.Delivered);
        uint256 refund = _close(terms, jobId, word, royalty, true);
        emit JobResolved(jobId, uint8(centreSeat), agreeing, keccak256(winner.result), keccak256(winner.vector), refund);
        if (callsBack) _callBackResult(terms, jobId, word, winner.result);
    }

    /// @dev Which seats gave which answer, as `IAgreementVerifier.clusterOfSeats` takes it. Every revealed answer must be
    /// there once, as it was revealed, in ascending order of the lowest seats that gave them.
    function _giversOf(bytes32 jobId, uint256 revealed, Answer[] calldata answers) private returns (uint256 givers) {
        bytes32[MAX_SEATS] storage seats = _jobs[jobId].seats;
        uint256 left = revealed;
        for (uint256 i; i < answers.length; ++i) {
            Answer calldata answer = answers[i];
            uint8 seat = answer.seat;
            bytes32 hash = TermsHash.answer(keccak256(answer.result), keccak256(answer.vector));
            if (left & (1 << seat) == 0 || seats[seat] != hash) revert AnswerMismatch(jobId, seat);
            uint256 same;
            for (uint256 rest = left; rest != 0; rest &= rest - 1) {
                uint256 other = JobWords.lowest(rest);
                if (seats[other] != hash) continue;
                // One seat's record of an answer is enough; clearing the others is paid for.
                // Where all gave one answer, one record of it is enough, and clearing the others is paid for. Elsewhere a
                // court must be able to tell which answer a seat gave.
                if (answers.length == 1) {
                    if (same != 0) delete seats[other];
                }
                same |= 1 << other;
            }
            // The lowest seat left is among them, which makes the order ascending.
            if ((left ^ same) & (left & (~left + 1)) != 0) revert AnswerMismatch(jobId, seat);
            left ^= same;
            givers |= same << (8 * i);
        }
        if (left != 0) revert MissingAnswers(jobId, uint8(left));
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
        Committee committee = _jobs[jobId].committee;
        if (_hasQuorum(word, committee)) {
            _jobs[jobId].word = _openReveal(jobId, word, committee);
            return Phase.Revealing;
        }
        if (!word.redrawn()) {
            uint256 missing = ((1 << terms.committeeSize) - 1) & ~word.committed();
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
}
