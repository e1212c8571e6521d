// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CourtTerms, Verdict} from "../../src/courts/ICourt.sol";
import {IExecutorRegistry} from "../../src/executors/IExecutorRegistry.sol";
import {ISingleJobRegistry} from "../../src/single/ISingleJobRegistry.sol";
import {IVifs} from "../../src/single/IVifs.sol";
import {Record, Scheduler, SinglePhase, SingleTerms, SingleTier} from "../../src/single/SingleTypes.sol";
import {IVifVerifier} from "../../src/verify/IVifVerifier.sol";
import {Target} from "../jobs/Callback.t.sol";
import {Reply} from "../jobs/JobFixture.sol";
import {SingleLedger} from "./SingleLedger.sol";

/// @notice The steps that a run is made of, by who takes them. A step that the contracts refuse changes nothing.
abstract contract SingleHandlers is SingleLedger {
    Target internal target;

    // ---------------------------------------------------------------- requester

    function request(uint256 kind, uint256 fees, uint256 callback) external observed {
        if (tracked.length == MAX_JOBS) return;
        uint256 nonce = tracked.length;
        // One in four is proven.
        SingleTerms memory terms = kind % 4 == 0 ? _proven(nonce) : _single(nonce);
        terms.scheduler = Scheduler((kind >> 8) % 3);
        if (terms.scheduler == Scheduler.ReverseAuction) terms.bidWindow = 30;
        terms.maxPricePerUnit = uint128(bound(fees, PRICE, 4 * PRICE));
        terms.advanceReserve += uint128(fees % 1000);
        terms.dispatchFee += uint128(fees % 777);
        if (callback % 3 != 0) {
            terms = _calling(terms, address(target), 300_000);
            terms.provisionalCallback = callback % 3 == 1;
            terms.errorCallback = callback % 2 == 0;
        }
        terms.refundTo = fees % 2 == 0 ? refundee : requester;
        tracked.push(terms);
        jobIds.push(_ask(terms));
        // Mostly on to where the beacon is known; otherwise it can still be cancelled.
        if (fees % 4 != 0) _toBeacon();
    }

    function cancel(uint256 job) external observed {
        SingleTerms memory terms = _pick(job, SinglePhase.Requested);
        vm.prank(requester);
        single.cancel(terms);
    }

    // ---------------------------------------------------------------- executors, honest and not

    /// @dev Mostly the one that has the seat, or would be drawn; sometimes anyone. One in four cheats, one in four of the
    /// others sends a VIF that is none.
    function submit(uint256 job, uint256 who, uint256 kind) external observed {
        SingleTerms memory terms = _pick(job, kind % 2 == 0 ? SinglePhase.Drawn : SinglePhase.Requested);
        bytes32 jobId = single.jobIdOf(terms);
        (uint32 id,) = single.drawnOf(terms);
        if (id == 0 || who % 4 == 0) id = _anyone(who);
        bool right = (kind >> 8) % 4 != 0;
        Reply memory reply = right ? _honest() : _cheat();
        bytes memory vif = _anyVif(id);
        if ((kind >> 16) % 4 == 0) vif[0] = 0x05;
        honest[jobId] = right;
        bytes memory proof = terms.tier == SingleTier.Proven ? _proof(terms, id, reply) : bytes("");
        vm.prank(_hot(id));
        if (terms.tier == SingleTier.Proven) single.submitProven(terms, reply.result, reply.vector, proof);
        else single.submit(terms, reply.result, reply.vector, vif);
    }

    function bid(uint256 job, uint256 who, uint256 price) external observed {
        SingleTerms memory terms = _pickAuction(job);
        vm.prank(_hot(_anyone(who)));
        single.bid(terms, uint128(bound(price, 1, terms.maxPricePerUnit)));
    }

    function decline(uint256 job) external observed {
        SingleTerms memory terms = _pick(job, SinglePhase.Drawn);
        (uint32 id,) = single.drawnOf(terms);
        vm.prank(_hot(id));
        single.decline(terms);
    }

    function changeOffering(uint256 who, uint256 price, uint256 capacity) external observed {
        _offer(_anyone(who), uint96(bound(price, 1, 3 * PRICE)), uint16(capacity % 4));
    }

    function withdrawEarnings(uint256 who) external observed {
        staking.withdrawEarnings(_anyone(who));
    }

    // ---------------------------------------------------------------- challengers and the court

    function challenge(uint256 job) external observed {
        SingleTerms memory terms = _pick(job, SinglePhase.Provisional);
        _challenge(terms, recordOf[single.jobIdOf(terms)]);
    }

    /// @dev Mostly right, sometimes none.
    function decide(uint256 job, uint256 verdict) external observed {
        bytes32 jobId = single.jobIdOf(_pick(job, SinglePhase.Challenged));
        Verdict right = honest[jobId] ? Verdict.Acquitted : Verdict.Convicted;
        _decide(jobId, verdict % 3 == 0 ? Verdict.Lapsed : right);
    }

    function overturn(uint256 job) external observed {
        bytes32 jobId = single.jobIdOf(_pick(job, SinglePhase.Convicted));
        vm.prank(stranger);
        single.overturn(jobId, recordOf[jobId]);
    }

    function reopen(uint256 job) external observed {
        bytes32 jobId = single.jobIdOf(_pick(job, SinglePhase.Lapsed));
        vm.prank(stranger);
        single.reopen(jobId, recordOf[jobId]);
    }

    /// @dev Shows a VIF to be false that is none.
    function challengeVif(uint256 job, uint256 phase) external observed {
        SingleTerms memory terms =
            _pick(job, SinglePhase(bound(phase, uint8(SinglePhase.Provisional), uint8(SinglePhase.Challenged))));
        bytes32 jobId = single.jobIdOf(terms);
        Record memory record = recordOf[jobId];
        IExecutorRegistry.Keys memory keys = executors.executorOf(record.executorId).keys;
        IVifVerifier.Proof memory none;
        vm.prank(challenger);
        vifs.challenge(terms, record, IVifs.Vif(keys.vrfX, keys.vrfY, beaconOf[jobId], vifOf[jobId]), none);
    }

    // ---------------------------------------------------------------- anyone

    /// @dev Moves time to the end of the window first, so that runs get far.
    function finalize(uint256 job, bool acquitted, bool due) external observed {
        bytes32 jobId = single.jobIdOf(_pick(job, acquitted ? SinglePhase.Acquitted : SinglePhase.Provisional));
        if (due && recordOf[jobId].windowEnd >= vm.getBlockTimestamp()) _afterWindow(recordOf[jobId]);
        _finalizeAs(jobId, stranger);
    }

    /// @dev All jobs at once; most are not due.
    function finalizeMany() external observed {
        bytes[] memory calls = new bytes[](tracked.length);
        for (uint256 i = 0; i < tracked.length; ++i) {
            bytes32 jobId = jobIds[i];
            Reply memory reply = honest[jobId] ? _honest() : _cheat();
            calls[i] = abi.encodeCall(
                ISingleJobRegistry.finalize, (jobId, recordOf[jobId], reply.result, keccak256(reply.vector))
            );
        }
        vm.prank(stranger);
        single.tryEach(calls);
    }

    function advance(uint256 job) external observed {
        _advance(tracked[job % tracked.length]);
    }

    function advanceWhenDue(uint256 job, bool drawn) external observed {
        SingleTerms memory terms = _pick(job, drawn ? SinglePhase.Drawn : SinglePhase.Requested);
        _toDue(terms);
        _advance(terms);
    }

    function retryCallback(uint256 job, uint256 phase) external observed {
        SingleTerms memory terms =
            _pick(job, SinglePhase(bound(phase, uint8(SinglePhase.Provisional), uint8(SinglePhase.Refunded))));
        bytes32 jobId = single.jobIdOf(terms);
        Reply memory reply = honest[jobId] ? _honest() : _cheat();
        if (_at(jobId) == SinglePhase.Refunded) single.retryErrorCallback(terms);
        else single.retryCallback(jobId, recordOf[jobId], reply.result, keccak256(reply.vector));
    }

    /// @dev One call that makes no sense for the job.
    function disturb(uint256 job, uint256 what) external observed {
        bytes32 jobId = jobIds[job % tracked.length];
        Record memory record = recordOf[jobId];
        record.refundTo = stranger;
        what %= 4;
        vm.prank(stranger);
        if (what == 0) single.finalize(jobId, record, "", 0);
        else if (what == 1) single.overturn(jobId, record);
        else if (what == 2) single.onVerdict(jobId, 0, Verdict.Convicted);
        else single.overturnFalseVif(jobId, record, stranger);
    }

    function withdraw(uint256 account) external observed {
        if (creditors.length != 0) single.withdrawFor(creditors[account % creditors.length]);
    }

    function refreshWeights(uint256 who) external observed {
        executors.refreshWeights(_anyone(who));
    }

    function setConduct(uint256 manner) external observed {
        target.behave(Target.Manner(bound(manner, 0, uint256(Target.Manner.RevertBomb))));
    }

    /// @dev A number that was used, with other terms.
    function requestAgain(uint256 job) external observed {
        SingleTerms memory terms = tracked[job % tracked.length];
        terms.maxUnits += 1;
        uint256 escrow = single.quote(terms);
        vm.deal(requester, escrow);
        vm.prank(requester);
        try single.request{value: escrow}(terms, input, labels, "") {
            usedTwice = true;
        } catch {}
        vm.deal(requester, 0);
    }

    function donate(uint256 amount) external observed {
        amount = bound(amount, 1, 1 ether);
        vm.deal(address(single), address(single).balance + amount);
        donated += amount;
    }

    function pass(uint256 time) external observed {
        skip(bound(time, 1, 120));
        vm.roll(vm.getBlockNumber() + 1 + time % 8);
    }

    function passLong(uint256 time) external observed {
        // Out of the beacon's reach, or into the next epochs.
        skip(bound(time, 300, 2 * staking.epochLength()));
        vm.roll(vm.getBlockNumber() + 300);
    }

    // ---------------------------------------------------------------- helpers

    function _finalizeAs(bytes32 jobId, address caller) internal {
        Reply memory reply = honest[jobId] ? _honest() : _cheat();
        vm.prank(caller);
        single.finalize(jobId, recordOf[jobId], reply.result, keccak256(reply.vector));
    }

    function _toDue(SingleTerms memory terms) internal {
        ISingleJobRegistry.State memory state = single.stateOf(single.jobIdOf(terms));
        uint256 due = state.phase == SinglePhase.Drawn
            ? state.deadline + terms.takeoverWindow + 1
            : state.requestTime + terms.bidWindow + 1;
        if (due > vm.getBlockTimestamp()) vm.warp(due);
        vm.roll(vm.getBlockNumber() + bounds.beaconDelay + 1);
    }

    function _anyone(uint256 who) private view returns (uint32) {
        return uint32(bound(who, 1, executors.executorCount()));
    }

    /// @dev An auction that takes bids; any job when there is none.
    function _pickAuction(uint256 seed) private view returns (SingleTerms memory) {
        for (uint256 i = 0; i < tracked.length; ++i) {
            uint256 job = (seed % tracked.length + i) % tracked.length;
            SinglePhase phase = _at(jobIds[job]);
            bool open = phase == SinglePhase.Requested || phase == SinglePhase.Drawn;
            if (open && tracked[job].scheduler == Scheduler.ReverseAuction) return tracked[job];
        }
        return tracked[seed % tracked.length];
    }

    /// @dev A job in the phase, so that runs get far; any job when there is none.
    function _pick(uint256 seed, SinglePhase phase) private view returns (SingleTerms memory) {
        for (uint256 i = 0; i < tracked.length; ++i) {
            uint256 job = (seed % tracked.length + i) % tracked.length;
            if (_at(jobIds[job]) == phase) return tracked[job];
        }
        return tracked[seed % tracked.length];
    }
}
