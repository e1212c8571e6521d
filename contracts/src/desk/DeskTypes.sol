// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Terms} from "../jobs/JobTypes.sol";

/// @notice What `IJobRegistry.request` is given.
struct Item {
    Terms terms;
    bytes input;
    bytes parameterBytes;
    string inputUri;
}

/// @notice A job that its requester has signed for, to be brought by anyone.
/// @dev Signed as the EIP-712 struct of the same name, in the desk's domain ("Infera", "1"). The requester is
/// `terms.requester`; the terms' nonce makes the order count once.
struct Order {
    Terms terms;
    /// Last second, in Unix time, in which it can be brought; never 0.
    uint256 deadline;
    /// Wei for who brings it, out of the requester's account.
    uint128 relayFee;
    /// keccak256 of the URI to be requested with; of no bytes for an inline input. Else whoever brings the order could name a
    /// dead one.
    bytes32 inputUriHash;
}

/// @notice The same job once in each of `count` intervals.
struct Subscription {
    /// The jobs'; the nonce only tells subscriptions apart.
    Terms terms;
    /// Begin of interval 0, in Unix seconds.
    uint64 start;
    /// Length of an interval in seconds.
    uint32 period;
    uint32 count;
    /// Wei for who has an interval served, out of the requester's account.
    uint128 serveFee;
    /// As in an order.
    bytes32 inputUriHash;
}

/// @notice Money that a requester has left at the desk.
struct DeskAccount {
    /// Wei that orders and subscriptions can draw on, `thawing` among them.
    uint128 balance;
    /// Wei that can be taken out from `thawedAt` on, as far as they are still there.
    uint128 thawing;
    /// Unix seconds; 0 when no withdrawal was asked for.
    uint64 thawedAt;
}
