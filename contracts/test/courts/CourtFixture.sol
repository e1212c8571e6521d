// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CourtTerms, ICourt} from "../../src/courts/ICourt.sol";
import {Answer, Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {JobFixture, Reply} from "../jobs/JobFixture.sol";

/// @notice A job with a cheat in its last seat, and the court of the devnet's size above it.
abstract contract CourtFixture is JobFixture {
    address internal constant BURN = 0x000000000000000000000000000000000000dEaD;

    ICourt internal court;
    ICourt.Parameters internal rules;
    address internal immutable challenger = makeAddr("challenger");

    Terms internal terms;
    bytes32 internal jobId;
    uint32[] internal committee;

    function _executorCount() internal virtual override returns (uint256) {
        return 12;
    }

    function setUp() public virtual override {
        super.setUp();
        court = all.court;
        rules = court.parameters();
        _setCalibrated(true);

        Answer[] memory answers;
        terms = _terms(0);
        (jobId, committee, answers) = _requestRevealed(terms, _cheat());
        _resolve(terms, answers);
    }

    function _setCalibrated(bool calibrated) internal {
        vm.prank(all.calibration.owner());
        all.calibration.setCalibrated(modelId, VERSION, RUNTIME_CLASS, calibrated);
    }

    // ---------------------------------------------------------------- challenges

    function _wanted(uint256 nonce) internal view returns (CourtTerms memory) {
        return CourtTerms(nonce, 2 * PRICE, parameters.minDispatchFee, parameters.minAdvanceReserve);
    }

    function _challenge(uint8 seat) internal returns (bytes32) {
        return _challengeAs(challenger, seat, 1);
    }

    function _challengeAs(address account, uint8 seat, uint256 nonce) internal returns (bytes32) {
        return _challengeFor(account, seat, _wanted(nonce));
    }

    function _challengeFor(address account, uint8 seat, CourtTerms memory wanted) internal returns (bytes32) {
        uint256 price = court.quote(terms.maxUnits, wanted);
        vm.deal(account, account.balance + price);
        vm.prank(account);
        return court.challenge{value: price}(terms, seat, wanted, input, labels, "");
    }

    function _expectChallengeReverts(uint8 seat, bytes memory reason) internal {
        CourtTerms memory wanted = _wanted(5);
        uint256 price = court.quote(terms.maxUnits, wanted);
        hoax(challenger, price);
        vm.expectRevert(reason);
        court.challenge{value: price}(terms, seat, wanted, input, labels, "");
    }

    // ---------------------------------------------------------------- the court's job

    /// @dev The terms that the court requested with.
    function _courtTerms(address account, uint256 nonce) internal view returns (Terms memory courts) {
        courts = _terms(0);
        courts.requester = address(court);
        courts.nonce = uint256(keccak256(abi.encode(account, nonce)));
        courts.committeeSize = rules.committeeSize;
        courts.quorum = rules.quorum;
        courts.commitWindow = rules.commitWindow;
        courts.revealWindow = rules.revealWindow;
        courts.refundTo = account;
    }

    /// @dev Runs a court's job to its end with one answer of all.
    function _judge(Terms memory courts, Reply memory reply) internal {
        _toBeacon();
        (uint32[] memory judges,) = jobs.committeeOf(courts);
        _commitAll(courts, judges, reply);
        _revealAll(courts, judges, reply);
        Answer[] memory answers = new Answer[](judges.length);
        for (uint256 seat; seat < judges.length; ++seat) {
            answers[seat] = _answer(seat, reply);
        }
        _resolve(courts, answers);
        _assertPhase(jobs.jobIdOf(courts), Phase.Resolved);
    }

    /// @dev A challenge of a seat by `challenger`, judged by an honest court.
    function _judged(uint8 seat) internal returns (bytes32 courtJobId) {
        courtJobId = _challenge(seat);
        _judge(_courtTerms(challenger, 1), _honest());
    }

    /// @dev Ends a court's job that nobody answers.
    function _leave(Terms memory courts) internal {
        _toBeacon();
        vm.warp(vm.getBlockTimestamp() + parameters.drawBountyDelay);
        for (uint256 steps; steps < 3; ++steps) {
            _advance(courts);
            vm.warp(vm.getBlockTimestamp() + rules.commitWindow + 1);
        }
        _assertPhase(jobs.jobIdOf(courts), Phase.Refunded);
    }

    // ---------------------------------------------------------------- money

    /// @dev Pays out what the parties and all executors have; then the court owes and holds nothing.
    function _assertSettled() internal {
        if (court.creditOf(challenger) != 0) court.withdrawFor(challenger);
        for (uint32 id = 1; id <= executors.executorCount(); ++id) {
            address owner = executors.ownerOf(id);
            if (court.creditOf(owner) != 0) court.withdrawFor(owner);
        }
        assertEq(court.liabilities(), 0, "liabilities");
        assertEq(address(court).balance, 0, "balance");
    }
}
