// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Accusation, CourtTerms, ICourtClient, Verdict} from "../courts/ICourt.sol";
import {Offence} from "../stake/IStaking.sol";
import {ISingleJobRegistry} from "./ISingleJobRegistry.sol";
import {SingleHash} from "./SingleHash.sol";
import {SingleSettlement} from "./SingleSettlement.sol";
import {Record, SinglePhase, SingleTerms} from "./SingleTypes.sol";
import {SingleWord} from "./SingleWord.sol";

/// @title How a provisional answer is fought.
/// @notice By a court, which runs the job again; and by its VIF, which anyone can check. A conviction is slashed by the
/// court, a false VIF from here.
abstract contract SingleDisputes is SingleSettlement, ICourtClient {
    /// @inheritdoc ISingleJobRegistry
    function challenge(
        SingleTerms calldata terms,
        Record calldata record,
        CourtTerms calldata courtTerms,
        bytes calldata input,
        bytes calldata parameterBytes,
        string calldata inputUri
    ) external payable returns (bytes32 courtJobId) {
        if (address(court) == address(0)) revert NoCourt();
        bytes32 jobId = SingleHash.jobId(terms);
        SingleWord word = _loadAnswered(jobId, record);
        _requirePhase(jobId, word, SinglePhase.Provisional);
        _requireNotAfter(jobId, record.windowEnd);
        _jobs[jobId] = word.withPhase(SinglePhase.Challenged);

        Accusation memory accusation = Accusation({
            jobId: jobId,
            executorId: record.executorId,
            seat: 0,
            seatFee: record.fee,
            answerHash: record.answerHash,
            modelId: terms.modelId,
            version: terms.version,
            runtimeClass: terms.runtimeClass,
            inputHash: terms.inputHash,
            parametersHash: terms.parametersHash,
            maxUnits: terms.maxUnits,
            challenger: msg.sender
        });
        courtJobId = court.open{value: msg.value}(accusation, courtTerms, input, parameterBytes, inputUri);
        emit Challenged(jobId, msg.sender, courtJobId);
    }

    /// @inheritdoc ICourtClient
    /// @dev Cheap, and for any known case it can't fail: what follows from the verdict is anyone's to call.
    function onVerdict(bytes32 jobId, uint8, Verdict verdict) external {
        if (msg.sender != address(court)) revert NotCourt(msg.sender);
        SingleWord word = _jobs[jobId];
        // Overturned meanwhile, for its VIF.
        if (word.phase() == SinglePhase.Overturned) return;
        _requirePhase(jobId, word, SinglePhase.Challenged);
        // A court tells verdicts only: the third is that it has none. It tells everyone else of them too.
        SinglePhase phase = verdict == Verdict.Convicted
            ? SinglePhase.Convicted
            : verdict == Verdict.Acquitted ? SinglePhase.Acquitted : SinglePhase.Lapsed;
        _jobs[jobId] = word.withPhase(phase);
    }

    /// @inheritdoc ISingleJobRegistry
    function overturn(bytes32 jobId, Record calldata record) external {
        SingleWord word = _loadAnswered(jobId, record);
        _requirePhase(jobId, word, SinglePhase.Convicted);
        _overturn(jobId, word, record, msg.sender);
    }

    /// @inheritdoc ISingleJobRegistry
    function reopen(bytes32 jobId, Record calldata record) external {
        SingleWord word = _loadAnswered(jobId, record);
        _requirePhase(jobId, word, SinglePhase.Lapsed);
        Record memory renewed = _loaded(record);
        renewed.windowEnd = uint64(block.timestamp + record.challengeWindow);
        _answer(jobId, SinglePhase.Provisional, word.callbackStatus(), renewed);
        emit WindowReopened(jobId, renewed.windowEnd);
    }

    /// @inheritdoc ISingleJobRegistry
    function setVrfKey(uint32 executorId, bytes32 keyHash) external {
        if (msg.sender != address(vifs)) revert NotVifs(msg.sender);
        vrfKeyHashOf[executorId] = keyHash;
    }

    /// @inheritdoc ISingleJobRegistry
    function overturnFalseVif(bytes32 jobId, Record calldata record, address prover) external {
        if (msg.sender != address(vifs)) revert NotVifs(msg.sender);
        SingleWord word = _loadAnswered(jobId, record);
        // Provisional, acquitted, lapsed or challenged.
        if (word.phase() > SinglePhase.Challenged) revert WrongPhase(jobId, word.phase());
        slashing.punish(Offence.InvalidVif, record.executorId, jobId, record.fee, prover);
        _overturn(jobId, word, record, prover);
    }
}
