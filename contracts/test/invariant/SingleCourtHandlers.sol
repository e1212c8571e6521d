// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CourtTerms, ICourt, Verdict} from "../../src/courts/ICourt.sol";
import {Answer, JobState, Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {Record, Scheduler, SinglePhase, SingleTerms} from "../../src/single/SingleTypes.sol";
import {Offence} from "../../src/stake/IStaking.sol";
import {SingleCourtFixture} from "../courts/SingleCourtFixture.sol";
import {Reply} from "../jobs/JobFixture.sol";

/// @notice The steps of runs over single jobs and the court that is deployed beside their registry, and what is remembered of
/// them. A step asserts what the contracts must do with it; one that makes no sense does nothing.
abstract contract SingleCourtHandlers is SingleCourtFixture {
    /// @notice An optimistic job, answered.
    struct Work {
        bytes32 id;
        SingleTerms terms;
        Record record;
        bytes vif;
        bytes32 randomness;
        /// Whether the answer is the honest one.
        bool honest;
        /// Whether its VIF was shown to be false.
        bool fallen;
        /// Whether a court found it wrong.
        bool convicted;
    }

    /// @notice A case, as the run knows it.
    struct Known {
        Terms courts;
        bytes32 id;
        uint256 job;
        address by;
        /// What each judge would say: bit i set, the i-th lies.
        uint256 lies;
        /// Whether every judge answered honestly; meaningless before the court's job is over.
        bool honestCourt;
        Verdict verdict;
    }

    uint256 internal constant MAX_JOBS = 8;
    uint256 internal constant MAX_CASES = 20;

    Work[] internal works;
    Known[] internal cases;
    /// The last about a job, plus one; 0 without one.
    mapping(bytes32 jobId => uint256) internal lastCase;
    mapping(bytes32 jobId => uint256) internal lapses;
    mapping(uint32 executorId => uint256) internal convictions;
    mapping(uint32 executorId => uint256) internal falseVifs;
    mapping(bytes32 jobId => uint256) internal slashes;

    address[2] internal challengers = [makeAddr("first challenger"), makeAddr("second challenger")];

    // Of the registry, and of the court.
    uint256 internal escrowed;
    uint256 internal earned;
    uint256 internal kept;
    uint256 internal singleDonated;
    uint256 internal singlePaidOut;
    uint256 internal courtCameIn;
    uint256 internal courtPaidOut;
    uint256 internal courtBurned;
    uint256 internal courtDonated;

    function _executorCount() internal pure override returns (uint256) {
        return 8;
    }

    // ---------------------------------------------------------------- requesters and executors

    /// @dev A job from its request to its answer. Two of five cheat, one of six has a VIF that is none.
    function work(uint256 kind) external {
        if (works.length == MAX_JOBS) return;
        SingleTerms memory terms = _single(works.length);
        terms.scheduler = kind % 2 == 0 ? Scheduler.Sortition : Scheduler.RoundRobin;
        // An account of its own, so that each job's refund can be told.
        terms.refundTo = makeAddr(string.concat("refundee ", vm.toString(works.length)));
        bytes32 id = _ask(terms);
        _toBeacon();
        (uint32 drawn,) = single.drawnOf(terms);
        bool onRecord = (kind >> 8) % 3 == 0;
        if (drawn == 0 || onRecord) {
            skip(bounds.drawBountyDelay);
            _advance(terms);
        }
        uint256 escrow = single.quote(terms);
        escrowed += escrow;
        Work storage known = works.push();
        (known.id, known.terms) = (id, terms);
        if (drawn == 0) {
            _assertAt(id, SinglePhase.Refunded);
            return;
        }
        known.honest = (kind >> 16) % 5 > 1;
        bytes memory vif = (kind >> 24) % 6 == 0 ? _falseVif(drawn) : _anyVif(drawn);
        known.record = _submitVif(terms, drawn, known.honest ? _honest() : _cheat(), vif);
        (known.vif, known.randomness) = (lastVif, lastBeacon);
        assertEq(known.record.balance, escrow - (onRecord ? terms.advanceReserve / 4 : 0));
    }

    /// @dev A court's seats answer, as the case foretells; the job is over afterwards.
    function judge(uint256 which) external {
        (bool any, uint256 index) = _pickCase(which, Phase.Requested);
        if (!any) return;
        Known storage known = cases[index];
        _toBeacon();
        (uint32[] memory judges,) = jobs.committeeOf(known.courts);
        if (judges.length == 0) return;
        assertFalse(_contains(judges, works[known.job].record.executorId), "V15: judges itself");
        _run(known.courts, judges, known.lies);
        known.honestCourt = known.lies & 7 == 0;
    }

    // ---------------------------------------------------------------- challengers, the accused among them

    /// @param offer What a seat of the court is offered, around the least that it must be.
    function challenge(uint256 job, uint256 who, uint256 lies, uint256 offer, uint96 beyond) external {
        if (works.length == 0 || cases.length == MAX_CASES) return;
        uint256 index = _pickJob(job, SinglePhase.Provisional);
        Work storage about = works[index];
        if (about.record.executorId == 0) return;
        address by = who % 3 == 2 ? executors.ownerOf(about.record.executorId) : challengers[who % 3];
        uint256 lowest = deployedCourt.lowestSeatFee(about.id, 0, about.record.fee);
        if (_at(about.id) == SinglePhase.Provisional) {
            assertEq(lowest, uint256(about.record.fee) << lapses[about.id], "V15: twice the offer after each lapse");
        }
        bool enough = offer % 8 != 0;
        CourtTerms memory wanted = _wanted(cases.length, lowest / UNITS + (enough ? offer % PRICE : 0));
        if (!enough) --wanted.maxPricePerUnit;
        uint256 price = deployedCourt.quote(about.terms.maxUnits, wanted) + beyond;
        vm.deal(by, by.balance + price);

        bool heard = _at(about.id) == SinglePhase.Provisional && vm.getBlockTimestamp() <= about.record.windowEnd
            && all.calibration.isCalibrated(modelId, VERSION, RUNTIME_CLASS) && enough;
        bytes32 before = _everything();
        vm.prank(by);
        try single.challenge{value: price}(about.terms, about.record, wanted, input, labels, "") returns (
            bytes32 courtJobId
        ) {
            assertTrue(heard, "V15: a challenge was heard that mustn't be");
            _opened(index, by, wanted, lies, courtJobId);
            courtCameIn += rules.bond + beyond;
        } catch {
            assertFalse(heard, "V15: a challenge that must be heard was refused");
            assertEq(_everything(), before, "V15: a refused challenge changed something");
        }
    }

    function setCalibrated(uint256 dice) external {
        _setCalibrated(dice % 4 != 0);
    }

    /// @dev Anyone shows a VIF to be false, whatever the court is doing.
    function challengeVif(uint256 job, uint256 who) external {
        (bool any, uint256 index) = _pickFalse(job);
        if (!any) return;
        Work storage about = works[index];
        address by = challengers[who % 2];
        uint256 before = single.creditOf(by);
        vm.recordLogs();
        _showFalse(by, about.terms, about.record, about.vif, about.randomness);
        uint256 number = _slashes(vm.getRecordedLogs(), about.record.executorId, about.id, Offence.InvalidVif);
        assertEq(number, 1, "a false VIF is slashed once");
        ++falseVifs[about.record.executorId];
        about.fallen = true;
        assertEq(single.creditOf(by) - before, about.terms.dispatchFee);
    }

    // ---------------------------------------------------------------- anyone

    function decide(uint256 which) external {
        (bool any, uint256 index) = _pickCase(which, Phase.Resolved);
        if (any) _decide(index);
    }

    function lapse(uint256 which) external {
        (bool any, uint256 index) = _pickCase(which, Phase.Refunded);
        if (any) _lapse(index);
    }

    /// @dev Whatever a court's job waits for, time brings it.
    function neglect(uint256 which) external {
        if (cases.length != 0) _leave(cases[which % cases.length].courts);
    }

    function overturn(uint256 job) external {
        (bool any, uint256 index) = _pickIn(job, SinglePhase.Convicted);
        if (any) _overturn(index);
    }

    function reopen(uint256 job) external {
        (bool any, uint256 index) = _pickIn(job, SinglePhase.Lapsed);
        if (any) _reopen(index);
    }

    /// @dev Moves time to the end of the window first if asked to, so that runs get far.
    function finalize(uint256 job, bool acquitted, bool due) external {
        (bool any, uint256 index) = _pickIn(job, acquitted ? SinglePhase.Acquitted : SinglePhase.Provisional);
        if (!any) return;
        if (due && !acquitted) _toWindowEnd(index);
        if (acquitted || vm.getBlockTimestamp() > works[index].record.windowEnd) _finish(index);
    }

    /// @dev Calls that must fail: on jobs and cases that aren't ready, by those who may not, with the wrong answers.
    function disturb(uint256 job, uint256 which, uint256 what) external {
        if (works.length == 0) return;
        Work storage about = works[job % works.length];
        SinglePhase phase = _at(about.id);
        bool due = phase == SinglePhase.Provisional && vm.getBlockTimestamp() > about.record.windowEnd;
        what %= 6;
        if (what == 0 && phase != SinglePhase.Convicted) {
            _mustFail(address(single), abi.encodeCall(single.overturn, (about.id, about.record)));
        } else if (what == 1 && phase != SinglePhase.Lapsed) {
            _mustFail(address(single), abi.encodeCall(single.reopen, (about.id, about.record)));
        } else if (what == 2 && phase != SinglePhase.Acquitted && !due) {
            _mustFail(address(single), abi.encodeCall(single.finalize, (about.id, about.record, "", 0)));
        } else if (what == 3) {
            _mustFail(address(single), abi.encodeCall(single.onVerdict, (about.id, 0, Verdict.Acquitted)));
        }
        if (cases.length == 0) return;
        bytes32 id = cases[which % cases.length].id;
        Answer memory nonsense = _answer(0, Reply("nonsense", "nonsense"));
        if (what == 4) _mustFail(address(deployedCourt), abi.encodeCall(ICourt.retryVerdict, (id)));
        if (what == 5) {
            _mustFail(address(deployedCourt), abi.encodeCall(ICourt.decide, (id, nonsense, _answer(0, _honest()))));
        }
    }

    function withdraw(uint256 who) external {
        _withdraw(_party(who % _parties()));
    }

    function donate(uint96 amount, bool toCourt) external {
        bytes32 before = _everything();
        address to = toCourt ? address(deployedCourt) : address(single);
        vm.deal(to, to.balance + amount);
        if (toCourt) courtDonated += amount;
        else singleDonated += amount;
        assertEq(_everything(), before, "V14: a donation");
    }

    function pass(uint256 time) external {
        skip(bound(time, 1, 150));
        vm.roll(vm.getBlockNumber() + 1);
    }

    // ---------------------------------------------------------------- steps of steps

    function _mustFail(address to, bytes memory data) private {
        vm.prank(stranger);
        (bool done,) = to.call(data);
        assertFalse(done, "a call that makes no sense was taken");
    }

    function _opened(uint256 index, address by, CourtTerms memory wanted, uint256 lies, bytes32 courtJobId) private {
        Terms memory courts = _courtTerms(by, wanted);
        assertEq(jobs.jobIdOf(courts), courtJobId);
        Known storage known = cases.push();
        (known.courts, known.id, known.job, known.by) = (courts, courtJobId, index, by);
        // One court in three has liars.
        known.lies = lies % 3 == 0 ? (lies >> 8) & 7 : 0;
        known.verdict = Verdict.Pending;
        lastCase[works[index].id] = cases.length;
    }

    function _decide(uint256 index) internal {
        Known storage known = cases[index];
        Work storage about = works[known.job];
        JobState memory state = jobs.jobState(known.id);
        bool centreLies = known.lies & (1 << state.centre) != 0;
        uint256 burnedBefore = BURN.balance;
        bytes32 before = about.fallen ? _registryAbout(about.id) : bytes32(0);
        vm.recordLogs();
        vm.prank(stranger);
        Verdict verdict = deployedCourt.decide(
            known.id, _answer(0, about.honest ? _honest() : _cheat()), _answer(0, centreLies ? _cheat() : _honest())
        );
        uint256 number = _slashes(vm.getRecordedLogs(), about.record.executorId, about.id, Offence.Conviction);
        bool disagrees = about.honest == centreLies;
        assertEq(uint256(verdict), uint256(disagrees ? Verdict.Convicted : Verdict.Acquitted));
        if (known.honestCourt) assertEq(disagrees, !about.honest, "V12: an honest court was wrong");
        assertEq(number, disagrees ? 1 : 0, "V12: slashed exactly when convicted, once");
        if (disagrees) {
            ++convictions[about.record.executorId];
            ++slashes[about.id];
            about.convicted = true;
        }
        courtBurned += BURN.balance - burnedBefore;
        known.verdict = verdict;
        if (about.fallen) assertEq(_registryAbout(about.id), before, "V11: a verdict on an overturned job");
        else _assertAt(about.id, disagrees ? SinglePhase.Convicted : SinglePhase.Acquitted);
    }

    function _lapse(uint256 index) internal {
        Known storage known = cases[index];
        Work storage about = works[known.job];
        uint256 burnedBefore = BURN.balance;
        bytes32 before = about.fallen ? _registryAbout(about.id) : bytes32(0);
        vm.prank(stranger);
        deployedCourt.lapse(known.id);
        courtBurned += BURN.balance - burnedBefore;
        known.verdict = Verdict.Lapsed;
        ++lapses[about.id];
        if (about.fallen) assertEq(_registryAbout(about.id), before, "V11: a lapse on an overturned job");
        else _assertAt(about.id, SinglePhase.Lapsed);
    }

    function _overturn(uint256 index) internal {
        vm.prank(stranger);
        single.overturn(works[index].id, works[index].record);
    }

    function _reopen(uint256 index) internal {
        Work storage about = works[index];
        vm.prank(stranger);
        single.reopen(about.id, about.record);
        about.record.windowEnd = uint64(vm.getBlockTimestamp() + about.terms.challengeWindow);
    }

    function _finish(uint256 index) internal {
        Work storage about = works[index];
        uint256 before = staking.accountOf(about.record.executorId).earnings;
        vm.prank(stranger);
        single.finalize(about.id, about.record, "", 0);
        (uint256 payment, uint256 burned) = _split(about.record.fee);
        assertEq(staking.accountOf(about.record.executorId).earnings - before, payment);
        earned += payment;
        kept += burned;
    }

    function _toWindowEnd(uint256 index) internal {
        if (works[index].record.windowEnd >= vm.getBlockTimestamp()) _afterWindow(works[index].record);
    }

    /// @dev Out of both contracts.
    function _withdraw(address account) internal {
        uint256 ofSingle = single.creditOf(account);
        uint256 ofCourt = deployedCourt.creditOf(account);
        uint256 before = account.balance;
        if (ofSingle != 0) single.withdrawFor(account);
        if (ofCourt != 0) deployedCourt.withdrawFor(account);
        assertEq(account.balance - before, ofSingle + ofCourt);
        singlePaidOut += ofSingle;
        courtPaidOut += ofCourt;
    }

    // ---------------------------------------------------------------- what is known

    /// @dev A pending case whose job is in the phase, starting the search somewhere.
    function _pickCase(uint256 which, Phase phase) private view returns (bool any, uint256 index) {
        for (uint256 i; i < cases.length; ++i) {
            index = (which % cases.length + i) % cases.length;
            if (cases[index].verdict != Verdict.Pending) continue;
            if (jobs.jobState(cases[index].id).phase == phase) return (true, index);
        }
    }

    function _pickIn(uint256 which, SinglePhase phase) private view returns (bool any, uint256 index) {
        for (uint256 i; i < works.length; ++i) {
            index = (which % works.length + i) % works.length;
            if (_at(works[index].id) == phase) return (true, index);
        }
    }

    /// @dev A job in the phase, so that runs get far; any job when there is none.
    function _pickJob(uint256 which, SinglePhase phase) private view returns (uint256) {
        (bool any, uint256 index) = _pickIn(which, phase);
        return any ? index : which % works.length;
    }

    /// @dev An answer that isn't final and has a VIF that is none.
    function _pickFalse(uint256 which) private view returns (bool any, uint256 index) {
        for (uint256 i; i < works.length; ++i) {
            index = (which % works.length + i) % works.length;
            Work storage about = works[index];
            if (about.record.executorId == 0 || about.vif[0] != 0x05) continue;
            if (_at(about.id) <= SinglePhase.Challenged) return (true, index);
        }
    }

    /// @dev Everyone who can have a credit: challengers, the stranger, owners, and each job's refundee.
    function _parties() internal view returns (uint256) {
        return challengers.length + 1 + executors.executorCount() + works.length;
    }

    function _party(uint256 index) internal view returns (address) {
        if (index < challengers.length) return challengers[index];
        index -= challengers.length;
        if (index == 0) return stranger;
        if (index <= executors.executorCount()) return executors.ownerOf(uint32(index));
        return works[index - 1 - executors.executorCount()].terms.refundTo;
    }

    /// @dev All that the registry says and owes about a job.
    function _registryAbout(bytes32 jobId) private view returns (bytes32) {
        return keccak256(abi.encode(single.stateOf(jobId), _singleCredits(), address(single).balance));
    }

    function _singleCredits() internal view returns (uint256 sum) {
        for (uint256 i; i < _parties(); ++i) {
            sum += single.creditOf(_party(i));
        }
    }

    function _courtCredits() internal view returns (uint256 sum) {
        for (uint256 i; i < _parties(); ++i) {
            sum += deployedCourt.creditOf(_party(i));
        }
    }

    /// @dev All that the getters say.
    function _everything() internal view returns (bytes32 hash) {
        for (uint256 i; i < works.length; ++i) {
            bytes32 id = works[i].id;
            hash = keccak256(abi.encode(hash, single.stateOf(id), deployedCourt.caseAbout(id, 0)));
        }
        for (uint256 i; i < cases.length; ++i) {
            hash = keccak256(abi.encode(hash, deployedCourt.caseOf(cases[i].id), jobs.jobState(cases[i].id)));
        }
        hash = keccak256(abi.encode(hash, deployedCourt.liabilities(), _courtCredits(), _singleCredits()));
    }
}
