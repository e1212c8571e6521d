// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Liabilities} from "../accounts/Liabilities.sol";
import {Channel, ChannelStatus, Claim, SkipReason} from "./ChannelTypes.sol";
import {IPaymentChannels} from "./IPaymentChannels.sol";
import {WalletSignature} from "./WalletSignature.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title One-way payment channels with cumulative vouchers.
/// @notice No owner, no setter, no pause. Money comes in by `deposit` alone and leaves by `withdrawFor` alone; in between
/// it moves from a channel's balance to the credit of its payee or payer.
contract PaymentChannels is IPaymentChannels, Liabilities, EIP712 {
    bytes32 private constant VOUCHER_TYPEHASH =
        keccak256("Voucher(bytes32 channelId,uint128 cumulative,bytes32 receiptsRoot)");

    uint32 private immutable _thawPeriod;
    uint32 private immutable _withdrawalPeriod;
    uint32 private immutable _anchoringDelay;
    uint32 private immutable _maximumBatch;
    uint32 private immutable _walletGas;

    mapping(bytes32 channelId => Channel) private _channels;
    /// @inheritdoc IPaymentChannels
    mapping(address payee => address) public claimerOf;

    modifier onlyClaimer(address payee) {
        if (msg.sender != payee && msg.sender != claimerOf[payee]) revert NotClaimer(msg.sender, payee);
        _;
    }

    constructor(Parameters memory parameters_) EIP712("Infera", "1") {
        if (parameters_.thawPeriod == 0) revert InvalidParameter("thawPeriod");
        if (parameters_.withdrawalPeriod == 0) revert InvalidParameter("withdrawalPeriod");
        if (parameters_.anchoringDelay == 0 || parameters_.anchoringDelay > parameters_.thawPeriod) {
            revert InvalidParameter("anchoringDelay");
        }
        if (parameters_.maximumBatch == 0) revert InvalidParameter("maximumBatch");
        if (parameters_.walletGas == 0) revert InvalidParameter("walletGas");
        _thawPeriod = parameters_.thawPeriod;
        _withdrawalPeriod = parameters_.withdrawalPeriod;
        _anchoringDelay = parameters_.anchoringDelay;
        _maximumBatch = parameters_.maximumBatch;
        _walletGas = parameters_.walletGas;
    }

    // ---------------------------------------------------------------- anyone

    /// @inheritdoc IPaymentChannels
    function deposit(address payer, address payee, uint64 openNonce) external payable returns (bytes32 channelId) {
        if (payer == address(0) || payee == address(0)) revert ZeroParty(payer, payee);
        if (msg.value == 0) revert ZeroAmount();
        channelId = channelIdOf(payer, payee, openNonce);
        Channel storage channel = _channels[channelId];
        ChannelStatus status = channel.status;
        if (status == ChannelStatus.Closed) revert ChannelNotOpen(channelId);
        uint256 deposited = channel.deposited + msg.value;
        if (deposited > type(uint96).max) revert DepositTooLarge(deposited, type(uint96).max);

        if (status == ChannelStatus.None) {
            channel.status = ChannelStatus.Open;
            emit ChannelOpened(channelId, payer, payee, openNonce);
        }
        channel.deposited = uint96(deposited);
        liabilities += msg.value;
        emit Deposited(channelId, msg.sender, msg.value, deposited);
    }

    // ---------------------------------------------------------------- payer

    /// @inheritdoc IPaymentChannels
    function setSessionKey(address payee, uint64 openNonce, address sessionKey) external {
        if (sessionKey == address(0)) revert ZeroSessionKey();
        (bytes32 channelId, Channel storage channel) = _open(msg.sender, payee, openNonce);
        address present = channel.sessionKey;
        if (present != address(0)) revert SessionKeyAlreadySet(channelId, present);
        channel.sessionKey = sessionKey;
        emit SessionKeySet(channelId, sessionKey);
    }

    /// @inheritdoc IPaymentChannels
    function thaw(address payee, uint64 openNonce, uint96 amount) external {
        if (amount == 0) revert ZeroAmount();
        (bytes32 channelId, Channel storage channel) = _open(msg.sender, payee, openNonce);
        uint256 endsAt = block.timestamp + _thawPeriod;
        channel.thawEndsAt = uint40(endsAt);
        channel.thawing = amount;
        emit ThawStarted(channelId, amount, endsAt);
    }

    /// @inheritdoc IPaymentChannels
    function cancelThaw(address payee, uint64 openNonce) external {
        (bytes32 channelId, Channel storage channel) = _open(msg.sender, payee, openNonce);
        if (channel.thawEndsAt == 0) revert NoThaw(channelId);
        _clearThaw(channel);
        emit ThawCancelled(channelId);
    }

    /// @inheritdoc IPaymentChannels
    function withdrawThawed(address payee, uint64 openNonce) external {
        (bytes32 channelId, Channel storage channel) = _open(msg.sender, payee, openNonce);
        uint256 thawing = _thawed(channelId, channel);
        uint256 amount = Math.min(thawing, _balance(channel));

        channel.deposited -= uint96(amount);
        _clearThaw(channel);
        _addCredit(msg.sender, amount);
        emit ThawWithdrawn(channelId, msg.sender, amount);
    }

    /// @inheritdoc IPaymentChannels
    function closeAsPayer(address payee, uint64 openNonce) external {
        (bytes32 channelId, Channel storage channel) = _open(msg.sender, payee, openNonce);
        uint256 thawing = _thawed(channelId, channel);
        uint256 balance = _balance(channel);
        if (thawing < balance) revert ThawTooSmall(channelId, thawing, balance);
        _close(channelId, channel, msg.sender);
    }

    // ---------------------------------------------------------------- payee

    /// @inheritdoc IPaymentChannels
    function claim(address payee, Claim[] calldata claims) external onlyClaimer(payee) returns (uint256 amount) {
        if (claims.length > _maximumBatch) revert BatchTooLarge(claims.length, _maximumBatch);
        for (uint256 index = 0; index < claims.length; ++index) {
            amount += _claim(payee, index, claims[index]);
        }
        _addCredit(payee, amount);
    }

    /// @inheritdoc IPaymentChannels
    function anchorReceipts(address payee, address payer, uint64 openNonce, bytes32 receiptsRoot)
        external
        onlyClaimer(payee)
    {
        (bytes32 channelId,) = _open(payer, payee, openNonce);
        emit ReceiptsAnchored(channelId, payee, receiptsRoot);
    }

    /// @inheritdoc IPaymentChannels
    function setClaimer(address claimer) external {
        claimerOf[msg.sender] = claimer;
        emit ClaimerSet(msg.sender, claimer);
    }

    /// @inheritdoc IPaymentChannels
    function closeAsPayee(address payer, uint64 openNonce) external {
        (bytes32 channelId, Channel storage channel) = _open(payer, msg.sender, openNonce);
        _close(channelId, channel, payer);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IPaymentChannels
    function channelIdOf(address payer, address payee, uint64 openNonce) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), payer, payee, openNonce));
    }

    /// @inheritdoc IPaymentChannels
    function channelOf(bytes32 channelId) external view returns (Channel memory) {
        return _channels[channelId];
    }

    /// @inheritdoc IPaymentChannels
    function backingOf(bytes32 channelId) external view returns (uint256) {
        Channel storage channel = _channels[channelId];
        // A thaw is in force until it expires, for until then its wei may leave at any moment.
        uint256 endsAt = channel.thawEndsAt;
        if (endsAt == 0 || block.timestamp >= endsAt + _withdrawalPeriod) return channel.deposited;
        return channel.deposited - Math.min(channel.thawing, _balance(channel));
    }

    /// @inheritdoc IPaymentChannels
    function voucherDigest(bytes32 channelId, uint128 cumulative, bytes32 receiptsRoot) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER_TYPEHASH, channelId, cumulative, receiptsRoot)));
    }

    /// @inheritdoc IPaymentChannels
    function verifyReceipt(bytes32 root, bytes32 leaf, bytes32[] calldata proof) external pure returns (bool) {
        return MerkleProof.verifyCalldata(proof, root, leaf);
    }

    /// @inheritdoc IPaymentChannels
    function parameters() external view returns (Parameters memory) {
        return Parameters({
            thawPeriod: _thawPeriod,
            withdrawalPeriod: _withdrawalPeriod,
            anchoringDelay: _anchoringDelay,
            maximumBatch: _maximumBatch,
            walletGas: _walletGas
        });
    }

    // ---------------------------------------------------------------- a voucher

    /// @dev Reverts for nothing that is in the claim or in what it points to.
    function _claim(address payee, uint256 index, Claim calldata item) private returns (uint256 amount) {
        bytes32 channelId = channelIdOf(item.payer, payee, item.openNonce);
        Channel storage channel = _channels[channelId];
        SkipReason reason = _obstacle(channelId, channel, item);
        if (reason != SkipReason.None) {
            emit VoucherSkipped(channelId, payee, index, reason);
            return 0;
        }
        uint256 claimed = Math.min(item.cumulative, channel.deposited);
        amount = claimed - channel.claimed;
        channel.claimed = uint96(claimed);
        emit VoucherClaimed(channelId, payee, amount, item.cumulative, item.receiptsRoot);
    }

    /// @dev Cheap reasons first; when none is found, something can be paid.
    function _obstacle(bytes32 channelId, Channel storage channel, Claim calldata item)
        private
        view
        returns (SkipReason)
    {
        if (channel.status != ChannelStatus.Open) {
            return channel.status == ChannelStatus.None ? SkipReason.UnknownChannel : SkipReason.ChannelClosed;
        }
        if (item.cumulative <= channel.claimed) return SkipReason.NothingNew;
        if (channel.deposited == channel.claimed) return SkipReason.Unfunded;

        // Keys before wallets: what a key has signed stays valid, even if its account becomes a wallet (EIP-7702).
        bytes32 digest = voucherDigest(channelId, item.cumulative, item.receiptsRoot);
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, item.signature);
        if (failure == ECDSA.RecoverError.NoError && (signer == item.payer || signer == channel.sessionKey)) {
            return SkipReason.None;
        }
        (bool asked, bool valid) = WalletSignature.check(item.payer, digest, item.signature, _walletGas);
        if (!asked) return SkipReason.InsufficientGas;
        return valid ? SkipReason.None : SkipReason.InvalidSignature;
    }

    // ---------------------------------------------------------------- a channel

    function _open(address payer, address payee, uint64 openNonce)
        private
        view
        returns (bytes32 channelId, Channel storage channel)
    {
        channelId = channelIdOf(payer, payee, openNonce);
        channel = _channels[channelId];
        if (channel.status != ChannelStatus.Open) revert ChannelNotOpen(channelId);
    }

    function _balance(Channel storage channel) private view returns (uint256) {
        return channel.deposited - channel.claimed;
    }

    /// @dev What may be taken now, if there is as much.
    function _thawed(bytes32 channelId, Channel storage channel) private view returns (uint256) {
        uint256 endsAt = channel.thawEndsAt;
        if (endsAt == 0) revert NoThaw(channelId);
        if (block.timestamp < endsAt) revert ThawNotOver(channelId, endsAt);
        uint256 expiresAt = endsAt + _withdrawalPeriod;
        if (block.timestamp >= expiresAt) revert ThawExpired(channelId, expiresAt);
        return channel.thawing;
    }

    function _clearThaw(Channel storage channel) private {
        channel.thawEndsAt = 0;
        channel.thawing = 0;
    }

    function _close(bytes32 channelId, Channel storage channel, address payer) private {
        uint256 refund = _balance(channel);
        channel.deposited = channel.claimed;
        channel.status = ChannelStatus.Closed;
        _clearThaw(channel);
        _addCredit(payer, refund);
        emit ChannelClosed(channelId, msg.sender, refund);
    }
}
