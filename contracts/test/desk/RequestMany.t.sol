// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INonces} from "../../src/accounts/INonces.sol";
import {Item} from "../../src/desk/DeskTypes.sol";
import {IJobDesk} from "../../src/desk/IJobDesk.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {DeskFixture} from "./DeskFixture.sol";

contract RequestManyTest is DeskFixture {
    function _items(uint256 count) private view returns (Item[] memory items) {
        items = new Item[](count);
        for (uint256 i; i < count; ++i) {
            items[i] = _item(_askerTerms(i));
        }
    }

    function test_many_jobs_are_paid_from_the_value_and_the_account() public {
        Item[] memory items = _items(3);
        uint256 escrow = jobs.quote(items[0].terms);
        _deposit(asker, escrow);
        hoax(asker, 2 * escrow + 7);
        bytes32[] memory ids = desk.requestMany{value: 2 * escrow + 7}(items);
        for (uint256 i; i < 3; ++i) {
            assertEq(ids[i], jobs.jobIdOf(items[i].terms));
            _assertPhase(ids[i], Phase.Requested);
        }
        assertEq(desk.accountOf(asker).balance, 7, "what is left stays in the account");
        assertEq(address(jobs).balance, 3 * escrow);
        assertEq(address(desk).balance, desk.liabilities());
    }

    function test_one_bad_item_reverts_none_of_the_others() public {
        Item[] memory items = _items(6);
        uint256 escrow = jobs.quote(items[0].terms);
        items[1].terms.version = 9;
        items[2].terms.nonce = 0;
        items[3].terms.requester = stranger;
        items[4].terms.refundTo = address(desk);
        hoax(asker, 6 * escrow);
        vm.expectEmit(address(desk));
        emit IJobDesk.RequestRefused(
            asker, 1, abi.encodeWithSelector(IJobRegistry.UnknownModelVersion.selector, modelId, 9, RUNTIME_CLASS)
        );
        vm.expectEmit(address(desk));
        emit IJobDesk.RequestRefused(asker, 0, abi.encodeWithSelector(INonces.NonceUsed.selector, asker, 0));
        vm.expectEmit(address(desk));
        emit IJobDesk.RequestRefused(
            stranger, 3, abi.encodeWithSelector(IJobDesk.NotRequester.selector, asker, stranger)
        );
        vm.expectEmit(address(desk));
        emit IJobDesk.RequestRefused(asker, 4, abi.encodeWithSelector(IJobDesk.RefundToDesk.selector));
        bytes32[] memory ids = desk.requestMany{value: 6 * escrow}(items);

        assertTrue(ids[0] != 0 && ids[5] != 0);
        assertEq(ids[1] | ids[2] | ids[3] | ids[4], 0);
        assertEq(desk.accountOf(asker).balance, 4 * escrow, "a refused one costs nothing");
        assertEq(address(desk).balance, desk.liabilities());
        assertEq(address(jobs).balance, 2 * escrow);
    }

    function test_an_account_that_runs_dry_requests_what_it_reaches() public {
        Item[] memory items = _items(3);
        uint256 escrow = jobs.quote(items[0].terms);
        hoax(asker, 2 * escrow);
        bytes32[] memory ids = desk.requestMany{value: 2 * escrow}(items);
        assertTrue(ids[1] != 0 && ids[2] == 0);
        assertEq(desk.liabilities(), 0);
    }

    /// Not even by naming the desk as the requester, or by being the desk's registry's trusted caller.
    function test_only_the_desk_requests_for_others() public {
        Terms memory terms = _askerTerms(0);
        uint256 escrow = jobs.quote(terms);
        hoax(stranger, escrow);
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.NotRequester.selector, stranger, asker));
        jobs.request{value: escrow}(terms, input, labels, "");
    }
}
