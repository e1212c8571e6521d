// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ecvrf} from "./Ecvrf.sol";
import {IVifVerifier} from "./IVifVerifier.sol";

/// @title Verifies VRF proofs, and those that are bound to a job. Stateless.
contract VifVerifier is IVifVerifier {
    /// @inheritdoc IVifVerifier
    function verify(uint256 publicX, uint256 publicY, bytes calldata alpha, Proof calldata proof)
        external
        pure
        returns (bool valid, bytes32 beta)
    {
        return Ecvrf.verify(publicX, publicY, alpha, proof);
    }

    /// @inheritdoc IVifVerifier
    function verifyVif(uint256 publicX, uint256 publicY, VifInput calldata input, Proof calldata proof)
        external
        view
        returns (bool valid, bytes32 beta)
    {
        return Ecvrf.verify(publicX, publicY, abi.encodePacked(vifAlpha(input)), proof);
    }

    /// @inheritdoc IVifVerifier
    function vifAlpha(VifInput calldata input) public view returns (bytes32) {
        return keccak256(
            abi.encode(
                "INFERA-VIF-v1",
                block.chainid,
                input.registry,
                input.jobId,
                input.modelId,
                input.version,
                input.inputHash,
                input.parametersHash,
                input.executor,
                input.beacon
            )
        );
    }
}
