// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILiabilities} from "../accounts/ILiabilities.sol";
import {IJobRegistry} from "../jobs/IJobRegistry.sol";
import {DeskAccount, Item, Order, Subscription} from "./DeskTypes.sol";

/// @title Requests on behalf of others: prepaid accounts, many jobs in one transaction, signed orders, subscriptions.
/// @notice The job registry takes the desk's word for who asks, and the desk gives it only for the caller, for whoever signed,
/// and for whoever subscribed. Every job is paid in full from its requester's account at the desk when it is requested; from
/// then on it is a job like any other, and its refunds are the registry's, to the `refundTo` of its terms. Credits are relay
/// and serve fees; liabilities are these and the accounts.
interface IJobDesk is ILiabilities {
    // ---------------------------------------------------------------- events

    event Deposited(address indexed account, address indexed from, uint256 amount, uint256 balance);
    event ThawStarted(address indexed account, uint256 amount, uint256 thawedAt);
    event ThawCancelled(address indexed account);
    event AccountWithdrawn(address indexed account, uint256 amount);
    /// @notice An account paid for a job: `escrow` to the registry, `fee` to the one who brought the order or served the
    /// interval.
    event Charged(address indexed account, bytes32 indexed jobId, uint256 escrow, address indexed payee, uint256 fee);
    /// @notice One of several requests was not taken, and not charged.
    /// @param reason The error's bytes.
    event RequestRefused(address indexed requester, uint256 indexed nonce, bytes reason);
    event Subscribed(
        bytes32 indexed subscriptionId,
        address indexed requester,
        Subscription subscription,
        bytes input,
        bytes parameterBytes,
        string inputUri
    );
    event IntervalServed(bytes32 indexed subscriptionId, uint256 indexed interval, bytes32 indexed jobId);
    /// @param endInterval The first interval that isn't served any more.
    event SubscriptionCancelled(bytes32 indexed subscriptionId, uint256 endInterval);

    // ---------------------------------------------------------------- errors

    error InvalidParameter(string name);
    error ZeroAmount();
    error InsufficientBalance(address account, uint256 required, uint256 balance);
    error NothingThawing(address account);
    error NotThawed(address account, uint256 thawedAt);
    error NotRequester(address caller, address requester);
    /// @notice The desk couldn't take a refund.
    error RefundToDesk();
    error InputUriMismatch(bytes32 expected, bytes32 actual);
    error OrderWithoutDeadline();
    error OrderExpired(uint256 deadline);
    error InvalidSignature(address requester);
    /// @notice The requester is a contract, and too little gas was left to ask it about the signature.
    error InsufficientGasForSignature(uint256 available);
    error InvalidSubscription(string field);
    error AlreadySubscribed(bytes32 subscriptionId);
    error UnknownSubscription(bytes32 subscriptionId);
    error IntervalEnded(bytes32 subscriptionId, uint256 interval, uint256 endInterval);
    /// @param from First second of the interval. @param until First second after it.
    error NotServable(bytes32 subscriptionId, uint256 interval, uint256 from, uint256 until);

    // ---------------------------------------------------------------- accounts

    /// @notice Adds the value to an account. Anyone may pay into any account.
    function deposit(address account) external payable;

    /// @notice Asks `amount` out of the caller's account. It can be taken after the thaw period, in which orders that were
    /// signed on it can still be brought. Replaces an earlier request, and its time.
    function startThaw(uint128 amount) external;

    /// @notice Takes the request back.
    function cancelThaw() external;

    /// @notice Pays what has thawed, or what is left of it, to the account. Anyone may call for anyone.
    function withdrawThawed(address account) external;

    // ---------------------------------------------------------------- requests

    /// @notice Adds the value to the caller's account and requests jobs from it. One that can't be taken is neither requested
    /// nor charged (`RequestRefused`), and keeps none of the others from being taken.
    /// @param items Terms, whose requester is the caller, and contents.
    /// @return jobIds By item; 0 where the request was refused.
    function requestMany(Item[] calldata items) external payable returns (bytes32[] memory jobIds);

    /// @notice Requests a job that its requester has signed for, from its account. Whoever calls gets the relay fee. The
    /// requester takes an order back by the job registry's `revokeNonce`.
    /// @param signature Of `orderDigest(order)`: 65 bytes (r, s, v) of the requester's key, or what a contract takes as its
    /// signature (ERC-1271).
    /// @param input As for `IJobRegistry.request`; likewise `parameterBytes` and `inputUri`.
    function requestSigned(
        Order calldata order,
        bytes calldata signature,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external returns (bytes32 jobId);

    // ---------------------------------------------------------------- subscriptions

    /// @notice Opens a subscription of the caller's. Nothing is charged: the account pays for each interval when it is served.
    /// @param input What every job is asked; likewise `parameterBytes` and `inputUri`. Told in the event, for those who serve.
    function subscribe(
        Subscription calldata subscription,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external returns (bytes32 subscriptionId);

    /// @notice Ends a subscription of the caller's: no interval after the present one is served.
    function cancelSubscription(Subscription calldata subscription) external;

    /// @notice Requests the job of an interval, from the account of who subscribed. Only within the interval, and once; an
    /// interval that passes is neither served nor charged. Whoever calls gets the serve fee.
    function serve(
        Subscription calldata subscription,
        uint256 interval,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external returns (bytes32 jobId);

    // ---------------------------------------------------------------- views; none reverts

    function accountOf(address account) external view returns (DeskAccount memory);
    /// @notice What the requester of an order signs.
    function orderDigest(Order calldata order) external view returns (bytes32);
    function subscriptionIdOf(Subscription calldata subscription) external view returns (bytes32);
    /// @notice The nonce of an interval's job; the job's id follows from it and the other terms.
    function nonceOf(bytes32 subscriptionId, uint256 interval) external pure returns (uint256);
    /// @notice The first interval that isn't served; 0 for an unknown subscription.
    function endIntervalOf(bytes32 subscriptionId) external view returns (uint256);
    function jobs() external view returns (IJobRegistry);
    /// @notice Seconds from `startThaw` until the amount can be taken.
    function thawPeriod() external view returns (uint32);
}
