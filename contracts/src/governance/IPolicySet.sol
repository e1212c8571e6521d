// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ProtocolParameters} from "./ProtocolParameters.sol";

/// @notice Contracts without custody, which governance may replace.
struct Policies {
    /// `IAgreementVerifier`: which answers of a redundant job agree. Asked by the job registry at the resolution.
    address agreement;
    /// `IProofVerifierList`: whose proofs count. Asked at the request of a proven job.
    address proofVerifiers;
}

/// @title One choice of policy contracts and parameters.
/// @notice Immutable: a change of anything is a new set. Its values lie in its code, so reading them touches no storage.
interface IPolicySet {
    /// @notice A policy is the zero address or has no code.
    /// @param name Its name in `Policies`.
    error NoContract(string name, address given);

    function policies() external view returns (Policies memory);
    function parameters() external view returns (ProtocolParameters memory);

    function agreement() external view returns (address);
    function proofVerifiers() external view returns (address);
}
