// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Where a channel is in its life. It only moves forward: a closed channel's nonce is never used again.
enum ChannelStatus {
    None,
    Open,
    Closed
}

/// @notice Why an item of a batch was passed over. Nothing changed for it, and it may be claimed again.
enum SkipReason {
    /// Not skipped; never emitted.
    None,
    /// Nobody has deposited into the channel.
    UnknownChannel,
    ChannelClosed,
    /// No more than what was claimed before.
    NothingNew,
    /// All that was deposited is claimed.
    Unfunded,
    /// Signed by neither the payer nor the session key, and refused by the payer's wallet.
    InvalidSignature,
    /// Too little gas was left to ask the payer's wallet, so nothing is known of the signature.
    InsufficientGas
}

/// @notice A channel's state, two storage slots: a claim writes the first and mostly reads no other.
struct Channel {
    /// Wei that came in, less what the payer took back. A voucher is covered as far as its total is at most this.
    uint96 deposited;
    /// Wei credited to the payee; `deposited - claimed` is the balance.
    uint96 claimed;
    /// Unix seconds from which the thawing wei may be taken; 0 without a thaw.
    uint40 thawEndsAt;
    ChannelStatus status;
    /// Wei announced for withdrawal; more than the balance means all of it.
    uint96 thawing;
    /// Signs vouchers beside the payer; zero without one.
    address sessionKey;
}

/// @notice A voucher as it is claimed; the payee is the batch's.
struct Claim {
    address payer;
    uint64 openNonce;
    /// Wei that the payer has promised since the channel was opened, all vouchers together.
    uint128 cumulative;
    /// Merkle root over all the channel's receipts so far; zero when there are none.
    bytes32 receiptsRoot;
    /// 65 bytes (r, s, v) of the payer or the session key, or whatever the payer's ERC-1271 wallet accepts.
    bytes signature;
}
