// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredits} from "../../src/accounts/ICredits.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Answer, JobState, Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {IStaking} from "../../src/stake/IStaking.sol";
import {JobFixture, Reply} from "../jobs/JobFixture.sol";
import {Vm} from "forge-std/Test.sol";

/// @notice Called by a target while that is called back: calls whom it is told to, as a party of its own, which has coins.
contract Accomplice {
    /// For the target to get to its end.
    uint256 private constant GAS_KEPT = 250_000;

    /// How often it was let in, by the call's selector.
    mapping(bytes4 selector => uint256) public letIn;
    bool public paidTwice;

    event Asked();
    event LetIn();
    event Refused();

    function act(address to, uint256 value, bytes calldata data) external {
        emit Asked();
        (bool done,) = to.call{value: value, gas: gasleft() - GAS_KEPT}(data);
        if (done) {
            ++letIn[bytes4(data)];
            emit LetIn();
        } else {
            emit Refused();
        }
    }

    /// @dev Paid, it asks to be paid once more.
    receive() external payable {
        (bool done,) = msg.sender.call(abi.encodeCall(ICredits.withdrawFor, (address(this))));
        paidTwice = paidTwice || done;
    }
}

/// @notice What the invariants know about the jobs of a run: kept from events and states after each step.
abstract contract JobLedger is JobFixture {
    /// @notice What an executor committed to.
    enum Kind {
        None,
        Honest,
        Cheating,
        Malformed
    }

    uint256 internal constant MAX_JOBS = 6;

    Terms[] internal tracked;
    mapping(bytes32 jobId => mapping(uint32 executorId => Kind)) internal committedTo;

    /// Wei that a job's events say left its escrow.
    mapping(bytes32 jobId => uint256) internal outflow;
    /// `JobResolved` and `JobRefunded` events of a job.
    mapping(bytes32 jobId => uint256) internal endings;
    /// `JobRequested` events of a requester's number.
    mapping(address requester => mapping(uint256 nonce => uint256)) internal requests;
    mapping(bytes32 jobId => Phase) internal lastPhase;
    /// Hash of a job's state when it became final, without the callback's status and the pending seats.
    mapping(bytes32 jobId => bytes32) internal finalState;
    /// Accounts that were ever credited.
    address[] internal creditors;
    mapping(address account => bool) private known;
    uint256 internal donatedToJobs;
    /// Protocol fees of all jobs: they stay in the registry, owed to nobody.
    uint256 internal burnedByJobs;
    uint256 internal donatedToStaking;
    /// A transition that the state machine does not have.
    string internal forbidden;

    /// @dev Around every step: reads its events and looks at every job's phase.
    modifier observed() {
        vm.recordLogs();
        _;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        _blankUndone(logs);
        _readLogs(logs);
        for (uint256 i = 0; i < tracked.length; ++i) {
            _readPhase(jobs.jobIdOf(tracked[i]));
        }
    }

    /// @dev Logs of calls that were undone are recorded too: here those that an accomplice was refused.
    function _blankUndone(Vm.Log[] memory logs) private pure {
        uint256[] memory asked = new uint256[](logs.length);
        uint256 depth;
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            if (topic == Accomplice.Asked.selector) {
                asked[depth++] = i;
            } else if (topic == Accomplice.LetIn.selector) {
                --depth;
            } else if (topic == Accomplice.Refused.selector) {
                for (uint256 undone = asked[--depth]; undone < i; ++undone) {
                    logs[undone].topics[0] = 0;
                }
            }
        }
        assertEq(depth, 0, "an accomplice ran out of gas");
    }

    function _readLogs(Vm.Log[] memory logs) private {
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            if (topic == IJobRegistry.JobRequested.selector) {
                (Terms memory terms,,,) = abi.decode(logs[i].data, (Terms, bytes, bytes, string));
                ++requests[terms.requester][terms.nonce];
            } else if (topic == IJobRegistry.Credited.selector) {
                outflow[logs[i].topics[2]] += abi.decode(logs[i].data, (uint256));
                _remember(address(uint160(uint256(logs[i].topics[1]))));
            } else if (topic == IStaking.SeatSettled.selector) {
                (, uint256 payment) = abi.decode(logs[i].data, (uint8, uint256));
                outflow[logs[i].topics[2]] += payment;
            } else if (topic == IJobRegistry.JobResolved.selector) {
                (, uint8 agreeing) = abi.decode(logs[i].data, (uint8, uint8));
                (, uint256 burned) = _split(jobs.jobState(logs[i].topics[1]).seatFee);
                outflow[logs[i].topics[1]] += _count(agreeing) * burned;
                burnedByJobs += _count(agreeing) * burned;
                ++endings[logs[i].topics[1]];
            } else if (topic == IJobRegistry.JobRefunded.selector) {
                ++endings[logs[i].topics[1]];
            }
        }
    }

    function _remember(address account) internal {
        if (known[account]) return;
        known[account] = true;
        creditors.push(account);
    }

    function _readPhase(bytes32 jobId) internal {
        Phase before = lastPhase[jobId];
        Phase phase = _phase(jobId);
        if (phase == before) return;
        lastPhase[jobId] = phase;
        if (!_allowed(before, phase)) {
            forbidden = string.concat(vm.toString(uint256(before)), " to ", vm.toString(uint256(phase)));
        }
        if (_isFinal(phase)) finalState[jobId] = _stateHash(jobId);
    }

    /// @dev A committee of one opens the reveal phase with its draw.
    function _allowed(Phase before, Phase phase) private pure returns (bool) {
        if (before == Phase.None) return phase == Phase.Requested;
        if (before == Phase.Requested) {
            return phase == Phase.Committing || phase == Phase.Revealing || phase == Phase.Refunded;
        }
        if (before == Phase.Committing) return phase == Phase.Revealing || phase == Phase.Refunded;
        return before == Phase.Revealing && _isFinal(phase);
    }

    function _stateHash(bytes32 jobId) internal view returns (bytes32) {
        JobState memory state = jobs.jobState(jobId);
        delete state.callbackStatus;
        // Seats that were silent are dealt with one by one; the deadline is theirs.
        delete state.pending;
        delete state.deadline;
        return keccak256(abi.encode(state));
    }

    function _isFinal(Phase phase) internal pure returns (bool) {
        return phase == Phase.Resolved || phase == Phase.Refunded;
    }

    function _count(uint256 seats) internal pure returns (uint256 number) {
        for (; seats != 0; seats &= seats - 1) {
            ++number;
        }
    }

    function _replyOf(Kind kind) internal pure returns (Reply memory) {
        if (kind == Kind.Honest) return _honest();
        if (kind == Kind.Cheating) return _cheat();
        return Reply(hex"0bad", hex"0bad0bad");
    }

    /// @dev The answers of a job as its resolution takes them.
    function _revealedAnswers(bytes32 jobId) internal view returns (Answer[] memory answers) {
        JobState memory state = jobs.jobState(jobId);
        answers = new Answer[](_count(state.revealed));
        uint256 position;
        for (uint256 seat = 0; seat < state.committee.length; ++seat) {
            if (state.revealed & (1 << seat) == 0) continue;
            answers[position++] = _answer(seat, _replyOf(committedTo[jobId][state.committee[seat]]));
        }
        return _distinct(answers);
    }
}
