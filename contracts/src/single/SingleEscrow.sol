// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ISingleJobRegistry} from "./ISingleJobRegistry.sol";
import {SingleConfiguration} from "./SingleConfiguration.sol";
import {SingleTerms} from "./SingleTypes.sol";
import {SingleWord} from "./SingleWord.sol";

/// @title What jobs cost, and the accounts of those whom the registry owes.
/// @notice Internal accounts only: the contract's balance is never read, so a donation changes nothing.
abstract contract SingleEscrow is SingleConfiguration {
    mapping(address account => uint256) private _credits;

    /// @inheritdoc ISingleJobRegistry
    function withdrawFor(address account) external {
        uint256 amount = _credits[account];
        if (amount == 0) revert NothingToWithdraw(account);
        _credits[account] = 0;
        emit Withdrawn(account, amount);
        bool sent;
        // No return data is copied.
        assembly ("memory-safe") {
            sent := call(gas(), account, amount, 0, 0, 0, 0)
        }
        if (!sent) revert TransferFailed(account, amount);
    }

    /// @inheritdoc ISingleJobRegistry
    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
    }

    /// @inheritdoc ISingleJobRegistry
    function quote(SingleTerms calldata terms) external pure returns (uint256 escrow) {
        return _escrowOf(terms);
    }

    /// @dev Moves wei that are already owed to an account. Endings tell of theirs in events of their own.
    function _credit(address account, uint256 amount) internal {
        if (amount != 0) _credits[account] += amount;
    }

    /// @dev `_credit`, told.
    function _creditAndTell(address account, bytes32 jobId, uint256 amount) internal {
        if (amount == 0) return;
        _credit(account, amount);
        emit Credited(account, jobId, amount);
    }

    /// @dev The most that the fee can be. Can't overflow: 128 + 32 bits.
    function _maxFee(SingleTerms calldata terms) internal pure returns (uint256) {
        return uint256(terms.maxPricePerUnit) * terms.maxUnits;
    }

    /// @dev Can't overflow: the largest term has 160 bits.
    function _escrowOf(SingleTerms calldata terms) internal pure returns (uint256) {
        // A provisional result may be followed by a call about its being overturned.
        uint256 callbacks = terms.provisionalCallback ? 2 : 1;
        return _maxFee(terms) + terms.dispatchFee + terms.advanceReserve + callbacks * terms.callbackFee;
    }

    /// @dev Bounty of the next paid step: a quarter of what remains of the reserve, rounded down.
    function _bounty(SingleTerms calldata terms, SingleWord word) internal pure returns (uint256) {
        return _reserveLeft(terms, word) / 4;
    }

    /// @dev The escrow less the bounties that were paid from it.
    function _escrowLeft(SingleTerms calldata terms, SingleWord word) internal pure returns (uint256) {
        return _escrowOf(terms) - terms.advanceReserve + _reserveLeft(terms, word);
    }

    /// @dev Stake that a seat locks, rounded up. Fits: fees have at most 80 bits, and the multiplier has 32.
    function _lockFor(uint256 fee) internal view returns (uint128) {
        return uint128((fee * _lockMultiplierBps + BASIS_POINTS - 1) / BASIS_POINTS);
    }

    /// @dev What an executor is paid, and what of the fee is burned instead (rounded up).
    function _split(uint256 fee) internal view returns (uint256 payment, uint256 protocolFee) {
        protocolFee = (fee * _protocolFeeBps + BASIS_POINTS - 1) / BASIS_POINTS;
        payment = fee - protocolFee;
    }

    function _reserveLeft(SingleTerms calldata terms, SingleWord word) private pure returns (uint256 left) {
        left = terms.advanceReserve;
        for (uint256 step = word.advances(); step != 0; --step) {
            left -= left / 4;
        }
    }
}
