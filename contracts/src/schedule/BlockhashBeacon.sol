// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IBeacon} from "./IBeacon.sol";

/// @title The hash of a block, mixed with the job.
/// @notice Nobody knows it when the job is requested. It trusts whoever builds the block (on an L3, the sequencer), who could
/// try several blocks.
contract BlockhashBeacon is IBeacon {
    /// @dev How many blocks back the chain knows hashes.
    uint256 private constant REACH = 256;

    /// @inheritdoc IBeacon
    function randomness(uint256 blockNumber, bytes32 jobId) external view returns (bytes32) {
        bytes32 hash = blockhash(blockNumber);
        return hash == 0 ? bytes32(0) : keccak256(abi.encode(hash, jobId));
    }

    /// @inheritdoc IBeacon
    function outOfReach(uint256 blockNumber) external view returns (bool) {
        return block.number > REACH && blockNumber < block.number - REACH;
    }
}
