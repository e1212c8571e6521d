// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice How two results of a task are compared, beside their vectors.
enum ResultRule {
    None,
    /// Byte for byte.
    ExactBytes,
    /// abi.encode(uint16 winner, int32[] scores): same winner, scores within `elementTolerance`;
    /// two answers whose best two scores are within the tolerance excuse each other's winner.
    Scores,
    /// The vector is the result; the result bytes are empty.
    Vector
}

enum VersionStatus {
    None,
    Active,
    Deprecated,
    Revoked
}

/// @notice How answers of one (version, runtime class) are verified. One storage slot.
struct VerificationProfile {
    ResultRule rule;
    /// Elements of the output vector, at most 1024.
    uint16 dimension;
    /// Fixed-point scale of the vector: element = round(scale x).
    uint16 scale;
    /// Largest accepted 1 - cos, in parts per billion.
    uint32 maxCosineDistancePpb;
    /// Largest accepted difference of two squared norms, in parts per million of the larger.
    uint32 normTolerancePpm;
    /// Largest accepted difference of two scores, in their own unit.
    uint32 elementTolerance;
    /// Honest executors of this class produce identical bytes.
    bool bitExact;
}

/// @title Models, their immutable versions and verification profiles.
interface IModelRegistry {
    struct RuntimeClassInput {
        bytes32 runtimeClass;
        VerificationProfile profile;
    }

    struct Version {
        /// keccak256 of the canonical manifest.
        bytes32 manifestHash;
        /// Task number as in infera-protocol (1 embedding, 2 zero-shot classification).
        uint8 task;
        VersionStatus status;
        string contentUri;
    }

    /// @notice What a publisher takes of each fee that its model earns.
    struct Royalty {
        address receiver;
        /// Basis points, at most `MAX_ROYALTY_BPS`.
        uint16 bps;
    }

    event ModelPublished(bytes32 indexed modelId, address indexed publisher, string name);
    event VersionAdded(
        bytes32 indexed modelId, uint32 indexed version, bytes32 manifestHash, uint8 task, string contentUri
    );
    event RuntimeClassAdded(
        bytes32 indexed modelId, uint32 indexed version, bytes32 indexed runtimeClass, VerificationProfile profile
    );
    event VersionStatusChanged(bytes32 indexed modelId, uint32 indexed version, VersionStatus status);

    /// @notice A version becomes the latest at `activeAt`, in Unix seconds, if it is active then.
    event LatestAnnounced(bytes32 indexed modelId, uint32 indexed version, uint64 activeAt);
    event RoyaltyAnnounced(bytes32 indexed modelId, address indexed receiver, uint16 bps, uint64 activeAt);

    error ModelExists(bytes32 modelId);
    error UnknownModel(bytes32 modelId);
    error UnknownVersion(bytes32 modelId, uint32 version);
    error NotPublisher(address caller, address publisher);
    error EmptyName();
    error ZeroManifestHash();
    error ZeroTask();
    error NoRuntimeClass();
    error DuplicateRuntimeClass(bytes32 runtimeClass);
    error InvalidProfile(bytes32 runtimeClass, string field);
    error RoyaltyTooHigh(uint16 bps, uint16 maximum);
    error ZeroReceiver();
    error StatusNotReversible(VersionStatus from, VersionStatus to);

    /// @notice Registers a model with its first version. modelId = keccak256(abi.encode(publisher, name)).
    function publish(
        string calldata name,
        bytes32 manifestHash,
        uint8 task,
        string calldata contentUri,
        RuntimeClassInput[] calldata classes
    ) external returns (bytes32 modelId);

    /// @notice Adds the next version. Only the publisher. It can be named at once, and becomes the latest after `changeDelay`,
    /// so that executors can prepare; a version that is added meanwhile takes its place and waits anew. The first active
    /// version is the latest at once.
    function addVersion(
        bytes32 modelId,
        bytes32 manifestHash,
        uint8 task,
        string calldata contentUri,
        RuntimeClassInput[] calldata classes
    ) external returns (uint32 version);

    /// @notice Active -> Deprecated -> Revoked, forward only. Only the publisher. New jobs need an active version.
    function setStatus(bytes32 modelId, uint32 version, VersionStatus status) external;

    /// @notice Announces what the publisher takes of each fee; acts on jobs that are settled from `changeDelay` later on.
    /// Replaces an earlier announcement. Only the publisher.
    /// @param receiver Not zero, unless `bps` is 0.
    function announceRoyalty(bytes32 modelId, address receiver, uint16 bps) external;

    /// @notice The most a publisher can take of a fee.
    function MAX_ROYALTY_BPS() external view returns (uint16);
    function modelIdOf(address publisher, string calldata name) external pure returns (bytes32);
    function publisherOf(bytes32 modelId) external view returns (address);
    /// @notice The newest active version that is past its delay, or else the newest before it; reverts `UnknownModel` or
    /// `UnknownVersion` when there is none.
    function latestVersion(bytes32 modelId) external view returns (uint32);
    /// @notice The version that becomes the latest, and when; 0 when none waits.
    function nextVersion(bytes32 modelId) external view returns (uint32 version, uint64 activeAt);
    /// @notice The royalty that acts now; nothing for an unknown model.
    function royaltyOf(bytes32 modelId) external view returns (Royalty memory);
    /// @notice Seconds from an announcement until a new latest version or royalty acts.
    function changeDelay() external view returns (uint64);
    function versionOf(bytes32 modelId, uint32 version) external view returns (Version memory);
    /// @notice The profile; rule `None` when the version or class is unknown. Never reverts.
    function profileOf(bytes32 modelId, uint32 version, bytes32 runtimeClass)
        external
        view
        returns (VerificationProfile memory);
    /// @notice `profileOf` and `royaltyOf` in one call: what a job's settlement needs. Never reverts.
    function settlementTermsOf(bytes32 modelId, uint32 version, bytes32 runtimeClass)
        external
        view
        returns (VerificationProfile memory profile, Royalty memory royalty);
    /// @notice Whether new jobs may name this version and class.
    function isServable(bytes32 modelId, uint32 version, bytes32 runtimeClass) external view returns (bool);
}
