// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credits} from "./Credits.sol";
import {ICredits} from "./ICredits.sol";
import {ILiabilities} from "./ILiabilities.sol";

/// @title Credits of a contract that counts all that it owes.
abstract contract Liabilities is ILiabilities, Credits {
    /// @inheritdoc ILiabilities
    uint256 public liabilities;

    /// @inheritdoc ICredits
    function withdrawFor(address account) public override(Credits, ICredits) {
        liabilities -= creditOf(account);
        super.withdrawFor(account);
    }
}
