// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title The verifiers that jobs of the `PROVEN` tier may name.
/// @notice Ask both when such a job is requested and when its proof is brought: a verifier that is removed in between pays
/// nobody any more, and the job ends by its deadline with a refund.
interface IProofVerifierList {
    event VerifierAdded(address indexed verifier, uint256 activeFrom);
    event VerifierRemoved(address indexed verifier);

    error NoVerifier(address given);
    error AlreadyListed(address verifier);
    error NotListed(address verifier);

    /// @notice Lists a verifier; jobs may name it after the registry's `changeDelay`. Requires the owner, a contract, and that
    /// it isn't listed.
    function add(address verifier) external;

    /// @notice Removes a verifier at once, active or not yet. Requires the owner, and that it is listed.
    function remove(address verifier) external;

    /// @notice Whether jobs may name it, and proofs be brought, now.
    function isActive(address verifier) external view returns (bool);

    /// @notice Unix seconds from which it is active; 0 when it isn't listed.
    function activeFrom(address verifier) external view returns (uint256);
}
