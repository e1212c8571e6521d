// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CourtTerms, ICourt, Verdict} from "../../src/courts/ICourt.sol";
import {VersionStatus} from "../../src/models/IModelRegistry.sol";
import {CourtFixture} from "./CourtFixture.sol";

/// @notice What somebody could try with courts, and what it costs.
contract CourtAttacks is CourtFixture {
    /// @dev All that an account and an executor it controls own, stake included.
    function _wealth(address account, uint32 id) private view returns (uint256) {
        address owner = executors.ownerOf(id);
        return account.balance + court.creditOf(account) + jobs.creditOf(account) + staking.proverRewardOf(account)
            + staking.stakeOf(id) + court.creditOf(owner) + owner.balance;
    }

    /// Who is about to be convicted challenges itself through another account, for the prover's reward.
    function test_a_cornered_cheat_that_convicts_itself_loses_more_than_it_gets() public {
        uint32 cheat = committee[2];
        vm.deal(challenger, 10 ether);
        uint256 before = _wealth(challenger, cheat);
        bytes32 courtJobId = _challenge(2);
        before += court.quote(terms.maxUnits, _wanted(1));
        _judge(_courtTerms(challenger, 1), _honest());
        court.decide(courtJobId, _answer(2, _cheat()), _answer(0, _honest()));

        uint256 lost = before - _wealth(challenger, cheat);
        uint256 slashed = STAKE / 20;
        assertGe(lost, slashed - slashed / 10, "the reward is a tenth at most, and the court's fees come on top");
        // And it has used a strike: the next conviction costs four times as much.
        assertEq(staking.stakeOf(cheat), STAKE - slashed);
    }

    /// An honest executor has itself challenged, for the quarter of the bond that it gets.
    function test_challenging_oneself_for_the_bond_loses_half_of_it_and_the_fees() public {
        uint32 accused = committee[0];
        vm.deal(challenger, 10 ether);
        uint256 before = _wealth(challenger, accused) + court.quote(terms.maxUnits, _wanted(1));
        bytes32 courtJobId = _challenge(0);
        _judge(_courtTerms(challenger, 1), _honest());
        court.decide(courtJobId, _answer(0, _honest()), _answer(0, _honest()));
        // Three quarters of the bond, and the court's seats at what they asked.
        uint256 fees = rules.committeeSize * SEAT_FEE + parameters.minDispatchFee;
        assertEq(before - _wealth(challenger, accused), rules.bond - rules.bond / 4 + fees);
    }

    /// If its court's seats are the accused's accounts too, half the bond and the protocol's fees are still lost.
    function test_with_a_court_of_ones_own_half_the_bond_is_lost_all_the_same() public {
        uint256 burnedBefore = BURN.balance;
        bytes32 courtJobId = _judged(0);
        court.decide(courtJobId, _answer(0, _honest()), _answer(0, _honest()));
        assertGe(BURN.balance - burnedBefore, rules.bond / 2);
    }

    /// The accused takes the case first, with a court that is not to form: an honest challenger ends it and opens its own in
    /// the same block, and the shield has cost a quarter of a bond.
    function test_a_shield_costs_a_quarter_of_a_bond_and_falls() public {
        address accused = executors.ownerOf(committee[2]);
        bytes32 shield = _challengeAs(accused, 2, 1);
        _expectChallengeReverts(2, abi.encodeWithSelector(ICourt.AlreadyChallenged.selector, jobId, 2, shield));
        _leave(_courtTerms(accused, 1));
        uint256 owed = court.liabilities();
        court.lapse(shield);
        assertEq(owed - court.liabilities(), rules.bond / 4);
        bytes32 courtJobId = _challenge(2);
        _judge(_courtTerms(challenger, 1), _honest());
        court.decide(courtJobId, _answer(2, _cheat()), _answer(0, _honest()));
        assertEq(uint256(court.caseOf(courtJobId).verdict), uint256(Verdict.Convicted));
    }

    /// Bait: a competitor's honest answers are challenged again and again. Each challenge pays the competitor, and a verdict
    /// closes the seat for good.
    function test_bait_pays_its_victim() public {
        uint32 victim = committee[0];
        uint256 stakeBefore = staking.stakeOf(victim);
        uint256 scoreBefore = staking.accountOf(victim).reputation;
        bytes32 courtJobId = _judged(0);
        court.decide(courtJobId, _answer(0, _honest()), _answer(0, _honest()));
        assertEq(staking.stakeOf(victim), stakeBefore);
        assertEq(staking.accountOf(victim).reputation, scoreBefore);
        assertEq(court.creditOf(executors.ownerOf(victim)), rules.bond / 4);
        _expectChallengeReverts(0, abi.encodeWithSelector(ICourt.AlreadyChallenged.selector, jobId, 0, courtJobId));
    }

    /// The limit of courts: two thirds of one court decide, whatever they say. The quorum's liars are accusable in turn.
    function test_a_court_whose_quorum_lies_convicts_an_honest_executor() public {
        bytes32 courtJobId = _challenge(0);
        _judge(_courtTerms(challenger, 1), _cheat());
        court.decide(courtJobId, _answer(0, _honest()), _answer(0, _cheat()));
        assertEq(uint256(court.caseOf(courtJobId).verdict), uint256(Verdict.Convicted));
        assertEq(staking.stakeOf(committee[0]), STAKE - STAKE / 20, "a first conviction costs 5 percent");

        uint32 liar = jobs.jobState(courtJobId).committee[1];
        terms = _courtTerms(challenger, 1);
        bytes32 second = _challengeAs(stranger, 1, 1);
        _judge(_courtTerms(stranger, 1), _honest());
        court.decide(second, _answer(1, _cheat()), _answer(0, _honest()));
        assertEq(staking.stakeOf(liar), STAKE - STAKE / 20);
    }

    /// A stake that leaves as soon as its job is over is still there when the latest court decides.
    function test_nobody_leaves_before_the_verdict() public {
        uint32 cheat = committee[2];
        uint256 requested = jobs.jobState(jobId).requestTime;
        vm.prank(executors.ownerOf(cheat));
        staking.requestExit(type(uint256).max);

        vm.warp(requested + rules.challengeWindow);
        bytes32 courtJobId = _judged(2);
        uint256 exitingBefore = staking.exitingOf(cheat);
        court.decide(courtJobId, _answer(2, _cheat()), _answer(0, _honest()));
        assertEq(staking.exitingOf(cheat), exitingBefore - exitingBefore / 20);
    }

    /// A guardian who pauses new jobs, or a publisher who ends a version, shields nobody.
    function test_neither_a_pause_nor_the_end_of_a_version_keeps_an_answer_from_its_court() public {
        uint32 pause = all.governance.terms().maximumPause;
        vm.prank(all.governance.guardian());
        all.governance.pauseNewJobs(pause);
        vm.prank(publisher);
        all.models.setStatus(modelId, VERSION, VersionStatus.Revoked);
        assertFalse(all.models.isServable(modelId, VERSION, RUNTIME_CLASS));
        bytes32 courtJobId = _judged(2);
        court.decide(courtJobId, _answer(2, _cheat()), _answer(0, _honest()));
        assertEq(uint256(court.caseOf(courtJobId).verdict), uint256(Verdict.Convicted));
    }

    /// Someone who wants the reward copies a challenge and comes first: the cheat is convicted all the same, at the copier's
    /// expense, and the challenger has spent nothing.
    function test_a_copied_challenge_costs_its_victim_nothing() public {
        _challengeAs(stranger, 2, 1);
        CourtTerms memory wanted = _wanted(1);
        uint256 price = court.quote(terms.maxUnits, wanted);
        vm.deal(challenger, price);
        bytes32 first = court.caseAbout(jobId, 2);
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(ICourt.AlreadyChallenged.selector, jobId, 2, first));
        court.challenge{value: price}(terms, 2, wanted, input, labels, "");
        assertEq(challenger.balance, price);
    }
}
