// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Calling a job's target with exactly the gas that its terms name.
library TargetCall {
    /// Gas kept for the call itself (2,600 for a cold account) and the instructions around it.
    uint256 private constant CALL_OVERHEAD = 5000;

    /// @notice Gas that must be left for `deliver` to give the target all of `gasForTarget`.
    /// @dev EIP-150 gives a call at most 63/64 of the gas that is left:
    ///   (gasleft - CALL_OVERHEAD) * 63 / 64 >= gasForTarget.
    /// What is left for the caller afterwards need not be checked: running out reverts everything.
    function requiredGas(uint256 gasForTarget) internal pure returns (uint256) {
        return (gasForTarget * 64 + 62) / 63 + CALL_OVERHEAD;
    }

    /// @notice Calls the target. No return data is copied: a target can't make the caller pay for its size.
    /// @return delivered Whether it took the call. An account without code takes any; nothing was delivered then.
    function deliver(address target, uint256 gasForTarget, bytes memory message) internal returns (bool delivered) {
        assembly ("memory-safe") {
            delivered := call(gasForTarget, target, 0, add(message, 0x20), mload(message), 0, 0)
        }
        delivered = delivered && target.code.length != 0;
    }
}
