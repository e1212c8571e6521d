// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Contracts, Deployment} from "../../script/Deployment.sol";
import {DeploymentParameters} from "../../script/DeploymentParameters.sol";
import {ICourt} from "../../src/courts/ICourt.sol";

/// @notice Deploys everything for a test. Fixtures create it from its artifact: with `new`, the compiler would optimise all
/// contracts once more for each test contract, which takes minutes.
contract Deployer is Deployment {
    function deploy(DeploymentParameters calldata given) external returns (Contracts memory) {
        return _deploy(given, address(this));
    }

    function deployWith(DeploymentParameters calldata given, ICourt court) external returns (Contracts memory) {
        return _deploy(given, address(this), court);
    }
}
