// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IReputation} from "../../src/stake/IReputation.sol";
import {SeatOutcome} from "../../src/stake/IStaking.sol";
import {Reputation} from "../../src/stake/Reputation.sol";
import {Test} from "forge-std/Test.sol";

contract ReputationTest is Test {
    uint128 private constant FULL_STEP_FEE = 0.01 ether;
    uint256 private constant START = 500_000;
    uint256 private constant MAXIMUM = 1e6;

    Reputation private reputation;

    function setUp() public {
        reputation = new Reputation(FULL_STEP_FEE);
    }

    function test_theConstantsAreThoseOfTheProtocol() public view {
        assertEq(reputation.initialScore(), 500_000);
        assertEq(reputation.ejectionLine(), 200_000);
        assertEq(reputation.fullStepFee(), FULL_STEP_FEE);
    }

    function test_aZeroFullStepFeeIsRefused() public {
        vm.expectRevert(IReputation.ZeroFullStepFee.selector);
        new Reputation(0);
    }

    function test_stepsByHand() public view {
        assertEq(_step(START, SeatOutcome.Success, FULL_STEP_FEE), 507_812); // 7,812.5 up, cut
        assertEq(_step(START, SeatOutcome.Success, FULL_STEP_FEE / 2), 503_906);
        assertEq(_step(START, SeatOutcome.Success, 0), START);
        assertEq(_step(START, SeatOutcome.Miss, 0), 492_187); // 7,812.5 down, 7,813
        assertEq(_step(START, SeatOutcome.Outlier, 0), 437_500);
        assertEq(_step(1, SeatOutcome.Miss, 0), 0);
        assertEq(_step(MAXIMUM, SeatOutcome.Success, FULL_STEP_FEE), MAXIMUM);
    }

    /// An executor that answers wrongly for many requesters is out after seven outliers.
    function test_sevenOutliersLeadBelowTheLine() public view {
        uint256 score = START;
        for (uint256 i; i < 6; ++i) {
            score = _step(score, SeatOutcome.Outlier, 0);
        }
        assertGe(score, reputation.ejectionLine());
        assertLt(_step(score, SeatOutcome.Outlier, 0), reputation.ejectionLine());
    }

    function testFuzz_successNeverPassesTheExactFormula(uint256 score, uint256 fee) public view {
        score = bound(score, 0, MAXIMUM);
        uint256 gain = _step(score, SeatOutcome.Success, fee) - score;
        uint256 counted = fee < FULL_STEP_FEE ? fee : FULL_STEP_FEE;
        // gain <= (1e6 - s) / 64 x counted / F0 < gain + 1
        uint256 exact = (MAXIMUM - score) * counted;
        assertLe(gain * 64 * FULL_STEP_FEE, exact);
        assertGt((gain + 1) * 64 * FULL_STEP_FEE, exact);
        assertLe(score + gain, MAXIMUM);
    }

    function testFuzz_lossesAreRoundedUp(uint256 score) public view {
        score = bound(score, 1, MAXIMUM);
        _assertRoundedUp(score - _step(score, SeatOutcome.Miss, 0), score, 64);
        _assertRoundedUp(score - _step(score, SeatOutcome.Outlier, 0), score, 8);
    }

    function testFuzz_silentAndNeutralSeatsDoNotStep(uint256 score, uint256 fee) public view {
        score = bound(score, 0, MAXIMUM);
        assertEq(_step(score, SeatOutcome.Silent, fee), score);
        assertEq(_step(score, SeatOutcome.Neutral, fee), score);
    }

    function testFuzz_aBetterScoreStaysBetter(uint256 a, uint256 b, uint256 fee, uint8 outcome, uint256 epochs)
        public
        view
    {
        a = bound(a, 0, MAXIMUM);
        b = bound(b, a, MAXIMUM);
        SeatOutcome kind = SeatOutcome(bound(outcome, 0, uint8(type(SeatOutcome).max)));
        assertLe(_step(a, kind, fee), _step(b, kind, fee));
        assertLe(reputation.drift(a, epochs), reputation.drift(b, epochs));
    }

    // ---------------------------------------------------------------- drift

    function test_driftByHand() public view {
        assertEq(reputation.drift(1e6, 1), 995_000);
        assertEq(reputation.drift(1e6, 2), 990_050);
        assertEq(reputation.drift(0, 1), 5000);
        assertEq(reputation.drift(500_101, 1), 500_099); // 1.01 down, 2
        assertEq(reputation.drift(499_899, 1), 499_900); // 1.01 up, 1
        assertEq(reputation.drift(499_901, 1), 499_901); // 0.99 up, 0
    }

    function testFuzz_driftMovesTowardsTheStartAndNotBeyond(uint256 score, uint256 epochs) public view {
        score = bound(score, 0, MAXIMUM);
        uint256 drifted = reputation.drift(score, epochs);
        if (score >= START) {
            assertLe(drifted, score);
            assertGe(drifted, START);
        } else {
            assertGe(drifted, score);
            assertLe(drifted, START);
        }
    }

    function testFuzz_driftDoesNotDependOnHowOftenItIsTaken(uint256 score, uint256 a, uint256 b) public view {
        score = bound(score, 0, MAXIMUM);
        a = bound(a, 0, 64);
        b = bound(b, 0, 64 - a);
        assertEq(reputation.drift(reputation.drift(score, a), b), reputation.drift(score, a + b));
    }

    function testFuzz_atMostSixtyFourEpochsCount(uint256 score, uint256 epochs) public view {
        score = bound(score, 0, MAXIMUM);
        epochs = bound(epochs, 64, type(uint256).max);
        assertEq(reputation.drift(score, epochs), reputation.drift(score, 64));
    }

    function _step(uint256 score, SeatOutcome outcome, uint256 fee) private view returns (uint256) {
        return reputation.step(score, outcome, fee);
    }

    function _assertRoundedUp(uint256 loss, uint256 score, uint256 divisor) private pure {
        assertGe(loss * divisor, score);
        assertLt((loss - 1) * divisor, score);
    }
}
