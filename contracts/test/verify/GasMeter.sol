// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Measures what a call executes: without the transaction's base cost and calldata, and without the first access
/// to the account. The same with and without `--isolate`.
contract GasMeter {
    function execution(address target, bytes memory data) external view returns (uint256 used) {
        require(target.code.length != 0, "nothing to measure");
        used = gasleft();
        (bool success,) = target.staticcall(data);
        used -= gasleft();
        require(success, "the measured call failed");
    }
}
