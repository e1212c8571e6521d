// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INonces} from "./INonces.sol";

/// @title Numbers that a requester picks for its jobs and uses once.
abstract contract Nonces is INonces {
    /// Bit `nonce % 256` of word `nonce / 256`.
    mapping(address requester => mapping(uint256 index => uint256)) private _nonces;

    /// @inheritdoc INonces
    function nonceUsed(address requester, uint256 nonce) external view returns (bool) {
        return _nonces[requester][nonce >> 8] & (1 << (nonce & 0xff)) != 0;
    }

    function _useNonce(address requester, uint256 nonce) internal {
        uint256 bit = 1 << (nonce & 0xff);
        uint256 used = _nonces[requester][nonce >> 8];
        if (used & bit != 0) revert NonceUsed(requester, nonce);
        _nonces[requester][nonce >> 8] = used | bit;
    }
}
