// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPolicyRegistry} from "../../src/governance/IPolicyRegistry.sol";
import {IPolicySet, Policies} from "../../src/governance/IPolicySet.sol";
import {ProtocolParameters} from "../../src/governance/ProtocolParameters.sol";
import {GovernanceFixture} from "./GovernanceFixture.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

contract PolicyRegistryTest is GovernanceFixture {
    uint256 private immutable delay = _terms().changeDelay;
    uint256 private immutable window = _terms().changeWindow;

    // ---------------------------------------------------------------- deployment

    function test_the_first_set_is_in_force_at_once() public view {
        (IPolicySet set, bool paused) = governance.head();
        assertEq(address(set), address(governance.current()));
        assertFalse(paused);
        assertEq(abi.encode(set.policies()), abi.encode(_policies()));
        assertEq(abi.encode(set.parameters()), abi.encode(_parameters()));
        assertEq(abi.encode(governance.terms()), abi.encode(_terms()));
        assertEq(governance.changeDelay(), delay);
    }

    function test_a_set_names_each_policy() public view {
        IPolicySet set = governance.current();
        Policies memory given = _policies();
        assertEq(set.agreement(), given.agreement);
        assertEq(set.proofVerifiers(), given.proofVerifiers);
    }

    function test_a_change_takes_longer_than_two_epochs() public {
        IPolicyRegistry.Terms memory given = _terms();
        given.changeDelay = 2 * given.epochLength;
        _refused(given, "changeDelay");
        given.changeDelay += 1;
        assertTrue(_registry(given) != address(0));
    }

    function test_terms_keep_their_inequalities() public {
        IPolicyRegistry.Terms memory given = _terms();
        given.changeWindow = 0;
        _refused(given, "changeWindow");
        given = _terms();
        given.minimumEpochMargin = 0;
        _refused(given, "minimumEpochMargin");
        given = _terms();
        given.maximumPause = 0;
        _refused(given, "maximumPause");
        given = _terms();
        given.pauseCoolDown = given.maximumPause - 1;
        _refused(given, "pauseCoolDown");
    }

    function _refused(IPolicyRegistry.Terms memory given, string memory name) private {
        vm.expectRevert(abi.encodeWithSelector(IPolicyRegistry.InvalidTerms.selector, name));
        _registry(given);
    }

    function _registry(IPolicyRegistry.Terms memory given) private returns (address) {
        bytes memory arguments = abi.encode(given, owner, guardian, _policies(), _parameters());
        return _create("PolicyRegistry.sol:PolicyRegistry", arguments);
    }

    // ---------------------------------------------------------------- a change

    function test_an_announced_set_replaces_the_present_one_after_the_delay() public {
        IPolicySet before = governance.current();
        ProtocolParameters memory next = _parameters();
        next.emissionShareBps = 70;
        uint256 from = vm.getBlockTimestamp() + delay;
        vm.expectEmit(false, true, true, true);
        emit IPolicyRegistry.ChangeAnnounced(IPolicySet(address(0)), from, from + window);
        vm.prank(owner);
        IPolicySet set = governance.announce(_policies(), next);
        assertEq(address(governance.current()), address(before), "not yet");

        vm.warp(from - 1);
        vm.expectRevert(abi.encodeWithSelector(IPolicyRegistry.ChangeNotReady.selector, from));
        governance.execute();

        vm.warp(from);
        vm.expectEmit();
        emit IPolicyRegistry.ChangeExecuted(set, before);
        vm.prank(stranger);
        governance.execute();
        assertEq(address(governance.current()), address(set));
        assertEq(set.parameters().emissionShareBps, 70);
        (IPolicySet pending,,) = governance.pending();
        assertEq(address(pending), address(0));
        vm.expectRevert(IPolicyRegistry.NoChange.selector);
        governance.execute();
    }

    function test_an_announcement_expires_and_can_be_made_again() public {
        vm.startPrank(owner);
        governance.announce(_policies(), _parameters());
        (, uint256 from, uint256 until) = governance.pending();
        assertEq(until, from + window);
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(IPolicyRegistry.ChangeExpired.selector, until));
        governance.execute();
        IPolicySet again = governance.announce(_policies(), _parameters());
        skip(delay);
        governance.execute();
        assertEq(address(governance.current()), address(again));
    }

    function test_the_last_second_of_the_window_is_in_time() public {
        vm.prank(owner);
        IPolicySet set = governance.announce(_policies(), _parameters());
        skip(delay + window - 1);
        governance.execute();
        assertEq(address(governance.current()), address(set));
    }

    function test_a_pending_change_is_not_overwritten() public {
        vm.startPrank(owner);
        IPolicySet set = governance.announce(_policies(), _parameters());
        vm.expectRevert(abi.encodeWithSelector(IPolicyRegistry.ChangePending.selector, set));
        governance.announce(_policies(), _parameters());
        vm.expectEmit();
        emit IPolicyRegistry.ChangeCancelled(set);
        governance.cancel();
        vm.expectRevert(IPolicyRegistry.NoChange.selector);
        governance.cancel();
        skip(delay);
        vm.expectRevert(IPolicyRegistry.NoChange.selector);
        governance.execute();
        governance.announce(_policies(), _parameters());
    }

    function test_only_the_owner_announces_cancels_and_names_the_guardian() public {
        bytes memory refusal = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, guardian);
        vm.startPrank(guardian);
        vm.expectRevert(refusal);
        governance.announce(_policies(), _parameters());
        vm.expectRevert(refusal);
        governance.cancel();
        vm.expectRevert(refusal);
        governance.setGuardian(guardian);
    }

    /// What immutable contracts have can't be announced otherwise; what the rewards read of a set can.
    function test_a_change_repeats_what_is_fixed() public {
        vm.startPrank(owner);
        for (uint256 i; i < 24; ++i) {
            bytes memory encoded = abi.encode(_parameters());
            assembly ("memory-safe") {
                let at := add(encoded, mul(0x20, add(i, 1)))
                mstore(at, sub(mload(at), 1))
            }
            ProtocolParameters memory next = abi.decode(encoded, (ProtocolParameters));
            // epochMargin, rootActivationDelay, emissionShareBps, epochEmissionCap.
            bool changeable = i == 1 || i == 14 || i == 19 || i == 23;
            uint256 state = vm.snapshotState();
            if (!changeable) vm.expectRevert(IPolicyRegistry.FixedParameterChanged.selector);
            governance.announce(_policies(), next);
            vm.revertToState(state);
        }
    }

    function test_an_epoch_keeps_its_margin() public {
        ProtocolParameters memory next = _parameters();
        next.epochMargin = 1 hours - 1;
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IPolicyRegistry.EpochMarginTooShort.selector, 1 hours - 1, 1 hours));
        governance.announce(_policies(), next);
    }

    function test_every_policy_is_a_contract() public {
        string[2] memory names = ["agreement", "proofVerifiers"];
        for (uint256 i; i < names.length; ++i) {
            bytes memory encoded = abi.encode(_policies());
            uint256 place = 32 * (i + 1);
            address nobody = stranger;
            assembly ("memory-safe") {
                mstore(add(encoded, place), nobody)
            }
            vm.expectRevert(abi.encodeWithSelector(IPolicySet.NoContract.selector, names[i], stranger));
            vm.prank(owner);
            governance.announce(abi.decode(encoded, (Policies)), _parameters());
        }
    }

    function test_a_timelock_can_own_it() public {
        address[] memory people = new address[](1);
        people[0] = owner;
        TimelockController timelock = new TimelockController(1 days, people, people, address(0));
        vm.prank(owner);
        governance.transferOwnership(address(timelock));
        assertEq(governance.owner(), owner, "until it is accepted");

        bytes memory accept = abi.encodeCall(governance.acceptOwnership, ());
        vm.startPrank(owner);
        timelock.schedule(address(governance), 0, accept, 0, 0, 1 days);
        skip(1 days);
        timelock.execute(address(governance), 0, accept, 0, 0);
        assertEq(governance.owner(), address(timelock));
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, owner));
        governance.announce(_policies(), _parameters());

        bytes memory announce = abi.encodeCall(governance.announce, (_policies(), _parameters()));
        timelock.schedule(address(governance), 0, announce, 0, 0, 1 days);
        skip(1 days);
        timelock.execute(address(governance), 0, announce, 0, 0);
        (, uint256 from,) = governance.pending();
        assertEq(from, vm.getBlockTimestamp() + delay, "the registry's delay comes on top");
    }

    // ---------------------------------------------------------------- pauses

    function test_the_guardian_pauses_new_jobs_for_a_while() public {
        vm.expectEmit();
        emit IPolicyRegistry.NewJobsPaused(guardian, vm.getBlockTimestamp() + 2 days, vm.getBlockTimestamp() + 7 days);
        vm.prank(guardian);
        governance.pauseNewJobs(2 days);
        assertTrue(governance.isPaused());
        (, bool paused) = governance.head();
        assertTrue(paused);
        skip(2 days - 1);
        assertTrue(governance.isPaused());
        skip(1);
        assertFalse(governance.isPaused(), "it ends by itself");
        (, paused) = governance.head();
        assertFalse(paused);
    }

    function test_pauses_are_bounded() public {
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IPolicyRegistry.PauseTooLong.selector, 2 days + 1, 2 days));
        governance.pauseNewJobs(2 days + 1);
        vm.expectRevert(abi.encodeWithSelector(IPolicyRegistry.PauseTooLong.selector, 0, 2 days));
        governance.pauseNewJobs(0);
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IPolicyRegistry.NotGuardian.selector, owner));
        governance.pauseNewJobs(1);
    }

    /// A guardian who wants the network shut for good gets no further than half of the time, whatever it tries.
    function test_pauses_cannot_be_chained() public {
        uint256 start = vm.getBlockTimestamp();
        uint256 open;
        uint256 step = 6 hours;
        for (uint256 i; i < 120; ++i) {
            vm.prank(guardian);
            try governance.pauseNewJobs(2 days) {} catch {}
            if (!governance.isPaused()) open += step;
            skip(step);
        }
        assertGe(open, (vm.getBlockTimestamp() - start) / 2);
    }

    function test_neither_resuming_nor_a_new_guardian_makes_the_cool_down_shorter() public {
        uint256 next = vm.getBlockTimestamp() + 2 days + 5 days;
        vm.prank(guardian);
        governance.pauseNewJobs(2 days);
        skip(1 hours);
        vm.expectEmit();
        emit IPolicyRegistry.NewJobsResumed(guardian);
        vm.prank(guardian);
        governance.resumeNewJobs();
        assertFalse(governance.isPaused());

        vm.prank(owner);
        governance.setGuardian(stranger);
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IPolicyRegistry.PauseCoolingDown.selector, next));
        governance.pauseNewJobs(1);
        vm.warp(next - 1);
        vm.expectRevert(abi.encodeWithSelector(IPolicyRegistry.PauseCoolingDown.selector, next));
        governance.pauseNewJobs(1);
        vm.warp(next);
        governance.pauseNewJobs(1);
        (uint256 until, uint256 nextFrom) = governance.pauseTimes();
        assertEq(until, next + 1);
        assertEq(nextFrom, next + 1 + 5 days);
    }

    function test_the_owner_ends_a_pause_and_dismisses_the_guardian() public {
        vm.prank(guardian);
        governance.pauseNewJobs(2 days);
        vm.startPrank(owner);
        governance.resumeNewJobs();
        assertFalse(governance.isPaused());
        vm.expectRevert(IPolicyRegistry.NotPaused.selector);
        governance.resumeNewJobs();
        governance.setGuardian(address(0));
        skip(30 days);
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IPolicyRegistry.NotGuardian.selector, guardian));
        governance.pauseNewJobs(1);
        vm.expectRevert(abi.encodeWithSelector(IPolicyRegistry.NotGuardian.selector, guardian));
        governance.resumeNewJobs();
    }

    function test_a_change_leaves_a_pause_as_it_is() public {
        vm.prank(owner);
        governance.announce(_policies(), _parameters());
        skip(delay - 1 days);
        vm.prank(guardian);
        governance.pauseNewJobs(2 days);
        skip(1 days);
        governance.execute();
        assertTrue(governance.isPaused());
        skip(1 days);
        assertFalse(governance.isPaused());
    }

    /// The guardian pauses new jobs and cancels unpaid reward roots. No other function lets it in, and none takes money.
    function test_the_guardian_and_the_owner_move_no_money() public {
        vm.deal(address(governance), 1 ether);
        vm.prank(guardian);
        governance.pauseNewJobs(1 days);
        uint32 id = _registerWithStake(stranger, "stranger", 1000 ether);
        uint64 maturesAt = _requestExit(stranger, 1000 ether);
        vm.warp(maturesAt * EPOCH_LENGTH);
        vm.prank(guardian);
        governance.pauseNewJobs(1 days);
        assertTrue(governance.isPaused());
        staking.completeExit(id, maturesAt);
        assertEq(stranger.balance, 1000 ether, "exits go on in a pause");
        assertEq(address(governance).balance, 1 ether);
    }

    function test_reading_the_head_is_one_slot() public {
        vm.record();
        governance.head();
        (bytes32[] memory reads, bytes32[] memory writes) = vm.accesses(address(governance));
        assertEq(writes.length, 0);
        assertEq(reads.length, 1);

        vm.cool(address(governance));
        governance.head();
        vm.snapshotGasLastCall("governance", "head_cold");
        governance.head();
        vm.snapshotGasLastCall("governance", "head_warm");
        IPolicySet set = governance.current();
        vm.record();
        set.agreement();
        (reads,) = vm.accesses(address(set));
        assertEq(reads.length, 0, "a set reads no storage");
        vm.snapshotGasLastCall("governance", "policy_of_set");
    }
}
