// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILiabilities} from "../accounts/ILiabilities.sol";
import {Channel, Claim, SkipReason} from "./ChannelTypes.sol";

/// @title Payment for requests off chain: one-way channels with cumulative vouchers, and the anchoring of receipts.
/// @notice A channel is one (payer, payee, openNonce) with its own deposit. Off chain, the payer signs vouchers whose
/// total only grows; on chain, the payee claims the last one. Amounts in wei of the native coin, times in seconds. No
/// amount is ever rounded or derived from the contract's balance: coins forced upon it belong to nobody.
///
/// A payee is safe if it accepts a voucher only while its total is at most `backingOf`, and claims it within
/// `thawPeriod` of accepting it: what backs an accepted voucher can't leave before.
interface IPaymentChannels is ILiabilities {
    /// @notice Fixed at deployment; none may be 0. Times in seconds.
    struct Parameters {
        /// From the announcement of a withdrawal to its end: the payee's time to claim.
        uint32 thawPeriod;
        /// After it, the payer's time to take the thawed wei; then the thaw expires and they back vouchers again.
        uint32 withdrawalPeriod;
        /// A receipt counts as withheld when no root that covers it is anchored this long after it was issued. Courts
        /// judge by it; nothing here does. At most `thawPeriod`, so that the receipts issued before a thaw began can be
        /// anchored in time by a claim against the channel.
        uint32 anchoringDelay;
        /// Most vouchers in one claim.
        uint32 maximumBatch;
        /// Gas that a payer's ERC-1271 wallet gets to check one signature, and the most it can burn.
        uint32 walletGas;
    }

    // ---------------------------------------------------------------- events

    /// @notice The first deposit came in.
    event ChannelOpened(bytes32 indexed channelId, address indexed payer, address indexed payee, uint64 openNonce);
    /// @param deposited The channel's `deposited` from now on.
    event Deposited(bytes32 indexed channelId, address indexed from, uint256 amount, uint256 deposited);
    event SessionKeySet(bytes32 indexed channelId, address sessionKey);
    /// @param amount More than the balance means all of it, at the time of the withdrawal.
    event ThawStarted(bytes32 indexed channelId, uint256 amount, uint256 endsAt);
    event ThawCancelled(bytes32 indexed channelId);
    event ThawWithdrawn(bytes32 indexed channelId, address indexed payer, uint256 amount);
    /// @param refund Credited to the payer.
    event ChannelClosed(bytes32 indexed channelId, address indexed closedBy, uint256 refund);
    event ClaimerSet(address indexed payee, address claimer);
    /// @notice A voucher was claimed and the receipts under its root are anchored as of this block.
    /// @param amount Wei credited to the payee.
    /// @param cumulative The voucher's total; more than what was claimed in all if the deposit did not reach.
    event VoucherClaimed(
        bytes32 indexed channelId, address indexed payee, uint256 amount, uint256 cumulative, bytes32 receiptsRoot
    );
    /// @param index Position in the batch.
    event VoucherSkipped(bytes32 indexed channelId, address indexed payee, uint256 index, SkipReason reason);
    /// @notice The receipts under a root are anchored as of this block, without a claim.
    event ReceiptsAnchored(bytes32 indexed channelId, address indexed payee, bytes32 receiptsRoot);

    // ---------------------------------------------------------------- errors

    error ZeroParty(address payer, address payee);
    error ZeroAmount();
    error DepositTooLarge(uint256 deposited, uint256 maximum);
    /// @notice Never deposited into, or closed.
    error ChannelNotOpen(bytes32 channelId);
    error ZeroSessionKey();
    error SessionKeyAlreadySet(bytes32 channelId, address sessionKey);
    error NoThaw(bytes32 channelId);
    error ThawNotOver(bytes32 channelId, uint256 endsAt);
    error ThawExpired(bytes32 channelId, uint256 expiredAt);
    /// @notice A payer closes only with a thaw of the whole balance.
    error ThawTooSmall(bytes32 channelId, uint256 thawing, uint256 balance);
    error NotClaimer(address caller, address payee);
    error BatchTooLarge(uint256 size, uint256 maximum);
    error InvalidParameter(string name);

    // ---------------------------------------------------------------- anyone

