// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Court} from "../../src/courts/Court.sol";
import {Accusation, CourtTerms, ICourt, ICourtClient, Verdict} from "../../src/courts/ICourt.sol";
import {Answer, Terms} from "../../src/jobs/JobTypes.sol";
import {Reply} from "../jobs/JobFixture.sol";
import {CourtFixture} from "./CourtFixture.sol";

/// @notice A registry of another tier, which may take a verdict or not.
contract Client is ICourtClient {
    enum Mood {
        Taking,
        Reverting,
        Burning,
        Flooding,
        Reentering
    }

    ICourt public immutable court;
    Mood public mood;
    uint256 public told;
    bytes32 public lastJob;
    uint8 public lastSeat;
    Verdict public lastVerdict;

    constructor(ICourt court_) {
        court = court_;
    }

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function accuse(
        Accusation calldata accusation,
        CourtTerms calldata terms,
        bytes calldata input,
        bytes calldata labels
    ) external payable returns (bytes32) {
        return court.open{value: msg.value}(accusation, terms, input, labels, "");
    }

    function onVerdict(bytes32 jobId, uint8 seat, Verdict verdict) external {
        require(msg.sender == address(court), "not the court");
        if (mood == Mood.Reverting) revert("no");
        if (mood == Mood.Burning) while (true) {}
        if (mood == Mood.Flooding) {
            assembly ("memory-safe") {
                revert(0, 50000)
            }
        }
        if (mood == Mood.Reentering) court.retryVerdict(court.caseAbout(jobId, seat));
        (lastJob, lastSeat, lastVerdict) = (jobId, seat, verdict);
        ++told;
    }
}

