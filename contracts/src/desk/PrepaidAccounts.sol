// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Liabilities} from "../accounts/Liabilities.sol";
import {DeskAccount} from "./DeskTypes.sol";
import {IJobDesk} from "./IJobDesk.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Requesters' money at the desk, and the fees of those who bring their orders.
/// @notice Relay and serve fees are credits; the accounts are liabilities too.
abstract contract PrepaidAccounts is IJobDesk, Liabilities {
    using SafeCast for uint256;

    /// @inheritdoc IJobDesk
    uint32 public immutable thawPeriod;

    mapping(address account => DeskAccount) private _accounts;

    constructor(uint32 thawPeriod_) {
        if (thawPeriod_ == 0) revert InvalidParameter("thawPeriod");
        thawPeriod = thawPeriod_;
    }

    /// @inheritdoc IJobDesk
    function deposit(address account) external payable {
        if (msg.value == 0) revert ZeroAmount();
        _deposit(account);
    }

    /// @inheritdoc IJobDesk
    function startThaw(uint128 amount) external {
        if (amount == 0) revert ZeroAmount();
        DeskAccount storage account = _accounts[msg.sender];
        if (amount > account.balance) revert InsufficientBalance(msg.sender, amount, account.balance);
        uint256 thawedAt = block.timestamp + thawPeriod;
        account.thawing = amount;
        account.thawedAt = uint64(thawedAt);
        emit ThawStarted(msg.sender, amount, thawedAt);
    }

    /// @inheritdoc IJobDesk
    function cancelThaw() external {
        DeskAccount storage account = _accounts[msg.sender];
        if (account.thawing == 0) revert NothingThawing(msg.sender);
        (account.thawing, account.thawedAt) = (0, 0);
        emit ThawCancelled(msg.sender);
    }

    /// @inheritdoc IJobDesk
    function withdrawThawed(address account) external {
        DeskAccount memory found = _accounts[account];
        if (found.thawing == 0) revert NothingThawing(account);
        if (block.timestamp < found.thawedAt) revert NotThawed(account, found.thawedAt);
        // Jobs may have taken from it meanwhile.
        uint128 amount = uint128(Math.min(found.thawing, found.balance));
        _accounts[account] = DeskAccount(found.balance - amount, 0, 0);
        liabilities -= amount;
        emit AccountWithdrawn(account, amount);
        _send(account, amount);
    }

    /// @inheritdoc IJobDesk
    function accountOf(address account) external view returns (DeskAccount memory) {
        return _accounts[account];
    }

    function _deposit(address account) internal {
        uint256 balance = _accounts[account].balance + msg.value;
        _accounts[account].balance = balance.toUint128();
        liabilities += msg.value;
        emit Deposited(account, msg.sender, msg.value, balance);
    }

    /// @dev Whether an account has this much.
    function _balanceOf(address account) internal view returns (uint256) {
        return _accounts[account].balance;
    }

    /// @dev Takes an escrow out of the desk, and moves a fee from an account to who earned it. The account must have both.
    function _charge(address account, uint256 escrow, address payee, uint256 fee) internal {
        _accounts[account].balance -= (escrow + fee).toUint128();
        liabilities -= escrow;
        _addCredit(payee, fee);
    }
}
