// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice The parameters of the whole protocol, in one place, so that the inequalities among them can be asserted. Times in
/// seconds, amounts in wei. Governance may change what `fixedPart` leaves out; the rest is fixed in immutable contracts.
struct ProtocolParameters {
    /// Unit of stake and reward time.
    uint32 epochLength;
    /// Time that stake outlasts the longest job by; a day on a network of strangers.
    uint32 epochMargin;
    /// Receipts of the off-chain lane are anchored within this.
    uint32 anchoringDelay;
    /// From the request to the beacon (Δ).
    uint32 beaconDelay;
    /// From the beacon to the last moment at which it can still be read.
    uint32 drawWindow;
    uint32 maxCommitWindow;
    uint32 maxRevealWindow;
    /// Forced inclusion: late reveals are taken for so long.
    uint32 revealGrace;
    /// From a result to the last moment at which it can be challenged.
    uint32 challengeWindow;
    /// Longest bid, submit and takeover window of a job of a single executor.
    uint32 singleMaxWindow;
    /// Longest challenge window of such a job.
    uint32 singleChallengeWindow;
    /// From a challenge to its verdict, the court's own draw, commitments and reveals included.
    uint32 courtWindow;
    /// From the announcement of new keys until they act.
    uint32 keyChangeDelay;
    /// From a payer's announcement of a withdrawal to its end.
    uint32 thawPeriod;
    /// From a reward root's publication until it pays.
    uint32 rootActivationDelay;
    /// Epochs until a requested exit can be paid.
    uint16 unbondingEpochs;
    /// Part of an agreeing seat's fee that is burned.
    uint16 protocolFeeBps;
    /// Largest part of a fee that a model's publisher may ask.
    uint16 maxRoyaltyBps;
    /// Part of its fee that a revealer keeps when nobody agrees.
    uint16 noAgreementShareBps;
    /// Largest part of the reward reserve that one epoch may emit.
    uint16 emissionShareBps;
    /// Stake locked for a seat, in basis points of its fee.
    uint32 lockMultiplierBps;
    uint96 minimumStake;
    uint96 minimumSeatFee;
    /// Most that one epoch may emit.
    uint96 epochEmissionCap;
}

/// @title The inequalities among the parameters.
library ProtocolParametersLibrary {
    uint256 private constant BASIS_POINTS = 10_000;
    /// @dev Protocol fee and royalty leave the executor at least three quarters of its fee.
    uint256 private constant MAXIMUM_DEDUCTIONS_BPS = 2500;
    /// @dev The reserve outlasts ten epochs whatever happens.
    uint256 private constant MAXIMUM_EMISSION_SHARE_BPS = 1000;

    /// @param name The parameter that breaks its inequality.
    error InvalidParameter(string name);

    /// @notice Seconds that stake must stay slashable for a job of either registry: from its request, or from an unanchored
    /// receipt, to the verdict on it.
    function longestJob(ProtocolParameters memory given) internal pure returns (uint256) {
        // Freed seats are drawn again once, so there can be two commit windows.
        uint256 redundant =
            2 * uint256(given.maxCommitWindow) + given.maxRevealWindow + given.revealGrace + given.challengeWindow;
        // A bid, a submit and a takeover window come before the challenge.
        uint256 single = 3 * uint256(given.singleMaxWindow) + given.singleChallengeWindow;
        return uint256(given.anchoringDelay) + given.beaconDelay + given.drawWindow + Math.max(redundant, single)
            + given.courtWindow;
    }

    /// @notice A hash of what no change of governance may touch: all but the margin and what the rewards read of a set.
    function fixedPart(ProtocolParameters memory given) internal pure returns (bytes32) {
        ProtocolParameters memory rest = abi.decode(abi.encode(given), (ProtocolParameters));
        (rest.epochMargin, rest.rootActivationDelay, rest.emissionShareBps, rest.epochEmissionCap) = (0, 0, 0, 0);
        return keccak256(abi.encode(rest));
    }

    function check(ProtocolParameters memory given) internal pure {
        _require(given.epochMargin != 0, "epochMargin");
        _require(given.beaconDelay != 0, "beaconDelay");
        _require(given.drawWindow != 0, "drawWindow");
        _require(given.maxCommitWindow != 0, "maxCommitWindow");
        _require(given.maxRevealWindow != 0, "maxRevealWindow");
        // An exit lasts at least an epoch, so no stake leaves while a job that it backs can still be judged.
        _require(given.epochLength >= longestJob(given) + given.epochMargin, "epochLength");
        _require(given.unbondingEpochs != 0, "unbondingEpochs");
        // A thief of an owner key can't take over seats that are filled.
        _require(
            given.keyChangeDelay >= 2 * uint256(given.maxCommitWindow) + given.maxRevealWindow + given.revealGrace,
            "keyChangeDelay"
        );
        // Receipts issued before a thaw began can be anchored by a claim in time.
        _require(given.anchoringDelay != 0 && given.anchoringDelay <= given.thawPeriod, "anchoringDelay");
        // Long enough to object, short enough that a root follows each epoch.
        _require(
            given.rootActivationDelay != 0 && given.rootActivationDelay <= given.epochLength, "rootActivationDelay"
        );
        _require(
            uint256(given.protocolFeeBps) + given.maxRoyaltyBps <= MAXIMUM_DEDUCTIONS_BPS,
            "protocolFeeBps, maxRoyaltyBps"
        );
        // Disagreeing must not pay as well as agreeing.
        _require(
            uint256(given.noAgreementShareBps) + given.protocolFeeBps + given.maxRoyaltyBps < BASIS_POINTS,
            "noAgreementShareBps"
        );
        // A seat puts at least its fee at risk.
        _require(given.lockMultiplierBps >= BASIS_POINTS, "lockMultiplierBps");
        _require(given.minimumStake != 0, "minimumStake");
        _require(given.minimumSeatFee != 0, "minimumSeatFee");
        _require(
            uint256(given.minimumSeatFee) * given.lockMultiplierBps / BASIS_POINTS <= given.minimumStake,
            "minimumSeatFee"
        );
        _require(given.emissionShareBps <= MAXIMUM_EMISSION_SHARE_BPS, "emissionShareBps");
    }

    function _require(bool holds, string memory name) private pure {
        if (!holds) revert InvalidParameter(name);
    }
}
