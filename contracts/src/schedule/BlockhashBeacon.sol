// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IBeacon} from "./IBeacon.sol";

/// @title The hash of a block, mixed with the job.
/// @notice Nobody knows it when the job is requested. It trusts whoever builds the block (on an L3, the sequencer), who could
/// try several blocks. Hashes reach 8,191 blocks back on a chain with the history contract of EIP-2935, 256 on others.
/// @dev The history contract is asked for only when the opcode's reach has ended, and looked for then: a chain may get it
/// after this contract. A chain that has it without filling it gives no hash where the opcode gives none; its jobs are
/// refunded once the longer reach, or the weights' memory, has ended.
contract BlockhashBeacon is IBeacon {
    /// @notice Where EIP-2935 puts the hashes of the last blocks.
    address public constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    uint256 private constant OPCODE_REACH = 256;
    uint256 private constant HISTORY_REACH = 8191;

    /// @inheritdoc IBeacon
    function randomness(uint256 blockNumber, bytes32 jobId) external view returns (bytes32) {
        bytes32 hash = blockhash(blockNumber);
        if (hash == 0 && blockNumber < block.number) hash = _historical(blockNumber);
        return hash == 0 ? bytes32(0) : keccak256(abi.encode(hash, jobId));
    }

    /// @inheritdoc IBeacon
    function outOfReach(uint256 blockNumber) external view returns (bool) {
        if (blockNumber >= block.number || block.number - blockNumber <= OPCODE_REACH) return false;
        return HISTORY.code.length == 0 || block.number - blockNumber > HISTORY_REACH;
    }

    /// @dev Zero when the contract isn't there, or doesn't know.
    function _historical(uint256 blockNumber) private view returns (bytes32) {
        (bool known, bytes memory hash) = HISTORY.staticcall(abi.encode(blockNumber));
        return known && hash.length == 32 ? bytes32(hash) : bytes32(0);
    }
}
