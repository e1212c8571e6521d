// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Committee, Committees, MAX_SEATS} from "../../src/jobs/Committee.sol";
import {Test} from "forge-std/Test.sol";

contract CommitteeTest is Test {
    function testFuzz_seats_hold_what_was_put(uint32[7] memory ids, uint8 size, uint8 quorum, uint32 window)
        public
        pure
    {
        size = uint8(bound(size, 1, MAX_SEATS));
        quorum = uint8(bound(quorum, 1, size));
        window = uint32(bound(window, 1, Committees.MAX_REVEAL_WINDOW));
        Committee committee = Committees.empty(size, quorum, window);
        for (uint256 seat = 0; seat < size; ++seat) {
            committee = committee.withSeat(seat, ids[seat]);
        }
        assertEq(committee.size(), size);
        assertEq(committee.quorum(), quorum);
        assertEq(committee.revealWindow(), window);
        uint32[] memory array = committee.toArray();
        assertEq(array.length, size);
        for (uint256 seat = 0; seat < size; ++seat) {
            assertEq(committee.member(seat), ids[seat]);
            assertEq(array[seat], ids[seat]);
            assertEq(committee.occupied() & (1 << seat) != 0, ids[seat] != 0);
        }
        assertEq(committee.occupied() >> size, 0);
    }

    function test_seatOf_finds_members_only() public pure {
        Committee committee = Committees.empty(3, 2, 30).withSeat(0, 9).withSeat(2, 7);
        assertEq(committee.seatOf(9), 0);
        assertEq(committee.seatOf(7), 2);
        assertEq(committee.seatOf(8), Committees.NO_SEAT);
        // Seat 1 is empty, and nobody's.
        assertEq(committee.seatOf(0), Committees.NO_SEAT);
    }

    function test_an_undrawn_committee_has_no_seats() public pure {
        Committee none = Committee.wrap(0);
        assertEq(none.size(), 0);
        assertEq(none.toArray().length, 0);
        assertEq(none.occupied(), 0);
        assertEq(none.seatOf(1), Committees.NO_SEAT);
    }

    function test_without_empties_the_seats_of_the_bitmap() public pure {
        Committee committee = Committees.empty(4, 3, 30).withSeat(0, 1).withSeat(1, 2).withSeat(2, 3).withSeat(3, 4);
        Committee left = committee.without(0x5);
        assertEq(left.occupied(), 0xa);
        assertEq(left.size(), 4);
        assertEq(left.quorum(), 3);
        assertEq(left.revealWindow(), 30);
        uint32[] memory members = left.members();
        assertEq(members.length, 2);
        assertEq(members[0], 2);
        assertEq(members[1], 4);
        assertEq(left.member(3), 4);
    }
}
