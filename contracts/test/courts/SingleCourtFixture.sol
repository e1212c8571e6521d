// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Contracts} from "../../script/Deployment.sol";
import {DeploymentParameters} from "../../script/DeploymentParameters.sol";
import {CourtTerms, ICourt} from "../../src/courts/ICourt.sol";
import {IExecutorRegistry} from "../../src/executors/IExecutorRegistry.sol";
import {Answer, JobState, Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {IVifs} from "../../src/single/IVifs.sol";
import {Record, SingleTerms} from "../../src/single/SingleTypes.sol";
import {IStaking, Offence} from "../../src/stake/IStaking.sol";
import {IVifVerifier} from "../../src/verify/IVifVerifier.sol";
import {Deployer} from "../deployers/Deployer.sol";
import {Reply} from "../jobs/JobFixture.sol";
import {SingleFixture} from "../single/SingleFixture.sol";
import {Vm} from "forge-std/Test.sol";

/// @notice The single-executor registry with the court that is deployed beside it, instead of one that tests steer.
abstract contract SingleCourtFixture is SingleFixture {
    address internal constant BURN = 0x000000000000000000000000000000000000dEaD;

    ICourt internal deployedCourt;
    ICourt.Parameters internal rules;

    function setUp() public virtual override {
        super.setUp();
        _setCalibrated(true);
    }

    function _deploy(DeploymentParameters memory given) internal override returns (Contracts memory made) {
        bounds = given.single;
        made = Deployer(vm.deployCode("Deployer.sol:Deployer")).deploy(given);
        (single, vifs, deployedCourt) = (made.single, made.vifs, made.court);
        rules = deployedCourt.parameters();
    }

    function _setCalibrated(bool calibrated) internal {
        vm.prank(all.calibration.owner());
        all.calibration.setCalibrated(modelId, VERSION, RUNTIME_CLASS, calibrated);
    }

    // ---------------------------------------------------------------- challenges

    function _wanted(uint256 nonce, uint256 pricePerUnit) internal view returns (CourtTerms memory) {
        return CourtTerms(nonce, uint128(pricePerUnit), parameters.minDispatchFee, parameters.minAdvanceReserve);
    }

    function _accuse(SingleTerms memory terms, Record memory record, CourtTerms memory wanted)
        internal
        returns (bytes32 courtJobId)
    {
        uint256 price = deployedCourt.quote(terms.maxUnits, wanted);
        vm.deal(challenger, challenger.balance + price);
        vm.prank(challenger);
        return single.challenge{value: price}(terms, record, wanted, input, labels, "");
    }

    /// @dev The terms that the court requests with.
    function _courtTerms(address account, CourtTerms memory wanted) internal view returns (Terms memory courts) {
        courts = _terms(uint256(keccak256(abi.encode(account, wanted.nonce))));
        courts.requester = address(deployedCourt);
        courts.committeeSize = rules.committeeSize;
        courts.quorum = rules.quorum;
        courts.maxPricePerUnit = wanted.maxPricePerUnit;
        courts.commitWindow = rules.commitWindow;
        courts.revealWindow = rules.revealWindow;
        courts.refundTo = account;
    }

    // ---------------------------------------------------------------- the court's job

    /// @dev Runs a drawable job to its resolution. Bit i of the bitmap set: the i-th seat lies.
    function _run(Terms memory courts, uint32[] memory seats, uint256 lies) internal {
        Answer[] memory answers = new Answer[](seats.length);
        for (uint256 seat; seat < seats.length; ++seat) {
            answers[seat] = _answer(seat, lies & (1 << seat) == 0 ? _honest() : _cheat());
            _commit(courts, seats[seat], Reply(answers[seat].result, answers[seat].vector));
        }
        for (uint256 seat; seat < seats.length; ++seat) {
            _reveal(courts, seats[seat], Reply(answers[seat].result, answers[seat].vector));
        }
        _resolve(courts, answers);
        _assertPhase(jobs.jobIdOf(courts), Phase.Resolved);
    }

    /// @dev All judges answer honestly.
    function _judge(Terms memory courts) internal {
        _toBeacon();
        (uint32[] memory judges,) = jobs.committeeOf(courts);
        assertEq(judges.length, rules.committeeSize, "no court");
        _run(courts, judges, 0);
    }

    /// @dev A stranger ends a court's job that nobody answers, as far as it isn't over.
    function _leave(Terms memory courts) internal {
        bytes32 courtJobId = jobs.jobIdOf(courts);
        for (uint256 steps; steps < 4; ++steps) {
            Phase phase = _phase(courtJobId);
            if (phase == Phase.Resolved || phase == Phase.Refunded) return;
            if (phase == Phase.Requested) _toBeacon();
            else skip(rules.commitWindow + 1);
            _advance(courts);
        }
        _assertPhase(courtJobId, Phase.Refunded);
    }

    // ---------------------------------------------------------------- false VIFs

    /// @dev Bytes of a VIF's length that are no VIF, which needs no hints to be shown.
    function _falseVif(uint32 id) internal pure returns (bytes memory vif) {
        vif = _anyVif(id);
        vif[0] = 0x05;
    }

    /// @param vif The answer's. @param randomness Its beacon.
    function _showFalse(
        address account,
        SingleTerms memory terms,
        Record memory record,
        bytes memory vif,
        bytes32 randomness
    ) internal {
        IExecutorRegistry.Keys memory keys = executors.executorOf(record.executorId).keys;
        IVifVerifier.Proof memory none;
        vm.prank(account);
        vifs.challenge(terms, record, IVifs.Vif(keys.vrfX, keys.vrfY, randomness, vif), none);
    }

    // ---------------------------------------------------------------- logs and money

    /// @dev How often the logs show this executor slashed for this job and offence; nobody is for anything else.
    function _slashes(Vm.Log[] memory logs, uint32 id, bytes32 jobId, Offence offence)
        internal
        pure
        returns (uint256 number)
    {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IStaking.Slashed.selector) continue;
            (Offence found,,,,) = abi.decode(logs[i].data, (Offence, uint8, uint8, uint256, uint256));
            assertEq(uint256(logs[i].topics[1]), id, "somebody else was slashed");
            assertEq(logs[i].topics[2], jobId, "slashed for another job");
            assertEq(uint256(found), uint256(offence), "slashed for another offence");
            ++number;
        }
    }

    /// @dev Protocol fees of a court's job, which stay in the registry.
    function _keptOf(bytes32 courtJobId) internal view returns (uint256) {
        JobState memory state = jobs.jobState(courtJobId);
        (, uint256 burned) = _split(state.seatFee);
        return state.phase == Phase.Resolved ? burned * _count(state.agreeing) : 0;
    }

    function _count(uint256 seats) internal pure returns (uint256 number) {
        for (; seats != 0; seats &= seats - 1) {
            ++number;
        }
    }
}
