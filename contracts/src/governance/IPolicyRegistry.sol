// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPolicySet, Policies} from "./IPolicySet.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";

/// @title Which policy contracts and parameters are in force, and whether new jobs are paused.
/// @notice The owner replaces all of them together, by a change that everyone sees more than two epochs before: a job
/// requested before the announcement ends, and stake requested out on seeing it leaves, under the old set. Holds no money,
/// and no contract that holds any takes orders from here. Times in seconds.
interface IPolicyRegistry {
    /// @notice Fixed at deployment.
    struct Terms {
        /// The stake's epoch; every set repeats it.
        uint32 epochLength;
        /// From an announcement until the change can be made; more than two epochs.
        uint32 changeDelay;
        /// Then, the time in which it can be made; afterwards it has to be announced again.
        uint32 changeWindow;
        /// Least `epochMargin` of every set.
        uint32 minimumEpochMargin;
        /// Longest pause of new jobs.
        uint32 maximumPause;
        /// From the end that a pause was given to the next pause; at least `maximumPause`, so that new jobs are open at
        /// least half of the time.
        uint32 pauseCoolDown;
    }

    // ---------------------------------------------------------------- events

    event ChangeAnnounced(IPolicySet indexed set, uint256 executableFrom, uint256 executableUntil);
    event ChangeCancelled(IPolicySet indexed set);
    event ChangeExecuted(IPolicySet indexed set, IPolicySet indexed previous);
    event GuardianSet(address indexed guardian);
    event NewJobsPaused(address indexed guardian, uint256 until, uint256 nextPauseFrom);
    event NewJobsResumed(address indexed by);

    // ---------------------------------------------------------------- errors

    error InvalidTerms(string name);
    /// @notice A parameter differs that immutable contracts have (`ProtocolParametersLibrary.fixedPart`).
    error FixedParameterChanged();
    error EpochMarginTooShort(uint256 margin, uint256 minimum);
    error ChangePending(IPolicySet set);
    error NoChange();
    error ChangeNotReady(uint256 executableFrom);
    error ChangeExpired(uint256 executableUntil);
    error NotGuardian(address caller);
    error PauseTooLong(uint256 duration, uint256 maximum);
    error PauseCoolingDown(uint256 nextPauseFrom);
    error NotPaused();

    // ---------------------------------------------------------------- owner

    /// @notice Creates a set that can replace the one in force after `changeDelay`, within `changeWindow`. Requires that no
    /// change is pending (an expired one isn't), contracts behind all addresses, and parameters that hold their
    /// inequalities and repeat what is fixed.
    function announce(Policies calldata policies, ProtocolParameters calldata parameters)
        external
        returns (IPolicySet set);

    /// @notice Takes the announced change back, in time or expired. Requires one.
    function cancel() external;

    /// @notice Names who may pause new jobs, at once; the zero address is nobody. A running pause and the cool-down go on: a
    /// new guardian has no fresh pause.
    function setGuardian(address guardian) external;

    // ---------------------------------------------------------------- guardian

    /// @notice Refuses new jobs for `duration`; nothing else changes: jobs in flight, exits, claims, refunds and withdrawals
    /// go on. Requires the guardian, a duration between 1 and `maximumPause`, and the end of the last cool-down.
    function pauseNewJobs(uint32 duration) external;

    /// @notice Ends a pause early; the cool-down stays. Requires the guardian or the owner, and a pause.
    function resumeNewJobs() external;

    // ---------------------------------------------------------------- anyone

    /// @notice Puts the announced set in force. Requires one whose delay is over and whose window is not.
    function execute() external;

    // ---------------------------------------------------------------- views; none reverts

    /// @notice What a contract needs to know at a request: one storage slot.
    function head() external view returns (IPolicySet set, bool paused);
    /// @notice The set in force.
    function current() external view returns (IPolicySet);
    /// @notice Whether new jobs are refused now.
    function isPaused() external view returns (bool);
    /// @notice The end of the last pause, and the time from which another may begin; 0 before the first.
    function pauseTimes() external view returns (uint256 until, uint256 nextPauseFrom);
    /// @notice The announced change; the zero address without one.
    function pending() external view returns (IPolicySet set, uint256 executableFrom, uint256 executableUntil);
    function terms() external view returns (Terms memory);
    function changeDelay() external view returns (uint256);
    function guardian() external view returns (address);
    function owner() external view returns (address);
}
