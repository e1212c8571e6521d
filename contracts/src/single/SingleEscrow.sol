// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credits} from "../accounts/Credits.sol";
import {ISingleJobRegistry} from "./ISingleJobRegistry.sol";
import {SingleConfiguration} from "./SingleConfiguration.sol";
import {SingleTerms} from "./SingleTypes.sol";
import {SingleWord} from "./SingleWord.sol";

/// @title What jobs cost, and the accounts of those whom the registry owes.
abstract contract SingleEscrow is SingleConfiguration, Credits {
    /// @inheritdoc ISingleJobRegistry
    function quote(SingleTerms calldata terms) external pure returns (uint256 escrow) {
        return _escrowOf(terms);
    }

    /// @dev `_addCredit`, told. Endings tell of theirs in events of their own.
    function _creditAndTell(address account, bytes32 jobId, uint256 amount) internal {
        if (amount == 0) return;
        _addCredit(account, amount);
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

    /// @dev What an executor is paid, what of the fee is burned instead (rounded up), and what is the publisher's (rounded
    /// down).
    function _split(uint256 fee, uint256 royaltyBps)
        internal
        view
        returns (uint256 payment, uint256 protocolFee, uint256 royalties)
    {
        protocolFee = (fee * _protocolFeeBps + BASIS_POINTS - 1) / BASIS_POINTS;
        royalties = fee * royaltyBps / BASIS_POINTS;
        payment = fee - protocolFee - royalties;
    }

    function _reserveLeft(SingleTerms calldata terms, SingleWord word) private pure returns (uint256 left) {
        left = terms.advanceReserve;
        for (uint256 step = word.advances(); step != 0; --step) {
            left -= left / 4;
        }
    }
}
