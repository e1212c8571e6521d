// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Contracts} from "../../script/Deployment.sol";
import {DeploymentParameters} from "../../script/DeploymentParameters.sol";
import {CourtTerms, ICourt, Verdict} from "../../src/courts/ICourt.sol";
import {ProofStatement} from "../../src/proofs/IProofVerifier.sol";
import {ProofVerifierList} from "../../src/proofs/ProofVerifierList.sol";
import {SignatureQuorumVerifier} from "../../src/proofs/SignatureQuorumVerifier.sol";
import {ISingleJobRegistry} from "../../src/single/ISingleJobRegistry.sol";
import {SingleJobRegistry} from "../../src/single/SingleJobRegistry.sol";
import {Record, Scheduler, SinglePhase, SingleTerms, SingleTier} from "../../src/single/SingleTypes.sol";
import {Vifs} from "../../src/single/Vifs.sol";
import {IVifVerifier} from "../../src/verify/IVifVerifier.sol";
import {Deployer} from "../deployers/Deployer.sol";
import {JobFixture, Reply} from "../jobs/JobFixture.sol";
import {EcvrfReference} from "../verify/EcvrfReference.sol";
import {TestCourt} from "./TestCourt.sol";
import {Vm} from "forge-std/Test.sol";

/// @notice The system with its single-executor registry, a court that tests steer, and a verifier of signatures.
abstract contract SingleFixture is JobFixture {
    SingleJobRegistry internal single;
    Vifs internal vifs;
    TestCourt internal court;
    ProofVerifierList internal verifiers;
    SignatureQuorumVerifier internal quorum;
    Vm.Wallet internal prover;
    ISingleJobRegistry.Parameters internal bounds;
    address internal immutable challenger = makeAddr("challenger");

    /// What `_submitted` knows of the last answer beside its record.
    bytes32 internal lastBeacon;
    bytes internal lastVif;

    function setUp() public virtual override {
        super.setUp();
        for (uint32 id = 1; id <= _executorCount(); ++id) {
            _adopt(id);
        }
    }

    function _deploy(DeploymentParameters memory given) internal virtual override returns (Contracts memory made) {
        bounds = given.single;
        court = new TestCourt();
        made = Deployer(vm.deployCode("Deployer.sol:Deployer")).deployWith(given, ICourt(address(court)));
        prover = vm.createWallet("prover");
        address[] memory signers = new address[](1);
        signers[0] = prover.addr;
        quorum = SignatureQuorumVerifier(
            vm.deployCode(
                "SignatureQuorumVerifier.sol:SignatureQuorumVerifier", abi.encode(made.governance, signers, 1)
            )
        );
        verifiers = made.proofVerifiers;
        verifiers.add(address(quorum));
        vm.warp(verifiers.activeFrom(address(quorum)));
        (single, vifs) = (made.single, made.vifs);
        court.setSlashing(made.slashing);
    }

    /// @dev An executor's signer, told without a call, so that a test may expect a revert of the call after it.
    function _hot(uint32 id) internal returns (address) {
        return _signerWallet(id).addr;
    }

    function _adopt(uint32 id) internal {
        vm.prank(_hot(id));
        vifs.adoptKey();
    }

    // ---------------------------------------------------------------- terms

    /// @dev Optimistic, drawn by sortition; no callback; every fee the least, but a price of twice the market's.
    function _single(uint256 nonce) internal view returns (SingleTerms memory terms) {
        terms.requester = requester;
        terms.nonce = nonce;
        terms.modelId = modelId;
        terms.version = VERSION;
        terms.runtimeClass = RUNTIME_CLASS;
        terms.inputHash = keccak256(input);
        terms.parametersHash = keccak256(labels);
        terms.maxPricePerUnit = 2 * PRICE;
        terms.maxUnits = UNITS;
        terms.submitWindow = 60;
        terms.takeoverWindow = 120;
        terms.challengeWindow = 300;
        terms.dispatchFee = bounds.minDispatchFee;
        terms.advanceReserve = bounds.minAdvanceReserve;
        terms.refundTo = refundee;
    }

    function _proven(uint256 nonce) internal view returns (SingleTerms memory terms) {
        terms = _single(nonce);
        terms.tier = SingleTier.Proven;
        terms.verifier = address(quorum);
        terms.challengeWindow = 0;
    }

    function _auction(uint256 nonce) internal view returns (SingleTerms memory terms) {
        terms = _single(nonce);
        terms.scheduler = Scheduler.ReverseAuction;
        terms.bidWindow = 30;
    }

    function _calling(SingleTerms memory terms, address target, uint32 gasForTarget)
        internal
        view
        returns (SingleTerms memory)
    {
        terms.callbackTarget = target;
        terms.callbackGas = gasForTarget;
        terms.callbackFee = uint128(uint256(gasForTarget) * bounds.callbackGasPrice);
        terms.errorCallback = true;
        return terms;
    }

    // ---------------------------------------------------------------- steps

    function _ask(SingleTerms memory terms) internal returns (bytes32 jobId) {
        uint256 escrow = single.quote(terms);
        vm.deal(terms.requester, terms.requester.balance + escrow);
        vm.prank(terms.requester);
        return single.request{value: escrow}(terms, input, labels, "");
    }

    /// @dev Requests, waits for the beacon, and tells who is drawn.
    function _askDrawable(SingleTerms memory terms) internal returns (bytes32 jobId, uint32 id) {
        jobId = _ask(terms);
        _toBeacon();
        (id,) = single.drawnOf(terms);
        assertTrue(id != 0, "nobody is drawn");
    }

    /// @dev Requests, and draws on record by `advanceJob`.
    function _askDrawn(SingleTerms memory terms) internal returns (bytes32 jobId, uint32 id) {
        (jobId, id) = _askDrawable(terms);
        skip(bounds.drawBountyDelay);
        _advance(terms);
        _assertAt(jobId, SinglePhase.Drawn);
    }

    function _advance(SingleTerms memory terms) internal {
        vm.prank(stranger);
        single.advanceJob(terms);
    }

    /// @dev Bytes of a VIF's length; most tests look no closer.
    function _anyVif(uint32 id) internal pure returns (bytes memory) {
        bytes32 seed = keccak256(abi.encode("vif", id));
        return abi.encodePacked(bytes1(0x02), seed, bytes16(keccak256(abi.encode(seed))), bytes32(uint256(seed) >> 8));
    }

    function _submit(SingleTerms memory terms, uint32 id, Reply memory reply) internal returns (Record memory) {
        return _submitVif(terms, id, reply, _anyVif(id));
    }

    function _submitVif(SingleTerms memory terms, uint32 id, Reply memory reply, bytes memory vif)
        internal
        returns (Record memory record)
    {
        vm.recordLogs();
        vm.prank(_hot(id));
        single.submit(terms, reply.result, reply.vector, vif);
        return _submitted(terms, vm.getRecordedLogs());
    }

    function _prove(SingleTerms memory terms, uint32 id, Reply memory reply) internal returns (Record memory record) {
        bytes memory proof = _proof(terms, id, reply);
        vm.recordLogs();
        vm.prank(_hot(id));
        single.submitProven(terms, reply.result, reply.vector, proof);
        return _submitted(terms, vm.getRecordedLogs());
    }

    function _proof(SingleTerms memory terms, uint32 id, Reply memory reply) internal returns (bytes memory) {
        ProofStatement memory statement = ProofStatement({
            jobId: single.jobIdOf(terms),
            executor: executors.ownerOf(id),
            modelId: terms.modelId,
            version: terms.version,
            runtimeClass: terms.runtimeClass,
            inputHash: terms.inputHash,
            parametersHash: terms.parametersHash,
            resultHash: keccak256(reply.result),
            vectorHash: keccak256(reply.vector)
        });
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(prover, quorum.statementDigest(statement));
        return abi.encodePacked(r, s, v);
    }

    /// @dev A job that a drawn executor has answered.
    function _provisional(SingleTerms memory terms, Reply memory reply)
        internal
        returns (bytes32 jobId, Record memory record)
    {
        uint32 id;
        (jobId, id) = _askDrawable(terms);
        record = _submit(terms, id, reply);
    }

    /// @dev The record of the answer among the logs, as anyone makes it of the terms and the event.
    function _submitted(SingleTerms memory terms, Vm.Log[] memory logs) internal returns (Record memory record) {
        record.modelId = terms.modelId;
        record.challengeWindow = terms.challengeWindow;
        record.dispatchFee = terms.dispatchFee;
        record.callbackFee = terms.callbackFee;
        record.refundTo = terms.refundTo;
        record.callbackTarget = terms.callbackTarget;
        record.callbackGas = terms.callbackGas;
        record.provisionalCallback = terms.provisionalCallback;
        record.errorCallback = terms.errorCallback;
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            if (topic == ISingleJobRegistry.Submitted.selector) {
                bytes32 keyHash;
                bytes memory result;
                bytes memory vector;
                (record.fee, record.balance, record.windowEnd, keyHash, lastBeacon, result, vector, lastVif) =
                    abi.decode(logs[i].data, (uint128, uint256, uint64, bytes32, bytes32, bytes, bytes, bytes));
                record.vifHash = keccak256(abi.encode(keyHash, lastBeacon, keccak256(lastVif)));
                record.answerHash = keccak256(abi.encode(keccak256(result), keccak256(vector)));
            } else if (topic == ISingleJobRegistry.Proven.selector) {
                bytes memory result;
                bytes memory vector;
                (record.fee, record.balance, result, vector,) =
                    abi.decode(logs[i].data, (uint128, uint256, bytes, bytes, bytes));
                record.windowEnd = uint64(vm.getBlockTimestamp());
                record.answerHash = keccak256(abi.encode(keccak256(result), keccak256(vector)));
            } else {
                continue;
            }
            record.executorId = uint32(uint256(logs[i].topics[2]));
        }
        assertTrue(record.executorId != 0, "no answer");
    }

    function _finalize(bytes32 jobId, Record memory record, Reply memory reply) internal {
        vm.prank(stranger);
        single.finalize(jobId, record, reply.result, keccak256(reply.vector));
    }

    function _challenge(SingleTerms memory terms, Record memory record) internal {
        vm.deal(challenger, 5 ether);
        vm.prank(challenger);
        single.challenge{value: 5 ether}(terms, record, CourtTerms(0, PRICE, 1, 1), input, labels, "");
    }

    function _decide(bytes32 jobId, Verdict verdict) internal {
        court.decide(single, jobId, verdict);
    }

    // ---------------------------------------------------------------- VIFs

    /// @dev An honest VIF, and its hints.
    function _vif(SingleTerms memory terms, uint32 id)
        internal
        returns (bytes memory vif, IVifVerifier.Proof memory hints)
    {
        bytes32 jobId = single.jobIdOf(terms);
        bytes32 randomness = all.beacon.randomness(single.stateOf(jobId).requestBlock + bounds.beaconDelay, jobId);
        hints = _hints(_vrfSecret(id), _alpha(terms, id, randomness));
        vif = _packed(hints);
    }

    function _alpha(SingleTerms memory terms, uint32 id, bytes32 randomness) internal view returns (bytes32) {
        return all.vif
            .vifAlpha(
                IVifVerifier.VifInput({
                    registry: address(single),
                    jobId: single.jobIdOf(terms),
                    modelId: terms.modelId,
                    version: terms.version,
                    inputHash: terms.inputHash,
                    parametersHash: terms.parametersHash,
                    executor: executors.ownerOf(id),
                    beacon: randomness
                })
            );
    }

    function _hints(uint256 secret, bytes32 alpha) internal returns (IVifVerifier.Proof memory hints) {
        EcvrfReference plain = new EcvrfReference();
        (, hints) = plain.prove(secret, uint256(keccak256("nonce")), abi.encodePacked(alpha));
    }

    function _packed(IVifVerifier.Proof memory proof) internal pure returns (bytes memory) {
        bytes1 prefix = proof.gammaY % 2 == 0 ? bytes1(0x02) : bytes1(0x03);
        return abi.encodePacked(prefix, proof.gammaX, uint128(proof.c), proof.s);
    }

    function _vrfSecret(uint32 id) internal returns (uint256) {
        return vm.createWallet(string.concat("vrf ", vm.toString(id))).privateKey;
    }

    // ---------------------------------------------------------------- expectations

    function _at(bytes32 jobId) internal view returns (SinglePhase) {
        return single.stateOf(jobId).phase;
    }

    function _assertAt(bytes32 jobId, SinglePhase phase) internal view {
        assertEq(uint256(_at(jobId)), uint256(phase), "phase");
    }

    /// @dev An executor other than this one.
    function _other(uint32 id) internal pure returns (uint32) {
        return id == 1 ? 2 : 1;
    }

    function _afterWindow(Record memory record) internal {
        vm.warp(record.windowEnd + 1);
        vm.roll(vm.getBlockNumber() + 1);
    }
}