    /// @notice Adds `msg.value` to a channel; the first deposit opens it. Whatever comes back goes to the payer, whoever
    /// paid. Requires two parties, a value, a channel that was never closed, and a sum below 2^96.
    function deposit(address payer, address payee, uint64 openNonce) external payable returns (bytes32 channelId);

    // ---------------------------------------------------------------- payer

    /// @notice Lets a second key sign the channel's vouchers, for good: a key that could be taken back would take
    /// vouchers back with it. A payer ends its power with the channel. Requires an open channel of the caller without a
    /// session key.
    function setSessionKey(address payee, uint64 openNonce, address sessionKey) external;

    /// @notice Announces a withdrawal. Until its end the payee can claim against the whole balance, but new vouchers
    /// have no backing in the thawing wei. Replaces a thaw under way, and starts its time anew. Requires an open channel
    /// of the caller and an amount.
    /// @param amount More than the balance means all of it, later deposits included (and no new voucher has backing).
    function thaw(address payee, uint64 openNonce, uint96 amount) external;

    /// @notice The thawing wei back vouchers again. Requires an open channel of the caller and a thaw.
    function cancelThaw(address payee, uint64 openNonce) external;

    /// @notice Credits the payer what was announced, or what is left of it. Requires an open channel of the caller and a
    /// thaw that is over and has not expired.
    function withdrawThawed(address payee, uint64 openNonce) external;

    /// @notice Closes the caller's channel and credits it the balance. Requires what `withdrawThawed` does, and a thaw of
    /// at least the balance.
    function closeAsPayer(address payee, uint64 openNonce) external;

    // ---------------------------------------------------------------- payee

    /// @notice Credits the payee what its vouchers promise beyond what was claimed before, as far as deposits reach, and
    /// anchors their receipts. An item that can't be claimed is skipped with an event; the others stand. Only the payee
    /// or its claimer may call, so that an anchored root is the payee's own statement. Requires at most `maximumBatch`
    /// items.
    /// @return amount Wei credited.
    function claim(address payee, Claim[] calldata claims) external returns (uint256 amount);

    /// @notice Anchors receipts that no claim can: when the payer signs no voucher for them, or nothing new is due.
    /// Requires an open channel, and the payee or its claimer as caller.
    /// @param receiptsRoot As in a voucher, but nobody has signed it: the payee's own statement.
    function anchorReceipts(address payee, address payer, uint64 openNonce, bytes32 receiptsRoot) external;

    /// @notice Lets a second account claim and anchor for the caller; what is claimed is still credited to the caller.
    /// The zero address is nobody. Acts at once.
    function setClaimer(address claimer) external;

    /// @notice Closes a channel and credits the balance to the payer. Vouchers that were not claimed are lost. Requires
    /// an open channel with the caller as payee.
    function closeAsPayee(address payer, uint64 openNonce) external;

    // ---------------------------------------------------------------- views; none reverts

    /// @notice keccak256(abi.encode(chainid, this contract, payer, payee, openNonce)).
    function channelIdOf(address payer, address payee, uint64 openNonce) external view returns (bytes32);

    function channelOf(bytes32 channelId) external view returns (Channel memory);

    /// @notice The largest voucher total that a payee may accept now: what was deposited less what is thawing. For a
    /// channel that isn't open, what was claimed.
    function backingOf(bytes32 channelId) external view returns (uint256);

    /// @notice What is signed: the EIP-712 digest of Voucher(bytes32 channelId,uint128 cumulative,bytes32 receiptsRoot);
    /// domain "Infera", version "1", this chain and contract.
    function voucherDigest(bytes32 channelId, uint128 cumulative, bytes32 receiptsRoot) external view returns (bytes32);

    /// @notice Whether `leaf` is under `root`: each element of the proof is a sibling from the leaf upwards, and a node is
    /// keccak256 of its two children, the smaller first. A caller must compute the leaf itself, as the EIP-712 digest of a
    /// receipt: an inner node would pass as a leaf, but is no such digest.
    function verifyReceipt(bytes32 root, bytes32 leaf, bytes32[] calldata proof) external pure returns (bool);

    function claimerOf(address payee) external view returns (address);

    function parameters() external view returns (Parameters memory);
}
