// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ISingleJobRegistry} from "../../src/single/ISingleJobRegistry.sol";
import {Record, SinglePhase, SingleTerms} from "../../src/single/SingleTypes.sol";
import {IStaking, SeatOutcome} from "../../src/stake/IStaking.sol";
import {Reply} from "../jobs/JobFixture.sol";
import {Recorder} from "../jobs/JobGasFixture.sol";
import {SingleFixture} from "./SingleFixture.sol";

/// @notice What a job of one executor costs from the request to the callback, in whole transactions: 21,000 each, calldata,
/// execution, refunds. 1,000 executors, a 256-byte inline input, 384-dimensional int16 vectors, accounts used before.
contract SingleGasTest is SingleFixture {
    uint256 private constant BATCH = 16;

    Recorder private recorder;
    /// Of the calls since it was last zero.
    uint256 private calldataGas;

    function _executorCount() internal pure override returns (uint256) {
        return 1000;
    }

    function setUp() public override {
        input = new bytes(256);
        for (uint256 i = 0; i < input.length; ++i) {
            input[i] = bytes1(uint8(0x61 + i % 26));
        }
        super.setUp();
        recorder = new Recorder();
        _warmAccounts();
        // And the words that any job but the first finds written: nonces, credits, the consumer's record.
        SingleTerms memory terms = _calling(_single(0), address(recorder), 50_000);
        (bytes32 jobId, Record memory record) = _provisional(terms, _honest());
        _afterWindow(record);
        _finalize(jobId, record, _honest());
    }

    /// @dev Everyone has earned something before, and has been credited something.
    function _warmAccounts() private {
        IStaking.Settlement[] memory settlements = new IStaking.Settlement[](1);
        vm.deal(address(single), 1000);
        for (uint32 id = 1; id <= 1000; ++id) {
            settlements[0] = IStaking.Settlement(id, SeatOutcome.Neutral, 1, 0);
            vm.startPrank(address(single));
            staking.tryLockSeat(0, id, 1 ether, CAPACITY);
            staking.settle{value: 1}(0, requester, 1 ether, settlements);
            vm.stopPrank();
        }
    }

    /// forge-config: default.isolate = true
    function test_optimistic_job_total() public {
        bytes[] memory calls = new bytes[](BATCH);
        calldataGas = 0;
        uint256 requests;
        uint256 submissions;
        uint64 last;
        for (uint256 i = 0; i < BATCH; ++i) {
            SingleTerms memory terms = _calling(_single(100 + i), address(recorder), 50_000);
            requests += _request(terms);
            _toBeacon();
            (uint32 id,) = single.drawnOf(terms);
            Reply memory reply = _honest();
            bytes memory call =
                abi.encodeCall(ISingleJobRegistry.submit, (terms, reply.result, reply.vector, _anyVif(id)));
            vm.recordLogs();
            submissions += _send(_hot(id), 0, call);
            Record memory record = _submitted(terms, vm.getRecordedLogs());
            last = record.windowEnd;
            calls[i] = abi.encodeCall(
                ISingleJobRegistry.finalize, (single.jobIdOf(terms), record, reply.result, keccak256(reply.vector))
            );
        }
        vm.warp(last + 1);
        uint256 finalisations = _send(stranger, 0, abi.encodeCall(ISingleJobRegistry.tryEach, (calls)));
        for (uint256 i = 0; i < BATCH; ++i) {
            _assertAt(single.jobIdOf(_calling(_single(100 + i), address(recorder), 50_000)), SinglePhase.Final);
        }
        assertEq(recorder.last(), keccak256(_honest().result));

        // Jobs differ by the number of zero bytes in their hashes, and by what the draw reads: their mean is told.
        uint256 total = (requests + submissions + finalisations) / BATCH;
        vm.snapshotValue("single", "optimistic_job_request", requests / BATCH);
        vm.snapshotValue("single", "optimistic_job_submit", submissions / BATCH);
        vm.snapshotValue("single", "optimistic_job_finalize_16_per_job", finalisations / BATCH);
        vm.snapshotValue("single", "optimistic_job_calldata", calldataGas / BATCH);
        vm.snapshotValue("gas", "optimistic_job_total", total);
        assertLe(total, 298_000);
    }

    /// Without a batch, and the proven tier.
    /// forge-config: default.isolate = true
    function test_single_steps() public {
        SingleTerms memory terms = _calling(_single(200), address(recorder), 50_000);
        (bytes32 jobId, Record memory record) = _provisional(terms, _honest());
        _afterWindow(record);
        Reply memory reply = _honest();
        bytes memory call =
            abi.encodeCall(ISingleJobRegistry.finalize, (jobId, record, reply.result, keccak256(reply.vector)));
        vm.snapshotValue("single", "optimistic_job_finalize_alone", _send(stranger, 0, call));

        terms = _calling(_proven(201), address(recorder), 50_000);
        uint256 total = _request(terms);
        _toBeacon();
        (uint32 id,) = single.drawnOf(terms);
        bytes memory proof = _proof(terms, id, reply);
        call = abi.encodeCall(ISingleJobRegistry.submitProven, (terms, reply.result, reply.vector, proof));
        total += _send(_hot(id), 0, call);
        vm.snapshotValue("single", "proven_job_total", total);
    }

    function _request(SingleTerms memory terms) private returns (uint256) {
        uint256 escrow = single.quote(terms);
        vm.deal(requester, escrow);
        return _send(requester, escrow, abi.encodeCall(ISingleJobRegistry.request, (terms, input, labels, "")));
    }

    function _send(address from, uint256 value, bytes memory call) private returns (uint256) {
        vm.prank(from);
        (bool done,) = address(single).call{value: value}(call);
        assertTrue(done, "refused");
        for (uint256 i = 0; i < call.length; ++i) {
            calldataGas += call[i] == 0 ? 4 : 16;
        }
        return vm.lastCallGas().gasTotalUsed;
    }
}
