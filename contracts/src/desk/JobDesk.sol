// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {WalletSignature} from "../channels/WalletSignature.sol";
import {IJobRegistry} from "../jobs/IJobRegistry.sol";
import {Terms} from "../jobs/JobTypes.sol";
import {TermsHash} from "../jobs/TermsHash.sol";
import {Item, Order, Subscription} from "./DeskTypes.sol";
import {IJobDesk} from "./IJobDesk.sol";
import {PrepaidAccounts} from "./PrepaidAccounts.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Requests on behalf of others. Immutable: no owner, no upgrade, no pause.
contract JobDesk is PrepaidAccounts, EIP712 {
    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(Terms terms,uint256 deadline,uint128 relayFee,bytes32 inputUriHash)Terms(address requester,uint256 nonce,bytes32 modelId,uint32 version,bytes32 runtimeClass,uint64 pool,uint8 tier,uint8 committeeSize,uint8 quorum,bytes32 inputHash,bytes32 parametersHash,uint128 maxPricePerUnit,uint32 maxUnits,uint32 commitWindow,uint32 revealWindow,uint128 dispatchFee,uint128 advanceReserve,address callbackTarget,uint32 callbackGas,uint128 callbackFee,bool errorCallback,address refundTo)"
    );
    bytes32 private constant SUBSCRIPTION_DOMAIN = keccak256("INFERA-SUBSCRIPTION-v1");
    /// Gas for a contract to say whether it signed.
    uint256 private constant WALLET_GAS = 100_000;

    /// @inheritdoc IJobDesk
    IJobRegistry public immutable jobs;

    /// The first interval that isn't served, plus one; 0 for an unknown subscription.
    mapping(bytes32 subscriptionId => uint256) private _ends;

    constructor(IJobRegistry jobs_, uint32 thawPeriod_) PrepaidAccounts(thawPeriod_) EIP712("Infera", "1") {
        if (address(jobs_) == address(0)) revert InvalidParameter("jobs");
        jobs = jobs_;
    }

    // ---------------------------------------------------------------- requests

    /// @inheritdoc IJobDesk
    function requestMany(Item[] calldata items) external payable returns (bytes32[] memory jobIds) {
        if (msg.value != 0) _deposit(msg.sender);
        jobIds = new bytes32[](items.length);
        for (uint256 i; i < items.length; ++i) {
            jobIds[i] = _tryRequest(items[i]);
        }
    }

    /// @inheritdoc IJobDesk
    function requestSigned(
        Order calldata order,
        bytes calldata signature,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external returns (bytes32 jobId) {
        if (order.deadline == 0) revert OrderWithoutDeadline();
        if (block.timestamp > order.deadline) revert OrderExpired(order.deadline);
        _checkUri(order.inputUriHash, inputUri);
        _checkSignature(order, signature);
        return _request(order.terms, order.relayFee, input, parameterBytes, inputUri);
    }

    // ---------------------------------------------------------------- subscriptions

    /// @inheritdoc IJobDesk
    function subscribe(
        Subscription calldata subscription,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external returns (bytes32 subscriptionId) {
        address requester = subscription.terms.requester;
        if (msg.sender != requester) revert NotRequester(msg.sender, requester);
        if (subscription.period == 0) revert InvalidSubscription("period");
        if (subscription.count == 0) revert InvalidSubscription("count");
        if (subscription.start < block.timestamp) revert InvalidSubscription("start");
        _checkUri(subscription.inputUriHash, inputUri);
        subscriptionId = subscriptionIdOf(subscription);
        if (_ends[subscriptionId] != 0) revert AlreadySubscribed(subscriptionId);
        _ends[subscriptionId] = uint256(subscription.count) + 1;
        emit Subscribed(subscriptionId, requester, subscription, input, parameterBytes, inputUri);
    }

    /// @inheritdoc IJobDesk
    function cancelSubscription(Subscription calldata subscription) external {
        address requester = subscription.terms.requester;
        if (msg.sender != requester) revert NotRequester(msg.sender, requester);
        bytes32 subscriptionId = subscriptionIdOf(subscription);
        uint256 end = _endOf(subscriptionId);
        // Of the present interval, which can still be served, and 0 before the start.
        uint256 next =
            block.timestamp < subscription.start ? 0 : (block.timestamp - subscription.start) / subscription.period + 1;
        end = Math.min(end, next);
        _ends[subscriptionId] = end + 1;
        emit SubscriptionCancelled(subscriptionId, end);
    }

    /// @inheritdoc IJobDesk
    function serve(
        Subscription calldata subscription,
        uint256 interval,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external returns (bytes32 jobId) {
        bytes32 subscriptionId = subscriptionIdOf(subscription);
        uint256 end = _endOf(subscriptionId);
        if (interval >= end) revert IntervalEnded(subscriptionId, interval, end);
        // No overflow: the interval is below 2^32.
        uint256 from = subscription.start + interval * subscription.period;
        uint256 until = from + subscription.period;
        if (block.timestamp < from || block.timestamp >= until) {
            revert NotServable(subscriptionId, interval, from, until);
        }
        _checkUri(subscription.inputUriHash, inputUri);
        Terms memory terms = subscription.terms;
        terms.nonce = nonceOf(subscriptionId, interval);
        jobId = _request(terms, subscription.serveFee, input, parameterBytes, inputUri);
        emit IntervalServed(subscriptionId, interval, jobId);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IJobDesk
    function orderDigest(Order calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    ORDER_TYPEHASH, TermsHash.hash(order.terms), order.deadline, order.relayFee, order.inputUriHash
                )
            )
        );
    }

    /// @inheritdoc IJobDesk
    function subscriptionIdOf(Subscription calldata subscription) public view returns (bytes32) {
        return keccak256(
            abi.encode(
                SUBSCRIPTION_DOMAIN,
                block.chainid,
                address(this),
                TermsHash.hash(subscription.terms),
                subscription.start,
                subscription.period,
                subscription.count,
                subscription.serveFee,
                subscription.inputUriHash
            )
        );
    }

    /// @inheritdoc IJobDesk
    /// @dev Consecutive, so that 256 intervals share a word of the registry's nonces.
    function nonceOf(bytes32 subscriptionId, uint256 interval) public pure returns (uint256) {
        unchecked {
            return (uint256(subscriptionId) & ~uint256(0xff)) + interval;
        }
    }

    /// @inheritdoc IJobDesk
    function endIntervalOf(bytes32 subscriptionId) external view returns (uint256) {
        uint256 stored = _ends[subscriptionId];
        return stored == 0 ? 0 : stored - 1;
    }

    // ---------------------------------------------------------------- internals

    function _endOf(bytes32 subscriptionId) private view returns (uint256) {
        uint256 stored = _ends[subscriptionId];
        if (stored == 0) revert UnknownSubscription(subscriptionId);
        return stored - 1;
    }

    function _checkUri(bytes32 expected, string calldata inputUri) private pure {
        bytes32 actual = keccak256(bytes(inputUri));
        if (actual != expected) revert InputUriMismatch(expected, actual);
    }

    /// @dev A signature by the requester's key, or else one that the requester's code takes: an account with code can have a
    /// key as well (EIP-7702).
    function _checkSignature(Order calldata order, bytes calldata signature) private view {
        address requester = order.terms.requester;
        bytes32 digest = orderDigest(order);
        (address signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (signer == requester && signer != address(0)) return;
        (bool asked, bool valid) = WalletSignature.check(requester, digest, signature, WALLET_GAS);
        if (!asked) revert InsufficientGasForSignature(gasleft());
        if (!valid) revert InvalidSignature(requester);
    }

    /// @dev Requests a job for its requester, who has agreed to it, and pays the caller the fee.
    function _request(
        Terms memory terms,
        uint256 fee,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) private returns (bytes32 jobId) {
        if (terms.refundTo == address(this)) revert RefundToDesk();
        uint256 escrow = jobs.quote(terms);
        uint256 balance = _balanceOf(terms.requester);
        if (balance < escrow + fee) revert InsufficientBalance(terms.requester, escrow + fee, balance);
        _charge(terms.requester, escrow, msg.sender, fee);
        jobId = jobs.request{value: escrow}(terms, input, parameterBytes, inputUri);
        emit Charged(terms.requester, jobId, escrow, msg.sender, fee);
    }

    /// @dev Requests a job of the caller's, or says why not.
    function _tryRequest(Item calldata item) private returns (bytes32) {
        address requester = item.terms.requester;
        if (requester != msg.sender) {
            return _refuse(item, abi.encodeWithSelector(NotRequester.selector, msg.sender, requester));
        }
        if (item.terms.refundTo == address(this)) return _refuse(item, abi.encodeWithSelector(RefundToDesk.selector));
        uint256 escrow = jobs.quote(item.terms);
        uint256 balance = _balanceOf(requester);
        if (balance < escrow) {
            return _refuse(item, abi.encodeWithSelector(InsufficientBalance.selector, requester, escrow, balance));
        }
        // The registry calls nobody back in a request, so nothing happens between the payment and its record.
        try jobs.request{value: escrow}(item.terms, item.input, item.parameterBytes, item.inputUri) returns (
            bytes32 jobId
        ) {
            _charge(requester, escrow, address(0), 0);
            emit Charged(requester, jobId, escrow, address(0), 0);
            return jobId;
        } catch (bytes memory reason) {
            return _refuse(item, reason);
        }
    }

    function _refuse(Item calldata item, bytes memory reason) private returns (bytes32) {
        emit RequestRefused(item.terms.requester, item.terms.nonce, reason);
        return 0;
    }
}
