// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title Asks an ERC-1271 wallet about a signature, with bounded gas and without copying what it returns.
library WalletSignature {
    /// @dev What the call itself and the instructions around it cost, the account being warm, with room to spare.
    uint256 private constant CALL_OVERHEAD = 1000;

    /// @return asked False when the wallet could not be given all of `walletGas`; then `valid` says nothing.
    function check(address wallet, bytes32 digest, bytes calldata signature, uint256 walletGas)
        internal
        view
        returns (bool asked, bool valid)
    {
        if (wallet.code.length == 0) return (true, false);
        bytes memory query = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        // A call passes on at most 63/64 of the gas (EIP-150), and silently less than asked for.
        uint256 available = gasleft();
        if (available - available / 64 < walletGas + CALL_OVERHEAD) return (false, false);

        bytes4 magic = IERC1271.isValidSignature.selector;
        assembly ("memory-safe") {
            // The first word of memory is scratch space; it takes the answer.
            mstore(0, 0)
            let success := staticcall(walletGas, wallet, add(query, 0x20), mload(query), 0, 0x20)
            valid := and(and(success, gt(returndatasize(), 0x1f)), eq(mload(0), magic))
        }
        asked = true;
    }
}
