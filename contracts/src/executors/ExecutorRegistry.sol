// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IModelRegistry} from "../models/IModelRegistry.sol";
import {ISortition} from "../schedule/ISortition.sol";
import {IStaking} from "../stake/IStaking.sol";
import {IExecutorRegistry} from "./IExecutorRegistry.sol";
import {Pools} from "./Pools.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @dev What a draw needs of an offering: the price in the upper 96 bits, the capacity in the lower 16. 0 is no offering.
type Offer is uint112;

/// @title Executors: identity, keys and what they offer.
/// @notice Nothing here moves money: stake lives in `Staking`, the draws in `Sortition`, whose weights this contract sets.
///
/// A change of stake or reputation does not call back here, so a weight in a draw may be older than both until somebody
/// calls `refreshWeights`. That is safe: a draw asks `IStaking.canLockSeats` about all it picks, which refuses an executor that
/// is ejected, below the minimum or without free stake. A stale weight costs skipped picks, never an unbacked seat.
contract ExecutorRegistry is IExecutorRegistry, Pools, EIP712 {
    struct PendingKeys {
        Keys keys;
        /// 0 when no change is pending.
        uint64 activeAt;
    }

    /// @dev Who holds a signer. One slot, read for every commit. Kept when the signer stops: what it signed
    /// before can still be held against the executor.
    struct SignerHolder {
        uint32 executorId;
        /// 0 while the signer is only announced.
        uint64 from;
        /// 0 while it acts.
        uint64 until;
    }

    /// @dev An offering as it is, in one slot that is read for every pick of a draw.
    struct StoredOffering {
        Offer current;
        /// Epoch of the last change.
        uint32 epoch;
        /// Position in `_offeringKeys`, counted from 1; 0 when the offering is not active.
        uint8 position;
        uint64 pool;
    }

    /// @dev An offering as it was, in one slot that is read when it changed a short while ago: `previous` before the epoch of
    /// the last change, `older` before `previousEpoch`, in which it became `previous`.
    struct FormerOffering {
        Offer previous;
        uint32 previousEpoch;
        Offer older;
    }

    /// @notice Active offerings of one executor; bounds the gas of `refreshWeights`.
    uint256 public constant MAX_OFFERINGS = 64;

    uint8 private constant CAPACITY_BITS = 16;
    bytes32 private constant VRF_POSSESSION_TYPEHASH = keccak256("VrfPossession(address owner)");
    bytes32 private constant SIGNER_POSSESSION_TYPEHASH = keccak256("SignerPossession(address owner)");
    /// @dev The prime of secp256k1's field.
    uint256 private constant FIELD = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F;

    IModelRegistry public immutable models;
    IStaking public immutable staking;
    ISortition public immutable sortition;
    /// @inheritdoc IExecutorRegistry
    uint64 public immutable keyChangeDelay;
    /// @notice In seconds; epochs are counted from the Unix epoch.
    uint64 public immutable epochLength;

    /// @inheritdoc IExecutorRegistry
    uint32 public executorCount;
    /// @inheritdoc IExecutorRegistry
    mapping(address owner => uint32) public idOfOwner;
    mapping(address signer => SignerHolder) private _signers;
    mapping(uint32 executorId => Executor) private _executors;
    mapping(uint32 executorId => PendingKeys) private _pending;
    mapping(uint32 executorId => mapping(bytes32 offeringKey => StoredOffering)) private _offerings;
    mapping(uint32 executorId => mapping(bytes32 offeringKey => FormerOffering)) private _formerOfferings;
    mapping(uint32 executorId => bytes32[]) private _offeringKeys;

    constructor(
        IModelRegistry models_,
        IStaking staking_,
        ISortition sortition_,
        uint64 keyChangeDelay_,
        uint64 epochLength_
    ) EIP712("Infera", "1") {
        if (epochLength_ == 0) revert ZeroEpochLength();
        models = models_;
        staking = staking_;
        sortition = sortition_;
        keyChangeDelay = keyChangeDelay_;
        epochLength = epochLength_;
    }

    // ---------------------------------------------------------------- identity and keys

    /// @inheritdoc IExecutorRegistry
    function register(
        Keys calldata keys,
        bytes calldata vrfPossession,
        bytes calldata signerPossession,
        string calldata endpoint,
        string calldata region
    ) external returns (uint32 executorId) {
        executorId = idOfOwner[msg.sender];
        if (executorId != 0) revert AlreadyRegistered(msg.sender, executorId);
        _validate(keys, vrfPossession, signerPossession);

        executorId = ++executorCount;
        idOfOwner[msg.sender] = executorId;
        _claimSigner(keys.signer, SignerHolder(executorId, uint64(block.timestamp), 0));
        _executors[executorId] = Executor(msg.sender, keys, endpoint, region);
        emit ExecutorRegistered(executorId, msg.sender, keys.signer, keys, endpoint, region);
    }

    /// @inheritdoc IExecutorRegistry
    function announceKeys(Keys calldata keys, bytes calldata vrfPossession, bytes calldata signerPossession) external {
        uint32 executorId = _ownId();
        _validate(keys, vrfPossession, signerPossession);

        _dropPending(executorId);
        // Keeping the signer while other keys change is fine; it stays claimed, and active.
        if (keys.signer != _executors[executorId].keys.signer) {
            _claimSigner(keys.signer, SignerHolder(executorId, 0, 0));
        }
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
        address signer = _executors[executorId].keys.signer;
        if (pending.keys.signer != signer) {
            _signers[signer].until = uint64(block.timestamp);
            _signers[pending.keys.signer].from = uint64(block.timestamp);
        }
        _executors[executorId].keys = pending.keys;
        emit KeysChanged(executorId, pending.keys);
    }

    /// @inheritdoc IExecutorRegistry
    function revokeSigner() external {
        uint32 executorId = _ownId();
        address signer = _executors[executorId].keys.signer;
        if (signer == address(0)) revert ZeroSigner();

        _signers[signer].until = uint64(block.timestamp);
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
        bytes32 key = offeringKeyOf(modelId, version, runtimeClass, pool);

        uint64 weight;
        if (capacity == 0) {
            _withdrawOffering(executorId, key);
        } else {
            if (!admitsExecutor(pool, executorId)) revert NotAdmitted(pool, executorId);
            if (!models.isServable(modelId, version, runtimeClass)) revert NotServable(modelId, version, runtimeClass);
            _storeOffering(executorId, key, pool, Offer.wrap((uint112(pricePerUnit) << CAPACITY_BITS) | capacity));
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
            bool admitted = admitsExecutor(_offerings[executorId][keys[i]].pool, executorId);
            sortition.setWeight(keys[i], executorId, admitted ? weight : 0);
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
        return holder.from != 0 && holder.until == 0 ? holder.executorId : 0;
    }

    /// @inheritdoc IExecutorRegistry
    function signerAt(address signer, uint64 time) external view returns (uint32) {
        SignerHolder memory holder = _signers[signer];
        if (holder.from == 0 || time < holder.from) return 0;
        return holder.until == 0 || time < holder.until ? holder.executorId : 0;
    }

    /// @inheritdoc IExecutorRegistry
    function ownerOf(uint32 executorId) external view returns (address) {
        return _executors[executorId].owner;
    }

    /// @inheritdoc IExecutorRegistry
    function offeringOf(uint32 executorId, bytes32 offeringKey) public view returns (Offering memory) {
        return _offering(_offerings[executorId][offeringKey].current);
    }

    /// @inheritdoc IExecutorRegistry
    function offeringAt(uint32 executorId, bytes32 offeringKey, uint256 time) external view returns (Offering memory) {
        return _offering(_offerAt(executorId, offeringKey, time / epochLength));
    }

    /// @inheritdoc IExecutorRegistry
    function termsOf(uint32[] calldata executorIds, bytes32 offeringKey, uint256 time)
        external
        view
        returns (uint96[] memory pricesPerUnit, uint16[] memory capacities)
    {
        uint256 epoch = time / epochLength;
        pricesPerUnit = new uint96[](executorIds.length);
        capacities = new uint16[](executorIds.length);
        for (uint256 i; i < executorIds.length; ++i) {
            // An offer that is withdrawn is zero, its capacity too.
            uint112 word = Offer.unwrap(_offerAt(executorIds[i], offeringKey, epoch));
            (pricesPerUnit[i], capacities[i]) = (uint96(word >> CAPACITY_BITS), uint16(word));
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
        return _hashTypedDataV4(keccak256(abi.encode(VRF_POSSESSION_TYPEHASH, owner)));
    }

    /// @inheritdoc IExecutorRegistry
    function signerPossessionDigest(address owner) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(SIGNER_POSSESSION_TYPEHASH, owner)));
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

    function _claimSigner(address signer, SignerHolder memory holder) private {
        if (_signers[signer].executorId != 0) revert SignerInUse(signer);
        _signers[signer] = holder;
    }

    function _dropPending(uint32 executorId) private {
        address signer = _pending[executorId].keys.signer;
        if (_signers[signer].from == 0) delete _signers[signer];
        delete _pending[executorId];
    }

    function _storeOffering(uint32 executorId, bytes32 key, uint64 pool, Offer offer) private {
        StoredOffering memory stored = _offerings[executorId][key];
        uint8 position = stored.position;
        if (position == 0) {
            bytes32[] storage keys = _offeringKeys[executorId];
            if (keys.length == MAX_OFFERINGS) revert TooManyOfferings(executorId, MAX_OFFERINGS);
            keys.push(key);
            position = uint8(keys.length);
        }
        _change(executorId, key, stored, StoredOffering(offer, 0, position, pool));
    }

    function _withdrawOffering(uint32 executorId, bytes32 key) private {
        StoredOffering memory stored = _offerings[executorId][key];
        if (stored.position == 0) revert NotOffered(executorId, key);

        bytes32[] storage keys = _offeringKeys[executorId];
        bytes32 last = keys[keys.length - 1];
        keys[stored.position - 1] = last;
        _offerings[executorId][last].position = stored.position;
        keys.pop();
        _change(executorId, key, stored, StoredOffering(Offer.wrap(0), 0, 0, stored.pool));
    }

    /// @dev Keeps what stood before this epoch, and what stood before the last one.
    function _change(uint32 executorId, bytes32 key, StoredOffering memory stored, StoredOffering memory next) private {
        next.epoch = SafeCast.toUint32(block.timestamp / epochLength);
        if (stored.epoch != next.epoch) {
            Offer older = _formerOfferings[executorId][key].previous;
            _formerOfferings[executorId][key] = FormerOffering(stored.current, stored.epoch, older);
        }
        _offerings[executorId][key] = next;
    }

    /// @dev The offer that acted in an epoch, this one or the one before.
    function _offerAt(uint32 executorId, bytes32 key, uint256 epoch) private view returns (Offer) {
        StoredOffering storage stored = _offerings[executorId][key];
        if (stored.epoch < epoch) return stored.current;
        FormerOffering storage former = _formerOfferings[executorId][key];
        return former.previousEpoch < epoch ? former.previous : former.older;
    }

    function _offering(Offer offer) private pure returns (Offering memory) {
        uint112 word = Offer.unwrap(offer);
        uint16 capacity = uint16(word);
        return Offering(uint96(word >> CAPACITY_BITS), capacity, capacity != 0);
    }

    /// @dev A recovered signer is the last 20 bytes of the hash of its public key, so a signature that recovers to the VRF
    /// key's own address shows that its secret is known. Naming the owner keeps others from replaying it.
    function _validate(Keys calldata keys, bytes calldata vrfPossession, bytes calldata signerPossession) private view {
        if (keys.signer == address(0)) revert ZeroSigner();
        if (!_isOnCurve(keys.vrfX, keys.vrfY)) revert InvalidVrfKey(keys.vrfX, keys.vrfY);
        address expected = address(uint160(uint256(keccak256(abi.encode(keys.vrfX, keys.vrfY)))));
        (address recovered,,) = ECDSA.tryRecoverCalldata(vrfPossessionDigest(msg.sender), vrfPossession);
        if (recovered != expected) revert InvalidPossessionProof(expected, recovered);
        (recovered,,) = ECDSA.tryRecoverCalldata(signerPossessionDigest(msg.sender), signerPossession);
        if (recovered != keys.signer) revert InvalidSignerProof(keys.signer, recovered);
    }

    /// @dev y^2 = x^3 + 7; the point at infinity has no affine coordinates and (0, 0) is not on the curve.
    function _isOnCurve(uint256 x, uint256 y) private pure returns (bool) {
        if (x >= FIELD || y >= FIELD) return false;
        return mulmod(y, y, FIELD) == addmod(mulmod(x, mulmod(x, x, FIELD), FIELD), 7, FIELD);
    }
}
