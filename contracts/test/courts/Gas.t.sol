// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CourtTerms, Verdict} from "../../src/courts/ICourt.sol";
import {CourtFixture} from "./CourtFixture.sol";

/// @notice What a case costs beside its court's job, in whole transactions: 21,000 each, calldata, execution, refunds.
/// Accounts that the court, or the prover's reward, has never credited before: their slots are new.
contract CourtGasTest is CourtFixture {
    function setUp() public override {
        super.setUp();
        // The court's own liabilities are not zero in a network in use.
        _challengeAs(stranger, 1, 1);
    }

    /// forge-config: default.isolate = true
    function test_gas_of_a_challenge() public {
        CourtTerms memory wanted = _wanted(1);
        uint256 price = court.quote(terms.maxUnits, wanted);
        vm.deal(challenger, price);
        vm.prank(challenger);
        court.challenge{value: price}(terms, 2, wanted, input, labels, "");
        _snapshot("challenge", 450_000);
    }

    /// forge-config: default.isolate = true
    function test_gas_of_a_conviction() public {
        bytes32 courtJobId = _judged(2);
        assertEq(
            uint256(court.decide(courtJobId, _answer(2, _cheat()), _answer(0, _honest()))), uint256(Verdict.Convicted)
        );
        _snapshot("decide_convicted", 350_000);
    }

    /// forge-config: default.isolate = true
    function test_gas_of_an_acquittal() public {
        bytes32 courtJobId = _judged(0);
        assertEq(
            uint256(court.decide(courtJobId, _answer(0, _honest()), _answer(0, _honest()))), uint256(Verdict.Acquitted)
        );
        _snapshot("decide_acquitted", 400_000);
    }

    /// forge-config: default.isolate = true
    function test_gas_of_a_lapse() public {
        bytes32 courtJobId = _challenge(2);
        _leave(_courtTerms(challenger, 1));
        court.lapse(courtJobId);
        _snapshot("lapse", 150_000);
    }

    function _snapshot(string memory name, uint256 most) private {
        uint256 used = vm.lastCallGas().gasTotalUsed;
        vm.snapshotValue("courts", name, used);
        assertLe(used, most, name);
    }
}
