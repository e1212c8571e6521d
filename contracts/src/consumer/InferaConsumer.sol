// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "../jobs/IJobRegistry.sol";
import {RefundReason, Terms, Tier} from "../jobs/JobTypes.sol";
import {IModelRegistry} from "../models/IModelRegistry.sol";
import {IInferaConsumer} from "./IInferaConsumer.sol";

/// @notice What a consumer decides about a job; the rest of the terms follows from it and the registry's parameters.
struct Ask {
    bytes32 modelId;
    /// 0 for the latest active version.
    uint32 version;
    bytes32 runtimeClass;
    /// n executors answer, and k of them must agree: 2k > n, and k < n for n >= 3.
    uint8 committeeSize;
    uint8 quorum;
    /// Wei.
    uint128 maxPricePerUnit;
    uint32 maxUnits;
    /// Seconds; raised or lowered to what the registry accepts, so 0 is the shortest.
    uint32 commitWindow;
    uint32 revealWindow;
    /// Gas for `_onResult` and `_onFailure`, and what surrounds them.
    uint32 callbackGas;
    /// Who gets in credit at the registry what a job did not cost.
    address refundTo;
}

/// @title The base of a contract that asks for inference and acts on the answer.
/// @notice Asks with `_request`, and is told by `_onResult` or `_onFailure`. Both must fit into the callback gas: a
/// callback that reverts is not repeated by itself, but anyone may call `retryCallback` at the registry.
abstract contract InferaConsumer is IInferaConsumer {
    IJobRegistry public immutable registry;
    IModelRegistry public immutable models;

    /// Nonce of the last job.
    uint256 private _nonce;

    error NotRegistry(address caller);

    constructor(IJobRegistry registry_, IModelRegistry models_) {
        registry = registry_;
        models = models_;
    }

    /// @inheritdoc IInferaConsumer
    function onInferenceResult(bytes32 jobId, bytes calldata result) external {
        if (msg.sender != address(registry)) revert NotRegistry(msg.sender);
        _onResult(jobId, result);
    }

    /// @inheritdoc IInferaConsumer
    function onInferenceFailed(bytes32 jobId, RefundReason reason) external {
        if (msg.sender != address(registry)) revert NotRegistry(msg.sender);
        _onFailure(jobId, reason);
    }

    /// @dev The job is resolved.
    /// @param result The task's canonical result bytes; `Results` decodes them.
    function _onResult(bytes32 jobId, bytes calldata result) internal virtual;

    /// @dev The job was refunded; its money is credited to `refundTo` at the registry.
    function _onFailure(bytes32 jobId, RefundReason reason) internal virtual;

    /// @dev Asks, paying the quote from this contract's balance.
    /// @param parameters The task's parameters (for zero-shot: abi.encode(string[] labels)).
    function _request(Ask memory ask, bytes memory input, bytes memory parameters)
        internal
        returns (bytes32 jobId, uint256 cost)
    {
        Terms memory terms = _terms(ask, ++_nonce);
        terms.inputHash = keccak256(input);
        terms.parametersHash = keccak256(parameters);
        cost = registry.quote(terms);
        jobId = registry.request{value: cost}(terms, input, parameters, "");
    }

    /// @dev What `_request` would pay, in wei. What the job does not cost comes back to `refundTo`.
    function _quote(Ask memory ask) internal view returns (uint256) {
        return registry.quote(_terms(ask, 0));
    }

    function _terms(Ask memory ask, uint256 nonce) private view returns (Terms memory terms) {
        IJobRegistry.Parameters memory bounds = registry.parameters();
        terms.requester = address(this);
        terms.nonce = nonce;
        terms.modelId = ask.modelId;
        terms.version = ask.version == 0 ? models.latestVersion(ask.modelId) : ask.version;
        terms.runtimeClass = ask.runtimeClass;
        terms.tier = Tier.Redundant;
        terms.committeeSize = ask.committeeSize;
        terms.quorum = ask.quorum;
        terms.maxPricePerUnit = ask.maxPricePerUnit;
        terms.maxUnits = ask.maxUnits;
        terms.commitWindow = _clamp(ask.commitWindow, bounds.minCommitWindow, bounds.maxCommitWindow);
        terms.revealWindow = _clamp(ask.revealWindow, bounds.minRevealWindow, bounds.maxRevealWindow);
        terms.dispatchFee = bounds.minDispatchFee;
        terms.advanceReserve = bounds.minAdvanceReserve;
        terms.callbackTarget = address(this);
        terms.callbackGas = ask.callbackGas;
        terms.callbackFee = uint128(uint256(ask.callbackGas) * bounds.callbackGasPrice);
        terms.errorCallback = true;
        terms.refundTo = ask.refundTo;
    }

    function _clamp(uint32 value, uint32 minimum, uint32 maximum) private pure returns (uint32) {
        if (value < minimum) return minimum;
        return value > maximum ? maximum : value;
    }
}
