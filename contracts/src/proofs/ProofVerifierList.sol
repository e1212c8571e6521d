// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../governance/Governed.sol";
import {IPolicyRegistry} from "../governance/IPolicyRegistry.sol";
import {IProofVerifierList} from "./IProofVerifierList.sol";

/// @title The verifiers that jobs of the `PROVEN` tier may name.
contract ProofVerifierList is IProofVerifierList, Governed {
    /// @inheritdoc IProofVerifierList
    mapping(address verifier => uint256) public activeFrom;

    constructor(IPolicyRegistry governance_) Governed(governance_) {}

    /// @inheritdoc IProofVerifierList
    function add(address verifier) external onlyOwner {
        if (verifier.code.length == 0) revert NoVerifier(verifier);
        if (activeFrom[verifier] != 0) revert AlreadyListed(verifier);
        uint256 from = block.timestamp + governance.changeDelay();
        activeFrom[verifier] = from;
        emit VerifierAdded(verifier, from);
    }

    /// @inheritdoc IProofVerifierList
    function remove(address verifier) external onlyOwner {
        if (activeFrom[verifier] == 0) revert NotListed(verifier);
        delete activeFrom[verifier];
        emit VerifierRemoved(verifier);
    }

    /// @inheritdoc IProofVerifierList
    function isActive(address verifier) external view returns (bool) {
        uint256 from = activeFrom[verifier];
        return from != 0 && block.timestamp >= from;
    }
}
