// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IExecutorRegistry} from "../executors/IExecutorRegistry.sol";
import {IJobRegistry} from "../jobs/IJobRegistry.sol";
import {JobState} from "../jobs/JobTypes.sol";
import {ISlashing} from "./ISlashing.sol";
import {IStaking, Offence} from "./IStaking.sol";
import {JobCallers, MAX_JOB_REGISTRIES} from "./JobCallers.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title How much an offence costs, and who may say that it happened.
/// @notice Asks `Staking` to cut; holds no money.
contract Slashing is ISlashing, JobCallers {
    uint256 private constant REWARD_CAP_IN_SEAT_FEES = 10;

    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(bytes32 jobId,bytes32 modelId,uint32 version,bytes32 runtimeClass,bytes32 inputHash,bytes32 parametersHash,bytes32 resultHash,bytes32 vectorHash,bytes32 traceRoot,bytes32 beta,uint32 unitsIn,uint32 unitsOut,bool isFinal)"
    );
    bytes32 private constant NAME_HASH = keccak256("Infera");
    bytes32 private constant VERSION_HASH = keccak256("1");

    IExecutorRegistry public immutable executors;
    IStaking public immutable staking;
    /// @notice Who reports convictions; the zero address while there is no court.
    address public immutable court;

    mapping(uint32 executorId => mapping(bytes32 jobId => bool)) private _equivocated;

    constructor(
        IExecutorRegistry executors_,
        IStaking staking_,
        address[MAX_JOB_REGISTRIES] memory jobRegistries,
        address court_
    ) JobCallers(jobRegistries) {
        executors = executors_;
        staking = staking_;
        court = court_;
    }

    /// @inheritdoc ISlashing
    function punish(Offence offence, uint32 executorId, bytes32 jobId, uint128 seatFee, address prover)
        public
        returns (uint256 amount)
    {
        if (!_mayReport(msg.sender, offence)) revert NotAuthorised(msg.sender, offence);
        return _slash(offence, executorId, jobId, seatFee, prover);
    }

    /// @inheritdoc ISlashing
    function punishNoReveal(uint32 executorId, bytes32 jobId, uint128 seatFee, address prover)
        external
        returns (uint256 amount)
    {
        return punish(Offence.NoReveal, executorId, jobId, seatFee, prover);
    }

    /// @inheritdoc ISlashing
    function punishEquivocation(
        IJobRegistry registry,
        Receipt calldata first,
        bytes calldata firstSignature,
        Receipt calldata second,
        bytes calldata secondSignature
    ) external returns (uint256 amount) {
        if (!isJobRegistry(address(registry))) revert NotJobRegistry(address(registry));
        bytes32 jobId = first.jobId;
        if (second.jobId != jobId) revert OtherJob(jobId, second.jobId);
        if (!first.isFinal || !second.isFinal) revert ReceiptNotFinal();
        if (first.resultHash == second.resultHash && first.vectorHash == second.vectorHash) {
            revert SameResult(first.resultHash, first.vectorHash);
        }
        address signer = _signer(address(registry), first, firstSignature);
        address other = _signer(address(registry), second, secondSignature);
        if (signer == address(0) || signer != other) revert SignersDiffer(signer, other);

        JobState memory job = registry.jobState(jobId);
        uint32 executorId = executors.signerAt(signer, job.requestTime);
        if (executorId == 0) revert UnknownSigner(signer, job.requestTime);
        if (!_isSeated(job.committee, executorId)) revert NotSeated(executorId, jobId);
        if (_equivocated[executorId][jobId]) revert AlreadyPunished(executorId, jobId);
        _equivocated[executorId][jobId] = true;
        return _slash(Offence.Equivocation, executorId, jobId, job.seatFee, msg.sender);
    }

    /// @inheritdoc ISlashing
    function receiptDigest(address registry, Receipt calldata receipt) public view returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, registry));
        // A receipt's members are all static: its encoding is theirs, one word each.
        bytes32 structHash = keccak256(bytes.concat(RECEIPT_TYPEHASH, abi.encode(receipt)));
        return MessageHashUtils.toTypedDataHash(domain, structHash);
    }

    /// @inheritdoc ISlashing
    function percentOf(Offence offence, uint8 strike) external pure returns (uint8) {
        if (strike == 0) return 0;
        IStaking.Penalty memory penalty = _penaltyOf(offence);
        if (strike == 1) return penalty.first;
        return strike == 2 ? penalty.second : penalty.third;
    }

    function _slash(Offence offence, uint32 executorId, bytes32 jobId, uint128 seatFee, address prover)
        private
        returns (uint256)
    {
        return staking.slash(executorId, jobId, _penaltyOf(offence), prover, REWARD_CAP_IN_SEAT_FEES * seatFee);
    }

    /// @dev Equivocation is shown, not reported.
    function _mayReport(address caller, Offence offence) private view returns (bool) {
        if (offence == Offence.Equivocation) return false;
        if (offence == Offence.Conviction) return caller != address(0) && caller == court;
        return isJobRegistry(caller);
    }

    function _penaltyOf(Offence offence) private pure returns (IStaking.Penalty memory) {
        if (offence == Offence.Equivocation) return IStaking.Penalty(offence, 100, 100, 100, false);
        if (offence == Offence.InvalidVif || offence == Offence.InvalidOpening) {
            return IStaking.Penalty(offence, 20, 50, 100, false);
        }
        return IStaking.Penalty(offence, 5, 20, 100, offence == Offence.Conviction);
    }

    function _signer(address registry, Receipt calldata receipt, bytes calldata signature)
        private
        view
        returns (address signer)
    {
        (signer,,) = ECDSA.tryRecoverCalldata(receiptDigest(registry, receipt), signature);
    }

    function _isSeated(uint32[] memory committee, uint32 executorId) private pure returns (bool) {
        for (uint256 seat; seat < committee.length; ++seat) {
            if (committee[seat] == executorId) return true;
        }
        return false;
    }
}
