// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Case, Verdict} from "../../src/courts/ICourt.sol";
import {Phase} from "../../src/jobs/JobTypes.sol";
import {SinglePhase} from "../../src/single/SingleTypes.sol";
import {Offence} from "../../src/stake/IStaking.sol";
import {SingleCourtHandlers} from "./SingleCourtHandlers.sol";

/// @notice The invariants V10 to V16 of README.md. A step that fails is a failure, for steps assert, too.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: deep.invariant.fail-on-revert = true
contract SingleCourtInvariants is SingleCourtHandlers {
    function setUp() public override {
        super.setUp();
        bytes4[] memory steps = new bytes4[](20);
        steps[0] = this.work.selector;
        steps[1] = this.work.selector;
        steps[2] = this.work.selector;
        steps[3] = this.challenge.selector;
        steps[4] = this.challenge.selector;
        steps[5] = this.challenge.selector;
        steps[6] = this.judge.selector;
        steps[7] = this.judge.selector;
        steps[8] = this.decide.selector;
        steps[9] = this.decide.selector;
        steps[10] = this.neglect.selector;
        steps[11] = this.lapse.selector;
        steps[12] = this.overturn.selector;
        steps[13] = this.reopen.selector;
        steps[14] = this.finalize.selector;
        steps[15] = this.challengeVif.selector;
        steps[16] = this.disturb.selector;
        steps[17] = this.withdraw.selector;
        steps[18] = this.donate.selector;
        steps[19] = this.pass.selector;
        targetSelector(FuzzSelector({addr: address(this), selectors: steps}));
        bytes4[] memory rare = new bytes4[](1);
        rare[0] = this.setCalibrated.selector;
        targetSelector(FuzzSelector({addr: address(this), selectors: rare}));
        targetContract(address(this));
    }

    /// The steps get everywhere: each verdict, each end, a VIF that falls at each stage of a case.
    function test_the_steps_reach_every_verdict_and_phase() public {
        uint256 cheat = 1 << 24;
        uint256 honest = cheat | (2 << 16);
        uint256 falseVif = 2 << 16;

        this.work(cheat);
        this.challenge(0, 0, 1, 1, 5);
        _assertAt(works[0].id, SinglePhase.Challenged);
        this.judge(0);
        this.decide(0);
        _assertAt(works[0].id, SinglePhase.Convicted);
        this.overturn(0);
        _assertAt(works[0].id, SinglePhase.Overturned);

        // By the accused itself, whose court nobody works for; then by another, who must offer twice as much.
        this.work(honest | (1 << 8) | 1);
        this.challenge(1, 2, 1, 1, 0);
        this.neglect(1);
        this.lapse(1);
        _assertAt(works[1].id, SinglePhase.Lapsed);
        this.reopen(1);
        _assertAt(works[1].id, SinglePhase.Provisional);
        this.challenge(1, 0, 1, 8, 0);
        _assertAt(works[1].id, SinglePhase.Provisional);
        this.challenge(1, 0, 1, 1, 0);
        this.judge(2);
        this.decide(2);
        _assertAt(works[1].id, SinglePhase.Acquitted);
        this.finalize(1, true, false);
        _assertAt(works[1].id, SinglePhase.Final);

        // A court of liars, about an honest answer.
        this.work(honest);
        this.challenge(2, 1, 2 | (7 << 8), 1, 0);
        this.judge(3);
        this.decide(3);
        _assertAt(works[2].id, SinglePhase.Convicted);
        assertFalse(cases[3].honestCourt);

        // While the court looks at it; after its acquittal.
        this.work(falseVif);
        this.challenge(3, 0, 1, 1, 0);
        this.challengeVif(3, 0);
        _assertAt(works[3].id, SinglePhase.Overturned);
        this.judge(4);
        this.decide(4);
        assertEq(uint256(cases[4].verdict), uint256(Verdict.Acquitted));
        this.work(falseVif);
        this.challenge(4, 0, 1, 1, 0);
        this.judge(5);
        this.decide(5);
        _assertAt(works[4].id, SinglePhase.Acquitted);
        this.challengeVif(4, 1);
        _assertAt(works[4].id, SinglePhase.Overturned);

        this.work(cheat);
        this.finalize(5, false, true);
        _assertAt(works[5].id, SinglePhase.Final);
        this.setCalibrated(0);
        this.work(cheat);
        this.challenge(6, 0, 1, 1, 0);
        _assertAt(works[6].id, SinglePhase.Provisional);
        assertEq(cases.length, 6);
        afterInvariant();
    }

    /// V10
    function invariant_convictions_and_false_vifs_overturn_and_nothing_else() public view {
        for (uint256 i; i < works.length; ++i) {
            SinglePhase phase = _at(works[i].id);
            if (phase == SinglePhase.Overturned) assertTrue(works[i].convicted || works[i].fallen);
            if (works[i].fallen) assertTrue(phase == SinglePhase.Overturned);
            else if (works[i].convicted) assertTrue(phase == SinglePhase.Convicted || phase == SinglePhase.Overturned);
            // What a verdict has cleared, or nobody fought, is paid; what it condemned never is.
            if (phase == SinglePhase.Final) assertFalse(works[i].convicted || works[i].fallen);
        }
    }

    /// V11. That a verdict leaves an overturned job as it was is asserted at every decision.
    function invariant_the_verdict_and_the_jobs_phase_agree() public view {
        for (uint256 i; i < cases.length; ++i) {
            Case memory about = deployedCourt.caseOf(cases[i].id);
            assertEq(uint256(about.verdict), uint256(cases[i].verdict));
            assertEq(about.registry, address(single));
            assertEq(about.challenger, cases[i].by);
            assertFalse(about.undelivered, "a verdict didn't arrive");
        }
        for (uint256 i; i < works.length; ++i) {
            uint256 last = lastCase[works[i].id];
            SinglePhase phase = _at(works[i].id);
            assertEq(deployedCourt.caseAbout(works[i].id, 0), last == 0 ? bytes32(0) : cases[last - 1].id);
            if (works[i].fallen) continue;
            Verdict verdict = last == 0 ? Verdict.None : cases[last - 1].verdict;
            assertEq(phase == SinglePhase.Challenged, verdict == Verdict.Pending);
            assertEq(phase == SinglePhase.Convicted || phase == SinglePhase.Overturned, verdict == Verdict.Convicted);
            if (phase == SinglePhase.Acquitted) assertTrue(verdict == Verdict.Acquitted);
            if (phase == SinglePhase.Lapsed) assertTrue(verdict == Verdict.Lapsed);
            if (phase == SinglePhase.Provisional) assertTrue(verdict == Verdict.None || verdict == Verdict.Lapsed);
            if (verdict == Verdict.Acquitted) {
                assertTrue(phase == SinglePhase.Acquitted || phase == SinglePhase.Final);
            }
        }
    }

    /// V12. That a decision slashes exactly who it convicts, once, and that honest judges are right, is asserted at each.
    function invariant_the_convicted_is_slashed_once_and_its_requester_refunded() public view {
        for (uint32 id = 1; id <= executors.executorCount(); ++id) {
            assertEq(staking.strikesOf(id, Offence.Conviction), convictions[id]);
            assertEq(staking.strikesOf(id, Offence.InvalidVif), falseVifs[id]);
        }
        for (uint256 i; i < works.length; ++i) {
            assertEq(slashes[works[i].id], works[i].convicted ? 1 : 0);
        }
        for (uint256 i; i < cases.length; ++i) {
            if (!cases[i].honestCourt || cases[i].verdict == Verdict.Pending) continue;
            assertEq(works[cases[i].job].convicted, !works[cases[i].job].honest, "judged by the honest");
        }
    }

    /// V13
    function invariant_a_requester_gets_back_exactly_what_the_end_leaves_it() public view {
        for (uint256 i; i < works.length; ++i) {
            address refundTo = works[i].terms.refundTo;
            uint256 got = single.creditOf(refundTo) + refundTo.balance;
            SinglePhase phase = _at(works[i].id);
            uint256 balance = works[i].record.balance - works[i].terms.dispatchFee;
            if (phase == SinglePhase.Overturned) assertEq(got, balance);
            else if (phase == SinglePhase.Final) assertEq(got, balance - works[i].record.fee);
            else assertEq(got, 0);
        }
    }

    /// V14. That a donation changes no getter's answer is asserted when one is made.
    function invariant_both_contracts_hold_what_they_owe() public view {
        uint256 bonds;
        for (uint256 i; i < cases.length; ++i) {
            if (cases[i].verdict == Verdict.Pending) bonds += rules.bond;
        }
        assertEq(deployedCourt.liabilities(), bonds + _courtCredits());
        assertEq(address(deployedCourt).balance, deployedCourt.liabilities() + courtDonated);
        assertEq(courtCameIn, deployedCourt.liabilities() + courtPaidOut + courtBurned);

        uint256 open;
        for (uint256 i; i < works.length; ++i) {
            if (_at(works[i].id) < SinglePhase.Final) open += works[i].record.balance;
        }
        assertEq(address(single).balance, open + _singleCredits() + kept + singleDonated);
        assertEq(escrowed, open + _singleCredits() + singlePaidOut + earned + kept);
    }

    /// V16. After each run a stranger alone closes every case, ends every job and brings out every credit.
    function afterInvariant() public {
        for (uint256 i; i < cases.length; ++i) {
            if (cases[i].verdict != Verdict.Pending) continue;
            _leave(cases[i].courts);
            if (_phase(cases[i].id) == Phase.Resolved) _decide(i);
            else _lapse(i);
        }
        for (uint256 i; i < works.length; ++i) {
            SinglePhase phase = _at(works[i].id);
            if (phase == SinglePhase.Convicted) _overturn(i);
            if (phase == SinglePhase.Lapsed) _reopen(i);
            if (phase == SinglePhase.Lapsed || phase == SinglePhase.Provisional) _toWindowEnd(i);
            if (phase < SinglePhase.Challenged) _finish(i);
            assertTrue(_at(works[i].id) >= SinglePhase.Final, "a job is stuck");
        }
        for (uint256 i; i < _parties(); ++i) {
            _withdraw(_party(i));
        }
        assertEq(deployedCourt.liabilities(), 0);
        assertEq(address(deployedCourt).balance, courtDonated);
        assertEq(address(single).balance, singleDonated + kept);
        for (uint32 id = 1; id <= executors.executorCount(); ++id) {
            assertEq(uint256(staking.accountOf(id).inFlight) + staking.accountOf(id).locked, 0);
        }
    }
}
