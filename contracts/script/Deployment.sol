// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICourt} from "../src/courts/ICourt.sol";
import {ExecutorRegistry} from "../src/executors/ExecutorRegistry.sol";
import {Configuration} from "../src/jobs/Configuration.sol";
import {JobRegistry} from "../src/jobs/JobRegistry.sol";
import {ModelRegistry} from "../src/models/ModelRegistry.sol";
import {IProofVerifierList} from "../src/proofs/IProofVerifierList.sol";
import {BlockhashBeacon} from "../src/schedule/BlockhashBeacon.sol";
import {Sortition} from "../src/schedule/Sortition.sol";
import {SingleConfiguration} from "../src/single/SingleConfiguration.sol";
import {SingleJobRegistry} from "../src/single/SingleJobRegistry.sol";
import {Vifs} from "../src/single/Vifs.sol";
import {Reputation} from "../src/stake/Reputation.sol";
import {Slashing} from "../src/stake/Slashing.sol";
import {StakePools} from "../src/stake/StakePools.sol";
import {Staking} from "../src/stake/Staking.sol";
import {AgreementVerifier} from "../src/verify/AgreementVerifier.sol";
import {VifVerifier} from "../src/verify/VifVerifier.sol";
import {DeploymentParameters} from "./DeploymentParameters.sol";
import {CommonBase} from "forge-std/Base.sol";

/// @notice All contracts of one deployment.
struct Contracts {
    ModelRegistry models;
    ExecutorRegistry executors;
    Staking staking;
    Reputation reputation;
    Slashing slashing;
    Sortition sortition;
    BlockhashBeacon beacon;
    AgreementVerifier agreement;
    VifVerifier vif;
    JobRegistry jobs;
    Vifs vifs;
    SingleJobRegistry single;
}

/// @notice Deploys everything. Scripts and tests share it; other deployers follow the same order.
/// @dev Contracts that name each other get addresses that don't exist yet: a contract created by an account is at
/// keccak256(rlp(account, nonce))[12:], so the order fixes all addresses. Counted from the deployer's nonce at the
/// start:
///
///   0  ModelRegistry(modelChangeDelay)
///   1  ExecutorRegistry(models, staking, sortition, keyChangeDelay, epochLength)
///   2  Staking(executors, [jobs, single, 0], slashing, reputation, parameters)
///   3  Reputation(fullStepFee)
///   4  Slashing(executors, staking, [jobs, single, 0], court: 0)
///   5  Sortition(executors, epochLength)
///   6  BlockhashBeacon()
///   7  AgreementVerifier()
///   8  VifVerifier()
///   9  JobRegistry(parameters, addresses)
///  10  Vifs(single, executors, vif)
///  11  SingleJobRegistry(parameters, addresses: no proof verifiers, no court)
abstract contract Deployment is CommonBase {
    error UnexpectedAddress(uint256 position, address expected, address actual);

    /// @param deployer The account that creates the contracts: the broadcaster, or the calling contract.
    function _deploy(DeploymentParameters memory given, address deployer) internal returns (Contracts memory) {
        return _deploy(given, deployer, ICourt(address(0)), IProofVerifierList(address(0)));
    }

    /// @dev With a court for, and a list of proof verifiers of, the single-executor registry.
    function _deploy(DeploymentParameters memory given, address deployer, ICourt court, IProofVerifierList verifiers)
        internal
        returns (Contracts memory all)
    {
        address[12] memory expected;
        uint256 nonce = vm.getNonce(deployer);
        for (uint256 i; i < expected.length; ++i) {
            expected[i] = vm.computeCreateAddress(deployer, nonce + i);
        }
        address[3] memory registries = [expected[9], expected[11], address(0)];
        all.models = new ModelRegistry(given.modelChangeDelay);
        all.executors = new ExecutorRegistry(
            all.models, Staking(expected[2]), Sortition(expected[5]), given.keyChangeDelay, given.epochLength
        );
        all.staking = new Staking(
            all.executors,
            registries,
            expected[4],
            Reputation(expected[3]),
            StakePools.Parameters(given.minimumStake, given.epochLength, given.unbondingEpochs, given.fullStepFee)
        );
        all.reputation = new Reputation(given.fullStepFee);
        all.slashing = new Slashing(all.executors, all.staking, registries, address(court));
        all.sortition = new Sortition(address(all.executors), given.epochLength);
        all.beacon = new BlockhashBeacon();
        all.agreement = new AgreementVerifier();
        all.vif = new VifVerifier();
        all.jobs = new JobRegistry(given.jobs, _addresses(all));
        all.vifs = new Vifs(SingleJobRegistry(expected[11]), all.executors, all.vif);
        all.single = new SingleJobRegistry(given.single, _singleAddresses(all, court, verifiers));
        _check(expected, all);
    }

    function _addresses(Contracts memory all) private pure returns (Configuration.Addresses memory) {
        return Configuration.Addresses({
            models: all.models,
            executors: all.executors,
            staking: all.staking,
            slashing: all.slashing,
            sortition: all.sortition,
            beacon: all.beacon,
            agreement: all.agreement
        });
    }

    function _singleAddresses(Contracts memory all, ICourt court, IProofVerifierList verifiers)
        private
        pure
        returns (SingleConfiguration.Addresses memory)
    {
        return SingleConfiguration.Addresses({
            models: all.models,
            executors: all.executors,
            staking: all.staking,
            slashing: all.slashing,
            sortition: all.sortition,
            beacon: all.beacon,
            verifiers: verifiers,
            vifs: all.vifs,
            court: court
        });
    }

    function _check(address[12] memory expected, Contracts memory all) private pure {
        address[12] memory actual = [
            address(all.models),
            address(all.executors),
            address(all.staking),
            address(all.reputation),
            address(all.slashing),
            address(all.sortition),
            address(all.beacon),
            address(all.agreement),
            address(all.vif),
            address(all.jobs),
            address(all.vifs),
            address(all.single)
        ];
        for (uint256 i; i < expected.length; ++i) {
            if (actual[i] != expected[i]) revert UnexpectedAddress(i, expected[i], actual[i]);
        }
    }
}
