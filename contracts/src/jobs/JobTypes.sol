// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Who runs a job and when its answer is final.
enum Tier {
    /// `committeeSize` executors by commit and reveal; final when `quorum` of them agree.
    Redundant
}

/// @notice Where a job stands. Every phase but the last two has a deadline and the permissionless exit `advanceJob`.
enum Phase {
    /// Never requested.
    None,
    /// Escrow is locked; the committee is not drawn yet.
    Requested,
    /// The committee is drawn and may commit until the deadline.
    Committing,
    /// Commitments are closed; their owners may reveal until the deadline plus the grace.
    Revealing,
    /// A cluster of at least `quorum` answers agreed; everyone is paid. Final.
    Resolved,
    /// The job failed or was cancelled; the requester is refunded. Final.
    Refunded
}

/// @notice Why a job was refunded.
enum RefundReason {
    /// The requester cancelled before the committee could be known.
    Cancelled,
    /// The beacon's block hash went out of reach, or the weights of the request's epoch, before anybody drew the committee.
    BeaconExpired,
    /// Fewer than `committeeSize` eligible executors were found.
    NoCommittee,
    /// Fewer than `quorum` commitments arrived, also after a re-draw.
    TooFewCommitments,
    /// Fewer than `quorum` commitments were opened.
    TooFewReveals,
    /// The answers did not agree: no cluster reached the quorum.
    NoAgreement
}

/// @notice What became of a job's callback.
enum CallbackStatus {
    /// The terms ask for none, or the job is not final.
    None,
    /// The target took the result.
    Delivered,
    /// The target failed; `retryCallback` is open to anyone.
    Failed
}

/// @notice All that a requester fixes. Travels in `JobRequested` and is sent again by callers; never stored.
/// @dev Hashed as the EIP-712 struct of the same name (`TermsHash`). Amounts are in wei, windows in seconds.
struct Terms {
    /// Who asks and pays: the caller of `request`.
    address requester;
    /// Picked by the requester, used once.
    uint256 nonce;
    bytes32 modelId;
    /// A version number, never 0; resolve "latest" with `IModelRegistry.latestVersion` before asking.
    uint32 version;
    /// For instance keccak256("fp32/libtorch-2.11").
    bytes32 runtimeClass;
    /// Set of executors; 0 is the public pool.
    uint64 pool;
    Tier tier;
    /// n: seats, at most 7.
    uint8 committeeSize;
    /// k: answers that must agree; 2k > n, and k < n for n >= 3.
    uint8 quorum;
    /// keccak256 of the input bytes.
    bytes32 inputHash;
    /// keccak256 of the parameter bytes.
    bytes32 parametersHash;
    /// Highest price per unit that may be drawn.
    uint128 maxPricePerUnit;
    /// Units paid for and allowed; a seat's fee is the drawn price times this.
    uint32 maxUnits;
    /// Seconds from the draw until commitments close.
    uint32 commitWindow;
    /// Seconds from the opening of the reveal phase until it closes (the grace comes on top).
    uint32 revealWindow;
    /// Pays whoever brings the resolution.
    uint128 dispatchFee;
    /// Pays those who advance a stuck job; what is left is refunded.
    uint128 advanceReserve;
    /// Called with the result; the zero address leaves the result in the inbox.
    address callbackTarget;
    /// Gas for the callback, 0 without a target.
    uint32 callbackGas;
    /// Pays whoever runs the callback.
    uint128 callbackFee;
    /// Also call back (`onInferenceFailed`) when the job is refunded after the draw.
    bool errorCallback;
    /// Who is credited with every refund.
    address refundTo;
}

/// @notice One revealed answer, sent again for the resolution and checked against its hash.
struct Answer {
    uint8 seat;
    bytes result;
    /// Output vector: big-endian int16 elements.
    bytes vector;
}

/// @notice A job's state, unpacked.
struct JobState {
    Phase phase;
    CallbackStatus callbackStatus;
    /// Block whose successor by the beacon delay fixes the committee.
    uint64 requestBlock;
    uint64 requestTime;
    /// End of the current phase (without the grace), in Unix seconds; once final, the end of the reveal phase as long as
    /// seats are pending, then 0; 0 while requested: that phase ends with the beacon's reach, in blocks.
    uint64 deadline;
    /// Fee of every seat in wei, fixed at the draw.
    uint128 seatFee;
    /// Bit i set: seat i has committed.
    uint8 committed;
    /// Bit i set: seat i has revealed.
    uint8 revealed;
    /// Bit i set: seat i is in the winning cluster.
    uint8 agreeing;
    /// Bit i set: seat i had not opened its commitment when the job ended. Its stake stays locked until it opens it
    /// within the grace, or `punishSilent` after it.
    uint8 pending;
    /// Seat whose result is the result; meaningful once resolved.
    uint8 centre;
    /// Paid steps taken by `advanceJob`.
    uint8 advances;
    /// Executor ids by seat; 0 is an empty seat.
    uint32[] committee;
}
