// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IInferaConsumer} from "../../src/consumer/IInferaConsumer.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {Answer, Phase, RefundReason, Terms} from "../../src/jobs/JobTypes.sol";
import {IStaking, SeatOutcome} from "../../src/stake/IStaking.sol";
import {JobFixture, Reply} from "./JobFixture.sol";

/// @notice Does the least with an answer that is of use.
contract Recorder is IInferaConsumer {
    bytes32 public last;

    function onInferenceResult(bytes32, bytes calldata result) external {
        last = keccak256(result);
    }

    function onInferenceFailed(bytes32, RefundReason) external {
        last = 0;
    }
}

/// @notice What a redundant job costs from the request to the callback, in whole transactions: 21,000 each, calldata,
/// execution, refunds. 1,000 executors, a 256-byte inline input, 384-dimensional int16 vectors, accounts used before.
abstract contract JobGasFixture is JobFixture {
    uint256 internal total;
    uint256 internal calldataTotal;
    Recorder private recorder;

    function _executorCount() internal pure override returns (uint256) {
        return 1000;
    }

    function setUp() public virtual override {
        input = new bytes(256);
        for (uint256 i = 0; i < input.length; ++i) {
            input[i] = bytes1(uint8(0x61 + i % 26));
        }
        super.setUp();
        recorder = new Recorder();
        _warmAccounts();
        // And the words that any job but the first finds written: nonces, the refundee's credit, the consumer's record.
        _job(0, "", false);
        _warmCredit(_terms(2));
    }

    /// @dev Everyone has earned something before, and served in this epoch.
    function _warmAccounts() private {
        IStaking.Settlement[] memory settlements = new IStaking.Settlement[](1);
        vm.deal(address(jobs), 1000);
        for (uint32 id = 1; id <= 1000; ++id) {
            settlements[0] = IStaking.Settlement(id, SeatOutcome.Success, 1, 0);
            vm.startPrank(address(jobs));
            staking.tryLockSeat(0, id, 1 ether, CAPACITY);
            staking.settle{value: 1}(0, requester, 1 ether, settlements);
            vm.stopPrank();
        }
    }

    /// @dev Everybody has been credited something before. (An overpaid request credits `refundTo`.)
    function _warmCredit(Terms memory terms) private {
        uint256 escrow = jobs.quote(terms);
        for (uint32 id = 1; id <= 1000; ++id) {
            (terms.nonce, terms.refundTo) = (1000 + id, _signer(id));
            vm.deal(requester, escrow + 1);
            vm.prank(requester);
            jobs.request{value: escrow + 1}(terms, input, labels, "");
        }
    }

    /// @param prefix Of the snapshots' keys; empty for a job that isn't measured.
    function _job(uint256 nonce, string memory prefix, bool distinct) internal {
        Terms memory terms = _withCallback(_terms(nonce), address(recorder), 50_000);
        _sendRequest(terms, prefix);
        bytes32 jobId = jobs.jobIdOf(terms);
        _toBeacon();
        (uint32[] memory committee,) = jobs.committeeOf(terms);

        Reply[3] memory replies = [_honest(), _honest(), _honest()];
        string[3] memory names = ["first_commit", "second_commit", "third_commit"];
        string[3] memory lastNames = ["first_reveal", "second_reveal", "reveal_and_resolve"];
        for (uint256 seat = 0; seat < 3; ++seat) {
            if (distinct) replies[seat].vector[100 * seat + 1] ^= 0x01;
            bytes32 commitment = _commitment(terms, committee[seat], replies[seat]);
            bytes memory call = seat == 0
                ? abi.encodeCall(IJobRegistry.drawAndCommit, (terms, commitment))
                : abi.encodeCall(IJobRegistry.commit, (jobId, commitment));
            _send(address(jobs), _signer(committee[seat]), 0, call, prefix, names[seat]);
        }
        Answer[] memory answers = new Answer[](distinct ? 3 : 1);
        for (uint8 seat = 0; seat < 3; ++seat) {
            if (seat < answers.length) answers[seat] = _answer(seat, replies[seat]);
            bytes32 salt = _salt(committee[seat]);
            bytes memory call = seat == 2
                ? abi.encodeCall(IJobRegistry.revealAndResolve, (terms, 2, salt, answers.length - 1, answers))
                : _revealCall(jobId, seat, replies[seat], salt, seat != 0 && !distinct);
            _send(address(jobs), _signer(committee[seat]), 0, call, prefix, lastNames[seat]);
        }
        _assertPhase(jobId, Phase.Resolved);
        assertEq(recorder.last(), keccak256(replies[0].result));
    }

    /// @dev The requester's own request.
    function _sendRequest(Terms memory terms, string memory prefix) internal virtual {
        uint256 escrow = jobs.quote(terms);
        vm.deal(terms.requester, escrow);
        bytes memory call = abi.encodeCall(IJobRegistry.request, (terms, input, labels, ""));
        _send(address(jobs), terms.requester, escrow, call, prefix, "request");
    }

    function _revealCall(bytes32 jobId, uint8 seat, Reply memory reply, bytes32 salt, bool same)
        private
        pure
        returns (bytes memory)
    {
        if (!same) return abi.encodeCall(IJobRegistry.reveal, (jobId, seat, reply.result, reply.vector, salt));
        return abi.encodeCall(
            IJobRegistry.revealSame, (jobId, seat, 0, keccak256(reply.result), keccak256(reply.vector), salt)
        );
    }

    function _send(address to, address from, uint256 value, bytes memory call, string memory prefix, string memory name)
        internal
    {
        vm.prank(from);
        (bool done,) = to.call{value: value}(call);
        assertTrue(done, name);
        if (bytes(prefix).length == 0) return;
        uint256 used = vm.lastCallGas().gasTotalUsed;
        total += used;
        for (uint256 i = 0; i < call.length; ++i) {
            calldataTotal += call[i] == 0 ? 4 : 16;
        }
        vm.snapshotValue("jobs", string.concat(prefix, name), used);
    }
}
