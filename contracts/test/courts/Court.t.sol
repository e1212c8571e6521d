// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredits} from "../../src/accounts/ICredits.sol";
import {Court} from "../../src/courts/Court.sol";
import {CourtTerms, ICourt, Verdict} from "../../src/courts/ICourt.sol";
import {Answer, Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {Reply} from "../jobs/JobFixture.sol";
import {CourtFixture} from "./CourtFixture.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

contract CourtTest is CourtFixture {
    // ---------------------------------------------------------------- verdicts

    function test_a_cheat_is_convicted_slashed_and_halved() public {
        uint32 cheat = committee[2];
        uint256 stakeBefore = staking.stakeOf(cheat);
        uint256 scoreBefore = staking.accountOf(cheat).reputation;
        bytes32 courtJobId = _judged(2);
        uint256 scoreOfOutlier = staking.accountOf(cheat).reputation;
        assertEq(scoreOfOutlier, scoreBefore, "a court is no outlier's");

        vm.expectEmit(address(court));
        emit ICourt.Decided(courtJobId, jobId, cheat, 2, Verdict.Convicted);
        Verdict verdict = court.decide(courtJobId, _answer(2, _cheat()), _answer(0, _honest()));

        assertEq(uint256(verdict), uint256(Verdict.Convicted));
        assertEq(staking.stakeOf(cheat), stakeBefore - stakeBefore / 20, "a first conviction costs 5 percent");
        assertEq(staking.accountOf(cheat).reputation, scoreBefore / 2);
        assertEq(court.creditOf(challenger), rules.bond, "the bond goes back");
        // Ten fees are less than a tenth of 5 ether.
        assertEq(staking.proverRewardOf(challenger), 10 * SEAT_FEE);
        _assertSettled();
    }

    function test_an_honest_answer_is_acquitted_and_the_bond_divided() public {
        uint32 accused = committee[0];
        uint256 stakeBefore = staking.stakeOf(accused);
        bytes32 courtJobId = _judged(0);
        uint256 burnedBefore = BURN.balance;
        Verdict verdict = court.decide(courtJobId, _answer(0, _honest()), _answer(0, _honest()));

        assertEq(uint256(verdict), uint256(Verdict.Acquitted));
        assertEq(staking.stakeOf(accused), stakeBefore);
        assertEq(court.creditOf(executors.ownerOf(accused)), rules.bond / 4);
        uint32[] memory judges = jobs.jobState(courtJobId).committee;
        for (uint256 seat; seat < judges.length; ++seat) {
            assertEq(court.creditOf(executors.ownerOf(judges[seat])), rules.bond / 4 / judges.length);
        }
        assertEq(court.creditOf(challenger), 0);
        assertGe(BURN.balance - burnedBefore, rules.bond / 2);
        _assertSettled();
    }

    function test_a_court_without_an_answer_lapses_and_the_seat_can_be_challenged_again() public {
        bytes32 courtJobId = _challenge(2);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotDecided.selector, courtJobId));
        court.lapse(courtJobId);
        _leave(_courtTerms(challenger, 1));

        skip(rules.challengeWindow);
        court.lapse(courtJobId);
        assertEq(court.creditOf(challenger), rules.bond - rules.bond / 4);
        assertEq(uint256(court.caseOf(courtJobId).verdict), uint256(Verdict.Lapsed));
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotPending.selector, courtJobId));
        court.lapse(courtJobId);

        // The job is older than the window by now, but a lapse opens it again, for as long, and for anybody.
        uint256 again = court.openAgainUntil(jobId, 2);
        assertEq(again, vm.getBlockTimestamp() + rules.challengeWindow);
        vm.warp(again);
        bytes32 second = _challengeAs(stranger, 2, 1);
        assertNotEq(second, courtJobId);
        assertEq(court.caseAbout(jobId, 2), second);
    }

    function test_after_a_lapse_the_window_closes_again() public {
        bytes32 courtJobId = _challenge(2);
        _leave(_courtTerms(challenger, 1));
        court.lapse(courtJobId);
        uint256 again = court.openAgainUntil(jobId, 2);
        vm.warp(again + 1);
        _expectChallengeReverts(2, abi.encodeWithSelector(ICourt.TooLate.selector, jobId, again));
    }

    function test_a_verdict_is_final() public {
        bytes32 courtJobId = _judged(2);
        court.decide(courtJobId, _answer(2, _cheat()), _answer(0, _honest()));
        Answer memory accused = _answer(2, _cheat());
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotPending.selector, courtJobId));
        court.decide(courtJobId, accused, _answer(0, _honest()));
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotPending.selector, courtJobId));
        court.lapse(courtJobId);
        _expectChallengeReverts(2, abi.encodeWithSelector(ICourt.AlreadyChallenged.selector, jobId, 2, courtJobId));
    }

    function test_a_resolved_court_cannot_lapse_and_a_refunded_one_cannot_decide() public {
        bytes32 judged = _judged(2);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotDecided.selector, judged));
        court.lapse(judged);
        bytes32 left = _challengeAs(stranger, 0, 1);
        _leave(_courtTerms(stranger, 1));
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotTheCourtsAnswer.selector, left));
        court.decide(left, _answer(0, _honest()), _answer(0, _honest()));
    }

    /// A court's own answers can be challenged like any other's.
    function test_who_lies_in_a_court_is_convicted_by_the_next() public {
        bytes32 courtJobId = _challenge(2);
        Terms memory courts = _courtTerms(challenger, 1);
        _toBeacon();
        (uint32[] memory judges,) = jobs.committeeOf(courts);
        Answer[] memory answers = new Answer[](judges.length);
        for (uint256 seat; seat < judges.length; ++seat) {
            Reply memory reply = seat == 0 ? _cheat() : _honest();
            _commit(courts, judges[seat], reply);
            answers[seat] = _answer(seat, reply);
        }
        for (uint256 seat; seat < judges.length; ++seat) {
            _reveal(courts, judges[seat], seat == 0 ? _cheat() : _honest());
        }
        _resolve(courts, answers);

        terms = courts;
        bytes32 second = _challengeAs(stranger, 0, 1);
        assertEq(abi.encode(court.excludedFrom(second)), abi.encode(judges));
        _judge(_courtTerms(stranger, 1), _honest());
        court.decide(second, _answer(0, _cheat()), _answer(0, _honest()));
        assertEq(uint256(court.caseOf(second).verdict), uint256(Verdict.Convicted));
        assertEq(court.caseOf(second).executorId, judges[0]);
        assertEq(uint256(court.caseOf(courtJobId).verdict), uint256(Verdict.Pending));
    }

    // ---------------------------------------------------------------- whose answer is accused

    /// Where all agree, the registry keeps one record of the answer.
    function test_an_answer_that_all_gave_is_judged_in_every_seat() public {
        Answer[] memory answers;
        terms = _terms(1);
        (jobId, committee, answers) = _requestRevealed(terms, _honest());
        _resolve(terms, answers);
        assertEq(jobs.seatHash(jobId, 1), 0);
        bytes32 courtJobId = _judged(1);
        court.decide(courtJobId, _answer(0, _honest()), _answer(0, _honest()));
        assertEq(uint256(court.caseOf(courtJobId).verdict), uint256(Verdict.Acquitted));
        assertEq(court.caseOf(courtJobId).executorId, committee[1]);
    }

    /// The cheats are the majority, and gave one answer: it was accepted, and each of them can be convicted of it.
    function test_every_seat_of_a_false_majority_is_convicted_and_the_honest_one_acquitted() public {
        terms = _terms(2);
        (jobId, committee) = _requestDrawable(terms);
        for (uint256 seat; seat < 3; ++seat) {
            _commit(terms, committee[seat], seat == 1 ? _honest() : _cheat());
        }
        for (uint256 seat; seat < 3; ++seat) {
            _reveal(terms, committee[seat], seat == 1 ? _honest() : _cheat());
        }
        _resolve(terms, _answers(_answer(0, _cheat()), _answer(1, _honest())));
        assertEq(jobs.jobState(jobId).agreeing, 5);

        Verdict[3] memory expected = [Verdict.Convicted, Verdict.Acquitted, Verdict.Convicted];
        for (uint8 seat; seat < 3; ++seat) {
            bytes32 courtJobId = _challengeAs(challenger, seat, 10 + seat);
            _judge(_courtTerms(challenger, 10 + seat), _honest());
            Reply memory other = seat == 1 ? _cheat() : _honest();
            vm.expectRevert(abi.encodeWithSelector(ICourt.NotTheAccusedAnswer.selector, jobId, seat));
            court.decide(courtJobId, _answer(seat, other), _answer(0, _honest()));
            court.decide(courtJobId, _answer(seat, seat == 1 ? _honest() : _cheat()), _answer(0, _honest()));
            assertEq(uint256(court.caseOf(courtJobId).verdict), uint256(expected[seat]));
        }
        _assertSettled();
    }

    function test_an_answer_of_a_job_without_agreement_can_be_judged() public {
        terms = _terms(3);
        (jobId, committee) = _requestDrawable(terms);
        Answer[] memory answers = new Answer[](3);
        for (uint256 seat; seat < 3; ++seat) {
            answers[seat] = _answer(seat, Reply(seat == 0 ? _honest().result : abi.encode(seat), _honest().vector));
            _commit(terms, committee[seat], Reply(answers[seat].result, answers[seat].vector));
        }
        for (uint256 seat; seat < 3; ++seat) {
            _reveal(terms, committee[seat], Reply(answers[seat].result, answers[seat].vector));
        }
        _resolve(terms, answers);
        _assertPhase(jobId, Phase.Refunded);
        bytes32 courtJobId = _judged(1);
        court.decide(courtJobId, answers[1], _answer(0, _honest()));
        assertEq(uint256(court.caseOf(courtJobId).verdict), uint256(Verdict.Convicted));
    }

    function test_only_the_two_answers_themselves_decide() public {
        bytes32 courtJobId = _judged(2);
        (Answer memory cheat, Answer memory honest) = (_answer(2, _cheat()), _answer(0, _honest()));
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotTheAccusedAnswer.selector, jobId, 2));
        court.decide(courtJobId, honest, honest);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotTheCourtsAnswer.selector, courtJobId));
        court.decide(courtJobId, cheat, cheat);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotPending.selector, jobId));
        court.decide(jobId, cheat, honest);
    }

    // ---------------------------------------------------------------- who judges

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_who_sat_on_the_job_never_judges_it(uint256 nonce) public {
        _challengeAs(challenger, 2, nonce);
        _toBeacon();
        (uint32[] memory judges,) = jobs.committeeOf(_courtTerms(challenger, nonce));
        _assertFresh(judges);
    }

    /// forge-config: default.fuzz.runs = 16
    function testFuzz_nor_does_it_when_seats_are_drawn_again(uint256 nonce) public {
        bytes32 courtJobId = _challengeAs(challenger, 2, nonce);
        Terms memory courts = _courtTerms(challenger, nonce);
        _toBeacon();
        skip(parameters.drawBountyDelay);
        _advance(courts);
        uint32 declining = jobs.jobState(courtJobId).committee[1];
        vm.prank(_signer(declining));
        jobs.decline(courts);
        _assertFresh(jobs.jobState(courtJobId).committee);
        skip(rules.commitWindow + 1);
        _advance(courts);
        _assertPhase(courtJobId, Phase.Committing);
        _assertFresh(jobs.jobState(courtJobId).committee);
    }

    function _assertFresh(uint32[] memory judges) private view {
        assertEq(judges.length, rules.committeeSize);
        for (uint256 i; i < judges.length; ++i) {
            assertNotEq(judges[i], 0);
            assertFalse(_contains(committee, judges[i]), "judges its own job");
        }
    }

    function test_an_empty_seat_excludes_nobody() public {
        terms = _terms(4);
        (jobId, committee) = _requestDrawn(terms);
        // A seat that is given back when the beacon's hash is forgotten stays empty.
        vm.roll(vm.getBlockNumber() + 300);
        vm.prank(_signer(committee[0]));
        jobs.decline(terms);
        committee = jobs.jobState(jobId).committee;
        assertEq(committee[0], 0);
        for (uint256 seat = 1; seat < 3; ++seat) {
            _commit(terms, committee[seat], _honest());
        }
        for (uint256 seat = 1; seat < 3; ++seat) {
            _reveal(terms, committee[seat], _honest());
        }
        Answer[] memory answers = new Answer[](1);
        answers[0] = _answer(1, _honest());
        _resolve(terms, answers);
        uint32[] memory excluded = court.excludedFrom(_challenge(2));
        assertEq(excluded.length, 2);
        assertEq(excluded[0], committee[1]);
        assertEq(excluded[1], committee[2]);
        _expectChallengeReverts(0, abi.encodeWithSelector(ICourt.SeatNotRevealed.selector, jobId, 0));
    }

    function test_others_jobs_have_no_excluded_executors() public view {
        assertEq(court.excludedFrom(jobId).length, 0);
    }

    // ---------------------------------------------------------------- refusals

    function test_a_challenge_needs_a_calibrated_profile() public {
        _setCalibrated(false);
        _expectChallengeReverts(
            2, abi.encodeWithSelector(ICourt.NotCalibrated.selector, modelId, VERSION, RUNTIME_CLASS)
        );
    }

    function test_only_the_owner_calibrates() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        all.calibration.setCalibrated(modelId, VERSION, RUNTIME_CLASS, true);
    }

    function test_only_revealed_answers_of_final_jobs_can_be_challenged_in_time() public {
        _expectChallengeReverts(3, abi.encodeWithSelector(ICourt.SeatNotRevealed.selector, jobId, 3));
        _expectChallengeReverts(255, abi.encodeWithSelector(ICourt.SeatNotRevealed.selector, jobId, 255));
        uint256 deadline = jobs.jobState(jobId).requestTime + rules.challengeWindow;
        vm.warp(deadline + 1);
        _expectChallengeReverts(2, abi.encodeWithSelector(ICourt.TooLate.selector, jobId, deadline));

        terms = _terms(7);
        bytes32 open = _request(terms);
        _expectChallengeReverts(2, abi.encodeWithSelector(ICourt.JobNotFinal.selector, open));
        terms = _terms(8);
        bytes32 unknown = jobs.jobIdOf(terms);
        _expectChallengeReverts(2, abi.encodeWithSelector(ICourt.JobNotFinal.selector, unknown));
        terms.pool = 1;
        unknown = jobs.jobIdOf(terms);
        _expectChallengeReverts(2, abi.encodeWithSelector(ICourt.NotPublic.selector, unknown, 1));
    }

    function test_a_court_is_offered_what_the_accused_was_paid() public {
        CourtTerms memory wanted = _wanted(1);
        wanted.maxPricePerUnit = PRICE - 1;
        uint256 price = court.quote(terms.maxUnits, wanted);
        hoax(challenger, price);
        vm.expectRevert(
            abi.encodeWithSelector(ICourt.PriceTooLow.selector, uint256(PRICE - 1) * UNITS, uint256(SEAT_FEE))
        );
        court.challenge{value: price}(terms, 2, wanted, input, labels, "");
    }

    /// So that a court that is kept from forming by what it offers forms in the end.
    function test_each_lapse_doubles_what_the_next_court_must_offer() public {
        uint256 lowest = SEAT_FEE;
        for (uint256 lapses; lapses < 13; ++lapses) {
            assertEq(court.lowestSeatFee(jobId, 2, uint128(SEAT_FEE)), lowest);
            CourtTerms memory wanted = _wanted(lapses);
            wanted.maxPricePerUnit = uint128(lowest / UNITS - 1);
            uint256 price = court.quote(terms.maxUnits, wanted);
            hoax(challenger, price);
            vm.expectRevert(abi.encodeWithSelector(ICourt.PriceTooLow.selector, lowest - UNITS, lowest));
            court.challenge{value: price}(terms, 2, wanted, input, labels, "");
            wanted.maxPricePerUnit += 1;
            bytes32 courtJobId = _challengeFor(challenger, 2, wanted);
            assertEq(court.caseOf(courtJobId).lapses, lapses > 10 ? 10 : lapses);
            Terms memory courts = _courtTerms(challenger, lapses);
            courts.maxPricePerUnit = wanted.maxPricePerUnit;
            _leave(courts);
            court.lapse(courtJobId);
            if (lapses < 10) lowest *= 2;
        }
        assertEq(court.lowestSeatFee(jobId, 1, 7), 7, "the other seats' are their own");
    }

    function test_a_challenge_pays_for_its_court_and_more_is_credited() public {
        CourtTerms memory wanted = _wanted(1);
        vm.startPrank(challenger);
        uint256 price = court.quote(terms.maxUnits, wanted);
        assertEq(price, jobs.quote(_courtTerms(challenger, 1)) + rules.bond);
        vm.deal(challenger, price + 5);
        vm.expectRevert(abi.encodeWithSelector(ICourt.InsufficientPayment.selector, price, price - 1));
        court.challenge{value: price - 1}(terms, 2, wanted, input, labels, "");
        court.challenge{value: price + 5}(terms, 2, wanted, input, labels, "");
        vm.stopPrank();
        assertEq(court.creditOf(challenger), 5);
        assertEq(court.liabilities(), rules.bond + 5);
        court.withdrawFor(challenger);
        assertEq(challenger.balance, 5);
        vm.expectRevert(abi.encodeWithSelector(ICredits.NothingToWithdraw.selector, challenger));
        court.withdrawFor(challenger);
    }

    /// Numbers are each challenger's own.
    function test_a_challenge_cannot_be_blocked_by_using_up_its_number() public {
        bytes32 first = _challengeAs(stranger, 0, 1);
        assertNotEq(_challengeAs(challenger, 2, 1), first);
    }

    function testFuzz_a_donation_changes_nothing(uint96 amount) public {
        _challenge(2);
        uint256 before = court.liabilities();
        vm.deal(address(court), address(court).balance + amount);
        assertEq(court.liabilities(), before);
    }

    // ---------------------------------------------------------------- parameters

    function test_parameters_that_make_no_court_are_refused() public {
        _expectRefusal(_with(3, 1), "quorum");
        _expectRefusal(_with(3, 3), "quorum");
        _expectRefusal(_with(7, 4), "quorum");
        _expectRefusal(_with(8, 6), "committeeSize");
        _expectRefusal(_with(0, 0), "committeeSize");
        ICourt.Parameters memory given = rules;
        given.bond = 0;
        _expectRefusal(given, "bond");
        given = rules;
        given.commitWindow = parameters.maxCommitWindow + 1;
        _expectRefusal(given, "commitWindow");
        given = rules;
        given.revealWindow = parameters.minRevealWindow - 1;
        _expectRefusal(given, "revealWindow");
    }

    function test_the_window_is_longer_than_a_job_and_shorter_than_an_exit() public {
        ICourt.Parameters memory given = rules;
        uint32 longestJob = 2 * parameters.maxCommitWindow + parameters.maxRevealWindow + parameters.revealGrace;
        given.challengeWindow = longestJob;
        _expectRefusal(given, "challengeWindow");
        given.challengeWindow = longestJob + 1;
        _new(given);
        uint32 longestCourt = 2 * given.commitWindow + given.revealWindow + parameters.revealGrace;
        uint32 exit = uint32(staking.unbondingEpochs() * staking.epochLength());
        given.challengeWindow = exit - longestCourt;
        _expectRefusal(given, "challengeWindow");
        --given.challengeWindow;
        _new(given);
    }

    function _with(uint8 size, uint8 quorum) private view returns (ICourt.Parameters memory given) {
        given = rules;
        (given.committeeSize, given.quorum) = (size, quorum);
    }

    function _expectRefusal(ICourt.Parameters memory given, string memory name) private {
        vm.expectRevert(abi.encodeWithSelector(ICourt.InvalidParameter.selector, name));
        _new(given);
    }

    function _new(ICourt.Parameters memory given) private returns (Court) {
        return new Court(
            given,
            Court.Addresses({
                jobs: all.jobs,
                models: all.models,
                executors: all.executors,
                staking: all.staking,
                slashing: all.slashing,
                governance: all.governance,
                calibration: all.calibration
            }),
            [address(0), address(0), address(0)]
        );
    }
}
