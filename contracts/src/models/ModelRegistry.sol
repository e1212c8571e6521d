// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IModelRegistry, ResultRule, VerificationProfile, VersionStatus} from "./IModelRegistry.sol";

/// @title Models, their immutable versions and verification profiles.
contract ModelRegistry is IModelRegistry {
    struct Model {
        address publisher;
        uint32 versionCount;
        /// Highest active version past its delay when this was written, 0 when there is none.
        uint32 latest;
        /// Takes its place at `nextAt`, 0 when none waits.
        uint32 next;
        uint64 nextAt;
    }

    /// @dev Two storage slots, of which a settlement reads one, or two while an announced change waits.
    struct RoyaltyTerms {
        address nextReceiver;
        uint16 nextBps;
        /// When `next` acts, in Unix seconds; 0 when none was ever announced.
        uint64 nextAt;
        address receiver;
        uint16 bps;
    }

    /// @inheritdoc IModelRegistry
    uint16 public constant MAX_ROYALTY_BPS = 1_000;
    uint256 private constant MAX_DIMENSION = 1024;
    uint256 private constant PARTS_PER_BILLION = 1e9;
    uint256 private constant PARTS_PER_MILLION = 1e6;

    /// @inheritdoc IModelRegistry
    uint64 public immutable changeDelay;

    mapping(bytes32 modelId => Model) private _models;
    mapping(bytes32 modelId => RoyaltyTerms) private _royalties;
    mapping(bytes32 modelId => mapping(uint32 version => Version)) private _versions;
    mapping(bytes32 modelId => mapping(uint32 version => mapping(bytes32 runtimeClass => VerificationProfile))) private
        _profiles;

    constructor(uint64 changeDelay_) {
        changeDelay = changeDelay_;
    }

    /// @inheritdoc IModelRegistry
    function publish(
        string calldata name,
        bytes32 manifestHash,
        uint8 task,
        string calldata contentUri,
        RuntimeClassInput[] calldata classes
    ) external returns (bytes32 modelId) {
        if (bytes(name).length == 0) revert EmptyName();
        modelId = modelIdOf(msg.sender, name);
        Model storage model = _models[modelId];
        if (model.publisher != address(0)) revert ModelExists(modelId);

        model.publisher = msg.sender;
        emit ModelPublished(modelId, msg.sender, name);
        _addVersion(model, modelId, manifestHash, task, contentUri, classes);
    }

    /// @inheritdoc IModelRegistry
    function addVersion(
        bytes32 modelId,
        bytes32 manifestHash,
        uint8 task,
        string calldata contentUri,
        RuntimeClassInput[] calldata classes
    ) external returns (uint32 version) {
        return _addVersion(_ownModel(modelId), modelId, manifestHash, task, contentUri, classes);
    }

    /// @inheritdoc IModelRegistry
    function setStatus(bytes32 modelId, uint32 version, VersionStatus status) external {
        Model storage model = _ownModel(modelId);
        VersionStatus current = _versions[modelId][version].status;
        if (current == VersionStatus.None) revert UnknownVersion(modelId, version);
        if (status <= current) revert StatusNotReversible(current, status);

        _versions[modelId][version].status = status;
        _promote(model);
        if (version == model.next) model.next = 0;
        if (version == model.latest) model.latest = _highestActiveBelow(modelId, version);
        emit VersionStatusChanged(modelId, version, status);
    }

    /// @inheritdoc IModelRegistry
    function announceRoyalty(bytes32 modelId, address receiver, uint16 bps) external {
        _ownModel(modelId);
        if (bps > MAX_ROYALTY_BPS) revert RoyaltyTooHigh(bps, MAX_ROYALTY_BPS);
        if (bps != 0 && receiver == address(0)) revert ZeroReceiver();
        uint64 activeAt = uint64(block.timestamp) + changeDelay;
        Royalty memory current = royaltyOf(modelId);
        _royalties[modelId] = RoyaltyTerms(receiver, bps, activeAt, current.receiver, current.bps);
        emit RoyaltyAnnounced(modelId, receiver, bps, activeAt);
    }

    /// @inheritdoc IModelRegistry
    function modelIdOf(address publisher, string calldata name) public pure returns (bytes32) {
        return keccak256(abi.encode(publisher, name));
    }

    /// @inheritdoc IModelRegistry
    function publisherOf(bytes32 modelId) external view returns (address) {
        return _models[modelId].publisher;
    }

    /// @inheritdoc IModelRegistry
    function latestVersion(bytes32 modelId) external view returns (uint32) {
        Model storage model = _models[modelId];
        if (model.publisher == address(0)) revert UnknownModel(modelId);
        uint32 latest = _isDue(model) ? model.next : model.latest;
        if (latest == 0) revert UnknownVersion(modelId, 0);
        return latest;
    }

    /// @inheritdoc IModelRegistry
    function nextVersion(bytes32 modelId) external view returns (uint32 version, uint64 activeAt) {
        Model storage model = _models[modelId];
        return model.next == 0 || _isDue(model) ? (0, 0) : (model.next, model.nextAt);
    }

    /// @inheritdoc IModelRegistry
    function royaltyOf(bytes32 modelId) public view returns (Royalty memory) {
        RoyaltyTerms storage terms = _royalties[modelId];
        uint256 nextAt = terms.nextAt;
        if (nextAt == 0) return Royalty(address(0), 0);
        if (block.timestamp < nextAt) return Royalty(terms.receiver, terms.bps);
        return Royalty(terms.nextReceiver, terms.nextBps);
    }

    /// @inheritdoc IModelRegistry
    function versionOf(bytes32 modelId, uint32 version) external view returns (Version memory) {
        return _versions[modelId][version];
    }

    /// @inheritdoc IModelRegistry
    function profileOf(bytes32 modelId, uint32 version, bytes32 runtimeClass)
        external
        view
        returns (VerificationProfile memory)
    {
        return _profiles[modelId][version][runtimeClass];
    }

    /// @inheritdoc IModelRegistry
    function settlementTermsOf(bytes32 modelId, uint32 version, bytes32 runtimeClass)
        external
        view
        returns (VerificationProfile memory, Royalty memory)
    {
        return (_profiles[modelId][version][runtimeClass], royaltyOf(modelId));
    }

    /// @inheritdoc IModelRegistry
    function isServable(bytes32 modelId, uint32 version, bytes32 runtimeClass) external view returns (bool) {
        return _versions[modelId][version].status == VersionStatus.Active
            && _profiles[modelId][version][runtimeClass].rule != ResultRule.None;
    }

    function _addVersion(
        Model storage model,
        bytes32 modelId,
        bytes32 manifestHash,
        uint8 task,
        string calldata contentUri,
        RuntimeClassInput[] calldata classes
    ) private returns (uint32 version) {
        if (manifestHash == bytes32(0)) revert ZeroManifestHash();
        if (task == 0) revert ZeroTask();
        if (classes.length == 0) revert NoRuntimeClass();

        version = model.versionCount + 1;
        model.versionCount = version;
        _promote(model);
        _versions[modelId][version] = Version(manifestHash, task, VersionStatus.Active, contentUri);
        emit VersionAdded(modelId, version, manifestHash, task, contentUri);
        if (model.latest == 0) {
            (model.latest, model.next) = (version, 0);
        } else {
            (model.next, model.nextAt) = (version, uint64(block.timestamp) + changeDelay);
        }
        emit LatestAnnounced(modelId, version, model.latest == version ? uint64(block.timestamp) : model.nextAt);

        for (uint256 i; i < classes.length; ++i) {
            _addRuntimeClass(modelId, version, classes[i]);
        }
    }

    function _isDue(Model storage model) private view returns (bool) {
        return model.next != 0 && block.timestamp >= model.nextAt;
    }

    /// @dev Writes down what has come into force by time alone.
    function _promote(Model storage model) private {
        if (_isDue(model)) (model.latest, model.next) = (model.next, 0);
    }

    function _addRuntimeClass(bytes32 modelId, uint32 version, RuntimeClassInput calldata class) private {
        _validate(class);
        VerificationProfile storage profile = _profiles[modelId][version][class.runtimeClass];
        if (profile.rule != ResultRule.None) revert DuplicateRuntimeClass(class.runtimeClass);
        _profiles[modelId][version][class.runtimeClass] = class.profile;
        emit RuntimeClassAdded(modelId, version, class.runtimeClass, class.profile);
    }

    /// @dev Refuses profiles by which nothing, or anything, would agree.
    function _validate(RuntimeClassInput calldata class) private pure {
        VerificationProfile calldata profile = class.profile;
        bytes32 name = class.runtimeClass;
        if (name == bytes32(0)) revert InvalidProfile(name, "runtimeClass");
        if (profile.rule == ResultRule.None) revert InvalidProfile(name, "rule");
        if (profile.dimension == 0 || profile.dimension > MAX_DIMENSION) revert InvalidProfile(name, "dimension");
        if (profile.scale == 0) revert InvalidProfile(name, "scale");
        if (profile.maxCosineDistancePpb > PARTS_PER_BILLION) revert InvalidProfile(name, "maxCosineDistancePpb");
        if (profile.normTolerancePpm > PARTS_PER_MILLION) revert InvalidProfile(name, "normTolerancePpm");
        if (!profile.bitExact) return;

        // Identical bytes need no tolerance; one would only help a cheat.
        if (profile.maxCosineDistancePpb != 0) revert InvalidProfile(name, "maxCosineDistancePpb");
        if (profile.normTolerancePpm != 0) revert InvalidProfile(name, "normTolerancePpm");
        if (profile.elementTolerance != 0) revert InvalidProfile(name, "elementTolerance");
    }

    function _ownModel(bytes32 modelId) private view returns (Model storage model) {
        model = _models[modelId];
        address publisher = model.publisher;
        if (publisher == address(0)) revert UnknownModel(modelId);
        if (msg.sender != publisher) revert NotPublisher(msg.sender, publisher);
    }

    /// @dev Paid by the publisher, who alone decides how many versions there are.
    function _highestActiveBelow(bytes32 modelId, uint32 version) private view returns (uint32) {
        while (--version != 0) {
            if (_versions[modelId][version].status == VersionStatus.Active) break;
        }
        return version;
    }
}
