// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Contracts} from "../../script/Deployment.sol";
import {DeploymentParameters, Presets} from "../../script/DeploymentParameters.sol";
import {IExecutorRegistry} from "../../src/executors/IExecutorRegistry.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {JobRegistry} from "../../src/jobs/JobRegistry.sol";
import {Answer, Phase, RefundReason, Terms, Tier} from "../../src/jobs/JobTypes.sol";
import {IModelRegistry, ResultRule, VerificationProfile} from "../../src/models/IModelRegistry.sol";
import {IStaking} from "../../src/stake/IStaking.sol";
import {Deployer} from "../deployers/Deployer.sol";
import {Test, Vm} from "forge-std/Test.sol";

/// @notice What an executor answers.
struct Reply {
    bytes result;
    bytes vector;
}

/// @notice The whole system as it is deployed, with executors that serve one model.
abstract contract JobFixture is Test {
    bytes32 internal constant RUNTIME_CLASS = keccak256("fp32/libtorch-2.11");
    uint32 internal constant VERSION = 1;
    uint256 internal constant DIMENSION = 384;
    uint96 internal constant PRICE = 0.001 ether;
    uint32 internal constant UNITS = 10;
    uint256 internal constant SEAT_FEE = uint256(PRICE) * UNITS;
    uint256 internal constant STAKE = 100 ether;
    uint16 internal constant CAPACITY = 8;

    address internal immutable publisher = makeAddr("publisher");
    address internal immutable requester = makeAddr("requester");
    address internal immutable refundee = makeAddr("refundee");
    address internal immutable stranger = makeAddr("stranger");

    Contracts internal all;
    JobRegistry internal jobs;
    IStaking internal staking;
    IExecutorRegistry internal executors;
    IJobRegistry.Parameters internal parameters;
    bytes32 internal modelId;
    bytes internal input = bytes("fund a park with trees");
    bytes internal labels;

    function setUp() public virtual {
        // The start of an epoch, far from zero.
        vm.warp(1_800_000_000 / 600 * 600);
        vm.roll(1000);
        DeploymentParameters memory given = Presets.devnet();
        (given.governance.owner, given.governance.guardian) = (address(this), address(this));
        _adjust(given);
        parameters = given.jobs;
        all = _deploy(given);
        (jobs, staking, executors) = (all.jobs, all.staking, all.executors);
        string[] memory names = new string[](2);
        (names[0], names[1]) = ("parks", "roads");
        labels = abi.encode(names);

        _publish();
        for (uint256 i = 0; i < _executorCount(); ++i) {
            _addExecutor(STAKE, PRICE, CAPACITY);
        }
        _nextEpoch();
    }

    function _deploy(DeploymentParameters memory given) internal virtual returns (Contracts memory) {
        return Deployer(vm.deployCode("Deployer.sol:Deployer")).deploy(given);
    }

    /// @dev Changes to the devnet's parameters.
    function _adjust(DeploymentParameters memory given) internal virtual {}

    function _dimension() internal virtual returns (uint16) {
        return uint16(DIMENSION);
    }

    /// @dev Executors that the fixture registers.
    function _executorCount() internal virtual returns (uint256) {
        return 5;
    }

    // ---------------------------------------------------------------- model and executors

    function _publish() private {
        IModelRegistry.RuntimeClassInput[] memory classes = new IModelRegistry.RuntimeClassInput[](1);
        classes[0] = IModelRegistry.RuntimeClassInput({
            runtimeClass: RUNTIME_CLASS,
            profile: VerificationProfile({
                rule: ResultRule.Scores,
                dimension: _dimension(),
                scale: 32_767,
                maxCosineDistancePpb: 1000,
                normTolerancePpm: 1000,
                elementTolerance: 20,
                bitExact: false
            })
        });
        vm.prank(publisher);
        modelId = all.models.publish("all-MiniLM-L6-v2", keccak256("manifest"), 2, "ipfs://manifest", classes);
    }

    /// @dev An executor with a name of its own; its weight counts from the next epoch.
    function _addExecutor(uint256 stake, uint96 price, uint16 capacity) internal returns (uint32 id) {
        string memory name = vm.toString(executors.executorCount() + 1);
        Vm.Wallet memory vrf = vm.createWallet(string.concat("vrf ", name));
        Vm.Wallet memory signer = _signerWallet(executors.executorCount() + 1);
        address owner = makeAddr(string.concat("owner ", name));
        IExecutorRegistry.Keys memory keys = IExecutorRegistry.Keys({
            signer: signer.addr, vrfX: vrf.publicKeyX, vrfY: vrf.publicKeyY, encryptionKey: keccak256(bytes(name))
        });
        bytes memory vrfProof = _sign(vrf, executors.vrfPossessionDigest(owner));
        bytes memory signerProof = _sign(signer, executors.signerPossessionDigest(owner));
        vm.prank(owner);
        id = executors.register(keys, vrfProof, signerProof, "https://executor.example", "eu");
        vm.deal(owner, stake);
        vm.prank(owner);
        staking.stake{value: stake}(id);
        _offer(id, price, capacity);
    }

    /// @dev Takes all stake out: no more seats from now on, whatever is offered.
    function _leave(uint32 id) internal {
        vm.prank(executors.ownerOf(id));
        staking.requestExit(type(uint256).max);
    }

    /// @dev The committee of a request at the start of the next epoch. Offers that are changed now act on it.
    function _foretell(Terms memory terms) internal returns (uint32[] memory committee) {
        uint256 state = vm.snapshotState();
        _nextEpoch();
        (, committee) = _requestDrawn(terms);
        vm.revertToState(state);
    }

    function _sign(Vm.Wallet memory wallet, bytes32 digest) private returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(wallet, digest);
        return abi.encodePacked(r, s, v);
    }

    function _offer(uint32 id, uint96 price, uint16 capacity) internal {
        vm.prank(executors.ownerOf(id));
        executors.setOffering(modelId, VERSION, RUNTIME_CLASS, 0, price, capacity);
    }

    /// @dev The hot key that the fixture gave an executor.
    function _signerWallet(uint256 id) internal returns (Vm.Wallet memory) {
        return vm.createWallet(string.concat("signer ", vm.toString(id)));
    }

    function _signer(uint32 id) internal view returns (address) {
        return executors.executorOf(id).keys.signer;
    }

    function _nextEpoch() internal {
        uint256 length = staking.epochLength();
        vm.warp((vm.getBlockTimestamp() / length + 1) * length);
        vm.roll(vm.getBlockNumber() + 1);
    }

    // ---------------------------------------------------------------- requests

    /// @dev Three seats, two of which must agree; no callback; every fee the least, but a price of twice the market's.
    function _terms(uint256 nonce) internal view returns (Terms memory terms) {
        terms = Terms({
            requester: requester,
            nonce: nonce,
            modelId: modelId,
            version: VERSION,
            runtimeClass: RUNTIME_CLASS,
            pool: 0,
            tier: Tier.Redundant,
            committeeSize: 3,
            quorum: 2,
            inputHash: keccak256(input),
            parametersHash: keccak256(labels),
            maxPricePerUnit: 2 * PRICE,
            maxUnits: UNITS,
            commitWindow: 60,
            revealWindow: 30,
            dispatchFee: parameters.minDispatchFee,
            advanceReserve: parameters.minAdvanceReserve,
            callbackTarget: address(0),
            callbackGas: 0,
            callbackFee: 0,
            errorCallback: false,
            refundTo: refundee
        });
    }

    function _withCallback(Terms memory terms, address target, uint32 gasForTarget)
        internal
        view
        returns (Terms memory)
    {
        terms.callbackTarget = target;
        terms.callbackGas = gasForTarget;
        terms.callbackFee = uint128(uint256(gasForTarget) * parameters.callbackGasPrice);
        terms.errorCallback = true;
        return terms;
    }

    function _request(Terms memory terms) internal returns (bytes32 jobId) {
        uint256 escrow = jobs.quote(terms);
        vm.deal(terms.requester, escrow);
        vm.prank(terms.requester);
        return jobs.request{value: escrow}(terms, input, labels, "");
    }

    /// @dev Moves to the first block in which the committee is known.
    function _toBeacon() internal {
        vm.roll(vm.getBlockNumber() + parameters.beaconDelay + 1);
        skip(parameters.beaconDelay + 1);
    }

    /// @dev Requests and waits for the beacon.
    function _requestDrawable(Terms memory terms) internal returns (bytes32 jobId, uint32[] memory committee) {
        jobId = _request(terms);
        _toBeacon();
        (committee,) = jobs.committeeOf(terms);
        assertEq(committee.length, terms.committeeSize, "no committee");
    }

    /// @dev Requests, and draws by `advanceJob` for its bounty, so that no seat has committed.
    function _requestDrawn(Terms memory terms) internal returns (bytes32 jobId, uint32[] memory committee) {
        (jobId, committee) = _requestDrawable(terms);
        skip(parameters.drawBountyDelay);
        vm.prank(stranger);
        jobs.advanceJob(terms);
    }

    // ---------------------------------------------------------------- answers

    /// @dev Answers of honest executors agree; each winner has another vector than the others.
    function _reply(uint16 winner) internal pure returns (Reply memory) {
        int32[] memory scores = new int32[](2);
        (scores[0], scores[1]) = winner == 0 ? (int32(612_000), int32(211_000)) : (int32(211_000), int32(612_000));
        return Reply(abi.encode(winner, scores), _vector(keccak256(abi.encode("embedding", winner))));
    }

    function _honest() internal pure returns (Reply memory) {
        return _reply(0);
    }

    function _cheat() internal pure returns (Reply memory) {
        return _reply(1);
    }

    /// @dev Big-endian int16 elements between -2048 and 2047, no byte of which is likely to be zero.
    function _vector(bytes32 seed) internal pure returns (bytes memory vector) {
        vector = new bytes(2 * DIMENSION);
        for (uint256 i = 0; i < DIMENSION; ++i) {
            int16 element = int16(int256(uint256(keccak256(abi.encode(seed, i))) % 4096) - 2048);
            vector[2 * i] = bytes1(uint8(uint16(element) >> 8));
            vector[2 * i + 1] = bytes1(uint8(uint16(element)));
        }
    }

    function _salt(uint32 id) internal pure returns (bytes32) {
        return keccak256(abi.encode("salt", id));
    }

    function _commitment(Terms memory terms, uint32 id, Reply memory reply) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("INFERA-COMMITMENT-v1"),
                block.chainid,
                address(jobs),
                jobs.jobIdOf(terms),
                executors.ownerOf(id),
                keccak256(reply.result),
                keccak256(reply.vector),
                _salt(id)
            )
        );
    }

    // ---------------------------------------------------------------- steps of executors

    function _commit(Terms memory terms, uint32 id, Reply memory reply) internal {
        bytes32 commitment = _commitment(terms, id, reply);
        bytes32 jobId = jobs.jobIdOf(terms);
        bool drawn = _phase(jobId) != Phase.Requested;
        vm.prank(_signer(id));
        if (drawn) jobs.commit(jobId, commitment);
        else jobs.drawAndCommit(terms, commitment);
    }

    function _reveal(Terms memory terms, uint32 id, Reply memory reply) internal {
        bytes32 jobId = jobs.jobIdOf(terms);
        uint8 seat = _seatOf(jobId, id);
        vm.prank(_signer(id));
        jobs.reveal(jobId, seat, reply.result, reply.vector, _salt(id));
    }

    /// @dev The executor's seat, or one that nobody has.
    function _seatOf(bytes32 jobId, uint32 id) internal view returns (uint8 seat) {
        uint32[] memory committee = jobs.jobState(jobId).committee;
        while (seat < committee.length && committee[seat] != id) ++seat;
    }

    function _commitAll(Terms memory terms, uint32[] memory committee, Reply memory reply) internal {
        for (uint256 seat = 0; seat < committee.length; ++seat) {
            _commit(terms, committee[seat], reply);
        }
    }

    function _revealAll(Terms memory terms, uint32[] memory committee, Reply memory reply) internal {
        for (uint256 seat = 0; seat < committee.length; ++seat) {
            _reveal(terms, committee[seat], reply);
        }
    }

    /// @dev A job whose seats have all committed and revealed; the last seat may have answered otherwise.
    function _requestRevealed(Terms memory terms, Reply memory last)
        internal
        returns (bytes32 jobId, uint32[] memory committee, Answer[] memory answers)
    {
        (jobId, committee) = _requestDrawable(terms);
        answers = new Answer[](committee.length);
        for (uint256 seat = 0; seat < committee.length; ++seat) {
            Reply memory reply = seat + 1 == committee.length ? last : _honest();
            _commit(terms, committee[seat], reply);
            answers[seat] = Answer(uint8(seat), reply.result, reply.vector);
        }
        for (uint256 seat = 0; seat < committee.length; ++seat) {
            Reply memory reply = seat + 1 == committee.length ? last : _honest();
            _reveal(terms, committee[seat], reply);
        }
    }

    function _answer(uint256 seat, Reply memory reply) internal pure returns (Answer memory) {
        return Answer(uint8(seat), reply.result, reply.vector);
    }

    function _answers(Answer memory a, Answer memory b) internal pure returns (Answer[] memory answers) {
        answers = new Answer[](2);
        (answers[0], answers[1]) = (a, b);
    }

    /// @param answers Of all seats that have revealed, in the order of seats.
    function _resolve(Terms memory terms, Answer[] memory answers) internal {
        answers = _distinct(answers);
        vm.prank(stranger);
        jobs.resolve(terms, answers);
    }

    /// @dev The first of each answer, as a resolution takes them.
    function _distinct(Answer[] memory answers) internal pure returns (Answer[] memory distinct) {
        distinct = new Answer[](answers.length);
        uint256 kept;
        for (uint256 i = 0; i < answers.length; ++i) {
            bool known;
            for (uint256 j = 0; j < kept; ++j) {
                known = known
                    || (_same(distinct[j].result, answers[i].result) && _same(distinct[j].vector, answers[i].vector));
            }
            if (!known) distinct[kept++] = answers[i];
        }
        assembly ("memory-safe") {
            mstore(distinct, kept)
        }
    }

    function _same(bytes memory a, bytes memory b) private pure returns (bool) {
        return keccak256(a) == keccak256(b);
    }

    function _revealSame(Terms memory terms, uint32 id, uint8 sameAs, Reply memory reply) internal {
        bytes32 jobId = jobs.jobIdOf(terms);
        uint8 seat = _seatOf(jobId, id);
        jobs.revealSame(jobId, seat, sameAs, keccak256(reply.result), keccak256(reply.vector), _salt(id));
    }

    function _advance(Terms memory terms) internal {
        vm.prank(stranger);
        jobs.advanceJob(terms);
    }

    // ---------------------------------------------------------------- expectations

    function _phase(bytes32 jobId) internal view returns (Phase) {
        return jobs.jobState(jobId).phase;
    }

    function _afterDeadline(bytes32 jobId) internal {
        vm.warp(jobs.jobState(jobId).deadline + 1);
        vm.roll(vm.getBlockNumber() + 1);
    }

    function _afterGrace(bytes32 jobId) internal {
        vm.warp(jobs.jobState(jobId).deadline + parameters.revealGrace + 1);
        vm.roll(vm.getBlockNumber() + 1);
    }

    function _assertPhase(bytes32 jobId, Phase phase) internal view {
        assertEq(uint256(_phase(jobId)), uint256(phase), "phase");
    }

    function _assertRefunded(bytes32 jobId, uint256 credit) internal view {
        _assertPhase(jobId, Phase.Refunded);
        assertEq(jobs.creditOf(refundee), credit, "refund");
    }

    function _expectRefund(bytes32 jobId, RefundReason reason, uint256 refund) internal {
        vm.expectEmit(address(jobs));
        emit IJobRegistry.JobRefunded(jobId, reason, refund);
    }

    /// @dev What an agreeing seat is paid, and what is burned of its fee.
    function _split(uint256 seatFee) internal view returns (uint256 payment, uint256 burned) {
        burned = (seatFee * parameters.protocolFeeBps + 9999) / 10_000;
        payment = seatFee - burned;
    }

    function _lock(uint256 seatFee) internal view returns (uint256) {
        return (seatFee * parameters.lockMultiplierBps + 9999) / 10_000;
    }

    function _contains(uint32[] memory ids, uint32 id) internal pure returns (bool) {
        for (uint256 i = 0; i < ids.length; ++i) {
            if (ids[i] == id) return true;
        }
        return false;
    }
}
