// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice When the answer of a single executor is final.
enum SingleTier {
    /// After the challenge window. The answer comes with a VIF.
    Optimistic,
    /// At once: the answer comes with a proof that the terms' verifier accepts.
    Proven
}

/// @notice Who has priority in answering.
enum Scheduler {
    /// One executor drawn by stake times reputation, with the job's beacon.
    Sortition,
    /// Executors by turns, each as often as its stake times reputation, without chance.
    RoundRobin,
    /// Whoever bids the lowest price within the bid window.
    ReverseAuction
}

/// @notice Where a job stands. Every phase but the last three has a permissionless exit.
enum SinglePhase {
    /// Never requested.
    None,
    /// Escrow is locked; nobody holds the seat yet.
    Requested,
    /// An executor holds the seat and has priority until its deadline; then anyone eligible may answer.
    Drawn,
    /// Answered; final after the challenge window.
    Provisional,
    /// The court found the answer right: it may be made final at once.
    Acquitted,
    /// The court decided nothing: the answer may get another challenge window.
    Lapsed,
    /// A court is looking at the answer.
    Challenged,
    /// The court found it wrong: it may be overturned.
    Convicted,
    /// Everyone is paid. Final.
    Final,
    /// The answer was false; the requester is refunded. Final.
    Overturned,
    /// Nobody answered, or the job was cancelled; the requester is refunded. Final.
    Refunded
}

/// @notice All that a requester fixes. Travels in `JobRequested` and is sent again by callers; never stored.
/// @dev Hashed as the EIP-712 struct of the same name (`SingleHash`). Amounts are in wei, windows in seconds.
struct SingleTerms {
    /// Who asks and pays: the caller of `request`.
    address requester;
    /// Picked by the requester, used once.
    uint256 nonce;
    bytes32 modelId;
    /// A version number, never 0.
    uint32 version;
    bytes32 runtimeClass;
    SingleTier tier;
    /// `Proven`: an active one of the governed list. `Optimistic`: zero.
    address verifier;
    Scheduler scheduler;
    /// keccak256 of the input bytes.
    bytes32 inputHash;
    /// keccak256 of the parameter bytes.
    bytes32 parametersHash;
    /// Highest price per unit that may be drawn or bid.
    uint128 maxPricePerUnit;
    /// Units paid for and allowed; the fee is the price times this.
    uint32 maxUnits;
    /// From the request until bidding ends; 0 without an auction.
    uint32 bidWindow;
    /// How long an executor that holds the seat has priority.
    uint32 submitWindow;
    /// How long after that anyone eligible may answer.
    uint32 takeoverWindow;
    /// `Optimistic`: from the answer until it is final. `Proven`: 0.
    uint32 challengeWindow;
    /// Pays whoever ends an answered job.
    uint128 dispatchFee;
    /// Pays those who advance a stuck job; what is left is refunded.
    uint128 advanceReserve;
    /// Called with the result; the zero address leaves the result in the inbox.
    address callbackTarget;
    /// Gas for a callback, 0 without a target.
    uint32 callbackGas;
    /// Pays whoever runs a callback, for each.
    uint128 callbackFee;
    /// Call with the result when it is provisional, instead of when it is final, and again if it is overturned.
    bool provisionalCallback;
    /// Also call back (`onInferenceFailed`) when the job is refunded or overturned.
    bool errorCallback;
    /// Who is credited with every refund.
    address refundTo;
}

/// @notice All that is needed of an answered job. One storage slot holds its hash; callers send it again.
/// @dev What of the terms matters to the end is in it, so that ending a job needs no terms. Amounts are in wei.
struct Record {
    /// Whose publisher gets a royalty of the fee.
    bytes32 modelId;
    uint32 executorId;
    /// The executor's, less protocol fee and royalty.
    uint128 fee;
    /// All that is left of the escrow.
    uint256 balance;
    uint128 dispatchFee;
    uint128 callbackFee;
    /// The challenge window's last second.
    uint64 windowEnd;
    /// Its length in seconds.
    uint32 challengeWindow;
    address refundTo;
    address callbackTarget;
    uint32 callbackGas;
    bool provisionalCallback;
    bool errorCallback;
    /// keccak256(abi.encode(resultHash, vectorHash)).
    bytes32 answerHash;
    /// keccak256(abi.encode(vrfKeyHash, beacon, keccak256(vif))); 0 in a proven job.
    bytes32 vifHash;
}
