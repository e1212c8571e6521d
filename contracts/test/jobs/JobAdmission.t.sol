// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Presets} from "../../script/DeploymentParameters.sol";
import {IPools} from "../../src/executors/IPools.sol";
import {IPolicyRegistry} from "../../src/governance/IPolicyRegistry.sol";
import {IJobRegistry} from "../../src/jobs/IJobRegistry.sol";
import {JobAdmission} from "../../src/jobs/JobAdmission.sol";
import {Phase, Terms} from "../../src/jobs/JobTypes.sol";
import {IModelRegistry} from "../../src/models/IModelRegistry.sol";
import {ModelRegistry} from "../../src/models/ModelRegistry.sol";
import {JobFixture} from "./JobFixture.sol";
import {Test} from "forge-std/Test.sol";

/// @notice The parameters, and what contradicts itself among them. What `check` refuses is in Request.t.sol.
contract JobAdmissionTest is Test {
    IModelRegistry private models;

    function setUp() public {
        models = new ModelRegistry(0);
    }

    function _parameters() private view returns (IJobRegistry.Parameters memory) {
        return Presets.devnet().jobs;
    }

    function _create(IJobRegistry.Parameters memory given) private returns (JobAdmission) {
        return new JobAdmission(given, models, IPools(address(1)), IPolicyRegistry(address(2)), address(0));
    }

    function _expectRefusal(IJobRegistry.Parameters memory given, string memory name) private {
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.InvalidParameter.selector, name));
        _create(given);
    }

    function test_keeps_what_it_was_given() public {
        assertEq(abi.encode(_create(_parameters()).parameters()), abi.encode(_parameters()));
        IJobRegistry.Parameters memory production = Presets.production().jobs;
        assertEq(abi.encode(_create(production).parameters()), abi.encode(production));
    }

    function test_needs_pools_and_governance() public {
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.InvalidParameter.selector, "pools"));
        new JobAdmission(_parameters(), models, IPools(address(0)), IPolicyRegistry(address(2)), address(0));
        vm.expectRevert(abi.encodeWithSelector(IJobRegistry.InvalidParameter.selector, "governance"));
        new JobAdmission(_parameters(), models, IPools(address(1)), IPolicyRegistry(address(0)), address(0));
    }

    function test_refuses_parameters_that_contradict_each_other() public {
        IJobRegistry.Parameters memory given = _parameters();
        given.beaconDelay = 0;
        _expectRefusal(given, "beaconDelay");
        given = _parameters();
        given.minCommitWindow = 0;
        _expectRefusal(given, "minCommitWindow");
        given = _parameters();
        given.maxCommitWindow = given.minCommitWindow - 1;
        _expectRefusal(given, "maxCommitWindow");
        given = _parameters();
        given.minRevealWindow = 0;
        _expectRefusal(given, "minRevealWindow");
        given = _parameters();
        given.maxRevealWindow = given.minRevealWindow - 1;
        _expectRefusal(given, "maxRevealWindow");
        given.maxRevealWindow = 2 ** 26;
        _expectRefusal(given, "maxRevealWindow");
        given = _parameters();
        given.minSeatFee = 0;
        _expectRefusal(given, "minSeatFee");
        given.minSeatFee = 2 ** 80;
        _expectRefusal(given, "minSeatFee");
        given = _parameters();
        given.maxCallbackGas = 10_000_001;
        _expectRefusal(given, "maxCallbackGas");
        given = _parameters();
        given.maxInputBytes = 0;
        _expectRefusal(given, "maxInputBytes");
        given = _parameters();
        given.maxResultBytes = 0;
        _expectRefusal(given, "maxResultBytes");
        given.maxResultBytes = 16_385;
        _expectRefusal(given, "maxResultBytes");
        given = _parameters();
        given.lockMultiplierBps = 9999;
        _expectRefusal(given, "lockMultiplierBps");
        given = _parameters();
        given.protocolFeeBps = 10_000 - models.MAX_ROYALTY_BPS();
        _expectRefusal(given, "protocolFeeBps");
        given = _parameters();
        given.noAgreementShareBps = 10_000 - given.protocolFeeBps - models.MAX_ROYALTY_BPS();
        _expectRefusal(given, "noAgreementShareBps");
    }
}

/// @notice What the guardian's pause stops, and what it doesn't.
contract PausedJobsTest is JobFixture {
    function test_a_pause_refuses_new_jobs_and_no_others() public {
        Terms memory terms = _terms(0);
        (bytes32 jobId, uint32[] memory committee) = _requestDrawable(terms);
        Terms memory cancelled = _terms(1);
        _request(cancelled);
        all.governance.pauseNewJobs(60);

        Terms memory refused = _terms(2);
        uint256 escrow = jobs.quote(refused);
        vm.deal(requester, escrow);
        vm.startPrank(requester);
        vm.expectRevert(IJobRegistry.NewJobsPaused.selector);
        jobs.request{value: escrow}(refused, input, labels, "");
        jobs.cancel(cancelled);
        vm.stopPrank();

        _commitAll(terms, committee, _honest());
        _revealAll(terms, committee, _honest());
        vm.prank(stranger);
        jobs.resolve(terms, _distinct(_answers(_answer(0, _honest()), _answer(1, _honest()))));
        _assertPhase(jobId, Phase.Resolved);
        jobs.withdrawFor(refundee);
        vm.startPrank(executors.ownerOf(committee[0]));
        staking.requestExit(type(uint256).max);

        vm.stopPrank();
        skip(60);
        _request(refused);
    }
}
