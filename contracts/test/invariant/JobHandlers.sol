// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredits} from "../../src/accounts/ICredits.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Answer, JobState, Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {IStaking} from "../../src/stake/IStaking.sol";
import {Target} from "../jobs/Callback.t.sol";
import {Reply} from "../jobs/JobFixture.sol";
import {Accomplice, JobLedger} from "./JobLedger.sol";

/// @notice The steps that a run is made of, by who takes them. A step that the contracts refuse changes nothing.
abstract contract JobHandlers is JobLedger {
    uint256 internal constant ACCOMPLICES_NUMBER = 1000;

    Target internal target;
    Accomplice internal accomplice;
    /// Whether a run has the accomplice's job, which is requested within a callback.
    bool private accompliceAsks;
    /// Jobs of the requester.
    uint256 private asked;

    // ---------------------------------------------------------------- requester

    function request(uint256 size, uint256 fees, bool callback) external observed {
        if (asked == MAX_JOBS) return;
        Terms memory terms = _terms(asked++);
        uint8[2][5] memory sizes = [[1, 1], [2, 2], [3, 2], [4, 3], [5, 3]];
        size %= sizes.length;
        (terms.committeeSize, terms.quorum) = (sizes[size][0], sizes[size][1]);
        terms.maxPricePerUnit = uint128(bound(fees, PRICE, 4 * PRICE));
        terms.advanceReserve += uint128(fees % 1000);
        terms.dispatchFee += uint128(fees % 777);
        // Every third has gas for a job that ends, and calls back, within the callback.
        if (callback) terms = _withCallback(terms, address(target), fees % 3 == 0 ? 2_000_000 : 450_000);
        terms.refundTo = fees % 2 == 0 ? refundee : requester;
        tracked.push(terms);
        _request(terms);
        // Mostly on to where the committee is known; otherwise it can still be cancelled.
        if (fees % 4 != 0) _toBeacon();
    }

    function cancel(uint256 job) external observed {
        Terms memory terms = _pickJob(job, Phase.Requested);
        vm.prank(requester);
        jobs.cancel(terms);
    }

    // ---------------------------------------------------------------- executors, honest and not

    /// @dev The seats of the bitmap commit, as far as they have not yet.
    function commit(uint256 job, uint256 seats, uint256 kinds) external observed {
        Terms memory terms = _pickJob(job, kinds % 2 == 0 ? Phase.Committing : Phase.Requested);
        bytes32 jobId = jobs.jobIdOf(terms);
        (uint32[] memory committee,) = jobs.committeeOf(terms);
        seats = _mostly(seats);
        for (uint256 seat = 0; seat < committee.length; ++seat) {
            if (seats & (1 << seat) == 0 || jobs.jobState(jobId).committed & (1 << seat) != 0) continue;
            // Most answers are honest.
            uint256 roll = (kinds >> (8 * seat)) % 6;
            Kind kind = roll == 0 ? Kind.Cheating : roll == 1 ? Kind.Malformed : Kind.Honest;
            _commit(terms, committee[seat], _replyOf(kind));
            committedTo[jobId][committee[seat]] = kind;
        }
    }

    function decline(uint256 job, uint256 seat) external observed {
        Terms memory terms = _pickJob(job, Phase.Committing);
        (uint32[] memory committee,) = jobs.committeeOf(terms);
        vm.prank(_signer(committee[seat % committee.length]));
        jobs.decline(terms);
    }

    /// @dev The seats of the bitmap reveal, as far as they have committed and not yet revealed.
    function reveal(uint256 job, uint256 seats, bool lastResolves) external observed {
        Terms memory terms = _pickJob(job, Phase.Revealing);
        bytes32 jobId = jobs.jobIdOf(terms);
        uint32[] memory committee = jobs.jobState(jobId).committee;
        seats = _mostly(seats);
        for (uint256 seat = 0; seat < committee.length; ++seat) {
            JobState memory state = jobs.jobState(jobId);
            uint256 left = state.committed & ~uint256(state.revealed);
            if (seats & left & (1 << seat) == 0) continue;
            uint32 id = committee[seat];
            Reply memory reply = _replyOf(committedTo[jobId][id]);
            (bool known, uint8 sameAs) = _revealedBefore(jobId, reply);
            if (lastResolves && left == 1 << seat) {
                _revealAndResolve(terms, jobId, uint8(seat), reply);
            } else if (known) {
                _revealSame(terms, id, sameAs, reply);
            } else {
                _reveal(terms, id, reply);
            }
            // The first opens the phase, if time hasn't.
            _readPhase(jobId);
        }
    }

    /// @dev A seat whose job has ended without it opens its commitment.
    function revealLate(uint256 job, uint256 seat) external observed {
        (bytes32 jobId, uint256 pending) = _pickPending(job);
        while (pending & (1 << (seat % 7)) == 0) ++seat;
        seat %= 7;
        uint32 id = jobs.jobState(jobId).committee[seat];
        Reply memory reply = _replyOf(committedTo[jobId][id]);
        jobs.reveal(jobId, uint8(seat), reply.result, reply.vector, _salt(id));
    }

    function punishSilent(uint256 job, uint256 seat, bool due) external observed {
        (bytes32 jobId, uint256 pending) = _pickPending(job);
        while (pending & (1 << (seat % 7)) == 0) ++seat;
        uint256 end = jobs.jobState(jobId).deadline + parameters.revealGrace + 1;
        if (due && end > vm.getBlockTimestamp()) vm.warp(end);
        vm.prank(stranger);
        jobs.punishSilent(jobId, uint8(seat % 7));
    }

    /// @dev One call with arguments that may make no sense for the job.
    function disturb(uint256 job, uint256 id, uint256 what) external observed {
        Terms memory terms = tracked[job % tracked.length];
        id = bound(id, 1, executors.executorCount());
        Reply memory reply = _honest();
        what %= 5;
        bytes32 jobId = jobs.jobIdOf(terms);
        if (what == 0) jobs.commit(jobId, keccak256("nothing"));
        else if (what == 1) jobs.reveal(jobId, uint8(id), reply.result, reply.vector, _salt(uint32(id)));
        else if (what == 2) jobs.resolve(terms, _answers(_answer(0, reply), _answer(1, reply)));
        else if (what == 3) jobs.cancel(terms);
        else if (_phase(jobId) != Phase.None) _requestAgain(terms);
    }

    function changeOffering(uint256 id, uint256 price, uint256 capacity) external observed {
        _offer(
            uint32(bound(id, 1, executors.executorCount())), uint96(bound(price, 1, 3 * PRICE)), uint16(capacity % 4)
        );
    }

    function withdrawEarnings(uint256 id) external observed {
        staking.withdrawEarnings(uint32(bound(id, 1, executors.executorCount())));
    }

    // ---------------------------------------------------------------- anyone

    function resolve(uint256 job) external observed {
        Terms memory terms = _pickJob(job, Phase.Revealing);
        _resolve(terms, _revealedAnswers(jobs.jobIdOf(terms)));
    }

    function advance(uint256 job) external observed {
        _advance(tracked[job % tracked.length]);
    }

    /// @dev Moves time to the end of a job's phase first, so that runs get far.
    function advanceWhenDue(uint256 job, uint256 phase) external observed {
        Terms memory terms = _pickJob(job, Phase(bound(phase, uint8(Phase.Requested), uint8(Phase.Revealing))));
        JobState memory state = jobs.jobState(jobs.jobIdOf(terms));
        uint256 due = state.deadline + (state.phase == Phase.Revealing ? parameters.revealGrace : 0) + 1;
        if (due > vm.getBlockTimestamp()) {
            vm.warp(due);
            vm.roll(vm.getBlockNumber() + 2);
        }
        _advance(terms);
    }

    function retryCallback(uint256 job) external observed {
        Terms memory terms = _pickJob(job, Phase.Resolved);
        Reply memory reply = _honest();
        jobs.retryCallback(terms, reply.result, keccak256(reply.vector));
    }

    function withdraw(uint256 account) external observed {
        if (creditors.length != 0) jobs.withdrawFor(creditors[account % creditors.length]);
    }

    function refreshWeights(uint256 id) external observed {
        executors.refreshWeights(uint32(bound(id, 1, executors.executorCount())));
    }

    function setConduct(uint256 manner) external observed {
        target.behave(Target.Manner(bound(manner, 0, uint256(Target.Manner.RevertBomb))));
    }

    /// @dev From now on the target calls back into the contracts while it is called: about any job, its own among them.
    function reenter(uint256 job, uint256 what, uint256 who) external observed {
        Terms memory terms = tracked[job % tracked.length];
        bytes32 jobId = jobs.jobIdOf(terms);
        Reply memory reply = _honest();
        what %= 8;
        bytes memory data;
        if (what == 0) {
            (terms, data) = _accomplicesRequest();
        } else if (what == 1) {
            data = abi.encodeCall(ICredits.withdrawFor, (creditors[who % creditors.length]));
        } else if (what == 2) {
            data = abi.encodeCall(IJobRegistry.retryCallback, (terms, reply.result, keccak256(reply.vector)));
        } else if (what == 3) {
            data = abi.encodeCall(IJobRegistry.advanceJob, (terms));
        } else if (what == 4) {
            data = abi.encodeCall(IJobRegistry.resolve, (terms, _revealedAnswers(jobId)));
        } else if (what == 5) {
            data = abi.encodeCall(IJobRegistry.cancel, (_accomplicesTerms()));
        } else if (what == 6) {
            data = abi.encodeCall(IJobRegistry.punishSilent, (jobId, uint8(who % 7)));
        } else {
            data = abi.encodeCall(IStaking.withdrawEarnings, (uint32(bound(who, 1, executors.executorCount()))));
        }
        address to = what == 7 ? address(staking) : address(jobs);
        uint256 value = what == 0 ? jobs.quote(terms) : 0;
        vm.deal(address(accomplice), address(accomplice).balance + value);
        target.reenterWith(abi.encodeCall(Accomplice.act, (to, value, data)));
    }

    // ---------------------------------------------------------------- donor and time

    /// @dev As a block's fee recipient or a self-destructing contract can.
    function donate(uint256 amount, bool toStaking) external observed {
        amount = bound(amount, 1, 1 ether);
        if (toStaking) {
            donatedToStaking += amount;
            vm.deal(address(staking), address(staking).balance + amount);
        } else {
            donatedToJobs += amount;
            vm.deal(address(jobs), address(jobs).balance + amount);
        }
    }

    function pass(uint256 time, uint256 blocks) external observed {
        skip(bound(time, 0, 40));
        vm.roll(vm.getBlockNumber() + bound(blocks, 1, 3));
    }

    function passLong(uint256 time, uint256 blocks) external observed {
        if (blocks % 4 != 0) return;
        skip(bound(time, 0, 1200));
        vm.roll(vm.getBlockNumber() + bound(blocks, 1, 300));
    }

    /// @dev On other terms, for the same number: must be refused, or the registry would hold what no job explains.
    function _requestAgain(Terms memory terms) private {
        ++terms.dispatchFee;
        _request(terms);
    }

    function _accomplicesTerms() private view returns (Terms memory terms) {
        terms = _terms(ACCOMPLICES_NUMBER);
        (terms.requester, terms.refundTo) = (address(accomplice), address(accomplice));
    }

    /// @dev The accomplice's job, tracked as soon as it might be requested.
    function _accomplicesRequest() private returns (Terms memory terms, bytes memory data) {
        terms = _accomplicesTerms();
        data = abi.encodeCall(IJobRegistry.request, (terms, input, labels, ""));
        if (!accompliceAsks) tracked.push(terms);
        accompliceAsks = true;
    }

    function _revealAndResolve(Terms memory terms, bytes32 jobId, uint8 seat, Reply memory reply) private {
        JobState memory state = jobs.jobState(jobId);
        Answer[] memory answers = new Answer[](_count(state.revealed) + 1);
        uint256 number;
        for (uint256 i = 0; i < state.committee.length; ++i) {
            if ((state.revealed | (1 << seat)) & (1 << i) == 0) continue;
            answers[number++] = _answer(i, _replyOf(committedTo[jobId][state.committee[i]]));
        }
        answers = _distinct(answers);
        uint256 position;
        while (keccak256(answers[position].vector) != keccak256(reply.vector)) ++position;
        vm.prank(stranger);
        jobs.revealAndResolve(terms, seat, _salt(state.committee[seat]), position, answers);
    }

    /// @dev A seat that has revealed the same reply.
    function _revealedBefore(bytes32 jobId, Reply memory reply) private view returns (bool, uint8) {
        JobState memory state = jobs.jobState(jobId);
        for (uint256 seat = 0; seat < state.committee.length; ++seat) {
            if (state.revealed & (1 << seat) == 0) continue;
            Reply memory other = _replyOf(committedTo[jobId][state.committee[seat]]);
            if (keccak256(other.vector) == keccak256(reply.vector)) return (true, uint8(seat));
        }
        return (false, 0);
    }

    /// @dev A job with pending seats; any when there is none.
    function _pickPending(uint256 seed) private view returns (bytes32 jobId, uint256 pending) {
        for (uint256 i = 0; i < tracked.length; ++i) {
            jobId = jobs.jobIdOf(tracked[(seed % tracked.length + i) % tracked.length]);
            pending = jobs.jobState(jobId).pending;
            if (pending != 0) return (jobId, pending);
        }
        pending = 1;
    }

    /// @dev All seats in three of four steps, so that runs get far.
    function _mostly(uint256 seats) private pure returns (uint256) {
        return (seats >> 8) % 4 == 0 ? seats : type(uint8).max;
    }

    /// @dev A job in the phase, so that runs get far; any job when there is none.
    function _pickJob(uint256 seed, Phase phase) private view returns (Terms memory) {
        for (uint256 i = 0; i < tracked.length; ++i) {
            Terms memory terms = tracked[(seed % tracked.length + i) % tracked.length];
            if (_phase(jobs.jobIdOf(terms)) == phase) return terms;
        }
        return tracked[seed % tracked.length];
    }
}
