// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {PaymentChannels} from "../src/channels/PaymentChannels.sol";
import {CalibrationList} from "../src/courts/CalibrationList.sol";
import {Court} from "../src/courts/Court.sol";
import {ICourt} from "../src/courts/ICourt.sol";
import {JobDesk} from "../src/desk/JobDesk.sol";
import {ExecutorRegistry} from "../src/executors/ExecutorRegistry.sol";
import {IPolicyRegistry} from "../src/governance/IPolicyRegistry.sol";
import {Policies} from "../src/governance/IPolicySet.sol";
import {PolicyRegistry} from "../src/governance/PolicyRegistry.sol";
import {ProtocolParameters} from "../src/governance/ProtocolParameters.sol";
import {Configuration} from "../src/jobs/Configuration.sol";
import {JobAdmission} from "../src/jobs/JobAdmission.sol";
import {JobRegistry} from "../src/jobs/JobRegistry.sol";
import {ModelRegistry} from "../src/models/ModelRegistry.sol";
import {ProofVerifierList} from "../src/proofs/ProofVerifierList.sol";
import {ActivityLog} from "../src/rewards/ActivityLog.sol";
import {RewardDistributor} from "../src/rewards/RewardDistributor.sol";
import {IExecutorOwners} from "../src/rewards/RewardReserve.sol";
import {IStakeWeights} from "../src/rewards/StakedRewards.sol";
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
import {DeploymentParameters, GovernanceParameters} from "./DeploymentParameters.sol";
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
    ActivityLog activity;
    ProofVerifierList proofVerifiers;
    PolicyRegistry governance;
    JobAdmission admission;
    JobRegistry jobs;
    JobDesk desk;
    RewardDistributor rewards;
    PaymentChannels channels;
    CalibrationList calibration;
    Court court;
    Vifs vifs;
    SingleJobRegistry single;
}

