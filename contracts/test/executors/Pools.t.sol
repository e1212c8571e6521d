// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPools} from "../../src/executors/IPools.sol";
import {NetworkFixture} from "../stake/NetworkFixture.sol";

contract PoolsTest is NetworkFixture {
    address private immutable admin = makeAddr("admin");
    address private immutable alice = makeAddr("alice");
    bytes32 private modelId;
    uint32 private id;
    uint64 private pool;

    function setUp() public override {
        super.setUp();
        modelId = _publish("minilm");
        id = _registerWithStake(alice, "alice", MINIMUM_STAKE);
        vm.prank(admin);
        pool = executors.createPool(true);
    }

    function test_poolsCountFromOneUnderTheirCreator() public {
        assertEq(pool, 1);
        vm.expectEmit(address(executors));
        emit IPools.PoolCreated(2, address(this), false);
        assertEq(executors.createPool(false), 2);
        assertEq(executors.poolCount(), 2);
        assertEq(executors.poolOf(1).admin, admin);
        assertTrue(executors.poolOf(1).listsRequesters);
        assertFalse(executors.poolOf(2).listsRequesters);
    }

    function test_onlyAdmittedExecutorsOfferInAPool() public {
        vm.expectRevert(abi.encodeWithSelector(IPools.NotAdmitted.selector, pool, id));
        _offer(4);
        _list(true);
        _offer(4);
        (, uint64 weight) = sortition.weightOf(_key(), id);
        assertGt(weight, 0);
        (, weight) = sortition.weightOf(executors.offeringKeyOf(modelId, 1, RUNTIME_CLASS, 0), id);
        assertEq(weight, 0, "the public draw is another");
    }

    function test_whoIsNotAdmittedAnyMoreWeighsNothingAndMayWithdraw() public {
        _list(true);
        _offer(4);
        _list(false);
        executors.refreshWeights(id);
        (, uint64 weight) = sortition.weightOf(_key(), id);
        assertEq(weight, 0);
        vm.expectRevert(abi.encodeWithSelector(IPools.NotAdmitted.selector, pool, id));
        _offer(8);
        _offer(0);
        assertEq(executors.offeringKeysOf(id).length, 0);
    }

    function test_requestersAreAdmittedByListOnlyWhereThePoolAsksForIt() public {
        assertTrue(executors.admitsRequester(0, requester));
        assertFalse(executors.admitsRequester(pool, requester));
        vm.prank(admin);
        executors.listRequester(pool, requester, true);
        assertTrue(executors.admitsRequester(pool, requester));
        vm.prank(admin);
        executors.listRequester(pool, requester, false);
        assertFalse(executors.admitsRequester(pool, requester));
        assertTrue(executors.admitsRequester(executors.createPool(false), requester));
    }

    function test_aPoolIsHandedOverInTwoSteps() public {
        vm.prank(admin);
        executors.namePoolAdmin(pool, alice);
        assertEq(executors.poolOf(pool).admin, admin);
        vm.expectRevert(abi.encodeWithSelector(IPools.NotPoolAdmin.selector, address(this), pool));
        executors.acceptPool(pool);
        vm.prank(alice);
        executors.acceptPool(pool);
        assertEq(executors.poolOf(pool).admin, alice);
        vm.expectRevert(abi.encodeWithSelector(IPools.NotPoolAdmin.selector, admin, pool));
        _list(true);
    }

    function testFuzz_onlyTheAdminLists(address caller) public {
        vm.assume(caller != admin);
        bytes memory refusal = abi.encodeWithSelector(IPools.NotPoolAdmin.selector, caller, pool);
        vm.startPrank(caller);
        vm.expectRevert(refusal);
        executors.listExecutor(pool, id, true);
        vm.expectRevert(refusal);
        executors.listRequester(pool, caller, true);
        vm.expectRevert(refusal);
        executors.namePoolAdmin(pool, caller);
    }

    function testFuzz_unknownPoolsAdmitNobody(uint64 unknown, address caller) public {
        unknown = uint64(bound(unknown, 2, type(uint64).max));
        assertFalse(executors.admitsExecutor(unknown, id));
        assertFalse(executors.admitsRequester(unknown, caller));
        assertEq(executors.poolOf(unknown).admin, address(0));
        vm.expectRevert(abi.encodeWithSelector(IPools.UnknownPool.selector, unknown));
        vm.prank(caller);
        executors.listExecutor(unknown, id, true);
    }

    function _key() private view returns (bytes32) {
        return executors.offeringKeyOf(modelId, 1, RUNTIME_CLASS, pool);
    }

    function _list(bool admitted) private {
        vm.prank(admin);
        executors.listExecutor(pool, id, admitted);
    }

    function _offer(uint16 capacity) private {
        vm.prank(alice);
        executors.setOffering(modelId, 1, RUNTIME_CLASS, pool, 1 gwei, capacity);
    }
}
