// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credits} from "../accounts/Credits.sol";
import {Configuration} from "./Configuration.sol";
import {IJobRegistry} from "./IJobRegistry.sol";
import {Terms} from "./JobTypes.sol";
import {JobWord} from "./JobWord.sol";

/// @title What jobs cost, and the accounts of those whom the registry owes.
abstract contract Escrow is Configuration, Credits {
    /// @inheritdoc IJobRegistry
    function quote(Terms calldata terms) external pure returns (uint256 escrow) {
        return _escrowOf(terms);
    }

    /// @dev Moves wei that are already owed to an account.
    function _credit(address account, bytes32 jobId, uint256 amount) internal {
        if (amount == 0) return;
        _addCredit(account, amount);
        emit Credited(account, jobId, amount);
    }

    /// @dev The most that a seat can cost. Can't overflow: 128 + 32 bits.
    function _maxSeatFee(Terms calldata terms) internal pure returns (uint256) {
        return uint256(terms.maxPricePerUnit) * terms.maxUnits;
    }

    /// @dev Can't overflow: the largest term has 8 + 160 bits.
    function _escrowOf(Terms calldata terms) internal pure returns (uint256) {
        return _maxSeatFee(terms) * terms.committeeSize + terms.dispatchFee + terms.advanceReserve + terms.callbackFee;
    }

    /// @dev Bounty of the next paid step: a quarter of what remains of the reserve, rounded down.
    function _bounty(Terms calldata terms, JobWord word) internal pure returns (uint256) {
        return _reserveLeft(terms, word) / 4;
    }

    /// @dev The escrow less the bounties that were paid from it.
    function _escrowLeft(Terms calldata terms, JobWord word) internal pure returns (uint256) {
        return _escrowOf(terms) - terms.advanceReserve + _reserveLeft(terms, word);
    }

    /// @dev Stake that each seat locks, rounded up. Fits: `request` keeps seat fees below 88 bits, and the multiplier
    /// has 32.
    function _lockFor(uint256 seatFee) internal view returns (uint128) {
        return uint128((seatFee * _lockMultiplierBps + BASIS_POINTS - 1) / BASIS_POINTS);
    }

    /// @dev What of the fee of a seat that agrees is burned, rounded up.
    function _protocolFee(uint256 seatFee) internal view returns (uint256) {
        return (seatFee * _protocolFeeBps + BASIS_POINTS - 1) / BASIS_POINTS;
    }

    /// @dev Rounded down.
    function _basisPoints(uint256 amount, uint256 bps) internal pure returns (uint256) {
        return (amount * bps) / BASIS_POINTS;
    }

    function _reserveLeft(Terms calldata terms, JobWord word) private pure returns (uint256 left) {
        left = terms.advanceReserve;
        for (uint256 step = word.advances(); step != 0; --step) {
            left -= left / 4;
        }
    }
}
