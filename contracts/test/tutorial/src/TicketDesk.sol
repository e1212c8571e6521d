// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

// ANCHOR: imports
import {Ask, InferaConsumer} from "infera/src/consumer/InferaConsumer.sol";
import {Results} from "infera/src/consumer/Results.sol";
import {IJobRegistry} from "infera/src/jobs/IJobRegistry.sol";
import {RefundReason} from "infera/src/jobs/JobTypes.sol";
import {IModelRegistry} from "infera/src/models/IModelRegistry.sol";

// ANCHOR_END: imports

/// @title Puts tickets into queues by their text.
// ANCHOR: state
contract TicketDesk is InferaConsumer {
    enum Queue {
        Unsorted,
        Billing,
        Bugs,
        Person
    }

    uint256 public ticketCount;
    mapping(uint256 ticketId => Queue) public queueOf;
    mapping(bytes32 jobId => uint256 ticketId) public ticketOf;

    Ask private _ask;
    bytes private _labels;

    event TicketOpened(uint256 indexed ticketId, bytes32 indexed jobId, string text);
    event TicketQueued(uint256 indexed ticketId, Queue queue);

    error InsufficientPayment(uint256 required, uint256 given);
    error UnknownJob(bytes32 jobId);

    // ANCHOR_END: state

    // ANCHOR: constructor
    constructor(
        IJobRegistry registry_,
        IModelRegistry models_,
        bytes32 modelId,
        bytes32 runtimeClass,
        uint128 maxPricePerUnit,
        uint32 maxUnits
    ) InferaConsumer(registry_, models_) {
        _ask.modelId = modelId;
        _ask.runtimeClass = runtimeClass;
        _ask.committeeSize = 3;
        _ask.quorum = 2;
        _ask.maxPricePerUnit = maxPricePerUnit;
        _ask.maxUnits = maxUnits;
        _ask.commitWindow = 30;
        _ask.revealWindow = 30;
        _ask.callbackGas = 150_000;

        string[] memory labels = new string[](2);
        (labels[0], labels[1]) = ("billing and refunds", "bugs and outages");
        _labels = abi.encode(labels);
    }

    // ANCHOR_END: constructor

    // ANCHOR: ask
    /// @notice Opens a ticket. Send `quote()`; what the answer does not cost is credited to you at the job registry.
    function open(string calldata text) external payable returns (uint256 ticketId) {
        Ask memory ask = _ask;
        ask.refundTo = msg.sender;
        uint256 cost = _quote(ask);
        if (msg.value != cost) revert InsufficientPayment(cost, msg.value);

        (bytes32 jobId,) = _request(ask, bytes(text), _labels);
        ticketId = ++ticketCount;
        ticketOf[jobId] = ticketId;
        emit TicketOpened(ticketId, jobId, text);
    }

    function quote() external view returns (uint256) {
        return _quote(_ask);
    }

    // ANCHOR_END: ask

    // ANCHOR: react
    function _onResult(bytes32 jobId, bytes calldata result) internal override {
        (uint16 winner,) = Results.zeroShot(result);
        _put(jobId, winner == 0 ? Queue.Billing : Queue.Bugs);
    }

    function _onFailure(bytes32 jobId, RefundReason) internal override {
        _put(jobId, Queue.Person);
    }

    function _put(bytes32 jobId, Queue queue) private {
        uint256 ticketId = ticketOf[jobId];
        if (ticketId == 0) revert UnknownJob(jobId);
        queueOf[ticketId] = queue;
        emit TicketQueued(ticketId, queue);
    }
    // ANCHOR_END: react
}
