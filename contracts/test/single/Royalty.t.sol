// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Verdict} from "../../src/courts/ICourt.sol";
import {ISingleJobRegistry} from "../../src/single/ISingleJobRegistry.sol";
import {Record, SingleTerms} from "../../src/single/SingleTypes.sol";
import {SingleFixture} from "./SingleFixture.sol";

contract SingleRoyaltyTest is SingleFixture {
    address private immutable receiver = makeAddr("royalty receiver");

    function _announce(uint16 bps) private {
        vm.prank(publisher);
        all.models.announceRoyalty(modelId, receiver, bps);
    }

    function test_the_publisher_gets_its_part_of_an_optimistic_jobs_fee() public {
        _announce(333);
        SingleTerms memory terms = _single(0);
        uint256 escrow = single.quote(terms);
        (bytes32 jobId, Record memory record) = _provisional(terms, _honest());
        uint256 royalty = uint256(record.fee) * 333 / 10_000;
        assertEq(single.creditOf(receiver), 0, "not before it is final");
        _afterWindow(record);
        vm.expectEmit(address(single));
        emit ISingleJobRegistry.Credited(receiver, jobId, royalty);
        _finalize(jobId, record, _honest());
        (uint256 payment,) = _split(record.fee);
        assertEq(staking.accountOf(record.executorId).earnings, payment - royalty);
        assertEq(single.creditOf(refundee), escrow - record.fee - terms.dispatchFee, "the requester pays no more");
        single.withdrawFor(receiver);
        assertEq(receiver.balance, royalty);
    }

    function test_the_publisher_gets_its_part_of_a_proven_jobs_fee() public {
        _announce(1000);
        SingleTerms memory terms = _proven(0);
        (, uint32 id) = _askDrawable(terms);
        Record memory record = _prove(terms, id, _honest());
        assertEq(single.creditOf(receiver), record.fee / 10);
    }

    function test_what_is_settled_after_the_announcement_pays() public {
        (bytes32 jobId, Record memory record) = _provisional(_single(0), _honest());
        _announce(1000);
        _afterWindow(record);
        _finalize(jobId, record, _honest());
        assertEq(single.creditOf(receiver), record.fee / 10);
    }

    function test_an_overturned_job_pays_no_royalty() public {
        _announce(1000);
        SingleTerms memory terms = _single(0);
        uint256 escrow = single.quote(terms);
        (bytes32 jobId, Record memory record) = _provisional(terms, _cheat());
        _challenge(terms, record);
        _decide(jobId, Verdict.Convicted);
        single.overturn(jobId, record);
        assertEq(single.creditOf(receiver), 0);
        assertEq(single.creditOf(refundee) + single.creditOf(address(this)), escrow);
    }

    /// Rounding never costs anybody else: payment, fee and royalty are the executor's fee.
    function testFuzz_the_fee_is_divided_whole(uint16 bps, uint96 price) public {
        bps = uint16(bound(bps, 0, all.models.MAX_ROYALTY_BPS()));
        price = uint96(bound(price, PRICE / 10, 2 * PRICE));
        for (uint32 id = 1; id <= 5; ++id) {
            _offer(id, price, CAPACITY);
        }
        _announce(bps);
        _nextEpoch();
        SingleTerms memory terms = _single(0);
        uint256 escrow = single.quote(terms);
        (bytes32 jobId, Record memory record) = _provisional(terms, _honest());
        _afterWindow(record);
        _finalize(jobId, record, _honest());
        (, uint256 burned) = _split(record.fee);
        uint256 earned = staking.accountOf(record.executorId).earnings;
        assertEq(earned + burned + uint256(record.fee) * bps / 10_000, record.fee);
        assertEq(
            single.creditOf(refundee) + single.creditOf(stranger) + single.creditOf(receiver) + burned + earned, escrow
        );
    }
}
