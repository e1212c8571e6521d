// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPolicyRegistry} from "../../src/governance/IPolicyRegistry.sol";
import {Policies} from "../../src/governance/IPolicySet.sol";
import {PolicyRegistry} from "../../src/governance/PolicyRegistry.sol";
import {ProtocolParameters} from "../../src/governance/ProtocolParameters.sol";
import {ProofVerifierList} from "../../src/proofs/ProofVerifierList.sol";
import {NetworkFixture} from "../stake/NetworkFixture.sol";

/// @notice A network with its policy registry. Policies that these tests don't call are stood in for by contracts they do.
abstract contract GovernanceFixture is NetworkFixture {
    address internal immutable owner = makeAddr("owner");
    address internal immutable guardian = makeAddr("guardian");
    address internal immutable stranger = makeAddr("stranger");

    PolicyRegistry internal governance;
    ProofVerifierList internal verifiers;

    /// @dev From artifacts, as `Deployer` says why.
    function setUp() public virtual override {
        super.setUp();
        // The list names the registry, and the registry's first set names the list.
        address registryAt = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        verifiers = ProofVerifierList(vm.deployCode("ProofVerifierList.sol:ProofVerifierList", abi.encode(registryAt)));
        bytes memory arguments = abi.encode(_terms(), owner, guardian, _policies(), _parameters());
        governance = PolicyRegistry(vm.deployCode("PolicyRegistry.sol:PolicyRegistry", arguments));
        assertEq(address(governance), registryAt);
    }

    /// @dev As `new`, but from the artifact; zero when the constructor reverts.
    function _create(string memory artifact, bytes memory arguments) internal returns (address made) {
        bytes memory code = abi.encodePacked(vm.getCode(artifact), arguments);
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
    }

    function _terms() internal pure returns (IPolicyRegistry.Terms memory) {
        return IPolicyRegistry.Terms({
            epochLength: uint32(EPOCH_LENGTH),
            changeDelay: uint32(3 * EPOCH_LENGTH),
            changeWindow: 7 days,
            minimumEpochMargin: 1 hours,
            maximumPause: 2 days,
            pauseCoolDown: 5 days
        });
    }

    function _policies() internal view returns (Policies memory) {
        return Policies({agreement: address(executors), proofVerifiers: address(verifiers)});
    }

    function _parameters() internal pure virtual returns (ProtocolParameters memory) {
        return ProtocolParameters({
            epochLength: uint32(EPOCH_LENGTH),
            epochMargin: 2 hours,
            anchoringDelay: 1 hours,
            beaconDelay: 10,
            drawWindow: 10 minutes,
            maxCommitWindow: 1 hours,
            maxRevealWindow: 1 hours,
            revealGrace: 2 hours,
            challengeWindow: 4 hours,
            singleMaxWindow: 1 hours,
            singleChallengeWindow: 2 hours,
            courtWindow: 8 hours,
            keyChangeDelay: uint32(KEY_CHANGE_DELAY),
            thawPeriod: 3 days,
            rootActivationDelay: 12 hours,
            unbondingEpochs: uint16(UNBONDING_EPOCHS),
            protocolFeeBps: 500,
            maxRoyaltyBps: 1000,
            noAgreementShareBps: 2500,
            emissionShareBps: 100,
            lockMultiplierBps: 100_000,
            minimumStake: uint96(MINIMUM_STAKE),
            minimumSeatFee: 0.01 ether,
            epochEmissionCap: 500 ether
        });
    }

    function _announceAndExecute(ProtocolParameters memory next) internal {
        vm.prank(owner);
        governance.announce(_policies(), next);
        skip(_terms().changeDelay);
        governance.execute();
    }
}
