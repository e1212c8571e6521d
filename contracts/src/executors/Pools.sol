// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPools} from "./IPools.sol";

/// @title Pools: sets of executors under an admin.
abstract contract Pools is IPools {
    uint64 internal constant PUBLIC_POOL = 0;

    /// @inheritdoc IPools
    uint64 public poolCount;
    mapping(uint64 pool => Pool) private _poolsById;
    mapping(uint64 pool => mapping(uint32 executorId => bool)) private _executorsOf;
    mapping(uint64 pool => mapping(address requester => bool)) private _requestersOf;

    modifier onlyPoolAdmin(uint64 pool) {
        if (_poolsById[pool].admin == address(0)) revert UnknownPool(pool);
        if (msg.sender != _poolsById[pool].admin) revert NotPoolAdmin(msg.sender, pool);
        _;
    }

    /// @inheritdoc IPools
    function createPool(bool listsRequesters) external returns (uint64 pool) {
        pool = ++poolCount;
        _poolsById[pool] = Pool(msg.sender, address(0), listsRequesters);
        emit PoolCreated(pool, msg.sender, listsRequesters);
    }

    /// @inheritdoc IPools
    function namePoolAdmin(uint64 pool, address nextAdmin) external onlyPoolAdmin(pool) {
        _poolsById[pool].nextAdmin = nextAdmin;
        emit PoolAdminNamed(pool, nextAdmin);
    }

    /// @inheritdoc IPools
    function acceptPool(uint64 pool) external {
        if (msg.sender != _poolsById[pool].nextAdmin) revert NotPoolAdmin(msg.sender, pool);
        _poolsById[pool].admin = msg.sender;
        _poolsById[pool].nextAdmin = address(0);
        emit PoolAdminChanged(pool, msg.sender);
    }

    /// @inheritdoc IPools
    function listExecutor(uint64 pool, uint32 executorId, bool admitted) external onlyPoolAdmin(pool) {
        _executorsOf[pool][executorId] = admitted;
        emit PoolExecutorListed(pool, executorId, admitted);
    }

    /// @inheritdoc IPools
    function listRequester(uint64 pool, address requester, bool admitted) external onlyPoolAdmin(pool) {
        _requestersOf[pool][requester] = admitted;
        emit PoolRequesterListed(pool, requester, admitted);
    }

    /// @inheritdoc IPools
    function poolOf(uint64 pool) external view returns (Pool memory) {
        return _poolsById[pool];
    }

    /// @inheritdoc IPools
    function admitsExecutor(uint64 pool, uint32 executorId) public view returns (bool) {
        return pool == PUBLIC_POOL || _executorsOf[pool][executorId];
    }

    /// @inheritdoc IPools
    function admitsRequester(uint64 pool, address requester) external view returns (bool) {
        if (pool == PUBLIC_POOL) return true;
        Pool storage known = _poolsById[pool];
        return known.admin != address(0) && (!known.listsRequesters || _requestersOf[pool][requester]);
    }
}
