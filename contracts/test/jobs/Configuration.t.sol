// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Presets} from "../../script/DeploymentParameters.sol";
import {ICourt} from "../../src/courts/ICourt.sol";
import {IExecutorRegistry} from "../../src/executors/IExecutorRegistry.sol";
import {IPolicyRegistry} from "../../src/governance/IPolicyRegistry.sol";
import {Configuration} from "../../src/jobs/Configuration.sol";
import {IJobAdmission} from "../../src/jobs/IJobAdmission.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {JobRegistry} from "../../src/jobs/JobRegistry.sol";
import {IModelRegistry} from "../../src/models/IModelRegistry.sol";
import {IBeacon} from "../../src/schedule/IBeacon.sol";
import {ISortition} from "../../src/schedule/ISortition.sol";
import {ISlashing} from "../../src/stake/ISlashing.sol";
import {IStaking} from "../../src/stake/IStaking.sol";
import {Test} from "forge-std/Test.sol";

contract ConfigurationTest is Test {
    function setUp() public {
        vm.mockCall(address(0x33), abi.encodeCall(IStaking.epochLength, ()), abi.encode(uint64(3600)));
        vm.mockCall(address(0x38), abi.encodeCall(IJobAdmission.parameters, ()), abi.encode(_parameters()));
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
            governance: IPolicyRegistry(address(0x37)),
            admission: IJobAdmission(address(0x38)),
            desk: address(0),
            court: ICourt(address(0))
        });
    }

    function test_parameters_are_those_of_the_admission() public {
        JobRegistry registry = new JobRegistry(_addresses());
        assertEq(abi.encode(registry.parameters()), abi.encode(_parameters()));
        assertEq(address(registry.admission()), address(0x38));
    }

    function test_refuses_missing_contracts() public {
        string[8] memory names =
            ["models", "executors", "staking", "slashing", "sortition", "beacon", "governance", "admission"];
        for (uint256 i = 0; i < names.length; ++i) {
            Configuration.Addresses memory addresses = _addresses();
            if (i == 0) addresses.models = IModelRegistry(address(0));
            else if (i == 1) addresses.executors = IExecutorRegistry(address(0));
            else if (i == 2) addresses.staking = IStaking(address(0));
            else if (i == 3) addresses.slashing = ISlashing(address(0));
            else if (i == 4) addresses.sortition = ISortition(address(0));
            else if (i == 5) addresses.beacon = IBeacon(address(0));
            else if (i == 6) addresses.governance = IPolicyRegistry(address(0));
            else addresses.admission = IJobAdmission(address(0));
            vm.expectRevert(abi.encodeWithSelector(IJobRegistry.InvalidParameter.selector, names[i]));
            new JobRegistry(addresses);
        }
    }
}