/// @notice Deploys everything. Scripts and tests share it; other deployers follow the same order.
/// @dev Contracts that name each other get addresses that don't exist yet: a contract created by an account is at
/// keccak256(rlp(account, nonce))[12:], so the order fixes all addresses. Counted from the deployer's nonce at the
/// start:
///
///    0  ModelRegistry(modelChangeDelay)
///    1  ExecutorRegistry(models, staking, sortition, keyChangeDelay, epochLength)
///    2  Staking(executors, [jobs, single, 0], slashing, reputation, activity, parameters)
///    3  Reputation(fullStepFee)
///    4  Slashing(executors, staking, [jobs, single, 0], court)
///    5  Sortition(executors, epochLength)
///    6  BlockhashBeacon()
///    7  AgreementVerifier()
///    8  VifVerifier()
///    9  ActivityLog(staking, epochLength)
///   10  ProofVerifierList(governance)
///   11  PolicyRegistry(terms, owner, guardian, policies, protocol parameters); creates the first PolicySet
///   12  JobAdmission(parameters, models, executors, governance, court)
///   13  JobRegistry(addresses)
///   14  JobDesk(jobs, thawPeriod)
///   15  RewardDistributor(governance, activity, executors, staking)
///   16  PaymentChannels(parameters)
///   17  CalibrationList(owner)
///   18  Court(parameters, addresses, [single, 0, 0])
///   19  Vifs(single, executors, vif)
///   20  SingleJobRegistry(parameters, addresses)
abstract contract Deployment is CommonBase {
    uint256 private constant COUNT = 21;

    error UnexpectedAddress(uint256 position, address expected, address actual);

    /// @param deployer The account that creates the contracts: the broadcaster, or the calling contract.
    function _deploy(DeploymentParameters memory given, address deployer) internal returns (Contracts memory) {
        return _deploy(given, deployer, ICourt(address(0)));
    }

    /// @param stand In the place of the court, for tests that decide themselves; zero for the court.
    function _deploy(DeploymentParameters memory given, address deployer, ICourt stand)
        internal
        returns (Contracts memory all)
    {
        address[COUNT] memory expected;
        uint256 nonce = vm.getNonce(deployer);
        for (uint256 i; i < expected.length; ++i) {
            expected[i] = vm.computeCreateAddress(deployer, nonce + i);
        }
        ICourt judge = address(stand) == address(0) ? ICourt(expected[18]) : stand;
        _deployNetwork(given, expected, all, judge);
        _deployGovernance(given, deployer, expected, all);
        _deployJobs(given, expected, all);
        all.rewards = new RewardDistributor(
            all.governance, all.activity, IExecutorOwners(address(all.executors)), IStakeWeights(address(all.staking))
        );
        all.channels = new PaymentChannels(given.channels);
        all.calibration = new CalibrationList(all.governance.owner());
        all.court = new Court(given.court, _courtAddresses(all), [expected[20], address(0), address(0)]);
        all.vifs = new Vifs(SingleJobRegistry(expected[20]), all.executors, all.vif);
        all.single = new SingleJobRegistry(given.single, _singleAddresses(all, judge));
        _check(expected, all);
    }

    function _deployNetwork(
        DeploymentParameters memory given,
        address[COUNT] memory expected,
        Contracts memory all,
        ICourt judge
    ) private {
        address[3] memory jobRegistries = [expected[13], expected[20], address(0)];
        all.models = new ModelRegistry(given.modelChangeDelay);
        all.executors = new ExecutorRegistry(
            all.models, Staking(expected[2]), Sortition(expected[5]), given.keyChangeDelay, given.epochLength
        );
        all.staking = new Staking(
            all.executors,
            jobRegistries,
            expected[4],
            Reputation(expected[3]),
            ActivityLog(expected[9]),
            StakePools.Parameters(given.minimumStake, given.epochLength, given.unbondingEpochs, given.fullStepFee)
        );
        all.reputation = new Reputation(given.fullStepFee);
        all.slashing = new Slashing(all.executors, all.staking, jobRegistries, address(judge));
        all.sortition = new Sortition(address(all.executors), given.epochLength);
        all.beacon = new BlockhashBeacon();
        all.agreement = new AgreementVerifier();
        all.vif = new VifVerifier();
        all.activity = new ActivityLog(address(all.staking), given.epochLength);
    }

    function _deployGovernance(
        DeploymentParameters memory given,
        address deployer,
        address[COUNT] memory expected,
        Contracts memory all
    ) private {
        GovernanceParameters memory with = given.governance;
        all.proofVerifiers = new ProofVerifierList(IPolicyRegistry(expected[11]));
        IPolicyRegistry.Terms memory terms = IPolicyRegistry.Terms({
            epochLength: uint32(given.epochLength),
            changeDelay: with.changeDelay,
            changeWindow: with.changeWindow,
            minimumEpochMargin: with.epochMargin,
            maximumPause: with.maximumPause,
            pauseCoolDown: with.pauseCoolDown
        });
        all.governance = new PolicyRegistry(
            terms,
            with.owner == address(0) ? deployer : with.owner,
            with.guardian == address(0) ? deployer : with.guardian,
            Policies({agreement: address(all.agreement), proofVerifiers: address(all.proofVerifiers)}),
            _protocolParameters(given, all.models.MAX_ROYALTY_BPS())
        );
    }

    function _deployJobs(DeploymentParameters memory given, address[COUNT] memory expected, Contracts memory all)
        private
    {
        all.admission = new JobAdmission(given.jobs, all.models, all.executors, all.governance, expected[18]);
        all.jobs = new JobRegistry(
            Configuration.Addresses({
                models: all.models,
                executors: all.executors,
                staking: all.staking,
                slashing: all.slashing,
                sortition: all.sortition,
                beacon: all.beacon,
                governance: all.governance,
                admission: all.admission,
                desk: expected[14],
                court: Court(expected[18])
            })
        );
        all.desk = new JobDesk(all.jobs, given.deskThawPeriod);
    }

    /// @dev All parameters in one struct, whose inequalities the policy registry asserts.
    function _protocolParameters(DeploymentParameters memory given, uint16 maxRoyaltyBps)
        private
        pure
        returns (ProtocolParameters memory)
    {
        GovernanceParameters memory with = given.governance;
        return ProtocolParameters({
            epochLength: uint32(given.epochLength),
            epochMargin: with.epochMargin,
            anchoringDelay: given.channels.anchoringDelay,
            beaconDelay: with.beaconSeconds,
            drawWindow: with.drawWindow,
            maxCommitWindow: given.jobs.maxCommitWindow,
            maxRevealWindow: given.jobs.maxRevealWindow,
            revealGrace: given.jobs.revealGrace,
            challengeWindow: given.court.challengeWindow,
            singleMaxWindow: given.single.maxWindow,
            singleChallengeWindow: given.single.maxChallengeWindow,
            courtWindow: _courtWindow(given),
            keyChangeDelay: uint32(given.keyChangeDelay),
            thawPeriod: given.channels.thawPeriod,
            rootActivationDelay: with.rootActivationDelay,
            unbondingEpochs: uint16(given.unbondingEpochs),
            protocolFeeBps: given.jobs.protocolFeeBps,
            maxRoyaltyBps: maxRoyaltyBps,
            noAgreementShareBps: given.jobs.noAgreementShareBps,
            emissionShareBps: with.emissionShareBps,
            lockMultiplierBps: given.jobs.lockMultiplierBps,
            minimumStake: uint96(given.minimumStake),
            minimumSeatFee: uint96(given.jobs.minSeatFee),
            epochEmissionCap: with.epochEmissionCap
        });
    }

    /// @dev From a challenge to its verdict: the life of the court's own job.
    function _courtWindow(DeploymentParameters memory given) private pure returns (uint32) {
        return given.governance.beaconSeconds + given.governance.drawWindow + 2 * given.court.commitWindow
            + given.court.revealWindow + given.jobs.revealGrace;
    }

    function _courtAddresses(Contracts memory all) private pure returns (Court.Addresses memory) {
        return Court.Addresses({
            jobs: all.jobs,
            models: all.models,
            executors: all.executors,
            staking: all.staking,
            slashing: all.slashing,
            governance: all.governance,
            calibration: all.calibration
        });
    }

    function _singleAddresses(Contracts memory all, ICourt judge)
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
            governance: all.governance,
            vifs: all.vifs,
            court: judge
        });
    }

    function _check(address[COUNT] memory expected, Contracts memory all) private pure {
        address[COUNT] memory actual = [
            address(all.models),
            address(all.executors),
            address(all.staking),
            address(all.reputation),
            address(all.slashing),
            address(all.sortition),
            address(all.beacon),
            address(all.agreement),
            address(all.vif),
            address(all.activity),
            address(all.proofVerifiers),
            address(all.governance),
            address(all.admission),
            address(all.jobs),
            address(all.desk),
            address(all.rewards),
            address(all.channels),
            address(all.calibration),
            address(all.court),
            address(all.vifs),
            address(all.single)
        ];
        for (uint256 i; i < expected.length; ++i) {
            if (actual[i] != expected[i]) revert UnexpectedAddress(i, expected[i], actual[i]);
        }
    }
}
