// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Presets} from "../../script/DeploymentParameters.sol";
import {ICourt} from "../../src/courts/ICourt.sol";
import {IExecutorRegistry} from "../../src/executors/IExecutorRegistry.sol";
import {Configuration} from "../../src/jobs/Configuration.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {JobRegistry} from "../../src/jobs/JobRegistry.sol";
import {IModelRegistry} from "../../src/models/IModelRegistry.sol";
import {IBeacon} from "../../src/schedule/IBeacon.sol";
import {ISortition} from "../../src/schedule/ISortition.sol";
import {ISlashing} from "../../src/stake/ISlashing.sol";
import {IStaking} from "../../src/stake/IStaking.sol";
import {IAgreementVerifier} from "../../src/verify/IAgreementVerifier.sol";
import {Test} from "forge-std/Test.sol";

contract ConfigurationTest is Test {
    function setUp() public {
        vm.mockCall(address(0x33), abi.encodeCall(IStaking.epochLength, ()), abi.encode(uint64(3600)));
    }

    function _parameters() private view returns (IJobRegistry.Parameters memory) {
        return Presets.devnet().jobs;
    }

    function _addresses() private pure returns (Configuration.Addresses memory) {
        return Configuration.Addresses({
            models: IModelRegistry(address(0x31)),
            executors: IExecutorRegistry(address(0x32)),
            staking: IStaking(address(0x33)),
            slashing: ISlashing(address(0x34)),
            sortition: ISortition(address(0x35)),
            beacon: IBeacon(address(0x36)),
            agreement: IAgreementVerifier(address(0x37))
        });
    }

    function _expectRefusal(IJobRegistry.Parameters memory given, string memory name) private {
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.InvalidParameter.selector, name));
        new JobRegistry(given, _addresses(), ICourt(address(0x38)));
    }

    function test_keeps_what_it_was_given() public {
        JobRegistry registry = new JobRegistry(_parameters(), _addresses(), ICourt(address(0x38)));
        assertEq(abi.encode(registry.parameters()), abi.encode(_parameters()));
        assertEq(abi.encode(registry.addresses()), abi.encode(_addresses()));
        registry = new JobRegistry(Presets.production().jobs, _addresses(), ICourt(address(0x38)));
        assertEq(abi.encode(registry.parameters()), abi.encode(Presets.production().jobs));
    }

    function test_refuses_parameters_that_contradict_each_other() public {
        IJobRegistry.Parameters memory given = _parameters();
        given.beaconDelay = 0;
        _expectRefusal(given, "beaconDelay");
        given = _parameters();
        given.minCommitWindow = 0;
        _expectRefusal(given, "minCommitWindow");
        given = _parameters();
        given.maxCommitWindow = given.minCommitWindow - 1;
        _expectRefusal(given, "maxCommitWindow");
        given = _parameters();
        given.minRevealWindow = 0;
        _expectRefusal(given, "minRevealWindow");
        given = _parameters();
        given.maxRevealWindow = given.minRevealWindow - 1;
        _expectRefusal(given, "maxRevealWindow");
        given.maxRevealWindow = 2 ** 26;
        _expectRefusal(given, "maxRevealWindow");
        given = _parameters();
        given.minSeatFee = 0;
        _expectRefusal(given, "minSeatFee");
        given.minSeatFee = 2 ** 80;
        _expectRefusal(given, "minSeatFee");
        given = _parameters();
        given.maxCallbackGas = 10_000_001;
        _expectRefusal(given, "maxCallbackGas");
        given = _parameters();
        given.maxInputBytes = 0;
        _expectRefusal(given, "maxInputBytes");
        given = _parameters();
        given.maxResultBytes = 0;
        _expectRefusal(given, "maxResultBytes");
        given.maxResultBytes = 16_385;
        _expectRefusal(given, "maxResultBytes");
        given = _parameters();
        given.lockMultiplierBps = 9999;
        _expectRefusal(given, "lockMultiplierBps");
        given = _parameters();
        given.protocolFeeBps = 10_000;
        _expectRefusal(given, "protocolFeeBps");
        given = _parameters();
        given.noAgreementShareBps = 10_000 - given.protocolFeeBps;
        _expectRefusal(given, "noAgreementShareBps");
    }

    function test_refuses_missing_contracts() public {
        string[7] memory names = ["models", "executors", "staking", "slashing", "sortition", "beacon", "agreement"];
        for (uint256 i = 0; i < names.length; ++i) {
            Configuration.Addresses memory addresses = _addresses();
            if (i == 0) addresses.models = IModelRegistry(address(0));
            else if (i == 1) addresses.executors = IExecutorRegistry(address(0));
            else if (i == 2) addresses.staking = IStaking(address(0));
            else if (i == 3) addresses.slashing = ISlashing(address(0));
            else if (i == 4) addresses.sortition = ISortition(address(0));
            else if (i == 5) addresses.beacon = IBeacon(address(0));
            else addresses.agreement = IAgreementVerifier(address(0));
            vm.expectRevert(abi.encodeWithSelector(IJobRegistry.InvalidParameter.selector, names[i]));
            new JobRegistry(_parameters(), addresses, ICourt(address(0x38)));
        }
    }
}
