// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IModelRegistry} from "../models/IModelRegistry.sol";
import {ISortition} from "../schedule/ISortition.sol";
import {IStaking} from "../stake/IStaking.sol";
import {IExecutorRegistry} from "./IExecutorRegistry.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title Executors: identity, keys and what they offer.
/// @notice Nothing here moves money: stake lives in `Staking`, the draws in `Sortition`, whose weights this contract sets.
///
/// A change of stake or reputation does not call back here, so a weight in a draw may be older than both until somebody
/// calls `refreshWeights`. That is safe: a draw asks `IStaking.tryLockSeat` for every pick, which refuses an executor that is
/// ejected, below the minimum or without free stake. A stale weight costs skipped picks, never an unbacked seat.
contract ExecutorRegistry is IExecutorRegistry, EIP712 {
    struct PendingKeys {
        Keys keys;
        /// 0 when no change is pending.
        uint64 activeAt;
    }

    /// @dev Who holds a signer. One slot, read for every commit and reveal.
    struct SignerHolder {
        uint32 executorId;
        /// False while the signer is only announced.
        bool active;
    }

    /// @dev One slot, read for every pick of a draw.
    struct StoredOffering {
        uint96 pricePerUnit;
        uint16 capacity;
        /// Position in `_offeringKeys`, counted from 1; 0 when the offering is not active.
        uint8 position;
    }

    /// @notice Active offerings of one executor; bounds the gas of `refreshWeights`.
    uint256 public constant MAX_OFFERINGS = 64;

    bytes32 private constant POSSESSION_TYPEHASH = keccak256("VrfPossession(address owner)");
    /// @dev The prime of secp256k1's field.
    uint256 private constant FIELD = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F;
    uint64 private constant PUBLIC_POOL = 0;

    IModelRegistry public immutable models;
    IStaking public immutable staking;
    ISortition public immutable sortition;
    /// @inheritdoc IExecutorRegistry
    uint64 public immutable keyChangeDelay;

    /// @inheritdoc IExecutorRegistry
    uint32 public executorCount;
    /// @inheritdoc IExecutorRegistry
    mapping(address owner => uint32) public idOfOwner;
    mapping(address signer => SignerHolder) private _signers;
    mapping(uint32 executorId => Executor) private _executors;
    mapping(uint32 executorId => PendingKeys) private _pending;
    mapping(uint32 executorId => mapping(bytes32 offeringKey => StoredOffering)) private _offerings;
    mapping(uint32 executorId => bytes32[]) private _offeringKeys;

    constructor(IModelRegistry models_, IStaking staking_, ISortition sortition_, uint64 keyChangeDelay_)
        EIP712("Infera", "1")
    {
        models = models_;
        staking = staking_;
        sortition = sortition_;
        keyChangeDelay = keyChangeDelay_;
    }

    // ---------------------------------------------------------------- identity and keys

    /// @inheritdoc IExecutorRegistry
    function register(
        Keys calldata keys,
        bytes calldata vrfPossession,
        string calldata endpoint,
        string calldata region
    ) external returns (uint32 executorId) {
        executorId = idOfOwner[msg.sender];
        if (executorId != 0) revert AlreadyRegistered(msg.sender, executorId);
        _validate(keys, vrfPossession);

        executorId = ++executorCount;
        idOfOwner[msg.sender] = executorId;
        _claimSigner(keys.signer, executorId, true);
        _executors[executorId] = Executor(msg.sender, keys, endpoint, region);
        emit ExecutorRegistered(executorId, msg.sender, keys.signer, keys, endpoint, region);
    }

    /// @inheritdoc IExecutorRegistry
    function announceKeys(Keys calldata keys, bytes calldata vrfPossession) external {
        uint32 executorId = _ownId();
        _validate(keys, vrfPossession);

        _dropPending(executorId);
        // Keeping the signer while other keys change is fine; it stays claimed, and active.
        if (keys.signer != _executors[executorId].keys.signer) _claimSigner(keys.signer, executorId, false);
        uint64 activeAt = uint64(block.timestamp) + keyChangeDelay;
        _pending[executorId] = PendingKeys(keys, activeAt);
        emit KeysChangeAnnounced(executorId, keys, activeAt);
    }

    /// @inheritdoc IExecutorRegistry
    function activateKeys(uint32 executorId) external {
        PendingKeys memory pending = _pending[executorId];
        if (pending.activeAt == 0) revert NoPendingKeys(executorId);
        if (block.timestamp < pending.activeAt) revert KeysNotActiveYet(executorId, pending.activeAt);

        delete _pending[executorId];
        delete _signers[_executors[executorId].keys.signer];
        _signers[pending.keys.signer] = SignerHolder(executorId, true);
        _executors[executorId].keys = pending.keys;
        emit KeysChanged(executorId, pending.keys);
    }

    /// @inheritdoc IExecutorRegistry
    function revokeSigner() external {
        uint32 executorId = _ownId();
        address signer = _executors[executorId].keys.signer;
        if (signer == address(0)) revert ZeroSigner();

        delete _signers[signer];
        delete _executors[executorId].keys.signer;
        // An announced change that names the signer would bring it back.
        if (_pending[executorId].keys.signer == signer) delete _pending[executorId];
        emit SignerRevoked(executorId, signer);
    }

    // ---------------------------------------------------------------- offerings

    /// @inheritdoc IExecutorRegistry
    function setOffering(
        bytes32 modelId,
        uint32 version,
        bytes32 runtimeClass,
        uint64 pool,
        uint96 pricePerUnit,
        uint16 capacity
    ) external {
        uint32 executorId = _ownId();
        if (pool != PUBLIC_POOL) revert PoolNotSupported(pool);
        bytes32 key = offeringKeyOf(modelId, version, runtimeClass, pool);

        uint64 weight;
        if (capacity == 0) {
            _withdrawOffering(executorId, key);
        } else {
            if (!models.isServable(modelId, version, runtimeClass)) revert NotServable(modelId, version, runtimeClass);
            _storeOffering(executorId, key, pricePerUnit, capacity);
            weight = _weightOf(executorId);
        }
        emit OfferingChanged(executorId, modelId, version, runtimeClass, pool, offeringOf(executorId, key));
        sortition.setWeight(key, executorId, weight);
    }

    /// @inheritdoc IExecutorRegistry
    function refreshWeights(uint32 executorId) external {
        if (executorId == 0 || executorId > executorCount) revert UnknownExecutor(executorId);
        uint64 weight = _weightOf(executorId);
        bytes32[] memory keys = _offeringKeys[executorId];
        for (uint256 i; i < keys.length; ++i) {
            sortition.setWeight(keys[i], executorId, weight);
        }
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IExecutorRegistry
    function executorOf(uint32 executorId) external view returns (Executor memory) {
        return _executors[executorId];
    }

    /// @inheritdoc IExecutorRegistry
    function pendingKeysOf(uint32 executorId) external view returns (Keys memory keys, uint64 activeAt) {
        PendingKeys storage pending = _pending[executorId];
        return (pending.keys, pending.activeAt);
    }

    /// @inheritdoc IExecutorRegistry
    function idOfSigner(address signer) external view returns (uint32) {
        SignerHolder memory holder = _signers[signer];
        return holder.active ? holder.executorId : 0;
    }

    /// @inheritdoc IExecutorRegistry
    function ownerOf(uint32 executorId) external view returns (address) {
        return _executors[executorId].owner;
    }

    /// @inheritdoc IExecutorRegistry
    function offeringOf(uint32 executorId, bytes32 offeringKey) public view returns (Offering memory) {
        StoredOffering memory stored = _offerings[executorId][offeringKey];
        return Offering(stored.pricePerUnit, stored.capacity, stored.position != 0);
    }

    /// @inheritdoc IExecutorRegistry
    function termsOf(uint32[] calldata executorIds, bytes32 offeringKey)
        external
        view
        returns (uint96[] memory pricesPerUnit, uint16[] memory capacities)
    {
        pricesPerUnit = new uint96[](executorIds.length);
        capacities = new uint16[](executorIds.length);
        for (uint256 i; i < executorIds.length; ++i) {
            // The slot of an offering that is withdrawn is zero, its capacity too.
            StoredOffering memory stored = _offerings[executorIds[i]][offeringKey];
            (pricesPerUnit[i], capacities[i]) = (stored.pricePerUnit, stored.capacity);
        }
    }

    /// @inheritdoc IExecutorRegistry
    function offeringKeysOf(uint32 executorId) external view returns (bytes32[] memory) {
        return _offeringKeys[executorId];
    }

    /// @inheritdoc IExecutorRegistry
    function offeringKeyOf(bytes32 modelId, uint32 version, bytes32 runtimeClass, uint64 pool)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(modelId, version, runtimeClass, pool));
    }

    /// @inheritdoc IExecutorRegistry
    function vrfPossessionDigest(address owner) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(POSSESSION_TYPEHASH, owner)));
    }

    // ---------------------------------------------------------------- internals

    function _ownId() private view returns (uint32 executorId) {
        executorId = idOfOwner[msg.sender];
        if (executorId == 0) revert NotRegistered(msg.sender);
    }

    /// @dev Without a signer an executor could only miss its seats.
    function _weightOf(uint32 executorId) private view returns (uint64) {
        return _executors[executorId].keys.signer == address(0) ? 0 : staking.weightOf(executorId);
    }

    function _claimSigner(address signer, uint32 executorId, bool active) private {
        if (_signers[signer].executorId != 0) revert SignerInUse(signer);
        _signers[signer] = SignerHolder(executorId, active);
    }

    function _dropPending(uint32 executorId) private {
        address signer = _pending[executorId].keys.signer;
        if (!_signers[signer].active) delete _signers[signer];
        delete _pending[executorId];
    }

    function _storeOffering(uint32 executorId, bytes32 key, uint96 pricePerUnit, uint16 capacity) private {
        uint8 position = _offerings[executorId][key].position;
        if (position == 0) {
            bytes32[] storage keys = _offeringKeys[executorId];
            if (keys.length == MAX_OFFERINGS) revert TooManyOfferings(executorId, MAX_OFFERINGS);
            keys.push(key);
            position = uint8(keys.length);
        }
        _offerings[executorId][key] = StoredOffering(pricePerUnit, capacity, position);
    }

    function _withdrawOffering(uint32 executorId, bytes32 key) private {
        uint8 position = _offerings[executorId][key].position;
        if (position == 0) revert NotOffered(executorId, key);

        bytes32[] storage keys = _offeringKeys[executorId];
        bytes32 last = keys[keys.length - 1];
        keys[position - 1] = last;
        _offerings[executorId][last].position = position;
        keys.pop();
        delete _offerings[executorId][key];
    }

    /// @dev A recovered signer is the last 20 bytes of the hash of its public key, so a signature that recovers to the VRF
    /// key's own address shows that its secret is known. Naming the owner keeps others from replaying it.
    function _validate(Keys calldata keys, bytes calldata vrfPossession) private view {
        if (keys.signer == address(0)) revert ZeroSigner();
        if (!_isOnCurve(keys.vrfX, keys.vrfY)) revert InvalidVrfKey(keys.vrfX, keys.vrfY);
        address expected = address(uint160(uint256(keccak256(abi.encode(keys.vrfX, keys.vrfY)))));
        (address recovered,,) = ECDSA.tryRecoverCalldata(vrfPossessionDigest(msg.sender), vrfPossession);
        if (recovered != expected) revert InvalidPossessionProof(expected, recovered);
    }

    /// @dev y^2 = x^3 + 7; the point at infinity has no affine coordinates and (0, 0) is not on the curve.
    function _isOnCurve(uint256 x, uint256 y) private pure returns (bool) {
        if (x >= FIELD || y >= FIELD) return false;
        return mulmod(y, y, FIELD) == addmod(mulmod(x, mulmod(x, x, FIELD), FIELD), 7, FIELD);
    }
}
