// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INonces} from "../../src/accounts/INonces.sol";
import {CourtTerms, ICourt, Verdict} from "../../src/courts/ICourt.sol";
import {Answer, Terms} from "../../src/jobs/JobTypes.sol";
import {ISingleJobRegistry} from "../../src/single/ISingleJobRegistry.sol";
import {Record, SinglePhase, SingleTerms} from "../../src/single/SingleTypes.sol";
import {Offence} from "../../src/stake/IStaking.sol";
import {Reply} from "../jobs/JobFixture.sol";
import {SingleCourtFixture} from "./SingleCourtFixture.sol";

/// @notice Optimistic answers before the court, from the challenge to the last wei.
contract SingleJobsInCourt is SingleCourtFixture {
    SingleTerms private terms;
    bytes32 private jobId;
    Record private record;
    /// All that the requester and the challenger have paid.
    uint256 private paidIn;

    /// @dev As few as a court needs beside the accused, so that who is drawn is certain.
    function _executorCount() internal pure override returns (uint256) {
        return 4;
    }

    function _answered(Reply memory reply) private {
        terms = _single(0);
        paidIn = single.quote(terms);
        (jobId, record) = _provisional(terms, reply);
    }

    function _challenged(uint256 nonce, uint256 pricePerUnit) private returns (bytes32, Terms memory) {
        CourtTerms memory wanted = _wanted(nonce, pricePerUnit);
        paidIn += deployedCourt.quote(terms.maxUnits, wanted);
        bytes32 courtJobId = _accuse(terms, record, wanted);
        _assertAt(jobId, SinglePhase.Challenged);
        assertEq(deployedCourt.caseAbout(jobId, 0), courtJobId);
        return (courtJobId, _courtTerms(challenger, wanted));
    }

    /// @dev Whoever decides brings both answers; the verdict reaches the registry in the same call.
    function _decided(bytes32 courtJobId, Reply memory accused) private returns (Verdict verdict) {
        vm.expectEmit(address(deployedCourt));
        emit ICourt.VerdictDelivered(courtJobId, address(single));
        vm.prank(stranger);
        verdict = deployedCourt.decide(courtJobId, _answer(0, accused), _answer(0, _honest()));
        assertFalse(deployedCourt.caseOf(courtJobId).undelivered);
    }

    function _lapsed(bytes32 courtJobId, Terms memory courts) private {
        _leave(courts);
        vm.expectEmit(address(deployedCourt));
        emit ICourt.VerdictDelivered(courtJobId, address(single));
        vm.prank(stranger);
        deployedCourt.lapse(courtJobId);
    }

    function _reopened() private {
        vm.prank(stranger);
        single.reopen(jobId, record);
        record.windowEnd = uint64(vm.getBlockTimestamp() + terms.challengeWindow);
    }

    function _overturned() private {
        vm.prank(stranger);
        single.overturn(jobId, record);
        _assertAt(jobId, SinglePhase.Overturned);
    }

    /// @dev A challenge that must fail: it moves neither the job nor a wei.
    function _expectRefused(CourtTerms memory wanted, bytes memory reason) private {
        uint256 price = deployedCourt.quote(terms.maxUnits, wanted);
        vm.deal(challenger, price);
        vm.prank(challenger);
        vm.expectRevert(reason);
        single.challenge{value: price}(terms, record, wanted, input, labels, "");
        _assertAt(jobId, SinglePhase.Provisional);
        assertEq(challenger.balance, price);
    }

    /// @dev Of everyone who takes part.
    function _credits(address account) private view returns (uint256) {
        return single.creditOf(account) + jobs.creditOf(account) + deployedCourt.creditOf(account);
    }

    /// @dev All jobs are over: what came in is somebody's or burned, to the wei. `kept` are the protocol fees, which both
    /// registries hold and owe to nobody.
    function _assertConserved(uint256 kept) private view {
        uint256 credits = _credits(requester) + _credits(refundee) + _credits(challenger) + _credits(stranger);
        uint256 earnings;
        for (uint32 id = 1; id <= executors.executorCount(); ++id) {
            credits += _credits(executors.ownerOf(id));
            earnings += staking.accountOf(id).earnings;
            assertEq(staking.accountOf(id).inFlight, 0, "a seat is still in flight");
            assertEq(staking.accountOf(id).locked, 0, "stake is still locked");
        }
        assertEq(paidIn, credits + earnings + BURN.balance + kept, "what came in");
        assertEq(address(single).balance + address(jobs).balance + address(deployedCourt).balance, credits + kept);
        assertEq(address(deployedCourt).balance, deployedCourt.liabilities());
    }

    // ---------------------------------------------------------------- verdicts

    function test_a_cheat_is_judged_without_the_accused_slashed_once_and_its_requester_refunded() public {
        _answered(_cheat());
        (bytes32 courtJobId, Terms memory courts) = _challenged(1, PRICE);
        assertEq(deployedCourt.excludedFrom(courtJobId).length, 1);
        assertEq(deployedCourt.excludedFrom(courtJobId)[0], record.executorId);
        _judge(courts);
        assertFalse(_contains(jobs.jobState(courtJobId).committee, record.executorId), "judges itself");

        vm.recordLogs();
        assertEq(uint256(_decided(courtJobId, _cheat())), uint256(Verdict.Convicted));
        assertEq(_slashes(vm.getRecordedLogs(), record.executorId, jobId, Offence.Conviction), 1);
        _assertAt(jobId, SinglePhase.Convicted);
        assertEq(staking.stakeOf(record.executorId), STAKE - STAKE / 20, "5 percent for the first time");
        assertEq(staking.strikesOf(record.executorId, Offence.Conviction), 1);
        assertEq(staking.proverRewardOf(challenger), 10 * uint256(record.fee), "below a tenth of what was slashed");
        assertEq(deployedCourt.creditOf(challenger), rules.bond);

        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Convicted));
        single.finalize(jobId, record, "", 0);
        _overturned();
        assertEq(single.creditOf(refundee), single.quote(terms) - terms.dispatchFee);
        assertEq(single.creditOf(stranger), terms.dispatchFee);
        assertEq(staking.accountOf(record.executorId).earnings, 0);
        _assertConserved(_keptOf(courtJobId));
    }

    function test_a_verdict_and_its_consequence_come_once() public {
        _answered(_cheat());
        (bytes32 courtJobId, Terms memory courts) = _challenged(1, PRICE);
        _judge(courts);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotDecided.selector, courtJobId));
        deployedCourt.lapse(courtJobId);
        _decided(courtJobId, _cheat());
        (Answer memory accused, Answer memory honest) = (_answer(0, _cheat()), _answer(0, _honest()));
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotPending.selector, courtJobId));
        deployedCourt.decide(courtJobId, accused, honest);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NothingToDeliver.selector, courtJobId));
        deployedCourt.retryVerdict(courtJobId);
        _overturned();
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Overturned));
        single.overturn(jobId, record);
        CourtTerms memory again = _wanted(2, PRICE);
        uint256 price = deployedCourt.quote(terms.maxUnits, again);
        hoax(challenger, price);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Overturned));
        single.challenge{value: price}(terms, record, again, input, labels, "");
        assertEq(staking.strikesOf(record.executorId, Offence.Conviction), 1);
        _assertConserved(_keptOf(courtJobId));
    }

    function test_the_acquitted_is_paid_at_once_and_the_bond_is_split() public {
        _answered(_honest());
        (bytes32 courtJobId, Terms memory courts) = _challenged(1, PRICE);
        _judge(courts);
        assertEq(uint256(_decided(courtJobId, _honest())), uint256(Verdict.Acquitted));
        _assertAt(jobId, SinglePhase.Acquitted);

        uint256 quarter = rules.bond / 4;
        assertEq(deployedCourt.creditOf(executors.ownerOf(record.executorId)), quarter, "the accused's");
        uint32[] memory judges = jobs.jobState(courtJobId).committee;
        for (uint256 seat; seat < judges.length; ++seat) {
            assertEq(deployedCourt.creditOf(executors.ownerOf(judges[seat])), quarter / judges.length, "a judge's");
        }
        assertEq(BURN.balance, rules.bond - quarter - quarter / judges.length * judges.length, "the rest");
        assertEq(deployedCourt.creditOf(challenger), 0);
        assertEq(staking.stakeOf(record.executorId), STAKE);

        assertLe(vm.getBlockTimestamp(), record.windowEnd, "the window doesn't matter any more");
        _finalize(jobId, record, _honest());
        _assertAt(jobId, SinglePhase.Final);
        (uint256 payment, uint256 burned) = _split(record.fee);
        assertEq(staking.accountOf(record.executorId).earnings, payment);
        assertTrue(single.verifyResult(jobId, record, _honest().result, keccak256(_honest().vector)));
        _assertConserved(burned + _keptOf(courtJobId));
    }

    function test_after_a_lapse_a_dearer_court_convicts() public {
        _answered(_cheat());
        assertEq(deployedCourt.lowestSeatFee(jobId, 0, record.fee), record.fee);
        (bytes32 first, Terms memory courts) = _challenged(1, PRICE);
        skip(terms.challengeWindow);
        _lapsed(first, courts);
        _assertAt(jobId, SinglePhase.Lapsed);
        assertEq(deployedCourt.creditOf(challenger), rules.bond - rules.bond / 4);
        assertEq(BURN.balance, rules.bond / 4);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Lapsed));
        single.finalize(jobId, record, "", 0);

        _reopened();
        uint256 fee = record.fee;
        assertEq(deployedCourt.lowestSeatFee(jobId, 0, record.fee), 2 * fee);
        _expectRefused(
            _wanted(2, 2 * PRICE - 1), abi.encodeWithSelector(ICourt.PriceTooLow.selector, 2 * fee - UNITS, 2 * fee)
        );
        (bytes32 second, Terms memory dearer) = _challenged(2, 2 * PRICE);
        assertEq(deployedCourt.caseOf(second).lapses, 1);
        _judge(dearer);
        assertEq(uint256(_decided(second, _cheat())), uint256(Verdict.Convicted));
        _overturned();
        assertEq(staking.strikesOf(record.executorId, Offence.Conviction), 1);
        _assertConserved(_keptOf(first) + _keptOf(second));
    }

    /// So that what an offer can keep from forming forms in the end.
    function test_each_lapse_doubles_the_least_offer() public {
        _answered(_cheat());
        uint256 fee = record.fee;
        for (uint256 lapses; lapses < 4; ++lapses) {
            uint256 lowest = fee << lapses;
            assertEq(deployedCourt.lowestSeatFee(jobId, 0, uint128(fee)), lowest);
            _expectRefused(
                _wanted(lapses, lowest / UNITS - 1),
                abi.encodeWithSelector(ICourt.PriceTooLow.selector, lowest - UNITS, lowest)
            );
            (bytes32 courtJobId, Terms memory courts) = _challenged(lapses, lowest / UNITS);
            _lapsed(courtJobId, courts);
            _reopened();
        }
        assertEq(BURN.balance, 4 * (rules.bond / 4), "a quarter of each bond");
        _afterWindow(record);
        _finalize(jobId, record, _cheat());
        (, uint256 burned) = _split(fee);
        _assertConserved(burned);
    }

    function test_what_lapsed_and_nobody_challenges_again_is_final() public {
        _answered(_honest());
        (bytes32 courtJobId, Terms memory courts) = _challenged(1, PRICE);
        _lapsed(courtJobId, courts);
        _reopened();
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.NotBefore.selector, jobId, record.windowEnd));
        single.finalize(jobId, record, "", 0);
        _afterWindow(record);
        _finalize(jobId, record, _honest());
        _assertAt(jobId, SinglePhase.Final);
        (, uint256 burned) = _split(record.fee);
        _assertConserved(burned);
    }

    function test_what_nobody_challenges_is_final() public {
        _answered(_cheat());
        _afterWindow(record);
        _finalize(jobId, record, _cheat());
        _assertAt(jobId, SinglePhase.Final);
        assertEq(deployedCourt.caseAbout(jobId, 0), 0);
        (uint256 payment, uint256 burned) = _split(record.fee);
        assertEq(staking.accountOf(record.executorId).earnings, payment);
        _assertConserved(burned);
    }

    /// Each conviction costs more than the one before.
    function test_a_second_conviction_is_a_second_strike() public {
        _answered(_cheat());
        uint32 cheat = record.executorId;
        (bytes32 courtJobId, Terms memory courts) = _challenged(1, PRICE);
        _judge(courts);
        _decided(courtJobId, _cheat());
        _overturned();
        // Until the same executor is drawn again; what others answer becomes final.
        for (uint256 nonce = 1; nonce < 64; ++nonce) {
            terms = _single(nonce);
            (jobId, record) = _provisional(terms, _cheat());
            if (record.executorId == cheat) break;
            _afterWindow(record);
            _finalize(jobId, record, _cheat());
        }
        assertEq(record.executorId, cheat, "it isn't drawn any more");
        uint256 before = staking.stakeOf(cheat);
        (bytes32 second, Terms memory next) = _challenged(2, PRICE);
        _judge(next);
        _decided(second, _cheat());
        assertEq(staking.stakeOf(cheat), before - before / 5, "20 percent");
        assertEq(staking.strikesOf(cheat, Offence.Conviction), 2);
    }

    // ---------------------------------------------------------------- challenges that aren't heard

    function test_a_challenge_after_the_window_is_refused() public {
        _answered(_cheat());
        _afterWindow(record);
        _expectRefused(
            _wanted(1, PRICE), abi.encodeWithSelector(ISingleJobRegistry.TooLate.selector, jobId, record.windowEnd)
        );
    }

    function test_a_challenge_in_the_last_second_of_the_window_is_heard() public {
        _answered(_cheat());
        vm.warp(record.windowEnd);
        _challenged(1, PRICE);
    }

    function test_a_challenge_of_an_uncalibrated_version_is_refused() public {
        _answered(_cheat());
        _setCalibrated(false);
        _expectRefused(
            _wanted(1, PRICE), abi.encodeWithSelector(ICourt.NotCalibrated.selector, modelId, VERSION, RUNTIME_CLASS)
        );
        _setCalibrated(true);
        _challenged(1, PRICE);
    }

    function test_a_challenge_for_less_than_the_accused_was_paid_is_refused() public {
        _answered(_cheat());
        uint256 fee = record.fee;
        _expectRefused(_wanted(1, PRICE - 1), abi.encodeWithSelector(ICourt.PriceTooLow.selector, fee - UNITS, fee));
    }

    /// A number is used once by each challenger, in courts about whatever job.
    function test_a_challengers_number_opens_one_case() public {
        _answered(_honest());
        (bytes32 courtJobId, Terms memory courts) = _challenged(1, 2 * PRICE);
        _lapsed(courtJobId, courts);
        _reopened();
        _expectRefused(
            _wanted(1, 2 * PRICE), abi.encodeWithSelector(INonces.NonceUsed.selector, deployedCourt, courts.nonce)
        );
    }

    function test_what_was_paid_beyond_the_price_is_the_challengers() public {
        _answered(_cheat());
        CourtTerms memory wanted = _wanted(1, PRICE);
        uint256 price = deployedCourt.quote(terms.maxUnits, wanted);
        hoax(challenger, price + 7);
        single.challenge{value: price + 7}(terms, record, wanted, input, labels, "");
        assertEq(deployedCourt.creditOf(challenger), 7);
        assertEq(deployedCourt.liabilities(), rules.bond + 7);
    }

    // ---------------------------------------------------------------- false VIFs before the court

    /// @dev An answer with a VIF that is none, before the court; then shown to be false.
    function _fallen(Reply memory reply) private returns (bytes32 courtJobId, Terms memory courts) {
        terms = _single(0);
        paidIn = single.quote(terms);
        uint32 id;
        (jobId, id) = _askDrawable(terms);
        record = _submitVif(terms, id, reply, _falseVif(id));
        (courtJobId, courts) = _challenged(1, PRICE);
        _showFalse(stranger, terms, record, lastVif, lastBeacon);
        _assertAt(jobId, SinglePhase.Overturned);
        assertEq(staking.strikesOf(record.executorId, Offence.InvalidVif), 1);
        assertEq(single.creditOf(refundee), single.quote(terms) - terms.dispatchFee);
    }

    /// @dev What the registry knows of the job and owes for it.
    function _aboutTheJob() private view returns (bytes32) {
        return keccak256(
            abi.encode(
                single.stateOf(jobId),
                address(single).balance,
                single.creditOf(refundee),
                single.creditOf(stranger),
                single.creditOf(challenger)
            )
        );
    }

    function test_a_conviction_after_a_false_vif_changes_nothing_of_the_job() public {
        (bytes32 courtJobId, Terms memory courts) = _fallen(_cheat());
        bytes32 before = _aboutTheJob();
        _judge(courts);
        vm.recordLogs();
        assertEq(uint256(_decided(courtJobId, _cheat())), uint256(Verdict.Convicted));
        assertEq(_slashes(vm.getRecordedLogs(), record.executorId, jobId, Offence.Conviction), 1, "another offence");
        assertEq(_aboutTheJob(), before);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Overturned));
        single.overturn(jobId, record);
        _assertConserved(_keptOf(courtJobId));
    }

    function test_an_acquittal_after_a_false_vif_pays_the_executor_no_fee() public {
        (bytes32 courtJobId, Terms memory courts) = _fallen(_honest());
        bytes32 before = _aboutTheJob();
        _judge(courts);
        assertEq(uint256(_decided(courtJobId, _honest())), uint256(Verdict.Acquitted));
        assertEq(_aboutTheJob(), before);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Overturned));
        single.finalize(jobId, record, "", 0);
        _assertConserved(_keptOf(courtJobId));
    }

    function test_a_lapse_after_a_false_vif_opens_no_window() public {
        (bytes32 courtJobId, Terms memory courts) = _fallen(_cheat());
        bytes32 before = _aboutTheJob();
        _lapsed(courtJobId, courts);
        assertEq(_aboutTheJob(), before);
        vm.expectRevert(abi.encodeWithSelector(ISingleJobRegistry.WrongPhase.selector, jobId, SinglePhase.Overturned));
        single.reopen(jobId, record);
        _assertConserved(_keptOf(courtJobId));
    }

    /// The accused goes to court with itself first, so that nobody else may: its false VIF falls all the same.
    function test_a_court_of_ones_own_shields_no_false_vif() public {
        terms = _single(0);
        uint32 id;
        (jobId, id) = _askDrawable(terms);
        record = _submitVif(terms, id, _honest(), _falseVif(id));
        address owner = executors.ownerOf(id);
        CourtTerms memory wanted = _wanted(1, PRICE);
        uint256 price = deployedCourt.quote(terms.maxUnits, wanted);
        hoax(owner, price);
        single.challenge{value: price}(terms, record, wanted, input, labels, "");
        _showFalse(stranger, terms, record, lastVif, lastBeacon);
        _assertAt(jobId, SinglePhase.Overturned);
        assertEq(staking.stakeOf(id), STAKE - STAKE / 5, "20 percent");
    }
}