/// @notice Cases that a registry of another tier brings.
contract CourtClientTest is CourtFixture {
    bytes32 internal constant JOB = keccak256("a job with one executor");

    Client internal client;
    uint32 internal accused;

    function setUp() public override {
        super.setUp();
        client = new Client(court);
        accused = committee[2];
        // The deployed court has no client yet. Its code is its parameters: this is the court as deployed with one.
        Court withClient = new Court(
            rules,
            Court.Addresses({
                jobs: all.jobs,
                models: all.models,
                executors: all.executors,
                staking: all.staking,
                slashing: all.slashing,
                governance: all.governance,
                calibration: all.calibration
            }),
            [address(0), address(client), address(0)]
        );
        vm.etch(address(court), address(withClient).code);
    }

    function _accusation(Reply memory reply) private view returns (Accusation memory) {
        return Accusation({
            jobId: JOB,
            executorId: accused,
            seat: 0,
            seatFee: uint128(SEAT_FEE),
            answerHash: keccak256(abi.encode(keccak256(reply.result), keccak256(reply.vector))),
            modelId: modelId,
            version: VERSION,
            runtimeClass: RUNTIME_CLASS,
            inputHash: keccak256(input),
            parametersHash: keccak256(labels),
            maxUnits: UNITS,
            challenger: challenger
        });
    }

    function _accuse(Reply memory reply, uint256 nonce, uint256 beyond) private returns (bytes32) {
        CourtTerms memory wanted = _wanted(nonce);
        uint256 price = court.quote(UNITS, wanted) + beyond;
        vm.deal(address(this), price);
        return client.accuse{value: price}(_accusation(reply), wanted, input, labels);
    }

    function test_the_client_is_told_that_its_executor_is_convicted() public {
        uint256 stakeBefore = staking.stakeOf(accused);
        bytes32 courtJobId = _accuse(_cheat(), 1, 9);
        assertEq(court.creditOf(challenger), 9, "what was paid beyond");
        assertEq(court.caseOf(courtJobId).registry, address(client));
        assertEq(court.excludedFrom(courtJobId).length, 1);
        assertEq(court.excludedFrom(courtJobId)[0], accused);
        Terms memory courts = _courtTerms(challenger, 1);
        _judge(courts, _honest());
        assertFalse(_contains(jobs.jobState(courtJobId).committee, accused));

        vm.expectEmit(address(court));
        emit ICourt.VerdictDelivered(courtJobId, address(client));
        court.decide(courtJobId, _answer(0, _cheat()), _answer(0, _honest()));
        assertEq(client.lastJob(), JOB);
        assertEq(uint256(client.lastVerdict()), uint256(Verdict.Convicted));
        assertEq(staking.stakeOf(accused), stakeBefore - stakeBefore / 20);
        assertEq(court.creditOf(challenger), rules.bond + 9);
        _assertSettled();
    }

    function test_the_client_is_told_of_acquittals_and_lapses() public {
        bytes32 courtJobId = _accuse(_honest(), 1, 0);
        _leave(_courtTerms(challenger, 1));
        court.lapse(courtJobId);
        assertEq(uint256(client.lastVerdict()), uint256(Verdict.Lapsed));

        bytes32 second = _accuse(_honest(), 2, 0);
        _judge(_courtTerms(challenger, 2), _honest());
        court.decide(second, _answer(0, _honest()), _answer(0, _honest()));
        assertEq(uint256(client.lastVerdict()), uint256(Verdict.Acquitted));
        assertEq(client.told(), 2);
        _assertSettled();
    }

    function test_no_client_keeps_a_case_from_closing_and_each_can_be_told_later() public {
        for (uint8 mood = 1; mood <= 4; ++mood) {
            uint256 snapshot = vm.snapshotState();
            bytes32 courtJobId = _accuse(_cheat(), 1, 0);
            _judge(_courtTerms(challenger, 1), _honest());
            client.setMood(Client.Mood(mood));
            court.decide(courtJobId, _answer(0, _cheat()), _answer(0, _honest()));
            assertEq(uint256(court.caseOf(courtJobId).verdict), uint256(Verdict.Convicted));
            assertEq(court.creditOf(challenger), rules.bond);
            assertTrue(court.caseOf(courtJobId).undelivered);
            assertEq(client.told(), 0);

            vm.expectRevert();
            court.retryVerdict{gas: 1_000_000}(courtJobId);
            assertTrue(court.caseOf(courtJobId).undelivered);
            client.setMood(Client.Mood.Taking);
            court.retryVerdict(courtJobId);
            assertEq(client.told(), 1);
            vm.expectRevert(abi.encodeWithSelector(ICourt.NothingToDeliver.selector, courtJobId));
            court.retryVerdict(courtJobId);
            vm.revertToState(snapshot);
        }
    }

    /// Who decides can't make the client fail by giving it less gas.
    function test_the_client_gets_its_gas_or_the_call_reverts() public {
        bytes32 courtJobId = _accuse(_cheat(), 1, 0);
        _judge(_courtTerms(challenger, 1), _honest());
        (Answer memory cheat, Answer memory honest) = (_answer(0, _cheat()), _answer(0, _honest()));
        uint256 refused;
        for (uint256 gasGiven = 300_000; gasGiven < 1_000_000; gasGiven += 20_000) {
            uint256 snapshot = vm.snapshotState();
            try court.decide{gas: gasGiven}(courtJobId, cheat, honest) {
                assertEq(client.told(), 1, "decided without the client");
            } catch {
                ++refused;
            }
            vm.revertToState(snapshot);
        }
        assertTrue(refused != 0 && refused < 35, "the range of gas shows nothing");
    }

    function test_only_clients_open_cases_about_others_jobs() public {
        CourtTerms memory wanted = _wanted(1);
        uint256 price = court.quote(UNITS, wanted);
        Accusation memory accusation = _accusation(_cheat());
        hoax(stranger, price);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotClient.selector, stranger));
        court.open{value: price}(accusation, wanted, input, labels, "");
        hoax(address(jobs), price);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotClient.selector, address(jobs)));
        court.open{value: price}(accusation, wanted, input, labels, "");
    }

    function test_a_clients_case_needs_a_calibrated_profile_and_the_bond_too() public {
        CourtTerms memory wanted = _wanted(1);
        uint256 price = court.quote(UNITS, wanted);
        Accusation memory accusation = _accusation(_cheat());
        vm.deal(address(this), price);
        vm.expectRevert(abi.encodeWithSelector(ICourt.InsufficientPayment.selector, price, price - 1));
        client.accuse{value: price - 1}(accusation, wanted, input, labels);
        _setCalibrated(false);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotCalibrated.selector, modelId, VERSION, RUNTIME_CLASS));
        client.accuse{value: price}(accusation, wanted, input, labels);
    }
}
