// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Presets} from "../../script/DeploymentParameters.sol";
import {CourtTerms, ICourt} from "../../src/courts/ICourt.sol";
import {ISingleJobRegistry} from "../../src/single/ISingleJobRegistry.sol";
import {SingleConfiguration} from "../../src/single/SingleConfiguration.sol";
import {Record, SingleTerms} from "../../src/single/SingleTypes.sol";
import {SingleFixture} from "./SingleFixture.sol";

contract SingleConfigurationTest is SingleFixture {
    /// @dev As `new`, but from the artifact; returns what a refusal says.
    function _create(ISingleJobRegistry.Parameters memory given, SingleConfiguration.Addresses memory contracts)
        private
        returns (address made, bytes memory refusal)
    {
        bytes memory code = abi.encodePacked(
            vm.getCode("SingleJobRegistry.sol:SingleJobRegistry"), abi.encode(given, contracts)
        );
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        if (made != address(0)) return (made, "");
        assembly ("memory-safe") {
            refusal := mload(0x40)
            mstore(refusal, returndatasize())
            returndatacopy(add(refusal, 0x20), 0, returndatasize())
            mstore(0x40, add(refusal, add(0x40, returndatasize())))
        }
    }

    /// @dev Those that the deployment gave it.
    function _contracts() private view returns (SingleConfiguration.Addresses memory) {
        return SingleConfiguration.Addresses({
            models: all.models,
            executors: all.executors,
            staking: all.staking,
            slashing: all.slashing,
            sortition: all.sortition,
            beacon: all.beacon,
            governance: all.governance,
            vifs: vifs,
            court: ICourt(address(court))
        });
    }

    function _expectRefused(ISingleJobRegistry.Parameters memory given, string memory name) private {
        (, bytes memory refusal) = _create(given, _contracts());
        assertEq(refusal, abi.encodeWithSelector(ISingleJobRegistry.InvalidParameter.selector, name), name);
    }

    function test_what_is_deployed_is_what_was_given() public view {
        assertEq(abi.encode(single.parameters()), abi.encode(bounds));
        assertEq(address(vifs.registry()), address(single));
        assertTrue(all.staking.isJobRegistry(address(single)));
        assertTrue(all.slashing.isJobRegistry(address(single)));
    }

    function test_the_production_preset_refuses_optimistic_jobs() public view {
        assertFalse(Presets.production().single.optimisticAllowed);
        assertTrue(Presets.devnet().single.optimisticAllowed);
    }

    function test_parameters_that_make_no_sense_are_refused() public {
        ISingleJobRegistry.Parameters memory given = bounds;
        given.beaconDelay = 0;
        _expectRefused(given, "beaconDelay");
        given = single.parameters();
        given.minWindow = 0;
        _expectRefused(given, "minWindow");
        given = single.parameters();
        given.maxWindow = given.minWindow - 1;
        _expectRefused(given, "maxWindow");
        given = single.parameters();
        given.minChallengeWindow = 0;
        _expectRefused(given, "minChallengeWindow");
        given = single.parameters();
        given.maxChallengeWindow = given.minChallengeWindow - 1;
        _expectRefused(given, "maxChallengeWindow");
        // Stake that leaves at the answer must be slashable until the end.
        given = single.parameters();
        given.maxChallengeWindow = uint32(staking.unbondingEpochs() * staking.epochLength()) - 3 * given.maxWindow;
        _expectRefused(given, "maxChallengeWindow");
        given = single.parameters();
        given.minFee = 0;
        _expectRefused(given, "minFee");
        given = single.parameters();
        given.maxCallbackGas = 10_000_001;
        _expectRefused(given, "maxCallbackGas");
        given = single.parameters();
        given.maxInputBytes = 0;
        _expectRefused(given, "maxInputBytes");
        given = single.parameters();
        given.maxResultBytes = 16_385;
        _expectRefused(given, "maxResultBytes");
        given = single.parameters();
        given.lockMultiplierBps = 9999;
        _expectRefused(given, "lockMultiplierBps");
        given = single.parameters();
        given.protocolFeeBps = 10_000;
        _expectRefused(given, "protocolFeeBps");
    }

    function test_contracts_must_be_there_but_for_a_court() public {
        SingleConfiguration.Addresses memory contracts = _contracts();
        contracts.court = ICourt(address(0));
        (address made,) = _create(bounds, contracts);
        assertTrue(made != address(0));
        // Without a court, there is none to go to.
        Record memory record;
        vm.expectRevert(ISingleJobRegistry.NoCourt.selector);
        this.challengeAt(ISingleJobRegistry(made), _single(0), record);
    }

    function challengeAt(ISingleJobRegistry registry, SingleTerms calldata terms, Record calldata record) external {
        registry.challenge(terms, record, CourtTerms(0, PRICE, 1, 1), input, labels, "");
    }

    /// The contract's own limit, below Ethereum's.
    function test_the_code_fits() public view {
        assertLe(address(single).code.length, 23_500);
    }
}
