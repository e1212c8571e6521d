// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Numbers that a requester picks for its jobs and uses once.
interface INonces {
    error NonceUsed(address requester, uint256 nonce);

    function nonceUsed(address requester, uint256 nonce) external view returns (bool);
}
