// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {JobState, Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {Target} from "../jobs/Callback.t.sol";
import {JobHandlers} from "./JobHandlers.sol";
import {Accomplice} from "./JobLedger.sol";

/// @notice The numbered invariants of README.md.
contract JobInvariants is JobHandlers {
    function setUp() public override {
        super.setUp();
        accomplice = new Accomplice();
        _remember(address(accomplice));
        target = new Target(IJobRegistry(address(accomplice)));
        // One executor is poor: it can hold one dear seat at a time.
        _addExecutor(10 ether, PRICE, 1);
        _nextEpoch();

        bytes4[] memory steps = new bytes4[](26);
        steps[0] = this.request.selector;
        steps[1] = this.request.selector;
        steps[2] = this.cancel.selector;
        steps[3] = this.commit.selector;
        steps[4] = this.commit.selector;
        steps[5] = this.commit.selector;
        steps[6] = this.decline.selector;
        steps[7] = this.reveal.selector;
        steps[8] = this.reveal.selector;
        steps[9] = this.withdraw.selector;
        steps[10] = this.resolve.selector;
        steps[11] = this.advance.selector;
        steps[12] = this.advanceWhenDue.selector;
        steps[13] = this.retryCallback.selector;
        steps[14] = this.disturb.selector;
        steps[15] = this.changeOffering.selector;
        steps[16] = this.withdrawEarnings.selector;
        steps[17] = this.setConduct.selector;
        steps[18] = this.donate.selector;
        steps[19] = this.pass.selector;
        steps[20] = this.passLong.selector;
        steps[21] = this.refreshWeights.selector;
        steps[22] = this.revealLate.selector;
        steps[23] = this.punishSilent.selector;
        steps[24] = this.reenter.selector;
        steps[25] = this.reenter.selector;
        targetSelector(FuzzSelector({addr: address(this), selectors: steps}));
        targetContract(address(this));
    }

    /// The steps get everywhere: each way to each end, and a target that gets in by each call that it may make.
    function test_the_steps_reach_every_phase_and_reenter() public {
        uint256 all3 = 0x030303; // three honest answers; odd, so of a job that isn't drawn yet
        this.request(2, 6, true);
        this.commit(0, 1 << 8 | 7, all3);
        _assertPhase(jobs.jobIdOf(tracked[0]), Phase.Revealing);
        this.reveal(0, 1 << 8, false);
        this.reenter(0, 0, 0);
        this.resolve(0);
        _assertPhase(jobs.jobIdOf(tracked[0]), Phase.Resolved);
        assertEq(accomplice.letIn(IJobRegistry.request.selector), 1, "requests");
        bytes32 own = jobs.jobIdOf(tracked[1]);
        _assertPhase(own, Phase.Requested);

        // A committee of one that nobody answers for: its refund advances the accomplice's job.
        this.request(0, 6, true);
        this.reenter(1, 3, 0);
        this.advanceWhenDue(2, uint8(Phase.Requested));
        this.advanceWhenDue(2, uint8(Phase.Committing));
        this.advanceWhenDue(2, uint8(Phase.Committing));
        _assertPhase(jobs.jobIdOf(tracked[2]), Phase.Refunded);
        assertEq(accomplice.letIn(IJobRegistry.advanceJob.selector), 1, "advances");
        _assertPhase(own, Phase.Committing);

        // The third seat is silent and punished; within a callback another job is resolved, and calls back.
        this.request(2, 7, true);
        this.commit(3, 1 << 8, all3);
        this.reveal(3, 3, false);
        this.request(2, 6, true);
        this.commit(4, 1 << 8, all3);
        this.reveal(4, 1 << 8, false);
        vm.warp(jobs.jobState(jobs.jobIdOf(tracked[3])).deadline + parameters.revealGrace + 1);
        this.reenter(3, 4, 0);
        this.resolve(4);
        assertEq(accomplice.letIn(IJobRegistry.resolve.selector), 1, "resolves");
        _assertPhase(jobs.jobIdOf(tracked[3]), Phase.Resolved);
        assertEq(jobs.jobState(jobs.jobIdOf(tracked[3])).pending, 4);
        this.punishSilent(3, 2, true);
        assertEq(jobs.jobState(jobs.jobIdOf(tracked[3])).pending, 0);

        // Credits and earnings leave while a target is called.
        this.request(0, 4, true);
        this.reenter(0, 1, 0);
        vm.prank(requester);
        vm.expectRevert();
        jobs.cancel(tracked[0]);
        this.cancel(5);
        _assertPhase(jobs.jobIdOf(tracked[5]), Phase.Refunded);
        afterInvariant();
        assertEq(jobs.creditOf(address(accomplice)), 0);
        assertGt(address(accomplice).balance, 0, "its own job was refunded");
        assertFalse(accomplice.paidTwice());
    }

    /// J1
    function invariant_the_registry_owes_open_escrow_and_credits_and_holds_it() public view {
        uint256 owed;
        for (uint256 i = 0; i < tracked.length; ++i) {
            bytes32 jobId = jobs.jobIdOf(tracked[i]);
            if (_phase(jobId) != Phase.None && !_isFinal(_phase(jobId))) {
                owed += jobs.quote(tracked[i]) - outflow[jobId];
            }
        }
        for (uint256 i = 0; i < creditors.length; ++i) {
            owed += jobs.creditOf(creditors[i]);
        }
        assertEq(address(jobs).balance, owed + burnedByJobs + donatedToJobs);
        assertFalse(accomplice.paidTwice());
    }

    /// J2
    function invariant_staking_holds_what_it_owes() public view {
        uint256 owed;
        for (uint32 id = 1; id <= executors.executorCount(); ++id) {
            owed += staking.stakeOf(id) + staking.poolOf(id).ownerEarnings;
        }
        for (uint256 i = 0; i < creditors.length; ++i) {
            owed += staking.proverRewardOf(creditors[i]) + staking.unburnedOf(creditors[i]);
        }
        assertEq(address(staking).balance, owed + donatedToStaking);
    }

    /// J3
    function invariant_a_job_ends_once_and_pays_out_its_escrow_exactly() public view {
        for (uint256 i = 0; i < tracked.length; ++i) {
            bytes32 jobId = jobs.jobIdOf(tracked[i]);
            bool over = _isFinal(_phase(jobId));
            assertEq(endings[jobId], over ? 1 : 0);
            if (over) assertEq(outflow[jobId], jobs.quote(tracked[i]));
            else assertLe(outflow[jobId], tracked[i].advanceReserve);
        }
    }

    /// J4
    function invariant_only_known_transitions() public view {
        assertEq(forbidden, "");
    }

    /// J5
    function invariant_final_states_never_change() public view {
        for (uint256 i = 0; i < tracked.length; ++i) {
            bytes32 jobId = jobs.jobIdOf(tracked[i]);
            if (finalState[jobId] != 0) assertEq(_stateHash(jobId), finalState[jobId]);
        }
    }

    /// J6
    function invariant_locks_are_those_of_the_seats_in_flight() public view {
        uint256 count = executors.executorCount();
        uint256[] memory seats = new uint256[](count + 1);
        uint256[] memory locked = new uint256[](count + 1);
        for (uint256 i = 0; i < tracked.length; ++i) {
            JobState memory state = jobs.jobState(jobs.jobIdOf(tracked[i]));
            bool open = state.phase == Phase.Committing || state.phase == Phase.Revealing;
            for (uint256 seat = 0; seat < state.committee.length; ++seat) {
                if (!open && state.pending & (1 << seat) == 0) continue;
                ++seats[state.committee[seat]];
                locked[state.committee[seat]] += _lock(state.seatFee);
            }
        }
        for (uint32 id = 1; id <= count; ++id) {
            assertEq(staking.accountOf(id).inFlight, seats[id]);
            assertEq(staking.accountOf(id).locked, locked[id]);
        }
    }

    /// J7
    function invariant_a_seats_holders_are_distinct_and_bitmaps_nest() public view {
        for (uint256 i = 0; i < tracked.length; ++i) {
            JobState memory state = jobs.jobState(jobs.jobIdOf(tracked[i]));
            assertEq(state.revealed & ~state.committed, 0);
            assertEq(state.agreeing & ~state.revealed, 0);
            assertEq(state.pending & ~(state.committed & ~state.revealed), 0);
            if (state.pending != 0) assertTrue(_isFinal(state.phase) && state.deadline != 0);
            assertLe(state.advances, 4);
            for (uint256 a = 0; a < state.committee.length; ++a) {
                if (state.committed & (1 << a) != 0) assertTrue(state.committee[a] != 0);
                for (uint256 b = 0; b < a; ++b) {
                    assertTrue(state.committee[a] != state.committee[b] || state.committee[a] == 0);
                }
            }
        }
    }

    /// J8
    function invariant_getters_never_revert() public view {
        for (uint256 i = 0; i < tracked.length; ++i) {
            bytes32 jobId = jobs.jobIdOf(tracked[i]);
            jobs.jobState(jobId);
            jobs.committeeOf(tracked[i]);
            for (uint256 seat = 0; seat < 256; seat += 51) {
                jobs.seatHash(jobId, uint8(seat));
            }
            jobs.verifyResult(jobId, "", 0);
        }
        jobs.parameters();
        jobs.jobState("unknown");
    }

    /// J10. By requests through the desk too: see D3.
    function invariant_a_requesters_number_is_used_by_one_job() public view {
        for (uint256 i = 0; i < tracked.length; ++i) {
            Terms memory terms = tracked[i];
            uint256 expected = _phase(jobs.jobIdOf(terms)) == Phase.None ? 0 : 1;
            assertEq(requests[terms.requester][terms.nonce], expected);
            assertEq(jobs.nonceUsed(terms.requester, terms.nonce), expected == 1);
        }
    }

    /// J9. Run after each run, because it ends all jobs.
    function afterInvariant() public {
        // Twice: a job that ends may call a target that requests another.
        for (uint256 i = 0; i < 2 * tracked.length; ++i) {
            _finish(tracked[i % tracked.length]);
            _punish(jobs.jobIdOf(tracked[i % tracked.length]));
        }
        for (uint256 i = 0; i < creditors.length; ++i) {
            if (jobs.creditOf(creditors[i]) != 0) jobs.withdrawFor(creditors[i]);
        }
        assertEq(address(jobs).balance, donatedToJobs + burnedByJobs, "all jobs are over and all credits paid");
        for (uint32 id = 1; id <= executors.executorCount(); ++id) {
            assertEq(staking.accountOf(id).inFlight, 0);
        }
    }

    function _punish(bytes32 jobId) private observed {
        JobState memory state = jobs.jobState(jobId);
        if (state.pending == 0) return;
        uint256 end = state.deadline + parameters.revealGrace + 1;
        if (end > vm.getBlockTimestamp()) vm.warp(end);
        for (uint8 seat = 0; seat < state.committee.length; ++seat) {
            if (state.pending & (1 << seat) != 0) jobs.punishSilent(jobId, seat);
        }
    }

    /// @dev Nobody but a stranger lifts a finger, and yet each job ends within its steps.
    function _finish(Terms memory terms) private observed {
        bytes32 jobId = jobs.jobIdOf(terms);
        for (uint256 steps = 0; steps < 5; ++steps) {
            JobState memory state = jobs.jobState(jobId);
            if (state.phase == Phase.None || _isFinal(state.phase)) return;
            if (state.phase == Phase.Requested) {
                vm.roll(vm.getBlockNumber() + 2);
            } else {
                uint256 end = state.deadline + parameters.revealGrace + 1;
                if (end > vm.getBlockTimestamp()) vm.warp(end);
            }
            bool enough = _count(state.revealed) >= terms.quorum;
            if (state.phase == Phase.Revealing && enough) _resolve(terms, _revealedAnswers(jobId));
            else _advance(terms);
        }
        assertTrue(_isFinal(_phase(jobId)), "a job is stuck");
    }
}
