// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @dev How many job registries a contract can listen to.
uint256 constant MAX_JOB_REGISTRIES = 3;

/// @title The job registries that a contract listens to, fixed at construction.
abstract contract JobCallers {
    address private immutable _first;
    address private immutable _second;
    address private immutable _third;

    /// @param registries Empty places hold the zero address.
    constructor(address[MAX_JOB_REGISTRIES] memory registries) {
        (_first, _second, _third) = (registries[0], registries[1], registries[2]);
    }

    /// @notice Whether `account` is one of the job registries.
    function isJobRegistry(address account) public view returns (bool) {
        return account != address(0) && (account == _first || account == _second || account == _third);
    }
}
