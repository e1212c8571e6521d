// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Accusation, CourtTerms, ICourtClient, Verdict} from "../../src/courts/ICourt.sol";
import {ISlashing} from "../../src/stake/ISlashing.sol";
import {Offence} from "../../src/stake/IStaking.sol";

/// @notice A court that decides what a test tells it, and otherwise does to its client what a court does.
contract TestCourt {
    ISlashing private slashing;
    Accusation[] private accusations;
    bytes public lastInput;

    error Refused();

    bool public refuses;

    function setSlashing(ISlashing slashing_) external {
        slashing = slashing_;
    }

    function refuse(bool refuses_) external {
        refuses = refuses_;
    }

    function open(
        Accusation calldata accusation,
        CourtTerms calldata,
        bytes calldata input,
        bytes calldata,
        string calldata
    ) external payable returns (bytes32 courtJobId) {
        if (refuses) revert Refused();
        accusations.push(accusation);
        lastInput = input;
        return bytes32(accusations.length);
    }

    /// @notice A conviction is slashed before the client hears of it.
    function decide(ICourtClient client, bytes32 jobId, Verdict verdict) external {
        if (verdict == Verdict.Convicted) {
            Accusation memory accusation = _about(jobId);
            slashing.punish(Offence.Conviction, accusation.executorId, jobId, accusation.seatFee, accusation.challenger);
        }
        client.onVerdict(jobId, 0, verdict);
    }

    /// @dev The latest about a job.
    function _about(bytes32 jobId) private view returns (Accusation memory) {
        for (uint256 i = accusations.length; i != 0; --i) {
            if (accusations[i - 1].jobId == jobId) return accusations[i - 1];
        }
        revert Refused();
    }

    function last() external view returns (Accusation memory) {
        return accusations[accusations.length - 1];
    }
}
