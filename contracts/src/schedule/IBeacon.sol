// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title A source of randomness that no executor and no requester can choose.
interface IBeacon {
    /// @notice Randomness for a job; zero when the block is not there yet or its hash is out of reach.
    /// @dev keccak256(abi.encode(blockhash(blockNumber), jobId)) for the block-hash beacon: it trusts the sequencer.
    function randomness(uint256 blockNumber, bytes32 jobId) external view returns (bytes32);
    /// @notice Whether the block's hash can never be had again.
    function outOfReach(uint256 blockNumber) external view returns (bool);
}
