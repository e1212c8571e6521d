// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IExecutorRegistry} from "../executors/IExecutorRegistry.sol";
import {Ecvrf} from "../verify/Ecvrf.sol";
import {IVifVerifier} from "../verify/IVifVerifier.sol";
import {ISingleJobRegistry} from "./ISingleJobRegistry.sol";
import {IVifs} from "./IVifs.sol";
import {SingleHash} from "./SingleHash.sol";
import {Record, SingleTerms} from "./SingleTypes.sol";

/// @title The keys of executors' VIFs, and the proof that a VIF is false. What it finds, the registry keeps.
/// @dev A VIF that `Ecvrf.verify` accepts with some hints is never false here; one that it refuses with all hints can be
/// shown to be false.
contract Vifs is IVifs {
    uint256 private constant VIF_BYTES = 81;

    ISingleJobRegistry public immutable registry;
    IExecutorRegistry public immutable executors;
    IVifVerifier public immutable verifier;

    constructor(ISingleJobRegistry registry_, IExecutorRegistry executors_, IVifVerifier verifier_) {
        registry = registry_;
        executors = executors_;
        verifier = verifier_;
    }

    /// @inheritdoc IVifs
    function adoptKey() external {
        uint32 executorId = executors.idOfSigner(msg.sender);
        if (executorId == 0) revert NotExecutor(msg.sender);
        IExecutorRegistry.Keys memory keys = executors.executorOf(executorId).keys;
        bytes32 keyHash = SingleHash.vrfKey(keys.vrfX, keys.vrfY);
        emit KeyAdopted(executorId, keyHash, keys.vrfX, keys.vrfY);
        registry.setVrfKey(executorId, keyHash);
    }

    /// @inheritdoc IVifs
    function challenge(
        SingleTerms calldata terms,
        Record calldata record,
        Vif calldata vif,
        IVifVerifier.Proof calldata hints
    ) external {
        bytes32 jobId = registry.jobIdOf(terms);
        bytes32 vifHash = SingleHash.vif(SingleHash.vrfKey(vif.publicX, vif.publicY), vif.beacon, vif.proof);
        if (record.vifHash != vifHash) revert VifMismatch(jobId);
        bytes32 alpha = verifier.vifAlpha(
            IVifVerifier.VifInput({
                registry: address(registry),
                jobId: jobId,
                modelId: terms.modelId,
                version: terms.version,
                inputHash: terms.inputHash,
                parametersHash: terms.parametersHash,
                executor: executors.ownerOf(record.executorId),
                beacon: vif.beacon
            })
        );
        if (!isFalse(vif, alpha, hints)) revert VifHolds(jobId);
        // Sees to it that the record is the job's.
        registry.overturnFalseVif(jobId, record, msg.sender);
    }

    /// @inheritdoc IVifs
    function isFalse(Vif calldata vif, bytes32 alpha, IVifVerifier.Proof calldata hints) public pure returns (bool) {
        if (!Ecvrf.isUsablePoint(vif.publicX, vif.publicY)) revert HintsDontHold();
        bytes calldata proof = vif.proof;
        if (proof.length != VIF_BYTES) return true;
        uint256 prefix = uint8(proof[0]);
        uint256 gammaX = uint256(bytes32(proof[1:33]));
        uint256 c = uint128(bytes16(proof[33:49]));
        uint256 s = uint256(bytes32(proof[49:81]));
        if (prefix >> 1 != 1 || gammaX >= Ecvrf.ORDER || c == 0 || s == 0 || s >= Ecvrf.ORDER) return true;
        if (Ecvrf.isNoSquare(gammaX, hints.gammaY)) return true;

        if (
            hints.gammaX != gammaX || hints.gammaY & 1 != prefix & 1 || hints.c != c || hints.s != s
                || !Ecvrf.isUsablePoint(gammaX, hints.gammaY)
        ) revert HintsDontHold();
        return !_challengeHolds(vif.publicX, vif.publicY, abi.encodePacked(alpha), hints);
    }

    /// @dev RFC 9381, 5.3, of a proof whose parts are in range, with hints that hold.
    function _challengeHolds(uint256 x, uint256 y, bytes memory alpha, IVifVerifier.Proof calldata proof)
        private
        pure
        returns (bool)
    {
        (bool found, uint256 hashX) = Ecvrf.hashToCurve(Ecvrf.compress(x, y), alpha, proof.hashY, proof.skipped);
        if (!found) revert HintsDontHold();
        // U is infinity, which has no encoding: a proof that its prover could only spoil on purpose. The other two points
        // never are: their scalars are not 0.
        if (Ecvrf.isUInfinite(x, y, proof)) return false;
        if (!Ecvrf.hintsHold(x, y, hashX, proof)) revert HintsDontHold();
        // V is infinity, or was met by chance of one in 2^128.
        if (proof.sHashX == proof.cGammaX) return false;
        (bool distinct, bytes memory v) = Ecvrf.differenceOfHints(proof);
        if (!distinct) revert HintsDontHold();
        return uint256(Ecvrf.challenge(x, y, hashX, proof, v)) >> 128 == proof.c;
    }
}
