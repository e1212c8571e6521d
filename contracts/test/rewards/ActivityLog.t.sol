// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ActivityLog} from "../../src/rewards/ActivityLog.sol";
import {IActivityLog} from "../../src/rewards/IActivityLog.sol";
import {IStaking, SeatOutcome} from "../../src/stake/IStaking.sol";
import {Test} from "forge-std/Test.sol";

contract ActivityLogTest is Test {
    uint64 private constant EPOCH = 1 days;
    uint32 private constant ID = 7;
    address private immutable recorder = makeAddr("recorder");

    ActivityLog private activities;

    function setUp() public {
        vm.warp(20_000 * EPOCH);
        activities = new ActivityLog(recorder, EPOCH);
    }

    function test_seats_add_up_within_an_epoch() public {
        _record(ID, true, 3 ether);
        _record(ID, false, 0);
        _record(ID, true, 2 ether);
        _assertActivity(20_000, 3, 2, 5 ether);
        assertEq(activities.burnedBy(ID), 5 ether);
    }

    function test_an_epoch_starts_at_nothing_and_the_one_before_stays() public {
        _record(ID, true, 3 ether);
        skip(EPOCH);
        _assertActivity(20_000, 1, 1, 3 ether);
        _record(ID, false, 1 ether);
        _assertActivity(20_000, 1, 1, 3 ether);
        _assertActivity(20_001, 1, 0, 1 ether);
        skip(5 * EPOCH);
        _record(ID, true, 2 ether);
        _assertActivity(20_000, 0, 0, 0);
        _assertActivity(20_001, 1, 0, 1 ether);
        _assertActivity(20_006, 1, 1, 2 ether);
        assertEq(activities.burnedBy(ID), 6 ether, "for good");
    }

    /// Seats of private pools, and those that are to blame or praise for nothing.
    function test_a_neutral_seat_is_not_recorded() public {
        IStaking.Settlement[] memory seats = new IStaking.Settlement[](1);
        seats[0] = IStaking.Settlement(ID, SeatOutcome.Neutral, 1 ether, 0);
        vm.prank(recorder);
        activities.record(seats);
        _assertActivity(20_000, 0, 0, 0);
    }

    function test_fees_round_down_to_whole_units() public {
        _record(ID, true, 1e9 - 1);
        _record(ID, true, 1e9 - 1);
        _assertActivity(20_000, 2, 2, 0);
        _record(ID, true, 2e9 - 1);
        assertEq(activities.burnedBy(ID), 1e9);
    }

    function testFuzz_nothing_that_a_seat_holds_reverts(uint32 id, bool agreed, uint128[8] calldata fees) public {
        uint256 sum;
        for (uint256 i; i < fees.length; ++i) {
            _record(id, agreed, fees[i]);
            sum += fees[i];
        }
        assertLe(activities.burnedBy(id), sum);
        assertLe(activities.activityOf(id, 20_000).burned, activities.burnedBy(id));
        assertEq(activities.activityOf(id, 20_000).agreed, agreed ? 8 : 0);
    }

    function test_counters_stop_at_their_largest_value() public {
        uint256 units = type(uint128).max / 1e9;
        assertGt(units, type(uint72).max);
        _record(ID, true, type(uint128).max);
        assertEq(activities.burnedBy(ID), uint256(type(uint72).max) * 1e9);
        assertEq(activities.activityOf(ID, 20_000).burned, uint256(type(uint56).max) * 1e9);

        // At the end of the counter of seats, neither it nor that of agreements grows.
        bytes32 slot = keccak256(abi.encode(uint256(ID), uint256(0)));
        uint256 word = uint256(vm.load(address(activities), slot));
        uint256 drawnAt = 32 + 72 + 56;
        word |= uint256(type(uint24).max) << drawnAt;
        vm.store(address(activities), slot, bytes32(word));
        _record(ID, true, 0);
        _assertSeats(type(uint24).max, 1);
        _record(ID, false, 0);
        _assertSeats(type(uint24).max, 1);
    }

    function test_a_batch_records_each_seat() public {
        IStaking.Settlement[] memory seats = new IStaking.Settlement[](3);
        seats[0] = IStaking.Settlement(1, SeatOutcome.Success, 0, 1 ether);
        seats[1] = IStaking.Settlement(2, SeatOutcome.Miss, 0, 0);
        seats[2] = IStaking.Settlement(3, SeatOutcome.Success, 0, 2 ether);
        vm.startPrank(recorder);
        activities.record(seats);
        skip(EPOCH);
        activities.record(seats);
        skip(EPOCH);
        vm.cool(address(activities));
        activities.record(seats);
        vm.snapshotGasLastCall("rewards", "record_3_seats_new_epoch");
        vm.cool(address(activities));
        activities.record(seats);
        vm.snapshotGasLastCall("rewards", "record_3_seats");
        assertEq(activities.burnedBy(1), 4 ether);
        assertEq(activities.burnedBy(2), 0);
        assertEq(activities.activityOf(3, activities.currentEpoch()).drawn, 2);
    }

    function test_only_the_recorder_records() public {
        vm.expectRevert(abi.encodeWithSelector(IActivityLog.NotRecorder.selector, address(this)));
        activities.record(new IStaking.Settlement[](0));
    }

    function test_a_log_needs_a_recorder_and_an_epoch() public {
        vm.expectRevert(abi.encodeWithSelector(IActivityLog.InvalidParameter.selector, "recorder"));
        new ActivityLog(address(0), EPOCH);
        vm.expectRevert(abi.encodeWithSelector(IActivityLog.InvalidParameter.selector, "epochLength"));
        new ActivityLog(recorder, 0);
    }

    function _record(uint32 id, bool agreed, uint128 fee) private {
        IStaking.Settlement[] memory seats = new IStaking.Settlement[](1);
        seats[0] = IStaking.Settlement(id, agreed ? SeatOutcome.Success : SeatOutcome.Silent, 0, fee);
        vm.prank(recorder);
        activities.record(seats);
    }

    function _assertActivity(uint64 epoch, uint256 drawn, uint256 agreed, uint256 burned) private view {
        IActivityLog.Activity memory activity = activities.activityOf(ID, epoch);
        assertEq(activity.drawn, drawn, "drawn");
        assertEq(activity.agreed, agreed, "agreed");
        assertEq(activity.burned, burned, "burned");
    }

    function _assertSeats(uint256 drawn, uint256 agreed) private view {
        assertEq(activities.activityOf(ID, 20_000).drawn, drawn);
        assertEq(activities.activityOf(ID, 20_000).agreed, agreed);
    }
}
