// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPolicySet, Policies} from "./IPolicySet.sol";
import {ProtocolParameters, ProtocolParametersLibrary} from "./ProtocolParameters.sol";

/// @title One choice of policy contracts and parameters.
/// @notice Can't be created with parameters that break an inequality.
contract PolicySet is IPolicySet {
    address public immutable agreement;
    address public immutable proofVerifiers;

    uint32 private immutable _epochLength;
    uint32 private immutable _epochMargin;
    uint32 private immutable _anchoringDelay;
    uint32 private immutable _beaconDelay;
    uint32 private immutable _drawWindow;
    uint32 private immutable _maxCommitWindow;
    uint32 private immutable _maxRevealWindow;
    uint32 private immutable _revealGrace;
    uint32 private immutable _challengeWindow;
    uint32 private immutable _singleMaxWindow;
    uint32 private immutable _singleChallengeWindow;
    uint32 private immutable _courtWindow;
    uint32 private immutable _keyChangeDelay;
    uint32 private immutable _thawPeriod;
    uint32 private immutable _rootActivationDelay;
    uint16 private immutable _unbondingEpochs;
    uint16 private immutable _protocolFeeBps;
    uint16 private immutable _maxRoyaltyBps;
    uint16 private immutable _noAgreementShareBps;
    uint16 private immutable _emissionShareBps;
    uint32 private immutable _lockMultiplierBps;
    uint96 private immutable _minimumStake;
    uint96 private immutable _minimumSeatFee;
    uint96 private immutable _epochEmissionCap;

    constructor(Policies memory policies_, ProtocolParameters memory given) {
        agreement = _contract("agreement", policies_.agreement);
        proofVerifiers = _contract("proofVerifiers", policies_.proofVerifiers);

        ProtocolParametersLibrary.check(given);
        _epochLength = given.epochLength;
        _epochMargin = given.epochMargin;
        _anchoringDelay = given.anchoringDelay;
        _beaconDelay = given.beaconDelay;
        _drawWindow = given.drawWindow;
        _maxCommitWindow = given.maxCommitWindow;
        _maxRevealWindow = given.maxRevealWindow;
        _revealGrace = given.revealGrace;
        _challengeWindow = given.challengeWindow;
        _singleMaxWindow = given.singleMaxWindow;
        _singleChallengeWindow = given.singleChallengeWindow;
        _courtWindow = given.courtWindow;
        _keyChangeDelay = given.keyChangeDelay;
        _thawPeriod = given.thawPeriod;
        _rootActivationDelay = given.rootActivationDelay;
        _unbondingEpochs = given.unbondingEpochs;
        _protocolFeeBps = given.protocolFeeBps;
        _maxRoyaltyBps = given.maxRoyaltyBps;
        _noAgreementShareBps = given.noAgreementShareBps;
        _emissionShareBps = given.emissionShareBps;
        _lockMultiplierBps = given.lockMultiplierBps;
        _minimumStake = given.minimumStake;
        _minimumSeatFee = given.minimumSeatFee;
        _epochEmissionCap = given.epochEmissionCap;
    }

    /// @inheritdoc IPolicySet
    function policies() external view returns (Policies memory) {
        return Policies({agreement: agreement, proofVerifiers: proofVerifiers});
    }

    /// @inheritdoc IPolicySet
    function parameters() external view returns (ProtocolParameters memory) {
        return ProtocolParameters({
            epochLength: _epochLength,
            epochMargin: _epochMargin,
            anchoringDelay: _anchoringDelay,
            beaconDelay: _beaconDelay,
            drawWindow: _drawWindow,
            maxCommitWindow: _maxCommitWindow,
            maxRevealWindow: _maxRevealWindow,
            revealGrace: _revealGrace,
            challengeWindow: _challengeWindow,
            singleMaxWindow: _singleMaxWindow,
            singleChallengeWindow: _singleChallengeWindow,
            courtWindow: _courtWindow,
            keyChangeDelay: _keyChangeDelay,
            thawPeriod: _thawPeriod,
            rootActivationDelay: _rootActivationDelay,
            unbondingEpochs: _unbondingEpochs,
            protocolFeeBps: _protocolFeeBps,
            maxRoyaltyBps: _maxRoyaltyBps,
            noAgreementShareBps: _noAgreementShareBps,
            emissionShareBps: _emissionShareBps,
            lockMultiplierBps: _lockMultiplierBps,
            minimumStake: _minimumStake,
            minimumSeatFee: _minimumSeatFee,
            epochEmissionCap: _epochEmissionCap
        });
    }

    function _contract(string memory name, address given) private view returns (address) {
        if (given.code.length == 0) revert NoContract(name, given);
        return given;
    }
}
