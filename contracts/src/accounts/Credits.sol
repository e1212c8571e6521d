// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredits} from "./ICredits.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

/// @title Accounts of those whom a contract owes coins.
/// @notice Internal accounts only: the contract's balance is never read, so a donation changes nothing.
abstract contract Credits is ICredits {
    mapping(address account => uint256) private _credits;

    /// @inheritdoc ICredits
    function withdrawFor(address account) public virtual {
        uint256 amount = _credits[account];
        if (amount == 0) revert NothingToWithdraw(account);
        _credits[account] = 0;
        emit Withdrawn(account, amount);
        _send(account, amount);
    }

    /// @inheritdoc ICredits
    function creditOf(address account) public view returns (uint256) {
        return _credits[account];
    }

    /// @dev Moves wei that are already owed to an account.
    function _addCredit(address account, uint256 amount) internal {
        if (amount != 0) _credits[account] += amount;
    }

    /// @dev Sends wei without copying what the receiver returns.
    function _send(address account, uint256 amount) internal {
        if (!LowLevelCall.callNoReturn(account, amount, "")) revert TransferFailed(account, amount);
    }
}
