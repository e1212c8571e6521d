// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Shares of a sum that many own and only a slash changes.
/// @notice Money enters a sum only together with shares, at no better price than one share a wei, and a slash lowers the price.
/// So a sum is never more than its shares, nobody can raise the price to round a later depositor down, and the first
/// depositor has no advantage. One virtual share and one virtual wei keep the price defined when all has been slashed.
library Shares {
    using Math for uint256;

    /// @notice Shares for `amount` wei that enter. Rounds down, so that what is there is never diluted.
    function minted(uint256 amount, uint256 tokens, uint256 shares) internal pure returns (uint256) {
        return amount.mulDiv(shares + 1, tokens + 1);
    }

    /// @notice Wei that shares stand for. Rounds down: the dust stays with those who stay.
    /// @param part At most `shares`.
    function worth(uint256 part, uint256 tokens, uint256 shares) internal pure returns (uint256) {
        return shares == 0 ? 0 : part.mulDiv(tokens, shares);
    }

    /// @notice Shares that must be given back for `amount` wei that leave. Rounds up.
    /// @param amount At most `tokens`, which are not 0.
    function burned(uint256 amount, uint256 tokens, uint256 shares) internal pure returns (uint256) {
        return amount.mulDiv(shares, tokens, Math.Rounding.Ceil);
    }
}
