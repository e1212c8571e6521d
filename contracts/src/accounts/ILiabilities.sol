// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredits} from "./ICredits.sol";

/// @title Credits of a contract that counts all that it owes.
interface ILiabilities is ICredits {
    /// @notice Wei that the contract owes: all credits, and what isn't anybody's credit yet. Never more than its balance.
    function liabilities() external view returns (uint256);
}
