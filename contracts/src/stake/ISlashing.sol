// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IJobRegistry} from "../jobs/IJobRegistry.sol";
import {Offence} from "./IStaking.sol";

/// @title How much an offence costs, and who may say that it happened.
/// @notice | offence | who reports it | 1st, 2nd, 3rd time: percent of own, delegated and exiting stake |
/// |---|---|---|
/// | `NoReveal` | a job registry | 5, 20, 100 |
/// | `InvalidVif`, `InvalidOpening` | a job registry | 20, 50, 100 |
/// | `Conviction` | the court | 5, 20, 100; the reputation is halved |
/// | `Equivocation` | anyone, with two signatures | 100 |
///
/// Strikes are counted per offence (`IStaking.strikesOf`); the executor is ejected when everything is taken. The prover gets
/// min(a tenth of what the executor's own active stake lost, ten fees); the rest is burned, so that a thief of a hot key,
/// or a cheat that convicts itself, gains nothing.
interface ISlashing {
    /// @notice What an executor signs with an answer, as EIP-712 typed data in the domain of the job registry (name "Infera",
    /// version "1"). Hashes are keccak256.
    struct Receipt {
        bytes32 jobId;
        bytes32 modelId;
        uint32 version;
        bytes32 runtimeClass;
        bytes32 inputHash;
        bytes32 parametersHash;
        bytes32 resultHash;
        bytes32 vectorHash;
        bytes32 traceRoot;
        bytes32 beta;
        uint32 unitsIn;
        uint32 unitsOut;
        bool isFinal;
    }

    error NotAuthorised(address caller, Offence offence);
    error NotJobRegistry(address caller);
    error ReceiptNotFinal();
    error OtherJob(bytes32 expected, bytes32 given);
    error SameResult(bytes32 resultHash, bytes32 vectorHash);
    /// @notice The signatures are malformed or of two keys.
    error SignersDiffer(address first, address second);
    /// @notice The key acted for nobody when the job was requested.
    error UnknownSigner(address signer, uint64 time);
    error NotSeated(uint32 executorId, bytes32 jobId);
    error AlreadyPunished(uint32 executorId, bytes32 jobId);

    /// @notice Punishes what the caller has seen itself. Each caller reports an offence once.
    /// @param seatFee Wei; caps the prover's reward at ten times that.
    /// @return amount Wei that was taken.
    function punish(Offence offence, uint32 executorId, bytes32 jobId, uint128 seatFee, address prover)
        external
        returns (uint256 amount);

    /// @notice `punish(Offence.NoReveal, ...)`: a commitment that was not opened within the reveal window and its grace.
    function punishNoReveal(uint32 executorId, bytes32 jobId, uint128 seatFee, address prover)
        external
        returns (uint256 amount);

    /// @notice Punishes an executor that signed two final receipts of one job with different results. The signing key must have
    /// acted for it when the job was requested, and it must hold a seat of the job. The caller gets the prover's reward. Once
    /// for each job.
    /// @param registry A job registry that is listened to.
    function punishEquivocation(
        IJobRegistry registry,
        Receipt calldata first,
        bytes calldata firstSignature,
        Receipt calldata second,
        bytes calldata secondSignature
    ) external returns (uint256 amount);

    /// @notice What an executor signs for this registry.
    function receiptDigest(address registry, Receipt calldata receipt) external view returns (bytes32);

    /// @notice Percent of the stake for the given strike, counted from 1; every strike from the third on costs the same.
    function percentOf(Offence offence, uint8 strike) external pure returns (uint8);
}
