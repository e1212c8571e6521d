// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Pools: sets of executors under an admin.
/// @notice Pool 0 is the public one: it has no admin and admits everybody. In any other pool the admin admits executors by
/// list, and requesters too if the pool was created so. A job's pool is part of its terms, and each pool has draws of its own,
/// so a private job never leaves its pool.
interface IPools {
    struct Pool {
        address admin;
        /// Takes the pool over by `acceptPool`; zero when nobody was named.
        address nextAdmin;
        bool listsRequesters;
    }

    event PoolCreated(uint64 indexed pool, address indexed admin, bool listsRequesters);
    event PoolAdminNamed(uint64 indexed pool, address indexed nextAdmin);
    event PoolAdminChanged(uint64 indexed pool, address indexed admin);
    event PoolExecutorListed(uint64 indexed pool, uint32 indexed executorId, bool admitted);
    event PoolRequesterListed(uint64 indexed pool, address indexed requester, bool admitted);

    error UnknownPool(uint64 pool);
    error NotPoolAdmin(address caller, uint64 pool);
    error NotAdmitted(uint64 pool, uint32 executorId);

    /// @notice Creates a pool under the caller. Ids count from 1.
    /// @param listsRequesters Whether only listed requesters may use it; fixed.
    function createPool(bool listsRequesters) external returns (uint64 pool);
    /// @notice Names who may take the pool over. The admin only.
    function namePoolAdmin(uint64 pool, address nextAdmin) external;
    /// @notice Takes a pool over. The named account only.
    function acceptPool(uint64 pool) external;
    /// @notice Admits an executor, or ends its admission: its offerings weigh nothing from the next epoch on, once anyone calls
    /// `IExecutorRegistry.refreshWeights`. The admin only.
    function listExecutor(uint64 pool, uint32 executorId, bool admitted) external;
    /// @notice Admits a requester, or ends its admission for new jobs. The admin only.
    function listRequester(uint64 pool, address requester, bool admitted) external;

    function poolCount() external view returns (uint64);
    /// @notice Zero when unknown, and for the public pool.
    function poolOf(uint64 pool) external view returns (Pool memory);
    /// @notice Whether the executor may offer in the pool; false for unknown pools.
    function admitsExecutor(uint64 pool, uint32 executorId) external view returns (bool);
    /// @notice Whether the requester may ask for jobs in the pool; false for unknown pools.
    function admitsRequester(uint64 pool, address requester) external view returns (bool);
}
