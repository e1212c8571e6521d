// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ISingleJobRegistry} from "../../src/single/ISingleJobRegistry.sol";
import {Record, SinglePhase, SingleTerms, SingleTier} from "../../src/single/SingleTypes.sol";
import {IStaking} from "../../src/stake/IStaking.sol";
import {SingleFixture} from "../single/SingleFixture.sol";
import {Vm} from "forge-std/Test.sol";

/// @notice What the invariants know about the single-executor jobs of a run: kept from events and states after each step.
abstract contract SingleLedger is SingleFixture {
    uint256 internal constant MAX_JOBS = 7;

    SingleTerms[] internal tracked;
    /// Of the same, in their order.
    bytes32[] internal jobIds;
    /// Of answered jobs, made of terms and events.
    mapping(bytes32 jobId => Record) internal recordOf;
    mapping(bytes32 jobId => bytes) internal vifOf;
    mapping(bytes32 jobId => bytes32) internal beaconOf;
    /// Whether the answer is the honest one.
    mapping(bytes32 jobId => bool) internal honest;
    /// Wei that a job's events say left its escrow, burned ones included.
    mapping(bytes32 jobId => uint256) internal outflow;
    mapping(bytes32 jobId => uint256) internal earned;
    /// `JobFinalised`, `JobOverturned` and `JobRefunded` events of a job.
    mapping(bytes32 jobId => uint256) internal endings;
    mapping(bytes32 jobId => SinglePhase) internal lastPhase;
    /// Of an ended job, without the callback's status.
    mapping(bytes32 jobId => bytes32) internal finalState;
    /// Accounts that were ever credited.
    address[] internal creditors;
    mapping(address account => bool) private known;
    uint256 internal burned;
    uint256 internal donated;
    /// A requester's number became two jobs.
    bool internal usedTwice;
    /// A transition that the state machine does not have.
    string internal forbidden;

    /// @dev Around every step: reads its events and looks at every job's phase.
    modifier observed() {
        vm.recordLogs();
        _;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < tracked.length; ++i) {
            _readJob(i, logs);
        }
    }

    function _readJob(uint256 job, Vm.Log[] memory logs) private {
        bytes32 jobId = jobIds[job];
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32[] memory topics = logs[i].topics;
            bool about = topics.length > 1 && (topics[1] == jobId || (topics.length > 2 && topics[2] == jobId));
            if (about) _readLog(tracked[job], jobId, logs[i]);
        }
        SinglePhase before = lastPhase[jobId];
        SinglePhase phase = _at(jobId);
        if (phase == before) return;
        lastPhase[jobId] = phase;
        if (!_allowed(tracked[job], before, phase)) {
            forbidden = string.concat(vm.toString(uint256(before)), " to ", vm.toString(uint256(phase)));
        }
        if (_isEnd(phase)) finalState[jobId] = _stateHash(jobId);
    }

    function _readLog(SingleTerms memory terms, bytes32 jobId, Vm.Log memory log) private {
        bytes32 topic = log.topics[0];
        if (topic == ISingleJobRegistry.Credited.selector && log.topics[2] == jobId) {
            outflow[jobId] += abi.decode(log.data, (uint256));
            _remember(address(uint160(uint256(log.topics[1]))));
        } else if (topic == IStaking.SeatSettled.selector && log.topics[2] == jobId) {
            (, uint256 payment) = abi.decode(log.data, (uint8, uint256));
            outflow[jobId] += payment;
            earned[jobId] += payment;
        } else if (log.topics[1] != jobId) {
            return;
        } else if (topic == ISingleJobRegistry.Submitted.selector || topic == ISingleJobRegistry.Proven.selector) {
            Vm.Log[] memory one = new Vm.Log[](1);
            one[0] = log;
            recordOf[jobId] = _submitted(terms, one);
            (vifOf[jobId], beaconOf[jobId]) = (lastVif, lastBeacon);
        } else if (topic == ISingleJobRegistry.WindowReopened.selector) {
            recordOf[jobId].windowEnd = abi.decode(log.data, (uint64));
        } else if (
            topic == ISingleJobRegistry.JobFinalised.selector || topic == ISingleJobRegistry.JobOverturned.selector
        ) {
            (uint256 reward, uint256 refund) = abi.decode(log.data, (uint256, uint256));
            _end(terms, jobId, log, reward + refund);
            if (topic == ISingleJobRegistry.JobFinalised.selector) {
                (, uint256 fee) = _split(recordOf[jobId].fee);
                outflow[jobId] += fee;
                burned += fee;
            }
        } else if (topic == ISingleJobRegistry.JobRefunded.selector) {
            (, uint256 reward, uint256 refund) = abi.decode(log.data, (uint8, uint256, uint256));
            _end(terms, jobId, log, reward + refund);
        }
    }

    function _end(SingleTerms memory terms, bytes32 jobId, Vm.Log memory log, uint256 paid) private {
        ++endings[jobId];
        outflow[jobId] += paid;
        _remember(address(uint160(uint256(log.topics[2]))));
        _remember(terms.refundTo);
    }

    function _remember(address account) private {
        if (known[account]) return;
        known[account] = true;
        creditors.push(account);
    }

    function _allowed(SingleTerms memory terms, SinglePhase before, SinglePhase phase) private pure returns (bool) {
        bool proven = terms.tier == SingleTier.Proven;
        if (before == SinglePhase.None) return phase == SinglePhase.Requested;
        if (before == SinglePhase.Requested || before == SinglePhase.Drawn) {
            if (phase == SinglePhase.Drawn || phase == SinglePhase.Refunded) return true;
            return phase == (proven ? SinglePhase.Final : SinglePhase.Provisional);
        }
        if (before == SinglePhase.Provisional) {
            return phase == SinglePhase.Challenged || phase == SinglePhase.Final || phase == SinglePhase.Overturned;
        }
        if (before == SinglePhase.Challenged) {
            return phase == SinglePhase.Acquitted || phase == SinglePhase.Convicted || phase == SinglePhase.Lapsed
                || phase == SinglePhase.Overturned;
        }
        if (before == SinglePhase.Acquitted) return phase == SinglePhase.Final || phase == SinglePhase.Overturned;
        if (before == SinglePhase.Lapsed) return phase == SinglePhase.Provisional || phase == SinglePhase.Overturned;
        return before == SinglePhase.Convicted && phase == SinglePhase.Overturned;
    }

    function _isEnd(SinglePhase phase) internal pure returns (bool) {
        return phase >= SinglePhase.Final;
    }

    function _stateHash(bytes32 jobId) internal view returns (bytes32) {
        ISingleJobRegistry.State memory state = single.stateOf(jobId);
        delete state.callbackStatus;
        return keccak256(abi.encode(state));
    }
}
