// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Case, Verdict} from "../../src/courts/ICourt.sol";
import {Phase} from "../../src/jobs/JobTypes.sol";
import {Offence} from "../../src/stake/IStaking.sol";
import {CourtHandlers} from "./CourtHandlers.sol";

/// @notice The invariants V1 to V9 of README.md. A step that fails is a failure, for steps assert, too.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: deep.invariant.fail-on-revert = true
contract CourtInvariants is CourtHandlers {
    function setUp() public override {
        super.setUp();
        bytes4[] memory steps = new bytes4[](15);
        steps[0] = this.work.selector;
        steps[1] = this.work.selector;
        steps[2] = this.challenge.selector;
        steps[3] = this.challenge.selector;
        steps[4] = this.challenge.selector;
        steps[5] = this.judge.selector;
        steps[6] = this.judge.selector;
        steps[7] = this.decide.selector;
        steps[8] = this.decide.selector;
        steps[9] = this.neglect.selector;
        steps[10] = this.lapse.selector;
        steps[11] = this.disturb.selector;
        steps[12] = this.withdraw.selector;
        steps[13] = this.pass.selector;
        steps[14] = this.donate.selector;
        targetSelector(FuzzSelector({addr: address(this), selectors: steps}));
        bytes4[] memory rare = new bytes4[](1);
        rare[0] = this.setCalibrated.selector;
        targetSelector(FuzzSelector({addr: address(this), selectors: rare}));
        targetContract(address(this));
    }

    /// V1
    function invariant_the_court_owes_bonds_and_credits_and_holds_them() public view {
        uint256 pending;
        for (uint256 i; i < cases.length; ++i) {
            if (cases[i].verdict == Verdict.Pending) pending += rules.bond;
        }
        assertEq(court.liabilities(), pending + _credits());
        assertEq(address(court).balance, court.liabilities() + donated);
        assertEq(cameIn, court.liabilities() + paidOut + burned);
    }

    /// V2
    function invariant_a_verdict_is_what_it_was() public view {
        for (uint256 i; i < cases.length; ++i) {
            Case memory about = court.caseOf(cases[i].id);
            assertEq(uint256(about.verdict), uint256(cases[i].verdict));
            assertEq(about.jobId, cases[i].jobId);
            assertEq(about.challenger, cases[i].by);
            assertEq(about.registry, address(jobs));
            assertFalse(about.undelivered);
        }
    }

    /// V5. That a step slashes exactly who it convicts, once, is asserted at every decision.
    function invariant_strikes_are_convictions() public view {
        for (uint32 id = 1; id <= executors.executorCount(); ++id) {
            assertEq(staking.strikesOf(id, Offence.Conviction), convictions[id]);
        }
        for (uint256 i; i < cases.length; ++i) {
            assertLe(slashes[cases[i].jobId][cases[i].seat], 1);
        }
    }

    /// V7. That no judge sat on the job is asserted at every judgement.
    function invariant_one_case_about_a_seat_at_a_time() public view {
        for (uint256 i; i < cases.length; ++i) {
            if (cases[i].verdict == Verdict.Lapsed) continue;
            assertEq(court.caseAbout(cases[i].jobId, cases[i].seat), cases[i].id);
        }
    }

    /// V8. That a donation changes no getter's answer is asserted when one is made.
    function invariant_getters_never_revert() public view {
        for (uint256 i; i < cases.length; ++i) {
            court.excludedFrom(cases[i].id);
            jobs.committeeOf(cases[i].courts);
        }
        court.excludedFrom("unknown");
        court.caseOf("unknown");
        court.caseAbout("unknown", 255);
        court.openAgainUntil("unknown", 255);
        court.creditOf(address(0));
        court.parameters();
    }

    /// V9. After each run a stranger alone closes every case and brings out every credit.
    function afterInvariant() public {
        for (uint256 i; i < cases.length; ++i) {
            if (cases[i].verdict != Verdict.Pending) continue;
            _finish(cases[i].courts);
            if (jobs.jobState(cases[i].id).phase == Phase.Resolved) _decide(i);
            else _lapse(i);
        }
        for (uint256 i; i < challengers.length; ++i) {
            _withdraw(challengers[i]);
        }
        for (uint32 id = 1; id <= executors.executorCount(); ++id) {
            _withdraw(executors.ownerOf(id));
        }
        assertEq(court.liabilities(), 0);
        assertEq(address(court).balance, donated);
        assertEq(cameIn, paidOut + burned);
    }
}
