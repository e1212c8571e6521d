// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Court} from "../../src/courts/Court.sol";
import {CourtTerms, Case, ICourt, Verdict} from "../../src/courts/ICourt.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Answer, JobState, Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {IStaking} from "../../src/stake/IStaking.sol";
import {JobFixture, Reply} from "../jobs/JobFixture.sol";

/// @notice A job with a cheat in its last seat, and the court of the devnet's size above it.
contract CourtTest is JobFixture {
    ICourt internal court;
    address internal immutable challenger = makeAddr("challenger");

    Terms internal terms;
    bytes32 internal jobId;
    uint32[] internal committee;

    function _executorCount() internal pure override returns (uint256) {
        return 12;
    }

    function setUp() public override {
        super.setUp();
        court = all.court;
        vm.prank(all.calibration.owner());
        all.calibration.setCalibrated(modelId, VERSION, RUNTIME_CLASS, true);

        Answer[] memory answers;
        terms = _terms(0);
        (jobId, committee, answers) = _requestRevealed(terms, _cheat());
        _resolve(terms, answers);
    }

    // ---------------------------------------------------------------- verdicts

    function test_a_cheat_is_convicted_slashed_and_halved() public {
        uint32 cheat = committee[2];
        uint256 stakeBefore = staking.stakeOf(cheat);
        uint256 scoreBefore = staking.accountOf(cheat).reputation;
        bytes32 courtJobId = _challenge(2);
        Terms memory courts = _judge(courtJobId, _honest());
        uint256 rewardBefore = staking.proverRewardOf(challenger);

        vm.expectEmit(address(court));
        emit ICourt.Decided(courtJobId, jobId, cheat, 2, Verdict.Convicted);
        Verdict verdict = court.decide(courtJobId, terms, _answer(2, _cheat()), _centre(courts, _honest()));

        assertEq(uint256(verdict), uint256(Verdict.Convicted));
        assertEq(staking.stakeOf(cheat), stakeBefore - stakeBefore / 20, "a first conviction costs 5 percent");
        assertEq(staking.accountOf(cheat).reputation, scoreBefore / 2);
        assertEq(court.creditOf(challenger), court.parameters().bond, "the bond goes back");
        uint256 reward = staking.proverRewardOf(challenger) - rewardBefore;
        assertTrue(reward != 0 && reward <= stakeBefore / 200, "at most a tenth of what was taken");
        _assertSettled();
    }

    function test_an_honest_answer_is_acquitted_and_the_bond_divided() public {
        uint32 accused = committee[0];
        uint256 stakeBefore = staking.stakeOf(accused);
        bytes32 courtJobId = _challenge(0);
        Terms memory courts = _judge(courtJobId, _honest());
        uint256 burnedBefore = BURN.balance;
        Verdict verdict = court.decide(courtJobId, terms, _answer(0, _honest()), _centre(courts, _honest()));

        uint256 bond = court.parameters().bond;
        assertEq(uint256(verdict), uint256(Verdict.Acquitted));
        assertEq(staking.stakeOf(accused), stakeBefore);
        assertEq(court.creditOf(executors.ownerOf(accused)), bond / 4);
        uint32[] memory judges = jobs.jobState(courtJobId).committee;
        for (uint256 seat; seat < judges.length; ++seat) {
            assertEq(court.creditOf(executors.ownerOf(judges[seat])), bond / 4 / judges.length);
        }
        assertEq(court.creditOf(challenger), 0);
        assertGe(BURN.balance - burnedBefore, bond / 2);
        _assertSettled();
    }

    function test_a_court_without_an_answer_lapses_and_the_seat_can_be_challenged_again() public {
        bytes32 courtJobId = _challenge(2);
        Terms memory courts = _courtTerms(courtJobId);
        vm.roll(vm.getBlockNumber() + 100_000);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotDecided.selector, courtJobId));
        court.lapse(courtJobId);
        _advance(courts);
        _assertPhase(courtJobId, Phase.Refunded);

        skip(court.parameters().challengeWindow);
        court.lapse(courtJobId);
        uint256 bond = court.parameters().bond;
        assertEq(court.creditOf(challenger), bond - bond / 4);
        assertEq(uint256(court.caseOf(courtJobId).verdict), uint256(Verdict.Lapsed));
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotPending.selector, courtJobId));
        court.lapse(courtJobId);

        // The job is older than the window by now, but a lapse opens it again, for as long.
        skip(court.parameters().challengeWindow);
        bytes32 second = _challengeWith(2, 2);
        assertNotEq(second, courtJobId);
        assertEq(court.caseAbout(jobId, 2), second);
    }

    function test_a_verdict_is_final() public {
        bytes32 courtJobId = _challenge(2);
        Terms memory courts = _judge(courtJobId, _honest());
        court.decide(courtJobId, terms, _answer(2, _cheat()), _centre(courts, _honest()));
        Answer memory accused = _answer(2, _cheat());
        Answer memory centre = _centre(courts, _honest());
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotPending.selector, courtJobId));
        court.decide(courtJobId, terms, accused, centre);
        _expectChallengeReverts(2, abi.encodeWithSelector(ICourt.AlreadyChallenged.selector, jobId, 2, courtJobId));
    }

    // ---------------------------------------------------------------- the court

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_who_sat_on_the_job_never_judges_it(uint256 nonce) public {
        bytes32 courtJobId = _challengeWith(2, nonce);
        _toBeacon();
        (uint32[] memory judges,) = jobs.committeeOf(_courtTerms(courtJobId));
        assertEq(judges.length, court.parameters().committeeSize);
        for (uint256 i; i < judges.length; ++i) {
            for (uint256 j; j < committee.length; ++j) {
                assertNotEq(judges[i], committee[j]);
            }
        }
    }

    function test_others_jobs_have_no_excluded_executors() public view {
        assertEq(court.excludedFrom(jobId).length, 0);
    }

    // ---------------------------------------------------------------- refusals

    function test_a_challenge_needs_a_calibrated_profile() public {
        vm.prank(all.calibration.owner());
        all.calibration.setCalibrated(modelId, VERSION, RUNTIME_CLASS, false);
        _expectChallengeReverts(
            2, abi.encodeWithSelector(ICourt.NotCalibrated.selector, modelId, VERSION, RUNTIME_CLASS)
        );
    }

    function test_only_revealed_answers_of_final_jobs_can_be_challenged_in_time() public {
        _expectChallengeReverts(3, abi.encodeWithSelector(ICourt.SeatNotRevealed.selector, jobId, 3));
        uint256 deadline = jobs.jobState(jobId).requestTime + court.parameters().challengeWindow;
        vm.warp(deadline + 1);
        _expectChallengeReverts(2, abi.encodeWithSelector(ICourt.TooLate.selector, jobId, deadline));

        terms = _terms(7);
        bytes32 open = _request(terms);
        _expectChallengeReverts(2, abi.encodeWithSelector(ICourt.JobNotFinal.selector, open));
    }

    function test_a_challenge_pays_for_its_court_and_more_is_credited() public {
        CourtTerms memory wanted = _wanted(1);
        vm.startPrank(challenger);
        uint256 price = court.quote(terms, wanted);
        vm.deal(challenger, price + 5);
        vm.expectRevert(abi.encodeWithSelector(ICourt.InsufficientPayment.selector, price, price - 1));
        court.challenge{value: price - 1}(terms, 2, wanted, input, labels, "");
        court.challenge{value: price + 5}(terms, 2, wanted, input, labels, "");
        vm.stopPrank();
        assertEq(court.creditOf(challenger), 5);
        assertEq(court.liabilities(), court.parameters().bond + 5);
        court.withdrawFor(challenger);
        assertEq(challenger.balance, 5);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NothingToWithdraw.selector, challenger));
        court.withdrawFor(challenger);
    }

    function test_only_the_two_answers_themselves_decide() public {
        bytes32 courtJobId = _challenge(2);
        Terms memory courts = _judge(courtJobId, _honest());
        (Answer memory cheat, Answer memory honest) = (_answer(2, _cheat()), _centre(courts, _honest()));
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotTheAccusedAnswer.selector, jobId, 2));
        court.decide(courtJobId, terms, honest, honest);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotTheCourtsAnswer.selector, courtJobId));
        court.decide(courtJobId, terms, cheat, cheat);
        // Another profile than the job's could excuse or condemn anyone.
        Terms memory other = _terms(99);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotTheAccusedAnswer.selector, jobId, 2));
        court.decide(courtJobId, other, cheat, honest);
    }

    /// A court with somebody's number in it can't be requested by anybody else.
    function test_a_challenge_cannot_be_front_run_by_its_number() public {
        address thief = makeAddr("thief");
        CourtTerms memory wanted = _wanted(1);
        vm.startPrank(thief);
        uint256 price = court.quote(terms, wanted);
        vm.deal(thief, price);
        bytes32 first = court.challenge{value: price}(terms, 0, wanted, input, labels, "");
        vm.stopPrank();
        assertNotEq(_challengeWith(2, 1), first);
    }

    function testFuzz_a_donation_changes_nothing(uint96 amount) public {
        uint256 before = court.liabilities();
        vm.deal(address(court), address(court).balance + amount);
        assertEq(court.liabilities(), before);
    }

    function test_parameters_that_make_no_court_are_refused() public {
        Court.Addresses memory addresses;
        ICourt.Parameters memory given = court.parameters();
        given.quorum = 1;
        vm.expectRevert(abi.encodeWithSelector(ICourt.InvalidParameter.selector, "quorum"));
        new Court(given, addresses);
        (given.committeeSize, given.quorum) = (7, 4);
        vm.expectRevert(abi.encodeWithSelector(ICourt.InvalidParameter.selector, "quorum"));
        new Court(given, addresses);
        (given.committeeSize, given.quorum) = (8, 6);
        vm.expectRevert(abi.encodeWithSelector(ICourt.InvalidParameter.selector, "committeeSize"));
        new Court(given, addresses);
        (given.committeeSize, given.quorum, given.bond) = (7, 5, 0);
        vm.expectRevert(abi.encodeWithSelector(ICourt.InvalidParameter.selector, "bond"));
        new Court(given, addresses);
        (given.bond, given.challengeWindow) = (1, 0);
        vm.expectRevert(abi.encodeWithSelector(ICourt.InvalidParameter.selector, "challengeWindow"));
        new Court(given, addresses);
    }

    // ---------------------------------------------------------------- helpers

    function _wanted(uint256 nonce) private view returns (CourtTerms memory) {
        return CourtTerms(nonce, 2 * PRICE, parameters.minDispatchFee, parameters.minAdvanceReserve);
    }

    function _challenge(uint8 seat) private returns (bytes32) {
        return _challengeWith(seat, 1);
    }

    function _challengeWith(uint8 seat, uint256 nonce) private returns (bytes32) {
        CourtTerms memory wanted = _wanted(nonce);
        vm.startPrank(challenger);
        uint256 price = court.quote(terms, wanted);
        vm.deal(challenger, price);
        bytes32 courtJobId = court.challenge{value: price}(terms, seat, wanted, input, labels, "");
        vm.stopPrank();
        return courtJobId;
    }

    function _expectChallengeReverts(uint8 seat, bytes memory reason) private {
        CourtTerms memory wanted = _wanted(5);
        uint256 price = court.quote(terms, wanted);
        hoax(challenger, price);
        vm.expectRevert(reason);
        court.challenge{value: price}(terms, seat, wanted, input, labels, "");
    }

    /// @dev The terms that the court requested with, of which the test knows all but the number's hash.
    function _courtTerms(bytes32 courtJobId) private view returns (Terms memory courts) {
        ICourt.Parameters memory given = court.parameters();
        courts = _terms(0);
        courts.requester = address(court);
        courts.committeeSize = given.committeeSize;
        courts.quorum = given.quorum;
        courts.commitWindow = given.commitWindow;
        courts.revealWindow = given.revealWindow;
        courts.refundTo = challenger;
        for (uint256 nonce = 1;; ++nonce) {
            courts.nonce = uint256(keccak256(abi.encode(challenger, nonce)));
            if (jobs.jobIdOf(courts) == courtJobId) return courts;
            assertLt(nonce, 3, "not a job of this test's challenger");
        }
    }

    /// @dev Runs the court's job to its end with one answer of all.
    function _judge(bytes32 courtJobId, Reply memory reply) private returns (Terms memory courts) {
        courts = _courtTerms(courtJobId);
        _toBeacon();
        (uint32[] memory judges,) = jobs.committeeOf(courts);
        _commitAll(courts, judges, reply);
        _revealAll(courts, judges, reply);
        Answer[] memory answers = new Answer[](judges.length);
        for (uint256 seat; seat < judges.length; ++seat) {
            answers[seat] = _answer(seat, reply);
        }
        _resolve(courts, answers);
        _assertPhase(courtJobId, Phase.Resolved);
    }

    function _centre(Terms memory courts, Reply memory reply) private view returns (Answer memory) {
        return _answer(jobs.jobState(jobs.jobIdOf(courts)).centre, reply);
    }

    function _assertSettled() private {
        address[2] memory named = [challenger, executors.ownerOf(committee[0])];
        for (uint256 i; i < named.length; ++i) {
            if (court.creditOf(named[i]) != 0) court.withdrawFor(named[i]);
        }
        uint32[] memory judges = jobs.jobState(court.caseAbout(jobId, 2)).committee;
        if (judges.length == 0) judges = jobs.jobState(court.caseAbout(jobId, 0)).committee;
        for (uint256 seat; seat < judges.length; ++seat) {
            address owner = executors.ownerOf(judges[seat]);
            if (court.creditOf(owner) != 0) court.withdrawFor(owner);
        }
        assertEq(court.liabilities(), 0, "liabilities");
        assertEq(address(court).balance, 0, "balance");
    }
}
