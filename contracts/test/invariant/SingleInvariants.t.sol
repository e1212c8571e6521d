// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Verdict} from "../../src/courts/ICourt.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {ISingleJobRegistry} from "../../src/single/ISingleJobRegistry.sol";
import {Record, SinglePhase, SingleTerms} from "../../src/single/SingleTypes.sol";
import {Target} from "../jobs/Callback.t.sol";
import {SingleHandlers} from "./SingleHandlers.sol";

/// @notice The numbered invariants of README.md.
contract SingleInvariants is SingleHandlers {
    function setUp() public override {
        super.setUp();
        target = new Target(IJobRegistry(address(single)));
        // One executor is poor: it can back one dear seat at a time.
        _adopt(_addExecutor(staking.minimumStake(), PRICE, 1));
        _nextEpoch();

        bytes4[] memory steps = new bytes4[](31);
        steps[0] = this.request.selector;
        steps[1] = this.request.selector;
        steps[2] = this.cancel.selector;
        steps[3] = this.submit.selector;
        steps[4] = this.submit.selector;
        steps[5] = this.submit.selector;
        steps[6] = this.submit.selector;
        steps[7] = this.bid.selector;
        steps[8] = this.bid.selector;
        steps[9] = this.decline.selector;
        steps[10] = this.changeOffering.selector;
        steps[11] = this.withdrawEarnings.selector;
        steps[12] = this.challenge.selector;
        steps[13] = this.challenge.selector;
        steps[14] = this.decide.selector;
        steps[15] = this.decide.selector;
        steps[16] = this.overturn.selector;
        steps[17] = this.reopen.selector;
        steps[18] = this.challengeVif.selector;
        steps[19] = this.finalize.selector;
        steps[20] = this.finalizeMany.selector;
        steps[21] = this.advance.selector;
        steps[22] = this.advanceWhenDue.selector;
        steps[23] = this.retryCallback.selector;
        steps[24] = this.disturb.selector;
        steps[25] = this.withdraw.selector;
        steps[26] = this.setConduct.selector;
        steps[27] = this.donate.selector;
        steps[28] = this.pass.selector;
        steps[29] = this.passLong.selector;
        steps[30] = this.requestAgain.selector;
        targetSelector(FuzzSelector({addr: address(this), selectors: steps}));
        targetContract(address(this));
    }

    /// The steps get everywhere: each way to each end, taken once.
    function test_the_steps_reach_every_phase() public {
        uint256 requested = 1;
        uint256 plain = 1 << 16;
        this.request(1, 5, 0);
        this.submit(0, 1, requested | plain);
        _assertAt(jobIds[0], SinglePhase.Provisional);
        this.challenge(0);
        _assertAt(jobIds[0], SinglePhase.Challenged);
        this.decide(0, 1);
        _assertAt(jobIds[0], SinglePhase.Convicted);
        this.overturn(0);
        _assertAt(jobIds[0], SinglePhase.Overturned);

        uint256 right = 1 << 8;
        this.request(1, 5, 1);
        this.submit(1, 1, requested | right | plain);
        this.challenge(1);
        this.decide(1, 0);
        _assertAt(jobIds[1], SinglePhase.Lapsed);
        this.reopen(1);
        _assertAt(jobIds[1], SinglePhase.Provisional);
        this.challenge(1);
        this.decide(1, 1);
        _assertAt(jobIds[1], SinglePhase.Acquitted);
        this.finalize(1, true, false);
        _assertAt(jobIds[1], SinglePhase.Final);

        this.request(1, 5, 2);
        this.advanceWhenDue(2, false);
        _assertAt(jobIds[2], SinglePhase.Drawn);
        this.submit(2, 1, right);
        this.challengeVif(2, uint8(SinglePhase.Provisional));
        _assertAt(jobIds[2], SinglePhase.Overturned);

        this.request(0, 5, 0);
        this.submit(3, 1, requested | right);
        _assertAt(jobIds[3], SinglePhase.Final);

        this.request(1 | (2 << 8), 5, 0);
        this.bid(4, 1, PRICE);
        _assertAt(jobIds[4], SinglePhase.Drawn);
        this.advanceWhenDue(4, true);
        _assertAt(jobIds[4], SinglePhase.Refunded);

        this.request(1 | (1 << 8), 5, 0);
        this.submit(5, 1, requested | right | plain);
        this.finalize(5, false, true);
        _assertAt(jobIds[5], SinglePhase.Final);
        afterInvariant();
    }

    /// O1
    function invariant_the_registry_holds_open_escrow_and_credits() public view {
        uint256 owed;
        for (uint256 i = 0; i < tracked.length; ++i) {
            bytes32 jobId = jobIds[i];
            SinglePhase phase = _at(jobId);
            if (phase != SinglePhase.None && !_isEnd(phase)) owed += single.quote(tracked[i]) - outflow[jobId];
        }
        for (uint256 i = 0; i < creditors.length; ++i) {
            owed += single.creditOf(creditors[i]);
        }
        assertEq(address(single).balance, owed + burned + donated);
    }

    /// O2
    function invariant_a_job_ends_once_and_pays_out_its_escrow_exactly() public view {
        for (uint256 i = 0; i < tracked.length; ++i) {
            bytes32 jobId = jobIds[i];
            bool over = _isEnd(_at(jobId));
            assertEq(endings[jobId], over ? 1 : 0);
            if (over) assertEq(outflow[jobId], single.quote(tracked[i]));
            else assertLe(outflow[jobId], tracked[i].advanceReserve + tracked[i].callbackFee);
        }
    }

    /// O3
    function invariant_executors_are_paid_for_final_answers_only() public view {
        for (uint256 i = 0; i < tracked.length; ++i) {
            bytes32 jobId = jobIds[i];
            if (_at(jobId) != SinglePhase.Final) {
                assertEq(earned[jobId], 0);
            } else {
                (uint256 payment,) = _split(recordOf[jobId].fee);
                assertEq(earned[jobId], payment);
            }
        }
    }

    /// O4
    function invariant_only_known_transitions() public view {
        assertEq(forbidden, "");
    }

    /// O5
    function invariant_final_states_never_change() public view {
        for (uint256 i = 0; i < tracked.length; ++i) {
            bytes32 jobId = jobIds[i];
            if (finalState[jobId] != 0) assertEq(_stateHash(jobId), finalState[jobId]);
        }
    }

    /// O6
    function invariant_locks_are_those_of_the_seats_in_flight() public view {
        uint256 count = executors.executorCount();
        uint256[] memory seats = new uint256[](count + 1);
        uint256[] memory locked = new uint256[](count + 1);
        for (uint256 i = 0; i < tracked.length; ++i) {
            bytes32 jobId = jobIds[i];
            ISingleJobRegistry.State memory state = single.stateOf(jobId);
            (uint32 id, uint256 fee) = (state.executorId, state.fee);
            if (state.recordHash != 0 && !_isEnd(state.phase)) {
                (id, fee) = (recordOf[jobId].executorId, recordOf[jobId].fee);
            }
            if (id == 0 || fee == 0) continue;
            ++seats[id];
            locked[id] += (fee * bounds.lockMultiplierBps + 9999) / 10_000;
            assertGe(locked[id], fee, "a lock covers its fee");
        }
        for (uint32 id = 1; id <= count; ++id) {
            assertEq(staking.accountOf(id).inFlight, seats[id]);
            assertEq(staking.accountOf(id).locked, locked[id]);
        }
    }

    /// O7
    function invariant_an_answered_jobs_slot_is_its_records_hash() public view {
        for (uint256 i = 0; i < tracked.length; ++i) {
            bytes32 jobId = jobIds[i];
            bytes32 stored = single.stateOf(jobId).recordHash;
            bool answered = recordOf[jobId].executorId != 0;
            assertEq(stored != 0, answered);
            if (answered) assertEq(stored, bytes32((uint256(single.recordHash(recordOf[jobId])) >> 8) << 8));
            // What it promises is there.
            if (answered) assertLe(recordOf[jobId].fee + recordOf[jobId].dispatchFee, recordOf[jobId].balance);
        }
    }

    /// O8
    function invariant_getters_never_revert() public view {
        for (uint256 i = 0; i < tracked.length; ++i) {
            bytes32 jobId = jobIds[i];
            single.stateOf(jobId);
            single.drawnOf(tracked[i]);
            single.verifyResult(jobId, recordOf[jobId], "", 0);
            assertTrue(single.nonceUsed(requester, i));
        }
        assertFalse(usedTwice, "a number was used twice");
        single.parameters();
        single.stateOf("unknown");
    }

    /// O9. Run after each run, because it ends all jobs.
    function afterInvariant() public {
        for (uint256 i = 0; i < tracked.length; ++i) {
            _finish(tracked[i]);
        }
        for (uint256 i = 0; i < creditors.length; ++i) {
            if (single.creditOf(creditors[i]) != 0) single.withdrawFor(creditors[i]);
        }
        assertEq(address(single).balance, donated + burned, "all jobs are over and all credits paid");
        for (uint32 id = 1; id <= executors.executorCount(); ++id) {
            assertEq(staking.accountOf(id).inFlight, 0);
            assertEq(staking.accountOf(id).locked, 0);
        }
    }

    /// @dev Nobody but a stranger, and the court, lifts a finger, and yet each job ends within its steps.
    function _finish(SingleTerms memory terms) private observed {
        bytes32 jobId = single.jobIdOf(terms);
        for (uint256 steps = 0; steps < 5; ++steps) {
            SinglePhase phase = _at(jobId);
            Record memory record = recordOf[jobId];
            if (phase == SinglePhase.None || _isEnd(phase)) return;
            if (phase == SinglePhase.Challenged) {
                _decide(jobId, honest[jobId] ? Verdict.Acquitted : Verdict.Convicted);
            } else if (phase == SinglePhase.Convicted) {
                vm.prank(stranger);
                single.overturn(jobId, record);
            } else if (phase == SinglePhase.Lapsed) {
                vm.prank(stranger);
                single.reopen(jobId, record);
                recordOf[jobId].windowEnd = uint64(vm.getBlockTimestamp() + terms.challengeWindow);
            } else if (phase == SinglePhase.Provisional || phase == SinglePhase.Acquitted) {
                if (record.windowEnd >= vm.getBlockTimestamp()) _afterWindow(record);
                _finalizeAs(jobId, stranger);
            } else {
                _toDue(terms);
                _advance(terms);
            }
        }
        assertTrue(_isEnd(_at(jobId)), "a job is stuck");
    }
}
