// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ExecutorRegistry} from "../../src/executors/ExecutorRegistry.sol";
import {IExecutorRegistry} from "../../src/executors/IExecutorRegistry.sol";
import {IModelRegistry, ResultRule, VerificationProfile} from "../../src/models/IModelRegistry.sol";
import {ModelRegistry} from "../../src/models/ModelRegistry.sol";
import {Sortition} from "../../src/schedule/Sortition.sol";
import {IStaking, Offence, SeatOutcome} from "../../src/stake/IStaking.sol";
import {Reputation} from "../../src/stake/Reputation.sol";
import {Slashing} from "../../src/stake/Slashing.sol";
import {Staking} from "../../src/stake/Staking.sol";
import {NetworkContracts, NetworkDeployer} from "../deployers/NetworkDeployer.sol";
import {Test, Vm} from "forge-std/Test.sol";

/// @notice The registries, staking and sortition as they are deployed. The job registry is an address that tests prank.
abstract contract NetworkFixture is Test {
    uint256 internal constant MINIMUM_STAKE = 100 ether;
    uint64 internal constant EPOCH_LENGTH = 1 days;
    uint64 internal constant UNBONDING_EPOCHS = 7;
    uint64 internal constant KEY_CHANGE_DELAY = 2 days;
    uint64 internal constant MODEL_CHANGE_DELAY = 3 days;
    uint128 internal constant FULL_STEP_FEE = 0.01 ether;
    uint256 internal constant FIRST_EPOCH = 20_000;

    bytes32 internal constant RUNTIME_CLASS = keccak256("fp32/libtorch-2.11");
    bytes32 internal constant JOB = keccak256("a job");

    address internal immutable jobRegistry = makeAddr("job registry");
    address internal immutable court = makeAddr("court");
    address internal immutable publisher = makeAddr("publisher");
    address internal immutable requester = makeAddr("requester");

    ModelRegistry internal models;
    ExecutorRegistry internal executors;
    Sortition internal sortition;
    Reputation internal reputation;
    Staking internal staking;
    Slashing internal slashing;

    function setUp() public virtual {
        vm.warp(FIRST_EPOCH * EPOCH_LENGTH);
        NetworkContracts memory all = NetworkDeployer(vm.deployCode("NetworkDeployer.sol:NetworkDeployer"))
            .deploy(
                NetworkDeployer.Parameters({
                jobRegistry: jobRegistry,
                court: court,
                minimumStake: MINIMUM_STAKE,
                epochLength: EPOCH_LENGTH,
                unbondingEpochs: UNBONDING_EPOCHS,
                keyChangeDelay: KEY_CHANGE_DELAY,
                modelChangeDelay: MODEL_CHANGE_DELAY,
                fullStepFee: FULL_STEP_FEE
            })
            );
        (models, executors, sortition) = (all.models, all.executors, all.sortition);
        (reputation, staking, slashing) = (all.reputation, all.staking, all.slashing);
    }

    // ---------------------------------------------------------------- models

    function _profile() internal pure returns (VerificationProfile memory) {
        return VerificationProfile({
            rule: ResultRule.Scores,
            dimension: 384,
            scale: 32_767,
            maxCosineDistancePpb: 1000,
            normTolerancePpm: 100,
            elementTolerance: 20,
            bitExact: false
        });
    }

    function _classes() internal pure returns (IModelRegistry.RuntimeClassInput[] memory classes) {
        classes = new IModelRegistry.RuntimeClassInput[](1);
        classes[0] = IModelRegistry.RuntimeClassInput(RUNTIME_CLASS, _profile());
    }

    function _publish(string memory name) internal returns (bytes32 modelId) {
        vm.prank(publisher);
        return models.publish(name, keccak256("manifest"), 2, "ipfs://manifest", _classes());
    }

    // ---------------------------------------------------------------- executors

    function _vrfWallet(string memory name) internal returns (Vm.Wallet memory) {
        return vm.createWallet(string.concat(name, "'s vrf key"));
    }

    function _signerWallet(string memory name) internal returns (Vm.Wallet memory) {
        return vm.createWallet(string.concat(name, "'s signer"));
    }

    function _keys(string memory name) internal returns (IExecutorRegistry.Keys memory) {
        Vm.Wallet memory vrf = _vrfWallet(name);
        return IExecutorRegistry.Keys({
            signer: _signerWallet(name).addr,
            vrfX: vrf.publicKeyX,
            vrfY: vrf.publicKeyY,
            encryptionKey: keccak256(bytes(name))
        });
    }

    function _possession(string memory name, address owner) internal returns (bytes memory) {
        Vm.Wallet memory vrf = _vrfWallet(name);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(vrf, executors.vrfPossessionDigest(owner));
        return abi.encodePacked(r, s, v);
    }

    function _signerPossession(string memory name, address owner) internal returns (bytes memory) {
        Vm.Wallet memory signer = _signerWallet(name);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(signer, executors.signerPossessionDigest(owner));
        return abi.encodePacked(r, s, v);
    }

    function _register(address owner, string memory name) internal returns (uint32) {
        IExecutorRegistry.Keys memory keys = _keys(name);
        bytes memory possession = _possession(name, owner);
        bytes memory signerPossession = _signerPossession(name, owner);
        vm.prank(owner);
        return executors.register(keys, possession, signerPossession, "https://executor.example", "eu");
    }

    function _registerWithStake(address owner, string memory name, uint256 amount) internal returns (uint32 id) {
        id = _register(owner, name);
        _stake(id, amount);
    }

    // ---------------------------------------------------------------- stake and seats

    function _stake(uint32 id, uint256 amount) internal {
        hoax(makeAddr("funder"), amount);
        staking.stake{value: amount}(id);
    }

    function _requestExit(address owner, uint256 amount) internal returns (uint64 maturesAtEpoch) {
        vm.prank(owner);
        staking.requestExit(amount);
        return staking.exitMaturity();
    }

    function _skipEpochs(uint256 epochs) internal {
        skip(epochs * EPOCH_LENGTH);
    }

    function _lock(uint32 id, uint128 amount) internal returns (bool) {
        vm.prank(jobRegistry);
        return staking.tryLockSeat(JOB, id, amount, type(uint16).max);
    }

    function _settle(uint32 id, uint128 locked, SeatOutcome outcome, uint128 payment) internal {
        _settleFor(requester, id, locked, outcome, payment);
    }

    function _settleFor(address from, uint32 id, uint128 locked, SeatOutcome outcome, uint128 payment) internal {
        IStaking.Settlement[] memory settlements = new IStaking.Settlement[](1);
        settlements[0] = IStaking.Settlement(id, outcome, payment, FULL_STEP_FEE);
        hoax(jobRegistry, payment);
        staking.settle{value: payment}(JOB, from, locked, settlements);
    }

    /// @dev One seat that ends badly, for a requester of its own, so that it always steps the reputation.
    function _outlier(uint32 id, uint256 salt) internal {
        assertTrue(_lock(id, 1 ether));
        _settleFor(address(uint160(uint256(keccak256(abi.encode(salt))))), id, 1 ether, SeatOutcome.Outlier, 0);
    }

    function _ejectByOutliers(uint32 id) internal {
        for (uint256 salt; !staking.accountOf(id).ejected; ++salt) {
            _outlier(id, salt);
        }
    }

    function _punish(uint32 id, uint128 seatFee, address prover) internal returns (uint256) {
        vm.prank(jobRegistry);
        return slashing.punishNoReveal(id, JOB, seatFee, prover);
    }

    /// @dev A slash of any percentage.
    function _slash(uint32 id, uint8 percent, address prover, uint256 rewardCap) internal returns (uint256) {
        IStaking.Penalty memory penalty = IStaking.Penalty(Offence.NoReveal, percent, percent, percent, false);
        vm.prank(address(slashing));
        return staking.slash(id, JOB, penalty, prover, rewardCap);
    }

    // ---------------------------------------------------------------- delegation

    function _delegate(address delegator, uint32 id, uint256 amount) internal {
        hoax(delegator, amount);
        staking.delegate{value: amount}(id);
    }

    function _undelegate(address delegator, uint32 id, uint256 amount) internal returns (uint64 maturesAtEpoch) {
        vm.prank(delegator);
        staking.undelegate(id, amount);
        return staking.exitMaturity();
    }

    function _worthOf(uint32 id, address delegator) internal view returns (uint256 amount) {
        (amount,,) = staking.delegationOf(id, delegator);
    }

    function _owedTo(uint32 id, address delegator) internal view returns (uint256 earnings) {
        (,, earnings) = staking.delegationOf(id, delegator);
    }

    /// @dev Everything earned by one successful seat.
    function _earn(uint32 id, uint128 payment) internal {
        assertTrue(_lock(id, 1 ether));
        _settle(id, 1 ether, SeatOutcome.Success, payment);
    }

    function _skipToEpoch(uint64 epoch) internal {
        vm.warp(uint256(epoch) * EPOCH_LENGTH);
    }
}
