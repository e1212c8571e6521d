// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Contracts, Deployment} from "./Deployment.sol";
import {DeploymentParameters, Presets} from "./DeploymentParameters.sol";
import {Script} from "forge-std/Script.sol";
import {console} from "forge-std/console.sol";

/// @title Deploys all contracts from the broadcasting account.
/// @notice forge script script/Deploy.s.sol --rpc-url URL --broadcast --private-key KEY
/// With `--sig "production(address,address)" OWNER GUARDIAN` the parameters are those of a network of strangers. On a devnet
/// the deployer is both.
contract Deploy is Script, Deployment {
    /// @notice A live network isn't governed by whoever happened to deploy it.
    error NobodyGoverns(address owner, address guardian);

    function run() external returns (Contracts memory) {
        return _run(Presets.devnet());
    }

    /// @param owner Replaces policies after a delay; a timelock or a multi-signature wallet.
    /// @param guardian May pause new jobs for a bounded time.
    function production(address owner, address guardian) external returns (Contracts memory) {
        if (owner == address(0) || guardian == address(0)) revert NobodyGoverns(owner, guardian);
        DeploymentParameters memory given = Presets.production();
        (given.governance.owner, given.governance.guardian) = (owner, guardian);
        return _run(given);
    }

    function _run(DeploymentParameters memory given) private returns (Contracts memory all) {
        vm.startBroadcast();
        (, address deployer,) = vm.readCallers();
        all = _deploy(given, deployer);
        vm.stopBroadcast();

        console.log("ModelRegistry     ", address(all.models));
        console.log("ExecutorRegistry  ", address(all.executors));
        console.log("Staking           ", address(all.staking));
        console.log("Reputation        ", address(all.reputation));
        console.log("Slashing          ", address(all.slashing));
        console.log("Sortition         ", address(all.sortition));
        console.log("BlockhashBeacon   ", address(all.beacon));
        console.log("AgreementVerifier ", address(all.agreement));
        console.log("VifVerifier       ", address(all.vif));
        console.log("ActivityLog       ", address(all.activity));
        console.log("ProofVerifierList ", address(all.proofVerifiers));
        console.log("PolicyRegistry    ", address(all.governance));
        console.log("JobAdmission      ", address(all.admission));
        console.log("JobRegistry       ", address(all.jobs));
        console.log("JobDesk           ", address(all.desk));
        console.log("RewardDistributor ", address(all.rewards));
        console.log("PaymentChannels   ", address(all.channels));
        console.log("CalibrationList   ", address(all.calibration));
        console.log("Court             ", address(all.court));
        console.log("Vifs              ", address(all.vifs));
        console.log("SingleJobRegistry ", address(all.single));
    }
}
