// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

/// @title INFER on the parent chain, where the network's native coin is locked as this token.
/// @notice All of it exists from the start; nobody can make more. 18 decimals, EIP-2612 permits, delegated votes by time.
contract InferToken is ERC20, ERC20Permit, ERC20Votes {
    error ZeroSupply();

    /// @param holder Gets the whole supply.
    constructor(address holder, uint256 supply) ERC20("Infera", "INFER") ERC20Permit("Infera") {
        if (supply == 0) revert ZeroSupply();
        _mint(holder, supply);
    }

    /// @notice Votes are counted by Unix seconds (ERC-6372).
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function nonces(address account) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(account);
    }

    function _update(address from, address to, uint256 amount) internal override(ERC20, ERC20Votes) {
        super._update(from, to, amount);
    }
}
