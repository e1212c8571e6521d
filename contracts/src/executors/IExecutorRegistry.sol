// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Executors: identity, keys and what they offer.
/// @notice An executor is named by its owner address (cold). Contracts refer to it by a dense id from 1.
interface IExecutorRegistry {
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

    /// @notice What an executor asks for serving one (model version, runtime class, pool). One storage slot.
    struct Offering {
        /// Wei per unit.
        uint96 pricePerUnit;
        /// Jobs it takes at a time.
        uint16 capacity;
        bool active;
    }

    event ExecutorRegistered(
        uint32 indexed executorId, address indexed owner, address indexed signer, Keys keys, string endpoint, string region
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
    error NotServable(bytes32 modelId, uint32 version, bytes32 runtimeClass);
    error PoolNotSupported(uint64 pool);
    error NoPendingKeys(uint32 executorId);
    error KeysNotActiveYet(uint32 executorId, uint64 activeAt);
    error TooManyOfferings(uint32 executorId, uint256 maximum);

    /// @notice Registers the caller. First keys act at once.
    /// @param vrfPossession 65-byte signature (r, s, v) by the VRF key over `vrfPossessionDigest(owner)`: proof of possession.
    function register(
        Keys calldata keys,
        bytes calldata vrfPossession,
        string calldata endpoint,
        string calldata region
    ) external returns (uint32 executorId);

    /// @notice Announces new keys; they act after `keyChangeDelay`, when anyone calls `activateKeys`.
    function announceKeys(Keys calldata keys, bytes calldata vrfPossession) external;
    function activateKeys(uint32 executorId) external;
    /// @notice Stops the caller's signer at once. New keys can be announced afterwards.
    function revokeSigner() external;

    /// @notice Offers, changes or (capacity 0) withdraws a model version. Price and capacity act at once on draws;
    /// the weight in the draw acts from the next epoch. At most `MAX_OFFERINGS` active ones.
    function setOffering(
        bytes32 modelId,
        uint32 version,
        bytes32 runtimeClass,
        uint64 pool,
        uint96 pricePerUnit,
        uint16 capacity
    ) external;

    /// @notice Recomputes an executor's weight in all its draws from stake and reputation; acts from the next epoch. Anyone.
    function refreshWeights(uint32 executorId) external;

    function executorCount() external view returns (uint32);
    function executorOf(uint32 executorId) external view returns (Executor memory);
    /// @notice Ids are 0 when unknown. A revoked signer is unknown.
    function idOfOwner(address owner) external view returns (uint32);
    function idOfSigner(address signer) external view returns (uint32);
    function ownerOf(uint32 executorId) external view returns (address);
    function offeringOf(uint32 executorId, bytes32 offeringKey) external view returns (Offering memory);
    /// @notice keccak256(abi.encode(modelId, version, runtimeClass, pool)): names an offering and its draw.
    function offeringKeyOf(
        bytes32 modelId,
        uint32 version,
        bytes32 runtimeClass,
        uint64 pool
    ) external pure returns (bytes32);
    function vrfPossessionDigest(address owner) external view returns (bytes32);
    function keyChangeDelay() external view returns (uint64);
}
