// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CourtTerms, Verdict} from "../../src/courts/ICourt.sol";
import {Answer, JobState, Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {IStaking, Offence} from "../../src/stake/IStaking.sol";
import {CourtFixture} from "../courts/CourtFixture.sol";
import {Reply} from "../jobs/JobFixture.sol";
import {Vm} from "forge-std/Test.sol";

/// @notice The steps of runs over jobs, challenges and courts, and what is remembered of them. A step asserts what the
/// contracts must do with it; one that makes no sense does nothing.
abstract contract CourtHandlers is CourtFixture {
    /// @notice A case, as the run knows it.
    struct Known {
        Terms courts;
        bytes32 id;
        bytes32 jobId;
        uint8 seat;
        address by;
        /// Whether the accused answer is the honest one.
        bool honest;
        /// Whether every judge answered honestly; meaningless before the court's job is over.
        bool honestCourt;
        /// What each judge would say: bit i set, the i-th lies.
        uint256 lies;
        Verdict verdict;
    }

    uint256 internal constant MAX_JOBS = 8;
    uint256 internal constant MAX_CASES = 24;

    Terms[] internal asked;
    /// Bit i set: the i-th seat's answer is a cheat's.
    mapping(bytes32 jobId => uint256) internal cheats;
    Known[] internal cases;
    mapping(uint32 executorId => uint256) internal convictions;
    mapping(bytes32 jobId => mapping(uint8 seat => uint256)) internal slashes;

    uint256 internal cameIn;
    uint256 internal paidOut;
    uint256 internal burned;
    uint256 internal donated;
    address[2] internal challengers = [makeAddr("first challenger"), makeAddr("second challenger")];

    function _executorCount() internal pure override returns (uint256) {
        return 16;
    }

    function setUp() public virtual override {
        super.setUp();
        asked.push(terms);
        cheats[jobId] = 4;
    }

    // ---------------------------------------------------------------- requester and executors

    /// @dev A job from its request to its end; the seats of the bitmap cheat.
    function work(uint256 cheating) external {
        if (asked.length == MAX_JOBS) return;
        Terms memory asks = _terms(100 + asked.length);
        bytes32 id = _request(asks);
        _toBeacon();
        (uint32[] memory seats,) = jobs.committeeOf(asks);
        if (seats.length == 0) return;
        // Mostly one cheats; sometimes a majority does, or all.
        cheating = cheating % 3 == 0 ? cheating >> 8 & 7 : 1 << ((cheating >> 8) % 3);
        _run(asks, seats, cheating);
        if (jobs.jobState(id).phase != Phase.Resolved) return;
        asked.push(asks);
        cheats[id] = cheating;
    }

    /// @dev A court's seats answer, as the case foretells; the job is over afterwards.
    function judge(uint256 which) external {
        (bool any, uint256 index) = _pick(which, Phase.Requested);
        if (!any) return;
        Known storage known = cases[index];
        _toBeacon();
        (uint32[] memory judges,) = jobs.committeeOf(known.courts);
        if (judges.length == 0) return;
        for (uint256 seat; seat < judges.length; ++seat) {
            assertFalse(_contains(jobs.jobState(known.jobId).committee, judges[seat]), "V7: judges its own job");
        }
        _run(known.courts, judges, known.lies);
        known.honestCourt = known.lies & 7 == 0;
    }

    // ---------------------------------------------------------------- challengers, the accused among them

    function challenge(uint256 job, uint8 seat, uint256 who, uint256 lies, uint96 beyond) external {
        if (cases.length == MAX_CASES) return;
        Terms memory about = asked[job % asked.length];
        bytes32 id = jobs.jobIdOf(about);
        seat %= 3;
        uint32 accused = jobs.jobState(id).committee[seat];
        address by = who % 3 == 2 ? executors.ownerOf(accused) : challengers[who % 3];
        CourtTerms memory wanted = _wanted(cases.length);
        uint256 lowest = court.lowestSeatFee(id, seat, uint128(jobs.jobState(id).seatFee));
        if (wanted.maxPricePerUnit * UNITS < lowest) wanted.maxPricePerUnit = uint128(lowest / UNITS);
        uint256 price = court.quote(about.maxUnits, wanted);
        uint256 escrow = price - rules.bond;
        vm.deal(by, by.balance + price + beyond);

        bool calibrated = all.calibration.isCalibrated(modelId, VERSION, RUNTIME_CLASS);
        bool free = _isFree(id, seat);
        uint256 last = court.openAgainUntil(id, seat);
        if (last == 0) last = jobs.jobState(id).requestTime + rules.challengeWindow;
        bool inTime = vm.getBlockTimestamp() <= last;
        vm.prank(by);
        try court.challenge{value: price + beyond}(about, seat, wanted, input, labels, "") returns (
            bytes32 courtJobId
        ) {
            assertTrue(calibrated, "V6: a case about an uncalibrated profile");
            assertTrue(free && inTime, "V2: a seat that was not free, or too late");
            cameIn += price + beyond - escrow;
            Terms memory courts = _courtTerms(by, cases.length);
            courts.maxPricePerUnit = wanted.maxPricePerUnit;
            assertEq(jobs.jobIdOf(courts), courtJobId);
            // One court in three has liars.
            cases.push(
                Known({
                    courts: courts,
                    id: courtJobId,
                    jobId: id,
                    seat: seat,
                    by: by,
                    honest: cheats[id] & (1 << seat) == 0,
                    honestCourt: false,
                    lies: lies % 3 == 0 ? (lies >> 8) & 7 : 0,
                    verdict: Verdict.Pending
                })
            );
        } catch {
            assertFalse(calibrated && free && inTime, "a challenge that must be heard was refused");
        }
    }

    function setCalibrated(uint256 dice) external {
        _setCalibrated(dice % 4 != 0);
    }

    // ---------------------------------------------------------------- anyone

    function decide(uint256 which) external {
        (bool any, uint256 index) = _pick(which, Phase.Resolved);
        if (any) _decide(index);
    }

    function lapse(uint256 which) external {
        (bool any, uint256 index) = _pick(which, Phase.Refunded);
        if (any) _lapse(index);
    }

    /// @dev Calls that must fail: on closed cases, on open ones that are not ready, with the wrong answers.
    function disturb(uint256 which, uint256 what) external {
        if (cases.length == 0) return;
        Known storage known = cases[which % cases.length];
        Phase phase = jobs.jobState(known.id).phase;
        bool open = known.verdict == Verdict.Pending;
        Answer memory wrong = _answer(0, Reply("nonsense", "nonsense"));
        if (what % 3 == 0 && !(open && phase == Phase.Refunded)) {
            vm.expectRevert();
            court.lapse(known.id);
        } else if (what % 3 == 1) {
            vm.expectRevert();
            court.decide(known.id, wrong, _answer(0, _honest()));
        } else {
            vm.expectRevert();
            court.retryVerdict(known.id);
        }
    }

    /// @dev Whatever a court's job waits for, time brings it.
    function neglect(uint256 which) external {
        if (cases.length == 0) return;
        _finish(cases[which % cases.length].courts);
    }

    function withdraw(uint256 who) external {
        address account =
            who % 3 == 2 ? executors.ownerOf(uint32(1 + (who >> 8) % executors.executorCount())) : challengers[who % 3];
        _withdraw(account);
    }

    function donate(uint96 amount) external {
        uint256 before = court.liabilities();
        vm.deal(address(court), address(court).balance + amount);
        donated += amount;
        assertEq(court.liabilities(), before, "V8: a donation");
    }

    function pass(uint256 time) external {
        skip(bound(time, 1, rules.challengeWindow / 2));
        vm.roll(vm.getBlockNumber() + 1);
    }

    // ---------------------------------------------------------------- steps of steps

    function _decide(uint256 index) internal {
        Known storage known = cases[index];
        JobState memory state = jobs.jobState(known.id);
        Reply memory centre = known.lies & (1 << state.centre) == 0 ? _honest() : _cheat();
        uint32 accused = jobs.jobState(known.jobId).committee[known.seat];
        uint256 burnedBefore = BURN.balance;
        uint256 owedBefore = _credits();
        vm.recordLogs();
        Verdict verdict = court.decide(known.id, _answer(0, known.honest ? _honest() : _cheat()), _answer(0, centre));
        bool slashed = _slashed(accused, known.jobId);
        bool disagrees = known.honest != (known.lies & (1 << state.centre) == 0);
        assertEq(uint256(verdict), uint256(disagrees ? Verdict.Convicted : Verdict.Acquitted));
        if (known.honestCourt) {
            assertEq(verdict == Verdict.Acquitted, known.honest, "V4: an honest court was wrong");
        }
        assertEq(slashed, verdict == Verdict.Convicted, "V5: slashed exactly when convicted");
        if (slashed) {
            ++convictions[accused];
            ++slashes[known.jobId][known.seat];
        }
        burned += BURN.balance - burnedBefore;
        // V3: the whole bond, once: to somebody or burned.
        assertEq(_credits() - owedBefore + BURN.balance - burnedBefore, rules.bond, "V3: not the bond");
        known.verdict = verdict;
    }

    function _lapse(uint256 index) internal {
        Known storage known = cases[index];
        uint256 before = court.creditOf(known.by);
        court.lapse(known.id);
        uint256 back = court.creditOf(known.by) - before;
        assertEq(back, rules.bond - rules.bond / 4, "V3: what a lapse gives back");
        burned += rules.bond - back;
        known.verdict = Verdict.Lapsed;
    }

    /// @dev All seats of a drawable job commit and reveal, and anybody resolves it; the seats of the bitmap cheat.
    function _run(Terms memory asks, uint32[] memory seats, uint256 cheating) private {
        Answer[] memory answers = new Answer[](seats.length);
        for (uint256 seat; seat < seats.length; ++seat) {
            answers[seat] = _answer(seat, cheating & (1 << seat) == 0 ? _honest() : _cheat());
            _commit(asks, seats[seat], Reply(answers[seat].result, answers[seat].vector));
        }
        for (uint256 seat; seat < seats.length; ++seat) {
            _reveal(asks, seats[seat], Reply(answers[seat].result, answers[seat].vector));
        }
        _resolve(asks, answers);
    }

    /// @dev A stranger ends a job that nobody works on.
    function _finish(Terms memory courts) internal {
        bytes32 id = jobs.jobIdOf(courts);
        for (uint256 steps; steps < 4; ++steps) {
            JobState memory state = jobs.jobState(id);
            if (state.phase == Phase.Resolved || state.phase == Phase.Refunded) return;
            if (state.phase == Phase.Requested) _toBeacon();
            else vm.warp(vm.getBlockTimestamp() + rules.commitWindow + 1);
            _advance(courts);
        }
        assertEq(uint256(jobs.jobState(id).phase), uint256(Phase.Refunded), "a court is stuck");
    }

    function _withdraw(address account) internal {
        uint256 amount = court.creditOf(account);
        if (amount == 0) return;
        uint256 before = account.balance;
        court.withdrawFor(account);
        assertEq(account.balance - before, amount);
        paidOut += amount;
    }

    // ---------------------------------------------------------------- what is known

    /// @dev A pending case whose job is in the phase, starting the search somewhere.
    function _pick(uint256 which, Phase phase) private view returns (bool any, uint256 index) {
        for (uint256 i; i < cases.length; ++i) {
            index = (which % cases.length + i) % cases.length;
            if (cases[index].verdict != Verdict.Pending) continue;
            if (jobs.jobState(cases[index].id).phase == phase) return (true, index);
        }
    }

    function _isFree(bytes32 id, uint8 seat) private view returns (bool) {
        for (uint256 i; i < cases.length; ++i) {
            if (cases[i].jobId != id || cases[i].seat != seat) continue;
            if (cases[i].verdict != Verdict.Lapsed) return false;
        }
        return true;
    }

    function _credits() internal view returns (uint256 sum) {
        for (uint256 i; i < challengers.length; ++i) {
            sum += court.creditOf(challengers[i]);
        }
        for (uint32 id = 1; id <= executors.executorCount(); ++id) {
            sum += court.creditOf(executors.ownerOf(id));
        }
    }

    /// @dev Whether the recorded logs show one slash of the executor, for this job, as a conviction; never more than one.
    function _slashed(uint32 accused, bytes32 id) private returns (bool) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 number;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IStaking.Slashed.selector) continue;
            assertEq(uint256(logs[i].topics[1]), accused, "somebody else was slashed");
            assertEq(logs[i].topics[2], id);
            (Offence offence,,,,) = abi.decode(logs[i].data, (Offence, uint8, uint8, uint256, uint256));
            assertEq(uint256(offence), uint256(Offence.Conviction));
            ++number;
        }
        assertLe(number, 1, "V5: slashed twice");
        return number == 1;
    }
}
