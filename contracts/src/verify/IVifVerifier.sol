// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title VRF proofs (ECVRF-SECP256K1-SHA256-TAI, RFC 9381) and their binding to jobs (VIF).
interface IVifVerifier {
    /// @notice A proof with the hints that make it cheap to verify.
    struct Proof {
        /// Gamma, affine.
        uint256 gammaX;
        uint256 gammaY;
        /// 128-bit challenge.
        uint256 c;
        uint256 s;
        /// y of the curve point H that try-and-increment found (even).
        uint256 hashY;
        /// U = sB - cY, affine.
        uint256 uX;
        uint256 uY;
        /// sH, affine.
        uint256 sHashX;
        uint256 sHashY;
        /// c Gamma, affine.
        uint256 cGammaX;
        uint256 cGammaY;
        /// Inverse of cGammaX - sHashX modulo the field prime.
        uint256 inverse;
        /// One witness per skipped counter: z with z^2 = -(x^3 + 7), which shows that x is not on the curve.
        uint256[] skipped;
    }

    /// @notice What a VIF binds: alpha = keccak256(abi.encode("INFERA-VIF-v1", chainid, registry, jobId, modelId, version,
    /// inputHash, parametersHash, executor, beacon)).
    struct VifInput {
        address registry;
        bytes32 jobId;
        bytes32 modelId;
        uint32 version;
        bytes32 inputHash;
        bytes32 parametersHash;
        address executor;
        bytes32 beacon;
    }

    /// @notice Verifies a proof for `alpha` under the public key. No proof makes it revert.
    /// @return valid Whether it holds; false for a key whose x is not below the group order.
    /// @return beta The VRF output, 0 when the proof does not hold.
    function verify(uint256 publicX, uint256 publicY, bytes calldata alpha, Proof calldata proof)
        external
        pure
        returns (bool valid, bytes32 beta);

    /// @notice `verify` with the alpha that binds the job.
    function verifyVif(uint256 publicX, uint256 publicY, VifInput calldata input, Proof calldata proof)
        external
        view
        returns (bool valid, bytes32 beta);

    function vifAlpha(VifInput calldata input) external view returns (bytes32);
}
