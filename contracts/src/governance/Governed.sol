// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPolicyRegistry} from "./IPolicyRegistry.sol";

/// @title A contract that obeys the policy registry's owner: one owner and one delay for all of them.
abstract contract Governed {
    IPolicyRegistry public immutable governance;

    error NotOwner(address caller);

    modifier onlyOwner() {
        if (msg.sender != governance.owner()) revert NotOwner(msg.sender);
        _;
    }

    constructor(IPolicyRegistry governance_) {
        governance = governance_;
    }
}
