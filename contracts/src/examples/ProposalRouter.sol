// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ask, InferaConsumer} from "../consumer/InferaConsumer.sol";
import {Results} from "../consumer/Results.sol";
import {IJobRegistry} from "../jobs/IJobRegistry.sol";
import {CallbackStatus, JobState, Phase, RefundReason} from "../jobs/JobTypes.sol";
import {IModelRegistry} from "../models/IModelRegistry.sol";

/// @title Example: proposals find their desk by their text.
/// @notice Whoever proposes pays for one zero-shot classification and attaches a grant budget. The answer assigns the
/// proposal to the desk of the best category, which gets the budget. If no answer comes, the proposer takes the budget
/// back.
contract ProposalRouter is InferaConsumer {
    struct Category {
        /// The label that texts are compared with, for instance "community events and education".
        string label;
        /// Who handles such proposals.
        address desk;
    }

    enum Status {
        None,
        Asked,
        Routed,
        Reclaimed
    }

    struct Proposal {
        address proposer;
        Status status;
        /// Index of the category; meaningful once routed.
        uint16 category;
        /// Wei for the desk.
        uint256 budget;
        bytes32 jobId;
    }

    /// A score costs gas in the callback, so their number is bounded.
    uint256 public constant MAX_CATEGORIES = 32;

    uint256 public proposalCount;
    mapping(uint256 proposalId => Proposal) public proposals;
    /// Proposal of a job; 0 for an unknown job.
    mapping(bytes32 jobId => uint256) public proposalOf;
    /// Wei that `withdrawFor` would pay.
    mapping(address account => uint256) public creditOf;
    Category[] private _categories;
    /// The task's parameters: abi.encode(string[] labels).
    bytes private _parameters;
    /// What is asked for every proposal.
    Ask private _ask;

    event ProposalSubmitted(
        uint256 indexed proposalId, bytes32 indexed jobId, address indexed proposer, uint256 budget, string text
    );
    /// @param score Cosine of the text with the category's label, in parts per million.
    event ProposalRouted(uint256 indexed proposalId, uint16 indexed category, address indexed desk, int32 score);
    event ProposalUnanswered(uint256 indexed proposalId, RefundReason reason);
    event BudgetReclaimed(uint256 indexed proposalId, uint256 budget);

    error InvalidCategories(uint256 count);
    error ZeroDesk(uint256 category);
    error EmptyProposal();
    error InsufficientPayment(uint256 required, uint256 given);
    error UnknownJob(bytes32 jobId);
    error UnknownCategory(uint16 category);
    error StillOpen(uint256 proposalId);
    error ProposalClosed(uint256 proposalId);
    error NothingToWithdraw(address account);
    error TransferFailed(address account, uint256 amount);

    /// @param ask What to ask for; `refundTo` is replaced by each proposer.
    constructor(IJobRegistry registry_, IModelRegistry models_, Ask memory ask, Category[] memory given)
        InferaConsumer(registry_, models_)
    {
        if (given.length == 0 || given.length > MAX_CATEGORIES) revert InvalidCategories(given.length);
        string[] memory labels = new string[](given.length);
        for (uint256 i; i < given.length; ++i) {
            if (given[i].desk == address(0)) revert ZeroDesk(i);
            labels[i] = given[i].label;
            _categories.push(given[i]);
        }
        _parameters = abi.encode(labels);
        _ask = ask;
    }

    // ANCHOR: propose
    /// @notice Submits a proposal. What is sent beyond `quote()` is its budget; what the job does not cost is credited
    /// to the caller at the job registry.
    function propose(string calldata text) external payable returns (uint256 proposalId) {
        if (bytes(text).length == 0) revert EmptyProposal();
        Ask memory ask = _ask;
        ask.refundTo = msg.sender;
        uint256 cost = _quote(ask);
        if (msg.value < cost) revert InsufficientPayment(cost, msg.value);
        (bytes32 jobId,) = _request(ask, bytes(text), _parameters);

        uint256 budget = msg.value - cost;
        proposalId = ++proposalCount;
        proposals[proposalId] = Proposal(msg.sender, Status.Asked, 0, budget, jobId);
        proposalOf[jobId] = proposalId;
        emit ProposalSubmitted(proposalId, jobId, msg.sender, budget, text);
    }

    // ANCHOR_END: propose

    // ANCHOR: reclaim
    /// @notice Gives the budget of a proposal without an answer back to its proposer, once its job is refunded or its
    /// callback has failed. Anyone may call.
    /// @dev Asks the registry, so it works when the error callback did not. A callback that is repeated later finds the
    /// proposal closed.
    function reclaim(uint256 proposalId) external {
        Proposal storage proposal = proposals[proposalId];
        JobState memory job = registry.jobState(proposal.jobId);
        bool unanswered = job.phase == Phase.Refunded || job.callbackStatus == CallbackStatus.Failed;
        if (proposal.status != Status.Asked || !unanswered) revert StillOpen(proposalId);
        proposal.status = Status.Reclaimed;
        creditOf[proposal.proposer] += proposal.budget;
        emit BudgetReclaimed(proposalId, proposal.budget);
    }

    // ANCHOR_END: reclaim

    /// @notice Pays an account's credit out to it. Anyone may call for anyone.
    function withdrawFor(address account) external {
        uint256 amount = creditOf[account];
        if (amount == 0) revert NothingToWithdraw(account);
        creditOf[account] = 0;
        (bool sent,) = account.call{value: amount}("");
        if (!sent) revert TransferFailed(account, amount);
    }

    /// @notice Wei that a proposal's classification can cost at most.
    function quote() external view returns (uint256) {
        return _quote(_ask);
    }

    function categories() external view returns (Category[] memory) {
        return _categories;
    }

    // ANCHOR: react
    /// @dev Moves no money out: the desk withdraws, so no desk can make the callback fail.
    function _onResult(bytes32 jobId, bytes calldata result) internal override {
        uint256 proposalId = proposalOf[jobId];
        if (proposalId == 0) revert UnknownJob(jobId);
        (uint16 winner, int32[] memory scores) = Results.zeroShot(result);
        if (winner >= _categories.length || winner >= scores.length) revert UnknownCategory(winner);

        Proposal storage proposal = proposals[proposalId];
        if (proposal.status != Status.Asked) revert ProposalClosed(proposalId);
        address desk = _categories[winner].desk;
        proposal.status = Status.Routed;
        proposal.category = winner;
        creditOf[desk] += proposal.budget;
        emit ProposalRouted(proposalId, winner, desk, scores[winner]);
    }
    // ANCHOR_END: react

    function _onFailure(bytes32 jobId, RefundReason reason) internal override {
        uint256 proposalId = proposalOf[jobId];
        if (proposalId == 0) revert UnknownJob(jobId);
        emit ProposalUnanswered(proposalId, reason);
    }
}
