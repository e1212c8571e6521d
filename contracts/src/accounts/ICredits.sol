// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Accounts of those whom a contract owes coins. Amounts in wei.
interface ICredits {
    event Withdrawn(address indexed account, uint256 amount);

    error NothingToWithdraw(address account);
    error TransferFailed(address account, uint256 amount);

    /// @notice Pays an account's credit out to it. Anyone may call for anyone.
    function withdrawFor(address account) external;

    /// @notice Wei that `withdrawFor` would pay.
    function creditOf(address account) external view returns (uint256);
}
