// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ProtocolParameters, ProtocolParametersLibrary} from "../../src/governance/ProtocolParameters.sol";
import {GovernanceFixture} from "./GovernanceFixture.sol";

contract ProtocolParametersTest is GovernanceFixture {
    using ProtocolParametersLibrary for ProtocolParameters;

    function check(ProtocolParameters calldata given) external pure {
        given.check();
    }

    function test_the_longest_job_has_two_commit_windows() public pure {
        assertEq(
            _parameters().longestJob(), 1 hours + 10 + 10 minutes + 2 hours + 1 hours + 2 hours + 4 hours + 8 hours
        );
    }

    /// With a bid, a submit and a takeover window, if these and its challenge take longer than a committee's.
    function test_a_job_of_a_single_executor_may_be_the_longest() public pure {
        ProtocolParameters memory given = _parameters();
        given.singleChallengeWindow = 6 hours;
        assertEq(given.longestJob(), 1 hours + 10 + 10 minutes + 9 hours + 8 hours, "a committee's still");
        given.singleChallengeWindow = 6 hours + 1;
        assertEq(given.longestJob(), 1 hours + 10 + 10 minutes + 9 hours + 1 + 8 hours);
        given.singleMaxWindow += 1;
        assertEq(given.longestJob(), 1 hours + 10 + 10 minutes + 9 hours + 4 + 8 hours);
    }

    function test_an_epoch_outlasts_the_longest_job_of_a_single_executor_too() public {
        ProtocolParameters memory given = _parameters();
        uint256 slack = given.epochLength - given.longestJob() - given.epochMargin;
        given.singleChallengeWindow = uint32(6 hours + slack);
        this.check(given);
        given.singleChallengeWindow += 1;
        _expectInvalid("epochLength");
        this.check(given);
    }

    /// Each window counts in full against the epoch.
    function testFuzz_an_epoch_outlasts_the_longest_job_by_the_margin(uint8 which, uint32 extra) public {
        ProtocolParameters memory given = _parameters();
        uint256 slack = given.epochLength - given.longestJob() - given.epochMargin;
        which = uint8(bound(which, 0, 7));
        uint256 weight = which == 3 ? 2 : 1;
        extra = uint32(bound(extra, 0, 1 days));
        if (which == 0) given.anchoringDelay += extra;
        if (which == 1) given.beaconDelay += extra;
        if (which == 2) given.drawWindow += extra;
        if (which == 3) given.maxCommitWindow += extra;
        if (which == 4) given.maxRevealWindow += extra;
        if (which == 5) given.revealGrace += extra;
        if (which == 6) given.challengeWindow += extra;
        if (which == 7) given.courtWindow += extra;
        if (weight * extra > slack) _expectInvalid("epochLength");
        this.check(given);
    }

    function test_the_margin_counts_too() public {
        ProtocolParameters memory given = _parameters();
        given.epochMargin += uint32(given.epochLength - given.longestJob() - given.epochMargin);
        this.check(given);
        given.epochMargin += 1;
        _expectInvalid("epochLength");
        this.check(given);
    }

    function test_times_are_not_zero() public {
        ProtocolParameters memory given = _parameters();
        given.epochMargin = 0;
        _refused(given, "epochMargin");
        given = _parameters();
        given.beaconDelay = 0;
        _refused(given, "beaconDelay");
        given = _parameters();
        given.drawWindow = 0;
        _refused(given, "drawWindow");
        given = _parameters();
        given.maxCommitWindow = 0;
        _refused(given, "maxCommitWindow");
        given = _parameters();
        given.maxRevealWindow = 0;
        _refused(given, "maxRevealWindow");
        given = _parameters();
        given.unbondingEpochs = 0;
        _refused(given, "unbondingEpochs");
        given = _parameters();
        given.anchoringDelay = 0;
        _refused(given, "anchoringDelay");
        given = _parameters();
        given.rootActivationDelay = 0;
        _refused(given, "rootActivationDelay");
    }

    function test_keys_change_slower_than_seats_last() public {
        ProtocolParameters memory given = _parameters();
        given.keyChangeDelay = 5 hours;
        this.check(given);
        given.keyChangeDelay -= 1;
        _refused(given, "keyChangeDelay");
    }

    function test_receipts_are_anchored_before_a_thaw_ends() public {
        ProtocolParameters memory given = _parameters();
        given.thawPeriod = given.anchoringDelay;
        this.check(given);
        given.thawPeriod -= 1;
        _refused(given, "anchoringDelay");
    }

    function test_a_root_waits_at_most_an_epoch() public {
        ProtocolParameters memory given = _parameters();
        given.rootActivationDelay = given.epochLength;
        this.check(given);
        given.rootActivationDelay += 1;
        _refused(given, "rootActivationDelay");
    }

    function test_deductions_leave_the_executor_its_fee() public {
        ProtocolParameters memory given = _parameters();
        (given.protocolFeeBps, given.maxRoyaltyBps) = (1250, 1250);
        this.check(given);
        given.maxRoyaltyBps += 1;
        _refused(given, "protocolFeeBps, maxRoyaltyBps");
    }

    function test_disagreeing_does_not_pay_as_well_as_agreeing() public {
        ProtocolParameters memory given = _parameters();
        given.noAgreementShareBps = 8499;
        this.check(given);
        given.noAgreementShareBps += 1;
        _refused(given, "noAgreementShareBps");
    }

    function test_a_seat_risks_its_fee_and_the_smallest_stake_backs_one() public {
        ProtocolParameters memory given = _parameters();
        given.lockMultiplierBps = 9999;
        _refused(given, "lockMultiplierBps");
        given = _parameters();
        given.minimumStake = 0;
        _refused(given, "minimumStake");
        given = _parameters();
        given.minimumSeatFee = 0;
        _refused(given, "minimumSeatFee");
        given = _parameters();
        given.minimumSeatFee = given.minimumStake / 10;
        this.check(given);
        given.minimumSeatFee += 1;
        _refused(given, "minimumSeatFee");
    }

    function test_an_epoch_emits_a_tenth_of_the_reserve_at_most() public {
        ProtocolParameters memory given = _parameters();
        given.emissionShareBps = 1000;
        this.check(given);
        given.emissionShareBps += 1;
        _refused(given, "emissionShareBps");
    }

    /// No combination makes the check itself fail otherwise than by its error.
    function testFuzz_the_check_never_overflows(ProtocolParameters calldata given) public view {
        try this.check(given) {}
        catch (bytes memory reason) {
            assertEq(bytes4(reason), ProtocolParametersLibrary.InvalidParameter.selector);
        }
    }

    function test_governance_cannot_announce_what_breaks_one() public {
        ProtocolParameters memory given = _parameters();
        given.emissionShareBps = 1001;
        _expectInvalid("emissionShareBps");
        vm.prank(owner);
        governance.announce(_policies(), given);
    }

    function _refused(ProtocolParameters memory given, string memory name) private {
        _expectInvalid(name);
        this.check(given);
    }

    function _expectInvalid(string memory name) private {
        vm.expectRevert(abi.encodeWithSelector(ProtocolParametersLibrary.InvalidParameter.selector, name));
    }
}
