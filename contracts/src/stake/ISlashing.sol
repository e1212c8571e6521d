// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Offences that cost stake.
enum Offence {
    /// A commitment that was not opened within the reveal window and its grace.
    NoReveal
}

/// @title How much an offence costs.
interface ISlashing {
    event OffencePunished(
        uint32 indexed executorId, bytes32 indexed jobId, Offence offence, uint8 strike, uint8 percent, uint256 amount
    );

    error NotJobRegistry(address caller);

    /// @notice Punishes a commitment without reveal: 5, 20, then 100 percent of the stake by strike. Job registry only.
    /// @param prover Gets min(10 % of the slashed stake, 10 seat fees); the rest is burned.
    function punishNoReveal(uint32 executorId, bytes32 jobId, uint128 seatFee, address prover)
        external
        returns (uint256 amount);

    /// @notice Offences so far; stays at 255.
    function strikesOf(uint32 executorId, Offence offence) external view returns (uint8);
    /// @notice Percent of the stake for the given strike, counted from 1; every strike from the third on costs the same.
    function percentOf(Offence offence, uint8 strike) external pure returns (uint8);
}
