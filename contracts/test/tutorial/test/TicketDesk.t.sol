// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TicketDesk} from "../src/TicketDesk.sol";
import {Vm} from "forge-std/Vm.sol";
import {IJobRegistry} from "infera/src/jobs/IJobRegistry.sol";
import {Answer, Terms} from "infera/src/jobs/JobTypes.sol";
import {JobFixture, Reply} from "infera/test/jobs/JobFixture.sol";

// ANCHOR: setup
contract TicketDeskTest is JobFixture {
    TicketDesk private desk;

    function setUp() public override {
        super.setUp(); // all contracts, a published model, five executors with stake
        desk = new TicketDesk(jobs, all.models, modelId, RUNTIME_CLASS, 2 * PRICE, UNITS);
    }

    /// @dev Opens a ticket and reads the terms from the registry's event, as executors do.
    function _open() private returns (Terms memory terms) {
        uint256 cost = desk.quote();
        vm.deal(requester, cost);
        vm.recordLogs();
        vm.prank(requester);
        desk.open{value: cost}("The app crashes when I log in.");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IJobRegistry.JobRequested.selector) continue;
            (terms,,,) = abi.decode(logs[i].data, (Terms, bytes, bytes, string));
        }
    }

    // ANCHOR_END: setup

    // ANCHOR: answer
    function test_a_ticket_goes_where_the_committee_says() public {
        Terms memory terms = _open();
        _toBeacon();
        (uint32[] memory committee,) = jobs.committeeOf(terms);
        Reply memory reply = _reply(1); // the second label wins
        _commitAll(terms, committee, reply);
        _revealAll(terms, committee, reply);
        Answer[] memory answers = new Answer[](3);
        for (uint256 seat = 0; seat < 3; ++seat) {
            answers[seat] = _answer(seat, reply);
        }
        _resolve(terms, answers);
        assertEq(uint256(desk.queueOf(1)), uint256(TicketDesk.Queue.Bugs));
    }

    // ANCHOR_END: answer

    // ANCHOR: failure
    function test_a_ticket_without_an_answer_goes_to_a_person_and_its_money_back() public {
        Terms memory terms = _open();
        bytes32 jobId = jobs.jobIdOf(terms);
        _toBeacon();
        _advance(terms); // draws the committee, which never commits
        _afterDeadline(jobId);
        _advance(terms); // draws the missing seats again
        _afterDeadline(jobId);
        _advance(terms); // gives up
        assertEq(uint256(desk.queueOf(1)), uint256(TicketDesk.Queue.Person));

        jobs.withdrawFor(requester);
        assertGt(requester.balance, 0);
    }
    // ANCHOR_END: failure

    function test_the_price_is_the_quote() public {
        uint256 cost = desk.quote();
        hoax(requester, cost);
        vm.expectRevert(abi.encodeWithSelector(TicketDesk.InsufficientPayment.selector, cost, cost - 1));
        desk.open{value: cost - 1}("a ticket");
    }
}
