// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVifVerifier} from "../verify/IVifVerifier.sol";
import {Record, SingleTerms} from "./SingleTypes.sol";

/// @title The keys of executors' VIFs, and the proof that a VIF is false.
/// @notice Executors send a VIF without the hints that make it cheap to verify. Whoever wants to show that it is false
/// brings them, and must not be able to spoil a true one by wrong ones: `IVifVerifier` says of both that they don't hold,
/// here wrong hints revert.
interface IVifs {
    /// @notice A VIF as it was sent, and what it was sent with (`ISingleJobRegistry.Submitted`).
    struct Vif {
        /// The executor's key, as it had adopted it.
        uint256 publicX;
        uint256 publicY;
        bytes32 beacon;
        /// RFC 9381's proof: Gamma compressed (33 bytes), c (16), s (32).
        bytes proof;
    }

    /// @notice The executor's VIFs are checked against this key from now on. @param keyHash keccak256(abi.encode(x, y)).
    event KeyAdopted(uint32 indexed executorId, bytes32 keyHash, uint256 x, uint256 y);

    /// @notice The caller is no executor's signer.
    error NotExecutor(address caller);
    /// @notice The key, the beacon or the proof are not those of the record.
    error VifMismatch(bytes32 jobId);
    /// @notice The VIF is true.
    error VifHolds(bytes32 jobId);
    /// @notice The hints are not those of this VIF, key and input.
    error HintsDontHold();

    /// @notice Adopts the key that the executor registry holds now for the VIFs of the calling signer's executor. Its own
    /// step, so that no change of keys makes a VIF false that was true when it was sent: send VIFs of the key that was
    /// adopted last.
    function adoptKey() external;

    /// @notice Has the executor slashed and its job overturned, in the caller's favour, if the VIF is false:
    /// `ISingleJobRegistry.overturnFalseVif`.
    /// @param hints As for `isFalse`.
    function challenge(
        SingleTerms calldata terms,
        Record calldata record,
        Vif calldata vif,
        IVifVerifier.Proof calldata hints
    ) external;

    /// @notice Whether a VIF is false.
    /// @param hints The same proof decompressed, with hints as for `IVifVerifier.verify`. A hint can be left zero where the
    /// VIF is false without it: all of them when a byte or number is out of range; when Gamma's x is on no point, all but
    /// `gammaY`, which is then a z with z^2 = -(x^3 + 7).
    function isFalse(Vif calldata vif, bytes32 alpha, IVifVerifier.Proof calldata hints) external view returns (bool);
}
