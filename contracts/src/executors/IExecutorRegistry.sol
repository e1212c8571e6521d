// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPools} from "./IPools.sol";

/// @title Executors: identity, keys and what they offer.
/// @notice An executor is named by its owner address (cold). Contracts refer to it by a dense id from 1.
interface IExecutorRegistry is IPools {
    struct Keys {
        /// Hot key that commits and reveals.
        address signer;
        /// secp256k1 public key of the VRF, affine.
        uint256 vrfX;
        uint256 vrfY;
        /// X25519 public key.
        bytes32 encryptionKey;
    }

    struct Executor {
        address owner;
        Keys keys;
        string endpoint;
        string region;
    }

    /// @notice What an executor asks for serving one (model version, runtime class, pool).
    struct Offering {
        /// Wei per unit.
        uint96 pricePerUnit;
        /// Jobs it takes at a time.
        uint16 capacity;
        bool active;
    }

    event ExecutorRegistered(
        uint32 indexed executorId,
        address indexed owner,
        address indexed signer,
        Keys keys,
        string endpoint,
        string region
    );
    event KeysChangeAnnounced(uint32 indexed executorId, Keys keys, uint64 activeAt);
    event KeysChanged(uint32 indexed executorId, Keys keys);
    event SignerRevoked(uint32 indexed executorId, address indexed signer);
    event OfferingChanged(
        uint32 indexed executorId,
        bytes32 indexed modelId,
        uint32 indexed version,
        bytes32 runtimeClass,
        uint64 pool,
        Offering offering
    );

    error AlreadyRegistered(address owner, uint32 executorId);
    error NotRegistered(address owner);
    error UnknownExecutor(uint32 executorId);
    error SignerInUse(address signer);
    error ZeroSigner();
    error InvalidVrfKey(uint256 x, uint256 y);
    error InvalidPossessionProof(address expected, address recovered);
    /// @notice The signature over `signerPossessionDigest` is not the signer's.
    error InvalidSignerProof(address signer, address recovered);
    error NotServable(bytes32 modelId, uint32 version, bytes32 runtimeClass);
    error NoPendingKeys(uint32 executorId);
    error KeysNotActiveYet(uint32 executorId, uint64 activeAt);
    error TooManyOfferings(uint32 executorId, uint256 maximum);
    error ZeroEpochLength();
    error NotOffered(uint32 executorId, bytes32 offeringKey);

    /// @notice Registers the caller. First keys act at once.
    /// @param vrfPossession 65-byte signature (r, s, v) by the VRF key over `vrfPossessionDigest(owner)`: proof of possession.
    /// @param signerPossession The same by the signer over `signerPossessionDigest(owner)`, so that nobody can take a key that
    /// somebody else is about to register.
    function register(
        Keys calldata keys,
        bytes calldata vrfPossession,
        bytes calldata signerPossession,
        string calldata endpoint,
        string calldata region
    ) external returns (uint32 executorId);

    /// @notice Announces new keys; they act after `keyChangeDelay`, when anyone calls `activateKeys`. Replaces an earlier
    /// announcement. The signer may stay the same; one that acted before can't come back.
    function announceKeys(Keys calldata keys, bytes calldata vrfPossession, bytes calldata signerPossession) external;
    function activateKeys(uint32 executorId) external;
    /// @notice Stops the signer of the calling owner at once, with any announced keys that name it. New keys can be announced
    /// afterwards. Until they act, refreshed weights are 0; seats of jobs that are requested this epoch are missed.
    function revokeSigner() external;

    /// @notice Offers, changes or (capacity 0) withdraws a model version. Acts on jobs that are requested from the next epoch
    /// on, like the weight in the draw: nobody can change a price once the beacon is known. At most `MAX_OFFERINGS` active
    /// ones. In a pool other than the public one the executor must be admitted.
    function setOffering(
        bytes32 modelId,
        uint32 version,
        bytes32 runtimeClass,
        uint64 pool,
        uint96 pricePerUnit,
        uint16 capacity
    ) external;

    /// @notice Recomputes an executor's weight in all its draws from stake and reputation, 0 in pools that don't admit it any
    /// more; acts from the next epoch. Anyone.
    function refreshWeights(uint32 executorId) external;

    function executorCount() external view returns (uint32);
    /// @notice Zero when unknown.
    function executorOf(uint32 executorId) external view returns (Executor memory);
    /// @notice Keys that were announced but do not act yet; `activeAt` is 0 when there are none.
    function pendingKeysOf(uint32 executorId) external view returns (Keys memory keys, uint64 activeAt);
    /// @notice Ids are 0 when unknown. A revoked or replaced signer is unknown.
    function idOfOwner(address owner) external view returns (uint32);
    function idOfSigner(address signer) external view returns (uint32);
    /// @notice The executor that a signer acted for at a time in the past or now; 0 when for none.
    function signerAt(address signer, uint64 time) external view returns (uint32);
    /// @notice The zero address when unknown.
    function ownerOf(uint32 executorId) external view returns (address);
    /// @notice The offering as it was set last.
    function offeringOf(uint32 executorId, bytes32 offeringKey) external view returns (Offering memory);
    /// @notice The offering that acts on jobs requested at `time`: as it stood when that epoch began.
    /// @param time In seconds, in this epoch or the one before.
    function offeringAt(uint32 executorId, bytes32 offeringKey, uint256 time) external view returns (Offering memory);
    /// @notice `offeringAt` of several executors: wei per unit, and the jobs each takes at a time, 0 when its offering is not
    /// active.
    function termsOf(uint32[] calldata executorIds, bytes32 offeringKey, uint256 time)
        external
        view
        returns (uint96[] memory pricesPerUnit, uint16[] memory capacities);
    /// @notice Keys of the active offerings, in no particular order.
    function offeringKeysOf(uint32 executorId) external view returns (bytes32[] memory);
    /// @notice keccak256(abi.encode(modelId, version, runtimeClass, pool)): names an offering and its draw.
    function offeringKeyOf(bytes32 modelId, uint32 version, bytes32 runtimeClass, uint64 pool)
        external
        pure
        returns (bytes32);
    /// @notice EIP-712 digest of `VrfPossession(address owner)`; domain "Infera", version "1", this chain and contract.
    function vrfPossessionDigest(address owner) external view returns (bytes32);
    /// @notice EIP-712 digest of `SignerPossession(address owner)`; the same domain.
    function signerPossessionDigest(address owner) external view returns (bytes32);
    /// @notice Seconds from an announcement until the keys can act.
    function keyChangeDelay() external view returns (uint64);
}
